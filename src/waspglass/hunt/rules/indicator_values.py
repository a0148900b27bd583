"""The values of indicators as they are compared: what lists call a type, defanged values, values that mean nobody."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from waspglass.hunt.rules.rule import Indicator, Meaning
from waspglass.model.escape import bounded, printable
from waspglass.model.finding import Effect, Rung

__all__ = ["PLAIN", "LeftOut", "made_indicator", "parts_called", "squeezed", "type_called", "type_of_value"]

PLAIN = frozenset(
    {"address", "domain", "email", "url", "user_agent", "path", "name", "session", "sha256", "sha1", "md5"}
)
"""Types that are looked for in more places than the fields that hold just them."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Values of a list that are not hunted, for the same reason: why, and how many."""

    detail: str
    count: int


_ALIASES = {
    "address": (
        "address", "cidr", "dstip", "ip", "ipaddress", "ipdst", "ip:port", "ipport", "ipsrc", "ipv4", "ipv4addr",
        "ipv6", "ipv6addr", "srcip",
    ),
    "domain": ("domain", "domainname", "fqdn", "host", "hostname"),
    "url": ("link", "uri", "url"),
    "user_agent": ("useragent",),
    "email": ("email", "emailaddr", "emaildst", "emailsender", "emailsrc"),
    "path": ("filepath", "filepathname", "path", "urlpath"),
    "name": ("file", "filename", "name"),
    "sha256": ("filehashsha256", "filesha256", "hashsha256", "sha256", "sha256hash"),
    "sha1": ("filehashsha1", "filesha1", "hashsha1", "sha1", "sha1hash"),
    "md5": ("filehashmd5", "filemd5", "hashmd5", "md5", "md5hash"),
}  # fmt: skip
_TYPES = {alias: name for name, aliases in _ALIASES.items() for alias in aliases}
_JOINTS = re.compile(r"[\s_-]+")


def squeezed(name: str) -> str:
    """The name of a column or a type without what lists join words by: `IP address`, `ip_address`, `ip-address`."""
    return _JOINTS.sub("", name.lower())


def type_called(name: str) -> str | None:
    """Our name of a type, whatever a list calls it; None for what is not hunted."""
    return _TYPES.get(squeezed(name))


def parts_called(types: str) -> list[str]:
    """The types of which a type of MISP is made (`ip-dst|port`), as lists call them."""
    return ("filename|md5" if squeezed(types) == "malwaresample" else types).split("|")


_LONGEST = 4096
"""Characters of a value; no address, name or path is longer."""
_HASHES = {64: "sha256", 40: "sha1", 32: "md5"}
_HASH = re.compile(r"[0-9a-f]+")
_OF_NOTHING = frozenset(hashlib.new(kind, b"", usedforsecurity=False).hexdigest() for kind in _HASHES.values())
"""Of an empty file, which lists hold by mistake."""
_DEFANGED = (
    ("[.]", "."), ("(.)", "."), ("{.}", "."), ("[dot]", "."), ("(dot)", "."), ("{dot}", "."), ("[:]", ":"),
    ("[://]", "://"), ("[@]", "@"), ("(at)", "@"), ("[at]", "@"),
)  # fmt: skip
_SCHEME = re.compile(r"^(?:h(?:xx|tt)ps?|fxp)(?=\W)")
_PORT = re.compile(r"^(?:\[([0-9a-f:.]+)\]|([0-9.]+)):[0-9]{1,5}$")
_DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]+)")
_EMAIL = re.compile(r"[^\s@/\\]+@[^\s@/\\]+\.[^\s@/\\]+")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/]+\S*")
_PATH = re.compile(r"[a-z]:\\[^\\].*")
_FILE = re.compile(r"[^\s/\\:]+\.(?:as[acmhp]x|asp|exe|dll|ps1|bat|cmd|vbs|js|php|jsp|cer|zip|rar|7z|dmp)")
_NOBODY = frozenset({"localhost", "localhost.localdomain", "example.com"})


def _usual_meaning(kind: str) -> Meaning:
    """A hint; what lies in files points higher than who called."""
    called = kind.split()[0] in ("address", "domain", "url", "user_agent", "email")
    return Meaning(Rung.PROBED if called else Rung.IMPLANTED, Effect.HINT)


def made_indicator(kind: str, value: str, source: str, title: str, meaning: Meaning | None = None) -> Indicator | None:
    """None for a value that cannot be one of its type, is too short to mean anything, or means nobody.

    Args:
        kind: One of `PLAIN`, or a type whose values are compared as they are written, with an operator perhaps.
        value: As a list or a pattern has it.
        source: The file that it came from.
        title: One line; if empty, the value is named.
        meaning: None for the usual of its type.
    """
    meaning = meaning or _usual_meaning(kind)
    if kind not in PLAIN:
        return Indicator(kind, value, f"{kind}:{value}", title or f"{kind} {printable(value)[:120]}", meaning, source)
    plain = _normal(kind, value) if len(value) <= _LONGEST else None
    if plain is None:
        return None
    if kind == "name" and "\\" in plain:
        kind = "path"
    name = title or f"Indicator: {bounded(printable(plain), 120)}"
    return Indicator(kind, plain, f"{kind}:{plain}", name, meaning, source)


def type_of_value(value: str) -> str | None:
    """What a value without a type is, by its shape; None for anything else."""
    if len(value) > _LONGEST:
        return None
    plain = _refanged(value.strip().lower())
    if _HASH.fullmatch(plain) and len(plain) in _HASHES:
        return _HASHES[len(plain)]
    shapes = (("url", _URL), ("email", _EMAIL), ("path", _PATH), ("name", _FILE), ("domain", _DOMAIN))
    if _parsed(_without_port(plain)) is not None:
        return "address"
    return next((kind for kind, shape in shapes if shape.fullmatch(plain)), None)


def _refanged(value: str) -> str:
    value = _SCHEME.sub(lambda one: one[0].replace("xx", "tt").replace("fxp", "ftp"), value)
    for written, meant in _DEFANGED:
        value = value.replace(written, meant)
    return value


def _without_port(value: str) -> str:
    found = _PORT.match(value)
    return value if found is None else found[1] or found[2]


def _normal(kind: str, value: str) -> str | None:
    """The value as it is compared; lists that people pass on are often defanged (`198.51.100[.]7`, `hxxp://`)."""
    value = value.strip()
    if kind != "user_agent":
        value = value.lower()
    if kind in ("address", "domain", "url", "email"):
        value = _refanged(value)
    match kind:
        case "address":
            return _network(_without_port(value))
        case "domain":
            value = value.strip(".")
            return None if value in _NOBODY or len(value) < 4 else value
        case "url":
            return value if len(value.partition("://")[2].rstrip("/") if "://" in value else value) >= 4 else None
        case "email":
            return value if _EMAIL.fullmatch(value) else None
        case "path" | "name":
            value = value.replace("/", "\\") if re.match(r"[a-z]:[\\/]|%", value) else value
        case "sha256" | "sha1" | "md5":
            known = _HASH.fullmatch(value) and _HASHES.get(len(value)) == kind
            return value if known and value not in _OF_NOTHING else None
    return None if len(value) < 4 else value


def _network(value: str) -> str | None:
    """An address, or a network (`198.51.100.0/24`) if it is one of more than one address; not one that means nobody."""
    network = _parsed(value)
    if network is None or network.prefixlen == 0 or str(network) == "255.255.255.255/32":
        return None
    if network.is_loopback or network.is_unspecified or network.is_multicast or network.is_link_local:
        return None
    return value.partition("/")[0] if network.num_addresses == 1 else str(network)


def _parsed(value: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(value, strict=False)
    except ValueError:
        return None
