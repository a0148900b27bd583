"""Binds rules and chooses needles before processes are forked, so that each inherits them instead of making its own."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from waspglass.evidence.artefact import Artefact
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.format import format_of
from waspglass.evidence.formats.registry import is_line_format, line_format
from waspglass.hunt.outcome.collect import Collector, Ears
from waspglass.hunt.scan.blocks import BLOCK, open_blocks
from waspglass.hunt.scan.fast_scan import fast_scan
from waspglass.hunt.scan.line_numbers import Counter
from waspglass.hunt.scan.lines import LogState
from waspglass.hunt.scan.planner import ENOUGH
from waspglass.hunt.scan.scan_file import Pass

__all__ = ["prime"]

_BLOCKS = ENOUGH // BLOCK + 2
"""Blocks after which the planner has chosen needles by what is rare in the log."""


def prime(artefacts: Iterable[Artefact], run: Pass) -> None:
    """Scans the beginning of the largest log of each kind, for nothing but the plans that come of it.

    What is wrong with a file is no matter here: it is met again when the file is scanned.
    """
    largest: dict[tuple[str, str], Artefact] = {}
    for one in artefacts:
        known = largest.setdefault((one.kind, one.format), one)
        if (one.file.size or 0) > (known.file.size or 0):
            largest[one.kind, one.format] = one
    for artefact in largest.values():
        kind = run.rules.kinds.get(artefact.kind)
        if kind is None:
            continue
        if is_line_format(artefact.format):
            collector = Collector(artefact, kind, 0, Ears(()), None, 0)
            _taste(LogState(artefact, kind, line_format(artefact.format), run.bindings, collector), run)
        elif format_of(artefact.format).events:
            run.text_plans.search(run.bindings(kind, None, None), kind, b"")
    run.take_given_up("")
    run.take_unbound()


def _taste(state: LogState, run: Pass) -> None:
    file = state.artefact.file
    try:
        with file.open() as stream:
            blocks = open_blocks(stream, run.limits.line, local=file.local is not None)
            fast_scan(state, islice(blocks, _BLOCKS), run.planner, lambda _: None, Counter())
    except (EvidenceReadError, OSError):
        return
