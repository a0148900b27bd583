"""What the objects and properties of STIX patterns are called here, and which of their comparisons can be decided."""

from __future__ import annotations

import math
import re
from ipaddress import IPv4Network, IPv6Network, ip_network

from waspglass.hunt.rules.errors import UnsupportedRuleError
from waspglass.hunt.rules.indicator_operators import OPERATORS, without_scheme
from waspglass.hunt.rules.regex_literals import literals_of
from waspglass.hunt.rules.searching import checked_expression
from waspglass.hunt.rules.stix_patterns import Comparison

__all__ = ["Ask", "asks", "selective"]

Ask = tuple[str, str]
"""A type of indicator, with an operator behind a blank where it is not "is"; and a value."""

_HTTP = "extensions.http-request-ext"
_TYPES = {
    "address": (
        "ipv4-addr:value", "ipv6-addr:value", "network-traffic:src_ref.value", "network-traffic:dst_ref.value",
        "domain-name:resolves_to_refs.value",
    ),
    "domain": ("domain-name:value",),
    "email": ("email-addr:value", "email-message:from_ref.value", "email-message:sender_ref.value"),
    "url": ("url:value",),
    "name": ("file:name",),
    "folder": ("file:parent_directory_ref.path", "directory:path"),
    "size": ("file:size",),
    "user_agent": (f"network-traffic:{_HTTP}.request_header.user-agent",),
    "host": (f"network-traffic:{_HTTP}.request_header.host",),
    "referer": (f"network-traffic:{_HTTP}.request_header.referer",),
    "cookie": (f"network-traffic:{_HTTP}.request_header.cookie",),
    "method": (f"network-traffic:{_HTTP}.request_method",),
    "request": (f"network-traffic:{_HTTP}.request_value",),
    "protocol": ("network-traffic:protocols",),
    "port": ("network-traffic:dst_port",),
    "client_port": ("network-traffic:src_port",),
    "process": ("process:name", "process:binary_ref.name", "process:image_ref.name"),
    "parent": ("process:parent_ref.name", "process:parent_ref.binary_ref.name", "process:parent_ref.image_ref.name"),
    "command_line": ("process:command_line",),
    "parent_command_line": ("process:parent_ref.command_line",),
    "current_directory": ("process:cwd",),
    "account": (
        "user-account:account_login", "user-account:user_id", "user-account:display_name",
        "process:creator_user_ref.account_login", "process:creator_user_ref.user_id",
    ),
    "registry_key": ("windows-registry-key:key",),
    "registry_value": ("windows-registry-key:values.name",),
    "registry_data": ("windows-registry-key:values.data",),
}  # fmt: skip
_KNOWN = {path: name for name, paths in _TYPES.items() for path in paths}
_HASHED = re.compile(
    r"(?:file:|artifact:|process:(?:binary|image)_ref\.|file:content_ref\.)hashes\.(?:hash-)?(md5|sha-?1|sha-?256|imphash)"
)
_NUMBERS = frozenset({"port", "client_port", "size"})
_ORDERED = frozenset({"<", "<=", ">", ">="})
_SELECTS = frozenset({"", "like", "matches"})
_SAYS_LITTLE = frozenset({"protocol", "port", "client_port", "size", "method"})


def asks(part: Comparison) -> list[tuple[Ask, ...]]:
    """The alternatives of a comparison, each with all that a record must show; empty where it only repeats the type.

    Raises:
        UnsupportedRuleError: If no record shows such a thing, or it cannot be compared so.
    """
    if part.path.endswith("_ref.type") and part.operator in ("=", "IN") and not part.negated:
        return [()]
    name = _type_of(part)
    if part.typed:
        raise UnsupportedRuleError(f"{part.object}:{part.path} is compared with a time or bytes, which no record shows")
    values = list(part.values)
    word = {"=": "", "IN": "", "ISSUBSET": "", "ISSUPERSET": ""}.get(part.operator, part.operator.lower())
    if part.operator in ("ISSUBSET", "ISSUPERSET"):
        values = [_network(name, part)]
    if part.negated:
        word = f"not {word}".strip()
    allowed = OPERATORS.get(name, frozenset({""}))
    if part.operator in _ORDERED and name in _NUMBERS and not part.negated:
        allowed = allowed | _ORDERED
    if word not in allowed:
        raise UnsupportedRuleError(f"{part.object}:{part.path} cannot be compared with {_written(part)}")
    checked = [_checked(name, word, value) for value in values] or [""]
    what = f"{name} {word}".strip()
    if part.negated:
        return [tuple((what, value) for value in checked)]
    return [((what, value),) for value in checked]


def _written(part: Comparison) -> str:
    return f"NOT {part.operator}" if part.negated else part.operator


def _type_of(part: Comparison) -> str:
    whole = f"{part.object}:{part.path}"
    if found := _HASHED.fullmatch(whole):
        return found[1].replace("-", "")
    if whole not in _KNOWN:
        raise UnsupportedRuleError(f"no record here shows {whole}")
    return _KNOWN[whole]


def _network(name: str, part: Comparison) -> str:
    if name != "address":
        raise UnsupportedRuleError(f"{part.operator} is for addresses")
    network = _parsed(part.values[0])
    if part.operator == "ISSUPERSET" and network.num_addresses > 1:
        raise UnsupportedRuleError("ISSUPERSET of a network: records show addresses, and no address holds a network")
    return part.values[0]


def _parsed(value: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(value, strict=False)
    except ValueError:
        raise UnsupportedRuleError(f"{value[:60]!r} is neither an address nor a network") from None


def _checked(name: str, word: str, value: str) -> str:
    if name in _NUMBERS:
        return _number(value)
    if (name, word) == ("address", "not"):
        _parsed(value)
    if len(value) > 4096:
        raise UnsupportedRuleError("a value of more than 4096 characters")
    if word.endswith("like") and len(re.sub("[%_]", "", without_scheme(value) if name == "url" else value)) < 4:
        raise UnsupportedRuleError(f"LIKE {value[:40]!r} fits almost everything")
    if word.endswith("matches"):
        try:
            checked_expression(value)
        except re.error as error:
            raise UnsupportedRuleError(f"not a regular expression: {error}") from None
    return value


def _number(value: str) -> str:
    """As records write it: without the point of a whole number."""
    try:
        number = float(value)
        if math.isfinite(number):
            return str(int(value if value.isdigit() else number)) if number.is_integer() else str(number)
    except ValueError:
        pass
    raise UnsupportedRuleError(f"{value[:40]!r} is no number")


def selective(asked: tuple[Ask, ...]) -> bool:
    """False of what nearly every record shows: `port = 443`, an empty value, or anything but one value."""
    return any(_selects(*what.partition(" ")[::2], value) for what, value in asked)


def _selects(name: str, word: str, value: str) -> bool:
    if name in _SAYS_LITTLE or word not in _SELECTS or not value:
        return False
    return word != "matches" or literals_of(None, value, "") is not None
