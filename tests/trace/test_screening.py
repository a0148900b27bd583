from __future__ import annotations

import base64
from collections.abc import Iterator
from itertools import product

import pytest

from tests.trace.programs import INDEPENDENT, ORIGINAL, background, renamed, reordered, source
from waspglass.trace.calibration import load_calibration
from waspglass.trace.commons import load_commons
from waspglass.trace.comparison import Comparing
from waspglass.trace.elsewhere import from_elsewhere, hedged
from waspglass.trace.layers import layers_of
from waspglass.trace.program import Source
from waspglass.trace.reader import Grounds, Reader
from waspglass.trace.screening import LISTED, Ranking, listed
from waspglass.trace.trace import trace
from waspglass.trace.verdict import Verdict

LIBRARY = f"/*! reading.js */\n{ORIGINAL}"
SAMPLES = [
    source("a.py", ORIGINAL), source("b.py", reordered(renamed(ORIGINAL))), source("c", renamed(ORIGINAL)),
    source("d.js", INDEPENDENT[0]), source("e.py", INDEPENDENT[1]), source("f.py", ""), source("g.py", "print(1)\n"),
    source("h.md", f"# How to\n\n```\n{ORIGINAL}\n```\n"), Source("i.bin", bytes(range(256)) * 9),
    source("j.py", "x = 1\n" * 400), source("k.py", f"def broken(:\n{ORIGINAL}"),
]  # fmt: skip
SHARED = [
    source("a.py", ORIGINAL), source("own", INDEPENDENT[2]), source("lib.py", LIBRARY), source("x.py", INDEPENDENT[1]),
    source("advice.md", f"Read this.\n\n```python\n{ORIGINAL}```\n"),
]  # fmt: skip


@pytest.mark.parametrize("around", [0, 12])
@pytest.mark.parametrize("base", [[], [source("given.py", ORIGINAL.split("\n\n\n")[1])]])
def test_what_is_listed_is_what_comparing_each_pair_alone_puts_first(around: int, base: list[Source]) -> None:
    found = layers_of(SAMPLES)
    copies = layers_of(SHARED, found.sources, programs=True)
    reader, calibration = Reader(), load_calibration()
    grounds = Grounds(reader, background(around), base, load_commons())
    elsewhere = from_elsewhere(copies)
    rank = Ranking.of((found, copies), reader, calibration.enough_tokens(around + 2))
    comparing = Comparing(reader, grounds, calibration)
    alone = [hedged(comparing.compare(*pair), elsewhere) for pair in product(found.sources, copies.sources)]

    def forgetful() -> Iterator[Source]:
        for sample in found.sources:
            yield sample
            comparing.forget(sample)

    together = listed(forgetful(), copies.sources, comparing, elsewhere, rank)
    assert together == rank.strongest_first(alone)


def test_the_whole_comes_before_what_stands_in_it() -> None:
    """A commented-out program in both is the same byte for byte, the whole only token by token."""
    shared = f"/*\n{ORIGINAL}\n*/\n{INDEPENDENT[0]}"
    sample = base64.b64encode(f"{shared}\n\n".encode()).decode()
    result = trace(
        [source("a.py", f"exec(b64decode('{sample}'))")], [source("b.py", shared)],
        calibration=load_calibration(), commons=load_commons(),
    )  # fmt: skip
    first, *others = result.comparisons
    assert (first.sample, first.shared, first.identical) == ("a.py > base64", "b.py", False)
    assert any((one.identical, one.shared) == (True, "b.py > comment") for one in others)


@pytest.mark.parametrize("copies", [3, LISTED + 1])
def test_a_comment_that_all_copies_have_does_not_hide_the_copy_that_the_file_was_made_from(copies: int) -> None:
    """It is the same byte for byte, the file is not; nor may there be so many of it that the files are not listed."""
    program = f"/*\n{INDEPENDENT[0]}{INDEPENDENT[1]}\n*/\n{ORIGINAL}"
    marked = {f"to{n}.txt": f"{program}\nmark = ({n}, limit{n}, [{n}])\n" for n in range(copies)}
    result = trace(
        [source("found.txt", marked["to2.txt"].replace("1.0375", "rate + 1"))],
        [source(name, text) for name, text in marked.items()],
        calibration=load_calibration(), commons=load_commons(),
    )  # fmt: skip
    first = result.comparisons[0]
    assert (first.verdict, first.sample, first.shared) == (Verdict.DERIVED, "found.txt", "to2.txt")
    assert any(one.identical and one.verdict is Verdict.DERIVED for one in result.comparisons) == (copies < LISTED)


def test_of_very_many_pairs_the_strongest_are_listed_and_the_rest_counted() -> None:
    samples = [source(f"{number}.py", f"{INDEPENDENT[number % 3]}\nprint({number})\n") for number in range(110)]
    result = trace(
        [*samples, source("z.py", ORIGINAL)], SHARED[:2], background(), calibration=load_calibration(),
        commons=load_commons(),
    )  # fmt: skip
    assert (result.verdict, result.comparisons[0].sample) == (Verdict.DERIVED, "z.py")
    assert (len(result.comparisons), result.left_out) == (LISTED, 222 - LISTED)
    assert [one.name for one in result.samples] == [*(f"{number}.py" for number in range(110)), "z.py"]
