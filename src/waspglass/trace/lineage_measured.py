"""What answers about copies and direction were seen to reach on versions of real files whose order is known."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from waspglass.model.document import Document

__all__ = ["LineageMeasured", "load_lineage_measured"]


class LineageMeasured(Document):
    """Counts of `bench.trace.direction`; how often a case of each kind happens in life is not known.

    Attributes:
        named: Samples made, directly or later, from one of two copies rather than from the other, for which one of
            the two was named.
        named_right: Of these, the right one was named.
        neither: Samples made from neither of two copies, all from one third program.
        neither_named: Of these, one of the copies was named all the same.
        larger: Pairs of an older and a newer version of which one was said to hold nearly all of the other and more.
        larger_later: Of these, the larger one was made from the smaller.
    """

    named: int
    named_right: int
    neither: int
    neither_named: int
    larger: int
    larger_later: int


@cache
def load_lineage_measured() -> LineageMeasured:
    """The figures that come with waspglass."""
    return LineageMeasured.model_validate_json(files("waspglass.trace").joinpath("data", "lineage.json").read_bytes())
