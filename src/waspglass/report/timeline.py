"""`timeline.jsonl`: one event a line, for Timesketch and every tool that reads its format.

Format: the mandatory fields `message`, `datetime` (ISO 8601), `timestamp` (microseconds since 1970) and
`timestamp_desc`; any further fields. Source: Timesketch user guide, "Import from JSON/CSV".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from waspglass.model.assessment import Assessment
from waspglass.model.document import format_instant
from waspglass.model.finding import Actor, Effect
from waspglass.report.phrases import Phrases
from waspglass.report.visible import cell, place

__all__ = ["render_timeline"]

_Value = str | int | bool | list[str]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_TIME = "Not a time"
"""What plaso, whose output Timesketch was made for, says of an event without a time."""


def render_timeline(assessment: Assessment) -> str:
    """The findings, the lid, the implants and the campaign's dates as JSON lines, oldest first.

    Messages are in the language of the assessment; `timestamp_desc` and the names of fields never change.

    Findings without a time stand at the time of collection (or of the report), with `timestamp_desc` "Not a time" and
    `time_known` false, so that they are neither lost nor taken for dated. Strings that a spreadsheet would take for a
    formula begin with an apostrophe, because timelines are exported to CSV.
    """
    phrases = Phrases(assessment.language)
    events = [
        *_findings(assessment, phrases),
        *_lid(assessment, phrases),
        *_implants(assessment, phrases),
        *_campaign(assessment, phrases),
    ]
    events.sort(key=lambda event: (event["timestamp"], str(event["data_type"]), str(event["message"])))
    return "".join(f"{json.dumps(event, ensure_ascii=True)}\n" for event in events)


def _event(
    moment: datetime, described: str, data_type: str, message: str, more: Mapping[str, _Value | None]
) -> dict[str, _Value]:
    event: dict[str, _Value] = {
        "message": cell(message),
        "datetime": format_instant(moment).replace("Z", "+00:00"),
        "timestamp": (moment - _EPOCH) // timedelta(microseconds=1),
        "timestamp_desc": described,
        "data_type": f"waspglass:{data_type}",
    }
    for name, value in more.items():
        if isinstance(value, str):
            event[name] = cell(value)
        elif isinstance(value, list):
            event[name] = [cell(part) for part in value]
        elif value is not None:
            event[name] = value
    return event


def _whose(assessment: Assessment) -> dict[str, _Value | None]:
    """Which server an event is of: timelines of many are read as one, and not every server's name is known."""
    return {"hostname": assessment.host.name, "evidence": assessment.host.evidence}


def _findings(assessment: Assessment, phrases: Phrases) -> Iterator[dict[str, _Value]]:
    untimed = assessment.host.collected_at or assessment.created
    roles = {"finding": assessment.findings, "context": assessment.context, "review": assessment.review}
    for role, findings in roles.items():
        for finding in findings:
            rung = phrases.word("rung", finding.rung) if finding.rung else phrases.word("effect", Effect.CONTEXT)
            actor = finding.actor or Actor()
            yield _event(
                finding.time or untimed,
                "Event Logged" if finding.time else _NO_TIME,
                role,
                f"[{rung}] {finding.title} ({place(finding)})",
                {
                    **_whose(assessment),
                    "time_known": finding.time is not None,
                    "finding": finding.id,
                    "rung": finding.rung.value if finding.rung else None,
                    "effect": finding.effect.value,
                    "rule": finding.rule,
                    "source": finding.source,
                    "line": finding.line,
                    "record": finding.record,
                    "offset": finding.offset,
                    "src_ip": actor.address,
                    "user_agent": actor.user_agent,
                    "username": actor.account,
                    "session": actor.session,
                    "subject": finding.subject,
                    "tag": list(finding.techniques) or None,
                    "excerpt": finding.excerpt or None,
                },
            )


def _lid(assessment: Assessment, phrases: Phrases) -> Iterator[dict[str, _Value]]:
    lid, whose = assessment.lid, _whose(assessment)
    if lid.not_before:
        message = f"{phrases.text('section.lid')}: {phrases.text('timeline.unpatched')}"
        yield _event(lid.not_before, "Last Seen Unpatched", "lid", message, whose)
    if lid.since:
        message = f"{phrases.text('section.lid')}: {phrases.word('lid', lid.state)}. {lid.reason}"
        yield _event(lid.since, "Patch State Since", "lid", message, {**whose, "lid": lid.state.value})
    for sighting in lid.builds:
        more = {**whose, "build": sighting.build, "source": sighting.source}
        for moment, described in ((sighting.installed, "Installation Time"), (sighting.at, "Build Seen")):
            if moment:
                message = f"Build {sighting.build} ({phrases.word('certainty', sighting.certainty)})"
                yield _event(moment, described, "build", message, more)


def _implants(assessment: Assessment, phrases: Phrases) -> Iterator[dict[str, _Value]]:
    for implant in assessment.implants:
        more = {**_whose(assessment), "subject": implant.subject}
        for described, word, moment in (
            ("Implant Written", "written", implant.written),
            ("Implant First Used", "first_used", implant.first_used),
            ("Implant Last Used", "last_used", implant.last_used),
            ("Implant Gone", "gone_at", implant.gone),
        ):
            if moment:
                what = f"{phrases.text('timeline.implant')}: {phrases.text(f'implant.{word}')}"
                yield _event(moment, described, "implant", f"{what}: {phrases.subject(implant)}", more)


def _campaign(assessment: Assessment, phrases: Phrases) -> Iterator[dict[str, _Value]]:
    for event in assessment.campaign:
        message = f"{phrases.text('section.campaign')}: {event.text}"
        more = {"kind": event.kind, "source": event.source}
        yield _event(event.date, "Campaign Event", "campaign", message, more)
