"""What is common in programs at large: the features that any program of a language may have.

A small table of hashes, made from public programs by `bench/trace/build_commons.py`; no code can be read out of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np
import numpy.typing as npt

from waspglass.trace.hashing import Features

__all__ = ["Commons", "load_commons"]


@dataclass(frozen=True, slots=True)
class Commons:
    """Shares of programs that have a feature.

    Attributes:
        feature: Sorted.
        frequency: Share of programs, 0 to 1.
        strength: How many programs of a collection this knowledge counts as much as.
    """

    feature: Features
    frequency: npt.NDArray[np.float32]
    strength: float = 50.0

    def share(self, feature: Features) -> npt.NDArray[np.float64]:
        """The share of programs that have each of the features; 0 for those that are not common."""
        found = np.zeros(len(feature))
        if len(self.feature):
            place = np.minimum(np.searchsorted(self.feature, feature), len(self.feature) - 1)
            known = self.feature[place] == feature
            found[known] = self.frequency[place[known]]
        return found


@cache
def load_commons() -> Commons:
    """The table that comes with waspglass."""
    raw = files("waspglass.trace").joinpath("data", "commons.npz").read_bytes()
    with np.load(BytesIO(raw), allow_pickle=False) as table:
        return Commons(table["feature"].astype(np.uint32), table["frequency"].astype(np.float32))
