from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import cast

import pytest
import stix2
from hypothesis import given, settings

from tests.report.build import at, finding, minimal
from tests.report.hostile import STRINGS, everywhere, hidden_characters, texts
from tests.report.sample import SHELL, clean, every_verdict, occupied
from waspglass.model.assessment import UNNAMED, Assessment, Host, Implant, Limit, Verdict
from waspglass.model.errors import UsageError
from waspglass.model.finding import Actor, Effect, Rung
from waspglass.report.stix import render_stix
from waspglass.report.stix_parts import account_object, address_object, file_objects, routable
from waspglass.report.tlp import Tlp, tlp_level

Thing = Mapping[str, object]


def objects(assessment: Assessment, kind: str = "", *, tlp: Tlp = Tlp.AMBER) -> list[Thing]:
    bundle = json.loads(render_stix(assessment, tlp=tlp))
    return [thing for thing in bundle["objects"] if not kind or thing["type"] == kind]


def check(assessment: Assessment) -> None:
    """Strict parsing of every object, without duplicates, and every reference leads somewhere."""
    document = render_stix(assessment)
    stix2.parse(document, allow_custom=False)
    things = json.loads(document)["objects"]
    ids = [thing["id"] for thing in things]
    assert len(ids) == len(set(ids))
    for thing in things:
        for name, value in thing.items():
            if name.endswith("_ref"):
                assert value in ids
            elif name.endswith("_refs"):
                assert set(value) <= set(ids)


@pytest.mark.parametrize("assessment", every_verdict(), ids=lambda assessment: str(assessment.verdict))
def test_the_bundle_is_strictly_valid(assessment: Assessment) -> None:
    check(assessment)


@pytest.mark.parametrize("text", STRINGS)
def test_known_hostile_strings_leave_it_valid(text: str) -> None:
    check(everywhere(text))


@given(texts())
@settings(max_examples=25, deadline=None)
def test_any_string_leaves_it_valid_and_visible(text: str) -> None:
    check(everywhere(text))
    assert not hidden_characters(render_stix(everywhere(text)))


def test_the_same_assessment_gives_the_same_bundle() -> None:
    assert render_stix(occupied()) == render_stix(occupied())


def test_another_assessment_shares_only_public_objects_and_observables() -> None:
    one, other = occupied(), occupied(probes=3)
    shared = {str(thing["id"]) for thing in objects(one)} & {str(thing["id"]) for thing in objects(other)}
    kinds = {name.split("--")[0] for name in shared}
    public = {"marking-definition", "identity", "vulnerability", "attack-pattern"}
    assert kinds == public | {"ipv4-addr", "file", "directory", "user-account"}


def test_no_attacker_is_named() -> None:
    named = {"threat-actor", "intrusion-set", "campaign"}
    assert not named & {thing["type"] for thing in objects(occupied())}
    (report,) = objects(occupied(), "report")
    assert "names no attacker" in str(report["description"])


def test_the_report_carries_verdict_and_sentence() -> None:
    (report,) = objects(occupied(), "report")
    assert report["name"] == "Patched, but occupied: ex01.example.test"
    assert str(report["description"]).startswith(occupied().sentence)
    assert report["labels"] == ["verdict:occupied", "lid:patched"]


def test_the_report_itself_says_what_the_answer_cannot_see() -> None:
    """misp-stix 2026.10 knows no notes."""
    (report,) = objects(occupied(), "report")
    assert all(limit.text in str(report["description"]) for limit in occupied().limits)
    assert not objects(occupied(), "note")


def test_implants_become_indicators_of_high_confidence_with_a_sighting() -> None:
    (indicator,) = [thing for thing in objects(occupied(), "indicator") if thing["name"] == SHELL]
    assert indicator["confidence"] == 85
    assert f"'{SHELL}'" in str(indicator["pattern"])
    (sighting,) = [thing for thing in objects(occupied(), "sighting") if thing["sighting_of_ref"] == indicator["id"]]
    assert sighting["first_seen"] == "2021-03-03T04:12:31.000Z"
    assert sighting["count"] == 1


@pytest.mark.parametrize(
    ("named", "techniques"), [(SHELL, {"T1505.003", "T1059"}), ("203.0.113.77", {"T1190", "T1505.003", "T1078"})]
)
def test_an_indicator_is_based_on_what_was_seen_on_the_host_and_names_its_techniques(
    named: str, techniques: set[str]
) -> None:
    things = {str(thing["id"]): thing for thing in objects(occupied())}
    (indicator,) = [name for name, thing in things.items() if name.startswith("indicator") and thing["name"] == named]
    related = [thing for thing in things.values() if thing.get("source_ref") == indicator]
    (seen,) = [thing["target_ref"] for thing in related if thing["relationship_type"] == "based-on"]
    indicated = [str(thing["target_ref"]) for thing in related if thing["relationship_type"] == "indicates"]
    (sighting,) = [thing for thing in things.values() if thing.get("sighting_of_ref") == indicator]
    (host,) = cast("list[str]", sighting["where_sighted_refs"])
    assert {things[name]["name"] for name in indicated} == techniques
    assert sighting["observed_data_refs"] == [seen]
    assert things[host]["name"] == occupied().host.name


def test_a_record_that_several_rules_matched_was_seen_once() -> None:
    actor = Actor(address="203.0.113.77")
    seen = [
        finding(number, line=line, rung=Rung.USED, actor=actor, time=at("2021-03-03"))
        for number, line in enumerate((7, 7, 7, 9))
    ]
    assessment = minimal(findings=tuple(seen))
    assert [thing["number_observed"] for thing in objects(assessment, "observed-data")] == [2]
    assert [thing["count"] for thing in objects(assessment, "sighting")] == [2]


def test_a_digest_that_a_rule_captured_becomes_part_of_file_and_pattern() -> None:
    digest = "ab" * 32
    seen = finding(1, rung=Rung.IMPLANTED, subject=SHELL, fields={"sha256": digest})
    implants = (Implant(subject=SHELL, present=True, findings=(seen.id,)),)
    assessment = minimal(Verdict.OCCUPIED, findings=(seen,), implants=implants)
    check(assessment)
    (file,) = objects(assessment, "file")
    assert file["hashes"] == {"SHA-256": digest}
    hashed = stix2.File(
        name=file["name"], hashes={"SHA-256": digest}, parent_directory_ref=file["parent_directory_ref"]
    )
    assert file["id"] == hashed.id
    file_pattern, request = (str(indicator["pattern"]) for indicator in objects(assessment, "indicator"))
    assert file_pattern == f"[file:hashes.'SHA-256' = '{digest}']"
    assert "file:" not in request  # misp-stix 2026.10 takes neither out of a pattern of both
    assert len(objects(assessment, "sighting")) == 2


@pytest.mark.parametrize(
    ("presumed", "last"), [(False, "2021-03-13T08:00:00.000Z"), (True, "2021-03-08T00:00:00.000Z")]
)
def test_only_what_was_seen_at_collection_is_sighted_then(presumed: bool, last: str) -> None:
    implant = Implant(
        subject=SHELL, written=at("2021-03-03"), last_used=at("2021-03-08"), present=True, presumed=presumed
    )
    host = Host(evidence="x", collected_at=at("2021-03-13T08:00:00Z"))
    assessment = minimal(Verdict.OCCUPIED, implants=(implant,), host=host)
    (sighting,) = objects(assessment, "sighting")
    (seen,) = objects(assessment, "observed-data")
    assert (sighting["last_seen"], seen["last_observed"]) == (last, last)
    (indicator,) = objects(assessment, "indicator")
    assert ("taken to be there" in str(indicator["description"])) is presumed


def test_what_is_no_digest_is_ignored() -> None:
    seen = finding(1, rung=Rung.IMPLANTED, subject=SHELL, fields={"sha256": "'] OR [x"})
    implants = (Implant(subject=SHELL, present=True, findings=(seen.id,)),)
    (file,) = objects(minimal(Verdict.OCCUPIED, findings=(seen,), implants=implants), "file")
    assert "hashes" not in file


def test_an_address_that_only_probed_is_observed_and_no_indicator() -> None:
    names = {thing["name"] for thing in objects(occupied(), "indicator")}
    assert {"203.0.113.77", "198.51.100.23"} <= names
    seen = {thing["value"] for thing in objects(occupied(), "ipv4-addr")}
    assert "192.0.2.20" in seen - names
    assert not objects(occupied(), "network-traffic")  # misp-stix 2026.10 flags every address in one for detection


def test_address_indicators_expire() -> None:
    (indicator,) = [thing for thing in objects(occupied(), "indicator") if thing["name"] == "203.0.113.77"]
    assert indicator["confidence"] == 50
    assert indicator["valid_until"] == "2021-04-02T04:12:31.000Z"


@pytest.mark.parametrize("effect", [Effect.CONTEXT, Effect.HINT])
def test_context_and_hints_accuse_nobody(effect: Effect) -> None:
    hinted = finding(1, rung=Rung.USED, effect=effect, actor=Actor(address="203.0.113.9"), time=at("2021-03-01"))
    assert not objects(minimal(findings=(hinted,)), "indicator")
    assert not objects(minimal(findings=(hinted,)), "ipv4-addr")


def test_a_private_address_is_no_indicator() -> None:
    inside = finding(1, rung=Rung.USED, actor=Actor(address="10.1.2.3"), time=at("2021-03-01"))
    assert objects(minimal(findings=(inside,)), "ipv4-addr")
    assert not objects(minimal(findings=(inside,)), "indicator")


def test_flaws_and_techniques() -> None:
    assert [thing["name"] for thing in objects(occupied(), "vulnerability")] == list(occupied().pack.cves)
    assert "T1505.003" in {thing["name"] for thing in objects(occupied(), "attack-pattern")}
    targets = [thing for thing in objects(occupied(), "relationship") if thing["relationship_type"] == "targets"]
    assert len(targets) == len(occupied().pack.cves)


def test_what_is_left_out_is_said() -> None:
    many = tuple(Implant(subject=f"/{n}.aspx", present=True) for n in range(230))
    (report,) = objects(minimal(Verdict.OCCUPIED, implants=many), "report")
    assert "only in assessment.json: 30." in str(report["description"])


@pytest.mark.parametrize("level", list(Tlp))
def test_every_level_of_tlp(level: Tlp) -> None:
    (marking,) = objects(clean(), "marking-definition", tlp=level)
    assert marking["name"] == f"TLP:{level.upper()}"
    (report,) = objects(clean(), "report", tlp=level)
    assert report["object_marking_refs"] == [marking["id"]]


@pytest.mark.parametrize("written", ["amber+strict", "AMBER+STRICT", "TLP:AMBER+STRICT", "tlp:Amber+Strict"])
def test_a_level_may_be_written_as_it_is_marked(written: str) -> None:
    assert (tlp_level(written), tlp_level(written).label) == (Tlp.AMBER_STRICT, "TLP:AMBER+STRICT")


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no TLP level 'white'.* clear, green, amber"):
        tlp_level("white")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:51234", "203.0.113.7"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("fe80::1%3", "fe80::1"),
        ("[fe80::1%3]:443", "fe80::1"),
        ("2001:DB8::1", "2001:db8::1"),
    ],
)
def test_addresses_as_logs_write_them(written: str, meant: str) -> None:
    thing = address_object(written)
    assert thing is not None
    assert thing["value"] == meant


@pytest.mark.parametrize("text", ["", "-", "localhost", "999.1.1.1", "1.2.3", "203.0.113.7, 10.0.0.1"])
def test_what_is_no_address(text: str) -> None:
    assert address_object(text) is None
    assert not routable(text)


def test_ids_of_observables_are_those_of_other_tools() -> None:
    address, account = address_object("203.0.113.77"), account_object("EXAMPLE\\admin")
    assert address is not None
    assert address["id"] == stix2.IPv4Address(value="203.0.113.77").id
    assert account["id"] == stix2.UserAccount(account_login="EXAMPLE\\admin").id
    file, folder = file_objects("/aspnet_client/ü.aspx")
    assert folder["id"] == stix2.Directory(path="/aspnet_client").id
    assert file["id"] == stix2.File(name="ü.aspx", parent_directory_ref=cast("str", folder["id"])).id


def test_making_a_bundle_does_not_load_the_slow_library() -> None:
    code = "import sys, waspglass.report.stix; sys.exit('stix2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_implant_whose_name_was_not_seen_is_no_indicator() -> None:
    objects = json.loads(render_stix(minimal(implants=(Implant(subject=UNNAMED, present=None),))))["objects"]
    assert not [one for one in objects if one["type"] in ("indicator", "file")]


def test_pages_that_may_be_the_owners_accuse_nobody() -> None:
    seen = finding(1, rung=Rung.USED, subject="/aspnet_client/form.aspx", actor=Actor(address="198.51.100.9"))
    page = Implant(subject="/aspnet_client/form.aspx", present=True, findings=(seen.id,))
    limit = Limit(id="answers-only", text="Pages answered.", decisive=True)
    bundle = json.loads(render_stix(minimal(findings=(seen,), implants=(page,), limits=(limit,))))
    (indicator,) = [one for one in bundle["objects"] if one["type"] == "indicator"]
    assert indicator["indicator_types"] == ["anomalous-activity"]
    assert indicator["confidence"] == 30
