"""Alternatives that are tested together give what each of them gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from waspglass.hunt.matching.compile import compile_condition
from waspglass.hunt.rules.condition import Kind, Match, Or

TEXTS = st.text("aAbK\u212a\u0130é /", max_size=3)
PARTS = st.lists(
    st.one_of(TEXTS.map(lambda text: ("text", text)), st.sampled_from([("any", ""), ("one", ""), ("hole", "h")])),
    max_size=4,
).map(tuple)
MATCHES = st.builds(
    lambda field, parts, cased: Match(field=field, kind=Kind.PATTERN, parts=parts, cased=cased),
    st.sampled_from(["one", "two", None]),
    PARTS,
    st.booleans(),
)
RECORDS = st.dictionaries(st.sampled_from(["one", "two", "three"]), st.text("aAbBKk\u212a\u0130é /+", max_size=6))
HOLES = {"h": ("a", "b K")}


@given(st.lists(MATCHES, max_size=6), RECORDS, st.sampled_from([" ", "+"]))
def test_alternatives(matches: list[Match], record: dict[str, str], blank: str) -> None:
    together = compile_condition(Or(tuple(matches)), blank=blank, holes=HOLES)
    alone = [compile_condition(match, blank=blank, holes=HOLES) for match in matches]
    assert together(record) == any(test(record) for test in alone)
