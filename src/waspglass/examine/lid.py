"""The lid axis: was the host vulnerable, and since when not, concluded from builds over time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product

from waspglass.examine.installations import above_programs
from waspglass.model.assessment import Lid, LidState
from waspglass.model.facts import BuildSighting, Certainty, Facts
from waspglass.model.language import Catalogue
from waspglass.packs.builds import BuildTable, State
from waspglass.packs.pack import Pack

__all__ = ["BEFORE_SETUP", "CLOSED", "Disagreement", "disagreeing", "judge_lid", "stated_sightings", "without_entry"]

BEFORE_SETUP = timedelta(days=2)
"""The web server itself is installed before the product, and logs what is asked of it."""
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_ROUNDED = timedelta(hours=26)
"""A statement mostly names a day, of somewhere on Earth, for what happened in the course of it."""


CLOSED = frozenset({State.PATCHED, State.NOT_AFFECTED})
"""What a build says that nobody enters by the flaws of the campaign."""
_DECIDED = CLOSED | {State.VULNERABLE}


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Program files of which one has the fix and one lacks it.

    Attributes:
        new: The one that has it.
        old: The one that lacks it.
        together: They are of one installation: an update replaced some of its files only.
    """

    new: BuildSighting
    old: BuildSighting
    together: bool


@dataclass(frozen=True, slots=True)
class _Step:
    sighting: BuildSighting
    state: State

    @property
    def moment(self) -> datetime | None:
        return self.sighting.installed or self.sighting.at

    @property
    def closed(self) -> bool:
        return self.state in CLOSED


def stated_sightings(facts: Facts) -> tuple[BuildSighting, ...]:
    """The user's own statements, in the form of sightings."""
    return tuple(
        BuildSighting(build=fact.build, at=fact.from_, installed=fact.from_, source="facts", certainty=Certainty.STATED)
        for fact in facts.builds
    )


def judge_lid(
    sightings: tuple[BuildSighting, ...],
    table: BuildTable,
    torn: Disagreement | None,
    collected_at: datetime | None,
    catalogue: Catalogue,
    logged: datetime | None = None,
) -> Lid:
    """Concludes the patch state at the end of what is known.

    Statements and proofs decide; hints (a version in a URL path or log header) are used only where there is nothing
    better, and never give a moment of patching. An undated proof (the version of a collected binary) speaks for the
    time of collection, which is after every dated one. Where such files disagree, whether the entrance is closed is
    unknown.

    Args:
        sightings: Builds.
        table: What they say.
        torn: Program files that disagree.
        collected_at: When the evidence was collected.
        catalogue: Of the language.
        logged: When the logs of the product begin: one that ran before its first installation was installed anew.
    """
    steps = sorted((_Step(s, table.state(s.build).state) for s in sightings), key=_order)
    known = tuple(s.sighting for s in steps)
    firm = [s for s in steps if s.sighting.certainty is not Certainty.HINT]
    decided = [s for s in firm or steps if s.state in _DECIDED]
    if not decided:
        return _undecided(known, catalogue)
    if torn is not None:
        key = "lid.half_installed" if torn.together else "lid.two_folders"
        reason = catalogue.text(key, new=torn.new.build, old=torn.old.build, file=torn.old.source)
        return Lid(state=LidState.UNKNOWN, builds=known, reason=reason)
    if not firm:
        return _from_hints(decided[-1], known, catalogue)
    return _from_firm(decided, known, collected_at, logged, catalogue)


def disagreeing(builds: Iterable[BuildSighting], table: BuildTable) -> Disagreement | None:
    """Program files that disagree on whether the fix is installed; None if there are none.

    All of them speak for one moment, that of the collection. In one installation, any two of them must agree: an update
    that was started without elevated rights leaves files as they were, and says nothing. Source: Microsoft, KB5000871
    (known issues) and "Fix failed Exchange Server updates". In two, files of the same name are compared: what does not
    run is no more than a hint by now.
    """
    files = [one for one in builds if one.certainty is Certainty.PROVEN and one.installed is None]
    fixed = [one for one in files if table.state(one.build).state in CLOSED]
    lacking = [one for one in files if table.state(one.build).state is State.VULNERABLE]
    found = [
        Disagreement(new, old, _together(new.source, old.source))
        for new, old in product(fixed, lacking)
        if new.at == old.at
    ]
    apart = (one for one in found if _name(one.new.source) == _name(one.old.source))
    return next((one for one in found if one.together), next(apart, None))


def without_entry(lid: Lid, table: BuildTable, pack: Pack, language: str) -> Lid:
    """The lid with what the pack says of its product line, if the flaws alone let nobody into that.

    Hints do not count: anybody can ask for a path that names a version.
    """
    known = (table.state(one.build).known for one in lid.builds if one.certainty is not Certainty.HINT)
    products = {row.product if row else None for row in known}
    line = next((line for line in pack.no_entry if products == {line.product}), None)
    if line is None:
        return lid
    return lid.model_copy(update={"no_entry": True, "reason": f"{lid.reason} {line.text.text(language)}"})


def _together(one: str, other: str) -> bool:
    return one.lower().startswith(above_programs(other)) or other.lower().startswith(above_programs(one))


def _name(file: str) -> str:
    return file.lower().rpartition("\\")[2]


def _order(step: _Step) -> tuple[bool, datetime]:
    return (step.moment is None and step.sighting.certainty is not Certainty.STATED, step.moment or _BEGINNING)


def _from_firm(
    steps: list[_Step],
    known: tuple[BuildSighting, ...],
    collected_at: datetime | None,
    logged: datetime | None,
    catalogue: Catalogue,
) -> Lid:
    last = steps[-1]
    if not last.closed:
        first = next(s for s in steps if not s.closed)
        reason = catalogue.text("lid.vulnerable", build=last.sighting.build, source=_source(last, catalogue))
        seen = _last_moment(last, collected_at)
        return Lid(state=LidState.VULNERABLE, since=first.moment, not_before=seen, builds=known, reason=reason)
    if all(s.state is State.NOT_AFFECTED for s in steps):
        reason = catalogue.text("lid.not_affected", build=last.sighting.build, source=_source(last, catalogue))
        return Lid(state=LidState.NEVER_VULNERABLE, builds=known, reason=reason)
    before = [s for s in steps if not s.closed]
    run = _closing_run(steps)
    if not before and (setup := _first_installation(run, logged)) is not None:
        reason = catalogue.text("lid.installed_patched", build=setup.sighting.build, source=_source(setup, catalogue))
        return Lid(state=LidState.NEVER_VULNERABLE, builds=known, reason=reason)
    since = next((s.moment for s in run if s.moment is not None), None)
    key = "lid.patched" if since else "lid.patched_undated"
    reason = catalogue.text(key, build=run[0].sighting.build, source=_source(run[0], catalogue))
    not_before = since if _stated_without_a_break(before, run) else _last_seen(before)
    return Lid(state=LidState.PATCHED, since=since, not_before=not_before, builds=known, reason=reason)


def _first_installation(steps: list[_Step], logged: datetime | None) -> _Step | None:
    """The first step that is not stated, if a setup log proves that nothing was there before its day."""
    first = next((step for step in steps if step.sighting.certainty is not Certainty.STATED), None)
    if first is None or (installed := first.sighting.installed) is None:
        return None
    known = steps[0].moment
    stated_before = known is None or installed - known > _ROUNDED
    return None if stated_before or (logged is not None and logged < installed - BEFORE_SETUP) else first


def _source(step: _Step, catalogue: Catalogue) -> str:
    sighting = step.sighting
    return catalogue.text("lid.facts") if sighting.certainty is Certainty.STATED else sighting.source


def _stated_without_a_break(before: list[_Step], run: list[_Step]) -> bool:
    """A stated build ran until the next stated one, so that nothing lies between them."""
    return bool(before) and all(s.sighting.certainty is Certainty.STATED for s in (before[-1], run[0]))


def _last_moment(last: _Step, collected_at: datetime | None) -> datetime | None:
    """When the host was last seen without the fix; None if the user or a collected file says so of the end."""
    to_the_end = last.sighting.certainty is Certainty.STATED or last.moment == collected_at
    return None if to_the_end else last.moment


def _last_seen(steps: list[_Step]) -> datetime | None:
    return max((s.sighting.at for s in steps if s.sighting.at is not None), default=None)


def _closing_run(steps: list[_Step]) -> list[_Step]:
    """The last unbroken run of patched steps: a host that was set back to an older build counts from its return."""
    run: list[_Step] = []
    for step in reversed(steps):
        if not step.closed:
            break
        run.insert(0, step)
    return run


def _from_hints(last: _Step, known: tuple[BuildSighting, ...], catalogue: Catalogue) -> Lid:
    state = LidState.PATCHED if last.closed else LidState.VULNERABLE
    key = "lid.hint_patched" if last.closed else "lid.hint_vulnerable"
    reason = catalogue.text(key, build=last.sighting.build, source=_source(last, catalogue))
    return Lid(state=state, not_before=None if last.closed else last.moment, builds=known, reason=reason)


def _undecided(known: tuple[BuildSighting, ...], catalogue: Catalogue) -> Lid:
    if known:
        reason = catalogue.text("lid.undecidable", builds=", ".join(sorted({s.build for s in known})))
    else:
        reason = catalogue.text("lid.no_build")
    return Lid(state=LidState.UNKNOWN, builds=known, reason=reason)
