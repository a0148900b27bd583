r"""Registry hives (`SOFTWARE`, `SYSTEM`), through `dissect.regf` of the optional extra `images`.

Only keys that tell what is installed or what starts by itself are read; one record a value. Fields, named like Sigma's
registry fields: `TargetObject` (`HKLM\SOFTWARE\...\Run\Name`), `Details` (the data as text), `key`, `value`, `path`,
`modified`. The time is the last write of the key, which is not always that of the value; the place, the number of the
record.

A key whose values are `MsiProductMajor`, `MsiProductMinor`, `MsiBuildMajor` and `MsiBuildMinor` gives one more record
with `build` and `install_path`: the version that was installed last (updates without a new installer leave it alone).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import count
from typing import Protocol, cast

from waspglass.evidence.artefact import Artefact, Place, Record, RecordReader, filled
from waspglass.evidence.errors import EvidenceReadError, read_error
from waspglass.evidence.formats.moments import plausible
from waspglass.model.document import format_instant
from waspglass.model.skip import SkipReason

__all__ = ["WATCHED_KEYS", "HiveReader", "reader"]

WATCHED_KEYS: tuple[str, ...] = (
    r"Microsoft\Windows\CurrentVersion\Run",
    r"Microsoft\Windows\CurrentVersion\RunOnce",
    r"Microsoft\Windows\CurrentVersion\Policies\Explorer\Run",
    r"Wow6432Node\Microsoft\Windows\CurrentVersion\Run",
    r"Wow6432Node\Microsoft\Windows\CurrentVersion\RunOnce",
    r"Microsoft\Windows NT\CurrentVersion\Winlogon",
    r"Microsoft\Windows NT\CurrentVersion\Windows",
    r"Microsoft\Windows NT\CurrentVersion\Image File Execution Options\*",
    r"Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree\*",
    r"Microsoft\InetStp",
    r"*\Services\*",
    r"*\Services\*\Parameters",
    r"*\Control\Lsa",
    r"*\Control\SecurityProviders\WDigest",
    r"*\Control\ComputerName\ComputerName",
    r"*\Control\TimeZoneInformation",
)
_BUILD_PARTS = ("MsiProductMajor", "MsiProductMinor", "MsiBuildMajor", "MsiBuildMinor")
_MOST_KEYS = 50_000
_MOST_LOOKS = 1_000_000
"""Keys whose names are compared; those of a whole server are 100,000 or so. A hive of some kilobytes can name the same
keys below one another without end."""
_LONGEST = 4096


class _Value(Protocol):
    name: str
    value: object


class _Key(Protocol):
    name: str
    timestamp: datetime

    def subkeys(self) -> Iterator[_Key]: ...
    def values(self) -> Iterator[_Value]: ...


class HiveReader(RecordReader):
    """`hive`."""

    def records(self, artefact: Artefact) -> Iterator[tuple[Place, datetime | None, Record]]:
        """One record a value of the watched keys.

        Raises:
            EvidenceReadError: NEEDS_EXTRA if the extra is not installed; DAMAGED where the hive cannot be read on;
                LIMIT_REACHED after 50,000 watched keys, or a million keys.
        """
        path = artefact.file.path
        try:
            from dissect.regf import RegistryHive
        except ImportError as fault:
            message = "registry hives need an extra: pip install '.[images]' in the checkout of waspglass"
            raise read_error(path, SkipReason.NEEDS_EXTRA, message) from fault
        prefix = f"HKLM\\{path.rpartition(chr(92))[2].upper()}"
        try:
            with artefact.file.seekable() as stream:
                root = cast("_Key", RegistryHive(stream).root())
                records = count(1)
                for number, (name, key) in enumerate(self._watched(root)):
                    if number >= _MOST_KEYS:
                        raise _too_many(f"more than {_MOST_KEYS} watched keys")
                    moment = plausible(key.timestamp)
                    for fields in _of_key(f"{prefix}\\{name}", key, path):
                        yield Place(record=next(records)), moment, filled(fields)
        except EvidenceReadError:
            raise
        except Exception as fault:
            message = f"the hive cannot be read on ({type(fault).__name__}: {fault})"
            raise read_error(path, SkipReason.DAMAGED, message) from fault

    def _watched(self, root: _Key) -> Iterator[tuple[str, _Key]]:
        looks = count(1)
        for pattern in (*WATCHED_KEYS, *self._settings.keys):
            yield from _descend(root, pattern.split("\\"), "", looks)


reader = HiveReader


def _too_many(what: str) -> EvidenceReadError:
    return EvidenceReadError(f"{what} are in it; the others were not read", reason=SkipReason.LIMIT_REACHED)


def _descend(key: _Key, parts: list[str], path: str, looks: Iterator[int]) -> Iterator[tuple[str, _Key]]:
    if not parts:
        yield path, key
        return
    wanted = parts[0].lower()
    for below in key.subkeys():
        if next(looks) > _MOST_LOOKS:
            raise _too_many(f"more than {_MOST_LOOKS} keys")
        if wanted in {"*", below.name.lower()}:
            yield from _descend(below, parts[1:], f"{path}\\{below.name}".lstrip("\\"), looks)


def _of_key(full: str, key: _Key, path: str) -> Iterator[dict[str, str]]:
    values = {value.name: _text(value.value) for value in key.values()}
    shared = {"key": full, "path": path, "modified": format_instant(key.timestamp)}
    for name, data in values.items():
        yield {"TargetObject": f"{full}\\{name}", "Details": data, "value": name, **shared}
    if all(part in values for part in _BUILD_PARTS):
        build = ".".join(values[part] for part in _BUILD_PARTS)
        yield {"build": build, "install_path": values.get("MsiInstallPath", ""), **shared}


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value[: _LONGEST // 2].hex()
    if isinstance(value, list | tuple):
        return "\n".join(_text(one) for one in value)[:_LONGEST]
    return str(value).rstrip("\0")[:_LONGEST]
