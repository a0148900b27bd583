"""Synthetic Shodan banners for the benchmark: shaped like a download of OWA servers, 2-3 KB each, from a seed."""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
from pathlib import Path

BUILDS = ("15.0.1497.2", "15.1.2106.2", "15.1.2176.2", "15.1.2176.9", "15.2.721.2", "15.2.792.3", "15.2.792.10")
COUNTRIES = ("US", "DE", "GB", "FR", "IT", "NL", "AT", "CH", "CA", "AU")
WORDS = ("script", "function", "window", "onload", "mask", "logon", "div", "class", "style", "signIn", "header", "rgb")


def banner(rng: random.Random, number: int) -> dict[str, object]:
    """One banner of one server; `number` makes its address."""
    address = f"{11 + number // 16_777_216}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    build, host = rng.choice(BUILDS), f"mail.customer{number}.example"
    short = build.rsplit(".", 1)[0]
    digest = hashlib.sha256(host.encode()).hexdigest()
    filler = " ".join(rng.choices(WORDS, k=90))
    shown = f"X-OWA-Version: {build}\r\n" if rng.random() < 0.6 else ""
    head = (
        "HTTP/1.1 200 OK\r\nCache-Control: no-cache, no-store\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Server: Microsoft-IIS/10.0\r\n{shown}X-Powered-By: ASP.NET\r\nX-FEServer: MAIL{number:07d}\r\n"
        "Date: Tue, 09 Mar 2021 10:00:00 GMT\r\nContent-Length: 58725\r\n\r\n"
    )
    html = (
        '<!DOCTYPE HTML>\r\n<html><head><link rel="shortcut icon" '
        f'href="/owa/auth/{short}/themes/resources/favicon.ico" type="image/x-icon"><title>Outlook</title>'
        f'<script>{filler}</script></head><body class="signInBg">"{filler[:120]}"</body></html>'
    )
    return {
        "_shodan": {"crawler": digest[:40], "id": digest[24:60], "module": "https", "options": {}, "ptr": True},
        "asn": f"AS{3000 + rng.randrange(3000)}",
        "cpe23": ["cpe:2.3:a:microsoft:exchange_server", "cpe:2.3:a:microsoft:internet_information_services:10.0"],
        "data": head,
        "domains": [f"customer{number}.example"],
        "hash": rng.randrange(-(2**31), 2**31),
        "hostnames": [host],
        "http": {
            "components": {"IIS": {"categories": ["Web servers"]}, "Microsoft ASP.NET": {"categories": []}},
            "favicon": {"hash": 1768726119, "location": f"https://{address}:443/owa/auth/{short}/favicon.ico"},
            "host": address,
            "html": html,
            "location": "/owa/auth/logon.aspx",
            "redirects": [],
            "robots": None,
            "server": "Microsoft-IIS/10.0",
            "status": 200,
            "title": "Outlook",
        },
        "ip": 184549376 + number,
        "ip_str": address,
        "isp": f"Provider {rng.randrange(4000)}",
        "location": {
            "area_code": None,
            "city": f"City {rng.randrange(900)}",
            "country_code": rng.choice(COUNTRIES),
            "country_name": "Somewhere",
            "latitude": round(rng.uniform(-60, 60), 4),
            "longitude": round(rng.uniform(-180, 180), 4),
            "region_code": f"{rng.randrange(16):02d}",
        },
        "opts": {"heartbleed": f"2021/03/09 10:00:00 {address}:443 - SAFE\n", "vulns": []},
        "org": f"Organisation {rng.randrange(40_000)}",
        "os": None,
        "port": 443,
        "product": "Microsoft IIS httpd",
        "ssl": {
            "cert": {
                "expired": False,
                "expires": "20220101120000Z",
                "fingerprint": {"sha1": digest[:40], "sha256": digest},
                "issuer": {"C": "US", "CN": "R3", "O": "Let's Encrypt"},
                "pubkey": {"bits": 2048, "type": "rsa"},
                "serial": rng.getrandbits(120),
                "subject": {"CN": host},
                "version": 2,
            },
            "cipher": {"bits": 256, "name": "ECDHE-RSA-AES256-GCM-SHA384", "version": "TLSv1.2"},
            "versions": ["TLSv1", "TLSv1.2", "-TLSv1.3"],
        },
        "tags": ["self-signed"] if rng.random() < 0.2 else [],
        "timestamp": f"2021-03-09T{rng.randrange(24):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}.123456",
        "transport": "tcp",
        "version": "10.0",
        "vulns": {"CVE-2021-26855": {"cvss": 10, "references": [], "summary": "...", "verified": True}}
        if rng.random() < 0.3
        else {},
    }


def write_banners(path: Path, count: int, seed: int = 20210309) -> None:
    """Writes `count` banners as JSON lines, gzip-packed where the name says so, as `shodan download` does."""
    rng = random.Random(seed)
    with gzip.open(path, "wb", compresslevel=6) if path.suffix == ".gz" else path.open("wb") as out:
        for number in range(count):
            out.write(json.dumps(banner(rng, number)).encode() + b"\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--count", type=int, default=1_000_000)
    arguments = parser.parse_args()
    write_banners(arguments.path, arguments.count)
