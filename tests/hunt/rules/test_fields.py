"""What can be known where a log lacks fields: exactly what is true whatever the missing fields would have said."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from waspglass.hunt.rules.condition import And, Condition, Kind, Match, Not, Or
from waspglass.hunt.rules.fields import field_names, known_true, renamed

THERE, MISSING = ("a", "b", "c"), ("x", "y")


def asks(field: str) -> Match:
    return Match(field, Kind.PATTERN, parts=(("text", "1"),))


def _more(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(inner.map(Not), several.map(And), several.map(Or))


CONDITIONS = st.recursive(st.sampled_from([*THERE, *MISSING]).map(asks), _more, max_leaves=8)


def truth(condition: Condition, values: dict[str, bool]) -> bool | None:
    """Three-valued: None where it depends on what is not there."""
    match condition:
        case Match(field=name):
            return values.get(name or "")
        case Not(of):
            inner = truth(of, values)
            return None if inner is None else not inner
        case And(of):
            parts = {truth(part, values) for part in of}
            return False if False in parts else None if None in parts else True
        case Or(of):
            parts = {truth(part, values) for part in of}
            return True if True in parts else None if None in parts else False


@settings(max_examples=150)
@given(CONDITIONS, st.fixed_dictionaries({name: st.booleans() for name in THERE}))
def test_what_is_left_is_true_exactly_where_nothing_missing_could_change_it(
    condition: Condition, values: dict[str, bool]
) -> None:
    left, missing = known_true(condition, lambda name: name in THERE)
    assert missing == field_names(condition) - set(THERE)
    assert (left is not None and truth(left, values) is True) == (truth(condition, values) is True)
    assert left is None or field_names(left) <= set(THERE)


def test_a_condition_whose_fields_are_all_there_stays_as_it_is() -> None:
    whole = And((asks("a"), Not(Or((asks("b"), asks("c"))))))
    assert known_true(whole, lambda _: True) == (whole, frozenset())


def test_a_comparison_of_two_fields_asks_for_both() -> None:
    two = Match("a", Kind.FIELD, text="x")
    assert field_names(two) == {"a", "x"}
    assert known_true(two, lambda name: name == "a") == (None, frozenset({"x"}))
    assert renamed(two, {"a": "A", "x": "X"}) == Match("A", Kind.FIELD, text="X")


def test_a_text_that_is_named_like_a_field_keeps_its_name() -> None:
    token = Match("a", Kind.TOKEN, text="x")
    assert field_names(token) == {"a"}
    assert renamed(token, {"x": "X"}) == token
    assert renamed(Match(None, Kind.TOKEN, text="x"), {"x": "X"}).field is None  # type: ignore[union-attr]  # a match
