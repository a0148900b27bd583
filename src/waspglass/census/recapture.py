"""How many nobody saw: capture-recapture from several sources of the same day.

Two sources: Chapman's estimate (D. G. Chapman, Univ. Calif. Publ. Statist. 1 (1951) 131-160) with an exact interval:
how many both see is hypergeometric, given how many each sees, and those totals are kept with which neither so few nor
so many shared hosts are too unlikely (as C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404-413). An interval
from the variance misses the truth in one of four worlds where few hosts are shared. Three or more: log-linear models
(S. E. Fienberg, Biometrika 59 (1972) 591-603), which can express that two sources tend to see the same hosts, averaged
with Akaike weights (S. T. Buckland, K. P. Burnham, N. H. Augustin, Biometrics 53 (1997) 603-618): the interval of one
chosen model is too narrow.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Estimate", "chapman", "estimate_unseen", "log_linear"]

Floats = npt.NDArray[np.float64]
Pattern = tuple[bool, ...]
_Z = 1.959963984540054
_BOUND = 1000
"""More than so many times what was seen is no bound."""
_NONE = (math.log(0.5), math.log(-math.log(0.025) / 0.5) / _Z)
"""Less than half a host is none, whatever the logarithm; the error of it is at least that of a count of none, of which
the exact upper limit is 3.7 (97.5 %)."""
_MODELS = 2000
"""Seven sources have two million. Those with the fewest dependences are fitted, all of one number of them or none."""


@dataclass(frozen=True)
class Estimate:
    """A number of hosts that includes those that nobody saw. It holds only under its assumptions.

    Attributes:
        method: `chapman` or `log-linear`.
        sources: The sources, in the order of the patterns.
        seen: Hosts that at least one source saw.
        shared: Hosts that more than one source saw.
        total: The estimate.
        low: Lower end of the 95 % interval, never below `seen`.
        high: Upper end; None if the data do not bound it.
        model: For `log-linear`: the pairs of sources that depend on one another in the best model.
        rivals: For `log-linear`: smallest and largest total of the models that fit about as well (AIC within 4).
        left_out: Sources that look at one country only, and so take no part in an estimate of all.
        assumptions: Ids of the assumptions, for `report/lang/census.*.toml`.
    """

    method: str
    sources: tuple[str, ...]
    seen: int
    shared: int
    total: float
    low: float
    high: float | None
    model: tuple[tuple[str, str], ...] = ()
    rivals: tuple[float, float] | None = None
    left_out: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ("closed", "matching", "equal")


def chapman(first: int, second: int, both: int) -> tuple[float, float, float | None]:
    """Chapman's estimate with a 95 % interval for `first` and `second` hosts of which `both` saw `both`.

    The upper end is None where the data do not bound it.
    """
    total = (first + 1) * (second + 1) / (both + 1) - 1
    seen = first + second - both
    high = _last_total(seen, lambda size: _at_most(both - 1, size, first, second) <= 0.975)
    low = _last_total(seen - 1, lambda size: size < seen or _at_most(both, size, first, second) < 0.025)
    return total, min(total, seen if low is None else low + 1), None if high is None else max(total, high)


def _at_most(both: int, size: int, first: int, second: int) -> float:
    """The chance that at most so many of `size` hosts are seen by both."""
    # SciPy takes long to load, and most questions need none of it.
    from scipy.stats import hypergeom

    return float(hypergeom.cdf(both, size, first, second))


def _last_total(least: int, likely: Callable[[int], bool]) -> int | None:
    """The last total from `least` on for which it holds, as it does for all before; None if for all that is a bound."""
    step, known = 1, least
    while likely(known + step):
        known += step
        step *= 2
        if known > _BOUND * max(least, 1):
            return None
    while step > 1:
        step //= 2
        if likely(known + step):
            known += step
    return known


def _design(patterns: list[Pattern], pairs: tuple[tuple[int, int], ...]) -> Floats:
    seen = np.array(patterns, dtype=np.float64)
    joint = [seen[:, one] * seen[:, other] for one, other in pairs]
    return np.column_stack([np.ones(len(patterns)), seen, *joint])


def _fit(design: Floats, counts: Floats) -> tuple[float, float, float]:
    """Poisson regression by iteratively reweighted least squares: log of the unseen, the variance of that, and AIC."""
    beta = np.zeros(design.shape[1])
    beta[0] = math.log(max(counts.mean(), 0.5))
    mean = np.exp(design @ beta)
    for _ in range(200):
        information = design.T @ (mean[:, None] * design)
        step = np.linalg.lstsq(information, design.T @ (counts - mean), rcond=None)[0]
        beta = beta + np.clip(step, -5, 5)
        before, mean = mean, np.exp(np.clip(design @ beta, -30, 30))
        # Coefficients may go on without end where cells are empty; what they say of the cells does not.
        if (np.abs(mean - before) < 1e-9 + 1e-11 * mean).all():
            break
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(counts > 0, counts * np.log(counts / mean), 0.0)
    deviance = 2.0 * float((terms - (counts - mean)).sum())
    variance = np.linalg.pinv(design.T @ (mean[:, None] * design))[0, 0]
    return float(beta[0]), float(variance), deviance + 2.0 * design.shape[1]


def _error_of_none(design: Floats, counts: Floats) -> float:
    """The error of a fit that has nobody unseen; it is more than that of a count of none where few hosts say so.

    The fit's own error is without meaning, as it lies on the bound. With (1/2)^(sources - 1) more hosts in each cell it
    does not (M. A. Evans, D. G. Bonett, Biometrics 50 (1994) 388-395): the upper limit is that of this fit.
    """
    unseen, variance, _ = _fit(design, counts + 2.0 / (len(counts) + 1))
    return max(_NONE[1], (unseen - _NONE[0]) / _Z + math.sqrt(variance))


def _bounded(design: Floats, counts: Floats) -> bool:
    """False if any number of unseen hosts is as likely: a source that shares nothing can do that.

    Then there is a way to go on without end from any coefficients, on which the unseen grow, nothing changes where
    hosts were seen, and nothing grows where none were (S. E. Fienberg, A. Rinaldo, Ann. Statist. 40 (2012) 996-1023).
    """
    from scipy.optimize import linprog

    none = counts == 0
    if not none.any():
        return True
    unseen = np.eye(1, design.shape[1])[0]
    walls = {"A_ub": design[none], "b_ub": np.zeros(none.sum()), "A_eq": design[~none], "b_eq": np.zeros((~none).sum())}
    return float(linprog(-unseen, **walls, bounds=(-1, 1)).fun) > -1e-9


def log_linear(cells: Mapping[Pattern, int], sources: tuple[str, ...]) -> Estimate:
    """The estimate of all log-linear models with dependences between pairs of sources, each as far as it fits.

    Args:
        cells: Hosts by which sources saw them; the pattern of none is not known and must be absent.
        sources: At least three.
    """
    patterns = [each for each in itertools.product((False, True), repeat=len(sources)) if any(each)]
    counts = np.array([cells.get(each, 0) for each in patterns], dtype=np.float64)
    seen = int(counts.sum())
    all_pairs = list(itertools.combinations(range(len(sources)), 2))
    fits = []
    for size in range(min(len(all_pairs), len(patterns) - len(sources) - 2) + 1):
        if sum(math.comb(len(all_pairs), each) for each in range(size + 1)) > _MODELS:
            break
        for pairs in itertools.combinations(all_pairs, size):
            design = _design(patterns, pairs)
            unseen, variance, aic = _fit(design, counts)
            told = unseen < _NONE[0] or (0 < variance < 25 and unseen < math.log(seen * _BOUND))
            if told and _bounded(design, counts):
                # The number is a count around the mean that the model has for it, with the spread of a count.
                error = math.sqrt(variance + math.exp(-unseen)) if unseen > _NONE[0] else _error_of_none(design, counts)
                fits.append((aic, pairs, max(unseen, _NONE[0]), error))
    shared = sum(number for pattern, number in cells.items() if sum(pattern) > 1)
    if not fits:
        return Estimate("log-linear", sources, seen, shared, float(seen), float(seen), None)
    fits.sort(key=lambda fit: (fit[0], len(fit[1])))
    pairs = fits[0][1]
    weights = np.exp([-(fit[0] - fits[0][0]) / 2 for fit in fits])
    weights /= weights.sum()
    logs, errors = np.transpose([fit[2:] for fit in fits])
    unseen = float(weights @ logs)
    error = float(weights @ np.sqrt(errors**2 + (logs - unseen) ** 2))
    high = seen + math.exp(min(unseen + _Z * error, 700.0))
    close = [seen + math.exp(log) * (log > _NONE[0]) for aic, _, log, _ in fits if aic - fits[0][0] <= 4]
    return Estimate(
        "log-linear",
        sources,
        seen,
        shared,
        seen + math.exp(unseen),
        seen + math.exp(unseen - _Z * error),
        high if high < seen * _BOUND else None,
        model=tuple((sources[one], sources[other]) for one, other in pairs),
        rivals=(min(close), max(close)),
    )


def estimate_unseen(cells: Mapping[Pattern, int], sources: tuple[str, ...]) -> Estimate | None:
    """Chapman for two sources, log-linear for more; None where they share no host or too few, which bounds nothing."""
    shared = sum(number for pattern, number in cells.items() if sum(pattern) > 1)
    if len(sources) < 2 or not shared:
        return None
    if len(sources) > 2:
        found = log_linear(cells, sources)
        return None if found.rivals is None else found
    both = cells.get((True, True), 0)
    first, second = cells.get((True, False), 0) + both, cells.get((False, True), 0) + both
    total, low, high = chapman(first, second, both)
    assumptions = ("closed", "matching", "equal", "independent")
    return Estimate("chapman", sources, first + second - both, both, total, low, high, assumptions=assumptions)
