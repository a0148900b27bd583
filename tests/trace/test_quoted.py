from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trace.programs import INDEPENDENT, ORIGINAL, background, source
from waspglass.trace.calibration import load_calibration
from waspglass.trace.commons import load_commons
from waspglass.trace.quoted import quoted_texts
from waspglass.trace.trace import trace
from waspglass.trace.unpack import unpack
from waspglass.trace.verdict import Verdict

MAIL = "From: anna@example.org\nTo: ben@example.org\n\nHave a look at this:\n"
PATCH = "diff --git a/r.py b/r.py\n--- a/r.py\n+++ b/r.py\n@@ -1,2 +1,43 @@\n-import os\n"


def marked(mark: str) -> str:
    return "".join(f"{mark}{line}\n" for line in ORIGINAL.splitlines())


@pytest.mark.parametrize(
    "text",
    [MAIL + marked("> "), MAIL + marked("> > "), marked(">> "), marked("# "), marked("//"), marked("REM "),
     marked("-- "), "\n" + marked("    ; "), PATCH + marked("+")],
)  # fmt: skip
def test_a_program_that_stands_in_another_text_line_by_line_is_taken_out(text: str) -> None:
    (layer,) = unpack(source("found.txt", text)).layers
    assert layer.raw.decode().strip() == ORIGINAL.strip()
    result = trace(
        [source("found.txt", text)], [source("o.py", ORIGINAL)], background(),
        calibration=load_calibration(), commons=load_commons(),
    )  # fmt: skip
    assert result.verdict is Verdict.DERIVED


def listed(prefix: str) -> str:
    return "".join(f"{prefix.format(i + 1, i % 60)}{line}\n" for i, line in enumerate(ORIGINAL.splitlines()))


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("lines of a list", listed("{0:5}  ")),
        ("lines of a list", listed("{0}: ")),
        ("lines of a list", listed("src/r.py:{0}:")),
        ("lines of a list", listed("2021-03-02 10:00:{1:02},123 INFO [worker-1] ")),
        (
            "typed lines",
            "".join((">>> " if line[:1].strip() else "... ") + line + "\n" for line in ORIGINAL.splitlines()),
        ),
        ("echoed lines", "@echo off\n" + "".join(f"echo {line}>> r.py\r\n" for line in ORIGINAL.splitlines())),
        ("echoed lines", "".join(f"@(echo.{line.replace('>', '^>')}) >>r.py\n" for line in ORIGINAL.splitlines())),
    ],
)
def test_what_is_before_each_line_is_taken_away(label: str, text: str) -> None:
    layers = {layer.name: layer.raw.decode() for layer in unpack(source("a", text)).layers}
    kept = [line.rstrip() for line in layers[f"a > {label}"].split("\n") if line.strip()]
    assert kept == [line for line in ORIGINAL.splitlines() if line.strip()]


def test_lines_of_others_in_a_log_are_left_out() -> None:
    rows = [f"10:00:{i:02} INFO {line}" for i, line in enumerate(ORIGINAL.splitlines())]
    for place in (len(rows) * 3 // 10, len(rows) * 7 // 10):
        rows[place:place] = ["-- rotated --", "-- rotated --", "-- rotated --"]
    (layer,) = unpack(source("a", "\n".join(rows))).layers
    assert [line for line in layer.raw.decode().split("\n") if line] == [x for x in ORIGINAL.splitlines() if x]


@pytest.mark.parametrize("text", [ORIGINAL, *INDEPENDENT, "#!/bin/sh\n" + "# about\n" * 5 + "ls\n", "# a\n\n## b\n"])
def test_comments_in_a_program_are_no_text_of_their_own(text: str) -> None:
    assert list(quoted_texts(text)) == []


def test_of_a_patch_the_lines_that_are_there_after_it_count() -> None:
    text = PATCH + " kept = 1\n-gone = 2\n+new = 3\n\n@@ -9 +10 @@\n+last = 4\nindex 1..2\n+not in a hunk\n"
    assert list(quoted_texts(text)) == [("patch", b"kept = 1\nnew = 3\n\nlast = 4")]


def test_a_comment_that_a_patch_takes_away_does_not_end_its_hunk() -> None:
    text = "--- a/q.sql\n+++ b/q.sql\n@@ -1,3 +1,4 @@\n select a\n--- old\n+-- new\n from t\n+limit 3\n-- \n2.39.1\n"
    again = "--- a/r.sql\n+++ b/r.sql\n@@ -1 +1,2 @@\n commit\n+vacuum\n"
    assert list(quoted_texts(text + again)) == [("patch", b"select a\n-- new\nfrom t\nlimit 3\ncommit\nvacuum\n")]


@given(st.text(alphabet="> #/-;'\tab\nrem@+1,", max_size=300))
def test_any_text_can_be_looked_at(text: str) -> None:
    for _, raw in quoted_texts(text):
        assert len(raw) <= 4 * len(text)
