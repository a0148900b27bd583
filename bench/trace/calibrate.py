"""Fits `src/waspglass/trace/data/calibration.json` and measures it on families of sets that were held out.

    python -m bench.trace.calibrate DATA PAIRS

The numbers that ship are fitted on all families; those for parts come from `bench.trace.calibrate_parts`. The table
has, for each set, the figures of numbers that were fitted without its family.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from bench.trace.figures import cllr, min_cllr
from bench.trace.scored_sets import Floats, Scored, score_sets
from waspglass.trace.baseline import USUAL_BASELINE
from waspglass.trace.calibration import Calibration, Measured, Regime, covariates, load_calibration

DERIVED_AT = math.log(3000)
"""At 2,000 one set of 28 had more than one in 1,000 of its independent pairs called derived."""
INDEPENDENT_AT = -math.log(100)
REGIMES = ("linked", "collection", "alone")
LEAST_TOKENS = {"linked": 40, "collection": 40, "alone": 150}
BOUNDS = (-math.log(300), math.log(20_000))
SHRINKAGE = 1e-3
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one set; not a number where it has fewer than ten derived pairs."""

    name: str
    family: str
    derived: int
    independent: int
    cllr: float
    min_cllr: float
    found: float
    false_derived: float
    lost: float
    cleared: float

    @classmethod
    def of(cls, scored: Scored, label: Labels, llr: Floats) -> Row:
        """From the labels and log likelihood ratios of a set."""
        said, denied, known = llr >= DERIVED_AT, llr <= INDEPENDENT_AT, label.sum() >= 10
        return cls(
            name=scored.name, family=scored.family, derived=int(label.sum()), independent=int((label == 0).sum()),
            cllr=cllr(label, llr) if known else math.nan, min_cllr=min_cllr(label, llr) if known else math.nan,
            found=float(np.mean(said[label == 1])) if known else math.nan,
            false_derived=float(np.mean(said[label == 0])),
            lost=float(np.mean(denied[label == 1])) if known else math.nan,
            cleared=float(np.mean(denied[label == 0])),
        )  # fmt: skip

    def __str__(self) -> str:
        return (
            f"{self.name:18} {self.derived:5}/{self.independent:<6} Cllr {self.cllr:.3f} (min {self.min_cllr:.3f})  "
            f"derived {self.found:.3f} of derived, {self.false_derived:.5f} of independent; "
            f"independent {self.cleared:.3f} of independent, {self.lost:.4f} of derived"
        )


def family_mean(table: Sequence[Row], key: str) -> float:
    """Mean over families of the mean over their sets."""
    families = sorted({row.family for row in table})
    means = [np.nanmean([getattr(row, key) for row in table if row.family == family]) for family in families]
    return round(float(np.mean(means)), 4)


def view(scored: Scored, regime: str) -> tuple[Labels, Floats, Floats]:
    """Labels, covariates and tokens of one set in one regime."""
    if regime != "alone":
        rows = (
            covariates(scored.linked, scored.baseline, scored.tokens, scored.chained) if regime == "linked"
            else covariates(scored.score, scored.baseline, scored.tokens)
        )  # fmt: skip
        return scored.label, rows, scored.tokens
    tokens = scored.tokens[scored.alone]
    usual = np.full(len(tokens), USUAL_BASELINE)
    return scored.label[scored.alone], covariates(scored.alone_score, usual, tokens), tokens


def fit(sets: Sequence[Scored], regime: str) -> Floats:
    """Logistic regression; each family weighs the same, and in it derived as much as independent pairs."""
    families = [scored.family for scored in sets]
    rows, labels, weights = [], [], []
    for scored in sets:
        label, row, _ = view(scored, regime)
        share = 1.0 / families.count(scored.family)
        weight = np.where(label == 1, share / max(1, int(label.sum())), share / max(1, int((label == 0).sum())))
        if label.sum() < 10:
            weight[label == 1] = 0.0
        rows.append(row)
        labels.append(label)
        weights.append(weight)
    x, y, w = np.concatenate(rows), np.concatenate(labels), np.concatenate(weights)
    return logistic(x, y, np.where(y == 1, w / (2 * w[y == 1].sum()), w / (2 * w[y == 0].sum())))


def logistic(x: Floats, y: Labels, weight: Floats) -> Floats:
    """Coefficients of the log likelihood ratio; derived and independent pairs weigh a half each."""
    sign = 2.0 * y - 1.0

    def cost(b: Floats) -> tuple[float, Floats]:
        margin = sign * (x @ b)
        penalty = SHRINKAGE * np.r_[b[:-1], 0.0]
        slope = -(x.T @ (weight * sign / (1 + np.exp(np.clip(margin, -50, 50))))) + penalty
        return float(np.sum(weight * np.logaddexp(0, -margin)) + b @ penalty / 2), slope

    return np.asarray(minimize(cost, np.zeros(x.shape[1]), jac=True, method="BFGS").x)


def llr_of(coefficients: Floats, rows: Floats, tokens: Floats, regime: str) -> Floats:
    """As `Calibration.llr`, from covariates."""
    bounded = np.clip(rows @ coefficients, *BOUNDS)
    return np.where(tokens < LEAST_TOKENS[regime], np.clip(bounded, -1, 1), bounded)


def in_matrix(scored: Scored, linked: Floats, collection: Floats) -> Floats:
    """The ratios as in `matrix`: of both kinds as far as chains are usual, raised by parts, and careful.

    The numbers of either kind are fitted alone, and to wholes.
    """
    baseline, tokens = scored.baseline, scored.tokens

    def ratios(score: Floats, direct: Floats) -> Floats:
        chains = llr_of(linked, covariates(score, baseline, tokens, scored.chained), tokens, "linked")
        without = llr_of(collection, covariates(direct, baseline, tokens), tokens, "collection")
        return scored.chain_share * chains + (1.0 - scored.chain_share) * without

    whole = ratios(scored.linked, scored.score)
    raised = ratios(scored.raised, np.where(scored.raised > scored.linked, scored.raised, scored.score))
    llr = np.where(np.isfinite(scored.most), np.minimum(raised, np.maximum(whole, scored.most)), raised)
    return np.where(scored.comparable, llr, np.maximum(llr, -1.0))


def fits_without(sets: Sequence[Scored], regime: str) -> dict[str, Floats]:
    """The numbers for each family, fitted on all others."""
    families = sorted({scored.family for scored in sets})
    return {family: fit([other for other in sets if other.family != family], regime) for family in families}


def measure(sets: Sequence[Scored], regime: str) -> Measured:
    """Each set with numbers fitted without its family."""
    table: list[Row] = []
    fitted = fits_without(sets, regime)
    direct = fits_without(sets, "collection") if regime == "linked" else {}
    for scored in sets:
        label, rows, tokens = view(scored, regime)
        if regime == "linked":
            llr = in_matrix(scored, fitted[scored.family], direct[scored.family])
        else:
            llr = llr_of(fitted[scored.family], rows, tokens, regime)
        table.append(Row.of(scored, label, llr))
        print(f"  {table[-1]}")
    negatives = sum(row.independent for row in table)
    return Measured(
        sets=len(table),
        derived=sum(row.derived for row in table),
        independent=negatives,
        cllr=family_mean(table, "cllr"),
        min_cllr=family_mean(table, "min_cllr"),
        worst_cllr=round(float(np.nanmax([row.cllr for row in table])), 4),
        derived_found=family_mean(table, "found"),
        false_derived=round(sum(row.false_derived * row.independent for row in table) / negatives, 6),
        worst_false_derived=round(max(row.false_derived for row in table), 6),
        false_independent=family_mean(table, "lost"),
    )


def main() -> None:
    """Fits, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--out", type=Path, default=Path("src/waspglass/trace/data/calibration.json"))
    arguments = parser.parse_args()
    sets = list(score_sets(arguments.data, arguments.pairs))
    regimes = {}
    for name in REGIMES:
        print(name)
        measured = measure(sets, name)
        print("  ", measured)
        numbers = [round(float(value), 4) for value in fit(sets, name)]
        regimes[name] = Regime.model_validate(
            {"coefficients": numbers, "lower": BOUNDS[0], "upper": BOUNDS[1], "measured": measured}
        )
    shipped = load_calibration()
    calibration = Calibration(
        derived_at=DERIVED_AT, independent_at=INDEPENDENT_AT, least_tokens=LEAST_TOKENS["collection"],
        alone_below=shipped.alone_below, alone_least_tokens=LEAST_TOKENS["alone"],
        trained_on=tuple(scored.name for scored in sets),
        linked=regimes["linked"], collection=regimes["collection"], alone=regimes["alone"],
        part=shipped.part,
    )  # fmt: skip
    arguments.out.write_text(calibration.model_dump_json(indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
