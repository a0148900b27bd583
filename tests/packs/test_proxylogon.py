"""The pack itself: without faults, each rule on its samples, and the real events of a lab exploitation."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from tests.evidence.evtx_writer import evtx
from tests.packs.engine import fires, hunted
from waspglass.model.finding import Effect, Rung
from waspglass.packs.check import check_pack
from waspglass.packs.load import load_pack, pack_folder

PACK = load_pack("proxylogon")
FOLDER = pack_folder("proxylogon")
SAMPLES = FOLDER / "samples"
PROJECT = Path(__file__).resolve().parents[2]
HARMLESS = (
    "httpproxy/benign.log",
    "iis/benign.log",
    "ecp/benign.log",
    "cmdlet/benign.log",
    "oabgenerator/benign.log",
    "events/benign.json",
    "iis-config/default",
    "compiled/logon",
    "task/harmless",
    "oab-export/clean/OabVirtualDirectory.txt",
)


def rungs(evidence: Path) -> set[Rung]:
    return {one.rung for one in hunted(PACK, evidence).findings if one.effect is Effect.SHOWS and one.rung is not None}


def test_the_pack_has_no_faults_and_each_rule_fires_on_its_samples_only() -> None:
    assert [str(issue) for issue in check_pack(FOLDER, fires=fires)] == []


@pytest.mark.parametrize("sample", HARMLESS)
def test_everyday_business_gives_no_finding_of_any_kind(sample: str) -> None:
    assert hunted(PACK, SAMPLES / sample).findings == ()


def test_one_half_alone_is_an_entry_and_both_halves_are_an_implant() -> None:
    assert Rung.IMPLANTED not in rungs(SAMPLES / "httpproxy" / "chain.log")
    assert rungs(SAMPLES / "ecp" / "url_with_script.log") == {Rung.EXPLOITED}
    assert Rung.IMPLANTED in rungs(SAMPLES / "story" / "planted")


@pytest.mark.parametrize("padding", [300_000, 3_000_000])
def test_a_page_is_known_however_it_is_padded(tmp_path: Path, padding: int) -> None:
    sample = next((SAMPLES / "web" / "oab_page").rglob("*.aspx"))
    page = tmp_path / "inetpub" / "wwwroot" / "aspnet_client" / "e.aspx"
    page.parent.mkdir(parents=True)
    page.write_bytes(b"!BDN".ljust(padding, b"\0") + sample.read_bytes() + bytes(padding // 10))
    assert rungs(tmp_path) == {Rung.IMPLANTED}


def test_a_write_that_failed_is_an_entry_and_no_implant() -> None:
    found = hunted(PACK, SAMPLES / "story" / "planted_failed").findings
    assert Rung.IMPLANTED not in {one.rung for one in found if one.effect is not Effect.HINT}
    assert [one.rung for one in found if one.effect is Effect.FAILED] == [Rung.EXPLOITED]


def test_probes_stay_probes() -> None:
    assert rungs(SAMPLES / "httpproxy" / "autodiscover_only.log") == {Rung.PROBED}
    assert rungs(SAMPLES / "httpproxy" / "vendor_scanner.log") == {Rung.PROBED}
    assert rungs(SAMPLES / "iis" / "probes.log") == {Rung.PROBED}


def test_a_single_step_is_an_entry() -> None:
    assert rungs(SAMPLES / "httpproxy" / "single_step.log") == {Rung.EXPLOITED}


def test_the_page_has_one_name_in_file_and_log() -> None:
    found = hunted(PACK, SAMPLES / "story" / "implant_used").findings
    assert {one.subject for one in found} == {"/owa/auth/sample.aspx"}
    assert {one.rung for one in found} == {Rung.IMPLANTED, Rung.USED}


def test_a_page_that_is_not_found_ends() -> None:
    found = hunted(PACK, SAMPLES / "story" / "implant_gone").findings
    assert [(one.rule, one.effect) for one in found][-1] == ("iis-implant-gone", Effect.ENDS)


def test_the_raw_event_log_says_the_same_as_its_export(tmp_path: Path) -> None:
    """In a raw event the text is not rendered: the cmdlet and its parameters are unnamed data."""
    planted = {
        "EventID": "1",
        "Provider_Name": "MSExchange CmdletLogs",
        "Data": 'Set-OabVirtualDirectory\n-ExternalUrl "http://f/<script runat=server>/* inert sample */</script>"',
    }
    removed = {"EventID": "1", "Provider_Name": "MSExchange CmdletLogs", "Data": "Remove-OabVirtualDirectory\n-Force"}
    start = datetime(2021, 3, 3, 4, 12, 12, tzinfo=UTC)
    content = evtx([[(start, planted), (start + timedelta(seconds=2), removed)]], channel="MSExchange Management")
    (tmp_path / "MSExchange Management.evtx").write_bytes(content)
    found = hunted(PACK, tmp_path).findings
    assert {(one.rule, one.rung) for one in found} == {
        ("event-url-with-script", Rung.EXPLOITED),
        ("event-page-planted", Rung.IMPLANTED),
    }


@pytest.mark.parametrize("name", ["timeline.csv", "figures.csv"])
def test_only_facts_that_a_source_states_are_shipped(name: str) -> None:
    assert "unverified" not in (FOLDER / name).read_text(encoding="utf-8")
    assert {row.confidence for row in PACK.timeline} <= {"quoted", "secondary"}
    assert {row.confidence for row in PACK.figures} <= {"quoted", "secondary"}


def test_indicators_are_stix_and_clear_to_share() -> None:
    import stix2

    counts = {}
    for source in PACK.indicators:
        bundle = stix2.parse(source.text, allow_custom=True)
        indicators = [one for one in bundle.objects if one.type == "indicator"]
        marking = next(one for one in json.loads(source.text)["objects"] if one["type"] == "marking-definition")
        counts[source.path.rpartition("/")[2]] = len(indicators)
        assert {reference for one in indicators for reference in one.object_marking_refs} == {marking["id"]}
        assert marking["name"] == "TLP:CLEAR"
        assert all(one.description for one in indicators)
    assert counts == {"eset_march_2021.json": 40, "microsoft_march_2021.json": 56}


@pytest.mark.parametrize("pack", ["proxylogon", "toolshell"])
def test_samples_are_inert(pack: str) -> None:
    """A page among the samples says that it is one, and holds no complete script."""
    for path in (pack_folder(pack) / "samples").rglob("*.aspx"):
        text = path.read_text(encoding="utf-8")
        assert "SAMPLE" in text, path
        assert not ("<script" in text and "</script>" in text and "eval" in text and "server" in text) or (
            "harmless" in text
        ), path


def test_each_first_pass_rule_that_plants_names_what_it_planted_or_is_a_half() -> None:
    unnamed = set()
    for source in PACK.sigma:
        for rule in yaml.safe_load_all(source.text):
            block = rule.get("waspglass") or {}
            if (
                block.get("rung") == "implanted"
                and block.get("effect", "shows") == "shows"
                and not block.get("subject")
            ):
                unnamed.add(rule["name"])
    assert unnamed == {"proxylogon-page-planted", "ecp-page-planted", "event-page-planted"}


def test_the_lab_exploitation_of_otrf(shared_data: Path) -> None:
    (evidence,) = (shared_data / "otrf-proxylogon").glob("*.json.gz")
    found = hunted(PACK, evidence).findings
    assert {one.rung for one in found} == {Rung.EXPLOITED, Rung.IMPLANTED, Rung.USED}
    assert {one.subject for one in found if one.subject} == {"/owa/auth/ohyeah.aspx"}
    assert {one.effect for one in found} == {Effect.SHOWS}


def test_no_published_path_is_one_of_a_page_that_the_maker_ships(shared_data: Path) -> None:
    import polars as pl

    table = pl.read_parquet(shared_data / "exchange-baseline" / "exchange_baseline.parquet", columns=["path"])
    shipped = {"/" + path.lower().replace("\\", "/").lstrip("/") for path in table["path"]}
    rules = {rule["name"]: rule for source in PACK.sigma for rule in yaml.safe_load_all(source.text)}
    files = rules["web-known-implant-path"]["detection"]["path"]["path|endswith"]
    pages = rules["compiled-known-path"]["detection"]["path"]["virtual_path|endswith"]
    published = {path.replace("\\", "/") for path in (*files, *pages)}
    assert published
    assert not {path for path in published if any(page.endswith(path) for page in shipped)}
    own = re.compile(rules["iis-page-answered-intruder"]["detection"]["product"]["cs-uri-stem|re"])
    pages_of_logon = {page for page in shipped if "/owa/auth/" in page and page.endswith(".aspx")}
    assert pages_of_logon
    assert all(own.search("/owa/auth/" + page.rpartition("/")[2]) for page in pages_of_logon)


@pytest.mark.parametrize(
    ("script", "data", "output"),
    [
        ("build_known_good.py", "exchange-baseline/exchange_baseline.parquet", "known_good.bin"),
        (
            "build_indicators.py",
            "indicators/MSTICIoCs-ExchangeServerVulnerabilitiesDisclosedMarch2021.csv",
            "indicators/microsoft_march_2021.json",
        ),
    ],
)
def test_data_files_are_rebuilt_byte_by_byte(
    shared_data: Path, tmp_path: Path, script: str, data: str, output: str
) -> None:
    made = tmp_path / "made"
    command = [sys.executable, str(PROJECT / "tools" / script), str(shared_data / data), str(made)]
    subprocess.run(command, check=True, capture_output=True)
    assert made.read_bytes() == (FOLDER / output).read_bytes()
