from __future__ import annotations

from pathlib import Path

from waspglass.trace.calibration import load_calibration
from waspglass.trace.commons import load_commons
from waspglass.trace.load import load
from waspglass.trace.trace import trace
from waspglass.trace.verdict import Verdict

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "trace-readings"


def test_the_example_says_what_its_readme_says() -> None:
    found, shared, others = (load([EXAMPLE / part]).sources for part in ("found", "shared", "background"))
    result = trace(found, shared, others, calibration=load_calibration(), commons=load_commons())
    answers = {one.sample.removeprefix(EXAMPLE.as_posix()): one for one in result.comparisons}
    assert answers["/found/packed.ps1 > base64 > gzip"].verdict is Verdict.DERIVED
    renamed, unrelated = answers["/found/renamed.py"], answers["/found/unrelated.py"]
    assert renamed.verdict is Verdict.CANNOT_TELL
    assert renamed.hypotheses.background_as_alike == 0
    assert renamed.llr > 0 > unrelated.llr
    assert unrelated.verdict is not Verdict.DERIVED
