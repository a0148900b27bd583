"""A folder as evidence: order, laziness, and everything that could lead out of it."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests.evidence.trees import contents, read_all, write_tree
from waspglass.evidence import folder
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.folder import leads_elsewhere, verbatim
from waspglass.evidence.limits import DEFAULT_LIMITS
from waspglass.evidence.member import Member
from waspglass.evidence.open import open_evidence
from waspglass.evidence.skip_log import SkipLog
from waspglass.evidence.tree_of_evidence import EvidenceTree
from waspglass.model.errors import EvidenceError
from waspglass.model.skip import SkipReason

needs_links = pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="this system opens files without O_NOFOLLOW")


def test_files_come_in_name_order_without_case(tmp_path: Path) -> None:
    write_tree(tmp_path, {"C/b/2.log": b"2", "C/B1.log": b"1", "C/a.log": b"0", "C/b/10.log": b"3"})
    with open_evidence(tmp_path) as evidence:
        assert [file.path for file in evidence.files()] == [r"C:\a.log", r"C:\b\10.log", r"C:\b\2.log", r"C:\B1.log"]


def test_a_folder_named_like_a_drive_is_that_drive(tmp_path: Path) -> None:
    write_tree(tmp_path, {"D/logs/x.log": b"x"})
    assert read_all(tmp_path / "D")[0] == {r"D:\logs\x.log": b"x"}


def test_listing_begins_before_the_whole_tree_was_seen(tmp_path: Path) -> None:
    write_tree(tmp_path, {f"C/{folder:03}/x.log": b"" for folder in range(50)})
    with open_evidence(tmp_path) as evidence:
        files = evidence.files()
        assert next(files).path == r"C:\000\x.log"
        (tmp_path / "C/049/late.log").write_bytes(b"made after the listing began")
        assert r"C:\049\late.log" in [file.path for file in files]


@needs_links
def test_links_are_counted_and_not_followed(tmp_path: Path) -> None:
    secret = write_tree(tmp_path / "outside", {"secret.log": b"secret"})
    root = write_tree(tmp_path / "root", {"C/x.log": b"x"})
    (root / "C/file.log").symlink_to(secret / "secret.log")
    (root / "C/folder").symlink_to(secret, target_is_directory=True)
    (root / "C/inside.log").symlink_to(root / "C/x.log")
    (root / "C/broken.log").symlink_to("nowhere")
    found, skipped = read_all(root)
    assert found == {r"C:\x.log": b"x"}
    assert set(skipped.values()) == {SkipReason.OUTSIDE_ROOT}
    assert len(skipped) == 4


@needs_links
def test_a_file_exchanged_for_a_link_after_listing_is_not_opened(tmp_path: Path) -> None:
    write_tree(tmp_path, {"outside/secret": b"secret", "root/C/x.log": b"x", "root/C/sub/y.log": b"y"})
    with open_evidence(tmp_path / "root") as evidence:
        sub, plain = evidence.files()
        (tmp_path / "root/C/x.log").unlink()
        (tmp_path / "root/C/x.log").symlink_to(tmp_path / "outside/secret")
        (tmp_path / "root/C/sub").rename(tmp_path / "gone")
        (tmp_path / "root/C/sub").symlink_to(tmp_path / "outside", target_is_directory=True)
        for file in (sub, plain):
            with pytest.raises(EvidenceReadError) as caught:
                file.open()
            assert caught.value.reason is SkipReason.UNREADABLE


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_skipped_and_never_waited_for(tmp_path: Path) -> None:
    write_tree(tmp_path, {"C/x.log": b"x"})
    os.mkfifo(tmp_path / "C/pipe.log")
    found, skipped = read_all(tmp_path)
    assert found == {r"C:\x.log": b"x"}
    assert list(skipped.values()) == [SkipReason.SPECIAL_FILE]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_file_exchanged_for_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    write_tree(tmp_path, {"C/x.log": b"x"})
    with open_evidence(tmp_path) as evidence:
        (file,) = evidence.files()
        (tmp_path / "C/x.log").unlink()
        os.mkfifo(tmp_path / "C/x.log")
        with pytest.raises(EvidenceReadError) as caught:
            file.open()
    assert caught.value.reason is SkipReason.SPECIAL_FILE


def test_hostile_names_on_disk(tmp_path: Path) -> None:
    names = ["C/aux.log", "C/page.aspx:stream", "C/..\\..\\up.log", "C/ok.log"]
    try:
        write_tree(tmp_path, dict.fromkeys(names, b"x"))
    except OSError:
        pytest.skip("this file system does not take such names")
    found, skipped = read_all(tmp_path)
    assert found == {r"C:\aux.log": b"x", r"C:\ok.log": b"x"}
    assert sorted(skipped.values()) == sorted([SkipReason.SPECIAL_FILE, SkipReason.OUTSIDE_ROOT])


def test_names_that_are_others_to_windows_are_files_in_a_folder_on_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["aux.log", "NUL", "con.aspx", "Com1 .log", "x.aspx.", "x.aspx ", f"{'a' * 200}/{'b' * 200}/c.log"]
    write_tree(tmp_path, {name: name.encode() for name in names})
    monkeypatch.setattr(folder, "_BY_DESCRIPTOR", False)
    assert read_all(tmp_path) == ({name.replace("/", "\\"): name.encode() for name in names}, {})


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        (r"C:\case\x", r"\\?\C:\case\x"),
        ("C:\\", "\\\\?\\C:\\"),
        (r"\\srv\share\x", r"\\?\UNC\srv\share\x"),
        (r"\\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy1", r"\\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy1"),
        (r"\\.\C:", r"\\.\C:"),
    ],
)
def test_a_path_that_windows_takes_to_the_letter(path: str, taken: str) -> None:
    assert verbatim(path) == taken


def test_names_that_are_whole_paths_are_paths(tmp_path: Path) -> None:
    names = (r"C\inetpub\a.log", r"MX01\D\b.log", r"\\mx01\c$\inetpub\c.log", r"C\..\d.log")
    try:
        write_tree(tmp_path, dict.fromkeys(names, b"x"))
    except OSError:
        pytest.skip("this file system does not take such names")
    found, skipped = read_all(tmp_path)
    assert sorted(found) == [r"C:\inetpub\a.log", r"C:\inetpub\c.log", r"D:\b.log"]
    assert set(skipped.values()) == {SkipReason.OUTSIDE_ROOT}


@pytest.mark.parametrize("drives", ["C", "MX01/C", "fs/c:", "uploads/auto/C%3A", "MX01/uploads/auto/C%3A"])
def test_a_case_named_with_one_letter_is_no_drive_if_it_holds_drives(drives: str, tmp_path: Path) -> None:
    write_tree(tmp_path / "x", {f"{drives}/inetpub/a.log": b"a"})
    with open_evidence(tmp_path / "x") as evidence:
        assert [file.path for file in evidence.files()] == [r"C:\inetpub\a.log"]


def test_a_drive_that_its_collector_marked_needs_no_folder_of_windows(tmp_path: Path) -> None:
    write_tree(tmp_path / "x", {"uploads/auto/D%3A/Exchange/a.log": b"a"})
    with open_evidence(tmp_path / "x") as evidence:
        assert [file.path for file in evidence.files()] == [r"D:\Exchange\a.log"]


@pytest.mark.parametrize("name", ["inetpub/a.log", "logs/c/a.log", "inetpub/backup/C/Windows/a.log"])
def test_a_drive_keeps_its_letter_whatever_its_folders_are_called(name: str, tmp_path: Path) -> None:
    write_tree(tmp_path / "d", {name: b"a"})
    with open_evidence(tmp_path / "d") as evidence:
        assert [file.path for file in evidence.files()] == ["D:\\" + name.replace("/", "\\")]


def test_two_folders_of_one_drive_and_the_same_file(tmp_path: Path) -> None:
    write_tree(tmp_path, {"uploads/auto/C%3A/x.log": b"first", "uploads/ntfs/%5C%5C.%5CC%3A/X.LOG": b"second"})
    found, skipped = read_all(tmp_path)
    assert found == {r"C:\x.log": b"first"}
    assert skipped == {r"C:\X.LOG": SkipReason.DUPLICATE_PATH}
    (tmp_path / "uploads/ntfs/%5C%5C.%5CC%3A/X.LOG").write_bytes(b"first")
    assert read_all(tmp_path)[1] == {r"C:\X.LOG": SkipReason.SAME_FILE}
    (tmp_path / "uploads/ntfs/%5C%5C.%5CC%3A/X.LOG").write_bytes(b"fir5t")
    assert read_all(tmp_path)[1] == {r"C:\X.LOG": SkipReason.DUPLICATE_PATH}


def test_files_of_two_servers_are_both_read_even_if_they_are_as_long_as_each_other(tmp_path: Path) -> None:
    """Event logs are all as long as they may become."""
    write_tree(tmp_path, {f"{name}/C/x.evtx": b"\0" * 70_000 + name.encode() + b"\0" * 9 for name in ("MX01", "MX02")})
    found, skipped = read_all(tmp_path)
    assert sorted(found) == [r"C:\x.evtx", r"MX02\C\x.evtx"]
    assert skipped == {}


class _Worn(io.BytesIO):
    """A file on a disk that fails."""

    def read(self, size: int | None = -1) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


class _Disk:
    def __init__(self, *files: tuple[str, bytes | None]) -> None:
        self._files = files

    def members(self, skips: SkipLog) -> Iterator[Member]:
        del skips
        for name, content in self._files:
            opener = _Worn if content is None else partial(io.BytesIO, content)
            yield Member(tuple(name.split("/")), 3, None, None, opener)

    def close(self) -> None:
        pass


def test_a_disk_that_fails_where_files_are_compared_or_looked_into_hides_no_other() -> None:
    disk = _Disk(("C/a.zip", None), ("C/x.log", b"abc"), ("C/x.log", None), ("C/y.log", b"abc"))
    with EvidenceTree(Path("x"), disk, DEFAULT_LIMITS) as evidence:
        assert [file.path for file in evidence.files()] == [r"C:\x.log", r"C:\y.log"]
        reasons = {skip.source: skip.reason for skip in evidence.skipped()}
    assert reasons == {r"C:\a.zip": SkipReason.UNREADABLE, r"C:\x.log": SkipReason.DUPLICATE_PATH}


def test_a_file_of_the_second_server_that_comes_again_is_the_same_file() -> None:
    disk = _Disk(("MX01/C/x.log", b"abc"), ("MX02/C/x.log", b"xyz"), ("MX02/C/x.log", b"xyz"))
    with EvidenceTree(Path("x"), disk, DEFAULT_LIMITS) as evidence:
        assert [file.path for file in evidence.files()] == [r"C:\x.log", r"MX02\C\x.log"]
        assert [skip.reason for skip in evidence.skipped()] == [SkipReason.SAME_FILE]


def test_limits_on_depth_and_number(tmp_path: Path) -> None:
    write_tree(tmp_path, {f"C/{number}.log": b"" for number in range(5)} | {"C/a/b/c/d/e.log": b""})
    limits = replace(DEFAULT_LIMITS, depth=4, files=3)
    with open_evidence(tmp_path, limits) as evidence:
        assert len(list(evidence.files())) == 3
        reasons = [skip.reason for skip in evidence.skipped()]
    assert reasons.count(SkipReason.TOO_MANY_FILES) == 2
    assert reasons.count(SkipReason.TOO_DEEP) == 1


def test_a_thousand_skips_are_a_few_entries_with_a_count(tmp_path: Path) -> None:
    write_tree(tmp_path, {f"C/x:{n}": b"" for n in range(1000)} | {"C/x": b""})
    with open_evidence(tmp_path) as evidence:
        assert len(list(evidence.files())) == 1
        skipped = evidence.skipped()
    assert sum(skip.count for skip in skipped) == 1000
    assert len(skipped) < 300
    assert (skipped[-1].source, skipped[-1].count) == ("C", 800)  # the folder, so that it can be judged


def test_skips_are_counted_anew_by_each_listing(tmp_path: Path) -> None:
    write_tree(tmp_path, {"C/x.log:hidden": b"", "C/x.log": b"x"})
    with open_evidence(tmp_path) as evidence:
        assert contents(evidence) == contents(evidence) == {r"C:\x.log": b"x"}
        assert len(evidence.skipped()) == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_unreadable_entries_are_counted(tmp_path: Path) -> None:
    write_tree(tmp_path, {"C/a/x.log": b"", "C/y.log": b"y"})
    (tmp_path / "C/a").chmod(0)
    try:
        found, skipped = read_all(tmp_path)
    finally:
        (tmp_path / "C/a").chmod(0o700)
    assert found == {r"C:\y.log": b"y"}
    assert skipped == {r"C\a": SkipReason.UNREADABLE}


def test_an_empty_folder_and_no_folder(tmp_path: Path) -> None:
    (tmp_path / "empty/C").mkdir(parents=True)
    for place in (tmp_path / "empty", tmp_path / "missing"):
        with pytest.raises(EvidenceError) as caught:
            open_evidence(place)
        assert caught.value.hint
        assert str(place) in str(caught.value)


def test_two_servers_in_one_folder_do_not_hide_one_another(tmp_path: Path) -> None:
    for server, content in (("MX01", "one"), ("MX02", "more")):
        drive = tmp_path / server / "C"
        drive.mkdir(parents=True)
        (drive / "x.log").write_text(content, encoding="ascii")
        (drive / "same.log").write_text("same", encoding="ascii")
    with open_evidence(tmp_path) as evidence:
        paths = [file.path for file in evidence.files()]
        skipped = [skip.source for skip in evidence.skipped()]
    assert paths == [r"C:\same.log", r"C:\x.log", r"MX02\C\x.log"]
    assert skipped == [r"C:\same.log"]


@pytest.mark.parametrize(
    ("tag", "elsewhere"),
    [(0xA0000003, True), (0xA000000C, True), (0x80000013, False), (0x9000001A, False), (0, False)],
    ids=["junction", "symbolic link", "deduplicated", "in a cloud", "folder"],
)
def test_a_junction_is_known_by_its_tag(monkeypatch: pytest.MonkeyPatch, tag: int, elsewhere: bool) -> None:
    state = SimpleNamespace(st_mode=stat.S_IFDIR, st_reparse_tag=tag)
    entry = cast("os.DirEntry[str]", SimpleNamespace(is_symlink=lambda: False, stat=lambda follow_symlinks: state))
    with monkeypatch.context() as windows:
        windows.setattr(os, "name", "nt")
        found = leads_elsewhere(entry)
    assert found is elsewhere
