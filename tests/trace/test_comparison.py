from __future__ import annotations

import numpy as np
import pytest

from waspglass.trace.calibration import load_calibration
from waspglass.trace.comparison import _verdict
from waspglass.trace.program import Program
from waspglass.trace.syntax import Reading
from waspglass.trace.verdict import Verdict

DERIVED, INDEPENDENT = load_calibration().derived_at, load_calibration().independent_at
LITTLE = 1e-6


def sized(tokens: int, *remarks: str, distinct: int = 1000) -> Program:
    """A program of so many tokens, with so many distinct runs of five."""
    views = {"words5": np.arange(distinct, dtype=np.uint32)}
    return Program("a.py", "", "python", Reading.SYNTAX, tokens, views, remarks)


@pytest.mark.parametrize(
    ("llr", "size", "program", "verdict", "reason"),
    [
        (DERIVED, 150.0, sized(150), Verdict.DERIVED, "alike"),
        (DERIVED, 150.0, sized(150, "cut", "binary"), Verdict.DERIVED, "alike"),
        (DERIVED - LITTLE, 150.0, sized(150), Verdict.CANNOT_TELL, "between"),
        (LITTLE, 150.0, sized(150), Verdict.CANNOT_TELL, "between"),
        (0.0, 150.0, sized(150), Verdict.CANNOT_TELL, "unclear"),
        (INDEPENDENT + LITTLE, 150.0, sized(150), Verdict.CANNOT_TELL, "unclear"),
        (INDEPENDENT, 150.0, sized(150), Verdict.INDEPENDENT, "unlike"),
        (INDEPENDENT, 150.0, sized(150, "broken"), Verdict.INDEPENDENT, "unlike"),
        (INDEPENDENT, 150.0, sized(150, "binary"), Verdict.CANNOT_TELL, "binary"),
        (INDEPENDENT, 150.0, sized(150, "binary", "cut"), Verdict.CANNOT_TELL, "cut"),
        (DERIVED, 150.0 - LITTLE, sized(150), Verdict.CANNOT_TELL, "given"),
        (DERIVED, 150.0, sized(500, distinct=30), Verdict.DERIVED, "alike"),
        (DERIVED, 150.0, sized(500, distinct=29), Verdict.CANNOT_TELL, "repeats"),
        (DERIVED, 150.0, sized(149, distinct=29), Verdict.CANNOT_TELL, "small"),
        (INDEPENDENT, 0.0, sized(1), Verdict.CANNOT_TELL, "small"),
        (DERIVED, 0.0, sized(0), Verdict.CANNOT_TELL, "empty"),
    ],
)
def test_the_answer_at_the_bounds_of_ratio_and_size_whichever_program_is_the_sample(
    llr: float, size: float, program: Program, verdict: Verdict, reason: str
) -> None:
    for pair in ((program, sized(1000)), (sized(1000), program)):
        assert _verdict(llr, size, *pair, load_calibration(), 2) == (verdict, reason)
