"""Stretches of a log whose header lacks columns: found by the fast scan wherever they lie, and never too short."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hunt.evidence import IIS_FIELDS, artefact, rules_of, sigma
from waspglass.hunt.hunting import hunt
from waspglass.hunt.outcome.ability import Ability, Unable
from waspglass.hunt.rules.rule import RuleSet

START = datetime(2021, 3, 1, tzinfo=UTC)
FULL, THIN = "full", "thin"


def _rules() -> RuleSet:
    rules = rules_of(sigma("s: {cs-uri-stem|endswith: .js}\ncondition: s"))
    kind = rules.kinds["iis"].model_copy(update={"requires": ("cs-uri-stem", "sc-status")})
    return replace(rules, kinds={**rules.kinds, "iis": kind})


RULES = _rules()


def _log(turns: list[tuple[str, int]]) -> tuple[str, list[tuple[str, datetime]]]:
    """A header and so many records, one a minute, for each turn; and what stands where."""
    text, heard, now = [], [], START
    for which, count in turns:
        text.append(f"#Software: IIS\r\n#Fields: {IIS_FIELDS if which == FULL else 'date time s-ip'}\r\n")
        for _ in range(count):
            now += timedelta(minutes=1)
            rest = "10.0.0.1 GET /x - 443 - ::1 Mozilla - 200 0 0 5" if which == FULL else "10.0.0.1"
            text.append(f"{now:%Y-%m-%d %H:%M:%S} {rest}\r\n")
            heard.append((which, now))
    return "".join(text), heard


def _stretches(heard: list[tuple[str, datetime]]) -> list[tuple[datetime | None, datetime | None]]:
    """The plain answer: from the last full record before thin ones to the first full one behind them."""
    found: list[tuple[datetime | None, datetime | None]] = []
    last: datetime | None = None
    thin = False
    for which, moment in heard:
        if which == FULL:
            if thin:
                found.append((last, moment))
            last, thin = moment, False
        else:
            thin = True
    return [*found, (last, None)] if thin else found


@given(st.lists(st.tuples(st.sampled_from([FULL, THIN]), st.integers(1, 30)), max_size=12))
def test_stretches_are_those_that_stand_in_the_log(turns: list[tuple[str, int]]) -> None:
    text, heard = _log(turns)
    (scanned,) = hunt([artefact("iis", text)], RULES).scanned
    assert [(one.after, one.before) for one in scanned.unable] == _stretches(heard)
    assert all(one.lacking == ("cs-uri-stem", "sc-status") for one in scanned.unable)


@pytest.mark.parametrize("before", [10, 20_000, 40_000])
def test_a_thin_header_far_into_the_log_is_found_across_blocks(before: int) -> None:
    text, heard = _log([(FULL, before), (THIN, 60_000), (FULL, 5)])
    (scanned,) = hunt([artefact("iis", text)], RULES).scanned
    ((after, end),) = _stretches(heard)
    (one,) = scanned.unable
    assert one.before == end
    assert one.after is not None
    assert after is not None
    assert after - timedelta(days=10) < one.after <= after  # at worst from the beginning of the block before


def test_turns_without_end_are_one_stretch_in_the_end() -> None:
    ability = Ability(frozenset({"a"}))
    for number in range(5000):
        ability.turn(("a",) if number % 2 else ("b",))
        ability.hear(START + timedelta(minutes=number))
    found = ability.unable()
    assert len(found) == 1001
    assert found[-1].before is None
    assert not ability.able


def test_a_kind_without_demands_is_always_able() -> None:
    ability = Ability(frozenset())
    ability.turn(("x",))
    ability.hear(START)
    assert ability.unable() == ()


def test_a_log_that_never_names_them_is_unable_throughout() -> None:
    text, _ = _log([(THIN, 3)])
    (scanned,) = hunt([artefact("iis", text)], RULES).scanned
    assert scanned.unable == (Unable(None, None, ("cs-uri-stem", "sc-status")),)
