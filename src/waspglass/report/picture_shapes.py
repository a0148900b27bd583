"""The plain shapes of the picture, in SVG user units, and the measures that its parts share."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["LEFT", "RIGHT", "WIDTH", "Box", "Dot", "Label", "Line", "Picture", "shortened"]

WIDTH = 1120.0
LEFT, RIGHT = 266.0, 1106.0
"""The plot lies between them; the names of the lanes stand left of it."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of a style, with the text that a pointer shows."""

    x: float
    y: float
    width: float
    height: float
    style: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line of a style."""

    x1: float
    y1: float
    x2: float
    y2: float
    style: str


@dataclass(frozen=True, slots=True)
class Dot:
    """Findings of one rung at one place of the axis."""

    x: float
    y: float
    radius: float
    style: str
    title: str


@dataclass(frozen=True, slots=True)
class Label:
    """A line of text; `anchor` as in SVG."""

    x: float
    y: float
    text: str
    style: str
    anchor: str = "start"


@dataclass(slots=True)
class Picture:
    """Shapes from the back to the front, and what the picture says in words.

    Attributes:
        top: Where the plot begins, below the labels of the campaign.
        height: Of the drawing; its width is `WIDTH`.
        outside: Findings whose time lies outside of the drawn span.
        hidden: Implants and kinds of evidence for which there was no room.
    """

    width: float = WIDTH
    top: float = 0.0
    height: float = 0.0
    boxes: list[Box] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    dots: list[Dot] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    climb: str = ""
    outside: int = 0
    hidden: int = 0


def shortened(text: str, limit: int, *, keep_end: bool = False) -> str:
    """The text cut to `limit` characters, with an ellipsis where it was cut."""
    if len(text) <= limit:
        return text
    return f"…{text[len(text) - limit + 1 :]}" if keep_end else f"{text[: limit - 1].rstrip()}…"
