"""Whatever happens to the bytes of an export: added with counted skips, or refused with a reason; never a crash."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.census.exports import COLUMNS_2021, add, banner, jsonl
from tests.census.test_other_sources import CENSYS_SERVICE, NMAP_HOST, ROW_2021, SHELL, TEST, csv, nmap
from waspglass.census.sources.mapping import Mapping
from waspglass.census.store.folder import Folder

SEEDS = {
    "2021-03-09-scan_exchange-x.csv": csv(COLUMNS_2021, ROW_2021, SHELL),
    "shodan-2021-03-09.json": jsonl(banner("192.0.2.1"), banner("2001:db8::1", "15.1.2176")),
    "censys-2021-03-09.json": jsonl({"ip": "192.0.2.1", "services": [CENSYS_SERVICE]}),
    "nmap-2021-03-09.xml": nmap(NMAP_HOST.format(address="192.0.2.1", script=TEST.format(state="VULNERABLE"))),
}
SEEDS |= {
    "shodan-array-2021-03-09.json": json.dumps([banner("192.0.2.1"), banner("192.0.2.2")], indent=1).encode(),
    "own-2021-03-09.json": jsonl({"ip": "192.0.2.1", "services": [{"port": 443, "head": {"X_OWA_Version": ["15.1"]}}]}),
}
SEEDS |= {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in list(SEEDS.items())}
SEEDS |= {"z.json.zst": zstandard.compress(SEEDS["shodan-2021-03-09.json"])}
MAPPING = Mapping(name="own", format="json", each="services", columns={"address": "ip", "port": "port", "head": "head"})
HOSTILE = st.sampled_from(
    [
        b"\x00",
        b"\xff\xfe",
        b'"',
        b"\n",
        b"\r",
        b"<!ENTITY",
        b"=cmd|",
        b"\xed\xa0\x80",
        b"1e999",
        b"-1",
        b"{" * 50,
        b"\x1b[2J",
    ]
)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """An export with a few places cut out, put in or turned round."""
    name = draw(st.sampled_from(sorted(SEEDS)))
    content = SEEDS[name]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        cut = draw(st.integers(0, 30))
        content = content[:at] + draw(st.one_of(st.just(b""), HOSTILE, st.binary(max_size=8))) + content[at + cut :]
    return name, content


@pytest.mark.parametrize("partial", [False, True])
@settings(max_examples=150)
@given(export=damaged())
def test_damage_never_crashes_and_never_goes_uncounted(
    tmp_path_factory: pytest.TempPathFactory, partial: bool, export: tuple[str, bytes]
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    outcome = add(folder, *export, partial=partial, mapping=MAPPING if export[0].startswith("own") else None)
    manifest = Folder(str(folder / "store")).manifest()
    if outcome.added is None:
        assert outcome.refused is not None
        assert outcome.refused.reason
        assert manifest.refused == (outcome.refused,)
        assert not list((folder / "store").rglob("*.parquet"))
        return
    assert outcome.added.records > 0 or not outcome.added.skipped
    assert all(skip.count > 0 and skip.detail and skip.detail.isprintable() for skip in outcome.added.skipped)
    assert sum(file.rows for file in manifest.files()) == outcome.added.records


def test_the_seeds_are_good(tmp_path: Path) -> None:
    for number, (name, content) in enumerate(sorted(SEEDS.items())):
        folder = tmp_path / str(number)
        folder.mkdir()
        outcome = add(folder, name, content, mapping=MAPPING if name.startswith("own") else None)
        assert outcome.added is not None, (name, outcome)
        assert not outcome.added.skipped
