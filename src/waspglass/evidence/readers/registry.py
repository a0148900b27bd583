"""The record readers by name, as the packs' `artefacts.yml` speaks of them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import UTC, tzinfo
from importlib import import_module
from typing import Protocol, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from waspglass.evidence.artefact import RecordReader
from waspglass.evidence.readers.settings import ReaderSettings
from waspglass.model.errors import UsageError

__all__ = ["RECORD_READERS", "record_reader", "record_readers"]

RECORD_READERS = (
    "evtx",
    "event_export",
    "web_file",
    "iis_config",
    "compiled_page",
    "oab_export",
    "scheduled_task",
    "exchange_setup_log",
    "pe_version",
    "hive",
)
"""Names of formats; each is a module beside this one, whose `reader` makes its reader."""


class _Module(Protocol):
    def reader(self, settings: ReaderSettings, /) -> RecordReader: ...


def record_readers(
    known_good: Container[str] | None = None, timezone: str | None = None, keys: Iterable[str] = ()
) -> Mapping[str, RecordReader]:
    """All record readers by name; each is imported when it is first asked for.

    Args:
        known_good: The SHA-256 (lower-case hex) of the files that the vendor shipped, for `web_file`; only asked
            whether it holds one, so `packs.known_good.KnownGood` will do.
        timezone: IANA name of the server's time zone, for logs in local time that do not state theirs; UTC if None.
        keys: Registry keys that are read besides those of Windows.

    Raises:
        UsageError: If there is no such time zone.
    """
    return _Readers(ReaderSettings(known_good, _zone(timezone), tuple(keys)))


class _Readers(Mapping[str, RecordReader]):
    """Readers made when they are first asked for."""

    def __init__(self, settings: ReaderSettings) -> None:
        self._settings = settings
        self._made: dict[str, RecordReader] = {}

    def __getitem__(self, name: str) -> RecordReader:
        if name not in RECORD_READERS:
            raise KeyError(name)
        if name not in self._made:
            self._made[name] = _made(name, self._settings)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(RECORD_READERS)

    def __len__(self) -> int:
        return len(RECORD_READERS)


def record_reader(name: str) -> RecordReader:
    """One record reader by its name, without known-good files and with UTC for local times.

    Raises:
        UsageError: If there is none.
    """
    if name not in RECORD_READERS:
        raise UsageError(f"no record reader {name!r}", hint=f"Known: {', '.join(RECORD_READERS)}")
    return _made(name, ReaderSettings())


def _zone(name: str | None) -> tzinfo:
    if name is None:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        hint = "Write it as in the IANA database, for example Europe/Berlin"
        raise UsageError(f"there is no time zone {name!r}", hint=hint) from fault


def _made(name: str, settings: ReaderSettings) -> RecordReader:
    """Imports the reader's module: most runs need few of them."""
    return cast("_Module", import_module(f"waspglass.evidence.readers.{name}")).reader(settings)
