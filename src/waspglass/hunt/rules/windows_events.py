"""Which channel and event ids a Sigma logsource of product `windows` means, as conditions on the record."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from waspglass.evidence.formats.event_shapes import SYSTEM, SYSTEM_ATTRIBUTES
from waspglass.hunt.rules.condition import And, Condition, Kind, Match, Or, Part, disjunction, mapped
from waspglass.hunt.rules.fields import known_true, renamed
from waspglass.packs.pack import Logsource

__all__ = ["Variant", "channels_of", "event_condition", "event_ids", "means_windows", "telemetry_variants", "variants"]


@dataclass(frozen=True, slots=True)
class Variant:
    """One kind of event that a logsource may mean.

    Attributes:
        channel: `Channel` of the event; empty for any.
        ids: Event ids; empty for any.
        fields: Sigma's field name -> the event's.
        only: If given, fields that the event has besides its header and those of `fields`.
    """

    channel: str = ""
    ids: tuple[str, ...] = ()
    fields: dict[str, str] = field(default_factory=dict)
    only: tuple[str, ...] | None = None


@cache
def _table() -> dict[str, tuple[Variant, ...]]:
    text = files("waspglass.hunt").joinpath("data", "windows_logsources.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    result: dict[str, tuple[Variant, ...]] = {
        f"service:{name}": tuple(map(Variant, [channels] if isinstance(channels, str) else channels))
        for name, channels in table["service"].items()
    }
    for part in ("category", "telemetry"):
        for row in table[part]:
            only = tuple(row["only"]) if "only" in row else None
            variant = Variant(row["channel"], tuple(row["ids"]), dict(row.get("fields", {})), only)
            key = f"{part}:{row['name']}"
            result[key] = (*result.get(key, ()), variant)
    return result


def variants(logsource: Logsource) -> tuple[Variant, ...] | None:
    """What the logsource may mean; None if it is not known. One of another product means what a pack's kind says."""
    if logsource.product not in (None, "windows"):
        return (Variant(),)
    if logsource.category is not None:
        found = _table().get(f"category:{logsource.category}")
        if found is None or logsource.service is None:
            return found
        channels = {variant.channel for variant in _table().get(f"service:{logsource.service}", ())}
        return tuple(variant for variant in found if variant.channel in channels) or None
    return (Variant(),) if logsource.service is None else _table().get(f"service:{logsource.service}")


def telemetry_variants(logsource: Logsource) -> tuple[Variant, ...] | None:
    """The same for what Microsoft Defender's tables have of it; None if they have nothing that rules were bound to."""
    return _table().get(f"telemetry:{logsource.category}")


def means_windows(logsource: Logsource) -> bool:
    """True if a rule says nothing of a product, and its category is one of Windows events."""
    return logsource.product is None and logsource.category is not None and variants(logsource) is not None


_HEADER = (*SYSTEM, *(name for name, _, _ in SYSTEM_ATTRIBUTES))
"""Fields that any event has."""
_DIGESTS = frozenset({"md5", "sha1", "sha256", "imphash"})


def _with_digests(one: Match) -> Condition:
    """Sysmon writes all hashes into one field (`Hashes`: `MD5=...,SHA256=...`); rules may ask for each as a field.

    An empty value would be in every list of hashes.
    """
    match one:
        case Match(field=str(name), kind=Kind.PATTERN, parts=parts) if name.lower() in _DIGESTS:
            inside: tuple[Part, ...] = (("any", ""), ("text", f"{name.upper()}="), *parts, ("any", ""))
            return Or((one, Match("Hashes", Kind.PATTERN, parts=inside, cased=one.cased)))
    return one


def event_condition(condition: Condition, meant: tuple[Variant, ...]) -> Condition | None:
    """The condition with the channel and event id of each variant; None if no variant has the fields for it."""
    options: list[Condition] = []
    for variant, usable in _usable(condition, meant):
        gates: list[Condition] = []
        if variant.channel:
            gates.append(Match("Channel", Kind.PATTERN, parts=(("text", variant.channel),)))
        if variant.ids:
            ids: list[Condition] = [Match("EventID", Kind.PATTERN, parts=(("text", one),)) for one in variant.ids]
            gates.append(disjunction(ids))
        options.append(And((*gates, renamed(usable, variant.fields))))
    return disjunction(options) if options else None


def _usable(condition: Condition, meant: tuple[Variant, ...]) -> Iterator[tuple[Variant, Condition]]:
    """The variants that have fields for the condition, and what of it can be known there."""
    condition = mapped(condition, _with_digests)
    for variant in meant:
        has = None
        if variant.only is not None:
            has = frozenset({*_HEADER, *variant.only, *variant.fields, *variant.fields.values()})
        usable = condition if has is None else known_true(condition, has.__contains__)[0]
        if usable is not None:
            yield variant, usable


def channels_of(condition: Condition, logsource: Logsource) -> tuple[str, ...]:
    """The channels in which a rule of this logsource can find anything; none if it may be any channel."""
    found = [variant.channel for variant, _ in _usable(condition, variants(logsource) or ())]
    return tuple(dict.fromkeys(found)) if all(found) else ()


def event_ids(meant: tuple[Variant, ...]) -> frozenset[str] | None:
    """All event ids that can matter; None if any can."""
    if any(not variant.ids for variant in meant):
        return None
    return frozenset(one for variant in meant for one in variant.ids)
