"""The same rules as one SQL query for DuckDB and one expression a rule for Polars: all rules, whole columns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl

from bench.hunt.synthetic import IIS_FIELDS
from waspglass.hunt.condition import And, Condition, Kind, Match, Not, Or
from waspglass.hunt.rule import RuleSet
from waspglass.hunt.wildcards import merged

__all__ = ["run_duckdb", "run_polars"]

_COLUMNS = IIS_FIELDS.split()
_ALIASES = {"cs-uri-query": "uri", "cs-user-agent": "cs(User-Agent)", "cs-referer": "cs(Referer)"}


def _shape(match: Match) -> tuple[str, str, str]:
    parts = merged(match.parts)
    kinds = "".join({"text": "t", "any": "*", "one": "?"}[kind] for kind, _ in parts)
    text = "".join(text for kind, text in parts if kind == "text").replace(" ", "+").lower()
    return _ALIASES.get(match.field or "", match.field or ""), kinds, text


def _sql(condition: Condition) -> str:
    match condition:
        case And(of):
            return "(" + " AND ".join(map(_sql, of)) + ")"
        case Or(of):
            return "(" + " OR ".join(map(_sql, of)) + ")"
        case Not(of):
            return f"(NOT {_sql(of)})"
        case Match(kind=Kind.REGEX, field=field, text=text):
            quoted = text.replace("'", "''")
            return f"regexp_matches(\"{field}\", '{quoted}')"
        case Match():
            field, kinds, text = _shape(condition)
            quoted = "'" + text.replace("'", "''") + "'"
            column = f'lower("{field}")'
            if not text:
                return f"\"{field}\" = '-'"
            forms = {
                "t": f"{column} = {quoted}",
                "t*": f"starts_with({column}, {quoted})",
                "*t": f"ends_with({column}, {quoted})",
            }
            return forms.get(kinds, f"contains({column}, {quoted})")


def _expression(condition: Condition) -> pl.Expr:
    match condition:
        case And(of):
            return pl.all_horizontal([_expression(part) for part in of])
        case Or(of):
            return pl.any_horizontal([_expression(part) for part in of])
        case Not(of):
            return ~_expression(of)
        case Match(kind=Kind.REGEX, field=field, text=text):
            return pl.col(field or "").str.contains(text)
        case Match():
            field, kinds, text = _shape(condition)
            column = pl.col(f"low:{field}")
            if not text:
                return pl.col(field) == "-"
            forms: dict[str, Callable[[], pl.Expr]] = {
                "t": lambda: column == text,
                "t*": lambda: column.str.starts_with(text),
                "*t": lambda: column.str.ends_with(text),
            }
            return forms.get(kinds, lambda: column.str.contains(text, literal=True))()


def _web_rules(rules: RuleSet) -> list[Condition]:
    return [rule.condition for rule in rules.rules if rule.source.startswith("web")]


def run_duckdb(log: Path, rules: RuleSet) -> int:
    """Rows that each rule matches, summed."""
    names = ", ".join(f"'{name}': 'VARCHAR'" for name in _COLUMNS)
    counts = ", ".join(f"count(*) FILTER (WHERE {_sql(rule)})" for rule in _web_rules(rules))
    query = (
        f"SELECT {counts} FROM (SELECT *, \"cs-uri-stem\" || '?' || \"cs-uri-query\" AS uri FROM read_csv('{log}', "
        f"delim=' ', header=false, skip=4, quote='', escape='', columns={{{names}}}, auto_detect=false))"
    )
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    row = connection.execute(query).fetchone()
    return sum(int(value) for value in row or ())


def run_polars(log: Path, rules: RuleSet) -> int:
    """Rows that each rule matches, summed."""
    frame = pl.read_csv(
        log, separator=" ", has_header=False, skip_rows=4, quote_char=None, new_columns=_COLUMNS, infer_schema=False
    )
    frame = frame.with_columns((pl.col("cs-uri-stem") + "?" + pl.col("cs-uri-query")).alias("uri"))
    frame = frame.with_columns([pl.col(name).str.to_lowercase().alias(f"low:{name}") for name in (*_COLUMNS, "uri")])
    counted = frame.select([_expression(rule).sum().alias(str(n)) for n, rule in enumerate(_web_rules(rules))])
    return sum(int(value or 0) for value in counted.row(0))
