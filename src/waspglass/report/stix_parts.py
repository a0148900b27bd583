"""The grammar of STIX 2.1 that the bundle needs: deterministic ids, times, markings, observables and patterns.

Sources: STIX 2.1 (OASIS Standard, 10 June 2021), sections 2.9 (identifiers), 6 (observables), 9 (patterns); TLP 2.0
markings from oasis-open/cti-stix-common-objects, extension `tlp-2.0`.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from waspglass.report.tlp import Tlp
from waspglass.report.visible import visible

__all__ = [
    "StixObject",
    "account_object",
    "address_object",
    "address_pattern",
    "address_text",
    "file_objects",
    "identifier",
    "implant_patterns",
    "marking",
    "moment",
    "names_file",
    "routable",
]

StixObject = dict[str, object]

_OBSERVABLES = UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""The namespace that STIX 2.1 gives for ids of observables, so that all tools agree on them."""
_OURS = uuid5(NAMESPACE_URL, "https://github.com/waspglass/waspglass")
_TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
_TLP = {
    Tlp.CLEAR: "94868c89-83c2-464b-929b-a1a8aa3c8487",
    Tlp.GREEN: "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    Tlp.AMBER: "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    Tlp.AMBER_STRICT: "939a9414-2ddd-4d32-a0cd-375ea402b003",
    Tlp.RED: "e828b379-4e03-4974-9ac4-e53a884c97c1",
}
_WITH_PORT = re.compile(r"(\d+\.\d+\.\d+\.\d+):\d+|\[([0-9A-Fa-f:.]+)(?:%[^\]]*)?\](?::\d+)?")
_LOCAL = tuple(
    ipaddress.ip_network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
                    "0.0.0.0/8", "224.0.0.0/3", "::/127", "fe80::/10", "fc00::/7", "ff00::/8")
)  # fmt: skip
_FILE = re.compile(r"[\\/]|\.\w+$")
"""In what names a file: a folder or an ending. A task or the setting of a directory has a name of its own."""


def identifier(kind: str, *parts: str) -> str:
    """The id of an object of ours: the same parts always give the same id."""
    return f"{kind}--{uuid5(_OURS, json.dumps([kind, *parts]))}"


def moment(when: datetime) -> str:
    """A time to the millisecond, as STIX wants it."""
    return f"{when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def marking(level: Tlp) -> StixObject:
    """The published marking definition of a TLP 2.0 level."""
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": f"marking-definition--{_TLP[level]}",
        "created": "2022-10-01T00:00:00.000Z",
        "name": level.label,
        "extensions": {_TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": level.value}},
    }


def _observable(kind: str, values: Mapping[str, object]) -> StixObject:
    """An observable whose id follows from its values, all of which contribute to the id."""
    canonical = json.dumps(dict(sorted(values.items())), separators=(",", ":"), ensure_ascii=False)
    return {"type": kind, "spec_version": "2.1", "id": f"{kind}--{uuid5(_OBSERVABLES, canonical)}", **values}


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    found = _WITH_PORT.fullmatch(address.strip())
    text = (found[1] or found[2]) if found else address.strip().split("%")[0]
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (parsed.ipv4_mapped if parsed.version == 6 else None) or parsed


def address_text(address: str) -> str:
    """An address without the port or zone that a log may write with it; as it is if it is none."""
    parsed = _parsed(address)
    return address if parsed is None else str(parsed)


def address_object(address: str) -> StixObject | None:
    """An address as a log writes it (perhaps with port or zone); None if it is none."""
    parsed = _parsed(address)
    return None if parsed is None else _observable(f"ipv{parsed.version}-addr", {"value": str(parsed)})


def routable(address: str) -> bool:
    """True if the address can belong to somebody outside: private, loopback and link-local ones point to nobody."""
    parsed = _parsed(address)
    return parsed is not None and not any(parsed in network for network in _LOCAL)


def account_object(account: str) -> StixObject:
    """A user account by its login."""
    return _observable("user-account", {"account_login": visible(account)})


def names_file(subject: str) -> bool:
    """Whether what a finding is about is a file, by how it is called."""
    return _FILE.search(subject) is not None


def file_objects(subject: str, sha256: str | None = None) -> tuple[StixObject, ...]:
    """An implant as a file, with its folder where the subject names one; empty if the subject names no file."""
    if not names_file(subject):
        return ()
    folder, _, name = visible(subject).replace("\\\\", "\\").replace("\\", "/").rpartition("/")
    if not name:
        return ()
    values: dict[str, object] = {"name": name}
    if sha256:
        values["hashes"] = {"SHA-256": sha256}
    if not folder:
        return (_observable("file", values),)
    directory = _observable("directory", {"path": folder})
    return (_observable("file", values | {"parent_directory_ref": directory["id"]}), directory)


def address_pattern(address: StixObject) -> str:
    """A pattern that matches traffic of an address, of `address_object`."""
    return f"[{address['type']}:value = {_literal(str(address['value']))}]"


def implant_patterns(subject: str, sha256: str | None = None, *, named: bool = True) -> tuple[str, ...]:
    """Patterns for the file by its digest and for requests to it by its URL path, or else for the file by its name.

    By its digest only if it is not `named`: its name is that of a page which others have, too.

    The digest is apart, because MISP takes a pattern of one type of object for what it is, and keeps one that mixes
    types as text. That is right for requests: by itself it would search for the URL with its `%`, and drop the path.
    """
    shown = visible(subject)
    digests = (f"[file:hashes.'SHA-256' = {_literal(sha256)}]",) if sha256 else ()
    if not named:
        return digests
    if shown.startswith("/"):
        request = "network-traffic:extensions.'http-request-ext'.request_value"
        return *digests, f"[{request} = {_literal(shown)}] OR [url:value LIKE {_literal('%' + shown)}]"
    name = shown.replace("\\", "/").rpartition("/")[2] or shown
    return digests or (f"[file:name = {_literal(name)}]",)


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
