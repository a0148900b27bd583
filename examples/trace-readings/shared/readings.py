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
        out.write(f"{station:<20} {totals[station]:10.2f} worst {litres:.1f} on {day}\n")


if __name__ == "__main__":
    totals, worst = total_by_station(read_readings(sys.argv[1]))
    report(totals, worst, sys.stdout)
    print("mean", list(moving_mean(totals.values(), 3))[-1:])
