"""Reads indicators of STIX bundles."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import orjson

from waspglass.hunt.rules.errors import UnsupportedRuleError
from waspglass.hunt.rules.indicator_values import made_indicator, usual_meaning
from waspglass.hunt.rules.rule import Indicator, Meaning
from waspglass.hunt.rules.stix_patterns import Comparison, alternatives
from waspglass.model.escape import printable
from waspglass.model.finding import Effect, Rung

__all__ = ["read_stix"]

_MOST = 100_000
"""Combinations of the sets (`IN`) of one pattern, which multiply."""
_STIX_OBJECTS = {
    ("ipv4-addr", "value"): "address",
    ("ipv6-addr", "value"): "address",
    ("network-traffic", "src_ref.value"): "address",
    ("network-traffic", "dst_ref.value"): "address",
    ("domain-name", "value"): "domain",
    ("domain-name", "resolves_to_refs.value"): "address",
    ("email-addr", "value"): "email",
    ("email-message", "from_ref.value"): "email",
    ("email-message", "sender_ref.value"): "email",
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


def read_stix(text: str, source: str) -> Iterator[Indicator | str]:
    """Indicators of a STIX 2.0 or 2.1 bundle, one for each alternative of a pattern.

    Raises:
        UnsupportedRuleError: If the text is not a bundle.
    """
    try:
        bundle = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UnsupportedRuleError(f"not JSON: {error}") from None
    objects = bundle.get("objects") if isinstance(bundle, dict) else bundle
    if not isinstance(objects, list):
        raise UnsupportedRuleError("not a STIX bundle")
    lines = _Lines(text)
    for one in objects:
        if isinstance(one, dict) and one.get("type") == "indicator":
            line = lines.of(one)
            for made in _from_pattern(one, source):
                yield f"line {line}: {made}" if isinstance(made, str) and line else made


class _Lines:
    """Where objects begin to be spoken of, asked in their order: each search begins where the one before ended."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._line = text, 0, 1

    def of(self, one: dict[str, object]) -> int | None:
        """The line, from 1; None where the id is not written as it reads."""
        name = one.get("id")
        at = self._text.find(f'"{name}"', self._at) if isinstance(name, str) else -1
        if at < 0:
            return None
        self._line += self._text.count("\n", self._at, at)
        self._at = at
        return self._line


def _from_pattern(one: dict[str, object], source: str) -> Iterator[Indicator | str]:
    name = str(one.get("name") or one.get("id"))
    pattern = str(one.get("pattern", ""))
    if one.get("revoked") is True:
        yield f"{printable(name)[:80]}: revoked by its author"
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
        sets = [_values(part) for part in choice]
        if (many := math.prod(map(len, sets))) > _MOST:
            yield f"{printable(name)[:80]}: a pattern of {many} combinations of values"
            continue
        for values in product(*sets):
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
        made_indicator(kind, value, source, meaning or usual_meaning(kind), title) if kind else None
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
