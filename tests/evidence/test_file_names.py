"""What a name says, whatever a program made of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waspglass.evidence.file_names import as_windows_means_it, is_opened, unpacked_name, unrotated, why_not_opened

ENDINGS = [".1", ".old", "-20210303", "_old", ".gz", ".zst", ".BAK", ".gz.2"]


@given(st.lists(st.sampled_from(ENDINGS), max_size=3))
def test_rotation_and_compression_come_off_in_any_order(endings: list[str]) -> None:
    assert unpacked_name("C/logs/u_ex210303.log" + "".join(endings)) == "C/logs/u_ex210303.log"


@pytest.mark.parametrize("name", ["u_ex210303.log", "a.1", "Rps_Cmdlet_2021030300-1.LOG", "x.log.1/page"])
def test_other_names_stay(name: str) -> None:
    assert unpacked_name(name) == unrotated(name) == name


@given(st.text(alphabet="ab. /\\log-_1"))
def test_any_name_keeps_its_beginning(name: str) -> None:
    assert name.startswith(unpacked_name(name))
    meant = as_windows_means_it(name)
    assert as_windows_means_it(meant) == meant
    assert meant.count("/") == name.count("/")


def test_what_is_opened_and_what_is_not() -> None:
    assert is_opened(r"C:\x.log.gz.1")
    assert is_opened("X.ZIP")
    assert not is_opened("x.log.1")
    assert why_not_opened(r"C:\x.E01") is not None
    assert why_not_opened(r"C:\x.log") is None


def test_names_made_to_be_slow_are_not() -> None:
    for name in (".log" + ".1" * 30_000 + "x1", ".log.1" * 10_000 + "x1", " ." * 30_000 + "/" + ". " * 30_000):
        unpacked_name(as_windows_means_it(name))
