"""Any bytes, and any damage to a valid file, end in records or in an error of ours, and soon."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.evtx_writer import evtx
from tests.evidence.pe_writer import program_file
from tests.evidence.readers.test_defender_export import DEFENDER_EXPORTS
from tests.evidence.readers.test_readers import COMPILED, HOST_CONFIG, LIST, TASK, UPGRADE, setup_log
from tests.evidence.trees import memory_artefact
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.readers.registry import record_readers
from waspglass.model.skip import Skipped

VALID = {
    "evtx": evtx([[(datetime(2021, 3, 3, tzinfo=UTC), {"EventID": "1", "A": "b"})]]),
    "web_file": b"<%@ Page %>",
    "iis_config": HOST_CONFIG,
    "compiled_page": COMPILED,
    "oab_export": LIST.encode(),
    "scheduled_task": TASK.encode("utf-16"),
    "exchange_setup_log": setup_log(*UPGRADE),
    "defender_export": DEFENDER_EXPORTS["the portal's table"].encode(),
    "pe_version": program_file((15, 1, 2176, 2), {"CompanyName": "Sample"}),
}
SECONDS = 20
"""Far more than any of these needs; a reader that hangs is what this finds."""


def run(name: str, content: bytes) -> None:
    started = time.monotonic()
    try:
        for place, moment, record in record_readers()[name].records(memory_artefact(content, r"C:\a\b.c", name)):
            assert place is not None
            assert moment is None or moment.tzinfo is not None
            assert {type(one) for pair in record.items() for one in pair} <= {str}
    except EvidenceReadError as fault:
        Skipped(source="x", reason=fault.reason, detail=fault.message)
    assert time.monotonic() - started < SECONDS


@pytest.mark.parametrize("name", VALID)
@given(content=st.binary(max_size=2000))
def test_any_bytes(name: str, content: bytes) -> None:
    run(name, content)


@pytest.mark.parametrize("name", VALID)
@given(data=st.data())
def test_any_damage(name: str, data: st.DataObject) -> None:
    content = bytearray(VALID[name])
    interesting = st.integers(0, min(len(content) - 1, 6000))
    for _ in range(data.draw(st.integers(0, 8))):
        content[data.draw(interesting)] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF, 0x3C, 0x22]))
    run(name, bytes(content[: data.draw(st.integers(0, len(content)))]))


@pytest.mark.parametrize("name", VALID)
@pytest.mark.parametrize("filler", [b"\0", b"A", b"<", b"A : b\n", b"\xff\xfe"], ids=repr)
def test_megabytes_of_one_thing(name: str, filler: bytes) -> None:
    run(name, filler * (3_000_000 // len(filler)))
    run(name, VALID[name] + filler * (3_000_000 // len(filler)))
