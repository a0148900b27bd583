"""The report on paper: what a reader opens on the screen is open there, as nobody can click it."""

from __future__ import annotations

import re

from waspglass.report.page import asset


def printed() -> str:
    """The rules for printing, from the style of the report."""
    style = asset("census.css")
    return style[style.index("@media print") :]


def test_the_sources_of_public_figures_are_printed() -> None:
    rule = re.search(r"details::details-content \{([^}]*)\}", printed())
    assert rule is not None
    assert "content-visibility: visible" in rule[1]
    assert "block-size: auto" in rule[1]


def test_a_heading_stays_with_what_it_is_of() -> None:
    rule = re.search(r"h2, h2 \+ \.note \{([^}]*)\}", printed())
    assert rule is not None
    assert "break-after: avoid" in rule[1]
