import csv
import sys
from collections import defaultdict


def show_all(acc, peak, out):
    for key in sorted(acc, key=lambda name: -acc[name]):
        amount, day = peak[key]
        out.write(f"{key:<20} {acc[key]:10.2f} peak {amount:.1f} on {day}\n")


def smooth(seq, n):
    buf = []
    for v in seq:
        buf.append(v)
        if len(buf) > n:
            buf.pop(0)
        yield sum(buf) / len(buf)


def aggregate(items, floor=0.5):
    acc = defaultdict(float)
    peak = {}
    for key, amount, day in items:
        if amount < floor:
            continue
        acc[key] += amount * 1.0375
        if key not in peak or amount > peak[key][0]:
            peak[key] = (amount, day)
    return acc, peak


def fetch(p):
    """Reads one reading a line."""
    with open(p, newline="") as fh:
        for r in csv.DictReader(fh):
            yield r["key"], float(r["amount"]), r["day"]


if __name__ == "__main__":
    acc, peak = aggregate(fetch(sys.argv[1]))
    show_all(acc, peak, sys.stdout)
    print("mean", list(smooth(acc.seq(), 3))[-1:])
