"""From when to when a log speaks: the few reads against reading every line."""

from __future__ import annotations

import gzip
import io
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.trees import memory_artefact, write_tree
from waspglass.evidence.artefact import Artefact, Columns, Record
from waspglass.evidence.formats.w3c import ExtendedLog
from waspglass.evidence.forward_stream import ForwardStream
from waspglass.evidence.log_span import log_span
from waspglass.evidence.member import TreeFile
from waspglass.evidence.open import open_evidence
from waspglass.model.coverage import Span
from waspglass.model.skip import SkipReason

START = datetime(2021, 3, 1, tzinfo=UTC)
HEADER = b"#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time cs-uri-stem sc-status\r\n"
W3C = ExtendedLog("w3c")


def row(moment: datetime, filler: int = 0) -> bytes:
    return f"{moment:%Y-%m-%d %H:%M:%S} /{'x' * filler} 200\r\n".encode()


def log(moments: Sequence[datetime], filler: int = 0, header: bytes = HEADER) -> bytes:
    return header + b"".join(row(moment, filler) for moment in moments)


def naive(moments: Sequence[datetime], gap_hours: float) -> tuple[Span, ...]:
    longest = timedelta(hours=gap_hours)
    return tuple(Span(from_=a, to=b) for a, b in pairwise(moments) if b - a > longest)


@given(
    st.lists(st.integers(0, 7 * 3600), min_size=1, max_size=400),
    st.sampled_from([0, 200, 3000]),
    st.sampled_from([1.0, 6.0]),
)
def test_sampling_finds_the_same_as_reading_every_line(steps: list[int], filler: int, gap_hours: float) -> None:
    moments, now = [], START
    for step in steps:
        now += timedelta(seconds=step if step > 6000 else step % 60)
        moments.append(now)
    span = log_span(memory_artefact(log(moments, filler)), W3C, gap_hours)
    assert (span.first, span.last) == (moments[0], moments[-1])
    assert span.gaps == naive(moments, gap_hours)
    assert span.skipped == ()


def forwards(raw: bytes) -> Artefact:
    """A log that can only be read forwards, as a member of an archive."""
    return Artefact("iis", "w3c", TreeFile(r"C:\x.log", None, None, None, lambda: ForwardStream(iter([raw]))))


@given(st.lists(st.integers(0, 7 * 3600), min_size=1, max_size=200), st.integers(1, 5000))
def test_reading_through_finds_the_same_whatever_the_chunks(steps: list[int], size: int) -> None:
    moments, now = [], START
    for step in steps:
        now += timedelta(seconds=step)
        moments.append(now)
    raw = log(moments, 30)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("waspglass.evidence.log_span._STREAM_CHUNK", size)
        span = log_span(forwards(raw), W3C, 1.0)
    assert (span.first, span.last, span.gaps) == (moments[0], moments[-1], naive(moments, 1.0))
    assert span.bytes == len(raw)


def counted(raw: bytes) -> tuple[Artefact, list[int]]:
    reads: list[int] = []

    class Counting(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            reads.append(len(data))
            return data

    def opened() -> BinaryIO:
        return Counting(raw)

    return Artefact("iis", "w3c", TreeFile(r"C:\x.log", len(raw), None, None, opened)), reads


def test_a_busy_log_costs_a_few_reads() -> None:
    moments = [START + timedelta(seconds=number) for number in range(120_000)]
    del moments[60_000:70_000]
    artefact, reads = counted(log(moments, 150))
    span = log_span(artefact, W3C, 2.0)
    assert [(gap.from_, gap.to) for gap in span.gaps] == [(moments[59_999], moments[60_000])]
    assert sum(reads) < 0.15 * (artefact.file.size or 0)
    assert span.records == pytest.approx(len(moments), rel=0.05)


def test_a_header_that_changes_in_the_middle() -> None:
    other = b"#Fields: cs-uri-stem date time\r\n"
    moments = [START + timedelta(minutes=number) for number in range(3000)]
    late = b"".join(f"/a {moment:%Y-%m-%d %H:%M:%S}\r\n".encode() for moment in moments[1500:])
    span = log_span(memory_artefact(log(moments[:1500], 100) + other + late), W3C, 1.0)
    assert (span.first, span.last, span.gaps) == (moments[0], moments[-1], ())


def test_zero_bytes_at_the_end_are_passed_over() -> None:
    moments = [START, START + timedelta(hours=1)]
    span = log_span(memory_artefact(log(moments) + bytes(200_000)), W3C, 2.0)
    assert (span.first, span.last) == tuple(moments)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", SkipReason.EMPTY),
        (b"2021-03-01 00:00:00 /x 200\r\n", SkipReason.NO_HEADER),
        (HEADER + b"nonsense\r\n" * 10, SkipReason.BAD_TIME),
        (HEADER, SkipReason.EMPTY),
        ((HEADER + row(START)).replace(b"\n", b""), SkipReason.NO_HEADER),
        (HEADER + row(START) + b"2021-03-0", SkipReason.CUT_LINE),
        (b"\0" * 5000, SkipReason.NO_HEADER),
        (b"x" * 3_000_000, SkipReason.NO_HEADER),
    ],
)
def test_what_cannot_be_told_is_said(raw: bytes, reason: SkipReason) -> None:
    assert [skip.reason for skip in log_span(memory_artefact(raw), W3C, 1.0).skipped] == [reason]


class CountingLog(ExtendedLog):
    """Counts what is asked of the format."""

    asked: ClassVar[list[bytes]] = []

    def header(self, line: bytes, columns: Columns | None) -> Columns | None:
        self.asked.append(line)
        return ExtendedLog.header(self, line, columns)

    def record(self, line: bytes, columns: Columns) -> Record:
        self.asked.append(line)
        return ExtendedLog.record(self, line, columns)


@pytest.mark.parametrize("line", [b"\n", b"#\n", b"x\n", b"#Date: 2021-03-01 00:00:00\n", HEADER])
@pytest.mark.parametrize("packed", [False, True])
def test_lines_that_tell_no_time_are_not_tried_without_end(
    line: bytes, packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("waspglass.evidence.log_span._STREAM_CHUNK", 8_000_000)
    raw = HEADER + line * (6_000_000 // len(line))
    form = CountingLog("w3c")
    form.asked.clear()
    begun = time.process_time()
    span = log_span(forwards(raw) if packed else memory_artefact(raw), form, 1.0)
    assert [skip.reason for skip in span.skipped] == [SkipReason.BAD_TIME]
    assert len(form.asked) < 150_000  # each line was asked several times, and all headers before it each time
    assert time.process_time() - begun < 5  # 0.3; it was minutes


def test_the_end_of_a_log_is_found_behind_many_headers() -> None:
    """A service that starts again and again writes headers without a row."""
    other = b"#Date: 2021-03-01 00:00:00\r\n#Fields: cs-uri-stem date time\r\n"
    rows = b"/a 2021-03-02 00:00:00\r\n"
    span = log_span(memory_artefact(HEADER + row(START) + other * 3000 + rows + other * 3000), W3C, 1.0)
    assert (span.first, span.last) == (START, START + timedelta(days=1))


def test_the_last_line_may_be_longer_than_a_look_at_the_end() -> None:
    """A visitor chooses how long it is."""
    later = START + timedelta(hours=1)
    long = row(later, 40_000)
    assert log_span(memory_artefact(HEADER + row(START) * 2000 + long), W3C).last == later
    unread = b"x\r\n" * 20
    assert (
        log_span(memory_artefact(HEADER + row(START) * 2000 + row(later) + b"x" * 40_000 + b"\r\n" + unread), W3C).last
        == later
    )


def test_long_headers_are_not_read_again_and_again() -> None:
    header = b"#Fields: " + b"a " * 50_000 + b"\n"
    form = CountingLog("w3c")
    form.asked.clear()
    log_span(memory_artefact(header * 5 + (b"x" * 15_000 + b"\n") * 60), form, 1.0)
    assert sum(map(len, form.asked)) < 10_000_000  # it was 60 million


def test_a_compressed_log_is_read_through_once(tmp_path: Path) -> None:
    moments = [START + timedelta(hours=number) for number in (0, 1, 2, 30, 31)]
    write_tree(tmp_path, {"C/x.log.gz": gzip.compress(log(moments))})
    with open_evidence(tmp_path) as evidence:
        (file,) = evidence.files()
        span = log_span(Artefact("iis", "w3c", file), W3C, 3.0)
        assert span.gaps == naive(moments, 3.0)
        assert span.records == 7
        heard = log_span(Artefact("iis", "w3c", file), W3C, None, moments)
        assert (heard.first, heard.last) == (moments[0], moments[-1])


def test_a_cut_compressed_log_says_so(tmp_path: Path) -> None:
    raw = gzip.compress(log([START + timedelta(seconds=n * n) for n in range(3000)]))
    write_tree(tmp_path, {"C/x.log.gz": raw[: len(raw) // 2]})
    with open_evidence(tmp_path) as evidence:
        (file,) = evidence.files()
        span = log_span(Artefact("iis", "w3c", file), W3C, 3.0)
    assert span.first == START
    assert SkipReason.TRUNCATED in [skip.reason for skip in span.skipped]


@given(st.binary(max_size=2000) | st.binary(max_size=300).map(lambda tail: HEADER + row(START) + tail + row(START)))
def test_any_bytes_give_a_span(raw: bytes) -> None:
    span = log_span(memory_artefact(raw), W3C, 1.0)
    assert (span.first is None) == (span.last is None)
