"""In what language a text of rules is written, told by its content: folders are mixed, and names say little."""

from __future__ import annotations

import re

from waspglass.hunt.rules.indicator_lists import is_csv, is_plain_list

__all__ = ["language_of"]

_YARA = re.compile(
    r'^[^\S\n]*(?:import[^\S\n]+"\w+"[^\S\n]+)*(?:(?:private|global)\s+){0,2}rule\s+\w+\s*(?::[\s\w]*)?(?:\{|/[/*])',
    re.MULTILINE,
)
"""Imports on the line of a rule; a run of them over lines would be looked at from each of its lines. Up to the brace:
a description in Sigma may have the line `rule finds: ...`."""
_YARA_INDEX = re.compile(r'^[^\S\n]*include[^\S\n]+"[^"\n]+\.yara?"', re.MULTILINE | re.IGNORECASE)
_YARA_BODY = re.compile(r"\bcondition\s*:")
_MISP = re.compile(r'"Attribute"\s*:\s*\[')
_BUNDLE = re.compile(r'"type"\s*:\s*"bundle"')
_SIGMA = re.compile(r"^(?:detection|correlation|filter)\s*:", re.MULTILINE)


def language_of(text: str) -> str | None:
    """`sigma`, `yara`, `stix`, `misp`, `csv`, `list` (a value a line), or None: by content, folders are mixed."""
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith(("{", "[")) and (found := _language_of_json(start)):
        return found
    if start.startswith("{"):
        return None
    if (_YARA.search(start) and _YARA_BODY.search(start)) or _YARA_INDEX.search(start):
        return "yara"
    if _SIGMA.search(start):
        return "sigma"
    if is_csv(start):
        return "csv"
    return "list" if is_plain_list(start) else None


def _language_of_json(text: str) -> str | None:
    """A bundle says `objects`, or is an array of objects with patterns; MISP has attributes."""
    if _MISP.search(text) and not _BUNDLE.search(text):
        return "misp"
    return "stix" if ('"objects"' if text[0] == "{" else '"pattern"') in text else None
