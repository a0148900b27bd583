"""Nmap XML: behavioural tests and version scripts, port by port.

Nmap's test scripts say `VULNERABLE` (also with `(Exploitable)`), `LIKELY VULNERABLE` where they only infer it, and
`NOT VULNERABLE`, which only appears when the script was told to show all results. What a script infers is the source's
word and no test. Silence is not taken for an answer: such a port becomes a sighting without a state. Nor does `NOT
VULNERABLE` say that the product is there: the scripts say it of any web server.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
from collections.abc import Iterator
from typing import ClassVar, cast
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

import polars as pl
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from waspglass.census.errors import ExportError
from waspglass.census.sighting import Tally
from waspglass.census.signs import Sign, Signs
from waspglass.census.sources.content import Content
from waspglass.census.sources.lines import text_blocks, utf16_of
from waspglass.census.sources.source import Head, Reader, port_of, row_frames
from waspglass.model.errors import Location
from waspglass.model.skip import SkipReason

__all__ = ["Nmap"]

_VERSION = re.compile(r"(?<!//)(?<![\w.])\d{1,3}(?:\.\d{1,5}){2,3}\b")
"""A version, and not the host of an address that a script was sent on to."""
_EXACT = re.compile(r"(?<!//)(?<![\w.])\d{1,3}(?:\.\d{1,5}){3}(?=:(?!\d))")
_NOT = re.compile(r"\bNOT VULNERABLE\b", re.IGNORECASE)
_LIKELY = re.compile(r"\b(?:LIKELY|POSSIBLY|POTENTIALLY) VULNERABLE\b", re.IGNORECASE)
_YES = re.compile(r"\bVULNERABLE\b")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
_HOST_LIMIT = 4 << 20
_COLUMNS = tuple(
    "line address port transport seen product version version_from claimed verified refuted names certificate".split()  # noqa: SIM905
)


class Nmap(Reader):
    """Reads what `nmap -oX` writes, host by host."""

    format: ClassVar[str] = "nmap"

    def recognises(self, head: Head) -> bool:
        """The root element."""
        return b"<nmaprun" in head.start[:4096]

    def read(self, content: Content, head: Head, tally: Tally) -> Iterator[pl.DataFrame]:  # noqa: ARG002
        """Yields the open ports; see `Source.read`. The `line` is the number of the host in the file."""
        hosts = enumerate(_hosts(content, tally), 1)
        yield from row_frames(_COLUMNS, (_rows(number, host, self._signs, tally) for number, host in hosts))


def _hosts(content: Content, tally: Tally) -> Iterator[Element]:
    """The `host` elements; a file that ends early gives those before the break, and the break is counted.

    Raises:
        ExportError: If it declares entities (an attack on XML readers) or is not XML from the start.
    """
    # What had a mark of UTF-16 comes as UTF-8, whatever its declaration says.
    encoding = None if utf16_of(content.peek()) is None else "utf-8"
    parser = XMLPullParser(events=("start", "end"), _parser=DefusedXMLParser(encoding=encoding, forbid_dtd=False))
    root: Element | None = None
    found, since = 0, 0
    try:
        for block in text_blocks(content):
            parser.feed(block)
            since += len(block)
            for item in parser.read_events():
                event, element = cast("tuple[str, Element]", item)
                if root is None:
                    root = element
                if event == "end" and element.tag == "host":
                    found, since = found + 1, 0
                    yield element
                    root.clear()  # or the tree of all hosts would grow in memory
            if since > _HOST_LIMIT:
                raise ExportError(
                    f"host {found + 1} is larger than {_HOST_LIMIT} bytes", location=Location(content.shown)
                )
        parser.close()
    except DefusedXmlException as error:
        raise ExportError("it declares XML entities, which no Nmap does", location=Location(content.shown)) from error
    except ParseError as error:
        if not found:
            raise ExportError(f"no XML: {error}", location=Location(content.shown, error.position[0])) from error
        tally.add(SkipReason.TRUNCATED, f"line {error.position[0]}: after host {found}: {error}")


def _rows(number: int, host: Element, signs: Signs, tally: Tally) -> list[tuple[object, ...]]:
    address = next(
        (each.get("addr") for each in host.iter("address") if each.get("addrtype") in ("ipv4", "ipv6")), None
    )
    names = [name for each in host.iter("hostname") if (name := each.get("name"))]
    seen = _time(host.get("endtime") or host.get("starttime"))
    rows = []
    for port in host.iter("port"):
        state = port.find("state")
        if state is None or state.get("state") != "open":
            continue
        rows.append(
            (
                number,
                address,
                port_of(port.get("portid", "")),
                port.get("protocol"),
                seen,
                *_scripts(port, signs),
                names,
                _fingerprint(port),
            )
        )
    scripts = host.find("hostscript")
    told = None if scripts is None else _scripts(scripts, signs)
    if told is not None and any(told):
        rows.append((number, address, None, None, seen, *told, names, None))
    if not rows:
        tally.add(SkipReason.EMPTY, f"host {number}: no open port")
    return rows


def _time(seconds: str | None) -> str | None:
    try:
        return dt.datetime.fromtimestamp(int(seconds or ""), dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return None


def _scripts(found: Element, signs: Signs) -> tuple[object, ...]:
    """Product, version, where it is from, CVEs inferred, CVEs shown, CVEs not found; of a port or of `hostscript`."""
    product: str | None = None
    version: str | None = None
    claimed: list[str] = []
    verified: list[str] = []
    refuted: list[str] = []
    for script in found.iter("script"):
        name, text = script.get("id", ""), script.get("output", "")
        cve = signs.tests.get(name)
        if cve is not None:
            state = next((each.text or "" for each in script.iter("elem") if each.get("key") == "state"), text)
            if _NOT.search(state):
                refuted.append(cve)
            elif (likely := _LIKELY.search(state)) or _YES.search(state):
                (claimed if likely else verified).append(cve)
                product = product or _product_of(name, signs)
        for each in signs.products:
            if name in each.scripts and (shown := _shown_version(text)):
                product, version = each.product, shown
    origin = None if version is None else "script"
    if version is None:
        sign = _answer(found, signs)
        if sign is not None and product in (None, sign.product):
            product, version, origin = sign.product, sign.version, sign.origin
    return product, version, origin, claimed or None, verified or None, refuted or None


def _answer(port: Element, signs: Signs) -> Sign | None:
    """What the port answered, as scripts and the detection of services show it: headers, title, CPE."""
    texts = {script.get("id"): script.get("output", "") for script in port.iter("script")}
    head = "".join(f"\n{line.strip()}" for line in texts.get("http-headers", "").splitlines())
    sign = signs.read(head, "") if head else None
    if sign is not None:
        return sign
    title = next(iter(texts.get("http-title", "").strip().splitlines()), None)
    service = port.find("service")
    version = None if service is None else service.get("version")
    return signs.told(title, [each.text for each in port.iter("cpe")], version=version)


def _shown_version(text: str) -> str | None:
    """The version that a script names first; of several that share its three parts (all that a page shows), those.

    The long form (`15.01.2176.009`) that scripts print beside the short one is the same version. What a header showed
    stands before a colon, above the next older build where the script does not know it.
    """
    exact, found = (
        [".".join(str(int(part)) for part in shown.split(".")) for shown in each.findall(text)]
        for each in (_EXACT, _VERSION)
    )
    if len({*exact}) == 1:
        return exact[0]
    if not found:
        return None
    short = ".".join(found[0].split(".")[:3])
    rivals = {version for version in found if version.startswith(f"{short}.")}
    return found[0] if len(rivals) < 2 else short


def _product_of(script: str, signs: Signs) -> str | None:
    return next((each.product for each in signs.products if script in each.tests), None)


def _fingerprint(port: Element) -> str | None:
    """SHA-256 of the certificate that the script ssl-cert writes, as the other sources have it.

    Nmap before 7.96 writes MD5 and SHA-1 only, which cannot be compared, and the certificate itself (`pem`).
    """
    for script in port.iter("script"):
        if script.get("id") == "ssl-cert":
            told = {each.get("key"): each.text or "" for each in script.iter("elem")}
            body = _PEM.search(told.get("pem", ""))
            try:
                shown = hashlib.sha256(base64.b64decode(body[1])).hexdigest() if body else told.get("sha256", "")
            except ValueError:
                shown = told.get("sha256", "")
            return shown.replace(":", "").replace(" ", "") or None
    return None
