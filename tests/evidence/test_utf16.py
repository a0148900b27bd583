"""Logs and exports that somebody saved as UTF-16, as PowerShell's `>` does."""

from __future__ import annotations

import codecs
import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.trees import write_tree, zip_bytes
from tests.hunt.evidence import MemoryFile, rules_of, sigma
from waspglass.evidence.artefact import Artefact
from waspglass.evidence.formats.registry import line_format
from waspglass.evidence.log_span import log_span
from waspglass.evidence.open import open_evidence
from waspglass.evidence.readers.whole_file import decoded
from waspglass.evidence.recognise import recognise
from waspglass.evidence.utf16 import as_utf8, utf8_of, utf16_of
from waspglass.hunt.hunting import hunt
from waspglass.packs.pack import ArtefactKind, Translated

TITLE = Translated(en="x", de="x")
KINDS = (
    ArtefactKind(
        kind="iis", format="w3c", paths=("**/u_ex*.log",), content=r"#Fields:[^\r\n]*\bcs-uri-stem\b", title=TITLE
    ),
    ArtefactKind(
        kind="events", format="event_json", paths=("**/*.json",), content=r'^\s*\{[^\n]*"EventID"', title=TITLE
    ),
    ArtefactKind(kind="webfile", format="web_file", paths=("**/wwwroot/**/*.aspx",), title=TITLE),
)
LOG = (
    "#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time cs-method cs-uri-stem c-ip\r\n"
    "2021-03-03 04:05:06 GET /owa/ 198.51.100.7\r\n2021-03-03 05:05:06 POST /ecp/é.js 198.51.100.7\r\n"
)
EVENT = '{"EventID": 1, "Channel": "Security"}\r\n'
ENCODINGS = {
    "little-endian": codecs.BOM_UTF16_LE + LOG.encode("utf-16-le"),
    "big-endian": codecs.BOM_UTF16_BE + LOG.encode("utf-16-be"),
    "without a mark": LOG.encode("utf-16-le"),
    "big-endian without a mark": LOG.encode("utf-16-be"),
}


@contextmanager
def artefacts(root: Path) -> Iterator[list[Artefact]]:
    with open_evidence(root) as evidence:
        yield [one for one in recognise(evidence, KINDS) if isinstance(one, Artefact)]


def text_of(one: Artefact) -> str:
    with one.file.open() as stream:
        return stream.read().decode()


@pytest.mark.parametrize("raw", ENCODINGS.values(), ids=ENCODINGS.keys())
@pytest.mark.parametrize("name", ["handed-over.log", "C/inetpub/logs/LogFiles/W3SVC1/u_ex210303.log"])
def test_a_log_is_read_as_its_text(tmp_path: Path, name: str, raw: bytes) -> None:
    write_tree(tmp_path, {name: raw})
    with artefacts(tmp_path) as (one,):
        assert one.kind == "iis"
        assert text_of(one) == LOG
        assert one.file.local is None
        span = log_span(one, line_format("w3c"), 3)
    assert [str(moment)[:16] for moment in (span.first, span.last)] == ["2021-03-03 04:05", "2021-03-03 05:05"]
    assert span.skipped == ()


def test_rules_find_its_lines_by_their_numbers(tmp_path: Path) -> None:
    write_tree(tmp_path, {"x.log": ENCODINGS["little-endian"]})
    rules = rules_of(sigma("s: {cs-method: POST, cs-uri-stem|endswith: é.js}\ncondition: s"))
    with artefacts(tmp_path) as found:
        for naive in (False, True):
            (finding,) = hunt(found, rules, naive=naive).findings
            assert (finding.line, finding.source) == (4, "x.log")
            assert "/ecp/" in str(finding.excerpt)


def test_also_packed(tmp_path: Path) -> None:
    inside = zip_bytes({"b.log": LOG.encode("utf-16")})
    write_tree(tmp_path, {"a.log.gz": gzip.compress(ENCODINGS["little-endian"]), "old.zip": inside})
    with artefacts(tmp_path) as found:
        assert [text_of(one) for one in found] == [LOG, LOG]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_exported_events_behind_a_byte_order_mark_are_recognised(tmp_path: Path, encoding: str) -> None:
    write_tree(tmp_path, {"events.json": EVENT.encode(encoding)})
    with artefacts(tmp_path) as (one,):
        assert one.kind == "events"


def test_a_page_stays_as_it_is_because_its_hash_counts(tmp_path: Path) -> None:
    raw = codecs.BOM_UTF16_LE + "<%@ Page %>".encode("utf-16-le") * 9
    write_tree(tmp_path, {"C/inetpub/wwwroot/x.aspx": raw})
    with artefacts(tmp_path) as (one,):
        assert one.file.local is not None
        with one.file.open() as stream:
            assert stream.read() == raw


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_files_that_are_parsed_whole_are_decoded_in_the_same_way(codec: str, mark: str) -> None:
    text = "<Task>é"
    assert decoded((mark + text).encode(codec)) == text
    with as_utf8(MemoryFile("x", (mark + text).encode(codec))).open() as stream:
        assert stream.read().decode() == text


@pytest.mark.parametrize(
    "head",
    [b"", b"\xff", b"#Fields: date time c-ip cs-uri-stem ", bytes(64), b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff" + bytes(40)],
)
def test_what_is_not_utf16(head: bytes) -> None:
    assert utf16_of(head) is None


@given(st.text(), st.sampled_from(["utf-16-le", "utf-16-be"]), st.binary(max_size=1))
def test_any_text_comes_out_as_it_went_in(text: str, codec: str, cut: bytes) -> None:
    text = text.removeprefix("\ufeff")
    raw = ("\ufeff" + text).encode(codec) + cut
    found = utf16_of(raw)
    assert found == codec
    with utf8_of(MemoryFile("x", raw), codec).open() as stream:
        assert stream.read().decode() == text + ("\ufffd" if cut else "")


@given(st.binary())
def test_whatever_the_bytes_are_there_is_text(raw: bytes) -> None:
    file = utf8_of(MemoryFile("x", raw), "utf-16-le")
    with file.open() as stream, file.seekable() as again:
        text = stream.read()
        text.decode()
        again.seek(len(text) // 2)
        assert again.read() == text[len(text) // 2 :]
