from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from tests.trace.programs import INDEPENDENT, ORIGINAL, background, renamed, source, unlike
from waspglass.trace import matrix, part_table
from waspglass.trace.calibration import Calibration, PartLikeness, load_calibration
from waspglass.trace.collection import Collection
from waspglass.trace.commons import load_commons, routine_key
from waspglass.trace.matrix import all_pairs, likenesses, listed_pairs
from waspglass.trace.pairing import Background
from waspglass.trace.part_table import LIFTED_FROM, LIFTED_TO, PartTable, lifted_by_parts
from waspglass.trace.parts import (
    NAMELESS,
    part_answers,
    part_evidence,
    part_likeness,
    part_llr,
    program_with_parts,
)
from waspglass.trace.program import Program
from waspglass.trace.trace import trace
from waspglass.trace.verdict import Verdict
from waspglass.trace.views import VIEWS

FUNCTION = ORIGINAL.split("\n\n\n")[2]


def program(name: str, text: str) -> Program:
    return program_with_parts(source(name, text))


def with_function(function: str) -> Program:
    """A long sample of otherwise other code."""
    long = "\n\n\n".join(text.replace("main()", "") for text in INDEPENDENT * 2)
    return program("found.py", f"{long}\n\n\n{function}\n")


def best_alone(one: Program, other: Program, against: Background) -> tuple[float, float, float]:
    """The naive twin: likeness of each pair of parts, one after the other."""
    found = []
    for a in one.parts or (one,):
        for b in other.parts or (other,):
            likeness, tokens = against.likeness(a, b), min(a.tokens, b.tokens)
            written, structure = (part_likeness(likeness, way, tokens) for way in (VIEWS, NAMELESS))
            llr = float(part_llr(written, structure, load_calibration())[0])
            found.append((llr, float(written.score[0]), float(written.own[0]), float(structure.own[0])))
    return max(found)[1:]


@pytest.mark.parametrize("alone", [True, False], ids=["alone", "among others"])
@pytest.mark.parametrize("function", [FUNCTION, renamed(FUNCTION)], ids=["as it is", "renamed"])
def test_the_best_pair_of_parts_is_that_of_comparing_all_one_after_the_other(function: str, alone: bool) -> None:
    found, origin = with_function(function), program("shared.py", ORIGINAL)
    others = [] if alone else [program_with_parts(other) for other in background()]
    everyone = [found, origin, *others]
    table = PartTable(
        [one.parts or (one,) for one in everyone], None if alone else everyone, load_commons(), load_calibration()
    )
    best = table.best(np.array([0]), np.array([1]))
    score, own, structure = best_alone(found, origin, Background(others, commons=load_commons()))
    assert best.written.score[0] == pytest.approx(score, abs=1e-4)
    assert best.written.own[0] == pytest.approx(own, abs=1e-3)
    assert best.structure.own[0] == pytest.approx(structure, abs=1e-3)
    assert best.tried[0] == len(found.parts) * len(origin.parts)


def test_a_copied_function_lifts_a_pair_above_independent_ones_and_not_to_whole_copies() -> None:
    others = [program_with_parts(other) for other in background()]
    everyone = [with_function(FUNCTION), program("shared.py", ORIGINAL), *others]
    first, second = (side.astype(np.int64) for side in np.triu_indices(len(everyone), 1))
    kept = first < 2
    first, second = first[kept], second[kept]
    collection, calibration = Collection(everyone, load_commons()), load_calibration()
    without = Collection([replace(one, parts=()) for one in everyone], load_commons())
    lifted = listed_pairs(collection, first, second, calibration).score
    plain = listed_pairs(without, first, second, calibration).score
    assert plain[0] < 0.9 * LIFTED_TO < lifted[0] <= 1.05 * LIFTED_TO
    assert np.all(lifted >= plain)
    # The sample holds the first three of the background whole; the others have nothing of it.
    assert lifted[0] > max(lifted[(first == 1)])


def test_nothing_is_lifted_without_parts_and_from_next_to_nothing_by_fragments_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pair = [with_function(FUNCTION), program("shared.py", ORIGINAL)]
    one, two, calibration = np.array([0]), np.array([1]), load_calibration()
    plain = [replace(program, parts=()) for program in pair]
    low, some = np.array([LIFTED_FROM / 2]), np.array([0.1])
    assert lifted_by_parts(plain, one, two, some, load_commons(), calibration)[0][0] == 0.1
    assert lifted_by_parts(pair, one, two, low, load_commons(), calibration)[0][0] > 0.3
    monkeypatch.setattr(part_table, "windows_of_their_own", lambda *_: np.zeros(1))
    assert lifted_by_parts(pair, one, two, low, load_commons(), calibration)[0][0] == low[0]
    assert lifted_by_parts(pair, one, two, some, load_commons(), calibration)[0][0] > 0.3
    assert some[0] == 0.1


def test_programs_without_any_text_have_no_parts_to_compare() -> None:
    empty = [program(f"{number}.py", "") for number in range(2)]
    table = PartTable([(one,) for one in empty], empty, load_commons(), load_calibration())
    assert table.best(np.array([0]), np.array([1])).own()[0] == 0


def test_a_public_routine_that_both_have_is_not_called_derived() -> None:
    """While nobody is known to have it, it is; a routine is recognised also where its names were changed."""
    calibration, plain = load_calibration(), load_commons()
    one = program("one.py", ORIGINAL)
    key = routine_key(program("renamed.py", ORIGINAL.replace("readings", "records")).views["flow"])
    public = replace(plain, routine=np.array([key], dtype=np.uint64))
    score, llr, derived = part_evidence(one, one, Background([], commons=plain), calibration, 4)
    same, less, refused = part_evidence(one, one, Background([], commons=public), calibration, 4)
    assert derived
    assert not refused
    assert same == score
    assert less < llr
    tables = [PartTable([(one,), (one,)], None, commons, calibration) for commons in (plain, public)]
    assert [table.best(np.array([0]), np.array([1])).own()[0] > 0 for table in tables] == [True, False]
    assert not plain.is_routine(one.views["flow"])


def test_a_function_in_a_long_sample_is_derived_and_named() -> None:
    """Where programs at large are known to have little of it; a word for word copy of what they have is not."""
    function = ORIGINAL.split("\n\n\n")[2]
    rare = "\n".join(
        f"    total_{i} = weigh(rows[{i}], 'unit {i * 37}') ** {i + 2} - offset_{i % 7}" for i in range(12)
    )
    long = "\n\n\n".join(text.replace("main()", "") for text in INDEPENDENT * 3)
    copied = f"{function.rstrip()}\n{rare}\n"
    sample, shared = f"{long}\n\n\n{copied}\n", ORIGINAL.replace(function, copied)
    result = trace(
        [source("found.py", sample)], [source("shared.py", shared)], background(),
        calibration=load_calibration(), commons=load_commons(),
    )  # fmt: skip
    best = result.comparisons[0]
    assert (best.verdict, best.reasons[0]) == (Verdict.DERIVED, "part")
    assert best.parts[0].sample.first == sample[: sample.index(copied)].count("\n") + 1


@pytest.mark.parametrize("cells", [1, 40])
def test_how_many_parts_are_compared_at_once_changes_nothing(monkeypatch: pytest.MonkeyPatch, cells: int) -> None:
    everyone = [with_function(FUNCTION), program("shared.py", ORIGINAL), *map(program_with_parts, background(20))]
    first, second = (side.astype(np.int64) for side in np.triu_indices(len(everyone), 1))
    table = PartTable([one.parts or (one,) for one in everyone], everyone, load_commons(), load_calibration())
    whole = table.best(first, second)
    monkeypatch.setattr(part_table, "CELLS", cells)
    pieces = table.best(first[::-1], second[::-1])
    assert np.allclose(pieces.tried[::-1], whole.tried)
    for name in ("score", "own", "exclusive"):
        for way in ("written", "structure"):
            piece, one = (getattr(getattr(best, way), name) for best in (pieces, whole))
            assert np.allclose(piece[::-1], one, atol=1e-6)


@pytest.mark.parametrize("listed", [True, False])
def test_a_part_says_of_a_pair_no_more_than_of_itself(monkeypatch: pytest.MonkeyPatch, listed: bool) -> None:
    """Of long programs that have little in common with anybody a score that a part lifts to is called derived."""
    calibration = load_calibration()
    plain = matrix._facts

    def long(programs: Sequence[Program], calibration: Calibration) -> matrix._Facts:
        return replace(plain(programs, calibration), tokens=np.full(len(programs), 5000.0))

    monkeypatch.setattr(matrix, "_facts", long)
    monkeypatch.setattr(matrix, "baselines_of_programs", lambda group, *_: np.full(len(group), 0.01))
    monkeypatch.setattr(matrix, "among_many_tasks", lambda baseline, *_: baseline)
    everyone = [
        with_function(renamed(FUNCTION)),
        program("shared.py", ORIGINAL),
        *map(program_with_parts, background()),
    ]
    collection, pair = Collection(everyone, load_commons()), (np.array([0]), np.array([1]))
    found = likenesses(collection, *pair, calibration)
    assert found.raised[0] > found.linked[0]
    table = listed_pairs(collection, *pair, calibration) if listed else next(all_pairs(collection, calibration))
    best = PartTable([one.parts or (one,) for one in everyone], everyone, load_commons(), calibration).best(*pair, 40.0)
    part, derived = part_answers(best.written, best.structure, calibration)
    assert not derived[0]
    assert table.verdict[0] == 1
    rest = (found.baseline, found.tokens, len(everyone))
    share = found.chain_share

    def ratio(linked: npt.NDArray[np.float64], direct: npt.NDArray[np.float64]) -> float:
        chains = calibration.llr(linked, *rest, chained=found.chained)
        return float(share * chains[0] + (1 - share) * calibration.llr(direct, *rest)[0])

    assert ratio(found.raised, found.raised) > table.llr[0]
    whole = ratio(found.linked, found.direct)
    assert table.llr[0] == pytest.approx(max(part[0], whole))


def test_a_part_lifts_the_ratio_also_where_chains_are_not_usual() -> None:
    calibration = load_calibration()
    pair = [
        program(f"{name}.py", "".join(map(unlike, seeds)) + FUNCTION) for name, seeds in (("a", (1, 2)), ("b", (3, 4)))
    ]
    everyone = [*pair, *(program(f"{seed}.py", unlike(seed)) for seed in range(5, 17))]
    collection, first, second = Collection(everyone, load_commons()), np.array([0]), np.array([1])
    found = likenesses(collection, first, second, calibration)
    assert found.chain_share == 0.0
    assert found.raised[0] > found.linked[0]
    direct = calibration.llr(found.direct, found.baseline, found.tokens, len(everyone))
    table = listed_pairs(collection, first, second, calibration)
    assert direct[0] < table.llr[0] <= found.most[0]


def test_the_ratio_of_a_part_that_is_too_short_for_derived_stays_below() -> None:
    calibration = load_calibration()
    none = PartLikeness(*(np.zeros(3) for _ in range(3)))
    alike = PartLikeness(np.ones(3), np.array([79.0, 81.0, 200.0]), np.array([1.0, 1.0, 0.4]))
    llr, derived = part_answers(alike, none, calibration)
    assert derived.tolist() == [False, True, False]
    assert all((llr >= calibration.derived_at) == derived)
    alike = PartLikeness(np.ones(3), np.array([99.0, 150.0, 200.0]), np.array([1.0, 1.0, 0.5]))
    llr, derived = part_answers(none, alike, calibration)
    assert derived.tolist() == [False, True, False]
    assert all((llr >= calibration.derived_at) == derived)
