"""SharePoint's trace logs: rows as they are posted, messages cut over rows, and what an attacker may write."""

from __future__ import annotations

import errno
import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.trees import memory_artefact
from waspglass.evidence.artefact import Place
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.member import TreeFile
from waspglass.evidence.readers.registry import record_readers
from waspglass.model.skip import SkipReason

HEADER = "Timestamp              \tProcess \tTID   \tArea \tCategory \tEventID\tLevel     \tMessage \tCorrelation\r\n"
CORRELATION = "3ad81d9b-c01d-c0d3-1ab4-cc75daffbf63"
Found = list[tuple[Place, datetime | None, Mapping[str, str]]]


def row(message: str, *, time: str = "07/18/2025 18:06:04.12 ", thread: str = "0x2D60", event: str = "8nca") -> str:
    cells = (time, "w3wp.exe (0x5338)     ", thread, "SharePoint Foundation   ", "General    ", event, "Medium  ")
    return "\t".join((*cells, message, CORRELATION)) + "\r\n"


ULS = HEADER + row("Site=/") + row("One mess...") + row("...age", time="07/18/2025 18:06:04.12*") + row("two\r\nlines")
"""Seeds for fuzzing."""


def read(text: str, *, encoding: str = "utf-8", zone: str | None = None) -> Found:
    one = memory_artefact(text.encode(encoding), r"C:\LOGS\SP01-20250718-1800.log", "uls")
    return list(record_readers(timezone=zone)["uls"].records(one))


def until_fault(content: bytes) -> tuple[Found, EvidenceReadError]:
    found: Found = []
    with pytest.raises(EvidenceReadError) as caught:
        found.extend(record_readers()["uls"].records(memory_artefact(content, "x", "uls")))
    return found, caught.value


def messages(text: str) -> list[str]:
    return [record.get("Message", "") for _, _, record in read(text)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_a_row_with_padded_cells_in_local_time(encoding: str) -> None:
    ((place, time, record),) = read(HEADER + row("Site=/"), encoding=encoding, zone="Europe/Berlin")
    assert (place, time) == (Place(line=2), datetime(2025, 7, 18, 16, 6, 4, 120_000, tzinfo=UTC))
    assert record == {
        "Timestamp": "07/18/2025 18:06:04.12",
        "Process": "w3wp.exe (0x5338)",
        "TID": "0x2D60",
        "Area": "SharePoint Foundation",
        "Category": "General",
        "EventID": "8nca",
        "Level": "Medium",
        "Message": "Site=/",
        "Correlation": CORRELATION,
    }


def test_columns_go_by_the_header_and_without_one_are_those_of_the_product() -> None:
    (_, _, record), *_ = read("Timestamp\tMessage\tLevel\r\n07/18/2025 18:06:04.12\thello\tHigh\r\n")
    assert (record["Message"], record["Level"]) == ("hello", "High")
    assert messages(row("hello")) == ["hello"]


def test_an_empty_cell_is_absent() -> None:
    ((_, _, record),) = read(row(" ").replace(CORRELATION, ""))
    assert {"Message", "Correlation"}.isdisjoint(record)


@pytest.mark.parametrize("mark", ["/", ".", "-"])
def test_the_month_stands_first_whatever_parts_the_date(mark: str) -> None:
    ((_, time, _),) = read(row("x", time=f"07{mark}04{mark}2025 01:02:03,5"))
    assert time == datetime(2025, 7, 4, 1, 2, 3, 500_000, tzinfo=UTC)


def test_of_the_hour_that_autumn_has_twice_the_first_is_meant() -> None:
    ((_, time, _),) = read(row("x", time="10/26/2025 02:30:00.00"), zone="Europe/Berlin")
    assert time == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)


def test_a_cut_message_is_put_together_although_others_stand_between() -> None:
    cut, more = "07/18/2025 18:06:04.12 ", "07/18/2025 18:06:04.12*"
    text = (
        row("Office.Server.Sea...", time=cut)
        + row("another", thread="0x0001")
        + row("...rch.Query...", time=more)
        + row("....End", time=more)
    )
    assert messages(text) == ["another", "Office.Server.Search.Query.End"]
    assert [place.line for place, _, _ in read(text)] == [2, 1]


def test_a_message_that_merely_ends_with_dots_stays_as_it_is() -> None:
    assert messages(row("Loading...") + row("done") + row("Loading...")) == ["Loading...", "done", "Loading..."]


def test_the_rest_of_a_message_whose_beginning_is_in_another_file_is_kept() -> None:
    assert messages(row("...the end", time="07/18/2025 18:06:04.12*")) == ["...the end"]


def test_tabs_and_line_ends_inside_of_a_message_belong_to_it() -> None:
    ((_, _, record), _) = read(row("one\ttwo\r\n   at three") + row("next"))
    assert (record["Message"], record["Correlation"]) == ("one\ttwo\n   at three", CORRELATION)


def test_a_cut_last_row_is_read_as_far_as_it_goes() -> None:
    ((_, _, record),) = read("07/18/2025 18:06:04.12 \tw3wp")
    assert record == {"Timestamp": "07/18/2025 18:06:04.12", "Process": "w3wp"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("no time\r\n" + row("x"), SkipReason.MALFORMED_LINE),
        (row("x", time="13/45/2025 18:06:04.12"), SkipReason.BAD_TIME),
        (row("x", time="01/01/0001 00:00:00.00"), SkipReason.BAD_TIME),
        (row("x" * 300_000), SkipReason.LINE_TOO_LONG),
        (row("x") + HEADER.replace("\n", "") + row("y").replace("\n", ""), SkipReason.MALFORMED_LINE),
    ],
)
def test_what_cannot_be_read_is_said_and_the_rest_stands(content: str, reason: SkipReason) -> None:
    found, fault = until_fault(content.encode())
    assert fault.reason is reason
    assert len(found) == 1


def test_a_header_of_thousands_of_columns_changes_nothing() -> None:
    found, fault = until_fault(("Timestamp" + "\tMessage" * 5000 + "\r\n" + row("x")).encode())
    assert fault.reason is SkipReason.MALFORMED_LINE
    assert [record["Message"] for _, _, record in found] == ["x"]


def test_what_never_ends_is_given_out_in_parts() -> None:
    more = row("..." + "y" * 200_000 + "...", time="07/18/2025 18:06:04.12*")
    lengths = [len(one) for one in messages(row("x...") + more * 12)]
    assert len(lengths) == 2
    assert max(lengths) < 2_000_000
    assert len(messages(row("x") + "   at y\r\n" * 10)) == 1


def test_a_cut_message_waits_for_some_rows_only() -> None:
    waits = [row("Loading...")] + [row(str(n), thread="0x0001") for n in range(300)]
    found = messages("".join(waits))
    assert 200 < found.index("Loading...") < 300
    many = "".join(row(f"{n}...", thread=f"0x{n:04X}") for n in range(40))
    assert messages(many) == [f"{n}..." for n in range(40)]


_TEXT = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=40)


@given(st.lists(st.tuples(_TEXT, st.lists(st.integers(1, 40), max_size=3)), max_size=8), st.randoms())
def test_however_messages_are_cut_and_mixed_they_come_back_whole(
    written: list[tuple[str, list[int]]], chance: Random
) -> None:
    """Each thread writes one message, cut where the places say; the rows of the threads are mixed."""
    threads = []
    for number, (text, places) in enumerate(written):
        edges = [0, *sorted(place for place in set(places) if place < len(text)), len(text)]
        pieces = [text[one:next_] for one, next_ in pairwise(edges)]
        threads.append(
            [
                row(
                    ("..." if at else "") + piece + ("..." if at < len(pieces) - 1 else ""),
                    time="07/18/2025 18:06:04.12" + ("*" if at else " "),
                    thread=f"0x{number:04X}",
                )
                for at, piece in enumerate(pieces)
            ]
        )
    rows = []
    while any(threads):
        one = chance.choice([thread for thread in threads if thread])
        rows.append(one.pop(0))
    assert sorted(messages("".join(rows))) == sorted(text for text, _ in written)


def test_zeros_at_the_end_of_a_log_that_is_written_to_are_no_message() -> None:
    assert messages(row("last") + "\0" * 4096) == ["last"]
    assert messages(row("last") + "\0" * 600_000) == ["last"]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (EvidenceReadError("the archive was cut", reason=SkipReason.TRUNCATED), SkipReason.TRUNCATED),
        (OSError(errno.EIO, "Input/output error"), SkipReason.UNREADABLE),
    ],
)
def test_of_a_log_that_breaks_off_what_waits_for_more_is_told_first(fault: Exception, reason: SkipReason) -> None:
    class Broken(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            line = super().readline(size)
            if not line:
                raise fault
            return line

    content = (row("a long...") + row("last", thread="0x0001")).encode()
    broken = replace(memory_artefact(b""), file=TreeFile("x", None, None, None, lambda: Broken(content)))
    found: Found = []
    with pytest.raises(EvidenceReadError) as caught:
        found.extend(record_readers()["uls"].records(broken))
    assert caught.value.reason is reason
    assert [record["Message"] for _, _, record in found] == ["last", "a long..."]
