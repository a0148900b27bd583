"""Banners read by blocks and columns are those of a plain reader, one `json.loads` a line, with the same skips."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.census.blocks import Bytes
from tests.census.exports import PATCHED, UNDECIDABLE, VULNERABLE, banner
from waspglass.census.sighting import Tally
from waspglass.census.sources import json_lines
from waspglass.census.sources.json_lines import decode_block
from waspglass.census.sources.lines import Block, whole_lines
from waspglass.census.sources.shodan import Shodan
from waspglass.census.sources.source import Head


class Shape(msgspec.Struct):
    a: int | None = None
    b: str | None = None


PIECES = (
    b'{"a": 1}', b'{"b": "x"}', b'{"a": 1} {"a": 2}', b'{"a":', b'{"a": {"x": 1}}', b"2}", b"", b" ", b"{", b"}", b"[]",
    b'{"a": "no"}', b'{"b": "\xff"}', b'{"b": "\x01"}', b"\r", b'{"b": "}"}', b'{"c": [{}', b"{}]}", b"{},", b"{}",
)  # fmt: skip


@given(
    pieces=st.lists(st.sampled_from(PIECES), max_size=12),
    joints=st.lists(st.sampled_from([b"\n", b"\n", b"\n", b"", b"\r\n"]), min_size=12, max_size=12),
    size=st.integers(1, 40),
)
def test_a_block_at_once_is_its_lines_one_by_one(pieces: list[bytes], joints: list[bytes], size: int) -> None:
    text = b"".join(piece + joint for piece, joint in zip(pieces, joints, strict=False))
    decoder = msgspec.json.Decoder(Shape)
    fast, slow, lost, given_up = [], [], Tally("x"), Tally("x")
    for block in whole_lines(Bytes(text, size), lost):  # type: ignore[arg-type]  # has what the reader uses
        fast += list(zip(*decode_block(decoder, block, lost), strict=True))
        slow += list(zip(*json_lines._line_by_line(decoder, block, given_up), strict=True))
    assert fast == slow
    assert lost == given_up
    assert [number for number, _ in fast] == [
        number for number, line in enumerate(text.split(b"\n"), 1) if _one_shape(line)
    ]


def _one_shape(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=Shape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def test_whole_blocks_are_decoded_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "_line_by_line", None)
    (block,) = whole_lines(Bytes(b'{"a": 1}\n{"a": 2}\n', 99), Tally("x"))  # type: ignore[arg-type]  # as above
    assert isinstance(block, Block)
    assert [record.a for record in decode_block(msgspec.json.Decoder(Shape), block, Tally("x"))[1]] == [1, 2]


def plain(text: bytes) -> list[dict[str, object]]:
    """What the documentation says of a banner, in the plainest way."""
    return [_plain_row(number, json.loads(line)) for number, line in enumerate(text.splitlines(), 1) if line]


def _plain_row(number: int, found: dict[str, object]) -> dict[str, object]:
    http: dict[str, str] = found.get("http") or {}  # type: ignore[assignment]  # the test's own banners
    head, page = str(found.get("data") or ""), http.get("html") or ""
    fields = dict(re.findall(r"(?m)^([A-Za-z-]+):\s*(.*?)\s*$", head))
    fields = {name.lower(): value for name, value in reversed(list(fields.items()))}
    exact = fields.get("x-owa-version")
    path = re.search(r"/owa/(?:auth/)?(\d+\.\d+\.\d+)/", page)
    named = http.get("title") == "Outlook"
    version = exact or (path[1] if path else None)
    return {
        "line": number,
        "address": found["ip_str"],
        "port": found.get("port"),
        "asn": found.get("asn"),
        "product": "exchange" if version or named else None,
        "version": version,
        "version_from": "header" if exact else "path" if path else None,
        "server_name": fields.get("x-feserver") if version or named else None,
        "names": found.get("hostnames") or [],
    }


BANNERS = st.builds(
    banner,
    st.sampled_from(["192.0.2.1", "2001:db8::1"]),
    st.sampled_from([VULNERABLE, PATCHED, UNDECIDABLE, None]),
    asn=st.sampled_from(["AS64496", None]),
    hostnames=st.sampled_from([["mail.example.org"], [], None]),
).flatmap(
    lambda one: st.sampled_from(["", "X-FEServer: EX1\r\n", "x-feserver:EX2\r\nX-FEServer: EX3\r\n"]).map(
        lambda more: one | {"data": str(one["data"]) + more}
    )
)


@given(st.lists(BANNERS, min_size=1, max_size=8), st.integers(1, 4000))
def test_columns_are_what_a_plain_reader_gets(banners: list[dict[str, object]], size: int) -> None:
    text = b"".join(json.dumps(each).encode() + b"\n" for each in banners)
    tally = Tally("x")
    frames = list(Shodan().read(Bytes(text, size), Head("x", text), tally))  # type: ignore[arg-type]  # as above
    found = [row for frame in frames for row in frame.to_dicts()]
    expected = plain(text)
    assert [{name: row[name] for name in expected[0]} for row in found] == expected
    assert not tally.counts
