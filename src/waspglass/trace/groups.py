"""Which programs are compared with which: the parts of a list of pairs that hang together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

__all__ = ["comparison_groups"]


def comparison_groups(count: int, first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The number of its group for each program; programs of one group are for one task, as far as one can know."""
    edges = sparse.coo_matrix((np.ones(len(first), dtype=np.int8), (first, second)), shape=(count, count))
    _, group = csgraph.connected_components(edges, directed=False)
    return np.asarray(group, dtype=np.int64)
