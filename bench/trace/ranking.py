"""How well the scores of listed pairs rank: each set with the numbers that were fitted without its family.

    python -m bench.trace.ranking DATA PAIRS [--sets a,b] [--unseen OTHER_PAIRS]

A line a set with ten derived pairs or more: area under the ROC curve, average precision, best F1, true positives at 1 %
and at 0.1 % false positives; by scores as they are, and ranked as `matrix` ranks them. Then the means of these sets.

Sets in OTHER_PAIRS, which no numbers were fitted on (`bench.trace.contests`), come first, with the numbers that ship:
lines by the direct scores, by scores as they are, and ranked; and the figures of the ratios.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from bench.trace.calibrate import Row, fit, in_matrix
from bench.trace.figures import average_precision, best_f1, roc_auc, true_positives_at
from bench.trace.scored_sets import Floats, Scored, score_sets
from waspglass.trace.calibration import Calibration, load_calibration
from waspglass.trace.ranking import ranked


def figures(scored: Scored, score: Floats) -> Floats:
    """The five figures of a set."""
    label = scored.label
    rates = [true_positives_at(label, score, rate) for rate in (0.01, 0.001)]
    return np.array([roc_auc(label, score), average_precision(label, score), best_f1(label, score), *rates])


def without(sets: list[Scored], family: str) -> Calibration:
    """The calibration fitted without a family."""
    calibration = load_calibration()
    numbers = tuple(float(value) for value in fit([one for one in sets if one.family != family], "linked"))
    linked = calibration.linked.model_copy(update={"coefficients": numbers})
    return calibration.model_copy(update={"linked": linked})


def unseen(one: Scored) -> None:
    """Prints the lines of a set that has no part in the numbers that ship."""
    calibration = load_calibration()
    lines = one.score, one.raised, ranked(one.raised, one.baseline, one.tokens, calibration)
    for name, score in zip(("direct", "raised", "ranked"), lines, strict=True):
        print(f"{one.name:18}  {name}", " ".join(f"{value:.4f}" for value in figures(one, score)))
    linked, collection = (np.array(regime.coefficients) for regime in (calibration.linked, calibration.collection))
    print(Row.of(one, one.label, in_matrix(one, linked, collection)))


def main() -> None:
    """Prints the lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--sets", default="")
    parser.add_argument("--unseen", type=Path)
    arguments = parser.parse_args()
    for one in score_sets(arguments.data, arguments.unseen) if arguments.unseen else ():
        unseen(one)
    sets = list(score_sets(arguments.data, arguments.pairs))
    fitted = {family: without(sets, family) for family in {one.family for one in sets}}
    chosen = set(arguments.sets.split(",")) - {""}
    lines = []
    for one in sets:
        if one.label.sum() < 10 or (chosen and one.name not in chosen):
            continue
        score = ranked(one.raised, one.baseline, one.tokens, fitted[one.family])
        lines.append(np.stack([figures(one, one.raised), figures(one, score)]))
        print(f"{one.name:18}", *(" ".join(f"{value:.4f}" for value in row) for row in lines[-1]), sep="  ")
    print(
        f"{f'mean of {len(lines)} sets':18}",
        *(" ".join(f"{v:.4f}" for v in row) for row in np.mean(lines, axis=0)),
        sep="  ",
    )


if __name__ == "__main__":
    main()
