"""The folder of a store: local, or on object storage through fsspec; reading, and replacing the manifest at once."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

import filelock
import fsspec
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem
from pydantic import ValidationError

from waspglass.census.errors import StoreError, reason_of
from waspglass.census.store.manifest import Manifest
from waspglass.model.errors import Location

__all__ = ["DATA", "DERIVED", "Folder"]

DATA, DERIVED, _MANIFEST, _ADDING = "sightings", "derived", "manifest.json", ".adding"
_NEXT = f"{_MANIFEST}.new"
"""The manifest that takes the place of the one before: renamed where that is one step, else written first as a copy."""
_DAY = r"\d{4}-\d\d-\d\d"
_OURS = re.compile(rf"(?:^|/)({DATA}/date={_DAY}/source=[^/]+/[0-9a-f]{{16}}-{_DAY}-\d+\.parquet)$")
"""The path, inside of the store, of a file that `add` wrote; what stands before it is spelt in several ways."""


class Folder:
    """A store's folder.

    Layout: `sightings/date=YYYY-MM-DD/source=FEED/*.parquet`, `manifest.json`, and while an export is added `.adding/`.

    Attributes:
        location: As the user named it: a path or an fsspec URL.
        root: Path inside of its file system.

    Raises:
        StoreError: If it is a URL of an unknown kind.
    """

    def __init__(self, location: str) -> None:
        self.location = location
        self.fs: fsspec.AbstractFileSystem
        try:
            self.fs, self.root = url_to_fs(location)
        except (ValueError, ImportError) as error:
            raise StoreError(
                f"no such kind of store: {error}",
                location=Location(location),
                hint="Name a folder, or a URL whose fsspec package is installed (s3fs, gcsfs, adlfs, ...)",
            ) from error
        self.local = isinstance(self.fs, LocalFileSystem)

    def path(self, *parts: str) -> str:
        """The path of something in the store, in the form that its file system takes."""
        return "/".join((self.root, *parts))

    def address(self, *parts: str) -> str:
        """The same for other programs: a plain path, or a URL with the protocol."""
        path = self.path(*parts)
        return path if self.local else str(self.fs.unstrip_protocol(path))

    def exists(self) -> bool:
        """False if there is no such folder; on object storage, if nothing has a name under it."""
        try:
            self.fs.info(self.root)
        except FileNotFoundError:
            return False
        except OSError:  # what reads the manifest says what is wrong
            return True
        return True

    def manifest(self) -> Manifest:
        """Reads the manifest; a folder without one is an empty store.

        Raises:
            StoreError: If there is one that cannot be read.
        """
        return self._kept() or Manifest()

    def _kept(self) -> Manifest | None:
        """The manifest, or else its copy; None for a new store, also if the copy of its first manifest was cut.

        A manifest that is there and cannot be fetched is not cut: then the copy may be older, or newer, than it.
        """
        damaged: Exception | None = None
        for name in self._manifests():
            try:
                return Manifest.model_validate_json(cast("bytes", self.fs.cat_file(self.path(name))))
            except FileNotFoundError:
                continue
            except ValidationError as error:
                damaged = damaged or (error if name == _MANIFEST else None)
            except OSError as error:
                damaged = error
                break
        if damaged is None:
            return None
        raise StoreError(
            "the manifest cannot be read",
            location=Location(self.path(_MANIFEST)),
            hint="It was written by another version or changed by hand",
        ) from damaged

    def _manifests(self) -> tuple[str, ...]:
        """Where the manifest may be: on other storage than a disk, one that was cut while written has a whole copy."""
        return (_MANIFEST,) if self.local else (_MANIFEST, _NEXT)

    def put_manifest(self, manifest: Manifest) -> None:
        """Replaces the manifest in one step: this is the moment at which an export is in the store.

        Where a file cannot be replaced in one step, a copy is written first: one of the two is whole at any time.
        """
        path = self.path(_MANIFEST)
        content = manifest.model_dump_json(indent=1, exclude_defaults=False).encode()
        fresh = self.path(_NEXT)
        if not self.local:
            for copy in (fresh, path):
                self.fs.pipe_file(copy, content)
            self._remove(fresh)
            return
        with Path(fresh).open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(fresh).replace(path)
        _sync_folder(Path(self.root))

    def create(self, *parts: str) -> BinaryIO:
        """Opens a new file, with its folders."""
        path = self.path(*parts)
        self.fs.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        return cast("BinaryIO", self.fs.open(path, "wb"))

    def size(self, *parts: str) -> int:
        """Bytes of a file."""
        return int(self.fs.size(self.path(*parts)))

    def publish(self, moves: dict[str, str]) -> None:
        """Moves finished files from `.adding` to where they belong; they do not count before the manifest says so."""
        for source, target in moves.items():
            fresh, final = self.path(source), self.path(target)
            self.fs.makedirs(final.rsplit("/", 1)[0], exist_ok=True)
            if self.local:
                with Path(fresh).open("r+b") as file:  # Windows flushes only what is open for writing
                    os.fsync(file.fileno())
                Path(fresh).replace(final)
                _sync_folder(Path(final).parent)
            else:
                self.fs.mv(fresh, final)

    def clean_unfinished(self) -> None:
        """Removes what was written of an export that was not added."""
        if self.fs.exists(self.path(_ADDING)):
            self.fs.rm(self.path(_ADDING), recursive=True)

    def clean(self, manifest: Manifest) -> None:
        """Removes what does not count, with all that was derived from it.

        An interrupted command leaves such files, and taking out an export makes them. Data of another name stays. The
        data goes last: while any of it is there, the next call knows that there is something left to remove.
        """
        counting = {file.path for file in manifest.files()}
        ours = ((path, _OURS.search(path)) for path in self._find(DATA))
        strays = [path for path, found in ours if found and found[1] not in counting]
        if strays:
            names = {path.rsplit("/", 1)[1] for path in counting}
            for path in self._find(DERIVED):
                # Tables of evidence are named as their file; all else is of the whole store, and may name any host.
                if path.rsplit("/", 1)[1].removesuffix(".new") not in names:
                    self._remove(path)
        self.clean_unfinished()
        for path in strays:
            self._remove(path)
            if self.local:
                self._remove_empty(Path(path).parent)

    def _remove(self, path: str) -> None:
        with suppress(FileNotFoundError):  # a question replaces what it keeps without asking for the lock
            self.fs.rm(path)

    def _find(self, part: str) -> list[str]:
        path = self.path(part)
        return list(self.fs.find(path)) if self.fs.exists(path) else []

    def _remove_empty(self, folder: Path) -> None:
        """Removes the folders of a source and a day that have nothing in them any more."""
        for each in (folder, folder.parent):
            if any(each.iterdir()):
                return
            each.rmdir()

    @contextmanager
    def writing(self, hint: str) -> Iterator[Manifest]:
        """The store for its one writer: locked, and without what an interrupted command left behind.

        Args:
            hint: What to do where it cannot be written.

        Raises:
            StoreError: If the store cannot be read or written, or is being written to.
        """
        try:
            with self._locked():
                manifest = self._start()
                self.clean(manifest)
                yield manifest
        except OSError as error:
            place = Location(self.location)
            raise StoreError(f"the store cannot be written: {reason_of(error)}", location=place, hint=hint) from error

    def _start(self) -> Manifest:
        """The manifest for adding to; a new store gets an empty one first.

        Raises:
            StoreError: If there is data but no manifest: then nobody knows which of it counts, and nothing is touched.
        """
        manifest = self._kept()
        if manifest is None:
            if self.fs.exists(self.path(DATA)) and self.fs.find(self.path(DATA)):
                raise StoreError(
                    "there are data files but no manifest",
                    location=Location(self.path(_MANIFEST)),
                    hint="Restore manifest.json, or name another folder",
                )
            self.fs.makedirs(self.root, exist_ok=True)
            manifest = Manifest()
            self.put_manifest(manifest)
        if not self.local and self.fs.exists(self.path(_NEXT)):
            self.put_manifest(manifest)
        return manifest

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Only one writer at a time; on object storage there is no lock, and the user keeps to one.

        Raises:
            StoreError: If another add or remove is running.
        """
        self.fs.makedirs(self.root, exist_ok=True)
        if not self.local:
            yield
            return
        lock = filelock.FileLock(self.path(".lock"), timeout=0)
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise StoreError(
                "another add or remove is writing to this store",
                location=Location(self.root),
                hint="Wait until it has ended",
            ) from error
        try:
            yield
        finally:
            lock.release()


def _sync_folder(folder: Path) -> None:
    """Makes a rename durable, where the system knows that for folders (POSIX)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
