"""What an indicator with an operator (`domain like %.evil.example`) demands of a record of each kind.

Case counts in `matches` only, as in the rest of the engine. An operator is allowed for a type where its answer is
exact: `not`, `matches` and `exists` need fields whose whole value is the thing itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from waspglass.hunt.rules.condition import And, Condition, Kind, Match, Not, Or, Part, disjunction
from waspglass.hunt.rules.regex_tree import parsed
from waspglass.hunt.rules.searching import regex_flags
from waspglass.hunt.rules.windows_events import EVENT_FORMATS
from waspglass.packs.pack import ArtefactKind

__all__ = ["OPERATORS", "operator_condition", "without_scheme"]

_DRIVE = re.compile(r"^[A-Za-z]:(?=[\\/])")
_Fields = Mapping[str, tuple[str, ...]]
_FILES = ("web_file", "pe_version")
_WEB = ("w3c", "httperr", "diagnostics_csv")


def _events(*names: str) -> _Fields:
    return dict.fromkeys((*EVENT_FORMATS, "hive"), names)


_WHOLE: Mapping[str, _Fields] = {
    "domain": {
        "w3c": ("cs-host", "cs(Host)"),
        "diagnostics_csv": ("UrlHost",),
        **_events("QueryName", "DestinationHostname"),
    },
    "host": {"w3c": ("cs-host", "cs(Host)"), "diagnostics_csv": ("UrlHost",)},
    "user_agent": {"w3c": ("cs(User-Agent)",), "diagnostics_csv": ("UserAgent",)},
    "referer": {"w3c": ("cs(Referer)",)},
    "cookie": {"w3c": ("cs(Cookie)",)},
    "method": {"w3c": ("cs-method",), "httperr": ("cs-method",), "diagnostics_csv": ("Method",)},
    "request": {"w3c": ("request-uri",), "httperr": ("cs-uri",)},
    "port": {"w3c": ("s-port",), "httperr": ("s-port",), **_events("DestinationPort", "DestPort")},
    "client_port": {"w3c": ("c-port",), "httperr": ("c-port",), **_events("SourcePort", "IpPort")},
    "protocol": _events("Protocol"),
    "command_line": _events("CommandLine"),
    "parent_command_line": _events("ParentCommandLine"),
    "current_directory": _events("CurrentDirectory"),
    "registry_data": _events("Details"),
    "imphash": _events("Imphash"),
    **{name: dict.fromkeys(_FILES, (name,)) for name in ("name", "folder", "size", "sha256", "sha1", "md5")},
}
"""Type -> format -> the fields whose whole value is the thing."""
_PROCESS = ("Image", "NewProcessName")
_PARENT = ("ParentImage", "ParentProcessName")
_PARTLY: Mapping[str, tuple[_Fields, str, str, str]] = {
    "name": (_events("TargetFilename"), r"(?:^|[\\/])", r"[^\\/]", "$"),
    "folder": (_events("TargetFilename"), r"(?:^|[\\/])", ".", r"[\\/][^\\/]+$"),
    "process": (_events(*_PROCESS), r"(?:^|[\\/])", r"[^\\/]", "$"),
    "parent": (_events(*_PARENT), r"(?:^|[\\/])", r"[^\\/]", "$"),
    "registry_key": (_events("TargetObject"), "^", ".", r"(?:\\[^\\]*)?$"),
    "registry_value": (_events("TargetObject"), r"\\", r"[^\\]", "$"),
    "imphash": (_events("Hashes"), "IMPHASH=", "[0-9A-Fa-f]", "(?:,|$)"),
    "account": (
        {
            "w3c": ("cs-username",),
            "diagnostics_csv": ("AuthenticatedUser",),
            **_events("User", "SubjectUserName", "TargetUserName"),
        },
        r"(?:^|\\)", r"[^\\@]", r"(?:@[^\\]*)?$",
    ),
}  # fmt: skip
"""Type -> fields of which the thing is a part: what stands before it, what a wildcard is, what stands behind."""
_TOKENS: Mapping[str, tuple[str, str, str]] = {
    "domain": (r"(?:^|[^0-9A-Za-z_-])", "[0-9A-Za-z_.-]", r"(?:$|[^0-9A-Za-z_.-]|\.(?:$|[^0-9A-Za-z]))"),
    "address": (r"(?:^|[^0-9A-Za-z_.:-])", "[0-9A-Fa-f.:]", r"(?:$|[^0-9A-Za-z_.-]|\.(?:$|[^0-9A-Za-z]))"),
    "url": (r"(?:^|[^0-9A-Za-z_.-])", r"""[^\s"'<>]""", r"""(?:$|[\s"'<>,;&)\]}]|[.](?:$|\s))"""),
    "email": (r"(?:^|[^0-9A-Za-z._+-])", r"[0-9A-Za-z._+@-]", r"(?:$|[^0-9A-Za-z_.-]|\.(?:$|[^0-9A-Za-z]))"),
}
"""Type -> edges and wildcard of what may stand anywhere in any value."""
_EXACT = frozenset({"", "like", "matches", "not", "not like", "not matches", "exists"})
OPERATORS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(_WHOLE, _EXACT),
    **dict.fromkeys(_PARTLY, frozenset({"", "like"})),
    **dict.fromkeys(("name", "folder"), _EXACT),
    "domain": _EXACT - {"exists"},
    "url": frozenset({"", "like", "matches"}),
    "email": frozenset({"", "like"}),
    "address": frozenset({"", "like", "not", "not like"}),
    **dict.fromkeys(("port", "client_port", "size"), frozenset({"", "not", "exists"})),
    **dict.fromkeys(("sha256", "sha1", "md5"), frozenset({"", "not"})),
    "imphash": frozenset({""}),
    "protocol": frozenset({""}),
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
    form = kind.format
    if name == "protocol" and form in _WEB:
        return And(()) if value.lower() in ("tcp", "http", "https", "ipv4", "ipv6") else None
    if word.startswith("not"):
        return _negated(name, word.removeprefix("not").strip(), value, kind)
    if name == "url" and word == "matches":
        return _url_matches(value, form)
    if word == "like" and name in _TOKENS:
        return _token(name, value) if form in _WEB or form in EVENT_FORMATS else None
    found = [_of_field(name, field, word, value) for field in _WHOLE.get(name, {}).get(form, ())]
    if word in ("", "like") and name in _PARTLY:
        found += [_part(name, field, word, value) for field in _PARTLY[name][0].get(form, ())]
    return disjunction(found) if found else None


def _negated(name: str, word: str, value: str, kind: ArtefactKind) -> Condition | None:
    """A field that is there, and is something else: what is absent is not unequal in STIX."""
    fields = kind.actor.address if name == "address" else _WHOLE.get(name, {}).get(kind.format, ())
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
    end: tuple[Part, ...] = ()
    if name == "folder" and word in ("", "like"):  # evidence may lack the letter of the drive
        value, end = _DRIVE.sub("", value).rstrip("\\/"), (("any", ""),)
    match word:
        case "matches":
            return Match(field, Kind.REGEX, text=value)
        case "exists":
            return _has_value(field)
        case "<" | "<=" | ">" | ">=":
            return Match(field, Kind.COMPARE, number=float(value), flags=word)
        case "like":
            return Match(field, Kind.PATTERN, parts=(*end, *_parts(value)))
    return Match(field, Kind.PATTERN, parts=(*end, ("text", value)))


def _parts(like: str) -> tuple[Part, ...]:
    pieces = re.split("([%_])", like)
    kinds = {"%": ("any", ""), "_": ("one", "")}
    return tuple(kinds.get(piece, ("text", piece)) for piece in pieces if piece)


def _like(value: str, anything: str) -> str:
    return "".join(
        f"{anything}*" if one == "%" else anything if one == "_" else re.escape(one) for one in re.sub("%+", "%", value)
    )


def _part(name: str, field: str, word: str, value: str) -> Condition:
    _, before, anything, after = _PARTLY[name]
    if name == "registry_key":
        value = _hive(value)
    if name == "folder":
        value = _DRIVE.sub("", value).strip("\\/")
    body = _like(value, anything) if word == "like" else re.escape(value)
    if name == "registry_key" and value.startswith("HKU\\*\\"):
        body = r"HKU\\[^\\]+\\" + (_like(value[6:], anything) if word == "like" else re.escape(value[6:]))
    return Match(field, Kind.REGEX, text=f"{before}{body}{after}", flags="i")


_HIVES = {
    "HKEY_LOCAL_MACHINE": "HKLM",
    "HKEY_USERS": "HKU",
    "HKEY_CLASSES_ROOT": "HKCR",
    "HKEY_CURRENT_USER": "HKU\\*",
    "HKCU": "HKU\\*",
}


def _hive(key: str) -> str:
    """The key as Sysmon writes it; the current user is one of the users."""
    root, slash, rest = key.partition("\\")
    return f"{_HIVES.get(root.upper(), root)}{slash}{rest}"


def _token(name: str, like: str) -> Condition:
    before, anything, after = _TOKENS[name]
    whole = without_scheme(like) if name == "url" else like
    head, tail = whole.startswith("%"), whole.endswith("%")
    text = _like(whole.strip("%"), anything)
    return Match(None, Kind.REGEX, text=f"{'' if head else before}{text}{'' if tail else after}", flags="i")


def without_scheme(url: str) -> str:
    """What logs may show of a URL: `http://`, and `http%://` of a LIKE, are not in them."""
    return re.sub(r"^[a-z0-9+.%_-]+://", "", url, flags=re.IGNORECASE)


def _url_matches(regex: str, form: str) -> Condition | None:
    """Logs of requests have what follows the host; an expression that is anchored needs the whole URL."""
    whole = ("cs(Referer)",) if form == "w3c" else ()
    rest = {"w3c": ("request-uri",), "httperr": ("cs-uri",), "diagnostics_csv": ("UrlStem",)}.get(form, ())
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
