"""What the benchmark runs in processes of its own: makers of data, and the ways people do it today."""

from __future__ import annotations

import csv
import datetime as dt
import random
import sys
from pathlib import Path

import numpy as np

from bench.census.banners import BUILDS, COUNTRIES, write_banners

FIELDS = (
    "ip_str,port,transport,hostnames,domains,org,isp,asn,location.country_code,location.region_code,location.city,timestamp,"
    "product,version,cpe23,http.title,http.html,data,ssl.cert.fingerprint.sha256,ssl.cert.subject.CN,vulns,tags"
)


def make_banners(path: str, count: str) -> None:
    """A Shodan download."""
    write_banners(Path(path), int(count))


def shodan_iterate_files(path: str) -> None:
    """The package's own iteration, taking the same fields of each banner as `census add` does; nothing is stored."""
    from shodan.cli.helpers import get_banner_field
    from shodan.helpers import iterate_files

    names, number, kept = FIELDS.split(","), 0, 0
    for banner in iterate_files(path):
        kept += sum(get_banner_field(banner, name) is not None for name in names)
        number += 1
    print(number, kept)


def shodan_parse(path: str) -> None:
    """The package's command `shodan parse` with the same fields, its output thrown away."""
    import subprocess

    command = ["shodan", "parse", "--fields", FIELDS, "--separator", "|", "--no-color", path]
    found = Path(sys.executable).parent / "shodan"
    subprocess.run([str(found), *command[1:]], check=True, stdout=subprocess.DEVNULL)
    print("parsed")


def make_days(folder: str, days: str, hosts: str) -> None:
    """Shadowserver reports of so many days and hosts; a host is patched at some day."""
    rng = random.Random(1)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    fates = [
        (rng.choice(COUNTRIES), rng.choice(BUILDS), rng.randrange(60), 3000 + rng.randrange(3000))
        for _ in range(int(hosts))
    ]
    for number in range(int(days)):
        day = dt.date(2021, 3, 1) + dt.timedelta(days=number)
        with (target / f"{day}-scan_exchange-bench.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            file.write("timestamp,ip,port,hostname,tag,asn,geo,region,city,naics,sic,sector,version,servername,url\n")
            for host, (country, build, patched, asn) in enumerate(fates):
                tag = "exchange" if number >= patched else "exchange;cve-2021-26855"
                address = f"{11 + (host >> 24)}.{host >> 16 & 255}.{host >> 8 & 255}.{host & 255}"
                rest = (asn, country, "R", "C", 0, 0, "", build, "EX", "")
                writer.writerow((f"{day} 00:11:30", address, 443, f"mail.c{host}.example", tag, *rest))


def pandas_on_csv(folder: str) -> None:
    """Addresses by day, country and tag, as an analyst writes it in pandas."""
    import pandas as pd

    frames = []
    for path in sorted(Path(folder).iterdir()):
        frame = pd.read_csv(path)
        frame["date"] = path.name[:10]
        frames.append(frame)
    everything = pd.concat(frames)
    everything["vulnerable"] = everything["tag"].str.contains("cve-2021-26855")
    counts = everything.groupby(["date", "geo", "vulnerable"])["ip"].nunique()
    print(len(counts), int(counts.sum()))


def make_large_store(folder: str, rows: str) -> None:
    """A store of so many sightings over 100 days, written as `census add` writes it, a million rows at a time."""
    import duckdb
    import pyarrow as pa

    from waspglass.census.evidence_tables import keep_evidence
    from waspglass.census.sighting import SIGHTING
    from waspglass.census.store.folder import Folder
    from waspglass.census.store.manifest import Added, Manifest
    from waspglass.census.store.writer import SightingWriter

    store = Folder(folder)
    total, days = int(rows), 100
    per_day = max(total // days, 1)
    rng = np.random.default_rng(1)
    hosts = np.arange(per_day)
    address = pa.array([f"{11 + (n >> 24)}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in hosts.tolist()])
    certificate = pa.array([f"{n // 2:064x}" if n % 10 else None for n in hosts.tolist()])
    names = pa.array([[f"mail.c{n}.example"] for n in hosts.tolist()])
    country = pa.array(COUNTRIES).take(pa.array(rng.integers(0, len(COUNTRIES), per_day)))
    version = rng.integers(0, len(BUILDS), per_day)
    added = []
    connection = duckdb.connect(config={"memory_limit": "400MB"})
    for number in range(days):
        day = dt.date(2021, 3, 1) + dt.timedelta(days=number)
        version = np.where(rng.random(per_day) < 0.03, 3, version)
        columns = {
            "date": pa.array([day], pa.date32()).take(pa.array(np.zeros(per_day, dtype=np.int64))),
            "source": pa.array(["shodan"]).take(pa.array(np.zeros(per_day, dtype=np.int64))),
            "address": address, "port": pa.array(np.full(per_day, 443), pa.uint16()), "country": country,
            "asn": pa.array(3000 + hosts % 3000, pa.uint32()),
            "product": pa.array(["exchange"]).take(pa.array(np.zeros(per_day, dtype=np.int64))),
            "version": pa.array(BUILDS).take(pa.array(version)), "certificate": certificate, "names": names,
            "line": pa.array(hosts + 1, pa.uint64()),
        }  # fmt: skip
        arrays = [columns.get(kind.name, pa.nulls(per_day, kind.type)) for kind in SIGHTING]
        writer = SightingWriter(store, "shodan", f"{number:016x}")
        for start in range(0, per_day, 100_000):
            writer.write(pa.Table.from_arrays(arrays, schema=SIGHTING).slice(start, 100_000))
        files, moves = writer.close()
        store.publish(moves)
        for each in files:
            keep_evidence(store, each, connection)
        moment = dt.datetime(2021, 6, 30, tzinfo=dt.UTC)
        digest = f"{number:032x}"
        added.append(
            Added(
                name=str(day),
                digest=digest,
                file_digest=digest,
                source="shodan",
                added=moment,
                records=per_day,
                files=files,
            )
        )
    store.put_manifest(Manifest(added=tuple(added)))
    print(per_day * days)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
