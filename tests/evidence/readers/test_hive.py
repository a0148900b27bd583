"""Registry hives, where the extra that reads them is installed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.hive_writer import Tree, hive
from tests.evidence.trees import memory_artefact
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.readers.registry import record_readers
from waspglass.model.skip import SkipReason
from waspglass.packs.load import load_pack

pytest.importorskip("dissect.regf", reason="the extra `images` is not installed")

WRITTEN = datetime(2021, 1, 12, 16, tzinfo=UTC)
PATH = r"C:\Windows\System32\config\SOFTWARE"
SETUP: Tree = {
    "MsiInstallPath": "D:\\Exchange\\",
    "MsiProductMajor": 15,
    "MsiProductMinor": 1,
    "MsiBuildMajor": 2176,
    "MsiBuildMinor": 2,
}
TREE: Tree = {
    "Microsoft": {
        "ExchangeServer": {"v15": {"Setup": SETUP}},
        "Windows": {"CurrentVersion": {"Run": {"Updater": r"C:\ProgramData\sample.exe"}}},
        "Other": {"Ignored": "yes"},
    }
}
VALID = hive(TREE, WRITTEN)


KEYS = ("Microsoft\\ExchangeServer\\*\\Setup",)


def read(content: bytes, keys: tuple[str, ...] = KEYS) -> list[dict[str, str]]:
    reader = record_readers(keys=keys)["hive"]
    return [dict(record) for _, _, record in reader.records(memory_artefact(content, PATH))]


def test_watched_values_and_the_build() -> None:
    records = read(VALID)
    run = {
        "TargetObject": r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\Updater",
        "Details": r"C:\ProgramData\sample.exe",
        "key": r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run",
        "value": "Updater",
        "path": PATH,
        "modified": "2021-01-12T16:00:00Z",
    }
    assert run in records
    (build,) = [record for record in records if "build" in record]
    assert (build["build"], build["install_path"]) == ("15.1.2176.2", "D:\\Exchange\\")
    assert "Ignored" not in str(records)
    assert not [record for record in read(VALID, ()) if "build" in record]  # a pack names its product's keys
    assert load_pack("proxylogon").registry_keys == KEYS
    assert all(moment == WRITTEN for _, moment, _ in record_readers()["hive"].records(memory_artefact(VALID, PATH)))


def test_a_hive_that_is_read_in_part_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("waspglass.evidence.readers.hive._MOST_KEYS", 1)
    with pytest.raises(EvidenceReadError) as caught:
        read(VALID)
    assert caught.value.reason is SkipReason.LIMIT_REACHED


def test_what_is_no_hive_says_so() -> None:
    with pytest.raises(EvidenceReadError) as caught:
        read(b"regf" + bytes(100))
    assert caught.value.reason is SkipReason.DAMAGED


@given(st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.integers(0, 255)), max_size=10))
def test_any_damage_ends_in_records_or_an_error_of_ours(changes: list[tuple[int, int]]) -> None:
    content = bytearray(VALID)
    for at, byte in changes:
        content[at] = byte
    try:
        read(bytes(content))
    except EvidenceReadError as fault:
        assert fault.reason is SkipReason.DAMAGED
