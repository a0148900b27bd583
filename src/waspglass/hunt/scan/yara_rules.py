"""YARA over web files and small binaries, with yara-x: matches are findings, and their names a field of the record."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from pathlib import PurePath, PureWindowsPath

import yara_x

from waspglass.evidence.artefact import Artefact, Place, Record
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.skip_log import skip_of
from waspglass.hunt.outcome.collect import Hit, digest_of
from waspglass.hunt.outcome.records import excerpt
from waspglass.hunt.rules.rule import Meaning, Rule
from waspglass.model.finding import Effect, Rung
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.pack import RuleSource
from waspglass.packs.yara_source import compiled_yara, yara_meta

__all__ = ["YaraScanner", "yara_hit"]

_LARGEST = 16 << 20
"""Bytes; web pages and their compiled forms are far smaller."""
_MOST_MATCHES = 10_000
"""Of one pattern in a file. Each takes 70 bytes, and no time limit ends their count: 2,000 rules that look for one
letter took all memory on a file of 2 MB."""


class YaraScanner:
    """All YARA sources of a hunt, made ready when the first file comes.

    Args:
        sources: The sources.
        seconds: That a file may take.
        compiled: What was compiled of them before, to be loaded: a third of the time that compiling takes.
    """

    def __init__(self, sources: Sequence[RuleSource], seconds: int, *, compiled: bytes = b"") -> None:
        self._sources = sources
        self._seconds = seconds
        self._compiled = compiled
        self._first: dict[str, str] = {}
        self._scanner: yara_x.Scanner | None = None
        self._skipped: list[Skipped] = []

    @property
    def active(self) -> bool:
        """True if there is anything to scan with."""
        return bool(self._sources)

    def take_skipped(self) -> tuple[Skipped, ...]:
        """The skips since the last call."""
        taken = tuple(self._skipped)
        self._skipped.clear()
        return taken

    def close(self) -> None:
        """Ends the scanner in the thread that made it, as yara-x demands.

        Freed in another one by the garbage collector, it would complain on stderr and stay in memory.
        """
        self._scanner = None

    def _ready(self) -> yara_x.Scanner:
        if self._scanner is None:
            rules = self._rules()
            for rule in rules:
                self._first.setdefault(rule.identifier, rule.namespace)
            self._scanner = yara_x.Scanner(rules)
            self._scanner.set_timeout(self._seconds)
            self._scanner.max_matches_per_pattern(_MOST_MATCHES)
        return self._scanner

    def _rules(self) -> yara_x.Rules:
        if self._compiled:
            with contextlib.suppress(ValueError, OSError, RuntimeError):
                return yara_x.Rules.deserialize_from(io.BytesIO(self._compiled))
        return compiled_yara(self._sources)

    def _called(self, rule: yara_x.Rule) -> str:
        """The name of a rule; with its file where one before has such a rule, so that neither hides the other."""
        name, place = str(rule.identifier), str(rule.namespace)
        return name if self._first.get(name, place) == place else f"{name} ({PurePath(place).name})"

    def scan(self, artefact: Artefact) -> dict[str, Rule]:
        """The rules that match the file, by name; a file that cannot be scanned becomes a skip."""
        source = artefact.file.path
        try:
            with artefact.file.open() as stream:
                content = stream.read(_LARGEST + 1)
            if len(content) <= _LARGEST:
                scanner = self._ready()
                for name, value in _externals(source).items():
                    scanner.set_global(name, value)
                found = {self._called(rule): yara_meta(rule) for rule in scanner.scan(content).matching_rules}
                return {name: _rule(name, meta) for name, meta in found.items()}
            skip = skip_of(source, SkipReason.TOO_LARGE, "not scanned with YARA")
        except EvidenceReadError as error:
            skip = skip_of(source, error.reason, error.message)
        except yara_x.TimeoutError:
            skip = skip_of(source, SkipReason.UNDECIDED, f"YARA did not finish in {self._seconds} s")
        except yara_x.ScanError as error:
            skip = skip_of(source, SkipReason.UNDECIDED, f"YARA failed on it ({error})")
        self._skipped.append(skip)
        return {}


def _externals(path: str) -> dict[str, str]:
    """What rules may ask about the file's name; see `EXTERNALS`."""
    place = PureWindowsPath(path)
    return {"filename": place.name, "filepath": str(place.parent), "extension": place.suffix.lower()}


def _rule(name: str, meta: Mapping[str, str]) -> Rule:
    try:
        rung = Rung(meta["rung"])
        effect = Effect(meta.get("effect", "shows"))
    except (KeyError, ValueError):
        rung, effect = Rung.IMPLANTED, Effect.HINT
    called = f"yara:{name}"
    title = meta.get("title") or meta.get("description") or name
    return Rule(called, called, title, Meaning(rung, effect, subject="implant"))


def yara_hit(rule: Rule, artefact: Artefact, record: Record) -> Hit:
    """A match as a hit on the file."""
    path = artefact.file.path
    return Hit(
        rule=rule,
        kind=artefact.kind,
        source=path,
        place=Place(offset=0),
        time=artefact.file.modified,
        raw=excerpt(record),
        values={"implant": path} | digest_of(record),
        actor=None,
    )
