"""The results of `trace` for a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from waspglass.model.escape import printable
from waspglass.model.skip import Skipped
from waspglass.trace.matrix import PairTable
from waspglass.trace.program import Program

__all__ = ["matrix_text"]


def matrix_text(programs: Sequence[Program], best: PairTable, pairs: int, skipped: Sequence[Skipped]) -> str:
    """The best pairs, one a line: score, decimal log likelihood ratio, answer, names."""
    lines = [f"{len(programs)} programs, {pairs} pairs", "score  log10 LR  answer        programs"]
    for row, word in enumerate(best.words()):
        first, second = (printable(programs[side[row]].name) for side in (best.first, best.second))
        llr = best.llr[row] / math.log(10)
        lines.append(f"{best.score[row]:5.3f}  {llr:8.1f}  {word.value:12}  {first}  {second}")
    lines += [f"not compared: {printable(skip.source)}: {skip.reason.value} ({skip.count})" for skip in skipped]
    return "\n".join(lines)
