"""What stands in a public licence, everybody may have: it shows nothing about who took from whom."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.trace.programs import ORIGINAL, source
from waspglass.trace.calibration import load_calibration
from waspglass.trace.commons import Commons, load_commons
from waspglass.trace.result import Comparison
from waspglass.trace.trace import trace
from waspglass.trace.verdict import Verdict

LICENCE = (Path(__file__).parents[2] / "LICENSE").read_text(encoding="utf-8")


def commented(text: str) -> str:
    return "".join(f"# {line}\n" for line in text.splitlines())


def compared(sample: tuple[str, str], shared: tuple[str, str], commons: Commons) -> Comparison:
    result = trace([source(*sample)], [source(*shared)], calibration=load_calibration(), commons=commons)
    return result.comparisons[0]


@pytest.mark.parametrize(
    ("sample", "shared"),
    [
        (("LICENSE", LICENCE), ("LICENSE", LICENCE.replace("APPENDIX", "Appendix"))),
        (("LICENSE.md", LICENCE), ("COPYING.md", "# Licence\n\n" + LICENCE)),
        (("a.py", commented(LICENCE) + "import os\n"), ("LICENSE", LICENCE)),
    ],
)
def test_one_licence_in_two_projects_is_no_derivation(sample: tuple[str, str], shared: tuple[str, str]) -> None:
    common = load_commons()
    found = compared(sample, shared, common)
    assert (found.verdict, found.reasons[0], found.parts) == (Verdict.CANNOT_TELL, "given", ())
    without = Commons(common.feature, common.frequency, routine=common.routine)
    bare = compared(sample, shared, without)
    assert "given" not in bare.reasons
    assert bare.llr >= load_calibration().derived_at


def test_a_licence_hides_no_program() -> None:
    sample, shared, common = ("a.txt", LICENCE + ORIGINAL), ("b.txt", ORIGINAL), load_commons()
    found = compared(sample, shared, common)
    without = compared(sample, shared, Commons(common.feature, common.frequency, routine=common.routine))
    assert found.score > max(0.5, without.score + 0.1)
    assert found.llr > without.llr


def test_features_in_licences_are_found_by_view() -> None:
    known = Commons(
        np.empty(0, np.uint32), np.empty(0, np.float32), licence={"words5": np.array([3, 7, 9], dtype=np.uint32)}
    )
    asked = np.array([1, 3, 8, 9, 12], dtype=np.uint32)
    assert known.in_licences("words5", asked).tolist() == [False, True, False, True, False]
    assert not known.in_licences("lines", asked).any()
    assert load_commons().in_licences("lines", asked[:0]).tolist() == []


def test_a_collection_needs_no_licences() -> None:
    whole, without = load_commons(), load_commons(licences=False)
    assert whole.licence
    assert not without.licence
    assert without.feature.tobytes() == whole.feature.tobytes()
