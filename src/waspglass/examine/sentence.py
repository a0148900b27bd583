"""The sentence that a report opens with."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from waspglass.examine.activity import first_entry
from waspglass.examine.answers_all import misses_no_page
from waspglass.examine.case import Case
from waspglass.examine.duration import counted, duration, listed, recorded
from waspglass.examine.former import known_from_copies
from waspglass.examine.implants import shown_subject
from waspglass.examine.observations import Observations
from waspglass.examine.unsettled import settled
from waspglass.examine.verdict import Decision, rests_on_answers
from waspglass.model.assessment import Implant, Lid, LidState, Verdict
from waspglass.model.facts import Certainty
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.model.language import Catalogue
from waspglass.packs.pack import Pack

__all__ = ["say"]

_SAME_UPDATE = timedelta(hours=24)
_PATH = re.compile(r"/|[a-z]:\\", re.IGNORECASE)


def say(decision: Decision, case: Case, catalogue: Catalogue) -> str:
    """One sentence, or two or three short ones, with the facts that a reader asks for first."""
    observations, implants, exposed = case.observations, case.implants, case.exposed
    there = [implant for implant in implants if implant.present] or list(implants)
    first = next((f.time for rung in Rung for f in observations.proofs(rung) if f.time is not None), None)
    written = _earliest(there)
    values: dict[str, object] = {
        "patched": _patched(case.lid, catalogue),
        "first": _day(first, catalogue),
        "entrance": _entrance(case, catalogue),
        "entry": _entered(observations, case.pack, catalogue),
        "implants": listed([shown_subject(implant.subject, catalogue) for implant in there], catalogue),
        "since": catalogue.text("moment.since" if written else "moment.since_unknown", day=_day(written, catalogue)),
        "missing": duration(sum(span.hours for span in exposed.missing), catalogue),
        "from": _day(exposed.window.from_ if exposed.window else None, catalogue),
        "to": _day(exposed.window.to if exposed.window else None, catalogue),
        "probes": recorded(observations.proofs(Rung.PROBED), observations, catalogue),
        "sources": observations.titles(exposed.sources),
        "early": _day(exposed.ends_early, catalogue),
        "start": _day(case.pack.window.first_exploitation, catalogue),
        "unsettled": listed(list(dict.fromkeys(hint.title for hint in case.unsettled)), catalogue),
        "in_part": observations.titles(exposed.in_part),
        "vanished": listed(case.vanished, catalogue),
        "alike": listed(case.alike, catalogue),
        "file": catalogue.text("sentence.file_open" if _open_pages(case) else "sentence.file_unseen"),
    }
    parts = [catalogue.text(f"sentence.{decision.key}", **values)]
    if decision.key in ("contradicted", "attempted_contradicted") or len(observations.writers) > 1:
        # Which of several servers was entered must not be read out of the name of one of them.
        parts.append(case.contradictions[0].text)
    if presumed := [shown_subject(implant.subject, catalogue) for implant in there if implant.presumed]:
        parts.append(catalogue.text("sentence.presumed", implants=listed(presumed, catalogue)))
    if copied := known_from_copies(there, observations, case.pack):
        names = listed([shown_subject(one.subject, catalogue) for one in copied], catalogue)
        parts.append(catalogue.text("sentence.copies", implants=names))
    if rests_on_answers(case):
        parts.append(catalogue.text("sentence.answers_only"))
        if misses_no_page(observations):
            parts.append(catalogue.text("sentence.misses_no_page"))
    if about_lid := _of_the_lid(decision.verdict, case):
        parts.append(catalogue.text(f"sentence.{about_lid}", **values))
    if late := case.first_sign_after_lid:
        parts.append(catalogue.text("sentence.first_sign_after_lid", day=_day(late, catalogue)))
    if Rung.IMPACT in decision.rungs:
        # Said in the first lines even where the verdict's own word does not contain it.
        parts.append(catalogue.text("sentence.impact"))
    return " ".join([*parts, *_open_questions(decision, case, catalogue)])


def _of_the_lid(verdict: Verdict, case: Case) -> str | None:
    """What the verdict's own sentence leaves out of the patch state."""
    state = case.lid.state
    if state is LidState.VULNERABLE and verdict is not Verdict.OCCUPIED:
        return "without_fix"  # whoever reads "clean" must not stop there
    if case.through_lid and verdict is Verdict.COMPROMISED:
        return "entered_through_lid"
    entered = verdict in (Verdict.OCCUPIED, Verdict.COMPROMISED) and not rests_on_answers(case)
    if not entered or state is not LidState.NEVER_VULNERABLE:
        return None
    seen = any(one.effect is Effect.SHOWS for one in case.observations.proofs(Rung.EXPLOITED))
    return "entered_never_vulnerable" if seen else "another_way"


def _entrance(case: Case, catalogue: Catalogue) -> str:
    """Of a vulnerable host: whether it was so to the end, or was only seen so some time before."""
    seen, window = case.lid.not_before, case.exposed.window
    if seen is None or window is None or window.to - seen <= _SAME_UPDATE:
        return catalogue.text("sentence.still_open")
    return catalogue.text("sentence.last_seen_open", day=_day(seen, catalogue))


def _entered(observations: Observations, pack: Pack, catalogue: Catalogue) -> str:
    """On a day, if the entry itself was seen; by a day, if only what followed it."""
    entry = first_entry(observations, pack)
    if entry is None:
        return catalogue.text("moment.unknown")
    seen = any(f.time == entry for f in observations.proofs(Rung.EXPLOITED))
    return catalogue.text("moment.on" if seen else "moment.by", day=_day(entry, catalogue))


def _open_pages(case: Case) -> bool:
    """Hints at pages that may have been left behind."""
    return any(f.effect is Effect.HINT and f.rung is Rung.IMPLANTED for f in case.observations.findings)


def _open_questions(decision: Decision, case: Case, catalogue: Catalogue) -> list[str]:
    """Hints at something that stays or was done; they decide nothing, and must not be overlooked."""
    verdict, observations = decision.verdict, case.observations
    lasting = {Rung.IMPLANTED, Rung.USED, Rung.IMPACT}
    vouched = {page.subject for page in case.own if page.answered is None}
    known = {implant.subject for implant in case.implants} | vouched | {*case.vanished, *case.alike}
    hints = [
        _named(one, catalogue)
        for one in observations.findings
        if one.effect is Effect.HINT
        and one.rung in lasting
        and one.subject not in known
        # What one log leaves open another can settle, but not whether a page is an intruder's.
        and (one.subject is not None or not settled(one, observations, case.pack))
    ]
    names = list(dict.fromkeys(hints))
    if not names or verdict is Verdict.OCCUPIED:
        return []
    if verdict in (Verdict.CLEAN, Verdict.ATTEMPTED):
        things = counted("things", len(names), catalogue)
        return [catalogue.text("sentence.review_harmless", things=things, names=listed(names, catalogue))]
    return [catalogue.text("sentence.review", names=listed(names, catalogue))]


def _named(finding: Finding, catalogue: Catalogue) -> str:
    """A page or file by its path, which says what it is; the name of a service or task together with what it is."""
    if not finding.subject:
        return finding.title
    shown = shown_subject(finding.subject, catalogue)
    return shown if _PATH.match(finding.subject) else f"{finding.title} ({shown})"


def _earliest(implants: list[Implant]) -> datetime | None:
    moments = [m for implant in implants for m in (implant.written, implant.first_used) if m is not None]
    return min(moments, default=None)


def _patched(lid: Lid, catalogue: Catalogue) -> str:
    """On a day, if the update itself is dated; by a day, if the host was only seen with it by then."""
    if lid.since is None:
        return catalogue.text("moment.unknown")
    stated = any(b.certainty is Certainty.STATED and b.at == lid.since for b in lid.builds)
    dated = stated or (lid.not_before is not None and lid.since - lid.not_before <= _SAME_UPDATE)
    return catalogue.text("moment.on" if dated else "moment.by", day=_day(lid.since, catalogue))


def _day(moment: datetime | None, catalogue: Catalogue) -> str:
    return f"{moment:%Y-%m-%d}" if moment is not None else catalogue.text("moment.unknown_day")
