from pathlib import Path
import json, statistics

def water(path: Path) -> dict[str, list[float]]:
    result: dict[str, list[float]] = {}
    rows = [line.split(";") for line in path.read_text().split("\n") if line]
    while rows:
        where, when, how_much = rows.pop()
        if not how_much.strip():
            continue
        result[where] = result.get(where, []) + [float(how_much.replace(",", "."))]
    return result

data = water(Path("water.csv"))
print(json.dumps({k: {"total": sum(v), "median": statistics.median(v)} for k, v in data.items()}, indent=2))
