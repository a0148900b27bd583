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
