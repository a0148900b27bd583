"""Which builds the records show, and with what certainty."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.evidence.trees import memory_artefact
from waspglass.evidence.artefact import Artefact
from waspglass.evidence.build_sightings import build_sightings, normal_build
from waspglass.model.facts import BuildSighting, Certainty

JANUARY, MARCH, APRIL = (datetime(2021, month, 1, tzinfo=UTC) for month in (1, 3, 4))


def of(format_: str, path: str = r"C:\x") -> Artefact:
    return memory_artefact(b"", path, format_)


def test_a_program_file_proves_what_ran_when_it_was_collected() -> None:
    assert build_sightings([(of("pe_version"), MARCH, {"build": "15.01.2176.002"})], seen_at=APRIL) == (
        BuildSighting(build="15.1.2176.2", at=APRIL, source=r"C:\x", certainty=Certainty.PROVEN),
    )


def test_logs_and_paths_only_hint_and_are_joined() -> None:
    records = [(of("w3c"), moment, {"build": "15.1.2176"}) for moment in (JANUARY, MARCH, None)]
    assert build_sightings(records) == (
        BuildSighting(build="15.1.2176", at=MARCH, source=r"C:\x", certainty=Certainty.HINT),
    )


def test_proofs_come_first_and_records_without_a_build_are_passed_over() -> None:
    found = build_sightings(
        [
            (of("w3c"), JANUARY, {"build": "15.1.1979"}),
            (of("w3c"), JANUARY, {"url": "/"}),
            (of("w3c"), JANUARY, {"build": "nonsense"}),
            (of("exchange_setup_log"), MARCH, {"build": "15.1.2176.2", "mode": "Upgrade"}),
        ]
    )
    assert [(one.build, one.certainty) for one in found] == [
        ("15.1.2176.2", Certainty.PROVEN),
        ("15.1.1979", Certainty.HINT),
    ]
    assert found[0].at == MARCH


@pytest.mark.parametrize(
    ("text", "build"),
    [
        ("15.01.2176.002", "15.1.2176.2"),
        ("15.1.2176", "15.1.2176"),
        ("15.0.0.0", "15.0.0.0"),
        ("15.1", None),
        ("", None),
    ],
)
def test_builds_are_written_one_way(text: str, build: str | None) -> None:
    assert normal_build(text) == build
