"""Identity in SQL against the rule of `identity.py` in its plainest form: sets, and joining until nothing changes."""

from __future__ import annotations

import itertools
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.census.exports import PACK, add, banner, certificate, jsonl
from waspglass.census import identity
from waspglass.census.reading import open_reading
from waspglass.census.store.folder import Folder

LIMIT = 3
Sighting = tuple[int, str, str, frozenset[str], str | None]
"""Day, address, certificate (empty for none), names, the server's own name."""
Instance = tuple[str, str]

NAMES = (
    "mail.a.example", "owa.a.example", "mail.b.example", "x.co.at", "y.co.at", "ex.firma.local", "*.a.example",
    "a.example", "p2-1.isp.example", "p3-2.isp.example", "c0000201.isp.example", "m1.c.example", "m2.c.example",
    "m3.c.example",
)  # fmt: skip


def sightings(seed: int) -> list[Sighting]:
    chance = random.Random(seed)
    number, names = chance.randint(3, 9), chance.sample(NAMES, 5)
    usual = {host: chance.choice(("", *"abc")) * 64 for host in range(number)}
    found: list[Sighting] = []
    for day, host in itertools.product((8, 9), range(1, number)):
        for _ in range(chance.choice((0, 1, 1, 2))):
            shown = frozenset(name for name in names if chance.random() < 0.25)
            own = chance.choice((None, "EX1", "ex1", "EX2"))
            certified = usual[host] if chance.random() < 0.8 else chance.choice(("", *"abc")) * 64
            found.append((day, f"192.0.2.{host}", certified, shown, own))
    return found


def is_of_address(name: str, address: str) -> bool:
    """As providers name the hosts of their customers."""
    parts = address.split(".")
    digits = re.findall("[0-9]+", name)
    pairs = set(itertools.pairwise(digits))
    solid = {"".join(f"{int(part):02x}" for part in parts), "".join(f"{int(part):03d}" for part in parts)}
    return bool({(parts[2], parts[3]), (parts[3], parts[2])} & pairs) or any(each in name for each in solid)


def proper(each: Sighting, wild: set[tuple[str, str]]) -> set[str]:
    _, address, shown, names, _ = each
    return {
        name
        for name in names
        if not name.startswith("*.")
        and (shown, name) not in wild
        and not name.endswith(".local")
        and not is_of_address(name, address)
    }


def keys(found: list[Sighting]) -> dict[Instance, set[str]]:
    """What would join each instance to others, without what only some of its sightings with such names show."""
    wild = {(shown, name[2:]) for _, _, shown, names, _ in found for name in names if shown and name.startswith("*.")}
    wildcards = {shown for shown, _ in wild}
    under: defaultdict[str, set[str]] = defaultdict(set)
    for _, address, shown, names, _ in found:
        for name in names:
            if not name.startswith("*.") and (shown, name) not in wild and not name.endswith(".local"):
                under[name.partition(".")[2]].add(address)
    shapes: defaultdict[tuple[Instance, str], list[set[str]]] = defaultdict(list)
    joined: defaultdict[Instance, set[str]] = defaultdict(set)
    for each in found:
        _, address, shown, _, own = each
        instance, of_server = (address, shown), proper(each, wild)
        if shown and shown not in wildcards:
            joined[instance].add(f"c:{shown}")
        parents = {name.partition(".")[2] for name in of_server}
        domains = {parent for parent in parents if "." in parent and parent != "co.at" and len(under[parent]) <= LIMIT}
        kinds = {
            "w": {f"w:{shown}@{own.lower()}"} if own and shown in wildcards else set(),
            "n": {f"n:{name}" for name in of_server},
            "s": {f"s:{own.lower()}@{parent}" for parent in domains} if own else set(),
        }
        for kind, words in kinds.items():
            if words:
                shapes[instance, kind].append(words)
    for (instance, _), several in shapes.items():
        joined[instance] |= set.intersection(*several)
    return {(address, shown): joined[address, shown] for _, address, shown, _, _ in found}


def plain(found: list[Sighting]) -> set[frozenset[Instance]]:
    shown = keys(found)
    days: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
    for day, address, of, _, _ in found:
        for key in shown[address, of]:
            days[key, day].add(address)
    shared = {key for (key, _), addresses in days.items() if len(addresses) > LIMIT}
    servers = join({each} for each in shown)
    for key in set().union(*shown.values()) - shared:
        servers = join([*servers, {each for each, theirs in shown.items() if key in theirs}])
    for address in {address for address, of in shown if not of}:
        there = [server for server in servers if any(each[0] == address and each[1] for each in server)]
        alone = next(server for server in servers if (address, "") in server)
        if len(there) == 1 and there != [alone]:
            moved = {(address, "")}
            servers = {*(servers - {there[0], alone}), there[0] | moved, *([alone - moved] if alone - moved else [])}
    return servers


def join(groups: Iterable[Iterable[Instance]]) -> set[frozenset[Instance]]:
    servers: set[frozenset[Instance]] = set()
    for group in map(frozenset, groups):
        touched = {server for server in servers if server & group}
        servers = (servers - touched) | {group.union(*touched)}
    return servers


@pytest.mark.parametrize("seed", range(12))
def test_servers_are_those_of_the_plain_rule(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "SHARED_LIMIT", LIMIT)
    found = sightings(seed)
    for day in (8, 9):
        rows = []
        for _, address, shown, names, own in (each for each in found if each[0] == day):
            row = banner(address, hostnames=sorted(names), ssl=certificate(shown[0]) if shown else None)
            if own is not None:
                row["data"] = f"{row['data']}X-FEServer: {own}\r\n"
            rows.append(row)
        if rows:
            add(tmp_path, f"shodan-2021-03-0{day}.json", jsonl(*rows))
    servers: defaultdict[int, set[Instance]] = defaultdict(set)
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        identity.ensure_identity(reading)
        for address, shown, server in reading.rows("SELECT address, certificate, server FROM identity"):
            servers[server].add((address, shown))
    assert {frozenset(each) for each in servers.values()} == plain(found), json.dumps(sorted(map(str, found)), indent=1)
