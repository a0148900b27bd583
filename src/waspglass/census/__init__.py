"""Scan exports over time: who is exposed, vulnerable, patched and compromised, and who must be told."""
