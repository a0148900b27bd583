"""One reader a kind of scan export, all behind the seam of `source.py`."""
