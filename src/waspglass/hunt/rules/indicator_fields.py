"""Where a kind of record shows the thing that an indicator names: in which fields, as what part of their values.

A thing may be the whole value of a field (`WHOLE`), a part of it that can be told from the rest (`PARTS`), or stand
anywhere in any value (`TOKENS`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from waspglass.evidence.format import FORMATS

__all__ = ["PARTS", "TOKENS", "WHOLE"]

Fields = Mapping[str, tuple[str, ...]]
"""Format of a log -> its fields."""


def _events(*names: str) -> Fields:
    return dict.fromkeys((*(name for name, one in FORMATS.items() if one.events or one.telemetry), "hive"), names)


def _files(name: str) -> Fields:
    return dict.fromkeys(("web_file", "pe_version"), (name,))


def _visits(name: str) -> Fields:
    """What all sorts of access log name so: W3C, those without a header, and tables made of either."""
    return dict.fromkeys(("w3c", "access_log", "access_table"), (name,))


_HOST: Fields = {"w3c": ("cs-host", "cs(Host)"), "diagnostics_csv": ("UrlHost",)}
WHOLE: Mapping[str, Fields] = {
    "domain": {**_HOST, **_events("QueryName", "DestinationHostname")},
    "host": _HOST,
    "user_agent": {**_visits("cs(User-Agent)"), "diagnostics_csv": ("UserAgent",)},
    "referer": _visits("cs(Referer)"),
    "cookie": {"w3c": ("cs(Cookie)",)},
    "method": {**_visits("cs-method"), "httperr": ("cs-method",), "diagnostics_csv": ("Method",)},
    "request": {**_visits("request-uri"), "httperr": ("cs-uri",)},
    "request_path": {**_visits("cs-uri-stem"), "httperr": ("cs-uri",), "diagnostics_csv": ("UrlStem",)},
    "port": {"w3c": ("s-port",), "httperr": ("s-port",), **_events("DestinationPort", "DestPort")},
    "client_port": {"w3c": ("c-port",), "httperr": ("c-port",), **_events("SourcePort", "IpPort")},
    "protocol": _events("Protocol"),
    "command_line": _events("CommandLine"),
    "parent_command_line": _events("ParentCommandLine"),
    "current_directory": _events("CurrentDirectory"),
    "registry_data": _events("Details"),
    "imphash": _events("Imphash"),
    **{name: _files(name) for name in ("name", "folder", "size", "sha256", "sha1", "md5")},
}
"""Type -> the fields whose whole value is the thing."""


@dataclass(frozen=True, slots=True)
class Token:
    """How a thing stands in a text, as regular expressions: what stands before it, a character of it, what follows."""

    before: str
    one: str
    after: str


_LAST_NAME = Token(r"(?:^|[\\/])", r"[^\\/]", "$")
PARTS: Mapping[str, tuple[Fields, Token]] = {
    "name": (_events("TargetFilename"), _LAST_NAME),
    "folder": (_events("TargetFilename"), Token(r"(?:^|[\\/])", ".", r"[\\/][^\\/]+$")),
    "process": (_events("Image", "NewProcessName"), _LAST_NAME),
    "parent": (_events("ParentImage", "ParentProcessName"), _LAST_NAME),
    "registry_key": (_events("TargetObject"), Token("^", ".", r"(?:\\[^\\]*)?$")),
    "registry_value": (_events("TargetObject"), Token(r"\\", r"[^\\]", "$")),
    "imphash": (_events("Hashes"), Token("IMPHASH=", "[0-9A-Fa-f]", "(?:,|$)")),
    "account": (
        {
            **_visits("cs-username"),
            "diagnostics_csv": ("AuthenticatedUser",),
            **_events("User", "SubjectUserName", "TargetUserName"),
        },
        Token(r"(?:^|\\)", r"[^\\@]", r"(?:@[^\\]*)?$"),
    ),
}
"""Type -> the fields of which it is a part, and how it stands in them."""
_NAME_ENDS = r"(?:$|[^0-9A-Za-z_.-]|\.(?:$|[^0-9A-Za-z]))"
"""Nothing follows that would make it another name; a full stop may."""
TOKENS: Mapping[str, Token] = {
    "domain": Token(r"(?:^|[^0-9A-Za-z_-])", "[0-9A-Za-z_.-]", _NAME_ENDS),
    "address": Token(r"(?:^|[^0-9A-Za-z_.:-])", "[0-9A-Fa-f.:]", _NAME_ENDS),
    "url": Token(r"(?:^|[^0-9A-Za-z_.-])", r"""[^\s"'<>]""", r"""(?:$|[\s"'<>,;&)\]}]|[.](?:$|\s))"""),
    "email": Token(r"(?:^|[^0-9A-Za-z._+-])", r"[0-9A-Za-z._+@-]", _NAME_ENDS),
}
"""Type -> how it stands anywhere in any value."""
