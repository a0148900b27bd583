"""Needles of two columns as one expression."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hunt.evidence import IIS_FIELDS, KINDS, row, rules_of, sigma
from waspglass.evidence.artefact import Columns
from waspglass.evidence.formats.registry import line_format
from waspglass.hunt.cache import Cache
from waspglass.hunt.matching.binding import bind
from waspglass.hunt.matching.choice_store import ChoiceStore
from waspglass.hunt.matching.database import Database
from waspglass.hunt.matching.joined import Located, joined
from waspglass.hunt.matching.needles import JOINED, REGEX
from waspglass.hunt.matching.plan import Choice, choose
from waspglass.hunt.matching.sample import Sample

W3C = line_format("w3c")
COLUMNS = Columns(tuple(IIS_FIELDS.split()))
ROWS = [row("/owa/auth/logon.aspx", method="GET"), row("/ews/exchange.asmx", method="POST")] * 20
ROWS += [row("/x.css", method="GET", status=404)] * 60 + [row("/owa/", method="GET")] * 500


def _chosen(rule: str) -> Choice:
    rules = rules_of(sigma(rule))
    bindings = bind(rules, KINDS[0], COLUMNS, W3C.virtual(COLUMNS), blank=W3C.blank, chosen=rules.rules, holes={})
    sample = Sample(("\n" + "\n".join(ROWS) + "\n").encode())
    return choose(bindings, W3C, COLUMNS, frozenset(), sample, None)


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("s: {cs-method: POST, cs-uri-stem|startswith: /owa/auth/}", "POST  /owa/auth/x"),
        ("s: {cs-uri-stem|contains: /owa/auth/, sc-status: 404}", "GET /owa/auth/x - 443 404 "),
        ("s: {cs-uri-stem|startswith: /owa/auth/, cs-uri-stem|endswith: .css}", "GET /owa/auth/x.css -"),
    ],
)
def test_both_columns_are_one_needle(rule: str, line: str) -> None:
    (prong,) = _chosen(f"{rule}\ncondition: s").prongs
    assert all(needle.startswith(JOINED) for needle in prong.primary)
    assert any(re.search(needle[1:], f" {line} ".lower().encode()) for needle in prong.primary)


@pytest.mark.parametrize(
    "rule",
    [
        "s: {cs-uri-stem|contains|all: [/owa/auth/, x.css]}",  # either may come first
        "s: {cs-uri-stem|startswith: /owa/auth/, cs-uri-stem|endswith: /x}",  # they may share the blank's neighbour
        "s: {cs-method: HEAD, cs-uri-stem|startswith: /owa/auth/}",  # one that no line has is enough
    ],
)
def test_what_may_overlap_or_is_rare_stays_alone(rule: str) -> None:
    (prong,) = _chosen(f"{rule}\ncondition: s").prongs
    assert not any(needle.startswith(JOINED) for needle in prong.primary)


def test_what_costs_a_pass_of_its_own_is_looked_for_where_nothing_else_is_rare() -> None:
    alone = _chosen("s: {cs-user-agent: null}\ncondition: s").prongs
    assert any(needle.startswith(REGEX) for one in alone for needle in one.primary)
    words = "[cmd=read, cmd=connect, cmd=disconnect, cmd=forward, connect&target]"
    (prong,) = _chosen(f"s: {{cs-user-agent: null, cs-uri-query|contains: {words}}}\ncondition: s").prongs
    assert not any(needle.startswith(REGEX) for needle in prong.primary)


def _share_bytes(one: bytes, two: bytes) -> bool:
    """Laid upon one another at each offset: whether some text has both, and a byte that belongs to both."""
    return any(
        all(one[at] == two[at - shift] for at in range(max(0, shift), min(len(one), shift + len(two))))
        for shift in range(1 - len(two), len(one))
    )


WORDS = st.text("ab", min_size=1, max_size=4).map(str.encode)


@given(WORDS, WORDS)
def test_of_one_column_what_begins_it_stands_first_if_the_two_cannot_share_bytes(head: bytes, tail: bytes) -> None:
    begins = Located(frozenset({b" " + head}), 4, 4, starts=True, ends=False)
    inside = Located(frozenset({tail}), 4, 4, starts=False, ends=False)
    assert (joined(begins, inside, 0.01, b" ") is None) == _share_bytes(head, tail)
    assert joined(inside, begins, 0.01, b" ") is None


@pytest.mark.parametrize(
    ("first", "second", "share", "known"),
    [
        ((1, 2), (3, 3), 0.05, True),
        ((1, 2), (3, 3), 0.07, False),  # what stands in front must not be common
        ((1, 3), (3, 4), 0.05, False),
        ((4, 4), (3, 3), 0.05, False),
    ],
)
def test_of_two_columns_the_one_before_stands_first(
    first: tuple[int, int], second: tuple[int, int], share: float, known: bool
) -> None:
    one, two = (Located(frozenset({text}), *place, False, False) for text, place in ((b"aa", first), (b"bb", second)))
    assert (joined(one, two, share, b" ") is not None) is known


def test_no_expression_is_longer_than_hyperscan_takes() -> None:
    """A list of 250 programs, of which a rule asks one together with a path, ended the run."""
    path = Located(frozenset({b"/ews/"}), 1, 1, False, False)
    for count in (100, 250):
        programs = Located(frozenset(b"program %08d" % number for number in range(count)), 2, 2, False, False)
        found = joined(path, programs, 0.01, b" ")
        assert (found is not None) is (count == 100)
        Database(sorted(found or ()), None)


def test_a_choice_is_remembered_for_the_same_rules_only(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    stores = []
    for method in ("POST", "PUT"):
        rules = rules_of(sigma(f"s: {{cs-method: {method}, cs-uri-stem|startswith: /owa/auth/}}\ncondition: s"))
        bindings = bind(rules, KINDS[0], COLUMNS, W3C.virtual(COLUMNS), blank=W3C.blank, chosen=rules.rules, holes={})
        stores.append((bindings, ChoiceStore(cache, bindings, W3C, COLUMNS, frozenset())))
    bindings, store = stores[0]
    choice = choose(bindings, W3C, COLUMNS, frozenset(), Sample(("\n" + "\n".join(ROWS) + "\n").encode()), None)
    assert store.get() is None
    store.put(choice)
    assert store.get() == choice
    assert stores[1][1].get() is None
