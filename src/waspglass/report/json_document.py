"""Results as JSON, in their canonical form; `assessment.json` is the assessment itself."""

from __future__ import annotations

from waspglass.model.assessment import Assessment

__all__ = ["harmless_json", "only_ascii", "render_json"]


def render_json(assessment: Assessment) -> str:
    """The assessment as JSON: UTF-8, two blanks of indent, fields in the model's order, times in UTC with `Z`."""
    return f"{harmless_json(assessment.model_dump_json(indent=2, by_alias=True))}\n"


def harmless_json(text: str) -> str:
    r"""The same JSON without characters that act on a terminal or hide text (controls, overrides, zero width).

    They are written as `\uXXXX`, which JSON readers turn back without loss.
    """
    return "\n".join(line if line.isprintable() else _escaped(line) for line in text.split("\n"))


def only_ascii(text: str) -> str:
    r"""The same JSON with every other character as `\uXXXX`, so that it is the same in every encoding."""
    return text if text.isascii() else "".join(one if one.isascii() else _unit_escapes(one) for one in text)


def _escaped(line: str) -> str:
    return "".join(character if character.isprintable() else _unit_escapes(character) for character in line)


def _unit_escapes(character: str) -> str:
    units = character.encode("utf-16-be", errors="surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
