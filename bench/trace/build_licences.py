"""Rebuilds `src/waspglass/trace/data/licences.npz`: features of public licences, which any two texts may have.

    python -m bench.trace.build_licences TEXT...

Only hashes are kept: of each text as it stands in a file of its own, and as it stands in Markdown. What ships was made
of Debian 12's `/usr/share/common-licenses` (Apache-2.0, Artistic, BSD, CC0-1.0, GPL-2, GPL-3, LGPL-2.1, LGPL-3,
MPL-2.0) and of the licences of the packages rich (MIT), jinja2 (BSD, three clauses), packaging (BSD, two clauses).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt

from waspglass.trace.program import Source, program_of
from waspglass.trace.views import VIEWS


def main() -> None:
    """Writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path, nargs="+")
    texts: list[Path] = parser.parse_args().texts
    programs = [
        program_of(Source(f"licence{suffix}", path.read_bytes())) for path in texts for suffix in (".txt", ".md")
    ]
    table: dict[str, npt.NDArray[np.uint32]] = {
        view: np.unique(np.concatenate([program.views[view] for program in programs])) for view in VIEWS
    }
    out = Path("src/waspglass/trace/data/licences.npz")
    np.savez_compressed(out, allow_pickle=False, **table)
    print(len(texts), "texts,", sum(map(len, table.values())), "features,", out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
