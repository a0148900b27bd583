"""The second pack: the same engine, another product."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.packs.engine import fires, hunted
from waspglass.model.finding import Effect, Rung
from waspglass.packs.builds import BuildTable, State
from waspglass.packs.check import check_pack
from waspglass.packs.load import load_pack, pack_folder

PACK = load_pack("toolshell")
SAMPLES = pack_folder("toolshell") / "samples"


def test_it_has_no_issue() -> None:
    assert [str(issue) for issue in check_pack(pack_folder("toolshell"), fires=fires)] == []


def test_keys_are_changed_after_the_update() -> None:
    """Steps of one priority stand in the order of the file."""
    first = {each.id: (each.priority, number) for number, each in enumerate(PACK.advice)}
    assert all(first["patch"] < place for step, place in first.items() if "keys" in step)


@pytest.mark.parametrize(
    ("version", "state", "name"),
    [
        ("16.0.5508.1000", State.VULNERABLE, "SharePoint Server 2016 update 8 Jul25"),
        ("16.0.5513.1001", State.PATCHED, "SharePoint Server 2016 update 21 Jul25"),
        ("16.0.10417.20036", State.VULNERABLE, "after SharePoint Server 2019 update 8 Jul25"),
        ("16.0.10417.20037", State.PATCHED, "SharePoint Server 2019 update 21 Jul25"),
        ("16.0.18526.20507", State.VULNERABLE, "after SharePoint Server Subscription Edition update 8 Jul25"),
        ("16.0.18526.20508", State.PATCHED, "SharePoint Server Subscription Edition update 21 Jul25"),
        ("16.0.5500.1001", State.VULNERABLE, "SharePoint Server 2016 update May25"),
        ("16.0.10417.20009", State.VULNERABLE, "after SharePoint Server 2019 update Apr25"),
        ("16.0.18526.20080", State.VULNERABLE, "SharePoint Server Subscription Edition update Mar25"),
        ("16.0.10417.20198", State.PATCHED, "SharePoint Server 2019 update Aug26"),
        ("16.0.20326.20136", State.PATCHED, "SharePoint Server Subscription Edition update Sep26"),
        # As the response header shows them: the third number in the fourth place, and the fourth left out.
        ("16.0.0.5400", State.VULNERABLE, "SharePoint Server 2016 update"),
        ("16.0.0.5508", State.VULNERABLE, "SharePoint Server 2016 update"),
        ("16.0.0.5513", State.PATCHED, "SharePoint Server 2016 update"),
        ("16.0.0.5600", State.PATCHED, "SharePoint Server 2016 update"),
        ("16.0.0.10416", State.VULNERABLE, "SharePoint Server 2019 update"),
        ("16.0.0.10417", State.UNDECIDABLE, "SharePoint Server 2019 update"),
        ("16.0.0.17928", State.VULNERABLE, "SharePoint Server Subscription Edition update"),
        ("16.0.0.18526", State.UNDECIDABLE, "SharePoint Server Subscription Edition update"),
        ("16.0.0.19725", State.PATCHED, "SharePoint Server Subscription Edition update"),
        ("15.0.0.5545", State.UNKNOWN, None),
        ("16.0.0.4000", State.UNKNOWN, None),
    ],
)
def test_what_a_build_says(version: str, state: State, name: str | None) -> None:
    found = BuildTable(PACK.builds).state(version)
    assert (found.state, found.name) == (state, name)


@pytest.mark.parametrize(
    "sample",
    [
        *(
            "iis/benign.log",
            "iis/owner_without_name.log",
            "web/harmless",
            "compiled/start",
            "compiled/binary_of_product",
        ),
        *(
            "events/benign.json",
            "events/viewstate_integrity.json",
            "events/script_of_responder.json",
            "task/harmless",
            "uls/benign.log",
        ),
    ],
)
def test_everyday_business_gives_no_finding(sample: str) -> None:
    assert hunted(PACK, SAMPLES / sample).findings == ()


def test_a_refused_request_is_a_probe_and_an_answered_one_an_entry() -> None:
    (refused,) = hunted(PACK, SAMPLES / "iis" / "refused.log").findings
    found = hunted(PACK, SAMPLES / "iis" / "entered.log").findings
    (entered,) = (one for one in found if one.effect is not Effect.HINT)
    assert (refused.rung, refused.effect) == (Rung.PROBED, Effect.FAILED)
    assert (entered.rung, entered.effect) == (Rung.EXPLOITED, Effect.SHOWS)


def test_file_and_url_are_one_implant_although_their_folders_differ() -> None:
    found = hunted(PACK, SAMPLES / "story" / "used").findings
    assert {one.subject for one in found} == {"/_layouts/15/sample.aspx"}
    assert {one.rung for one in found} == {Rung.IMPLANTED, Rung.USED}


def test_names_that_others_use_decide_nothing() -> None:
    for sample in ("iis/generic_names.log", "web/generic_names", "compiled/generic"):
        found = hunted(PACK, SAMPLES / sample).findings
        assert found, sample
        assert {one.effect for one in found} == {Effect.HINT}, sample


def test_the_rules_agree_on_the_names_of_pages() -> None:
    """The names stand in rules of several kinds of files, and a new one must come into each of them."""
    names = ["spinstall[0-9a-z]{0,3}", "spinstaller", "3plx", "ghostfile[0-9]{0,5}"]
    texts = [rule.text.replace("\\\\.aspx", "").replace("\\.aspx", "") for rule in PACK.sigma]
    naming = [text for text in texts if "spinstall[" in text]
    assert len(naming) >= 5
    assert all("|".join(names) in text for text in naming)


@pytest.mark.parametrize(
    ("digest", "rung", "effect"),
    [
        ("92bb4ddb98eeaf11fc15bb32e71d0a63256a0ed826a03ba293ce3a8bf057a514", Rung.IMPLANTED, Effect.SHOWS),
        ("33067028e35982c7b9fdcfe25eb4029463542451fdff454007832cf953feaf1e", Rung.IMPACT, Effect.SHOWS),
        ("62881359e75c9e8899c4bc9f452ef9743e68ce467f8b3e4398bebacde9550dea", Rung.USED, Effect.HINT),
    ],
)
def test_what_a_published_hash_proves(digest: str, rung: Rung, effect: Effect, tmp_path: Path) -> None:
    event = {
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "EventID": 1,
        "@timestamp": "2025-07-27T10:00:00Z",
        "Image": "C:\\Windows\\Temp\\sample.exe",
        "Hashes": f"SHA256={digest.upper()}",
    }
    (tmp_path / "events.json").write_text(json.dumps(event) + "\n", encoding="utf-8")
    (found,) = hunted(PACK, tmp_path / "events.json").findings
    assert (found.rung, found.effect) == (rung, effect)
