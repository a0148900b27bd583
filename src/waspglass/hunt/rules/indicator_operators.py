"""What an indicator with an operator (`domain like %.evil.example`) demands of a record of each kind.

Case counts in `matches` only, as in the rest of the engine. An operator is allowed for a type where its answer is
exact: `not`, `matches` and `exists` need fields whose whole value is the thing itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from waspglass.evidence.format import format_of
from waspglass.hunt.rules.condition import And, Condition, Kind, Match, Not, Or, Part, disjunction
from waspglass.hunt.rules.indicator_fields import PARTS, TOKENS, WHOLE
from waspglass.hunt.rules.regex_tree import parsed
from waspglass.hunt.rules.searching import regex_flags
from waspglass.packs.pack import ArtefactKind

__all__ = ["OPERATORS", "operator_condition", "without_scheme"]

_DRIVE = re.compile(r"^[A-Za-z]:(?=[\\/])")
_EXACT = frozenset({"", "like", "matches", "not", "not like", "not matches", "exists"})
OPERATORS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(WHOLE, _EXACT),
    **dict.fromkeys(PARTS, frozenset({"", "like"})),
    **dict.fromkeys(("name", "folder"), _EXACT),
    "domain": _EXACT - {"exists"},
    "url": frozenset({"", "like", "matches"}),
    "email": frozenset({"", "like"}),
    "address": frozenset({"", "like", "not", "not like"}),
    **dict.fromkeys(("port", "client_port", "size"), frozenset({"", "not", "exists"})),
    **dict.fromkeys(("sha256", "sha1", "md5"), frozenset({"", "not"})),
    **dict.fromkeys(("imphash", "protocol"), frozenset({""})),
}
"""What each type may be asked."""


def operator_condition(name: str, word: str, value: str, kind: ArtefactKind) -> Condition | None:
    """The condition, or None if this kind of record cannot show it.

    Args:
        name: Type of the indicator.
        word: Operator; empty for types that have no indicator of their own.
        value: As in the pattern: `%` and `_` are wildcards of `like`.
        kind: The kind of record.
    """
    form, known = kind.format, format_of(kind.format)
    if name == "protocol" and known.requests:
        return And(()) if value.lower() in ("tcp", "http", "https", "ipv4", "ipv6") else None
    if word.startswith("not"):
        return _negated(name, word.removeprefix("not").strip(), value, kind)
    if name == "url" and word == "matches":
        return _url_matches(value, form)
    if word == "like" and name in TOKENS:
        return _token(name, value) if known.log else None
    found = [_of_field(name, field, word, value) for field in WHOLE.get(name, {}).get(form, ())]
    if word in ("", "like") and name in PARTS:
        found += [_part(name, field, word, value) for field in PARTS[name][0].get(form, ())]
    return disjunction(found) if found else None


def _negated(name: str, word: str, value: str, kind: ArtefactKind) -> Condition | None:
    """A field that is there, and is something else: what is absent is not unequal in STIX."""
    fields = kind.actor.address if name == "address" else WHOLE.get(name, {}).get(kind.format, ())
    found: list[Condition] = []
    for field in fields:
        if name == "address" and not word:
            other: Condition = Match(field, Kind.CIDR, text=value)
        else:
            other = _of_field(name, field, word, value)
        found.append(And((_has_value(field), Not(other))))
    return disjunction(found) if found else None


def _has_value(field: str) -> Condition:
    """What a column leaves empty is absent, as STIX has it."""
    return Not(Match(field, Kind.NULL))


def _of_field(name: str, field: str, word: str, value: str) -> Condition:
    begin: tuple[Part, ...] = ()
    if name == "current_directory" and word in ("", "like"):  # which Windows writes with a bar at its end
        value = value.rstrip("\\") + "\\"
    if name == "folder" and word in ("", "like"):  # evidence may lack the letter of the drive
        value, begin = _DRIVE.sub("", value).rstrip("\\/"), (("any", ""),)
    match word:
        case "matches":
            return Match(field, Kind.REGEX, text=value)
        case "exists":
            return _has_value(field)
        case "<" | "<=" | ">" | ">=":
            return Match(field, Kind.COMPARE, number=float(value), flags=word)
        case "like":
            return Match(field, Kind.PATTERN, parts=(*begin, *_parts(value)))
    return Match(field, Kind.PATTERN, parts=(*begin, ("text", value)))


def _parts(like: str) -> tuple[Part, ...]:
    pieces = re.split("([%_])", like)
    kinds = {"%": ("any", ""), "_": ("one", "")}
    return tuple(kinds.get(piece, ("text", piece)) for piece in pieces if piece)


def _like(value: str, one: str) -> str:
    """The expression of a LIKE whose wildcards stand for characters of `one`."""
    wild = {"%": f"{one}*", "_": one}
    return "".join(wild.get(letter) or re.escape(letter) for letter in re.sub("%+", "%", value))


def _part(name: str, field: str, word: str, value: str) -> Condition:
    (_, part), known = PARTS[name], ""
    if name == "registry_key":
        known, value = _hive(value)
    if name == "folder":
        value = _DRIVE.sub("", value).strip("\\/")
    body = known + (_like(value, part.one) if word == "like" else re.escape(value))
    return Match(field, Kind.REGEX, text=f"{part.before}{body}{part.after}", flags="i")


_HIVES = {
    "HKEY_LOCAL_MACHINE": r"HKLM\\",
    "HKEY_USERS": r"HKU\\",
    "HKEY_CLASSES_ROOT": r"HKCR\\",
    "HKEY_CURRENT_USER": r"HKU\\[^\\]+\\",
    "HKCU": r"HKU\\[^\\]+\\",
}
"""Root of a key -> how Sysmon writes it, as an expression; the current user is one of the users."""


def _hive(key: str) -> tuple[str, str]:
    """The root of a key as an expression, if it has one that is written otherwise, and the rest."""
    root, _, rest = key.partition("\\")
    return (_HIVES[root.upper()], rest) if root.upper() in _HIVES else ("", key)


def _token(name: str, like: str) -> Condition:
    token = TOKENS[name]
    whole = without_scheme(like) if name == "url" else like
    head, tail = whole.startswith("%"), whole.endswith("%")
    text = _like(whole.strip("%"), token.one)
    return Match(None, Kind.REGEX, text=f"{'' if head else token.before}{text}{'' if tail else token.after}", flags="i")


def without_scheme(url: str) -> str:
    """What logs may show of a URL: `http://`, and `http%://` of a LIKE, are not in them."""
    return re.sub(r"^[a-z0-9+.%_-]+://", "", url, flags=re.IGNORECASE)


def _url_matches(regex: str, form: str) -> Condition | None:
    """Logs of requests have what follows the host; an expression that is anchored needs the whole URL."""
    whole = WHOLE["referer"].get(form, ())
    rest = WHOLE["request"].get(form) or WHOLE["request_path"].get(form) or ()
    start, end = _anchors(regex)
    if start or (end and form == "diagnostics_csv"):
        rest = ()
    found = [Match(field, Kind.REGEX, text=regex) for field in (*whole, *rest)]
    return Or(tuple(found)) if found else None


def _anchors(regex: str) -> tuple[bool, bool]:
    """Whether an expression asks where the value begins, and where it ends; both if that is not known."""
    tree = parsed(regex, regex_flags(""))
    if tree is None:
        return True, True
    shown = str(tree)
    starts = any(one in shown for one in ("AT_BEGINNING", "AT_BOUNDARY", "AT_NON_BOUNDARY", "ASSERT"))
    return starts, starts or "AT_END" in shown
