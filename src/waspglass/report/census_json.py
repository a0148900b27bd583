"""The numbers of the census report as one JSON document, for scripts: what the page shows, without words."""

from __future__ import annotations

import json
from collections.abc import Sequence

from waspglass.census.counted import By
from waspglass.census.patching import Patching
from waspglass.census.recapture import Estimate
from waspglass.census.survey import SourceSurvey, Survey
from waspglass.report.census_changes import changes_row
from waspglass.report.census_text import count_rows

__all__ = ["SCHEMA", "survey_json"]

SCHEMA = "waspglass/census-report/1"


def survey_json(survey: Survey) -> str:
    """The survey; figures of two sources are never added up in it."""
    return json.dumps(
        {
            "schema": SCHEMA,
            "day": str(survey.day),
            "pack": {"id": survey.pack.id, "version": survey.pack.version},
            "country": survey.country,
            "sources": [_source(each) for each in survey.sources],
            "unseen": [_unseen(each, country) for country, each in survey.unseen.items()],
            "not_counted": {
                "other_products": survey.aside,
                "honeypots": survey.honeypots,
                "skipped": dict(survey.skipped),
                "refused": [each.name for each in survey.refused],
                "stopped": [{"source": source, "last": str(day)} for day, source in survey.stopped],
                "missing_reports": [
                    {"date": str(gap.date), "source": gap.source, "reports": gap.missing, "day_counts": gap.counted}
                    for gap in survey.gaps
                ],
            },
            "store": {"exports": survey.exports, "sightings": survey.sightings},
        },
        indent=1,
    )


def _source(source: SourceSurvey) -> dict[str, object]:
    groups = (
        (By.COUNTRY, "countries", source.countries),
        (By.REGION, "regions", source.regions),
        (By.NETWORK, "networks", source.networks),
        (By.SECTOR, "sectors", source.sectors),
        (By.BUILD, "builds", source.builds),
    )
    return {
        "source": source.source,
        "series": count_rows(source.series, By.NOTHING),
        **{name: count_rows(counts, by) for by, name, counts in groups},
        "changes": [changes_row(each) for each in (source.change, source.step) if each is not None],
        "survival": _curves([] if source.patching is None else [source.patching]),
        "survival_by_country": _curves(source.patching_by_country),
        "survival_by_network": _curves(source.patching_by_network),
    }


def _curves(found: Sequence[Patching]) -> list[dict[str, object]]:
    return [
        {
            "group": each.key,
            "day_0": str(each.origin),
            "end": "left the feed" if each.only_vulnerable else "seen patched",
            "servers": each.curve.hosts,
            "days": each.curve.days,
            "share_vulnerable": each.curve.share,
            "low": each.curve.low,
            "high": each.curve.high,
            "half_life": {
                "days": each.curve.half_life.day,
                "between": each.curve.half_life.between,
                "low": each.curve.half_life.low,
                "high": each.curve.half_life.high,
            },
        }
        for each in found
    ]


def _unseen(estimate: Estimate, country: str | None) -> dict[str, object]:
    return {
        "country": country,
        "method": estimate.method,
        "sources": estimate.sources,
        "left_out": estimate.left_out,
        "seen": estimate.seen,
        "shared": estimate.shared,
        "total": estimate.total,
        "low": estimate.low,
        "high": estimate.high,
        "model": estimate.model,
        "rivals": estimate.rivals,
        "assumptions": estimate.assumptions,
    }
