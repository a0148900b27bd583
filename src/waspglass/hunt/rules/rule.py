"""Rules after they were read, whatever language they came in, and the set of them that a hunt runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from waspglass.hunt.rules.condition import NEVER, Condition
from waspglass.model.finding import Effect, Rung
from waspglass.model.skip import Skipped
from waspglass.packs.pack import ArtefactKind, Logsource, RuleSource, WebRoot

__all__ = ["Capture", "Correlation", "Indicator", "Meaning", "Rule", "RuleSet"]


@dataclass(frozen=True, slots=True)
class Capture:
    """A value taken from a match: the first group of `regex` (or its whole match, or the whole field)."""

    name: str
    field: str
    regex: str | None = None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a match says, common to all languages of rules."""

    rung: Rung | None
    effect: Effect
    captures: tuple[Capture, ...] = ()
    subject: str | None = None
    techniques: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition over the records of the kinds that its logsource binds to.

    Without a condition it stands for what matched by other means: YARA, a correlation, an indicator.

    Attributes:
        id: Sigma's id, or name, or the path.
        name: Sigma's name, by which correlations refer to it.
        phase: `follow-up` rules run in the second pass, with their placeholders filled.
        emits: False for rules that only feed correlations.
        source: The file that it came from.
        one_of_many: True for one that stands for an indicator: these come by the hundred.
    """

    id: str
    name: str
    title: str
    meaning: Meaning
    logsource: Logsource = field(default_factory=Logsource)
    condition: Condition = NEVER
    phase: Literal["first", "follow-up"] = "first"
    emits: bool = True
    source: str = ""
    one_of_many: bool = False


@dataclass(frozen=True, slots=True)
class Correlation:
    """A Sigma correlation rule.

    Attributes:
        kind: `event_count`, `value_count`, `temporal`, `temporal_ordered`, `value_sum`, `value_avg`,
            `value_percentile`, `value_median`.
        rules: Ids or names of the rules that feed it; correlations may feed correlations.
        group_by: Fields or aliases by whose values events are kept apart.
        aliases: Alias -> rule -> field.
        timespan: Seconds.
        bounds: What the count or value is compared with, and how: `lt`, `lte`, `gt`, `gte`, `eq`, `neq`. All must hold.
        fields: Fields of `value_*` kinds.
        percentile: For `value_percentile`.
        expression: For extended temporal correlations: which rules must have matched, each as if its name were a field.
        generates: True if the rules that feed it give findings, too.
    """

    id: str
    name: str
    title: str
    kind: str
    rules: tuple[str, ...]
    timespan: float
    bounds: tuple[tuple[str, float], ...]
    meaning: Meaning
    group_by: tuple[str, ...] = ()
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    percentile: int | None = None
    expression: Condition | None = None
    emits: bool = True
    source: str = ""
    generates: bool = False

    def fields_of(self, rule: str, parts: tuple[str, ...]) -> tuple[str, ...]:
        """What the fields or aliases are called in records of one of its rules."""
        return tuple(self.aliases.get(part, {}).get(rule, part) for part in parts)


@dataclass(frozen=True, slots=True)
class Indicator:
    """A value that points to an attacker.

    Attributes:
        type: `address` (or network), `domain`, `url`, `user_agent`, `email`, `path` (file path or URL path), `name`
            (file name), `sha256`, `sha1`, `md5`, and those of `indicator_fields`; an operator may stand behind it.
        value: As compared, lower case where case does not count.
        also: Further types and values that the same record must show.
        emits: False for one that only feeds a correlation.
    """

    type: str
    value: str
    id: str
    title: str
    meaning: Meaning
    source: str = ""
    also: tuple[tuple[str, str], ...] = ()
    emits: bool = True


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All that a hunt looks for, and the pack's knowledge that binds it to evidence.

    Attributes:
        rules: Rules on records.
        correlations: Rules on findings of rules.
        indicators: Single values.
        yara: YARA sources that compiled.
        yara_compiled: The same, as the compiler serialises them; empty where they are to be compiled anew.
        kinds: Artefact kinds by name.
        web_roots: Joins file paths and URL paths.
        skipped: Rules that cannot be used, with their reason.
        added: How many rules and indicators the user added to those of the pack.
        brought: Ids of the Sigma rules that the user added.
    """

    rules: tuple[Rule, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    yara: tuple[RuleSource, ...] = ()
    yara_compiled: bytes = field(default=b"", repr=False)
    kinds: Mapping[str, ArtefactKind] = field(default_factory=dict)
    web_roots: tuple[WebRoot, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    added: int = 0
    brought: frozenset[str] = frozenset()
