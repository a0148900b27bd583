"""One host's case: all that was observed and concluded before it is put into words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from waspglass.examine.activity import first_entry
from waspglass.examine.contradictions import CLOCK_SLACK, THROUGH_LID
from waspglass.examine.observations import Observations
from waspglass.examine.own_pages import OwnPage
from waspglass.examine.window import Exposure
from waspglass.model.assessment import Implant, Lid, LidState, Limit
from waspglass.model.facts import Facts
from waspglass.model.finding import Finding, Rung
from waspglass.packs.pack import Pack

__all__ = ["Case"]


@dataclass(frozen=True, slots=True)
class Case:
    """What verdict, sentence, evidence tree and limits are made of.

    Attributes:
        observations: What the evidence said.
        pack: The campaign.
        facts: What the user said.
        lid: Patch state.
        implants: Their lives.
        exposed: When the host could have been entered, and what of that time was seen.
        contradictions: Where evidence and facts contradict one another.
        unsettled: Hints at an entry that nothing settles.
        own: Pages that are taken for the owner's.
        vanished: Pages that answered or ran, that the product does not ship, and that were not there at collection.
        alike: Pages that answered on a server that seems to answer everything, and that nobody looked for there.
    """

    observations: Observations
    pack: Pack
    facts: Facts
    lid: Lid
    implants: tuple[Implant, ...]
    exposed: Exposure
    contradictions: tuple[Limit, ...] = ()
    unsettled: tuple[Finding, ...] = ()
    own: tuple[OwnPage, ...] = ()
    vanished: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()

    @property
    def open_question(self) -> str | None:
        """What may be a success and cannot be told, as sentences and verdicts name it; None if nothing may be."""
        questions = {"unsettled": self.unsettled, "vanished": self.vanished, "alike": self.alike}
        return next((name for name, found in questions.items() if found), None)

    @property
    def through_lid(self) -> bool:
        """Whether an entry was seen after the patch: the lid is not as tight as the build says."""
        return any(one.id == THROUGH_LID for one in self.contradictions)

    @property
    def first_sign_after_lid(self) -> datetime | None:
        """The first sign of an intruder, if it is younger than the patch and no entry was seen.

        Then it need not have come by the flaws of this campaign. The times of files alone do not say that: copying sets
        them anew.
        """
        if self.lid.state is not LidState.PATCHED or self.lid.since is None:
            return None
        if self.observations.proofs(Rung.EXPLOITED) or not self._logged:
            return None
        first = first_entry(self.observations, self.pack)
        return first if first is not None and first > self.lid.since + CLOCK_SLACK else None

    @property
    def _logged(self) -> bool:
        """Whether anything beyond probes was logged, and not only seen in files."""
        return any(one.kind not in self.observations.file_timed for one in self.observations.beyond_probes())
