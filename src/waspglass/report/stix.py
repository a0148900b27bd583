"""`bundle.stix.json`: the assessment as a STIX 2.1 bundle, for sharing platforms.

It says what was seen on one host and how sure that is. It names no attacker: there is no threat actor, campaign or
intrusion set in it, and an address is an address. The objects are plain dictionaries; the tests hold them against the
`stix2` library, whose import alone would cost a second.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from waspglass.model.assessment import Assessment, Implant
from waspglass.model.finding import Finding, Rung
from waspglass.report.json_document import render_json
from waspglass.report.phrases import Phrases
from waspglass.report.stix_parts import (
    StixObject,
    account_object,
    address_object,
    address_pattern,
    file_objects,
    identifier,
    implant_patterns,
    marking,
    moment,
    routable,
)
from waspglass.report.summary import answers_only, height, highest_rung, presence, records
from waspglass.report.tlp import Tlp
from waspglass.report.visible import prose, visible

__all__ = ["render_stix"]

_FIXED = "2021-01-01T00:00:00.000Z"
"""`created` of objects that are the same in every bundle (flaws, techniques, this tool): their ids never change."""
_CVE = re.compile(r"CVE-\d{4}-\d{4,7}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TECHNIQUE = re.compile(r"T\d{4}(\.\d{3})?")
_MOST_ACTORS = 200
_MOST_IMPLANTS = 200
_MOST_NUMBER = 999_999_999
_ADDRESS_LIFE = timedelta(days=30)
_CONFIDENCE_IMPLANT, _CONFIDENCE_ADDRESS, _CONFIDENCE_PAGE = 85, 50, 30
"""On the scale of STIX appendix A: high; medium, because addresses are shared and change hands; low, because a page of
which only answers are known may be the owner's."""


@dataclass(slots=True)
class _Builder:
    """The bundle under construction.

    Attributes:
        seed: Digest of the assessment, part of the ids of everything that belongs to it alone.
        host: Id of the host.
        techniques: Ids of the attack patterns by technique.
        objects: By id, in the order in which they were added.
    """

    assessment: Assessment
    phrases: Phrases
    tlp: StixObject
    seed: str
    host: str = ""
    techniques: dict[str, str] = field(default_factory=dict)
    objects: dict[str, StixObject] = field(default_factory=dict)

    def add(self, kind: str, key: str, **values: object) -> str:
        """Adds an object that belongs to this assessment alone and returns its id."""
        created = moment(self.assessment.created)
        marked = values | {"object_marking_refs": [self.tlp["id"]]}
        return self._put(identifier(kind, self.seed, key), kind, created, marked)

    def add_fixed(self, kind: str, key: str, **values: object) -> str:
        """Adds an object that is the same in every bundle, public knowledge without a marking, and returns its id."""
        return self._put(identifier(kind, key), kind, _FIXED, values)

    def add_observable(self, thing: StixObject) -> str:
        """Adds an observable and returns its id."""
        self.objects.setdefault(str(thing["id"]), thing | {"object_marking_refs": [self.tlp["id"]]})
        return str(thing["id"])

    def _put(self, name: str, kind: str, created: str, values: dict[str, object]) -> str:
        head: StixObject = {"type": kind, "spec_version": "2.1", "id": name, "created": created, "modified": created}
        if name != _tool_id():
            head["created_by_ref"] = _tool_id()
        self.objects[name] = head | values
        return name


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was seen of one actor or implant.

    Attributes:
        key: Part of the ids of all objects that say so.
        first: Since when.
        last: Until when.
        count: How often.
        findings: The findings that speak of it.
    """

    key: str
    first: datetime
    last: datetime
    count: int
    findings: Sequence[Finding]


def render_stix(assessment: Assessment, *, tlp: Tlp = Tlp.AMBER) -> str:
    """The bundle as JSON; the same assessment and level always give the same text.

    Args:
        assessment: The result to share.
        tlp: Traffic Light Protocol 2.0 level.
    """
    digest = hashlib.sha256(render_json(assessment).encode()).hexdigest()
    builder = _Builder(assessment, Phrases(assessment.language), marking(tlp), digest)
    builder.add_fixed("identity", "waspglass", name="waspglass", identity_class="system")
    name = builder.phrases.host(assessment)
    builder.host = builder.add("identity", "host", name=name, identity_class="system", roles=["examined-host"])
    builder.techniques = _techniques(builder)
    _vulnerabilities(builder)
    left_out = _actors(builder) + _implants(builder)
    _report(builder, left_out)
    bundle = {"type": "bundle", "id": identifier("bundle", digest, tlp)}
    return (
        json.dumps(bundle | {"objects": [builder.tlp, *builder.objects.values()]}, indent=2, ensure_ascii=False) + "\n"
    )


def _tool_id() -> str:
    return identifier("identity", "waspglass")


def _techniques(builder: _Builder) -> dict[str, str]:
    """One attack pattern for each ATT&CK technique of a finding that shows something."""
    named = {
        technique
        for finding in builder.assessment.findings
        if finding.proves
        for technique in finding.techniques
        if _TECHNIQUE.fullmatch(technique)
    }
    return {technique: _technique(builder, technique) for technique in sorted(named)}


def _technique(builder: _Builder, technique: str) -> str:
    url = f"https://attack.mitre.org/techniques/{technique.replace('.', '/')}/"
    reference = {"source_name": "mitre-attack", "external_id": technique, "url": url}
    return builder.add_fixed("attack-pattern", technique, name=technique, external_references=[reference])


def _vulnerabilities(builder: _Builder) -> None:
    """The flaws of the pack; the exploitation technique, where it was seen, targets them."""
    for cve in dict.fromkeys(builder.assessment.pack.cves):
        if not _CVE.fullmatch(cve):
            continue
        reference = {"source_name": "cve", "external_id": cve}
        flaw = builder.add_fixed("vulnerability", cve, name=cve, external_references=[reference])
        if "T1190" in builder.techniques:
            _relate(builder, builder.techniques["T1190"], "targets", flaw)


def _actors(builder: _Builder) -> int:
    """What each address or account was seen to do; returns how many were left out."""
    groups: dict[tuple[str | None, str | None], list[Finding]] = {}
    for finding in builder.assessment.findings:
        actor = finding.actor
        if actor and (actor.address or actor.account) and finding.proves:
            groups.setdefault((actor.address, actor.account), []).append(finding)
    ranked = sorted(groups.items(), key=lambda item: (-height(highest_rung(item[1])), str(item[0])))
    for (address, account), findings in ranked[:_MOST_ACTORS]:
        _actor(builder, address, account, findings)
    return max(0, len(ranked) - _MOST_ACTORS)


def _actor(builder: _Builder, address: str | None, account: str | None, findings: Sequence[Finding]) -> None:
    observable = address_object(address) if address else None
    things = [observable] if observable else []
    if account:
        things.append(account_object(account))
    if not things:
        return
    things.extend(thing for found in findings[:50] if found.subject for thing in file_objects(found.subject))
    times = [found.time for found in findings if found.time] or [builder.assessment.created]
    seen = _Seen(json.dumps([address, account]), min(times), max(times), records(findings), findings)
    observed = _observe(builder, seen, things)
    highest = highest_rung(findings)
    if address is None or observable is None or highest in (None, Rung.PROBED) or not routable(address):
        return
    if answers_only(builder.assessment):  # they may be the users of the owner's page
        return
    _indicate(
        builder,
        seen,
        observed,
        name=str(observable["value"]),
        description=builder.phrases.text("stix.address", meaning=builder.phrases.word("rung_meaning", str(highest))),
        indicator_types=["malicious-activity"],
        pattern=address_pattern(observable),
        valid_until=moment(_later(seen.last, _ADDRESS_LIFE)),
        confidence=_CONFIDENCE_ADDRESS,
    )


def _implants(builder: _Builder) -> int:
    """Each implant as a file, an indicator and a sighting; returns how many were left out."""
    implants = builder.assessment.implants
    for implant in implants[:_MOST_IMPLANTS]:
        _implant(builder, implant)
    return max(0, len(implants) - _MOST_IMPLANTS)


def _implant(builder: _Builder, implant: Implant) -> None:
    assessment, phrases = builder.assessment, builder.phrases
    speaking = [found for found in assessment.findings if found.id in implant.findings]
    digests = {found.fields.get("sha256", "") for found in speaking}
    digest = min((digest for digest in digests if _SHA256.fullmatch(digest)), default=None)
    things = file_objects(implant.subject, digest)
    if not things:
        return
    state = presence(implant)
    doubtful = answers_only(assessment)
    dated = [when for when in (implant.written, implant.first_used, implant.last_used) if when]
    end = assessment.host.collected_at if state == "present" else None
    first = min(dated, default=assessment.created)
    last = max([first, *dated, *([end] if end else [])])
    seen = _Seen(f"implant {implant.subject}", first, last, 1, speaking)
    observed = _observe(builder, seen, things)
    for pattern in implant_patterns(implant.subject, digest, named=not implant.of_product):
        _indicate(
            builder,
            seen,
            observed,
            name=visible(implant.subject),
            description=phrases.text(
                "stix.page" if doubtful else "stix.implant", state=phrases.text(f"implant.{state}")
            ),
            indicator_types=["anomalous-activity"] if doubtful else ["malicious-activity", "compromised"],
            pattern=pattern,
            confidence=_CONFIDENCE_PAGE if doubtful else _CONFIDENCE_IMPLANT,
        )


def _observe(builder: _Builder, seen: _Seen, things: Iterable[StixObject]) -> str:
    """What was seen, as it is: without a word on what it means."""
    return builder.add(
        "observed-data",
        seen.key,
        first_observed=moment(seen.first),
        last_observed=moment(seen.last),
        number_observed=min(seen.count, _MOST_NUMBER),
        object_refs=list(dict.fromkeys(builder.add_observable(thing) for thing in things)),
    )


def _indicate(builder: _Builder, seen: _Seen, observed: str, *, pattern: str, **values: object) -> None:
    """An indicator, its sighting on the host, and the techniques that it speaks of."""
    key = f"{seen.key} {pattern}"
    indicator = builder.add(
        "indicator",
        key,
        **values,
        pattern=pattern,
        pattern_type="stix",
        pattern_version="2.1",
        valid_from=moment(seen.first),
        lang=builder.assessment.language,
    )
    builder.add(
        "sighting",
        key,
        sighting_of_ref=indicator,
        observed_data_refs=[observed],
        where_sighted_refs=[builder.host],
        first_seen=moment(seen.first),
        last_seen=moment(seen.last),
        count=min(seen.count, _MOST_NUMBER),
    )
    _relate(builder, indicator, "based-on", observed)
    used = {technique for found in seen.findings for technique in found.techniques if technique in builder.techniques}
    for technique in sorted(used):
        _relate(builder, indicator, "indicates", builder.techniques[technique])


def _relate(builder: _Builder, source: str, how: str, target: str) -> None:
    key = f"{source} {how} {target}"
    builder.add("relationship", key, relationship_type=how, source_ref=source, target_ref=target)


def _report(builder: _Builder, left_out: int) -> None:
    """The answer, and in the same text what it cannot see: importers (MISP's) drop a note beside the report."""
    assessment, phrases = builder.assessment, builder.phrases
    host = phrases.host(assessment)
    builder.add(
        "report",
        "report",
        name=phrases.text("html.title", headline=phrases.headline(assessment), host=host),
        description="\n".join(_description(assessment, phrases, left_out)),
        report_types=["observed-data", "indicator", "vulnerability"],
        published=moment(assessment.created),
        labels=[f"verdict:{assessment.verdict.value}", f"lid:{assessment.lid.state.value}"],
        lang=assessment.language,
        object_refs=list(builder.objects),
    )


def _description(assessment: Assessment, phrases: Phrases, left_out: int) -> Iterator[str]:
    yield prose(assessment.sentence)
    yield f"{phrases.text('section.lid')}: {phrases.lid(assessment)}."
    yield f"{phrases.text('section.limits')}:"
    for limit in assessment.limits:
        yield f"- {prose(limit.text)}"
    if left_out:
        yield phrases.text("stix.left_out", n=phrases.number(left_out))
    yield phrases.text("html.addresses_note")
    yield phrases.text("stix.nobody")


def _later(when: datetime, by: timedelta) -> datetime:
    try:
        return when + by
    except OverflowError:
        return when
