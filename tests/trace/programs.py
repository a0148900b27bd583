"""Small harmless programs, some of them made from one another, for the tests of trace."""

from __future__ import annotations

import re

from waspglass.trace.program import Source

ORIGINAL = '''\
import csv
import sys
from collections import defaultdict


def read_readings(path):
    """Reads one reading a line."""
    with open(path, newline="") as stream:
        for row in csv.DictReader(stream):
            yield row["station"], float(row["litres"]), row["day"]


def total_by_station(readings, least=0.5):
    totals = defaultdict(float)
    worst = {}
    for station, litres, day in readings:
        if litres < least:
            continue
        totals[station] += litres * 1.0375
        if station not in worst or litres > worst[station][0]:
            worst[station] = (litres, day)
    return totals, worst


def moving_mean(values, width):
    window = []
    for value in values:
        window.append(value)
        if len(window) > width:
            window.pop(0)
        yield sum(window) / len(window)


def report(totals, worst, out):
    for station in sorted(totals, key=lambda name: -totals[name]):
        litres, day = worst[station]
        out.write(f"{station:<20} {totals[station]:10.2f} worst {litres:.1f} on {day}\\n")


if __name__ == "__main__":
    totals, worst = total_by_station(read_readings(sys.argv[1]))
    report(totals, worst, sys.stdout)
    print("mean", list(moving_mean(totals.values(), 3))[-1:])
'''

INDEPENDENT = (
    '''\
#!/usr/bin/env python3
import pandas as pd, argparse
ap = argparse.ArgumentParser()
ap.add_argument("file"); ap.add_argument("--min", type=float, default=0.5)
a = ap.parse_args()
df = pd.read_csv(a.file)
df = df[df.litres >= a.min]
g = df.groupby("station").litres.agg(["sum", "max"])
print(g.sort_values("sum", ascending=False).to_string())
print("rolling", g["sum"].rolling(3).mean().iloc[-1])
''',
    '''\
import sys

class Station:
    def __init__(self, name):
        self.name = name
        self.amounts = []

    def add(self, amount):
        self.amounts.append(amount)

    @property
    def total(self):
        return sum(self.amounts)

def load(filename):
    stations = {}
    lines = open(filename).read().splitlines()
    header = lines[0].split(",")
    i = header.index("station")
    j = header.index("litres")
    for line in lines[1:]:
        cells = line.split(",")
        stations.setdefault(cells[i], Station(cells[i])).add(float(cells[j]))
    return stations

def main():
    for s in load(sys.argv[1]).values():
        print(s.name, s.total, max(s.amounts))

main()
''',
    '''\
from pathlib import Path
import json, statistics

def water(path: Path) -> dict[str, list[float]]:
    result: dict[str, list[float]] = {}
    rows = [line.split(";") for line in path.read_text().split("\\n") if line]
    while rows:
        where, when, how_much = rows.pop()
        if not how_much.strip():
            continue
        result[where] = result.get(where, []) + [float(how_much.replace(",", "."))]
    return result

data = water(Path("water.csv"))
print(json.dumps({k: {"total": sum(v), "median": statistics.median(v)} for k, v in data.items()}, indent=2))
''',
)  # fmt: skip

_NAMES = {
    "read_readings": "fetch", "total_by_station": "aggregate", "moving_mean": "smooth", "report": "show_all",
    "readings": "items", "station": "key", "litres": "amount", "totals": "acc", "worst": "peak", "window": "buf",
    "stream": "fh", "values": "seq", "value": "v", "width": "n", "least": "floor", "path": "p", "row": "r",
}  # fmt: skip


def renamed(text: str) -> str:
    """All names changed; column names in strings too."""
    return re.sub(r"\b[a-z_]+\b", lambda match: _NAMES.get(match.group(), match.group()), text)


def reordered(text: str) -> str:
    """The functions in another order."""
    parts = text.split("\n\n\n")
    return "\n\n\n".join([parts[0], *reversed(parts[1:-1]), parts[-1]])


def source(name: str, text: str) -> Source:
    """A source in UTF-8."""
    return Source(name, text.encode())


def background(count: int = 12) -> list[Source]:
    """Independent programs; beyond the three written ones, each is a different mix of their lines (synthetic)."""
    made = [source(f"other{i}.py", text) for i, text in enumerate(INDEPENDENT)]
    for index in range(len(made), count):
        lines = INDEPENDENT[index % 3].splitlines()
        made.append(source(f"other{index}.py", "\n".join([*lines[index % 5 :], f"print({index} * {index + 1})"])))
    return made
