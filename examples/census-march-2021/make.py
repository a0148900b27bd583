"""Makes the synthetic replay of March 2021 from its seed; see README.md for what is fact and what is assumed.

    python examples/census-march-2021/make.py

Writes `exports/` (what a CERT would have fetched) and `contacts.csv`. No address, name or server in it is real.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import hashlib
import io
import json
import math
import random
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from waspglass.packs.load import load_pack
from waspglass.packs.pack import BuildRow

SEED = 20210302
SCALE = 400
PATCH = dt.date(2021, 3, 2)
# Servers exposed before the patch. Public figures (facts and sources: `waspglass` pack proxylogon, figures.csv):
PUBLIC = {"US": 120_000, "DE": 65_000, "AT": 9_980, "IT": 8_394, "GB": 7_000, "NL": 12_000}
# The others are assumed, to make the world full; only their sum, about 400,000 with the above, is public.
ASSUMED = {
    "FR": 19_000, "CA": 15_000, "RU": 14_000, "CN": 12_000, "CH": 9_500, "AU": 9_000, "TR": 8_000, "JP": 8_000,
    "ES": 7_500, "BE": 7_000, "CZ": 6_500, "IN": 6_000, "SE": 6_000, "BR": 6_000, "PL": 5_500, "HK": 5_000,
    "ZA": 4_500, "TW": 4_000, "DK": 4_000, "NO": 3_500, "MX": 3_500, "SG": 3_000, "HU": 3_000, "IL": 3_000, "IR": 2_500,
}  # fmt: skip
# Share still vulnerable by days since the patch, world: RiskIQ's counts over 400,000 (figures.csv).
WORLD = ((0, 1.0), (4, 0.9), (6, 0.3125), (7, 0.25), (10, 0.205), (12, 0.174), (20, 0.075), (60, 0.05))
# How much faster (>1) or slower than the world; AT and NL from their own public counts, the others assumed.
PACE = {"AT": 1.15, "NL": 1.3, "DE": 1.0, "IT": 0.45, "US": 1.1, "CN": 0.6, "RU": 0.6, "TR": 0.6, "IR": 0.4}
REGIONS = {
    "DE": (("NW", "Nordrhein-Westfalen", 22), ("BY", "Bayern", 17), ("BW", "Baden-Württemberg", 14), ("NI", "Niedersachsen", 9),
           ("HE", "Hessen", 9), ("RP", "Rheinland-Pfalz", 5), ("SN", "Sachsen", 5), ("BE", "Berlin", 4), ("SH", "Schleswig-Holstein", 3),
           ("BB", "Brandenburg", 3), ("ST", "Sachsen-Anhalt", 2), ("TH", "Thüringen", 2), ("HH", "Hamburg", 3),
           ("MV", "Mecklenburg-Vorpommern", 2), ("SL", "Saarland", 1), ("HB", "Bremen", 1)),
    "AT": (("9", "Wien", 30), ("3", "Niederösterreich", 15), ("4", "Oberösterreich", 18), ("6", "Steiermark", 13), ("7", "Tirol", 9),
           ("2", "Kärnten", 5), ("5", "Salzburg", 6), ("8", "Vorarlberg", 3), ("1", "Burgenland", 2)),
}  # fmt: skip
SECTORS = ("", "", "", "Education", "Healthcare", "Government", "Finance", "Manufacturing", "Communications")
SHODAN_DAYS = (3, 6, 9, 12, 14, 18, 22, 26)
SHADOW_DAYS = (9, 12, 14, 16, 18, 22, 26)
NMAP_DAYS = (18, 26)


@dataclass
class Server:
    """One synthetic server and its fate."""

    number: int
    country: str
    region: tuple[str, str]
    asn: int
    domain: str
    name: str
    old: str
    new: str
    patched: dt.date
    entered: dt.date | None
    cleaned: dt.date | None
    left: dt.date | None
    addresses: tuple[str, ...]
    certificate: str
    shows_header: bool
    sector: str

    def build(self, day: dt.date) -> str:
        """The build that it runs on a day."""
        return self.new if day >= self.patched else self.old

    def webshell(self, day: dt.date) -> bool:
        """True while a web shell can be seen."""
        return self.entered is not None and self.entered <= day and (self.cleaned is None or day < self.cleaned)


def patch_day(rng: random.Random, country: str) -> dt.date:
    """A day drawn from the world's curve, with the country's own pace."""
    drawn = rng.random() ** (1 / PACE.get(country, 0.9))
    for (day, share), (later, lower) in zip(WORLD, WORLD[1:], strict=False):
        if lower <= drawn:
            part = (math.log(share) - math.log(max(drawn, 1e-9))) / (math.log(share) - math.log(lower))
            return PATCH + dt.timedelta(days=day + part * (later - day))
    return PATCH + dt.timedelta(days=60 + rng.randrange(300))


def lines_of_builds() -> list[tuple[str, str, int]]:
    """(last build without the fix, build of the March update, weight) of the update lines of the pack."""
    by_line: dict[tuple[str, str], list[BuildRow]] = {}
    for row in load_pack("proxylogon").builds:
        by_line.setdefault((row.product, row.cumulative_update), []).append(row)
    found = []
    for (product, _), rows in sorted(by_line.items()):
        rows.sort(key=lambda row: tuple(map(int, row.build.split("."))))
        fixed = next((row for row in rows if row.security_update == "Mar21SU"), None)
        before = [row for row in rows if row.fixes == "no"]
        if fixed is not None and before:
            weight = {"Exchange Server 2016": 6, "Exchange Server 2019": 3}.get(product, 2)
            found.append((before[-1].build, fixed.build, weight))
    return found


def make_servers(rng: random.Random) -> list[Server]:
    """All servers; addresses are of 198.18.0.0/15, which RFC 2544 keeps for benchmarks, names under .example."""
    builds = lines_of_builds()
    servers = []
    counts = {country: round(number / SCALE) for country, number in (PUBLIC | ASSUMED).items()}
    for country, number in counts.items():
        systems = [64_512 + rng.randrange(900) for _ in range(max(2, number // 12))]
        for _ in range(number):
            servers.append(_server(rng, len(servers), country, rng.choice(systems), builds))
    return servers


def _server(rng: random.Random, number: int, country: str, asn: int, builds: list[tuple[str, str, int]]) -> Server:
    old, new, _ = rng.choices(builds, [weight for *_, weight in builds])[0]
    regions = REGIONS.get(country, (("", "", 1),))
    code, region, _ = rng.choices(regions, [weight for *_, weight in regions])[0]
    patched = patch_day(rng, country)
    entered = None
    if rng.random() < 0.12:
        entered = dt.date(2021, 2, 27) + dt.timedelta(days=min(int(rng.expovariate(0.16)), 25))
        entered = entered if entered < patched else None
    cleaned = None
    if entered is not None and rng.random() < 0.45:
        cleaned = max(patched, entered) + dt.timedelta(days=rng.randrange(1, 14))
    left = PATCH + dt.timedelta(days=rng.randrange(3, 40)) if rng.random() < 0.04 else None
    first = f"198.{18 + number // 65_536}.{number // 256 % 256}.{number % 256}"
    second = f"198.19.{128 + number // 256 % 128}.{number % 256}"
    return Server(
        number=number,
        country=country,
        region=(code, region),
        asn=asn,
        domain=f"firma{number}.example" if country in ("DE", "AT", "CH") else f"company{number}.example",
        name=f"EX{rng.randrange(1, 4):02d}",
        old=old,
        new=new,
        patched=patched,
        entered=entered,
        cleaned=cleaned,
        left=left,
        addresses=(first, second) if rng.random() < 0.07 else (first,),
        certificate=hashlib.sha256(f"{SEED} {number}".encode()).hexdigest(),
        shows_header=rng.random() < 0.62,
        sector=rng.choice(SECTORS),
    )


def banner(server: Server, address: str, day: dt.date, rng: random.Random) -> dict[str, object]:
    """What Shodan would have written."""
    build = server.build(day)
    head = "HTTP/1.1 302 Found\r\nServer: Microsoft-IIS/10.0\r\n"
    head += f"X-OWA-Version: {build}\r\n" if server.shows_header else ""
    short = build.rsplit(".", 1)[0]
    return {
        "_shodan": {"module": "https", "id": None},
        "ip_str": address,
        "port": 443,
        "transport": "tcp",
        "timestamp": f"{day}T{rng.randrange(24):02d}:{rng.randrange(60):02d}:00.000000",
        "asn": f"AS{server.asn}",
        "isp": f"Synthetic Net {server.asn}",
        "org": f"Synthetic organisation {server.number}",
        "location": {"country_code": server.country, "region_code": server.region[0] or None, "city": None},
        "hostnames": [f"mail.{server.domain}"],
        "http": {"title": "Outlook", "html": f'<link href="/owa/auth/{short}/themes/resources/favicon.ico">'},
        "data": head + f"X-FEServer: {server.name}\r\n\r\n",
        "ssl": {"cert": {"fingerprint": {"sha256": server.certificate}, "subject": {"CN": f"mail.{server.domain}"}}},
        "vulns": {"CVE-2021-26855": {"verified": False}},
        "tags": [],
    }


def write_gzip(path: Path, data: bytes) -> None:
    """Without time and name in the header, so that the same seed gives the same bytes."""
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as out:
        out.write(data)


def write_shodan(folder: Path, servers: list[Server], rng: random.Random) -> None:
    """Shodan's downloads: most hosts, patched or not; some are missed on each day."""
    for number in SHODAN_DAYS:
        day = dt.date(2021, 3, number)
        lines = [
            json.dumps(banner(server, address, day, rng))
            for server in servers
            if (server.left is None or day < server.left) and rng.random() < 0.93
            for address in server.addresses
        ]
        write_gzip(folder / f"shodan-{day}.json.gz", "\n".join(lines).encode() + b"\n")


def write_shadowserver(folder: Path, servers: list[Server], rng: random.Random) -> None:
    """Shadowserver's reports with the columns of 2021: vulnerable hosts and web shells only."""
    columns = [
        "timestamp",
        "ip",
        "port",
        "hostname",
        "tag",
        "asn",
        "geo",
        "region",
        "city",
        "naics",
        "sic",
        "sector",
        "version",
        "servername",
        "url",
    ]
    for number in SHADOW_DAYS:
        day = dt.date(2021, 3, number)
        out = io.StringIO()
        writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC)
        writer.writerow(columns)
        for server in servers:
            if (server.left is not None and day >= server.left) or rng.random() > 0.78:
                continue
            tags = (["cve-2021-26855"] if day < server.patched else []) + (["webshell"] if server.webshell(day) else [])
            if tags:
                moment = f"{day} {rng.randrange(24):02d}:{rng.randrange(60):02d}:00"
                short = server.build(day).rsplit(".", 1)[0]
                url = "/aspnet_client/sample.aspx" if "webshell" in tags else ""
                writer.writerow(
                    (moment, server.addresses[0], 443, f"mail.{server.domain}", ";".join(["exchange", *tags]), server.asn,
                     server.country, server.region[1].upper(), "", 0, 0, server.sector, short, server.name, url)
                )  # fmt: skip
        (folder / f"{day}-scan_exchange-synthetic_cert.csv").write_bytes(out.getvalue().encode())


def write_nmap(folder: Path, servers: list[Server], rng: random.Random) -> None:
    """The behavioural test of a national CERT, Austria only, with all results shown."""
    for number in NMAP_DAYS:
        day = dt.date(2021, 3, number)
        moment = int(dt.datetime.combine(day, dt.time(12), dt.UTC).timestamp())
        parts = ['<?xml version="1.0"?>\n<!DOCTYPE nmaprun>\n<nmaprun scanner="nmap" args="synthetic">']
        for server in servers:
            if server.country == "AT" and (server.left is None or day < server.left) and rng.random() < 0.95:
                state = "VULNERABLE" if day < server.patched else "NOT VULNERABLE"
                name = quoteattr(f"mail.{server.domain}")
                parts.append(
                    f'<host endtime="{moment}"><address addr="{server.addresses[0]}" addrtype="ipv4"/>'
                    f'<hostnames><hostname name={name} type="PTR"/></hostnames><ports><port protocol="tcp" portid="443">'
                    f'<state state="open"/><script id="http-title" output="Outlook"/>'
                    f'<script id="http-vuln-cve2021-26855" output="{state}">'
                    f'<table key="CVE-2021-26855"><elem key="state">{state}</elem></table></script></port></ports></host>'
                )
        (folder / f"nmap-at-{day}.xml").write_bytes(("\n".join([*parts, "</nmaprun>"]) + "\n").encode())


def write_contacts(path: Path, servers: list[Server]) -> None:
    """Contacts for some networks, domains and AS numbers; others have none, as in life."""
    rows = [("cidr", "asn", "domain", "email", "name", "language", "sector")]
    systems = sorted({(server.asn, server.country) for server in servers if server.country in ("DE", "AT")})
    for asn, country in systems[: len(systems) * 3 // 4]:
        rows.append(("", f"AS{asn}", "", f"abuse@as{asn}.example", f"Synthetic Net {asn} ({country})", "de", ""))
    for server in [each for each in servers if each.country == "DE"][::20]:
        rows.append(("", "", server.domain, f"it@{server.domain}", f"Firma {server.number}", "de", server.sector))
    rows.append(("198.18.0.0/24", "", "", "soc@big-customer.example", "Big Customer", "en", ""))
    rows.append(("198.18.0.64/26", "", "", "plant@big-customer.example", "Big Customer, plant", "en", "Manufacturing"))
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def make(folder: Path) -> None:
    """Writes everything into a folder."""
    rng = random.Random(SEED)
    exports = folder / "exports"
    exports.mkdir(parents=True, exist_ok=True)
    servers = make_servers(rng)
    write_shodan(exports, servers, rng)
    write_shadowserver(exports, servers, rng)
    write_nmap(exports, servers, rng)
    write_contacts(folder / "contacts.csv", servers)


if __name__ == "__main__":
    make(Path(__file__).parent)
