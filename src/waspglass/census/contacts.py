"""Whom to tell: contacts by network, domain or AS number, the most exact one first."""

from __future__ import annotations

import csv
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

from waspglass.census.errors import reason_of
from waspglass.census.host_name import in_ascii
from waspglass.census.sources.csv_rows import delimiter_of
from waspglass.model.errors import Location, UsageError

__all__ = ["Contact", "Contacts", "read_contacts"]

_MAIL = re.compile(r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$")
_DOMAIN = re.compile(r"^[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+$")
_COLUMNS = ("email", "cidr", "asn", "domain", "name", "language", "sector")
_QUOTE = "Is a quote in this line or before it not closed?"
_ASN = re.compile(r"^(?:AS)?(\d{1,10})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who is told, in `en` or `de`; several rows of the file with the same e-mail address are one owner."""

    email: str
    name: str = ""
    language: str = "en"
    sector: str = ""


_ByEmail = dict[str, Contact]
"""Those of one network, domain or AS number; of several with the same e-mail address the first counts."""


@dataclass
class Contacts:
    """Contacts, ready for looking up. The longest prefix wins; then the longest domain; then the AS number.

    A network, domain or AS number can have several contacts, of which each is told.
    """

    _networks: dict[int, dict[int, dict[int, _ByEmail]]] = field(default_factory=lambda: {4: {}, 6: {}})
    _domains: dict[str, _ByEmail] = field(default_factory=dict)
    _systems: dict[int, _ByEmail] = field(default_factory=dict)

    def add_network(self, network: ipaddress.IPv4Network | ipaddress.IPv6Network, contact: Contact) -> None:
        """A contact for a network."""
        by_prefix = self._networks[network.version].setdefault(network.prefixlen, {})
        prefix = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
        by_prefix.setdefault(prefix, {}).setdefault(contact.email.lower(), contact)

    def add_domain(self, domain: str, contact: Contact) -> None:
        """A contact for a domain and all names under it."""
        self._domains.setdefault(domain, {}).setdefault(contact.email.lower(), contact)

    def add_system(self, asn: int, contact: Contact) -> None:
        """A contact for an autonomous system."""
        self._systems.setdefault(asn, {}).setdefault(contact.email.lower(), contact)

    def find(self, address: str, names: Iterable[str], asn: int | None) -> tuple[tuple[Contact, ...], str] | None:
        """The contacts for a host, and by what they were found (`198.51.100.0/24`, `example.org`, `AS64496`)."""
        parsed = ipaddress.ip_address(address)
        value = int(parsed)
        for length, by_prefix in sorted(self._networks[parsed.version].items(), key=itemgetter(0), reverse=True):
            found = by_prefix.get(value >> (parsed.max_prefixlen - length))
            if found is not None:
                return tuple(found.values()), str(ipaddress.ip_network(f"{address}/{length}", strict=False))
        suffixes = {".".join(name.split(".")[start:]) for name in names for start in range(name.count("."))}
        for suffix in sorted(suffixes & self._domains.keys(), key=lambda each: (-len(each), each)):
            return tuple(self._domains[suffix].values()), suffix
        if asn is not None and asn in self._systems:
            return tuple(self._systems[asn].values()), f"AS{asn}"
        return None


def read_contacts(path: Path) -> Contacts:
    """Reads a contact file: CSV with `email` and in each row one of `cidr`, `asn`, `domain`; may have the others.

    Raises:
        UsageError: If the file cannot be read or a row cannot be used; a wrong contact is worse than none.
    """
    contacts = Contacts()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline()
            file.seek(0)
            reader = csv.DictReader(file, delimiter=delimiter_of(header), strict=True)
            names = [name.strip().lower() for name in reader.fieldnames or ()]
            if "email" not in names or {"cidr", "asn", "domain"}.isdisjoint(names):
                raise UsageError(
                    "not a contact file",
                    location=Location(str(path), 1),
                    hint="Its header needs email and at least one of cidr, asn, domain",
                )
            twins = [name for name in _COLUMNS if names.count(name) > 1]
            if twins:
                raise UsageError(
                    f"several columns are called {' and '.join(twins)}",
                    location=Location(str(path), 1),
                    hint="Give each contact a row of its own",
                )
            for row in reader:
                where = Location(str(path), reader.line_num)
                beyond = row.pop(None, ())  # cells that the header has no name for
                cells = {name.strip().lower(): value or "" for name, value in row.items()}
                if any(end in cell for cell in (*cells.values(), *beyond) for end in "\r\n"):
                    raise UsageError("a cell goes over several lines", location=where, hint=_QUOTE)
                _add(contacts, {name: cell.strip() for name, cell in cells.items()}, where)
    except UnicodeDecodeError as error:
        raise UsageError(
            f"contacts are not UTF-8: {error.reason}", location=Location(str(path)), hint="Save the file as UTF-8"
        ) from error
    except csv.Error as error:
        where = Location(str(path), reader.line_num + 1)  # where the row begins
        raise UsageError(f"contacts cannot be read: {error}", location=where, hint=_QUOTE) from error
    except OSError as error:
        raise UsageError(f"contacts cannot be read: {reason_of(error)}", location=Location(str(path))) from error
    return contacts


def _add(contacts: Contacts, cells: dict[str, str], where: Location) -> None:
    email, language = cells.get("email", ""), cells.get("language", "").lower() or "en"
    if not _MAIL.match(email):
        raise UsageError(f"not an e-mail address: {email!r}", location=where)
    if language not in ("en", "de"):
        raise UsageError(f"no message in language {language!r}", location=where, hint="Choose en or de")
    contact = Contact(email, cells.get("name", ""), language, cells.get("sector", ""))
    given = [name for name in ("cidr", "asn", "domain") if cells.get(name)]
    if len(given) != 1:
        raise UsageError(f"a contact has one of cidr, asn, domain; this has {len(given)}", location=where)
    kind = given[0]
    value = cells[kind]
    if kind == "cidr":
        try:
            network = ipaddress.ip_network(value)
        except ValueError as error:
            raise UsageError(f"not a network: {error}", location=where) from error
        if not network.prefixlen:
            hint = "Leave it out: hosts without a contact are listed in unmatched.csv"
            raise UsageError(f"{value} is every address there is, and nobody's network", location=where, hint=hint)
        contacts.add_network(network, contact)
    elif kind == "asn":
        number = _ASN.match(value)
        if number is None or not 0 < int(number[1]) < 1 << 32:
            raise UsageError(f"not an AS number: {value!r}", location=where)
        contacts.add_system(int(number[1]), contact)
    else:
        contacts.add_domain(_domain(value, where), contact)


def _domain(value: str, where: Location) -> str:
    """A domain as scans have it: in lower case and ASCII (`münchen.example` is `xn--mnchen-3ya.example`)."""
    domain = in_ascii(value.lower().strip("."))
    if not _DOMAIN.match(domain):
        raise UsageError(f"not a domain: {value!r}", location=where)
    return domain
