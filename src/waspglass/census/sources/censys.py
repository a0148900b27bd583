"""Censys hosts, one JSON object a line: the Search 2.0 form (`ip`, `services`) and the Platform's, bare or wrapped.

A host has many services; each becomes a sighting of its own. The Platform keeps responses in `endpoints` and the
certificate in `cert` (fields of the Platform's query language, docs.censys.com).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import ClassVar

import msgspec
import polars as pl

from waspglass.census.sighting import Tally
from waspglass.census.signs import HONEYPOT, Sign, Signs
from waspglass.census.sources.content import Content
from waspglass.census.sources.json_lines import decode_lines
from waspglass.census.sources.source import Head, Reader, row_frames
from waspglass.model.skip import SkipReason

__all__ = ["Censys"]

_DECOYS = {"honeypot", "tarpit", "tarpits"}
"""Labels of a service or a host that mean a honeypot: texts in Search 2.0, objects in the Platform.

docs.censys.com, "Labels" of Legacy Search. Its label `truncated` of a host is none of them: it says that the host has
more than a hundred services, as those behind some firewalls do ("Search 2.0 FAQ"), and a true one may be among them.
"""


class _Location(msgspec.Struct, gc=False):
    country_code: str | None = None
    province: str | None = None
    city: str | None = None


class _System(msgspec.Struct, gc=False):
    asn: int | None = None
    name: str | None = None
    organization: str | None = None


class _Names(msgspec.Struct, gc=False):
    names: list[str] | None = None


class _Dns(msgspec.Struct, gc=False):
    names: list[str] | None = None
    reverse_dns: _Names | None = None


class _Field(msgspec.Struct, gc=False):
    key: str | None = None
    value: str | None = None


class _Response(msgspec.Struct, gc=False):
    html_title: str | None = None
    body: str | None = None
    headers: dict[str, msgspec.Raw] | list[_Field] | None = None


class _Http(msgspec.Struct, gc=False):
    response: _Response | None = None


class _Endpoint(msgspec.Struct, gc=False):
    http: _Response | None = None


class _Certificates(msgspec.Struct, gc=False):
    leaf_fp_sha_256: str | None = None
    leaf_data: _Names | None = None


class _Tls(msgspec.Struct, gc=False):
    certificates: _Certificates | None = None
    fingerprint_sha256: str | None = None


class _Certificate(msgspec.Struct, gc=False):
    fingerprint_sha256: str | None = None
    names: list[str] | None = None


class _Software(msgspec.Struct, gc=False):
    uniform_resource_identifier: str | None = None
    cpe: str | None = None
    version: str | None = None


class _Label(msgspec.Struct, gc=False):
    value: str | None = None


_LABELS = msgspec.json.Decoder(list[str | _Label])
_NO_LABELS = msgspec.Raw(b"[]")


def _mean_honeypot(labels: msgspec.Raw) -> bool:
    """False for labels of another form, which hinder no record from being read."""
    try:
        found = _LABELS.decode(labels)
    except ValueError:
        return False
    return any(((each if isinstance(each, str) else each.value) or "").lower() in _DECOYS for each in found)


class _Service(msgspec.Struct, gc=False):
    port: int | None = None
    transport_protocol: str | None = None
    observed_at: str | None = None
    scan_time: str | None = None
    http: _Http | None = None
    tls: _Tls | None = None
    certificate: str | None = None
    endpoints: list[_Endpoint] | None = None
    cert: _Certificate | None = None
    software: list[_Software] | None = None
    labels: msgspec.Raw = _NO_LABELS
    truncated: msgspec.Raw = msgspec.Raw()

    @property
    def decoy(self) -> bool:
        """True if Censys takes it for a honeypot, or (`truncated`) for no service of its own."""
        return bytes(self.truncated) == b"true" or _mean_honeypot(self.labels)


class _Host(msgspec.Struct, gc=False):
    ip: str | None = None
    services: list[_Service] | None = None
    location: _Location | None = None
    autonomous_system: _System | None = None
    dns: _Dns | None = None
    last_updated_at: str | None = None
    labels: msgspec.Raw = _NO_LABELS


class _Wrapped(msgspec.Struct, gc=False):
    resource: _Host | None = None


class _Hit(_Host, gc=False):
    resource: _Host | None = None
    host_v1: _Wrapped | None = None
    host: _Host | None = None

    def unwrapped(self) -> _Host:
        """The host, as searches, look-ups and downloads wrap it."""
        inner = ((self.host_v1 or _Wrapped()).resource, self.resource, self.host)
        return next((host for host in inner if host is not None and host.ip is not None), self)


class _Result(_Hit, gc=False):
    hits: list[_Hit] | None = None


class _Line(_Result, gc=False):
    result: _Result | None = None

    def hosts(self) -> list[_Host]:
        """The host of a line, or those of a whole answer of a search."""
        answers: list[_Result] = [self] if self.result is None else [self, self.result]
        hits = [hit.unwrapped() for answer in answers for hit in answer.hits or ()]
        return hits or [next((host for each in answers if (host := each.unwrapped()).ip is not None), self)]


_COLUMNS = tuple(
    "line address port transport seen country region city asn network organisation product version version_from"  # noqa: SIM905
    " names server_name certificate".split()
)


class Censys(Reader):
    """Reads Censys host records."""

    format: ClassVar[str] = "censys"

    def recognises(self, head: Head) -> bool:
        """The fields `services` and `ip` are in both forms, and in those of others, such as ODIN; Shodan has none.

        ODIN calls the address's network `asn`, and a service's transport `protocol`.
        """
        line = head.line
        ours = line.startswith(b"{") and b'"services"' in line and b'"ip"' in line and b'"_shodan"' not in line
        return ours and b'"asn":{"number"' not in line.replace(b" ", b"")

    def read(self, content: Content, head: Head, tally: Tally) -> Iterator[pl.DataFrame]:  # noqa: ARG002
        """Yields the services; see `Source.read`."""
        yield from row_frames(_COLUMNS, self._hosts(content, tally))

    def _hosts(self, content: Content, tally: Tally) -> Iterator[list[tuple[object, ...]]]:
        for number, line in decode_lines(content, _Line, tally):
            for host in line.hosts():
                if not host.services:
                    tally.add(SkipReason.EMPTY, f"line {number}: a host without services")
                yield [_row(number, host, service, self._signs) for service in host.services or ()]


def _row(number: int, host: _Host, service: _Service, signs: Signs) -> tuple[object, ...]:
    place, system = host.location or _Location(), host.autonomous_system or _System()
    sign = _sign(service, signs)
    certificate, names = _certificate(service)
    dns = host.dns or _Dns()
    names += [*(dns.names or ()), *((dns.reverse_dns or _Names()).names or ())]
    return (
        number,
        host.ip,
        service.port,
        service.transport_protocol,
        service.observed_at or service.scan_time or host.last_updated_at,
        place.country_code,
        place.province,
        place.city,
        None if system.asn is None else str(system.asn),
        system.name,
        system.organization,
        HONEYPOT if service.decoy or _mean_honeypot(host.labels) else None if sign is None else sign.product,
        None if sign is None else sign.version,
        None if sign is None else sign.origin,
        names,
        None if sign is None else sign.server_name,
        certificate,
    )


def _sign(service: _Service, signs: Signs) -> Sign | None:
    """The best sign of the service's responses: one in Search 2.0, one a page (`endpoints`) in the Platform."""
    responses = [endpoint.http for endpoint in service.endpoints or () if endpoint.http is not None]
    if service.http is not None and service.http.response is not None:
        responses.insert(0, service.http.response)
    heads = [_header_text(response) for response in responses]
    shown = [signs.read(head, response.body or "") for head, response in zip(heads, responses, strict=True)]
    found = [sign for sign in shown if sign is not None]
    if found:
        return max(found, key=lambda sign: sign.origin == "header")
    titles = (signs.told(each.html_title, None, head) for head, each in zip(heads, responses, strict=True))
    software = (
        signs.told(None, each.uniform_resource_identifier or each.cpe, version=each.version)
        for each in service.software or ()
    )
    return next((sign for sign in chain(titles, software) if sign is not None), None)


def _header_text(response: _Response) -> str:
    """Censys writes `X_OWA_Version: ["15.1..."]` or `{"headers": [...]}` or `key` and `value`: header lines of any."""
    if isinstance(response.headers, list):
        return "\n".join(["", *(f"{each.key}: {each.value}" for each in response.headers if each.value is not None)])
    lines = [""]
    for name, raw in (response.headers or {}).items():
        try:
            value = msgspec.json.decode(raw)
        except (ValueError, RecursionError):  # bytes that are not UTF-8 are seen only here
            continue
        if isinstance(value, dict):
            value = value.get("headers")
        if isinstance(value, list):
            value = value[0] if value else None
        if isinstance(value, str):
            lines.append(f"{name.replace('_', '-')}: {value}")
    return "\n".join(lines)


def _certificate(service: _Service) -> tuple[str | None, list[str]]:
    tls = service.tls or _Tls()
    chain = tls.certificates or _Certificates()
    names = list((chain.leaf_data or _Names()).names or ())
    own = service.cert or _Certificate()
    names += own.names or ()
    return (
        service.certificate or chain.leaf_fp_sha_256 or own.fingerprint_sha256 or tls.fingerprint_sha256,
        names,
    )
