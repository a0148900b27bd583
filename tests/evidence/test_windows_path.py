"""Where collectors put a host's files, and which names have no place in the tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waspglass.evidence.windows_path import Rejected, split_name, windows_path
from waspglass.model.skip import SkipReason

LAYOUTS = {
    "C/inetpub/x.log": r"C:\inetpub\x.log",
    "C:/inetpub/x.log": r"C:\inetpub\x.log",
    "c%3A/inetpub/x.log": r"C:\inetpub\x.log",
    "D_/Exchange/x.log": r"D:\Exchange\x.log",
    "EXCH01/C/inetpub/x.log": r"C:\inetpub\x.log",
    "uploads/auto/C%3A/inetpub/x.log": r"C:\inetpub\x.log",
    "uploads/ntfs/%5C%5C.%5CC%3A/Program Files/a%20b.log": r"C:\Program Files\a b.log",
    "Collection-EXCH01-2021-03-05/uploads/auto/D%3A/100%25.log": r"D:\100%.log",
    "uploads/ntfs_vss/%5C%5C%3F%5CGLOBALROOT%5CDevice%5CHarddiskVolumeShadowCopy2/x.log": (
        r"HarddiskVolumeShadowCopy2\x.log"
    ),
    "vss1/C/inetpub/x.log": r"vss1\C\inetpub\x.log",
    "EXCH01/VSS12/C/inetpub/x.log": r"VSS12\C\inetpub\x.log",
    "uploads/sparse/C%3A/a%20b.log": r"C:\a b.log",
    "uploads/smb/mx01/C$/a%20b.log": r"C:\a b.log",
    "mx01.example/C$/inetpub/x.log": r"C:\inetpub\x.log",
    "one/two/three/e$/inetpub/x.log": r"E:\inetpub\x.log",
    r"\\mx01\c$\inetpub\x.log": r"C:\inetpub\x.log",
    "C/inetpub/wwwroot/aux.aspx": r"C:\inetpub\wwwroot\aux.aspx",
    "fs/c:/inetpub/x.log": r"C:\inetpub\x.log",
    "fs/sysvol/inetpub/x.log": r"C:\inetpub\x.log",
    "one/two/three/fs/c/x.log": r"C:\x.log",
    "sysvol/inetpub/x.log": r"C:\inetpub\x.log",
    r"\\.\C:\inetpub\x.log": r"C:\inetpub\x.log",
    r"C\inetpub\x.log": r"C:\inetpub\x.log",
    "inetpub/c/x.log": r"inetpub\c\x.log",
    "Windows/a/x.log": r"Windows\a\x.log",
    "one/two/three/four/a/x.log": r"one\two\three\four\a\x.log",
    "_/x.log": r"_\x.log",
    "backup/file/C%3A/a%41.log": r"C:\a%41.log",  # no collector's uploads, so nothing is encoded
    "1/2/3/4/5/6/7/C%3A/x.log": r"C:\x.log",
    "1/2/3/4/5/6/7/8/C%3A/x.log": r"1\2\3\4\5\6\7\8\C%3A\x.log",
    "u_ex210303.log": "u_ex210303.log",
    "100%25.log": "100%25.log",
    "./C/x.log": r"C:\x.log",
    "./x.log": "x.log",
    "./logs/./x.log": r"logs\x.log",
}

REFUSED = {
    "../x.log": SkipReason.OUTSIDE_ROOT,
    "C/a/../../x.log": SkipReason.OUTSIDE_ROOT,
    "/etc/passwd": SkipReason.OUTSIDE_ROOT,
    r"\\server\share\x.log": SkipReason.OUTSIDE_ROOT,
    "uploads/auto/C%3A/a%5C..%5C..%5Cx.log": SkipReason.OUTSIDE_ROOT,
    "uploads/auto/C%3A/%2E%2E/x.log": SkipReason.OUTSIDE_ROOT,
    "uploads/auto/C%3A/a%2F..%2Fx.log": SkipReason.OUTSIDE_ROOT,
    "uploads/auto/C%3A/a%00b.log": SkipReason.OUTSIDE_ROOT,
    "C/a\0b": SkipReason.OUTSIDE_ROOT,
    "": SkipReason.OUTSIDE_ROOT,
    "C/page.aspx:hidden": SkipReason.SPECIAL_FILE,
    "uploads/auto/C%3A/page.aspx%3Ahidden": SkipReason.SPECIAL_FILE,
}


@pytest.mark.parametrize(("name", "path"), LAYOUTS.items())
def test_layouts(name: str, path: str) -> None:
    assert windows_path(split_name(name)) == path


@pytest.mark.parametrize(("name", "reason"), REFUSED.items())
def test_refused_names(name: str, reason: SkipReason) -> None:
    refused = windows_path(split_name(name))
    assert isinstance(refused, Rejected)
    assert refused.reason is reason


def test_a_known_drive_is_put_before_everything() -> None:
    assert windows_path(("d", "x.log"), drive="C") == r"C:\d\x.log"


def test_bytes_that_are_not_utf8_are_shown_as_in_a_url() -> None:
    assert windows_path(("C", "a\udcffb.log")) == r"C:\a%FFb.log"
    assert windows_path(("C", "a\udc80\ud800b.log")) == r"C:\a%80%uD800b.log"


@given(
    st.lists(st.text(max_size=12) | st.sampled_from(["..", ".", "C:", "C%3A", "uploads", "auto", "%2e%2e"]), max_size=8)
)
def test_no_path_climbs_or_hides_anything(parts: list[str]) -> None:
    path = windows_path(tuple(parts))
    if isinstance(path, str):
        below = path[3:] if path[1:3] == ":\\" else path
        assert below
        for part in below.split("\\"):
            assert part not in {"", ".", ".."}
            assert not set(part) & {"/", "\0", ":"}
        path.encode("utf-8")
