"""Message catalogues: one TOML file a topic and language, so that a translator never touches code."""

from __future__ import annotations

import string
import tomllib
from functools import cache
from importlib.resources import files

from waspglass.model.errors import UsageError

__all__ = ["LANGUAGES", "Catalogue", "load_catalogue"]

LANGUAGES = ("en", "de")


class Catalogue:
    """The messages of one topic in one language.

    Keys are dotted (`verdict.occupied`); values are `str.format` templates with named fields.
    """

    def __init__(self, language: str, messages: dict[str, str]) -> None:
        self.language = language
        self._messages = messages

    def keys(self) -> frozenset[str]:
        """All keys, for the test that languages agree."""
        return frozenset(self._messages)

    def fields(self, key: str) -> frozenset[str]:
        """The named fields of a message, for the test that languages agree."""
        return frozenset(name for _, name, _, _ in string.Formatter().parse(self._messages[key]) if name)

    def text(self, key: str, **values: object) -> str:
        """The message with its fields filled in.

        Raises:
            KeyError: If the catalogue has no such key, which is a fault of the program and not of the input.
        """
        return self._messages[key].format(**values)


def _flatten(table: dict[str, object], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat |= _flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = str(value)
    return flat


@cache
def load_catalogue(package: str, topic: str, language: str) -> Catalogue:
    """Loads `lang/<topic>.<language>.toml` of a package such as `waspglass.report`.

    Raises:
        UsageError: If there is no such language.
    """
    if language not in LANGUAGES:
        raise UsageError(f"no language {language!r}", hint=f"Choose one of: {', '.join(LANGUAGES)}")
    raw = files(package).joinpath("lang", f"{topic}.{language}.toml").read_text(encoding="utf-8")
    return Catalogue(language, _flatten(tomllib.loads(raw)))
