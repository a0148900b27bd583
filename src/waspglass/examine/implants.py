"""Implants and their lives: when they were written, used, gone, and whether they are there now."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from waspglass.examine.file_times import act_time
from waspglass.examine.former import kept_elsewhere, set_otherwise_now
from waspglass.examine.observations import Observations, by_time
from waspglass.examine.sites import of_another_site
from waspglass.examine.web_roots import folder_of, renamed
from waspglass.model.assessment import UNNAMED, Implant
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.model.language import Catalogue
from waspglass.packs.pack import Pack

__all__ = ["implant_lives", "shown_subject"]

_FARTHEST = timedelta(hours=14)
"""No clock is farther from UTC."""
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


def implant_lives(observations: Observations, pack: Pack) -> tuple[Implant, ...]:
    """Joins all findings of the same subject into one life each, ordered by first sign.

    Presence, best source first:

    1. A file or setting that was collected shows what is there at collection: present. A page that was renamed, so that
       no handler runs it, is not, unless it was used under that name.
    2. The last word of the logs is that it was gone (404, redirect to the logon page, deletion): not present.
    3. The folder in which it would lie was collected, and it is not among the files: not present. So it is if it is
       known from a former configuration or a quarantine only, and the present one or the web roots were collected.
    4. Otherwise its last sign of life stands: nothing shows that it was removed, so it is taken to be there. Only a
       page whose name nobody saw, or of which a copy in a quarantine is all that was collected, is left open.
    """
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in observations.findings:
        if _speaks_of_implant(finding):
            groups[finding.subject or UNNAMED].append(finding)
    # What only ended, such as a sample that the virus scanner took from somebody's folder, was no implant here.
    groups = {subject: found for subject, found in groups.items() if any(f.effect is Effect.SHOWS for f in found)}
    named = [subject for subject in groups if subject != UNNAMED]
    if named and _writings(groups.get(UNNAMED, [])) <= len(named):
        # A writing without a name beside a named implant is that implant's own writing, seen in another log; of several
        # implants nobody can say which. Of more writings than implants one may have left what nobody named.
        unnamed = groups.pop(UNNAMED, [])
        if len(named) == 1:
            groups[named[0]] += unnamed
    chosen = [
        _life(
            subject,
            _dated(found, observations, pack),
            observations,
            pack,
            _here(subject, found, observations, pack),
            _absence(subject, found, observations, pack),
        )
        for subject, found in groups.items()
    ]
    return tuple(sorted(chosen, key=lambda life: (_first_sign(life) is None, _first_sign(life) or "", life.subject)))


def shown_subject(subject: str, catalogue: Catalogue) -> str:
    """How a sentence names a subject: backslashes of paths are single there, and nothing else is unescaped."""
    return catalogue.text("sentence.unnamed") if subject == UNNAMED else subject.replace("\\\\", "\\")


def _writings(found: list[Finding]) -> int:
    """How many there were at least: several rules may tell of one, each rule of it once."""
    moments = {(f.rule, f.time) for f in found if f.rung is Rung.IMPLANTED}
    return max(Counter(rule for rule, _ in moments).values(), default=0)


def _speaks_of_implant(finding: Finding) -> bool:
    if finding.effect is Effect.ENDS:
        return finding.subject is not None
    if finding.effect is not Effect.SHOWS:
        return False
    return finding.rung is Rung.IMPLANTED or (finding.rung is Rung.USED and finding.subject is not None)


def _first_sign(life: Implant) -> str | None:
    signs = [moment for moment in (life.written, life.first_used) if moment is not None]
    return min(signs).isoformat() if signs else None


def _dated(found: list[Finding], observations: Observations, pack: Pack) -> list[Finding]:
    """Ordered by the times at which something can have been done."""
    acts = [one.model_copy(update={"time": act_time(one, observations, pack)}) for one in found]
    return sorted(acts, key=by_time)


def _life(
    subject: str, found: list[Finding], observations: Observations, pack: Pack, here: bool, absent: bool | None
) -> Implant:
    used = _moments(found, Rung.USED)
    # What was used before was written before: a copy, or a scanner that found it, has a later time.
    written = [one for one in _moments(found, Rung.IMPLANTED) if not used or one <= min(used)]
    ended = _ended(found, observations)
    gone = None if here else ended
    present = True if here else _present(gone, absent)
    return Implant(
        subject=subject,
        written=min(written, default=None),
        first_used=min(used, default=None),
        last_used=max(used, default=None),
        gone=gone,
        present=present,
        presumed=bool(present) and not here,
        of_product=subject in pack.product_pages,
        findings=tuple(f.id for f in found),
    )


def _ended(found: list[Finding], observations: Observations) -> datetime | None:
    """The earliest "not there" after the last sign of life, which is when it was first seen to be gone."""
    # Copying gives a file a new time, so only what was logged tells that the implant still lived.
    signs = [f for f in found if f.effect is Effect.SHOWS and f.kind not in observations.file_timed]
    # One record can say both: a scanner that names what it removed.
    both = {(_place(f), f.time) for f in signs}
    zoneless = observations.zoneless
    alive = {clock: _latest(f for f in signs if (f.kind in zoneless) is clock) for clock in (False, True)}
    late = (
        f.time
        for f in found
        if f.effect is Effect.ENDS and f.time is not None
        if f.time > (last := alive[f.kind in zoneless]) or (f.time == last and (_place(f), last) in both)
        if f.time - alive[f.kind not in zoneless] > _FARTHEST
        if not of_another_site(f, signs)
    )
    return min(late, default=None)


def _latest(signs: Iterable[Finding]) -> datetime:
    """When the last of them was; the beginning of all time if none is dated."""
    return max((one.time for one in signs if one.time is not None), default=_BEGINNING)


def _place(finding: Finding) -> tuple[str, int | None, int | None, int | None]:
    return (finding.source, finding.line, finding.record, finding.offset)


def _moments(found: list[Finding], rung: Rung) -> list[datetime]:
    return [f.time for f in found if f.rung is rung and f.effect is Effect.SHOWS and f.time is not None]


def _here(subject: str, found: list[Finding], observations: Observations, pack: Pack) -> bool:
    """Whether it is among what was collected, and is not a page that a second ending took out of service."""
    snapshots = {kind.kind for kind in pack.kinds if kind.snapshot}
    shown = [f for f in found if f.effect is Effect.SHOWS]
    if any(f.kind in snapshots and f.rung is Rung.IMPLANTED for f in shown):
        return True
    runs = not renamed(subject) or any(f.rung is Rung.USED for f in shown)
    return runs and subject in observations.collected_pages


def _present(gone: datetime | None, absent: bool | None) -> bool | None:
    if gone is not None:
        return False
    return None if absent is None else not absent


def _absence(subject: str, found: list[Finding], observations: Observations, pack: Pack) -> bool | None:
    """Whether what was collected lacks an implant that would be in it; None if where it was is not known."""
    if subject == UNNAMED:
        return None
    folder = folder_of(subject)
    if folder is None and kept_elsewhere(found, pack):
        return True if observations.collected_folders else None
    return folder in observations.collected_folders or set_otherwise_now(found, observations, pack)
