"""Exports that hold their records in one JSON array give what the same records give as lines."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.census.exports import PATCHED, add, added, banner, jsonl, rows, states
from waspglass.census.sources.json_array import Cutter
from waspglass.census.sources.mapping import Mapping
from waspglass.model.errors import Location
from waspglass.packs.builds import State

BANNERS = [banner(f"192.0.2.{number}", PATCHED if number % 2 else None, port=443 + number) for number in range(7)]
TEXT = json.dumps(BANNERS, indent=2, ensure_ascii=False)


@pytest.mark.parametrize(
    "content",
    [TEXT.encode(), json.dumps(BANNERS).encode(), b"\xef\xbb\xbf\r\n" + TEXT.encode(), TEXT.encode("utf-16"),
     gzip.compress(TEXT.encode())],
)  # fmt: skip
def test_an_array_is_its_lines(tmp_path: Path, content: bytes) -> None:
    assert added(add(tmp_path / "array", "shodan.json", content)) == (7, {})
    add(tmp_path / "lines", "shodan.json", jsonl(*BANNERS))
    assert rows(tmp_path / "array") == rows(tmp_path / "lines")


def test_an_array_of_many_blocks_is_its_lines(tmp_path: Path) -> None:
    page = '<a href="\\x">[{\n' * 300
    many = [banner(f"192.0.2.{number}", data=f"HTTP/1.1 200 OK\r\n\r\n{page}") for number in range(250)]
    assert added(add(tmp_path / "array", "shodan.json", json.dumps(many).encode())) == (250, {})
    add(tmp_path / "lines", "shodan.json", jsonl(*many))
    assert rows(tmp_path / "array") == rows(tmp_path / "lines")


ANSWERS = [{"matches": BANNERS[:4], "total": 7}, {"matches": BANNERS[4:], "total": 7, "facets": {"country": []}}]


@pytest.mark.parametrize(
    "content",
    [
        jsonl(*ANSWERS),
        "\n".join(json.dumps(each, indent=2) for each in ANSWERS).encode(),
        json.dumps({"code": 200, "result": {"total": 7, "hits": BANNERS}}, indent=1).encode(),
        json.dumps({"results": BANNERS, "page": 1}, indent=4).replace("\n", "\r\n").encode("utf-16"),
    ],
)
def test_answers_to_a_search(tmp_path: Path, content: bytes) -> None:
    """Two pages as Shodan's interface gives them, one a line and spread over lines; and wrapped as others do."""
    assert added(add(tmp_path / "pages", "shodan.json", content)) == (7, {})
    add(tmp_path / "lines", "shodan.json", jsonl(*BANNERS))
    assert rows(tmp_path / "pages") == rows(tmp_path / "lines")


def test_objects_over_lines(tmp_path: Path) -> None:
    """As jq prints them; what looks like an array of records deep in one is none."""
    nested: list[dict[str, object]] = [{"x": {"y": {"data": [{}]}}}, {"x": {"data": [{}]}}]
    text = "\n".join(json.dumps(nested[place > 0] | each, indent=2) for place, each in enumerate(BANNERS))
    assert added(add(tmp_path / "objects", "shodan.json", text.encode())) == (7, {})
    add(tmp_path / "lines", "shodan.json", jsonl(*BANNERS))
    assert rows(tmp_path / "objects") == rows(tmp_path / "lines")
    assert added(add(tmp_path / "cut", "shodan.json", text[:-9].encode())) == (6, {"truncated": 1})


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize(
    "answer",
    [
        {"count": 2, "results": [{"ip": "192.0.2.1"}, {"ip": "192.0.2.2"}]},
        {"status": 200, "data": {"count": 2, "result": [{"ip": "192.0.2.1"}, {"ip": None}, {"ip": "192.0.2.2"}, 5]}},
    ],
)
def test_a_declared_answer(tmp_path: Path, answer: dict[str, object], indent: int | None) -> None:
    mapping = Mapping(name="x", format="json", columns={"address": "ip"})
    found, skips = added(add(tmp_path, "2021-03-09.json", json.dumps(answer, indent=indent).encode(), mapping=mapping))
    assert [row["address"] for row in rows(tmp_path)] == ["192.0.2.1", "192.0.2.2"]
    assert (found, skips) == (2, {"malformed line": 2} if "data" in answer else {})


def test_a_declared_answer_longer_than_what_is_looked_at(tmp_path: Path) -> None:
    mapping = Mapping(name="x", format="json", columns={"address": "a.ip", "page": "html"})
    answer = {"total": 3, "results": [{"a": {"ip": f"192.0.2.{n}"}, "html": "x" * 200_000} for n in range(3)]}
    assert added(add(tmp_path, "2021-03-09.json", json.dumps(answer).encode(), mapping=mapping)) == (3, {})
    assert add(tmp_path, "b.json", json.dumps(answer).replace("ip", "x").encode(), mapping=mapping).refused


def test_a_declared_array(tmp_path: Path) -> None:
    mapping = Mapping(name="x", format="json", product="exchange", columns={"address": "ip", "version": "v.build"})
    records = [{"ip": "192.0.2.1", "v": {"build": PATCHED}}, 5, {"ip": None}]
    outcome = add(tmp_path, "2021-03-09.json", json.dumps(records, indent=1).encode(), mapping=mapping)
    assert added(outcome) == (1, {"malformed line": 2})
    assert states(tmp_path) == {State.PATCHED: 1}


def test_an_array_that_was_cut_gives_what_stands_before_the_cut(tmp_path: Path) -> None:
    assert added(add(tmp_path, "shodan.json", TEXT[: len(TEXT) // 2].encode())) == (3, {"truncated": 1})


FOURTH = '"port": 446'


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ('"port": ,446', "malformed line"),
        ('"port": NaN', "malformed line"),
        (f'{FOURTH}, "x": {"[" * 3_000_000}{"]" * 3_000_000}', "malformed line"),
        (f'{FOURTH}, "x": "{"x" * (9 << 20)}"', "line too long"),
    ],
)
def test_an_element_that_is_no_record_is_counted_and_the_others_are_read(
    tmp_path: Path, fault: str, reason: str
) -> None:
    outcome = add(tmp_path, "shodan.json", TEXT.replace(FOURTH, fault).encode())
    assert added(outcome) == (6, {reason: 1})
    assert outcome.added is not None
    assert (outcome.added.skipped[0].detail or "").startswith("first: line 4: ")


def test_what_stands_beside_an_array_is_counted(tmp_path: Path) -> None:
    assert added(add(tmp_path, "shodan.json", f'{TEXT} {{"error": [1]}} x'.encode())) == (7, {"malformed line": 2})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (TEXT.replace(FOURTH, '"port": [446').encode(), "element 4 of the array: brackets do not close"),
        (TEXT.encode() + b"]", "brackets do not close"),
        (b"[]", "no reader knows this content"),
        (b'[["192.0.2.1", 443]]', "no reader knows this content"),
        (b'{\n"matches": []}', "it is empty"),
    ],
)
def test_what_cannot_be_taken_apart_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    outcome = add(tmp_path, "shodan-2021-03-09.json", content)
    assert outcome.refused is not None
    assert reason in outcome.refused.reason


RECORDS = st.lists(
    st.dictionaries(
        st.sampled_from(["a", "matches", "]"]),
        st.recursive(
            st.none() | st.text('a\\"[]{}\n, é', max_size=6),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("hits"), inner, max_size=2),
            max_leaves=8,
        ),
        max_size=3,
    ),
    max_size=5,
)


@given(
    RECORDS, st.integers(1, 40), st.none() | st.just(1), st.sampled_from(["%s", '{"n": [1], "result": {"hits": %s}}'])
)
def test_wherever_blocks_end_a_line_is_an_element(
    records: list[object], size: int, indent: int | None, wrapped: str
) -> None:
    text = (wrapped % json.dumps(records, indent=indent, ensure_ascii=False)).encode()
    cutter = Cutter(Location("x"))
    lines = b"".join(cutter.take(text[place : place + size]) for place in range(0, len(text), size))
    assert [json.loads(line) for line in lines.splitlines()] == records
    assert not cutter.cut_between


@settings(deadline=None, max_examples=40)
@given(cut=st.integers(0, len(TEXT)), junk=st.binary(max_size=4))
def test_no_damage_does_more_than_to_be_counted_or_refused(
    tmp_path_factory: pytest.TempPathFactory, cut: int, junk: bytes
) -> None:
    folder = tmp_path_factory.mktemp("array")
    outcome = add(folder, "shodan.json", TEXT[:cut].encode() + junk + TEXT[cut:].encode())
    assert (outcome.refused is None) != (outcome.added is None)
    if outcome.added is not None:
        assert outcome.added.records <= len(BANNERS)
