"""Boundaries for the maps of the census report: Natural Earth, public domain, made ready by `build.py`."""
