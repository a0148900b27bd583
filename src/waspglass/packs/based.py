"""Entries that packs have in common, as data in `base/`: what any Windows web server keeps, deadlines that are law."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import ClassVar

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from waspglass.model.document import Document

__all__ = ["Based", "base_file", "bases"]

_FOLDER = Path(__file__).parent / "base"


class Based(Document):
    """An entry of a pack's list that may begin with what a base says of the same entry; its own keys come first.

    Attributes:
        base: Name of the base; None for an entry that says all by itself.
    """

    called: ClassVar[str]
    """The key that names an entry in its list."""

    base: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _with_base(cls, data: object) -> object:
        if not isinstance(data, Mapping) or "base" not in data:
            return data
        return {**_entry(data["base"], data.get(cls.called)), **data}


def bases() -> tuple[str, ...]:
    """The bases that there are."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yml")))


def base_file(name: str) -> Path:
    """Where a base lies."""
    return _FOLDER / f"{name}.yml"


def _entry(base: object, name: object) -> Mapping[str, object]:
    if base not in bases():
        known = ", ".join(bases())
        raise PydanticCustomError("base", "there is no base {base}; known: {known}", {"base": base, "known": known})
    entry = _entries(str(base)).get(str(name))
    if not isinstance(entry, Mapping):
        raise PydanticCustomError("base", "the base {base} says nothing of {name}", {"base": base, "name": name})
    return entry


@cache
def _entries(base: str) -> Mapping[object, object]:
    import yaml  # a pack that was loaded before needs none of it

    from waspglass.packs.located import read_text
    from waspglass.packs.yaml_loader import BoundedLoader

    path = base_file(base)
    entries: object = yaml.load(read_text(path, str(path)), Loader=BoundedLoader)  # noqa: S506 - a safe loader
    return entries if isinstance(entries, Mapping) else {}
