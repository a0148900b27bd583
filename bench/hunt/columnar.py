"""The rules that run on IIS logs as one query for DuckDB and one expression a rule for Polars: all rows, whole columns.

Both get the rules as they are bound to the log's header, so they evaluate what the hunt evaluates. The indicators are
one question ("does a value of the row contain one of them") instead of some six hundred, which favours the peers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb
import polars as pl

from bench.hunt.synthetic import IIS_FIELDS
from waspglass.evidence.artefact import Columns
from waspglass.evidence.formats.registry import line_format
from waspglass.evidence.formats.w3c import WHOLE_URI
from waspglass.hunt.matching.binding import Bound, bind
from waspglass.hunt.rules.condition import And, Condition, Kind, Match, Not, Or, matches
from waspglass.hunt.rules.rule import RuleSet
from waspglass.hunt.rules.wildcards import merged

__all__ = ["bound_rules", "run_duckdb", "run_polars", "values"]

_COLUMNS = IIS_FIELDS.split()


def bound_rules(rules: RuleSet) -> list[Bound]:
    """The rules of the first pass on an IIS log, without those that stand for an indicator."""
    form, columns = line_format("w3c"), Columns(tuple(_COLUMNS))
    chosen = [rule for rule in rules.rules if rule.phase == "first"]
    kind = rules.kinds["iis"]
    made = bind(rules, kind, columns, form.virtual(columns), blank=form.blank, chosen=chosen, holes={})
    derived = {one.name for one in kind.derive}
    return [one for one in made.bound if not {match.field for match in matches(one.condition)} & derived]


def values(rules: RuleSet) -> list[str]:
    """What the indicators look for in a row."""
    return sorted({one.value.lower() for one in rules.indicators if one.type in ("address", "domain", "user_agent")})


def _shape(match: Match) -> tuple[str, str]:
    """The outline of a pattern (`t` for a text) and its text, or a regular expression for it."""
    parts = merged(match.parts)
    kinds = "".join({"text": "t", "any": "*", "one": "?", "hole": "?"}[kind] for kind, _ in parts)
    texts = [text.replace(" ", "+").lower() for kind, text in parts if kind == "text"]
    if kinds in ("t", "t*", "*t", "*t*"):
        return kinds, texts[0]
    wild = {"any": ".*", "one": ".", "hole": "."}
    pieces = [wild.get(kind) or re.escape(text.replace(" ", "+").lower()) for kind, text in parts]
    return "re", f"^{''.join(pieces)}$"


def _sql(bound: Bound, condition: Condition) -> str:
    match condition:
        case And(of):
            return "(" + " AND ".join(_sql(bound, part) for part in of) + ")"
        case Or(of):
            return "(" + " OR ".join(_sql(bound, part) for part in of) + ")"
        case Not(of):
            return f"(NOT {_sql(bound, of)})"
        case Match():
            names = _COLUMNS if condition.field is None else bound.resolve(condition.field)
            return "(" + " OR ".join(_sql_match(condition, f'"{name}"') for name in names) + ")"


def _sql_match(match: Match, column: str) -> str:
    if match.kind is Kind.REGEX:
        return f"regexp_matches({column}, {_quoted(match.text)})"
    if match.kind is Kind.NULL or not match.parts:
        return f"{column} = '-'"
    kinds, text = _shape(match)
    column, quoted = f"lower({column})", _quoted(text)
    forms = {
        "t": f"{column} = {quoted}",
        "t*": f"starts_with({column}, {quoted})",
        "*t": f"ends_with({column}, {quoted})",
        "*t*": f"contains({column}, {quoted})",
    }
    return forms.get(kinds) or f"regexp_matches({column}, {quoted})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _expression(bound: Bound, condition: Condition) -> pl.Expr:
    match condition:
        case And(of):
            return pl.all_horizontal([_expression(bound, part) for part in of])
        case Or(of):
            return pl.any_horizontal([_expression(bound, part) for part in of])
        case Not(of):
            return ~_expression(bound, of)
        case Match():
            names: Iterable[str] = _COLUMNS if condition.field is None else bound.resolve(condition.field)
            return pl.any_horizontal([_expression_match(condition, name) for name in names])


def _expression_match(match: Match, name: str) -> pl.Expr:
    if match.kind is Kind.REGEX:
        return pl.col(name).str.contains(match.text)
    if match.kind is Kind.NULL or not match.parts:
        return pl.col(name) == "-"
    kinds, text = _shape(match)
    column = pl.col(f"low:{name}")
    forms: dict[str, Callable[[], pl.Expr]] = {
        "t": lambda: column == text,
        "t*": lambda: column.str.starts_with(text),
        "*t": lambda: column.str.ends_with(text),
        "*t*": lambda: column.str.contains(text, literal=True),
    }
    return forms.get(kinds, lambda: column.str.contains(text))()


def run_duckdb(log: Path, rules: RuleSet) -> list[int]:
    """Rows that each rule matches, and rows with an indicator."""
    names = ", ".join(f"'{name}': 'VARCHAR'" for name in _COLUMNS)
    tests = [_sql(bound, bound.condition) for bound in bound_rules(rules)]
    whole = " || ' ' || ".join(f'"{name}"' for name in _COLUMNS)
    tests.append(f"regexp_matches({whole}, {_quoted('(?i)' + '|'.join(map(re.escape, values(rules))))})")
    counts = ", ".join(f"count(*) FILTER (WHERE {test})" for test in tests)
    uri = f'"cs-uri-stem" || CASE "cs-uri-query" WHEN \'-\' THEN \'\' ELSE \'?\' || "cs-uri-query" END AS "{WHOLE_URI}"'
    query = (
        f"SELECT {counts} FROM (SELECT *, {uri} FROM read_csv('{log}', "
        f"delim=' ', header=false, skip=4, quote='', escape='', columns={{{names}}}, auto_detect=false))"
    )
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    row = connection.execute(query).fetchone()
    return [int(value) for value in row or ()]


def run_polars(log: Path, rules: RuleSet) -> list[int]:
    """Rows that each rule matches, and rows with an indicator."""
    frame = pl.read_csv(
        log, separator=" ", has_header=False, skip_rows=4, quote_char=None, new_columns=_COLUMNS, infer_schema=False
    )
    query = pl.when(pl.col("cs-uri-query") == "-").then(pl.lit("")).otherwise("?" + pl.col("cs-uri-query"))
    frame = frame.with_columns((pl.col("cs-uri-stem") + query).alias(WHOLE_URI))
    names = (*_COLUMNS, WHOLE_URI)
    frame = frame.with_columns([pl.col(name).str.to_lowercase().alias(f"low:{name}") for name in names])
    tests = [_expression(bound, bound.condition) for bound in bound_rules(rules)]
    wanted = values(rules)
    tests.append(pl.any_horizontal([pl.col(f"low:{name}").str.contains_any(wanted) for name in _COLUMNS]))
    counted = frame.select([test.sum().alias(str(number)) for number, test in enumerate(tests)])
    return [int(value or 0) for value in counted.row(0)]
