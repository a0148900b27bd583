"""Disk images: without the extra, with a stand-in for its file systems, and with the extra where it is installed."""

from __future__ import annotations

import gzip
import io
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.evidence.trees import zip_bytes
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.image import ImageContainer, ImageFileSystem
from waspglass.evidence.limits import DEFAULT_LIMITS
from waspglass.evidence.open import open_evidence
from waspglass.evidence.tree_of_evidence import EvidenceTree
from waspglass.model.errors import EvidenceError
from waspglass.model.skip import SkipReason

IMAGES = {
    "e01": b"EVF\x09\x0d\x0a\xff\x00" + bytes(600),
    "vhdx": b"vhdxfile" + bytes(600),
    "vmdk": b"KDMV" + bytes(600),
    "raw": b"\xeb\x52\x90NTFS    " + bytes(499) + b"\x55\xaa" + bytes(512),
}


@pytest.mark.parametrize("content", IMAGES.values(), ids=IMAGES)
def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "dissect.target", None)
    place = tmp_path / "disk"
    place.write_bytes(content)
    with pytest.raises(EvidenceError, match=r"pip install '\.\[images\]' in the checkout"):
        open_evidence(place)


@dataclass
class Status:
    st_size: int
    st_mtime: float = 1_614_744_000.0


@dataclass
class Entry:
    name: str
    content: bytes | Exception | None = b""
    mode: int = stat.S_IFREG

    def is_symlink(self) -> bool:
        return stat.S_ISLNK(self.mode)

    def is_dir(self, *, follow_symlinks: bool) -> bool:
        assert not follow_symlinks
        return stat.S_ISDIR(self.mode)

    def is_file(self, *, follow_symlinks: bool) -> bool:
        assert not follow_symlinks
        if self.content is None:
            raise ValueError("torn")
        return stat.S_ISREG(self.mode)

    def stat(self, *, follow_symlinks: bool) -> Status:
        assert not follow_symlinks
        return Status(len(self.content) if isinstance(self.content, bytes) else 10)

    def get(self) -> Entry:
        return self

    def open(self) -> io.BytesIO:
        if isinstance(self.content, Exception):
            raise self.content
        return io.BytesIO(self.content or b"")


@dataclass
class FileSystem:
    folders: dict[str, list[Entry]]

    def scandir(self, path: str) -> Iterator[Entry]:
        if path not in self.folders:
            raise RuntimeError("damaged index")
        return iter(self.folders[path])


def folder(name: str) -> Entry:
    return Entry(name, mode=stat.S_IFDIR)


def test_entries_become_files_and_faults_become_skips(tmp_path: Path) -> None:
    system = FileSystem(
        {
            "/": [folder("logs"), Entry("$MFT", b"m"), Entry("b.log", b"b"), Entry("A.log", b"a"), folder("broken")],
            "/logs": [Entry("x.log", b"x" * 100_000), Entry("torn", None), folder("deep")],
            "/logs/deep": [
                Entry("link", mode=stat.S_IFLNK),
                Entry("pipe", mode=stat.S_IFIFO),
                Entry("bad.log", OSError("sector")),
                Entry("x:y"),
            ],
        }
    )
    other: ImageFileSystem = FileSystem({"/": [Entry("d.log", b"d")]})
    container = ImageContainer([("C:", system), ("volume1", other)], DEFAULT_LIMITS)
    with EvidenceTree(tmp_path, container, DEFAULT_LIMITS) as evidence:
        found = {file.path: file for file in evidence.files()}
        assert list(found) == [
            r"C:\A.log",
            r"C:\b.log",
            r"C:\logs\x.log",
            r"C:\logs\deep\bad.log",
            r"volume1\d.log",
        ]
        assert not any(file.forkable for file in found.values())
        with found[r"C:\logs\x.log"].open() as stream:
            assert stream.seekable()
            assert stream.read() == b"x" * 100_000
        with pytest.raises(EvidenceReadError) as caught:
            found[r"C:\logs\deep\bad.log"].open()
        assert caught.value.reason is SkipReason.UNREADABLE
        assert {skip.source: skip.reason for skip in evidence.skipped()} == {
            r"C:\broken": SkipReason.UNREADABLE,
            r"C:\logs\torn": SkipReason.UNREADABLE,
            r"C:\logs\deep\link": SkipReason.OUTSIDE_ROOT,
            r"C:\logs\deep\pipe": SkipReason.SPECIAL_FILE,
            r"C:\logs\deep\x:y": SkipReason.SPECIAL_FILE,
        }


def test_what_is_unpacked_out_of_an_image_cannot_be_forked_either(tmp_path: Path) -> None:
    """Forked processes would move one and the same position in the image; members of archives are unpacked before."""
    system = FileSystem(
        {"/": [Entry("a.log.gz", gzip.compress(b"a")), Entry("b.zip", zip_bytes({"c.log": b"c"})), Entry("d.log")]}
    )
    with EvidenceTree(tmp_path, ImageContainer([("C:", system)], DEFAULT_LIMITS), DEFAULT_LIMITS) as evidence:
        assert {file.path: file.forkable for file in evidence.files()} == {
            r"C:\a.log.gz": False,
            r"C:\b.zip": False,
            r"C:\b.zip\c.log": True,
            r"C:\d.log": False,
        }


def test_a_file_system_that_never_ends_is_cut_at_a_depth(tmp_path: Path) -> None:
    class Endless:
        def scandir(self, path: str) -> Iterator[Entry]:
            return iter([folder("again"), Entry("x.log", b"x")])

    container = ImageContainer([(None, Endless())], replace(DEFAULT_LIMITS, depth=5))
    with EvidenceTree(tmp_path, container, DEFAULT_LIMITS) as evidence:
        assert len(list(evidence.files())) == 6
        assert [skip.reason for skip in evidence.skipped()] == [SkipReason.TOO_DEEP]


def test_a_damaged_image_is_an_error_with_a_hint(tmp_path: Path) -> None:
    pytest.importorskip("dissect.target", reason="the extra `images` is not installed")
    place = tmp_path / "disk.vmdk"
    place.write_bytes(b"KDMV" + struct.pack("<I", 1) + bytes(3000))
    with pytest.raises(EvidenceError) as caught:
        open_evidence(place)
    assert caught.value.hint


def test_file_systems_of_the_extra_are_what_the_stand_in_is(tmp_path: Path) -> None:
    filesystem = pytest.importorskip("dissect.target.filesystem", reason="the extra `images` is not installed")
    system = filesystem.VirtualFilesystem(case_sensitive=False, alt_separator="\\")
    system.map_file_fh("inetpub/logs/x.log", io.BytesIO(b"log"))
    system.symlink("/etc", "inetpub/link")
    with EvidenceTree(tmp_path, ImageContainer([("C:", system)], DEFAULT_LIMITS), DEFAULT_LIMITS) as evidence:
        (file,) = evidence.files()
        with file.open() as stream:
            assert (file.path, stream.read()) == (r"C:\inetpub\logs\x.log", b"log")
        assert [skip.reason for skip in evidence.skipped()] == [SkipReason.OUTSIDE_ROOT]
