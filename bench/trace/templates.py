"""How large templates are that were filled in twice: pairs of files that differ in the name of their subject only.

    python -m bench.trace.templates FOLDER... [--ending py]

Files with the same tokens, names and literals aside, are paired; of each such group six pairs are tried. Measured on
the Google Cloud CLI (its Debian package), of which many files differ from one kind of thing to the next by its name.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from itertools import combinations, islice
from pathlib import Path

from waspglass.trace.program import Source
from waspglass.trace.reader import Reader
from waspglass.trace.template import filled_in
from waspglass.trace.views import Tokens, tokens_of

TRIED = 6
LEAST = 150
"""Tokens below which nothing is called derived without a background."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="+")
    parser.add_argument("--ending", default="py")
    given = parser.parse_args()
    reader, count = Reader(), 0
    alike: dict[bytes, list[tuple[str, Tokens, bytes]]] = defaultdict(list)
    for path in sorted(path for folder in given.folder for path in folder.rglob(f"*.{given.ending}")):
        if path.is_file():
            syntax, raw = reader.syntax(Source(str(path), path.read_bytes()))
            tokens = tokens_of(syntax)
            if len(tokens.text) >= LEAST:
                count += 1
                alike[tokens.shape.tobytes()].append((str(path), tokens, raw))
    found = []
    for group in alike.values():
        for one, other in islice(combinations(group, 2), TRIED):
            if filled_in(*one[1:], *other[1:]):
                found.append((len(one[1].text), one[0], other[0]))
                break
    print(f"{count} files, {len(found)} templates that were filled in")
    for row in sorted(found, reverse=True):
        print(*row)


if __name__ == "__main__":
    main()
