"""Checks of a pack's Sigma rules, in the manner of pySigma's validators and capa's lint: one function a fault."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from waspglass.model.finding import Effect, Rung
from waspglass.packs.check_detections import empty_values, unused_detection
from waspglass.packs.issue import PackIssue, Severity
from waspglass.packs.located import field_line, read_text
from waspglass.packs.pack import ArtefactKind, Logsource, Pack
from waspglass.packs.regex_faults import regex_fault
from waspglass.packs.rule_documents import SigmaDocument

__all__ = ["RULE_CHECKS", "RuleCheck", "RuleSet", "rule_issues"]

Found = tuple[int, str]
"""Line and message."""

_TAG = re.compile(r"attack\.(?:t\d{4}(?:\.\d{3})?|g\d{4}|s\d{4}|[a-z]+(?:-[a-z]+)*)|cve\.\d{4}-\d{4,}|tlp\.[a-z+-]+")
_TECHNIQUE = re.compile(r"attack\.t\d{4}(?:\.\d{3})?")
_PLACEHOLDER = re.compile(r"%(\w+)%")
_BLOCK_KEYS = frozenset({"rung", "effect", "phase", "capture", "subject", "samples"})


@dataclass(frozen=True)
class RuleSet:
    """All rules of a pack, for checks that look at more than one."""

    pack: Pack
    rules: tuple[SigmaDocument, ...]

    @cached_property
    def referenced(self) -> frozenset[str]:
        """Names and ids that correlations refer to."""
        return frozenset(name for rule in self.rules for name in rule.references)

    @cached_property
    def halves(self) -> frozenset[str]:
        """Names of rules that only feed correlations and give no findings of their own."""
        loud = {name for rule in self.rules if rule.generates for name in rule.references}
        quiet = self.referenced - loud
        return frozenset(rule.name for rule in self.rules if rule.called & quiet)

    @cached_property
    def captured(self) -> frozenset[str]:
        """Names of all captures, which are the placeholders that can be filled."""
        return frozenset(name for rule in self.rules for name in rule.captures) | {"address"}

    @cached_property
    def fields(self) -> frozenset[str]:
        """Fields that the pack speaks of, in detections and in its kinds."""
        found = {field.partition("|")[0] for rule in self.rules for _, field, _ in rule.values} | {"path", "name"}
        for kind in self.pack.kinds:
            found.update(kind.aliases, *kind.aliases.values(), kind.requires)
            found.update(one.name for one in kind.derive)
            found.update(*(one.source for one in kind.derive))
            actor = kind.actor
            found.update(actor.address, actor.user_agent, actor.account, actor.session)
        return frozenset(found)

    def kinds_of(self, rule: SigmaDocument) -> tuple[ArtefactKind, ...]:
        """The kinds that a rule looks into; of a correlation, those of all the rules that feed it."""
        feeding, meant = {id(rule): rule}, list[Logsource]()
        pending = [rule]
        while pending:
            one = pending.pop()
            wanted = one.data.get("logsource")
            meant += _meant(wanted) if isinstance(wanted, dict) else ()
            joined = {id(other): other for other in self.rules if other.called.intersection(one.references)}
            pending += [joined[key] for key in joined.keys() - feeding.keys()]
            feeding |= joined
        return tuple(kind for kind in self.pack.kinds if any(o.answers(m) for o in kind.logsources for m in meant))


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """One sort of fault, and what gives line and message of each of them in a rule."""

    name: str
    severity: Severity
    faults: Callable[[SigmaDocument, RuleSet], Iterator[Found]]


def _not_sigma(rule: SigmaDocument, _rules: RuleSet) -> Iterator[Found]:
    """pySigma, the reference, does not take the rule."""
    from waspglass.packs.sigma_source import NOT_SIGMA, parsed_correlation, parsed_filter, parsed_rule

    try:
        if rule.is_filter:
            parsed_filter(rule.data)
        elif rule.is_correlation:
            parsed_correlation(rule.data)
        else:
            for condition in parsed_rule(rule.data).detection.parsed_condition:
                _ = condition.parsed
    except NOT_SIGMA as error:
        yield rule.line_of(str(error)), f"is not valid Sigma: {error}"


def _no_name(rule: SigmaDocument, rules: RuleSet) -> Iterator[Found]:
    """A finding could not name its rule."""
    if not rule.name:
        yield rule.line(), "the rule has no `name`, by which findings call it"
    elif sum(other.name == rule.name for other in rules.rules) > 1:
        yield rule.line("name"), f"the name {rule.name!r} is used by another rule"
    own = rule.data.get("id")
    if own is not None and sum(other.data.get("id") == own for other in rules.rules) > 1:
        yield rule.line("id"), f"the id {own} is used by another rule"


def _no_logsource(rule: SigmaDocument, rules: RuleSet) -> Iterator[Found]:
    """No kind of artefact answers the rule, so it would never run."""
    if rule.is_correlation:
        return
    wanted = rule.data.get("logsource")
    if not isinstance(wanted, dict):
        yield rule.line(), "the rule has no logsource"
    elif not rules.kinds_of(rule):
        parts = ", ".join(f"{key} {value}" for key, value in wanted.items())
        yield rule.line("logsource"), f"no kind of artefacts.yml answers the logsource {parts}"


def _unshown_rung(rule: SigmaDocument, rules: RuleSet) -> Iterator[Found]:
    """The report would say that nothing of these kinds could show anything, beside what the rule shows."""
    kinds = rules.kinds_of(rule)
    proves = (rule.block or {}).get("effect", "shows") in ("shows", "failed")
    if kinds and rule.block is not None and proves and not any(kind.shows for kind in kinds):
        names = ", ".join(kind.kind for kind in kinds)
        yield rule.line("waspglass", "rung"), f"what it looks into ({names}) says in no `shows` what it can show"


def _meant(wanted: dict[str, object]) -> tuple[Logsource, ...]:
    """The logsource; a category without a product may be one of Windows events, of which the engine knows more."""
    said = {part: str(wanted[part]).lower() for part in Logsource.model_fields if wanted.get(part) is not None}
    plain = Logsource(**said)
    return (plain, Logsource(**{**said, "product": "windows"})) if set(said) == {"category"} else (plain,)


def _unknown_reference(rule: SigmaDocument, rules: RuleSet) -> Iterator[Found]:
    """A correlation refers to a rule that does not exist."""
    names = frozenset(name for other in rules.rules for name in other.called)
    for reference in rule.references:
        if reference not in names:
            yield rule.line("correlation", "rules"), f"there is no rule {reference!r}"


def _no_meaning(rule: SigmaDocument, rules: RuleSet) -> Iterator[Found]:
    """The rule does not say what a match proves."""
    block = rule.block
    if block is None and rule.data.get("waspglass") is not None:
        yield rule.line("waspglass"), "the block `waspglass` is no mapping of keys to values"
        return
    if block is None:
        if not rule.called & rules.referenced:
            yield rule.line(), "no block `waspglass` with a `rung` says what a match proves, and no correlation uses it"
        return
    for key in block:
        if key not in _BLOCK_KEYS:
            yield rule.line("waspglass", key), f"the block knows no {key!r}"
    if not _captures_well(block.get("capture")):
        yield (
            rule.line("waspglass", "capture"),
            "`capture` says for each name `{field: ...}`, and `regex` if need be",
        )
    effect, rung = block.get("effect", "shows"), block.get("rung")
    if effect not in [one.value for one in Effect]:
        yield rule.line("waspglass", "effect"), f"there is no effect {effect!r}"
    if rung not in [one.value for one in Rung] and not (rung is None and effect == "context"):
        yield rule.line("waspglass", "rung"), f"there is no rung {rung!r}"
    if block.get("phase", "first") not in ("first", "follow-up"):
        yield rule.line("waspglass", "phase"), f"there is no phase {block['phase']!r}"
    subject = block.get("subject")
    if subject is not None and subject not in rule.captures:
        yield rule.line("waspglass", "subject"), f"the subject {subject!r} is not captured"
    if effect == "ends" and subject is None:
        yield rule.line("waspglass"), "`ends` needs a subject that it ends"


def _captures_well(capture: object) -> bool:
    if capture is None:
        return True
    specs = list(capture.values()) if isinstance(capture, dict) else [None]
    return all(
        isinstance(one, dict) and isinstance(one.get("field"), str) and set(one) <= {"field", "regex"} for one in specs
    )


def _unknown_capture_field(rule: SigmaDocument, rules: RuleSet) -> Iterator[Found]:
    """A capture names a field that neither the detection nor the pack speaks of: often a typing error."""
    for name, (field, _) in rule.captures.items():
        if field not in rules.fields:
            yield rule.line("waspglass", "capture", name), f"nothing else speaks of the captured field {field!r}"


def _bad_placeholder(rule: SigmaDocument, rules: RuleSet) -> Iterator[Found]:
    """Placeholders are filled in the second pass, with what rules captured in the first."""
    follows = (rule.block or {}).get("phase") == "follow-up"
    used = [
        (path, name)
        for path, field, value in rule.values
        if "|expand" in field
        for name in _PLACEHOLDER.findall(str(value))
    ]
    for path, name in used:
        if not follows:
            yield rule.line(*path), f"%{name}% is filled only in rules with `phase: follow-up`"
        if name not in rules.captured:
            yield rule.line(*path), f"no rule captures {name!r}"
    if follows and not used:
        yield rule.line("waspglass", "phase"), "a follow-up rule needs a placeholder"


def _bad_regex(rule: SigmaDocument, _rules: RuleSet, *, slow: bool) -> Iterator[Found]:
    """A regular expression of detection or captures does not compile.

    Or, if `slow`, its time can explode on a hostile line: where it cannot run in linear time, it is given up.
    """
    found: list[tuple[int, str]] = []
    for path, field, value in rule.values:
        if "re" in field.split("|")[1:]:
            found += [(rule.line(*path), str(one)) for one in (value if isinstance(value, list) else [value])]
    for name, (_, regex) in rule.captures.items():
        if regex is not None:
            found.append((rule.line("waspglass", "capture", name), regex))
    for line, regex in found:
        if (fault := regex_fault(regex)) and fault.startswith("repeats") is slow:
            yield line, f"the expression {fault}"


def _bad_tag(rule: SigmaDocument, rules: RuleSet) -> Iterator[Found]:
    """ATT&CK and CVE tags have a shape; a rule that counts names a technique."""
    tags = rule.data.get("tags")
    listed = [str(tag) for tag in tags] if isinstance(tags, list) else []
    for tag in listed:
        if not _TAG.fullmatch(tag):
            yield rule.line("tags"), f"{tag!r} is no tag of ATT&CK, CVE or TLP"
    counts = rule.block is not None and rule.block.get("effect") != "context" and rule.name not in rules.halves
    if counts and not any(map(_TECHNIQUE.fullmatch, listed)):
        yield rule.line("tags"), "no tag names an ATT&CK technique"


def _no_source(rule: SigmaDocument, rules: RuleSet) -> Iterator[Found]:
    """What a rule claims must be traceable, and what else could explain a match must be said."""
    if rule.block is not None and rule.name not in rules.halves:
        for key in ("references", "description", "falsepositives"):
            if not rule.data.get(key):
                yield rule.line(), f"the rule has no {key}"


def _no_sample(rule: SigmaDocument, rules: RuleSet) -> Iterator[Found]:
    """A rule must name a sample that it fires on, and one that it does not."""
    if rule.block is None or rule.name in rules.halves:
        return
    for sort, fault in rule.samples.faults(Path(rules.pack.root)):
        yield rule.line("waspglass", "samples", sort), fault


RULE_CHECKS: Sequence[RuleCheck] = (
    RuleCheck("sigma", Severity.ERROR, _not_sigma),
    RuleCheck("name", Severity.ERROR, _no_name),
    RuleCheck("logsource", Severity.ERROR, _no_logsource),
    RuleCheck("kind", Severity.WARNING, _unshown_rung),
    RuleCheck("reference", Severity.ERROR, _unknown_reference),
    RuleCheck("meaning", Severity.ERROR, _no_meaning),
    RuleCheck("capture", Severity.WARNING, _unknown_capture_field),
    RuleCheck("placeholder", Severity.ERROR, _bad_placeholder),
    RuleCheck("values", Severity.ERROR, empty_values),
    RuleCheck("condition", Severity.WARNING, unused_detection),
    RuleCheck("regex", Severity.ERROR, partial(_bad_regex, slow=False)),
    RuleCheck("regex", Severity.WARNING, partial(_bad_regex, slow=True)),
    RuleCheck("tag", Severity.WARNING, _bad_tag),
    RuleCheck("source", Severity.WARNING, _no_source),
    RuleCheck("sample", Severity.ERROR, _no_sample),
)


def rule_issues(rules: RuleSet) -> Iterator[PackIssue]:
    """Faults of all Sigma rules of a pack."""
    counts = Counter(rule.file for rule in rules.rules)
    for rule in rules.rules:
        for check in RULE_CHECKS[:1] if rule.is_filter else RULE_CHECKS:  # a filter only adds to rules
            for line, message in check.faults(rule, rules):
                named = f"{rule.name}: {message}" if counts[rule.file] > 1 and rule.name else message
                yield PackIssue(rule.file, line, check.severity, check.name, named)
    yield from _unwatched(rules)


def _unwatched(rules: RuleSet) -> Iterator[PackIssue]:
    """Kinds that count for "clean", though no rule could tell an entry there."""
    watched = {
        kind.kind
        for rule in rules.rules
        if rule.block is not None and rule.block.get("rung") != Rung.PROBED
        if rule.block.get("effect", Effect.SHOWS) == Effect.SHOWS
        for kind in rules.kinds_of(rule)
    }
    text = read_text(Path(rules.pack.root) / "artefacts.yml", "artefacts.yml")
    for index, kind in enumerate(rules.pack.kinds):
        if kind.entry and kind.kind not in watched:
            message = f"{kind.kind}: says `entry: true`, and no rule for it shows more than a probe: all would be clean"
            line = field_line(text, ("kinds", index, "entry"))
            yield PackIssue("artefacts.yml", line, Severity.ERROR, "entry", message)
