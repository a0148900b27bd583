"""Messages to owners: a text and a CSV in Shadowserver's columns for each; nothing is sent."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from waspglass.census.owners import ExposedHost, Notice
from waspglass.census.sources.shadowserver import SEEN_BY
from waspglass.model.errors import Location, OutputError
from waspglass.model.escape import csv_cell, printable
from waspglass.packs.builds import State
from waspglass.packs.pack import NoEntry, Pack
from waspglass.report.census_text import STATES
from waspglass.report.census_words import CensusWords
from waspglass.report.tlp import Tlp

__all__ = ["COLUMNS", "Sender", "attachment", "message", "write_notices"]

COLUMNS = tuple(
    "timestamp severity ip protocol port hostname tag asn geo region city naics hostname_source sector version"  # noqa: SIM905
    " servername url".split()
)
"""Shadowserver's `scan_exchange` columns of today, in its order, so that a receiver's own tools read the attachment."""


_SAMPLES = 10
"""Addresses that the text itself names; the attachment has all."""
_PLAINER = {State.UNDECIDABLE: "unclear", State.UNKNOWN: "unclear", State.NOT_AFFECTED: "not_affected"}
"""States that an owner knows under other words: a host that is compromised and "not affected" would be a riddle."""


@dataclass(frozen=True)
class Sender:
    """Who writes.

    Attributes:
        name: Organisation.
        contact: How to answer: an address, a telephone number.
        day: Day that the message speaks of.
        tlp: Marking.
    """

    name: str
    contact: str
    day: dt.date
    tlp: Tlp = Tlp.AMBER


@cache
def _templates() -> Environment:
    # Messages are plain text: what an attacker chose is made printable before it gets here.
    return Environment(  # noqa: S701
        loader=PackageLoader("waspglass.report", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _tag(host: ExposedHost, pack: Pack) -> str:
    """What this source saw and still holds: campaign, vulnerable with the flaws that it names, compromised."""
    tags = [pack.id]
    if host.state is host.own.state is State.VULNERABLE:
        tags += ["vulnerable", *map(str.lower, host.cves)]
    if host.compromise:
        tags.append("webshell" if host.compromise == "webshell" else "compromised")
    return ";".join([*tags, f"{SEEN_BY}{host.source}"])


def attachment(hosts: Iterable[ExposedHost], pack: Pack) -> str:
    """The hosts as CSV; every cell is safe for a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow(COLUMNS)
    for host in hosts:
        cells = (
            host.seen.strftime("%Y-%m-%d %H:%M:%S"),
            "critical",
            host.address,
            host.transport or "tcp",
            host.port or "",
            host.name,
            _tag(host, pack),
            host.asn or "",
            host.country or "",
            host.region or "",
            host.city or "",
            "",
            "",
            host.sector or "",
            host.version or "",
            host.server_name or "",
            host.url or "",
        )
        writer.writerow([csv_cell(str(cell)) for cell in cells])
    return out.getvalue()


def message(notice: Notice, pack: Pack, sender: Sender) -> str:
    """The text, in the owner's language: what was seen, when, by whom, what it means, what to do, is it real."""
    language = notice.contact.language
    words = CensusWords(language)
    days = sorted({host.seen.date() for host in notice.hosts})
    seen = _by_address(notice.hosts)
    barred = Counter(_no_entry(hosts, pack) for hosts in seen if _vulnerable(hosts))
    entered = barred.pop(None, 0)
    return _templates().get_template(f"census_notice.{language}.txt.j2").render(
        name=printable(notice.contact.name) or notice.contact.email,
        sender=sender,
        tlp=sender.tlp.label,
        passed_on=not sender.tlp.stays,
        pack=pack,
        title=pack.title.text(language),
        addresses=len(seen),
        notice=notice,
        sources=sorted({words.source(host.source) for host in notice.hosts}),
        today=words.day(sender.day),
        first=words.day(days[0]),
        last=words.day(days[-1]),
        exploited=words.day(pack.window.first_exploitation.date()),
        released=words.day(pack.window.patch_available.date()),
        tested=sorted({words.source(host.source) for host in notice.hosts if host.own.tested}),
        entered=entered,
        barred=[(each.product, number, _wrapped(each.text.text(language))) for each, number in barred.items() if each],
        advice=_advice(pack, language),
        sample=[_sample(hosts, words) for hosts in seen[:_SAMPLES]],
        more=max(len(seen) - _SAMPLES, 0),
    )  # fmt: skip


def _advice(pack: Pack, language: str) -> list[tuple[str, list[str]]]:
    """What the campaign asks for beyond the update, in lines; a patched host needs it too."""
    return [
        (each.title.text(language), _wrapped(each.text.text(language)))
        for each in pack.advice
        if "lid:patched" in each.when
    ]


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 112)


def _no_entry(seen: Iterable[ExposedHost], pack: Pack) -> NoEntry | None:
    """What the pack says of a vulnerable address into which its flaws let nobody; None if they may let somebody in.

    All that makes it vulnerable must be of such a product line, and no source may name a flaw that the line lacks.
    """
    lines = {line.product: line for line in pack.no_entry}
    found = set()
    for host in seen:
        if host.own.state is State.VULNERABLE:
            line = lines.get(host.line or "")
            found.add(line if line is not None and {*host.cves} <= {*line.cves} else None)
    return found.pop() if len(found) == 1 else None


def _by_address(hosts: Iterable[ExposedHost]) -> list[list[ExposedHost]]:
    """What was seen at each address; those reported as compromised first, then the vulnerable ones."""
    found: dict[str, list[ExposedHost]] = {}
    for host in hosts:
        found.setdefault(host.address, []).append(host)
    return sorted(found.values(), key=lambda seen: (not any(host.compromise for host in seen), not _vulnerable(seen)))


def _vulnerable(seen: Iterable[ExposedHost]) -> bool:
    return any(host.state is State.VULNERABLE for host in seen)


def _sample(seen: Sequence[ExposedHost], words: CensusWords) -> str:
    """One line for an address: ports, name, what was reported, the best known state, who saw it, and when last."""
    ports = dict.fromkeys(f"{host.transport or 'tcp'}/{host.port}" for host in seen if host.port)
    name = next((f" ({printable(host.name)})" for host in seen if host.name), "")
    state = min((host.state for host in seen), key=STATES.index)
    reports = dict.fromkeys(printable(host.compromise) for host in seen if host.compromise)
    told = [words.text("notice.compromised", report=report) for report in reports]
    if not reports and any(host.reported for host in seen):
        told.append(words.text("notice.beside"))
    told.append(words.text(f"notice.{_PLAINER[state]}") if state in _PLAINER else words.state(state))
    sources = ", ".join(dict.fromkeys(words.source(host.source) for host in seen))
    last = max(host.seen for host in seen)
    return f"{' '.join([seen[0].address, *ports])}{name}: {', '.join(told)}; {sources}, {last:%Y-%m-%d %H:%M} UTC"


def _folder_name(email: str) -> str:
    """A file name for an owner that no e-mail address can turn into a path."""
    plain = re.sub(r"[^a-z0-9.-]+", "_", email.lower()).strip("._-")[:60]
    return f"{plain}-{hashlib.sha256(email.encode()).hexdigest()[:8]}"


def write_notices(
    notices: Sequence[Notice], unmatched: Sequence[ExposedHost], pack: Pack, sender: Sender, folder: Path
) -> None:
    """Writes a folder an owner with `message.txt` and `hosts.csv`, `owners.csv`, and `unmatched.csv`.

    A folder that it makes is readable by its owner only: it says who can be broken into.

    Raises:
        OutputError: If the folder holds something already, or cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise OutputError(f"{folder} is not empty", hint="Old and new messages would be mixed; name a new folder")
        out = io.StringIO()
        index = csv.writer(out, lineterminator="\n")
        index.writerow(("email", "name", "language", "sector", "folder", "addresses", "vulnerable", "compromised",
                        "patched_and_compromised", "service_not_named"))  # fmt: skip
        for notice in notices:
            own = folder / _folder_name(notice.contact.email)
            own.mkdir()
            (own / "message.txt").write_text(message(notice, pack, sender), encoding="utf-8")
            (own / "hosts.csv").write_text(attachment(notice.hosts, pack), encoding="utf-8", newline="")
            contact = notice.contact
            texts = (contact.email, contact.name, contact.language, contact.sector, own.name)
            addresses = len({host.address for host in notice.hosts})
            numbers = (addresses, notice.vulnerable, notice.compromised, notice.under_lid, notice.beside)
            index.writerow((*map(csv_cell, texts), *numbers))
        (folder / "owners.csv").write_text(out.getvalue(), encoding="utf-8")
        (folder / "unmatched.csv").write_text(attachment(unmatched, pack), encoding="utf-8", newline="")
    except OSError as error:
        reason, place = error.strerror or error, Location(str(error.filename or folder))
        raise OutputError(f"messages cannot be written: {reason}", location=place) from error
