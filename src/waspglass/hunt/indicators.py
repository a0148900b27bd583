"""Reads indicators: STIX bundles, and CSV lists (`type,value`, MISP, Microsoft) by the names of their columns."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from itertools import product

import orjson

from waspglass.hunt.errors import UnsupportedRuleError
from waspglass.hunt.rule import Indicator, Meaning
from waspglass.hunt.stix_patterns import Comparison, alternatives
from waspglass.model.escape import bounded, printable
from waspglass.model.finding import Effect, Rung

__all__ = ["INDICATOR_TYPES", "read_csv", "read_stix"]

_ALIASES = {
    "address": (
        "address",
        "ip",
        "ipv4",
        "ipv6",
        "ipv4-addr",
        "ipv6-addr",
        "ip-src",
        "ip-dst",
        "ipaddress",
        "ip address",
    ),
    "domain": ("domain", "hostname", "domain-name", "domainname", "fqdn", "host"),
    "url": ("url", "uri", "link"),
    "user_agent": ("user_agent", "user-agent", "useragent"),
    "path": ("path", "filepath", "file path", "file-path"),
    "name": ("name", "filename", "file name", "file-name"),
    "sha256": ("sha256", "sha-256", "hash-sha256", "filehash-sha256", "sha256 hash"),
    "sha1": ("sha1", "sha-1", "hash-sha1", "filehash-sha1"),
    "md5": ("md5", "hash-md5", "filehash-md5"),
}
INDICATOR_TYPES = {alias: name for name, aliases in _ALIASES.items() for alias in aliases}
"""What lists call a type -> our name."""

_STIX_OBJECTS = {
    ("ipv4-addr", "value"): "address",
    ("ipv6-addr", "value"): "address",
    ("network-traffic", "src_ref.value"): "address",
    ("network-traffic", "dst_ref.value"): "address",
    ("domain-name", "value"): "domain",
    ("url", "value"): "url",
    ("file", "name"): "name",
    ("file", "hashes.sha-256"): "sha256",
    ("file", "hashes.sha256"): "sha256",
    ("file", "hashes.sha-1"): "sha1",
    ("file", "hashes.sha1"): "sha1",
    ("file", "hashes.md5"): "md5",
    ("file", "parent_directory_ref.path"): "path",
    ("directory", "path"): "path",
    ("network-traffic", "extensions.http-request-ext.request_header.user-agent"): "user_agent",
    ("network-traffic", "extensions.http-request-ext.request_value"): "url",
}
_SHAPES = {
    "sha256": re.compile(r"[0-9a-f]{64}"),
    "sha1": re.compile(r"[0-9a-f]{40}"),
    "md5": re.compile(r"[0-9a-f]{32}"),
}
_TYPE_COLUMNS = ("type", "indicatortype", "indicator_type", "ioc_type", "indicator type")
_VALUE_COLUMNS = ("value", "indicator", "ioc", "ioc_value", "indicator_value")
_DEFANGED = (("[.]", "."), ("(.)", "."), ("{.}", "."), ("[dot]", "."), ("[:]", ":"), ("[://]", "://"))


def _indicator(kind: str, value: str, source: str, meaning: Meaning, title: str) -> Indicator | None:
    """None for a value that cannot be one of its type, or is too short to mean anything."""
    plain = _normal(kind, value)
    if plain is None:
        return None
    name = title or f"Indicator: {bounded(printable(plain), 120)}"
    return Indicator(kind, plain, f"{kind}:{plain}", name, meaning, source)


def _normal(kind: str, value: str) -> str | None:
    """The value as it is compared; lists that people pass on are often defanged (`198.51.100[.]7`, `hxxp://`)."""
    value = value.strip()
    if kind != "user_agent":
        value = value.lower()
    if kind in ("address", "domain", "url"):
        value = re.sub(
            r"^(?:h(?:xx|tt)ps?|fxp)(?=\W)", lambda one: one[0].replace("xx", "tt").replace("fxp", "ftp"), value
        )
        for written, meant in _DEFANGED:
            value = value.replace(written, meant)
    if kind == "domain":
        value = value.strip(".")
    if kind == "address":
        return _address(value)
    if kind == "path":
        value = value.replace("/", "\\") if re.match(r"[a-z]:[\\/]|%", value) else value
    shape = _SHAPES.get(kind)
    return None if len(value) < 4 or (shape is not None and not shape.fullmatch(value)) else value


def _address(value: str) -> str | None:
    """An address, or a network (`198.51.100.0/24`) if it is one of more than one address."""
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        return None
    if network.prefixlen == 0:
        return None
    return value.partition("/")[0] if network.num_addresses == 1 else str(network)


def _plain(rung: Rung) -> Meaning:
    return Meaning(rung, Effect.HINT)


def _rung_of(kind: str) -> Rung:
    return Rung.PROBED if kind in ("address", "domain", "url", "user_agent") else Rung.IMPLANTED


def read_csv(text: str, source: str) -> Iterator[Indicator | str]:
    """Indicators of a list with a header; for a row that cannot be used, a sentence that says why.

    Raises:
        UnsupportedRuleError: If the header names no type and value columns.
    """
    rows, header = _table(text)
    type_at = next((header.index(name) for name in _TYPE_COLUMNS if name in header), None)
    value_at = next((header.index(name) for name in _VALUE_COLUMNS if name in header), None)
    if type_at is None or value_at is None or type_at == value_at:
        raise UnsupportedRuleError("a CSV list of indicators needs the columns 'type' and 'value'")
    title_at = next((header.index(name) for name in ("comment", "description", "title") if name in header), None)
    used_at = header.index("to_ids") if "to_ids" in header else None
    for line, row in rows:
        if not any(row) or row[0].startswith("#"):
            continue
        if len(row) <= max(type_at, value_at):
            yield f"line {line}: too few columns"
            continue
        if used_at is not None and used_at < len(row) and row[used_at].strip().lower() in ("0", "false"):
            yield f"line {line}: not for detection (to_ids)"
            continue
        title = row[title_at].strip() if title_at is not None and title_at < len(row) else ""
        yield from _from_row(row[type_at], row[value_at], printable(title)[:200], source, line)


def _table(text: str) -> tuple[Iterator[tuple[int, list[str]]], list[str]]:
    """The rows below the header with their lines, and the header; commas, semicolons (as many spreadsheets) or tabs."""
    lines = text.removeprefix("\ufeff")
    while lines.startswith(("#", "\n", "\r")):
        lines = lines.partition("\n")[2]
    first = lines.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    above = text.count("\n") - lines.count("\n")
    rows = csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter)
    header = [name.strip().lower() for name in next(rows, [])]
    return ((above + rows.line_num, row) for row in rows), header


def _from_row(types: str, values: str, title: str, source: str, line: int) -> Iterator[Indicator | str]:
    """`ip-dst|port` and the like name several values in one cell."""
    made: list[Indicator] = []
    for name, value in zip(types.strip().lower().split("|"), values.split("|"), strict=False):
        kind = INDICATOR_TYPES.get(name.strip())
        one = None if kind is None else _indicator(kind, value, source, _plain(_rung_of(kind)), title)
        made += [] if one is None else [one]
    if not made:
        yield f"line {line}: type {printable(types.strip())[:40]!r} with such a value is not hunted"
    yield from made


def read_stix(text: str, source: str) -> Iterator[Indicator | str]:
    """Indicators of a STIX 2.0 or 2.1 bundle, one for each alternative of a pattern.

    Raises:
        UnsupportedRuleError: If the text is not a bundle.
    """
    try:
        bundle = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UnsupportedRuleError(f"not JSON: {error}") from None
    objects = bundle.get("objects") if isinstance(bundle, dict) else None
    if not isinstance(objects, list):
        raise UnsupportedRuleError("not a STIX bundle")
    for one in objects:
        if isinstance(one, dict) and one.get("type") == "indicator":
            yield from _from_pattern(one, source)


def _from_pattern(one: dict[str, object], source: str) -> Iterator[Indicator | str]:
    name = str(one.get("name") or one.get("id"))
    pattern = str(one.get("pattern", ""))
    if one.get("revoked") is True:
        return
    if one.get("pattern_type", "stix") != "stix":
        yield f"{printable(name)[:80]}: pattern type {one.get('pattern_type')!r:.40} is not read"
        return
    try:
        choices = alternatives(pattern)
    except UnsupportedRuleError as fault:
        yield f"{printable(name)[:80]}: {printable(str(fault))[:150]}"
        return
    meaning = _stix_meaning(one)
    for choice in choices:
        for values in product(*(_values(part) for part in choice)):
            yield _of_choice(values, source, meaning, printable(name)[:200])


_Value = tuple[str, str]
"""Our type and the value; without a type where we cannot look for it: what stands in the pattern."""


def _values(part: Comparison) -> list[_Value]:
    """What the comparison asks for, any of it; nothing to ask for where the path only repeats the type."""
    if part.path.endswith("_ref.type"):
        return [("any", "")]
    kind = _STIX_OBJECTS.get((part.object, part.path))
    network = part.operator == "ISSUBSET" and kind == "address"
    if kind is None or not (network or part.operator in ("=", "==", "IN")):
        return [("", f"{part.object}:{part.path} {part.operator} {', '.join(part.values)}")]
    return [(kind, value) for value in part.values]


def _of_choice(values: tuple[_Value, ...], source: str, meaning: Meaning | None, title: str) -> Indicator | str:
    parts = dict.fromkeys((kind, value) for kind, value in values if kind != "any")
    names, folders = ([value for kind, value in parts if kind == wanted] for wanted in ("name", "path"))
    if len(names) == len(folders) == 1:  # STIX tells a file's folder and name apart
        parts = dict.fromkeys((kind, value) for kind, value in parts if kind not in ("name", "path"))
        parts["path", f"{folders[0].rstrip('/')}\\{names[0]}".replace("\\\\", "\\")] = None
    made = [
        _indicator(kind, value, source, meaning or _plain(_rung_of(kind)), title) if kind else None
        for kind, value in parts
    ]
    whole = [one for one in made if one is not None]
    if not whole or len(whole) < len(made):
        unread = "; ".join(
            f"{kind} {value}".strip() for (kind, value), one in zip(parts, made, strict=True) if one is None
        )
        return f"{title[:80]}: {printable(unread)[:120]} is not hunted"
    first, *rest = whole
    if not rest:
        return first
    return replace(first, id=" & ".join(one.id for one in whole), also=tuple((one.type, one.value) for one in rest))


def _stix_meaning(one: dict[str, object]) -> Meaning | None:
    """Our extension properties `x_waspglass_rung` and `x_waspglass_effect`, as the packs write them."""
    try:
        rung = Rung(str(one["x_waspglass_rung"]))
        return Meaning(rung, Effect(str(one.get("x_waspglass_effect", "hint"))))
    except (KeyError, ValueError):
        return None
