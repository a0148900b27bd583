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
