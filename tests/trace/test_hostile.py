from __future__ import annotations

import time

import pytest

from tests.trace.programs import ORIGINAL, source
from waspglass.trace.calibration import load_calibration
from waspglass.trace.commons import load_commons
from waspglass.trace.program import Source, program_of
from waspglass.trace.syntax import TOKEN_LIMIT
from waspglass.trace.trace import trace
from waspglass.trace.verdict import Verdict

HOSTILE = {
    "empty.py": b"",
    "space.py": b" \n\t\n" * 1000,
    "nul.bin": b"\0" * 100_000,
    "bytes.exe": bytes(range(256)) * 2000,
    "deep.js": b"(" * 200_000,
    "deep.py": b"[" * 100_000 + b"]" * 100_000,
    "deep.cs": b"A<" * 100_000,
    "deep.java": b"x=>" * 50_000,
    "deep.yaml": b"- " * 50_000,
    "deep.html": b"<div>" * 30_000,
    "deep.md": b"1. " * 1_000,
    "endless.js": b";-*" * 30_000,
    "endless_short.js": b"|a=?." * 3_200,
    "endless.rb": b"\n-;" * 30_000,
    "endless.go": b"->" * 15_000,
    "blanks.rb": (b"-;\n" + b" " * 10) * 20_000,
    "endless.py": b"=-<" * 10_000,
    "endless.php": b"-*" * 8_000,
    "endless_behind.php": b"<?php $a = 1; ?>\n<p>\n<?php\n" + b"$b = 1;\n" * 3_000 + b"-*" * 12_000,
    "endless.rs": b"()f.a=&[0;1]" * 10_000,
    "endless_behind.js": b"x=1;" * 100_000 + b";-*" * 30_000,
    "same.txt": b"same line\n" * 1_000_000,
    "minified.js": b'function a(b,c){return b?c:[1,2,{d:"e"}]};' * 500_000,
    "open.c": b"/*a" * 500_000,
    "open.txt": b"<!--a /*b" * 400_000,
    "quotes.js": b"'" * 2_000_000,
    "longline.txt": b'x = "' + b"a" * 8_000_000 + b'"',
    "cut.py": ORIGINAL.encode()[:333],
    "utf16.ps1": "$a = 1 # ä".encode("utf-16"),
    "latin.php": b"<?php $a = '\xe4\xf6\xfc'; ?>",
    "surrogates.py": "x = '\ud800'".encode("utf-8", "surrogatepass"),
    "control.py": b"x = '\x1b[2J\x07'",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_any_bytes_give_a_program_in_bounded_time(name: str) -> None:
    begin = time.process_time()
    program = program_of(Source(name, HOSTILE[name]))
    assert program.tokens <= 3 * TOKEN_LIMIT
    assert time.process_time() - begin < 20


@pytest.mark.parametrize(
    ("name", "remark"),
    [
        ("empty.py", "empty"),
        ("bytes.exe", "binary"),
        ("deep.cs", "tokens_only"),
        ("endless.go", "tokens_only"),  # 26 s for 16 kB, if its grammar got them
        ("endless.rb", "tokens_only"),  # up to 7 GB for 90 kB, if its grammar got the whole
        ("blanks.rb", "tokens_only"),  # 20 s and 4 GB, and a crash for more of it
        ("endless.php", "tokens_only"),  # without its tag
        ("endless_behind.php", "tokens_only"),
        ("endless_behind.js", "tokens_only"),
        ("same.txt", "cut"),
    ],
)
def test_the_reason_is_said(name: str, remark: str) -> None:
    assert remark in program_of(Source(name, HOSTILE[name])).remarks


@pytest.mark.parametrize("name", [name for name in HOSTILE if name not in {"minified.js", "same.txt"}])
def test_tracing_it_ends_with_an_answer_that_is_not_derived(name: str) -> None:
    result = trace(
        [Source(name, HOSTILE[name])],
        [source("shared.py", ORIGINAL)],
        calibration=load_calibration(),
        commons=load_commons(),
    )
    assert result.verdict is not Verdict.DERIVED


@pytest.mark.parametrize("name", ["same.txt", "bytes.exe"])
def test_what_is_compared_in_part_only_is_not_called_independent(name: str) -> None:
    result = trace(
        [Source(name, HOSTILE[name])],
        [source("shared.py", ORIGINAL)],
        calibration=load_calibration(),
        commons=load_commons(),
    )
    assert "cut" in result.samples[0].remarks
    assert result.verdict is Verdict.CANNOT_TELL


def test_an_empty_file_and_an_empty_file_cannot_be_told() -> None:
    result = trace([Source("a", b"")], [Source("b", b"")], calibration=load_calibration(), commons=load_commons())
    assert result.verdict is Verdict.CANNOT_TELL
    assert result.comparisons[0].reasons == ("empty", "identical")
