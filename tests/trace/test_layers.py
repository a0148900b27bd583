from __future__ import annotations

import base64
import json
import zlib

import pytest

from tests.trace.programs import INDEPENDENT, ORIGINAL, background, renamed, source
from waspglass.report.trace_text import trace_text
from waspglass.trace.calibration import load_calibration
from waspglass.trace.commons import load_commons
from waspglass.trace.layers import layers_of
from waspglass.trace.program import Source
from waspglass.trace.result import TraceResult
from waspglass.trace.trace import trace
from waspglass.trace.verdict import Verdict

PACKED = base64.b64encode(zlib.compress(ORIGINAL.encode())).decode()
MAIL = "From: a@example.org\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
DOCUMENTS = {
    "advice.md": f"# Advice\n\nThis shows the fault.\n\n```python\n{ORIGINAL}```\n\nDo not forward it.\n",
    "advice.html": f"<html><body><p>This shows it.</p><pre>{ORIGINAL.replace('<', '&lt;')}</pre></body></html>",
    "advice.json": json.dumps({"title": "advice", "proof": ORIGINAL}),
    "advice.ipynb": json.dumps({"cells": [{"cell_type": "code", "source": ORIGINAL.splitlines(keepends=True)}]}),
    "advice.eml": MAIL + base64.encodebytes(ORIGINAL.encode()).decode(),
    "loader.py": f"import base64, zlib\nexec(zlib.decompress(base64.b64decode('{PACKED}')))\n",
}


def traced(samples: list[Source], shared: list[Source], *more: list[Source]) -> TraceResult:
    return trace(samples, shared, *more, calibration=load_calibration(), commons=load_commons())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_program_that_was_shared_in_a_document_is_found_in_a_sample(name: str) -> None:
    result = traced([source("found.py", ORIGINAL)], [source(name, DOCUMENTS[name])], background())
    best = result.comparisons[0]
    assert (result.verdict, best.verdict) == (Verdict.DERIVED, Verdict.DERIVED)
    assert best.shared.startswith(f"{name} > ")
    assert best.regions[0].shared.first <= 2
    assert {name, best.shared} <= {one.name for one in result.shared}


def test_a_document_and_what_stands_in_it_are_one_copy() -> None:
    shared = [source("advice.md", f"Look:\n\n```python\n{ORIGINAL}```\n")]
    result = traced([source("advice2.md", shared[0].raw.decode())], shared, background())
    assert result.verdict is Verdict.DERIVED
    assert all(not one.direction.contrasts for one in result.comparisons if one.direction)
    assert "and also" not in trace_text(result, "en").partition("\n")[0]


def test_a_scrap_in_what_was_shared_does_not_keep_from_an_answer_but_a_small_sample_does() -> None:
    scrap = (
        "import os\nimport sys\n\n\ndef scrap(path: str) -> list[str]:\n    return os.listdir(path or sys.argv[0])\n"
    )
    document = f"{INDEPENDENT[0]}\n\n" + "\n".join(f"# {line}" for line in ["```python", *(scrap * 2).splitlines()])
    shared = [source("shared.py", ORIGINAL), source("b.md", f"{document}\n```python\n{scrap * 2}```\n")]
    assert len(layers_of(shared, programs=True).sources) > len(shared)
    small = traced([source("small.py", "print(1)\n"), source("e.py", INDEPENDENT[1])], shared, background())
    assert small.verdict is Verdict.CANNOT_TELL


def test_of_what_is_packed_in_a_shared_file_only_programs_count() -> None:
    picture = "<svg>" + "".join(f'<path d="M{i} {i * 7}L{i * 3} 4z"/>' for i in range(60)) + "</svg>"
    page = f'<img src="data:image/svg+xml;base64,{base64.b64encode(picture.encode()).decode()}">'
    assert len(layers_of([source("page.html", page)]).sources) == 2
    assert len(layers_of([source("page.html", page)], programs=True).sources) == 1


def test_given_code_in_a_document_does_not_count() -> None:
    result = traced(
        [source("a.py", ORIGINAL)], [source("b.py", ORIGINAL)], [], [source("b.md", DOCUMENTS["advice.md"])]
    )
    assert (result.verdict, result.base, result.comparisons[0].score) == (Verdict.CANNOT_TELL, 1, 0.0)


def test_what_of_a_shared_file_cannot_be_unpacked_is_told_and_keeps_from_calling_a_sample_independent() -> None:
    secret = base64.b64encode(bytes(hash_ * 37 % 251 ^ hash_ % 7 for hash_ in range(4000))).decode()
    shared = [source("shared.py", f"{ORIGINAL}\nexec(decrypt('{secret}'))\n")]
    sample = [source("found.py", INDEPENDENT[0])]
    assert traced(sample, shared, background()).shared[0].remarks == ("layers_unread",)
    assert traced(sample, shared, background()).verdict is not Verdict.INDEPENDENT


def test_files_of_one_name_keep_apart_what_is_in_them() -> None:
    files = [source("a.md", DOCUMENTS["advice.md"]), source("a.md", f"```python\n{renamed(ORIGINAL)}```\n")]
    layers = layers_of(files)
    assert [one.name for one in layers.sources] == ["a.md", "a.md > code block", "a.md (2)", "a.md (2) > code block"]
    assert layers.file_of("a.md (2) > code block") == "a.md (2)"
    assert layers_of(files[:1], layers.sources).sources == layers.sources[:2]


def test_a_name_with_an_arrow_makes_no_layer() -> None:
    assert layers_of([source("a > b.py", INDEPENDENT[0]), source("a", ORIGINAL)]).nested == frozenset()
