"""The formats of files, as the packs' `artefacts.yml` speaks of them: what reads each, and what its records are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

__all__ = ["FORMATS", "BuildProof", "Format", "format_of"]


class BuildProof(Enum):
    """What it means that a record of this format names a build of the product."""

    RUNS = "runs"  # the build of a program file, which ran when it was collected
    INSTALLED = "installed"  # a build was installed at the time of the record
    HINT = "hint"  # updates leave such a mention alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format of files; all that others ask of it besides its records.

    Attributes:
        module: The module of this package that reads it: a line format from `formats`, else a record reader.
        log: Its records tell who did what, so that an address, a name of a host or a path may stand anywhere in them.
        events: Its records are Windows events.
        telemetry: Its records are what an agent of a virus scanner reported; rules reach them by category.
        requests: Its records are requests to a web server.
        gathered: Field that names the server of a record, if records may come from several, in any order; else empty.
        dashed: It writes `-` for an empty value, which is absent from the record.
        numbered: Its records are found again by their number, not by a line.
        file_timed: Its records have the time of their file, not one that somebody logged.
        local_times: Its times are those of the server's clock, without a zone.
        some_local: Some of its files have such times; the reader tells of each with a skip, if the zone is not known.
        yara: YARA rules are run over the file.
        build: What a build in its records proves; None if they name none, though a pack may derive one from them.
    """

    module: str
    log: bool = False
    events: bool = False
    telemetry: bool = False
    requests: bool = False
    gathered: str = ""
    dashed: bool = False
    numbered: bool = False
    file_timed: bool = False
    local_times: bool = False
    some_local: bool = False
    yara: bool = False
    build: BuildProof | None = None

    @property
    def lines(self) -> bool:
        """Whether it is scanned line by line."""
        return self.module.startswith("formats.")


FORMATS: Mapping[str, Format] = {
    "w3c": Format(module="formats.w3c", log=True, requests=True, dashed=True),
    "httperr": Format(module="formats.w3c", log=True, requests=True, dashed=True),
    "diagnostics_csv": Format(module="formats.diagnostics_csv", log=True, requests=True),
    "event_json": Format(module="formats.event_json", log=True, events=True),
    "evtx": Format(module="readers.evtx", log=True, events=True, numbered=True),
    "event_export": Format(module="readers.event_export", log=True, events=True, numbered=True, some_local=True),
    "web_file": Format(module="readers.web_file", file_timed=True, yara=True),
    "iis_config": Format(module="readers.iis_config", file_timed=True),
    "compiled_page": Format(module="readers.compiled_page", file_timed=True, yara=True),
    "oab_export": Format(module="readers.oab_export", file_timed=True),
    "scheduled_task": Format(module="readers.scheduled_task", file_timed=True),
    "exchange_setup_log": Format(module="readers.exchange_setup_log", build=BuildProof.INSTALLED),
    "pe_version": Format(module="readers.pe_version", file_timed=True, yara=True, build=BuildProof.RUNS),
    "hive": Format(module="readers.hive", build=BuildProof.HINT),
    "access_log": Format(module="readers.access_log", log=True, requests=True, dashed=True, local_times=True),
    "access_table": Format(
        module="readers.access_table", log=True, requests=True, gathered="s-computername", dashed=True, numbered=True
    ),
    "defender_export": Format(
        module="readers.defender_export", log=True, telemetry=True, gathered="Computer", numbered=True
    ),
    "uls": Format(module="readers.uls", log=True, local_times=True),
    "safety_scanner": Format(module="readers.safety_scanner", log=True, local_times=True),
}
"""By name. Kept apart from the modules that read them, which are imported when a file of theirs is met."""

_UNKNOWN = Format(module="")


def format_of(name: str) -> Format:
    """The format of that name; one that means nothing if there is none, as a pack for a later version may name."""
    return FORMATS.get(name, _UNKNOWN)
