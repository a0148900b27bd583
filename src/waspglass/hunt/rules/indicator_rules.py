"""What an indicator demands of a record of each kind."""

from __future__ import annotations

from functools import cache
from ipaddress import ip_address
from pathlib import PurePosixPath

from waspglass.evidence.format import format_of
from waspglass.hunt.rules.condition import Condition, Kind, Match, Part, conjunction, disjunction
from waspglass.hunt.rules.indicator_fields import WHOLE
from waspglass.hunt.rules.indicator_operators import operator_condition
from waspglass.hunt.rules.indicator_values import PLAIN
from waspglass.hunt.rules.paths import url_of_path
from waspglass.hunt.rules.rule import Indicator
from waspglass.packs.pack import ArtefactKind, WebRoot

__all__ = ["SCRIPTS", "indicator_condition"]

SCRIPTS = frozenset({".aspx", ".ashx", ".asmx", ".ascx", ".asax", ".asp", ".jsp", ".php", ".cer", ".soap", ".cshtml"})
_ANY: Part = ("any", "")


@cache
def _address_forms(value: str) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys((value, str(ip_address(value)))))
    except ValueError:
        return (value,)


def _somewhere(value: str) -> Match:
    return Match(None, Kind.PATTERN, parts=(_ANY, ("text", value), _ANY))


def _ends(field: str, value: str) -> Match:
    return Match(field, Kind.PATTERN, parts=(_ANY, ("text", value)))


def indicator_condition(indicator: Indicator, kind: ArtefactKind, web_roots: tuple[WebRoot, ...]) -> Condition | None:
    """The condition, or None if this kind of record cannot show the indicator."""
    wanted = ((indicator.type, indicator.value), *indicator.also)
    parts = [_condition(what, value, kind, web_roots) for what, value in wanted]
    known = [part for part in parts if part is not None]
    return conjunction(known) if len(known) == len(parts) else None


def _condition(what: str, value: str, kind: ArtefactKind, web_roots: tuple[WebRoot, ...]) -> Condition | None:
    name, _, word = what.partition(" ")
    if word or name not in PLAIN or name == "user_agent":
        return operator_condition(name, word, value, kind)
    match name:
        case "path":
            return _path_condition(value, kind, web_roots)
        case "name":
            return _name_condition(value, kind)
        case "sha256" | "sha1" | "md5":
            return None if format_of(kind.format).requests else _somewhere(value)
    return _in_a_log(name, value, kind) if format_of(kind.format).log else None


def _in_a_log(what: str, value: str, kind: ArtefactKind) -> Condition | None:
    """What may stand in any field of a log; networks in those for addresses."""
    address = value.partition("://")[2].rstrip("/")
    if what == "session" or (what == "url" and not address):
        return _somewhere(value)
    if what == "address" and "/" in value:
        networks: list[Condition] = [Match(field, Kind.CIDR, text=value) for field in kind.actor.address]
        return disjunction(networks) if networks else None
    if what == "address":
        return disjunction([Match(None, Kind.TOKEN, text=form) for form in _address_forms(value)])
    # As a whole, so that `a.example` is not found in `data.example`, nor `a.example/page` in `a.example/pages`.
    return Match(None, Kind.TOKEN, text=address if what == "url" else value)


def _uri_field(kind: ArtefactKind) -> str | None:
    return next(iter(WHOLE["request_path"].get(kind.format, ())), None)


def _path_condition(value: str, kind: ArtefactKind, web_roots: tuple[WebRoot, ...]) -> Condition | None:
    uri = _uri_field(kind)
    if uri is None:
        plain = value[2:] if value[1:3] == ":\\" else value
        return _ends("path", plain) if not format_of(kind.format).log else _somewhere(plain)
    url = value if value.startswith("/") else url_of_path(value, web_roots)
    if url is None or len(url) < 5:
        return None
    return _ends(uri, url)


def _name_condition(value: str, kind: ArtefactKind) -> Condition | None:
    if not format_of(kind.format).log:
        return Match("name", Kind.PATTERN, parts=(("text", value),))
    uri = _uri_field(kind)
    if uri is not None and PurePosixPath(value).suffix in SCRIPTS:
        return _ends(uri, f"/{value}")
    return _ends("TargetFilename", f"\\{value}") if format_of(kind.format).events else None
