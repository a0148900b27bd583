"""Places of findings in the text report: they are copied and searched for, so no line break goes through them."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Places"]

_STAND_IN = 0xF0000
_MOST_STAND_INS = 0xFFFD
"""The private characters of plane 15. None comes from evidence: `visible` shows those as escapes."""


@dataclass(slots=True)
class Places:
    """Places of findings stand as one character each while lines are broken."""

    texts: list[str] = field(default_factory=list)

    def stand_in(self, text: str) -> str:
        """The character for a place; the place itself where there are no more of them."""
        if len(self.texts) == _MOST_STAND_INS:
            return text
        self.texts.append(text)
        return chr(_STAND_IN + len(self.texts) - 1)

    def put_back(self, rendered: str) -> str:
        """The rendered lines with every place in them."""
        return rendered.translate({_STAND_IN + number: text for number, text in enumerate(self.texts)})
