"""Keeps what is dear to make (parsed rules, compiled databases) on disk, by the digest of what it was made from.

An entry is sealed with a digest: a damaged entry counts as absent. Entries are JSON, Hyperscan's serialised databases
and the rules that YARA-X compiled, never pickles, in a folder that only the user may write (mode 0700): the two engines
trust what they are given back.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
from functools import cache as once
from pathlib import Path

__all__ = ["Cache", "digest", "user_cache_folder"]

_MAGIC = b"waspglass-cache-1\n"
_ENTRY_LIMIT = 256 << 20
_MOST_BYTES = 512 << 20
"""Of all entries; beyond that, the oldest are removed."""


@once
def _program() -> bytes:
    """A digest of what tells whether this program changed, or what it reads rules with.

    What an older program made of a rule may be wrong, and would hide an intrusion.
    """
    here = Path(__file__).parent
    whole = hashlib.sha256()
    places = [*here.rglob("*.py"), *here.rglob("*.toml"), *(here.parent / "packs").glob("*.py")]
    places += (here.parent / "evidence").rglob("*.py")
    found = (importlib.util.find_spec(name) for name in ("sigma", "yara_x"))
    places += [Path(spec.origin) for spec in found if spec is not None and spec.origin is not None]
    for path in sorted(places):
        state = path.stat()
        whole.update(f"{path.name} {state.st_size} {state.st_mtime_ns}\n".encode())
    return whole.digest()


def digest(*parts: str | bytes) -> str:
    """SHA-256 over the parts with their lengths, and over what the program is."""
    total = hashlib.sha256(_program())
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        total.update(len(raw).to_bytes(8, "big"))
        total.update(raw)
    return total.hexdigest()


def user_cache_folder() -> Path:
    """`$WASPGLASS_CACHE`, else `waspglass` in `$XDG_CACHE_HOME`, else in `~/.cache`.

    A user without a home (of a container, say) gets a place where nothing can be kept.
    """
    own = os.environ.get("WASPGLASS_CACHE")
    if own:
        return Path(own)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "waspglass"
    except RuntimeError:
        return Path(os.devnull) / "waspglass"


class Cache:
    """A folder of entries; every failure to read or write is the same as "not there"."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _usable(self) -> bool:
        """The folder belongs to this user, and nobody else may write into it."""
        try:
            state = self._folder.lstat()
        except OSError:
            return False
        owner = getattr(os, "getuid", lambda: state.st_uid)()
        return (
            not self._folder.is_symlink() and state.st_uid == owner and (os.name == "nt" or not state.st_mode & 0o022)
        )

    def get(self, key: str) -> bytes | None:
        """The content that was put under this key; None if there is none or it is damaged."""
        path = self._folder / key
        try:
            if not self._usable() or path.stat().st_size > _ENTRY_LIMIT:
                return None
            raw = path.read_bytes()
        except OSError:
            return None
        head = len(_MAGIC) + 32
        body = raw[head:]
        return body if raw[:head] == _MAGIC + self._seal(key, body) else None

    def put(self, key: str, body: bytes) -> None:
        """Stores the content, whole or not at all."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._usable():
                return
            import tempfile  # brings half the standard library along

            handle, name = tempfile.mkstemp(dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_MAGIC + self._seal(key, body) + body)
                Path(name).replace(self._folder / key)
                self._prune()
            except OSError:
                Path(name).unlink(missing_ok=True)

    def _prune(self) -> None:
        """Removes the oldest entries, to half of the bound, where all together are too large."""
        entries = [(path, path.stat()) for path in self._folder.iterdir()]
        left = sum(state.st_size for _, state in entries)
        if left <= _MOST_BYTES:
            return
        for path, state in sorted(entries, key=lambda entry: entry[1].st_mtime_ns):
            if left <= _MOST_BYTES // 2:
                return
            path.unlink(missing_ok=True)
            left -= state.st_size

    @staticmethod
    def _seal(key: str, body: bytes) -> bytes:
        return hashlib.sha256(key.encode() + b"\0" + body).digest()
