"""The census report: one HTML file without any outside resource and without script, and its pictures as SVG and PNG."""

from __future__ import annotations

import datetime as dt
import struct
import zlib
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment
from markupsafe import Markup

from waspglass.census.count import By
from waspglass.census.patching import Patching
from waspglass.census.recapture import Estimate
from waspglass.census.survey import SourceSurvey, Survey
from waspglass.model.errors import UsageError
from waspglass.model.escape import printable
from waspglass.packs.builds import State
from waspglass.packs.pack import Figure, Pack
from waspglass.report.census_map import MapPicture, country_map, country_name, world_map
from waspglass.report.census_series import FigurePicture, SeriesPicture, draw_figures, draw_series
from waspglass.report.census_survival import CurvePicture, HalfLifePicture, draw_curve, draw_half_lives, half_life_text
from waspglass.report.census_text import STATES, ranks
from waspglass.report.census_words import CensusWords
from waspglass.report.page import asset, page_environment, policy_digest
from waspglass.report.visible import prose

__all__ = ["CensusPictures", "draw_pictures", "png", "render_census", "svg_files"]

_WORLD_MEASURES = (
    "vulnerable_servers",
    "exposed_servers",
    "compromised_servers",
    "servers_with_webshell",
    "webshell_ips",
)


@dataclass(frozen=True)
class CensusPictures:
    """All pictures of a report, drawn and not yet written."""

    world: MapPicture
    region: MapPicture | None
    series: SeriesPicture | None
    figures: tuple[FigurePicture, ...]
    curves: tuple[tuple[CurvePicture, tuple[HalfLifePicture, ...], Patching, str], ...]


def draw_pictures(survey: Survey, words: CensusWords) -> CensusPictures:
    """Draws; the maps are of the source that sees most.

    Raises:
        UsageError: If no source with a scan in the week up to the survey's day has a host of the pack's product.
    """
    if not survey.sources:
        raise UsageError(
            f"no source with a scan in the week up to {survey.day} has a host that the pack {survey.pack.id} is about",
            hint="Name another --date or --pack",
        )
    main = survey.sources[0]
    named = {"source": words.source(main.source), "day": words.day(main.last.date)}
    country = country_name(survey.country, words)
    curves = tuple(
        (
            draw_curve(each.patching, words),
            _half_lives(each, words),
            each.patching,
            half_life_text(each.patching.curve, words),
        )
        for each in survey.sources
        if each.patching is not None
    )
    return CensusPictures(
        world_map(main.countries, words.text("map.world", **named), words),
        country_map(
            main.regions,
            sum(each.vulnerable for each in main.countries if each.key == survey.country),
            survey.country,
            words.text("map.country", country=country, **named),
            words,
        ),
        draw_series(survey, words),
        _figures(survey, words),
        curves,
    )


def _half_lives(source: SourceSurvey, words: CensusWords) -> tuple[HalfLifePicture, ...]:
    drawn = (
        draw_half_lives(source.patching_by_country, By.COUNTRY, words),
        draw_half_lives(source.patching_by_network, By.NETWORK, words),
    )
    return tuple(each for each in drawn if each is not None)


def _figures(survey: Survey, words: CensusWords) -> tuple[FigurePicture, ...]:
    """The public figures from two days before the patch to two weeks after the day, world and country apart."""
    first = survey.pack.window.patch_available.date() - dt.timedelta(days=2)
    last = max(survey.day, first) + dt.timedelta(days=14)
    counts = [each for each in survey.pack.figures if _measure(each, survey.pack) in _WORLD_MEASURES]
    country = words.text("figures.country", country=country_name(survey.country, words))
    drawn = (
        draw_figures(
            [each for each in counts if each.region == "WORLD"], first, last, words.text("figures.world"), words
        ),
        draw_figures([each for each in counts if each.region == survey.country], first, last, country, words),
    )
    return tuple(each for each in drawn if each is not None)


def _measure(figure: Figure, pack: Pack) -> str:
    """What a figure counts; some packs put their name before it, as in `toolshell_compromised_servers`."""
    return figure.measure.removeprefix(f"{pack.id}_")


def _lead(survey: Survey, words: CensusWords) -> list[str]:
    main = survey.sources[0]
    lines = [
        words.text(
            "page.lead",
            source=words.source(main.source),
            vulnerable=words.number(main.last.vulnerable),
            total=words.number(main.last.total),
            undecidable=words.number(main.last.addresses.get(State.UNDECIDABLE, 0)),
        )
    ]
    ranked = [each for each in main.countries if each.key and each.vulnerable][:3]
    if len(ranked) > 1 and len({each.vulnerable for each in ranked}) == len(ranked):  # a tie has no second place
        first, second = ranked[:2]
        lines.append(
            words.text(
                "page.rank",
                first=country_name(first.key or "", words),
                first_number=words.number(first.vulnerable),
                second=country_name(second.key or "", words),
                second_number=words.number(second.vulnerable),
            )
        )
        unknown = next((each.vulnerable for each in main.countries if each.key is None), 0)
        if unknown:
            lines[-1] += " " + words.text("page.rank_unknown", number=words.number(unknown))
    under = [each.change.patched_compromised for each in survey.sources if each.change is not None]
    if any(under):
        lines.append(words.text("page.lead_lid", number=words.number(max(under))))
    return lines


def _empty_scans(survey: Survey, words: CensusWords) -> list[str]:
    """The scans that saw nobody, which a broken scanner makes too."""
    return [
        f"{words.source(each.source)} {words.short_day(scan.date)}"
        for each in survey.sources
        for scan in each.series
        if not scan.total
    ]


_GAPS = 8
"""Days with missing reports that the page names."""


def _missing_reports(survey: Survey, words: CensusWords) -> list[str]:
    """The days with missing reports, the latest first."""
    shown = sorted(survey.gaps, key=lambda gap: (gap.date, gap.source), reverse=True)
    lines = [
        f"{words.source(gap.source)} {words.short_day(gap.date)}: {', '.join(map(printable, gap.missing))}"
        f"{'' if gap.counted else ' ' + words.text('series.gap_uncounted')}"
        for gap in shown[:_GAPS]
    ]
    return lines + ([words.text("series.gaps_more", number=len(shown) - _GAPS)] if len(shown) > _GAPS else [])


def _shown_states(survey: Survey) -> tuple[State, ...]:
    """The states that occur; a column of zeros says nothing."""
    counts = [each.last for each in survey.sources]
    return tuple(each for each in STATES if any(last.addresses.get(each) or last.servers.get(each) for last in counts))


def _unseen(survey: Survey, words: CensusWords) -> list[tuple[str, str]]:
    """What each estimate says, with the place that it is of."""
    if not survey.unseen:
        return [("", words.text("unseen.none"))]
    places = {None: words.text("unseen.all"), survey.country: country_name(survey.country, words)}
    return [(places[country], _estimate(estimate, words)) for country, estimate in survey.unseen.items()]


def _estimate(estimate: Estimate, words: CensusWords) -> str:
    names = [words.source(each) for each in estimate.sources]
    numbers = {
        "seen": words.number(estimate.seen),
        "shared": words.number(estimate.shared),
        "total": words.number(estimate.total),
        "low": words.number(estimate.low),
        "high": words.text("unseen.open_end") if estimate.high is None else words.number(estimate.high),
        "unseen": words.number(estimate.total - estimate.seen),
    }
    left_out = ", ".join(map(words.source, estimate.left_out))
    more = f" {words.text('unseen.left_out', sources=left_out)}" if left_out else ""
    if estimate.method == "chapman":
        return words.text("unseen.two", first=names[0], second=names[1], **numbers) + more
    rivals = estimate.rivals or (estimate.total, estimate.total)
    pairs = ", ".join(
        words.text("unseen.pair", first=words.source(first), second=words.source(second))
        for first, second in estimate.model
    )
    model = words.text("unseen.model", model=pairs) if pairs else words.text("unseen.independent")
    shown = {"rival_low": words.number(rivals[0]), "rival_high": words.number(rivals[1]), "model": model}
    return words.text("unseen.many", sources=", ".join(names), **numbers, **shown) + more


def render_census(survey: Survey, *, language: str, version: str, synthetic: bool = False) -> str:
    """The report as one HTML document; its policy allows its own style and nothing else.

    Raises:
        UsageError: If there is nothing to report on the survey's day.
    """
    words = CensusWords(language)
    pictures = draw_pictures(survey, words)
    style = asset("census_picture.css") + asset("census.css")
    changes = [change for each in survey.sources for change in (each.change, each.step) if change is not None]
    return _environment().get_template("census.html.j2").render(
        s=survey,
        w=words,
        by=By,
        states=_shown_states(survey),
        ranks=ranks,
        lead=_lead(survey, words),
        lid=any(each.change is not None and each.change.patched_compromised for each in survey.sources),
        world=pictures.world,
        region=pictures.region,
        series=pictures.series,
        empty=_empty_scans(survey, words),
        gaps=_missing_reports(survey, words),
        stopped=[f"{words.source(source)} {words.short_day(day)}" for day, source in survey.stopped],
        figures=pictures.figures,
        curves=pictures.curves,
        changes=changes,
        unseen=_unseen(survey, words),
        assumptions=list(dict.fromkeys(key for each in survey.unseen.values() for key in each.assumptions)),
        measure=lambda figure: words.text(f"measure.{_measure(figure, survey.pack)}"),
        methods=[*dict.fromkeys(words.method(each.source) for each in survey.sources), *_no_entry(survey, words)],
        place=lambda key, by: country_name(key, words) if by is By.COUNTRY else key,
        synthetic=synthetic,
        version=version,
        style=Markup(style),  # noqa: S704 - our own files
        style_digest=policy_digest(style),
    )  # fmt: skip


def _no_entry(survey: Survey, words: CensusWords) -> list[str]:
    """How many of the vulnerable addresses of each source are of a line into which the pack's flaws let nobody."""
    return [
        words.text(
            "method.no_entry",
            source=words.source(each.source),
            number=words.number(number),
            product=line.product,
            text=line.text.text(words.language),
        )
        for each in survey.sources
        for line, number in each.no_entry
    ]


def svg_files(survey: Survey, language: str) -> dict[str, str]:
    """Each picture as an SVG document of its own, by file name."""
    pictures = draw_pictures(survey, CensusWords(language))
    macros = _environment().get_template("census_pictures.svg.j2").module
    style = Markup(asset("census_picture.css"))  # noqa: S704 - our own file
    drawn: dict[str, tuple[str, object]] = {"world": ("map", pictures.world)}
    if pictures.region is not None:
        drawn[survey.country.lower()] = ("map", pictures.region)
    if pictures.series is not None:
        drawn["series"] = ("series", pictures.series)
    for number, figure in enumerate(pictures.figures, 1):
        drawn[f"public-figures-{number}"] = ("figures", figure)
    for curve, half_lives, patching, _ in pictures.curves:
        drawn[f"survival-{patching.source}"] = ("curve", curve)
        for number, picture in enumerate(half_lives, 1):
            drawn[f"half-life-{number}-{patching.source}"] = ("half_lives", picture)
    return {
        f"{name}.svg": f"{str(getattr(macros, macro)(picture, style)).strip()}\n<!-- waspglass -->\n"
        for name, (macro, picture) in drawn.items()
    }


_LAST_CHUNK = 12
"""Bytes of the chunk that ends a PNG (PNG specification, 11.2.5); what is said about it stands before."""


def png(svg: str) -> bytes:
    """A picture as PNG at twice its size.

    Raises:
        UsageError: If the extra `pictures` is not installed.
    """
    try:
        import resvg_py
    except ImportError as error:
        raise UsageError(
            "PNG needs the extra `pictures`",
            hint="Install it with: pip install '.[pictures]' in the checkout of waspglass",
        ) from error
    drawn = bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=2))
    told = b"tEXtSoftware\0waspglass"
    chunk = struct.pack(">I", len(told) - 4) + told + struct.pack(">I", zlib.crc32(told))
    return drawn[:-_LAST_CHUNK] + chunk + drawn[-_LAST_CHUNK:]


@cache
def _environment() -> Environment:
    return page_environment(prose)
