"""Reads indicators of STIX bundles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import orjson

from waspglass.hunt.rules.errors import UnsupportedRuleError
from waspglass.hunt.rules.rule import Meaning
from waspglass.hunt.rules.stix_patterns import read_pattern
from waspglass.hunt.rules.stix_terms import Hunted, Wanted, hunted
from waspglass.model.escape import printable
from waspglass.model.finding import Effect, Rung

__all__ = ["read_stix"]

_SURE = 30
"""Of 100: what STIX calls low ends below it (STIX 2.1, appendix A)."""
_ID = re.compile(r'"id"\s*:\s*"([^"\\]*)"')
_TLP_NAME = re.compile(r"(?i)\btlp:(?:clear|white|green|amber(?:\+strict)?|red)\b")
_TLP = {
    f"marking-definition--{marking}": f"TLP:{name}"
    for name, markings in {
        "GREEN": ("34098fce-860f-48ae-8e50-ebd3cc5e41da", "bab4a63c-aed9-4cf5-a766-dfca5abac2bb"),
        "AMBER": ("f88d31f6-486f-44da-b317-01333bde0b82", "55d920b0-5e8b-4f79-9ee9-91f868d9b421"),
        "AMBER+STRICT": ("939a9414-2ddd-4d32-a0cd-375ea402b003",),
        "RED": ("5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "e828b379-4e03-4974-9ac4-e53a884c97c1"),
    }.items()
    for marking in markings
}
"""Of the standards STIX 2.1 (TLP 1) and its extension for TLP 2."""


def read_stix(text: str, source: str) -> Iterator[Hunted]:
    """Indicators of a STIX 2.0 or 2.1 bundle, one for each alternative of a pattern, and correlations of them.

    Raises:
        UnsupportedRuleError: If the text is not a bundle.
    """
    try:
        bundle = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UnsupportedRuleError(f"not JSON: {error}") from None
    objects = bundle.get("objects") if isinstance(bundle, dict) else bundle
    if not isinstance(objects, list):
        raise UnsupportedRuleError("not a STIX bundle")
    lines, markings = _lines(text), _markings(objects)
    for one in objects:
        if isinstance(one, dict) and one.get("type") == "indicator":
            line = lines.get(str(one.get("id")))
            for made in _from_pattern(one, source, markings):
                yield f"line {line}: {made}" if isinstance(made, str) and line else made


def _lines(text: str) -> dict[str, int]:
    """Id of an object -> the line where it says it, from 1; not of one that is not written as it reads."""
    found: dict[str, int] = {}
    line, at = 1, 0
    for one in _ID.finditer(text):
        line += text.count("\n", at, one.start())
        at = one.start()
        found.setdefault(one[1], line)
    return found


def _from_pattern(one: dict[str, object], source: str, markings: Mapping[str, str]) -> Iterator[Hunted]:
    name = str(one.get("name") or one.get("id"))
    short = printable(name)[:80]
    if fault := _passed_over(one):
        yield f"{short}: {fault}"
        return
    remarks = ", ".join(_remarks(one, markings))
    title = printable(name)[:200] + (f" [{remarks}]" if remarks else "")
    wanted = Wanted(printable(str(one.get("id") or name))[:100], title, source, _stix_meaning(one))
    try:
        terms = read_pattern(str(one.get("pattern", "")))
    except UnsupportedRuleError as fault:
        yield f"{short}: {printable(str(fault))[:150]}"
        return
    for number, term in enumerate(terms):
        for made in hunted(term, number, wanted):
            yield f"{short}: {printable(made)[:150]}" if isinstance(made, str) else made


def _passed_over(one: dict[str, object]) -> str | None:
    """Why an indicator is not for us, whatever its pattern."""
    if one.get("revoked") is True:
        return "revoked by its author"
    types = one.get("indicator_types")
    if isinstance(types, list) and types and all(kind == "benign" for kind in types):
        return "benign, as its author says"
    if one.get("pattern_type", "stix") != "stix":
        return f"pattern type {one.get('pattern_type')!r:.40} is not read; YARA and Sigma rules may be given as files"
    return None


def _remarks(one: dict[str, object], markings: Mapping[str, str]) -> Iterator[str]:
    """What whoever reads a finding must know of the indicator: with whom it may be shared, how sure its author was."""
    marked = one.get("object_marking_refs")
    refs = [ref for ref in marked if isinstance(ref, str)] if isinstance(marked, list) else []
    yield from sorted({markings[ref] for ref in refs if ref in markings})
    confidence = one.get("confidence")
    if isinstance(confidence, int) and 0 <= confidence < _SURE:
        yield f"confidence {confidence} of 100"
    types = one.get("indicator_types")
    if isinstance(types, list) and "anonymization" in types:
        yield "an anonymization service, which many use"


def _markings(objects: list[object]) -> dict[str, str]:
    """Id of a marking -> the TLP that it is, of the standard's and of those that the bundle defines."""
    found = dict(_TLP)
    for one in objects:
        if isinstance(one, dict) and one.get("type") == "marking-definition":
            definition = one.get("definition")
            told = definition.get("tlp") if isinstance(definition, dict) else None
            name = _TLP_NAME.search(f"tlp:{told}" if isinstance(told, str) else str(one.get("name", "")))
            if name:
                found[str(one.get("id"))] = name[0].upper()
    return {marking: name for marking, name in found.items() if name not in ("TLP:CLEAR", "TLP:WHITE")}


def _stix_meaning(one: dict[str, object]) -> Meaning | None:
    """Our extension properties `x_waspglass_rung` and `x_waspglass_effect`, as the packs write them."""
    try:
        rung = Rung(str(one["x_waspglass_rung"]))
        return Meaning(rung, Effect(str(one.get("x_waspglass_effect", "hint"))))
    except (KeyError, ValueError):
        return None
