r"""Conditions as closures over a record: the exact semantics, used for each candidate and by the naive evaluator.

Case does not count (except `cased` and regular expressions without `i`). Regular expressions follow PCRE in that `\w`,
`\d` and case are ASCII; they are searched, not matched in full. One that needs back-tracking may be given up on a value
(see `searching`); then the condition is undecided unless its other parts decide it.
"""

from __future__ import annotations

import operator
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC
from functools import cache, partial
from ipaddress import IPv6Address, ip_address, ip_network
from itertools import product

from waspglass.evidence.artefact import Record
from waspglass.evidence.formats.moments import moment
from waspglass.hunt.rules.condition import And, Condition, Kind, Match, Not, Or, Part
from waspglass.hunt.rules.searching import SearchGivenUpError, is_linear, searching
from waspglass.hunt.rules.wildcards import Test, any_pattern_test, fold, pattern_test

__all__ = [
    "Predicate",
    "Resolver",
    "compile_condition",
    "filled",
    "may_give_up",
    "token_edges",
    "token_test",
]

Predicate = Callable[[Record], bool]
Resolver = Callable[[str], tuple[str, ...]]
"""Sigma field name -> the names under which a record may have it."""


_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
"""What reads as a number: not `nan`, `inf` or `1_000`, which Python takes for one."""


def token_edges(text: str) -> tuple[str, str]:
    """What may not stand before and after a token: a mail address, a URL, IPv6, IPv4 (before a port), a name."""
    if "@" in text:
        return r"[0-9A-Za-z._+-]", r"(?:[0-9A-Za-z_-]|\.[0-9A-Za-z])"
    if "/" in text:
        return r"[0-9A-Za-z_.-]", r"[0-9A-Za-z_-]"
    if text.count(":") >= 2:
        return r"[0-9A-Fa-f:.]", r"[0-9A-Fa-f:.]"
    if text.replace(".", "").isdigit():
        return r"[0-9A-Za-z_.-]", r"(?:[0-9A-Za-z_-]|\.[0-9A-Za-z])"
    return r"[0-9A-Za-z_-]", r"(?:[0-9A-Za-z_-]|\.[0-9A-Za-z])"


@cache
def _edges(before: str, after: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    return re.compile(f"(?<!{before})".encode("ascii")), re.compile(f"(?!{after})".encode("ascii"))


def token_test(text: str) -> Callable[[bytes], bool]:
    """Whether a token stands in lower-case bytes with nothing at its edges that would make it another.

    Indicators come by the thousand: the two edges are compiled once for all, and the token itself is only searched.
    """
    before, after = _edges(*token_edges(text))
    needle = fold(text).encode("utf-8", "surrogatepass")
    length = len(needle)

    def stands(low: bytes) -> bool:
        at = low.find(needle)
        while at >= 0:
            if before.match(low, at) is not None and after.match(low, at + length) is not None:
                return True
            at = low.find(needle, at + 1)
        return False

    return stands


def compile_condition(
    condition: Condition,
    resolve: Resolver = lambda name: (name,),
    *,
    blank: str = " ",
    holes: Mapping[str, tuple[str, ...]] | None = None,
) -> Predicate:
    """The condition as a function of a record.

    Args:
        condition: What to test.
        resolve: Names of a field in the record; any of them may match.
        blank: What stands for a blank inside a value of this log.
        holes: Values for placeholders; a hole without values matches nothing.

    Returns:
        The function; it raises SearchGivenUpError if a regular expression that decides took too long.
    """
    every, some = _every, _some
    if may_give_up(condition):
        every, some = partial(_deciding, decisive=False), partial(_deciding, decisive=True)

    def build(part: Condition) -> Predicate:
        match part:
            case Match():
                return _match(part, resolve, blank, holes or {})
            case Not(of):
                inner = build(of)
                return lambda record: not inner(record)
            case And(of):
                return every([build(one) for one in of])
            case Or(of):
                alike, others = _alike(of)
                tests = [_patterns(group, resolve, blank, holes or {}) for group in alike]
                return some([*tests, *(build(one) for one in others)])

    return build(condition)


def _alike(alternatives: tuple[Condition, ...]) -> tuple[list[list[Match]], list[Condition]]:
    """Patterns on the same field (or on any), which fold a value once for all of them, and the other alternatives."""
    groups: defaultdict[tuple[str | None, bool], list[Match]] = defaultdict(list)
    others: list[Condition] = []
    for one in alternatives:
        match one:
            case Match(field=name, kind=Kind.PATTERN, cased=cased):
                groups[name, cased].append(one)
            case _:
                others.append(one)
    return list(groups.values()), others


def _patterns(group: list[Match], resolve: Resolver, blank: str, holes: Mapping[str, tuple[str, ...]]) -> Predicate:
    """True if the field fits any of the patterns."""
    if len(group) == 1:
        return _match(group[0], resolve, blank, holes)
    options = [option for match in group for option in filled(match.parts, holes)]
    test = any_pattern_test(options, group[0].cased, blank)
    name = group[0].field
    return _on_any(test) if name is None else _on_field(resolve(name), test)


def _on_any(test: Test) -> Predicate:
    return lambda record: any(map(test, record.values()))


def _every(parts: list[Predicate]) -> Predicate:
    if len(parts) == 2:
        first, second = parts
        return lambda record: first(record) and second(record)

    def every(record: Record) -> bool:
        for part in parts:  # noqa: SIM110 - a generator costs twice the time of this loop
            if not part(record):
                return False
        return True

    return every


def _some(parts: list[Predicate]) -> Predicate:
    def some(record: Record) -> bool:
        for part in parts:  # noqa: SIM110 - as above
            if part(record):
                return True
        return False

    return some


def may_give_up(condition: Condition) -> bool:
    """True if a regular expression in it does not run in linear time."""
    match condition:
        case Match():
            return condition.kind is Kind.REGEX and not is_linear(condition.text, condition.flags)
        case Not(of):
            return may_give_up(of)
        case And(of) | Or(of):
            return any(map(may_give_up, of))


def _deciding(parts: list[Predicate], *, decisive: bool) -> Predicate:
    """One part with the decisive answer decides, even where another part is not known."""

    def decide(record: Record) -> bool:
        given_up: SearchGivenUpError | None = None
        for part in parts:
            try:
                if part(record) is decisive:
                    return decisive
            except SearchGivenUpError as fault:
                given_up = fault
        if given_up is not None:
            raise given_up
        return not decisive

    return decide


def _match(match: Match, resolve: Resolver, blank: str, holes: Mapping[str, tuple[str, ...]]) -> Predicate:
    if match.field is None:
        return _on_any(_test(match, blank, holes))
    names = resolve(match.field)
    match match.kind:
        case Kind.NULL:
            return lambda record: not any(record.get(name) for name in names)
        case Kind.EXISTS:
            wanted = match.flags == "yes"
            return lambda record: any(name in record for name in names) is wanted
        case Kind.FIELD:
            return _reference(names, resolve(match.text), match.flags)
    return _on_field(names, _test(match, blank, holes))


def _on_field(names: tuple[str, ...], test: Test) -> Predicate:
    if len(names) == 1:
        name = names[0]

        def one(record: Record) -> bool:
            value = record.get(name)
            return value is not None and test(value)

        return one

    def several(record: Record) -> bool:
        for name in names:
            value = record.get(name)
            if value is not None and test(value):
                return True
        return False

    return several


def _reference(names: tuple[str, ...], others: tuple[str, ...], how: str) -> Predicate:
    def related(value: str, other: str) -> bool:
        if how == "es":
            return other in value
        if how == "s":
            return value.startswith(other)
        return value.endswith(other) if how == "e" else value == other

    def refers(record: Record) -> bool:
        values = [fold(record[name]) for name in names if name in record]
        targets = [fold(record[name]) for name in others if name in record]
        return any(related(value, target) for value in values for target in targets)

    return refers


def _test(match: Match, blank: str, holes: Mapping[str, tuple[str, ...]]) -> Test:
    match match.kind:
        case Kind.PATTERN:
            options = filled(match.parts, holes)
            if len(options) == 1:
                return pattern_test(options[0], match.cased, blank)
            return any_pattern_test(options, match.cased, blank)
        case Kind.REGEX:
            return _regex(match, blank)
        case Kind.CIDR:
            return _cidr(match.text)
        case Kind.COMPARE:
            return _compare(match.flags, match.number)
        case Kind.TIME:
            return _time(match.flags, match.text, match.number)
        case Kind.TOKEN:
            stands = token_test(match.text)
            return lambda value: stands(fold(value).encode("utf-8", "surrogatepass"))
    return lambda _: False  # keywords have neither null, exists nor fieldref


def filled(parts: tuple[Part, ...], holes: Mapping[str, tuple[str, ...]]) -> list[tuple[Part, ...]]:
    """The pattern once for each combination of values of its placeholders."""
    options = (
        [("text", value) for value in holes.get(text, ())] if kind == "hole" else [(kind, text)] for kind, text in parts
    )
    return list(product(*options))


def _regex(match: Match, blank: str) -> Test:
    found = searching(match.text, match.flags).found
    if blank == " ":
        return found
    # A value with both was not written by the server, which has no blanks: its `+` may be what they seem.
    return lambda value: found(value) or (blank in value and " " not in value and found(value.replace(blank, " ")))


def _cidr(text: str) -> Test:
    network = ip_network(text, strict=False)

    def inside(value: str) -> bool:
        text = value.partition("%")[0].strip("[]")
        try:
            address = ip_address(text)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None and "." in text:
            address = address.ipv4_mapped  # ::ffff:198.51.100.7
        return address.version == network.version and address in network

    return inside


_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "!=": operator.ne,
}


def _compare(word: str, bound: float) -> Test:
    test = _COMPARISONS[word]

    def compare(value: str) -> bool:
        return _NUMBER.fullmatch(value) is not None and test(float(value), bound)

    return compare


_CLOCK = re.compile(r"(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d):[0-5]\d(?:\.\d+)?")
"""The column `time` of W3C logs, in UTC."""


def _time(part: str, word: str, bound: float) -> Test:
    test = _COMPARISONS[word]

    def matches(value: str) -> bool:
        if part in ("hour", "minute") and (clock := _CLOCK.fullmatch(value)) is not None:
            return test(int(clock[part]), bound)
        read = moment(value)
        if read is None:
            return False
        utc = read.astimezone(UTC)
        return test(utc.isocalendar().week if part == "week" else int(getattr(utc, part)), bound)

    return matches
