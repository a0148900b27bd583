"""What is common in programs at large: the features that any program of a language may have.

A small table of hashes, made from public programs by `bench/trace/build_commons.py`; no code can be read out of it.
Beside it stand hashes of whole functions that programs for different tasks share: public routines, which two programs
can have without either being derived from the other. A second table has the features of public licences
(`bench/trace/build_licences.py`), which were given to everybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from io import BytesIO

import numpy as np
import numpy.typing as npt

from waspglass.trace.hashing import Features, look_up

__all__ = ["Commons", "load_commons", "routine_key"]


def _no_routines() -> npt.NDArray[np.uint64]:
    return np.empty(0, dtype=np.uint64)


def routine_key(flow: Features) -> int:
    """What names a whole function, whatever its identifiers and its layout: the hash of its view `flow`."""
    return int.from_bytes(blake2b(flow.astype("<u4").tobytes(), digest_size=8).digest(), "little")


@dataclass(frozen=True, slots=True)
class Commons:
    """Shares of programs that have a feature.

    Attributes:
        feature: Sorted.
        frequency: Share of programs, 0 to 1.
        strength: How many programs of a collection this knowledge counts as much as.
        routine: Keys of public routines, sorted.
        licence: By view, the features of public licences, sorted.
    """

    feature: Features
    frequency: npt.NDArray[np.float32]
    strength: float = 50.0
    routine: npt.NDArray[np.uint64] = field(default_factory=_no_routines)
    licence: Mapping[str, Features] = field(default_factory=dict)

    def share(self, feature: Features) -> npt.NDArray[np.float64]:
        """The share of programs that have each of the features; 0 for those that are not common."""
        share = np.zeros(len(feature))
        place, found = look_up(self.feature, feature)
        share[found] = self.frequency[place[found]]
        return share

    def in_licences(self, view: str, feature: Features) -> npt.NDArray[np.bool_]:
        """Which features of a view public licences have."""
        return look_up(self.licence.get(view, feature[:0]), feature)[1]

    def is_routine(self, flow: Features) -> bool:
        """Whether a function, given by its view `flow`, is a public routine."""
        key = np.array([routine_key(flow)], dtype=np.uint64)
        return bool(len(flow) and look_up(self.routine, key)[1][0])


@cache
def load_commons(*, licences: bool = True) -> Commons:
    """The tables that come with waspglass; without those of licences where nobody asks for them."""
    data = files("waspglass.trace").joinpath("data")
    licence: dict[str, Features] = {}
    if licences:
        with np.load(BytesIO(data.joinpath("licences.npz").read_bytes()), allow_pickle=False) as table:
            licence = {view: table[view].astype(np.uint32) for view in table.files}
    with np.load(BytesIO(data.joinpath("commons.npz").read_bytes()), allow_pickle=False) as table:
        feature, frequency = table["feature"].astype(np.uint32), table["frequency"].astype(np.float32)
        return Commons(feature, frequency, routine=table["routine"].astype(np.uint64), licence=licence)
