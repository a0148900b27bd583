"""Opening what was collected: archives, compressed files, and recognising what is inside."""

from __future__ import annotations

import atexit
import gzip
import io
import shutil
import tarfile
import tempfile
import zipfile
from functools import cache
from pathlib import Path

import zstandard

from tests.evidence.test_zip_method import METHODS, whole_zip
from tests.evidence.trees import tar_bytes, zip_bytes
from tests.fuzz.target import LIMITS, Target, shown, shown_skips
from waspglass.evidence.artefact import Artefact
from waspglass.evidence.open import open_evidence
from waspglass.evidence.recognise import recognise
from waspglass.evidence.windows_path import split_name, windows_path
from waspglass.packs.load import load_pack
from waspglass.packs.pack import Pack

_LOG = b"#Fields: date time c-ip cs-uri-stem\n2021-03-03 00:00:01 ::1 /a\n"
_FILES = {
    "C/inetpub/logs/LogFiles/W3SVC1/u_ex210303.log": _LOG,
    "C/inetpub/wwwroot/aspnet_client/x.aspx": b"<%@ Page %>",
    "uploads/auto/C%3A/a.log.gz": gzip.compress(b"#Fields: date\n", mtime=0),
}


@cache
def scratch(name: str) -> Path:
    """One file that is written again for each input, in a folder that goes with the process."""
    folder = Path(tempfile.mkdtemp(prefix="waspglass-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder / name


@cache
def _pack() -> Pack:
    return load_pack("proxylogon")


def _handles() -> int:
    """Open files of this process; 0 where the system does not tell."""
    place = Path("/proc/self/fd")
    return len(list(place.iterdir())) if place.is_dir() else 0


def open_it(data: bytes, name: str = "evidence") -> None:
    """Opens, lists, recognises and reads everything, twice in two ways; what is listed stays below the root."""
    path = scratch(name)
    path.write_bytes(data)
    before = _handles()
    with open_evidence(path, LIMITS) as evidence:
        for one in recognise(evidence, _pack().kinds):
            if isinstance(one, Artefact):
                for value in one.attributes.values():
                    shown(value)
            else:
                shown_skips([one])
        total = 0
        for file in evidence.files():
            assert ".." not in file.path.split("\\")
            assert not file.path.startswith(("\\", "/"))
            file.path.encode()
            try:
                with file.open() as stream:
                    while block := stream.read(1 << 20):
                        total += len(block)
            except OSError:
                pass
            assert total < 20 * LIMITS.total_bytes
        shown_skips(evidence.skipped())
    assert _handles() <= before, "a handle was left open"


def _name(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    path = windows_path(split_name(text))
    if isinstance(path, str):
        path.encode()
        assert ".." not in path.split("\\")
        assert "\0" not in path


def hostile_tar() -> bytes:
    """Members of every kind that a tar may have."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for kind in (tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo(kind.decode())
            info.type, info.linkname = kind, "../../etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("ä" * 150)
        info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "mtime": "1e9"}
        archive.addfile(info)
    return out.getvalue()


def _stored_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in _FILES.items():
            archive.writestr(zipfile.ZipInfo(name), content)
        archive.writestr(zipfile.ZipInfo("inner.zip"), zip_bytes(_FILES))
    return out.getvalue()


_ZIP_WORDS = (b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x07\x08", b"\x75\x70")
_TAR_WORDS = (b"ustar\x0000", b"ustar  \0", b"GNU.sparse.map", b"path=", b"size=", b"././@LongLink", b"0000644\0")
_NAMES = (
    rb"C:\a",
    b"uploads/auto/C%3A/x",
    rb"\\.\C:\x",
    b"../../x",
    b"fs/sysvol/a",
    b"C/con.log",
    b"a\0b",
    b"%5C%5C.%5CC%3A/x",
)

ARCHIVE_TARGETS = (
    Target(
        "zip",
        lambda data: open_it(data, "evidence.zip"),
        lambda: [
            *(zip_bytes(_FILES), _stored_zip(), zip_bytes(_FILES)[:-60]),
            *(whole_zip(method, b"#Fields: date\n" * 9) for method in METHODS),
        ],
        _ZIP_WORDS,
    ),
    Target("tar", lambda data: open_it(data, "evidence.tar"), lambda: [tar_bytes(_FILES), hostile_tar()], _TAR_WORDS),
    Target(
        "tar_gz",
        lambda data: open_it(gzip.compress(data, 1), "evidence.tar.gz"),
        lambda: [tar_bytes(_FILES), hostile_tar()],
        _TAR_WORDS,
    ),
    Target(
        "packed",
        open_it,
        lambda: [
            packer(content)
            for packer in (gzip.compress, zstandard.compress)
            for content in (tar_bytes(_FILES), *_FILES.values())
        ],
        (b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18"),
    ),
    Target("windows_path", _name, lambda: _NAMES),
)
