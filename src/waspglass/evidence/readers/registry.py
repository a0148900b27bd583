"""Makes record readers by their names in `format.FORMATS`."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import tzinfo
from importlib import import_module
from typing import Protocol, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from waspglass.evidence.artefact import ReaderSettings, RecordReader
from waspglass.evidence.format import FORMATS
from waspglass.model.errors import UsageError

__all__ = ["record_readers"]


class _Module(Protocol):
    def reader(self, settings: ReaderSettings, /) -> RecordReader: ...


def record_readers(
    known_good: Container[str] | None = None,
    timezone: str | None = None,
    keys: Iterable[str] = (),
    server: str | None = None,
) -> Mapping[str, RecordReader]:
    """All record readers by name; each is imported when it is first asked for.

    Args:
        known_good: The SHA-256 (lower-case hex) of the files that the vendor shipped, for `web_file`; only asked
            whether it holds one, so `packs.known_good.KnownGood` will do.
        timezone: IANA name of the server's time zone, for logs in local time that do not state theirs; UTC if None.
        keys: Registry keys that are read besides those of Windows.
        server: Name of the server, for exports that have records of others too.

    Raises:
        UsageError: If there is no such time zone.
    """
    return _Readers(ReaderSettings(known_good, _zone(timezone), tuple(keys), server))


class _Readers(Mapping[str, RecordReader]):
    """Readers made when they are first asked for."""

    def __init__(self, settings: ReaderSettings) -> None:
        self._settings = settings
        self._modules = {name: one.module for name, one in FORMATS.items() if not one.lines}
        self._made: dict[str, RecordReader] = {}

    def __getitem__(self, name: str) -> RecordReader:
        if name not in self._made:
            module = import_module(f"waspglass.evidence.{self._modules[name]}")
            self._made[name] = cast("_Module", module).reader(self._settings)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


def _zone(name: str | None) -> tzinfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        hint = "Write it as in the IANA database, for example Europe/Berlin"
        raise UsageError(f"there is no time zone {name!r}", hint=hint) from fault
