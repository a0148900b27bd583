"""Benchmarks of the hunt engine against ripgrep, Polars, DuckDB and its own naive twin, on synthetic logs."""
