"""What a name says, whatever a program made of it."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waspglass.evidence import file_names
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
    assert why_not_opened(r"C:\x.E01") == why_not_opened(r"C:\x.dd.gz") == why_not_opened("x.RAW.zst") is not None
    assert why_not_opened(r"C:\x.log") is why_not_opened("x.log.gz") is why_not_opened(".gz") is None


def test_of_cabinets_only_that_of_defender_is_told() -> None:
    assert why_not_opened(r"WdSupportLogs\MPSupportFiles.cab") is not None
    assert why_not_opened(r"C:\Windows\Installer\x.cab") is None


@pytest.mark.parametrize("name", ["x.zip.001", "x.tar.001", "x.tar.gz.001", "x.z01"])
def test_a_part_of_an_archive_is_told_and_not_opened_as_if_it_were_a_rotated_one(name: str) -> None:
    assert why_not_opened(name) is not None
    assert not is_opened(name)


@pytest.mark.parametrize(
    "name", [".log" + ".1" * 30_000 + "x1", ".log.1" * 10_000 + "x1", ".gz.1" * 13_000, ".gz" * 21_000]
)
def test_names_made_to_be_slow_cost_a_bounded_number_of_looks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = Mock(wraps=unrotated)
    monkeypatch.setattr(file_names, "unrotated", looks)
    assert name.startswith(unpacked_name(as_windows_means_it(name)))
    assert 1 <= looks.call_count <= 10
