"""What only copies tell of: former configurations, and pages that somebody keeps in a quarantine or a backup."""

from __future__ import annotations

import pytest

from tests.evidence.trees import memory_artefact
from tests.examine.test_assess import PACK, PAGE, both, finding
from waspglass.examine.former import current_settings, kept_elsewhere, known_from_copies, set_otherwise_now
from waspglass.examine.observations import Observations
from waspglass.model.assessment import Implant
from waspglass.model.finding import Effect, Finding, Rung
from waspglass.packs.pack import ArtefactKind

NAMES = PACK.model_copy(
    update={
        "kinds": (
            *PACK.kinds,
            ArtefactKind(kind="settings", format="iis_config", snapshot=True, title=both("settings")),
            ArtefactKind(kind="former", format="iis_config", earlier="settings", title=both("former settings")),
            ArtefactKind(kind="kept", format="web_file", title=both("copies")),
        )
    }
)
MODULE = "evil.dll"


def saw(kind: str, source: str, effect: Effect = Effect.SHOWS, rung: Rung = Rung.IMPLANTED) -> Finding:
    return finding(rung, "2021-03-03", effect, kind=kind, source=source, subject=MODULE)


FORMER = saw("former", r"C:\inetpub\history\CFGHISTORY_1\applicationHost.config")
KEPT = saw("kept", r"C:\quarantine\page.aspx")
NOW = saw("settings", r"C:\Windows\System32\inetsrv\config\applicationHost.config")
LOGGED = saw("log", r"C:\log.log")
COLLECTED = frozenset({("settings", "applicationhost.config")})


def test_only_settings_that_have_former_ones_are_remembered_by_kind_and_name() -> None:
    found = [
        memory_artefact(b"", r"C:\Windows\System32\inetsrv\config\ApplicationHost.config", kind="settings"),
        memory_artefact(b"", r"C:\inetpub\history\applicationHost.config", kind="former"),
        memory_artefact(b"", r"C:\log.log", kind="log"),
    ]
    assert current_settings(found, NAMES) == COLLECTED


@pytest.mark.parametrize(
    ("found", "collected", "otherwise"),
    [
        ([FORMER], COLLECTED, True),
        ([FORMER], frozenset(), False),
        ([FORMER], frozenset({("settings", "web.config")}), False),
        ([FORMER], frozenset({("kept", "applicationhost.config")}), False),
        ([FORMER, NOW], COLLECTED, False),
        ([FORMER, LOGGED], COLLECTED, False),
        ([NOW], COLLECTED, False),
        ([], COLLECTED, False),
        # What is a hint, or only a probe, neither proves nor hinders.
        ([FORMER, saw("log", r"C:\log.log", Effect.HINT)], COLLECTED, True),
        ([FORMER, saw("log", r"C:\log.log", rung=Rung.PROBED)], COLLECTED, True),
        ([saw("former", r"C:\a\applicationHost.config", Effect.HINT)], COLLECTED, False),
    ],
)
def test_a_setting_is_gone_if_only_former_files_have_it_and_their_successor_was_collected(
    found: list[Finding], collected: frozenset[tuple[str, str]], otherwise: bool
) -> None:
    assert set_otherwise_now(found, Observations(evidence="x", collected_settings=collected), NAMES) is otherwise


@pytest.mark.parametrize(
    ("found", "elsewhere"),
    [
        ([KEPT], True),
        ([KEPT, KEPT], True),
        ([], False),
        ([KEPT, LOGGED], False),
        ([KEPT, saw("pages", r"C:\client\page.aspx")], False),
        ([KEPT, saw("log", r"C:\log.log", Effect.ENDS)], True),
        ([NOW], False),
    ],
)
def test_a_page_is_kept_elsewhere_if_copies_are_all_that_speaks_of_it(found: list[Finding], elsewhere: bool) -> None:
    assert kept_elsewhere(found, NAMES) is elsewhere


@pytest.mark.parametrize(
    ("found", "copied"),
    [
        ([FORMER], True),
        ([KEPT], True),
        ([FORMER, KEPT], True),
        ([FORMER, NOW], False),
        ([KEPT, LOGGED], False),
        ([LOGGED], False),
        ([saw("log", r"C:\log.log", Effect.ENDS)], False),
    ],
)
def test_the_sentence_names_the_implants_that_are_known_from_copies_alone(found: list[Finding], copied: bool) -> None:
    found = [one.model_copy(update={"id": str(number)}) for number, one in enumerate(found)]
    implant = Implant(subject=MODULE, findings=tuple(one.id for one in found))
    other = Implant(subject=PAGE, findings=("elsewhere",))
    seen = known_from_copies([implant, other], Observations(evidence="x", findings=tuple(found)), NAMES)
    assert seen == ((implant,) if copied else ())
