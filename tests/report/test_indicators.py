from __future__ import annotations

import csv
import json

import pytest
from hypothesis import given

from tests.report.build import at, finding, minimal
from tests.report.hostile import everywhere, hidden_characters, texts
from tests.report.sample import occupied
from waspglass.hunt.rules.indicator_lists import read_csv
from waspglass.model.assessment import UNNAMED, Assessment, Implant, Limit, Verdict
from waspglass.model.finding import Actor, Effect, Finding, Rung
from waspglass.report.indicators import Seen, address_rows, indicator_lines, indicators
from waspglass.report.stix import render_stix

SHELL = "/aspnet_client/x.aspx"
DIGEST = "ab" * 32
INTRUDER = Actor(address="203.0.113.5:50001", user_agent="client/1.0")


def used(number: int, actor: Actor = INTRUDER, **values: object) -> Finding:
    time = at(f"2021-03-0{number}T00:00:00Z")
    return finding(number, **{"rung": Rung.USED, "actor": actor, "time": time} | values)


def by_kind(assessment: Assessment) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for one in indicators(assessment):
        kinds.setdefault(one.kind, []).append(one.value)
    return kinds


def test_a_record_that_several_rules_found_counts_once() -> None:
    found = (used(1), used(2, rule="a"), used(3, rule="b", line=2, time=at("2021-03-02T00:00:00Z")))
    first, last = at("2021-03-01T00:00:00Z"), at("2021-03-02T00:00:00Z")
    assert address_rows(minimal(findings=found)) == ([Seen("ip-src", "203.0.113.5", Rung.USED, 2, first, last)], 0)


@pytest.mark.parametrize("effect", [Effect.ENDS, Effect.HINT, Effect.CONTEXT])
def test_an_address_of_which_nothing_is_proven_is_not_listed(effect: Effect) -> None:
    assert address_rows(minimal(findings=(used(1, effect=effect),))) == ([], 0)


def test_a_failed_attempt_counts_for_its_rung() -> None:
    found = used(1, effect=Effect.FAILED, rung=Rung.EXPLOITED)
    assert [row.rung for row in address_rows(minimal(findings=(found,)))[0]] == [Rung.EXPLOITED]


def test_what_the_intruder_left_and_used_is_handed_on() -> None:
    written = finding(2, rung=Rung.IMPLANTED, subject=SHELL, fields={"sha256": DIGEST})
    named = (SHELL, r"C:\\Windows\\Temp\\y.dll", UNNAMED)
    implants = tuple(Implant(subject=subject, findings=(written.id,)) for subject in named)
    assessment = minimal(findings=(used(1), written), implants=implants)
    assert indicator_lines(assessment) == (
        [
            "type,value,rung,records,first,last",
            "ip-src,203.0.113.5,used,1,2021-03-01T00:00:00Z,2021-03-01T00:00:00Z",
            f"uri,{SHELL},implanted,1,,",
            r"filename,C:\Windows\Temp\y.dll,implanted,1,,",
            f"sha256,{DIGEST},implanted,1,,",
            "user-agent,client/1.0,used,1,2021-03-01T00:00:00Z,2021-03-01T00:00:00Z",
        ],
        0,
    )


def test_the_name_of_a_page_of_the_product_is_not_handed_on() -> None:
    written = finding(2, rung=Rung.IMPLANTED, subject=SHELL, fields={"sha256": DIGEST})
    page = Implant(subject=SHELL, of_product=True, findings=(written.id,))
    assessment = minimal(findings=(written,), implants=(page,))
    assert by_kind(assessment) == {"sha256": [DIGEST]}
    patterns = [one["pattern"] for one in json.loads(render_stix(assessment))["objects"] if "pattern" in one]
    assert patterns == [f"[file:hashes.'SHA-256' = '{DIGEST}']"]


@pytest.mark.parametrize("address", ["10.1.2.3", "192.168.0.9", "100.64.1.2", "::ffff:10.1.2.3", "not an address"])
def test_an_address_that_points_to_nobody_is_not_handed_on(address: str) -> None:
    assert indicators(minimal(findings=(used(1, Actor(address=address)),))) == []


def test_a_probe_is_not_handed_on() -> None:
    assert indicator_lines(minimal(findings=(used(1, rung=Rung.PROBED),))) == ([], 0)


def test_nothing_is_handed_on_where_the_pages_may_be_the_owners() -> None:
    limit = Limit(id="answers-only", text="Pages answered.", decisive=True)
    assert indicators(minimal(findings=(used(1),), limits=(limit,))) == []


def test_more_than_fit_are_counted_and_many_of_a_kind_hide_no_other() -> None:
    found = [finding(n, rung=Rung.USED, actor=Actor(address=f"203.0.113.{n}")) for n in range(110)]
    written = finding(200, rung=Rung.IMPLANTED, subject=SHELL)
    implant = Implant(subject=SHELL, findings=(written.id,))
    lines, more = indicator_lines(minimal(findings=(*found, written), implants=(implant,)))
    assert (len(lines), lines[-1], more) == (102, f"uri,{SHELL},implanted,1,,", 10)


@pytest.mark.parametrize("name", [UNNAMED, "OAB (Default Web Site)", "OAB (mail.example.org)", "Winnet"])
def test_what_is_no_file_is_no_indicator_of_one(name: str) -> None:
    """Each Exchange server has a directory of that name."""
    written = finding(1, rung=Rung.IMPLANTED, subject=name)
    implant = Implant(subject=name, findings=(written.id,))
    assessment = minimal(Verdict.OCCUPIED, findings=(written,), implants=(implant,))
    assert indicators(assessment) == []
    assert {"indicator", "file"}.isdisjoint(one["type"] for one in json.loads(render_stix(assessment))["objects"])


def test_the_addresses_are_those_of_the_stix_bundle() -> None:
    objects = json.loads(render_stix(occupied()))["objects"]
    patterns = {one["pattern"] for one in objects if one["type"] == "indicator"}
    assert {f"[ipv4-addr:value = '{value}']" for value in by_kind(occupied())["ip-src"]} == {
        pattern for pattern in patterns if pattern.startswith("[ipv4-addr:")
    }


def test_the_lines_are_a_list_for_the_next_examination() -> None:
    lines, _ = indicator_lines(occupied())
    read = list(read_csv("\n".join(lines), "indicators.csv"))
    assert len(read) == len(lines) - 1
    assert [one for one in read if isinstance(one, str)] == []


@given(text=texts())
def test_no_hostile_string_breaks_a_line(text: str) -> None:
    found = everywhere(text)
    lines, _ = indicator_lines(found)
    assert not any(hidden_characters(line) for line in lines)
    assert all(len(row) == 6 and not row[1].startswith(("=", "+", "-", "@")) for row in csv.reader(lines))
