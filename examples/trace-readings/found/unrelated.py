"""Harmless: nothing in common with the shared program but the language and the input file."""
import sqlite3

connection = sqlite3.connect(":memory:")
connection.execute("create table reading (station text, day text, litres real)")
with open("water.csv", encoding="utf-8") as handle:
    next(handle)
    connection.executemany("insert into reading values (?, ?, ?)", (line.strip().split(",") for line in handle))
query = """
    select station, round(sum(litres), 2) as total, max(litres) as most
    from reading where litres >= 0.5 group by station order by total desc
"""
for record in connection.execute(query):
    print("\t".join(map(str, record)))
