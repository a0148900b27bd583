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


@pytest.mark.parametrize("end", ["\r\n", "\r"])
@pytest.mark.parametrize("text", [marked("# "), MAIL + marked("> "), f'"""Reads\nthem.\n"""\n{ORIGINAL}'])
def test_what_ends_a_line_changes_nothing_of_what_is_found(text: str, end: str) -> None:
    plain, other = (
        trace(
            [source("found.py", found)], [source("o.py", f'"""Reads\nthem.\n"""\n{ORIGINAL}')], background(),
            calibration=load_calibration(), commons=load_commons(),
        )
        for found in (text, "\ufeff\ufeff" + text.replace("\n", end))
    )  # fmt: skip
    assert [one.model_dump(exclude={"identical", "reasons"}) for one in other.comparisons] == [
        one.model_dump(exclude={"identical", "reasons"}) for one in plain.comparisons
    ]


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


PROSE = "".join(
    f"The team met on day {day} and looked at the log, which showed nothing of note.\n" for day in range(60)
)
NUMBERED = listed("{0:4} ")
CHAT = "".join(f"[2021-03-02 10:{minute:02}] alice: hello number {minute}\n" for minute in range(40))
STANDS_IN = {
    "quoted": ("quoted lines", PROSE + marked("> ") + PROSE),
    "quoted thrice": ("quoted lines", PROSE + "> > Anna wrote:\n" + marked("> > > ") + "> > Regards\n" + PROSE),
    "quoted without blanks": ("quoted lines", PROSE + marked(">> ") + PROSE),
    "quoted but for empty lines": ("quoted lines", PROSE + marked("> ").replace("> \n", "\n") + PROSE),
    "numbered": ("lines of a list", PROSE + NUMBERED + PROSE),
    "found by grep": ("lines of a list", PROSE + listed("src/r.py:{0}:") + PROSE),
    "set in": ("code block", f"# Report\n\n{PROSE}\n{marked('    ')}\n{PROSE}"),
    "set in by a tab": ("code block", PROSE + marked("\t") + PROSE),
    "sent in a chat": ("message", f"{CHAT}[2021-03-02 10:50] bob: here it is\n{ORIGINAL}{CHAT}"),
    "sent by telephone": ("message", f"02/03/21, 10:50 PM - Bob B.: {ORIGINAL}{CHAT}"),
}


@pytest.mark.parametrize("how", STANDS_IN)
def test_a_program_that_is_a_small_part_of_a_text_is_taken_out_of_it(how: str) -> None:
    label, text = STANDS_IN[how]
    (layer,) = unpack(source("a", text)).layers
    assert layer.name == f"a > {label}"
    kept = [line.rstrip() for line in layer.raw.decode().split("\n") if line.strip()]
    assert [line for line in kept if line != "here it is"] == [line for line in ORIGINAL.splitlines() if line.strip()]


@pytest.mark.parametrize("how", STANDS_IN)
def test_such_a_program_is_derived_and_an_independent_one_is_not(how: str) -> None:
    text = STANDS_IN[how][1]
    for shared, derived in ((ORIGINAL, True), (INDEPENDENT[0], False)):
        result = trace(
            [source("found.txt", text)], [source("o.py", shared)], background(),
            calibration=load_calibration(), commons=load_commons(),
        )  # fmt: skip
        assert (result.verdict is Verdict.DERIVED) is derived


FOOTER = "This message and any file in it are meant for those it is sent to and for nobody else.\n"
NOT_A_PROGRAM = {
    "quoted prose": PROSE + "".join(f"> {line}\n" for line in PROSE.splitlines()[:20]) + FOOTER * 9,
    "quoted footer": PROSE + f"> {FOOTER}" * 9 + "> call printf (or Get-Item) then\n" + PROSE,
    "log": "".join(f"10:{i // 60:02}:{i % 60:02} ran Get-Item\n- done, see above\n" * 2 for i in range(90)),
    "table": PROSE + "".join(f"{i},import os,printf (x),Get-Item\n" for i in range(30)) + PROSE,
    "numbered again and again": PROSE + "".join(f"{i % 3} import os # and what else\n" for i in range(90)) + PROSE,
    "list": PROSE + "".join(f"    - host{i}.example.org\n" for i in range(30)) + PROSE,
    "YAML": "jobs:\n" + "".join(f"    step{i}:\n        run: Get-Item {i}\n" for i in range(30)),
    "examples of Python": PROSE + "".join(f">>> import os{i}\n>>> from os import path{i}\n" for i in range(20)) + PROSE,
    "short run": PROSE + "> import os\n" * 6 + "text\n" + PROSE,
    "body of a class": f"# {FOOTER}" * 9 + "class A(B):\n\n" + marked("    "),
    "C++": "int main()\n{\n" + "    std::cin\n        >> a;\n" * 20 + "}\n",
}  # fmt: skip


@pytest.mark.parametrize("what", NOT_A_PROGRAM)
def test_lines_that_only_look_marked_are_no_text_of_their_own(what: str) -> None:
    assert list(quoted_texts(NOT_A_PROGRAM[what])) == []


@pytest.mark.parametrize(
    "text",
    ["> x = 1\n" * 1_000_000, "> import os\n- b\n" * 250_000, "> " * 2_000_000, " " * 4_000_000 + "x",
     "".join("> " * (i % 50) + "import os\n" for i in range(100_000)), "1" * 4_000_000, "a" * 4_000_000,
     (f"> import csv  # {'x' * 30}\n" * 7 + "text\n") * 8_000, "2021-03-02 10:05 " + "a" * 3_000_000,
     "1:1" * 1_000_000, "a b c 1 " * 500_000],
)  # fmt: skip
def test_of_hostile_lines_no_more_is_taken_out_than_there_is(text: str) -> None:
    assert sum(len(raw) for _, raw in quoted_texts(text)) <= len(text)


def test_of_very_many_quoted_programs_some_are_taken_out_and_this_is_said() -> None:
    text = "".join(f"text\n{marked('> ')}\ntext\n> {i}\n" + f"> import a{i}\n" * 20 for i in range(300))
    unpacked = unpack(source("a", PROSE * 200 + text))
    assert (len(unpacked.layers), unpacked.bounded) == (32, True)


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
