"""Reads indicators: STIX 2.1 bundles, and CSV lists (`type,value`, MISP, Microsoft) by the names of their columns."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import orjson

from waspglass.hunt.errors import UnsupportedRuleError
from waspglass.hunt.rule import Indicator, Meaning
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
_COMPARISON = re.compile(
    r"([a-z0-9-]+):([A-Za-z0-9_.'\"\[\]-]+?)\s*(=|!=|LIKE|MATCHES|IN|ISSUBSET|[<>]=?)\s*'((?:[^'\\]|\\.)*)'"
)
_SHAPES = {
    "address": re.compile(r"[0-9a-fA-F:.]{3,45}"),
    "sha256": re.compile(r"[0-9a-f]{64}"),
    "sha1": re.compile(r"[0-9a-f]{40}"),
    "md5": re.compile(r"[0-9a-f]{32}"),
}
_TYPE_COLUMNS = ("type", "indicatortype", "indicator_type", "ioc_type", "indicator type")
_VALUE_COLUMNS = ("value", "indicator", "ioc", "ioc_value", "indicator_value")


def _indicator(kind: str, value: str, source: str, meaning: Meaning, title: str) -> Indicator | None:
    """None for a value that cannot be one of its type, or is too short to mean anything."""
    value = value.strip()
    if kind != "user_agent":
        value = value.lower()
    if kind == "domain":
        value = value.strip(".").replace("[.]", ".")
    if kind == "address":
        value = value.replace("[.]", ".").partition("/32")[0]
    if kind == "path":
        value = value.replace("/", "\\") if re.match(r"[a-z]:[\\/]|%", value) else value
    shape = _SHAPES.get(kind)
    if len(value) < 4 or (shape is not None and not shape.fullmatch(value)):
        return None
    return Indicator(
        kind, value, f"{kind}:{value}", title or f"Indicator: {bounded(printable(value), 120)}", meaning, source
    )


def _plain(rung: Rung) -> Meaning:
    return Meaning(rung, Effect.HINT)


def _rung_of(kind: str) -> Rung:
    return Rung.PROBED if kind in ("address", "domain", "url", "user_agent") else Rung.IMPLANTED


def read_csv(text: str, source: str) -> Iterator[Indicator | str]:
    """Indicators of a list with a header; for a row that cannot be used, a sentence that says why.

    Raises:
        UnsupportedRuleError: If the header names no type and value columns.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    header = [name.strip().lower() for name in next(rows, [])]
    type_at = next((header.index(name) for name in _TYPE_COLUMNS if name in header), None)
    value_at = next((header.index(name) for name in _VALUE_COLUMNS if name in header), None)
    if type_at is None or value_at is None or type_at == value_at:
        raise UnsupportedRuleError("a CSV list of indicators needs the columns 'type' and 'value'")
    title_at = next((header.index(name) for name in ("comment", "description", "title") if name in header), None)
    for row in rows:
        if not any(row) or row[0].startswith("#"):
            continue
        if len(row) <= max(type_at, value_at):
            yield f"line {rows.line_num}: too few columns"
            continue
        title = row[title_at].strip() if title_at is not None and title_at < len(row) else ""
        names, values = row[type_at].strip().lower().split("|"), row[value_at].split("|")
        for name, value in zip(names, values, strict=False):
            kind = INDICATOR_TYPES.get(name)
            made = (
                None
                if kind is None
                else _indicator(kind, value, source, _plain(_rung_of(kind)), printable(title)[:200])
            )
            yield made or f"line {rows.line_num}: type {printable(name)[:40]!r} with such a value is not hunted"


def read_stix(text: str, source: str) -> Iterator[Indicator | str]:
    """Indicators of a STIX 2.1 bundle: each comparison with `=` of an OR-ed pattern stands for itself.

    Raises:
        UnsupportedRuleError: If the text is not a bundle.
    """
    try:
        bundle = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UnsupportedRuleError(f"not JSON: {error}") from None
    objects = bundle.get("objects") if isinstance(bundle, dict) and bundle.get("type") == "bundle" else None
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
    joined = re.sub(r"'(?:[^'\\]|\\.)*'", "''", pattern)
    if re.search(r"\b(AND|FOLLOWEDBY|NOT|REPEATS|WITHIN)\b", joined):
        yield f"{printable(name)[:80]}: a pattern that joins several observations is not read"
        return
    meaning = _stix_meaning(one)
    for comparison in _COMPARISON.finditer(pattern):
        path = comparison[2].lower().replace("'", "").replace('"', "")
        kind = _STIX_OBJECTS.get((comparison[1], path))
        value = re.sub(r"\\(.)", r"\1", comparison[4])
        rung = meaning or _plain(_rung_of(kind or ""))
        made = (
            None
            if kind is None or comparison[3] != "="
            else _indicator(kind, value, source, rung, printable(name)[:200])
        )
        yield made or f"{printable(name)[:80]}: {printable(comparison[0])[:80]} is not hunted"


def _stix_meaning(one: dict[str, object]) -> Meaning | None:
    """Our extension properties `x_waspglass_rung` and `x_waspglass_effect`, as the packs write them."""
    try:
        rung = Rung(str(one["x_waspglass_rung"]))
        return Meaning(rung, Effect(str(one.get("x_waspglass_effect", "hint"))))
    except (KeyError, ValueError):
        return None
