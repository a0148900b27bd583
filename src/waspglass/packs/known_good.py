"""Known-good files: which SHA-256 belongs to a file that the product's maker shipped.

File format, version 1 (little endian): the magic `WASPKG1` and a line feed; the length of the header (4 bytes); the
header, JSON with `count`, `builds`, `sets` (lists of indices into `builds`) and `sources`; then, padded to a multiple
of 8, three columns sorted by hash: bytes 0-7 and bytes 8-15 of each SHA-256 (8 bytes each, as unsigned numbers) and the
index of its set of builds (2 bytes each), which this program does not ask for.

Half of each hash is kept. A file that is not known is taken for known with a probability of `count` / 2^128 (about
4e-34 for 125,684 files); making a page on purpose that passes takes about 2^128 / `count`, or 2^111, attempts.
"""

from __future__ import annotations

import json
import mmap
import struct
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from waspglass.model.errors import Location, PackError
from waspglass.packs.pack import Pack

__all__ = ["KnownGood", "open_known_good", "write_known_good"]

_MAGIC = b"WASPKG1\n"
_HASH_BYTES = 32
_LARGEST_HEADER = 8 * 1024 * 1024


@dataclass(frozen=True)
class KnownGood:
    """The known-good hashes of a pack; the columns stay on disk and are paged in as lookups need them.

    Attributes:
        builds: All builds that the file speaks of.
        sources: What it was made from.
    """

    builds: tuple[str, ...]
    sources: tuple[str, ...]
    _count: int
    _columns: mmap.mmap
    _offset: int

    def __len__(self) -> int:
        return self._count

    def __contains__(self, sha256: object) -> bool:
        return isinstance(sha256, str | bytes) and self._row(sha256) is not None

    def _half(self, column: int, row: int) -> int:
        """Bytes 0-7 (column 0) or 8-15 (column 1) of the hash in a row."""
        (value,) = struct.unpack_from("<Q", self._columns, self._offset + 8 * (column * self._count + row))
        return int(value)

    def _row(self, sha256: str | bytes) -> int | None:
        digest = bytes.fromhex(sha256) if isinstance(sha256, str) else sha256
        if len(digest) != _HASH_BYTES:
            msg = f"a SHA-256 has {_HASH_BYTES} bytes, not {len(digest)}"
            raise ValueError(msg)
        high, low = struct.unpack_from(">QQ", digest)
        row = bisect_left(range(self._count), high, key=partial(self._half, 0))
        while row < self._count and self._half(0, row) == high:
            if self._half(1, row) == low:
                return row
            row += 1
        return None


def open_known_good(pack: Pack) -> KnownGood | None:
    """The known-good hashes of a pack; None if it has none.

    Raises:
        PackError: If the pack names a file that is absent or damaged.
    """
    return None if pack.known_good is None else read_known_good(Path(pack.root) / pack.known_good)


def read_known_good(path: Path) -> KnownGood:
    """Opens a file of known-good hashes.

    Raises:
        PackError: If it is absent or damaged.
    """
    where = Location(str(path))
    try:
        with path.open("rb") as content:
            start = content.read(len(_MAGIC) + 4)
            length = struct.unpack_from("<I", start, len(_MAGIC))[0] if start.startswith(_MAGIC) else _LARGEST_HEADER
            if length >= _LARGEST_HEADER:
                raise PackError("is no file of known-good hashes", location=where)
            header = json.loads(content.read(length))
            columns = mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ)
        count, offset = int(header["count"]), _padded(len(_MAGIC) + 4 + length)
        if count < 0 or len(columns) != offset + count * 18:
            raise PackError("the file of known-good hashes is cut off", location=where)
        return KnownGood(
            builds=tuple(map(str, header["builds"])),
            sources=tuple(map(str, header["sources"])),
            _count=count,
            _columns=columns,
            _offset=offset,
        )
    except OSError as error:
        raise PackError(f"cannot read: {error.strerror}", location=where) from error
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise PackError(f"the file of known-good hashes is damaged ({error})", location=where) from error


def write_known_good(path: Path, files: Mapping[bytes, Iterable[str]], sources: Iterable[str]) -> int:
    """Writes a file of known-good hashes; the same input gives the same bytes.

    Args:
        path: Where to.
        files: SHA-256 (32 bytes) -> builds that shipped such a file.
        sources: What it is made from.

    Returns:
        The number of hashes.

    Raises:
        ValueError: If there are more than 65,536 different sets of builds, or a key is no SHA-256.
    """
    if any(len(digest) != _HASH_BYTES for digest in files):
        msg = "a key is no SHA-256"
        raise ValueError(msg)
    ordered = sorted((digest[:16], tuple(sorted(set(names)))) for digest, names in files.items())
    builds = sorted({name for _, names in ordered for name in names})
    place = {name: index for index, name in enumerate(builds)}
    sets = {names: index for index, names in enumerate(sorted({names for _, names in ordered}))}
    if len(sets) > 1 << 16:
        msg = f"{len(sets)} sets of builds do not fit into 16 bits"
        raise ValueError(msg)
    header = {
        "count": len(ordered),
        "builds": builds,
        "sets": [[place[name] for name in names] for names in sets],
        "sources": list(sources),
    }
    encoded = json.dumps(header, separators=(",", ":")).encode()
    start = _MAGIC + struct.pack("<I", len(encoded)) + encoded
    columns = b"".join(digest[7::-1] for digest, _ in ordered) + b"".join(digest[:7:-1] for digest, _ in ordered)
    columns += struct.pack(f"<{len(ordered)}H", *(sets[names] for _, names in ordered))
    path.write_bytes(start.ljust(_padded(len(start)), b"\0") + columns)
    return len(ordered)


def _padded(length: int) -> int:
    return -(-length // 8) * 8
