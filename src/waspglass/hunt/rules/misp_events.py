"""Reads MISP events as JSON: one event, an answer of the API, a list of events or of attributes, an event of a feed.

Formats: github.com/MISP/misp-rfc, "MISP core format" (`Event`, `Attribute`, `Object`, `to_ids`, composite types with
`|`). A feed's `manifest.json` has no attributes: the events beside it have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import orjson

from waspglass.hunt.rules.errors import UnsupportedRuleError
from waspglass.hunt.rules.indicator_values import PLAIN, LeftOut, made_indicator, parts_called, type_called
from waspglass.hunt.rules.rule import Indicator
from waspglass.model.escape import printable

__all__ = ["read_misp"]

_OWN = {"imphash": "imphash", "regkey": "registry_key", "value": "registry_data", "port": ""}
"""Parts of types that only MISP has -> our types; what has none is not hunted."""
_DEEPEST = 6
_LONGEST = 4096
"""Characters of a value."""
_MOST_REASONS = 50
"""That are told of one file; whoever wrote it may have made up a type for each attribute."""


def read_misp(text: str, source: str) -> Iterator[Indicator | LeftOut]:
    """Indicators of the attributes that are for detection; then what was left out, by reason.

    Raises:
        UnsupportedRuleError: If the text is not JSON, or holds no event.
    """
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UnsupportedRuleError(f"not JSON: {error}") from None
    found = list(_holders(content, 0))
    if not found:
        raise UnsupportedRuleError("no event of MISP: there is neither `Event` nor `Attribute`")
    left: dict[str, LeftOut] = {}
    for holder in found:
        for one in _of_event(holder, source):
            if isinstance(one, Indicator):
                yield one
            else:
                reason, example = one
                if reason not in left and len(left) >= _MOST_REASONS:
                    reason = "other types that are not hunted"
                known = left.get(reason)
                shown = f"{reason}, such as {example}" if known is None else known.detail
                left[reason] = LeftOut(shown, 1 if known is None else known.count + 1)
    yield from left.values()


def _holders(content: object, depth: int) -> Iterator[dict[str, object]]:
    """Whatever has attributes, in an answer of the API or a file of a feed."""
    if depth > _DEEPEST:
        return
    if isinstance(content, list):
        for one in content:
            yield from _holders(one, depth + 1)
    elif isinstance(content, dict):
        if isinstance(content.get("Attribute"), list) or isinstance(content.get("Object"), list):
            yield content
            return
        for name in ("Event", "response"):
            if isinstance(content.get(name), dict | list):
                yield from _holders(content[name], depth + 1)


_Told = tuple[str, str]
"""Why an attribute is not hunted, and the attribute."""


def _of_event(event: Mapping[str, object], source: str) -> Iterator[Indicator | _Told]:
    about = printable(str(event.get("info") or ""))[:120]
    marking = _marking(event)
    for one in _attributes(event):
        if isinstance(one, dict):
            yield from _of_attribute(one, about, _marking(one) or marking, source)
        else:
            yield "entries that are no attributes", printable(str(one)[:60])


def _attributes(event: Mapping[str, object]) -> Iterator[object]:
    """Those of the event, and those of its objects (a file with its name and its hashes); and what is none."""
    yield from _list(event.get("Attribute"))
    for thing in _list(event.get("Object")):
        if not isinstance(thing, dict):
            yield thing
            continue
        gone = {"deleted": True} if _is_deleted(thing) else {}
        yield from ({**one, **gone} if isinstance(one, dict) else one for one in _list(thing.get("Attribute")))


def _is_deleted(thing: Mapping[str, object]) -> bool:
    return thing.get("deleted") in (True, 1, "1")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _marking(tagged: Mapping[str, object]) -> str:
    """The TLP that a tag of the event or the attribute names."""
    names = [str(tag.get("name", "")).lower() for tag in _list(tagged.get("Tag")) if isinstance(tag, dict)]
    told = sorted(name for name in names if name.startswith("tlp:") and name not in ("tlp:clear", "tlp:white"))
    return printable(told[-1].upper())[:40] if told else ""


def _of_attribute(one: Mapping[str, object], about: str, marking: str, source: str) -> Iterator[Indicator | _Told]:
    kind, value = str(one.get("type", "")).strip().lower(), str(one.get("value", ""))
    shown = f"{kind} {printable(value)[:60]}"
    if _is_deleted(one):
        yield "deleted", shown
    elif str(one.get("to_ids", "")).lower() not in ("true", "1"):
        yield "not for detection (to_ids)", shown
    elif not any(kinds := _types(kind)):
        yield f"type {printable(kind)[:40]!r} is not hunted", shown
    else:
        comment = printable(str(one.get("comment") or ""))[:120]
        title = " - ".join(part for part in (about, comment) if part)
        if marking:
            title = f"{title or shown} [{marking}]"
        made = list(_made(kinds, value, title, source))
        yield from made
        if sum(1 + len(indicator.also) for indicator in made) < sum(map(bool, kinds)):
            yield "such values are not hunted" if not made else "a part of the value is not hunted", shown


def _types(kind: str) -> list[str]:
    """Ours, part by part; none if a part is unknown."""
    types = [_OWN.get(part, type_called(part)) for part in parts_called(kind)]
    known = [one for one in types if one is not None]
    return known if len(known) == len(types) else []


def _made(kinds: Sequence[str], value: str, title: str, source: str) -> Iterator[Indicator]:
    """Each part is an indicator of its own, as MISP itself correlates them; a registry key is one with its data."""
    # Names of files may hold the mark, hashes do not; data of the registry may (rules of its firewall), keys do not.
    cut = value.split if kinds[0] == "registry_key" else value.rsplit
    parts = cut("|", len(kinds) - 1)
    pairs = [(kind, part) for kind, part in zip(kinds, parts, strict=False) if kind and part.strip()]
    if kinds[0] == "registry_key" and len(pairs) == 2:
        (kind, path), (also, data) = pairs
        key = _one(kind, path.strip(), title, source)
        if key is not None and len(data) <= _LONGEST:  # data may be as short as `1`: its key tells records apart
            yield replace(key, id=f"{key.id} & {also}:{data.strip()}", also=((also, data.strip()),))
        return
    made = (_one(kind, part.strip(), title, source) for kind, part in pairs)
    yield from (one for one in made if one is not None)


def _one(kind: str, value: str, title: str, source: str) -> Indicator | None:
    if kind not in PLAIN and not 4 <= len(value) <= _LONGEST:
        return None
    return made_indicator(kind, value, source, title)
