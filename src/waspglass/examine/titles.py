"""Titles of findings in the report's language, where the pack has them."""

from __future__ import annotations

from dataclasses import replace

from waspglass.examine.observations import Observations
from waspglass.packs.pack import Pack

__all__ = ["titled"]


def titled(observations: Observations, pack: Pack, language: str) -> Observations:
    """The same observations; rules that the pack does not translate (the user's, indicators) keep their own titles."""
    titles = {title.rule: title.de for title in pack.titles} if language == "de" else {}
    if not titles:
        return observations
    findings = tuple(
        one.model_copy(update={"title": titles[one.rule]}) if one.rule in titles else one
        for one in observations.findings
    )
    return replace(observations, findings=findings)
