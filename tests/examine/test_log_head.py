"""The beginnings of logs."""

from __future__ import annotations

from pathlib import Path

import pytest

from waspglass.evidence.artefact import Artefact
from waspglass.evidence.formats.registry import line_format
from waspglass.evidence.open import open_evidence
from waspglass.evidence.recognise import recognise
from waspglass.examine.log_head import beginning
from waspglass.packs.load import load_pack

HEADER = "#Fields: date time cs-method cs-uri-stem s-port sc-status c-ip\n"
LINE = "2021-03-03 04:12:02 GET /owa/auth/logon.aspx 443 200 203.0.113.5"


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_record_without_an_end_of_line_is_one(tmp_path: Path, end: str) -> None:
    (tmp_path / "u_ex210303.log").write_bytes((HEADER + LINE + end).encode())
    assert len(records(tmp_path)) == 1


def test_the_line_that_is_cut_is_none(tmp_path: Path) -> None:
    (tmp_path / "u_ex210303.log").write_text(HEADER + f"{LINE}\n" * 2000)
    assert {record["c-ip"] for record in records(tmp_path)} == {"203.0.113.5"}


def records(folder: Path) -> list[dict[str, str]]:
    with open_evidence(folder) as evidence:
        logs = [one for one in recognise(evidence, load_pack("proxylogon").kinds) if isinstance(one, Artefact)]
        return [dict(record) for log in logs for _, record in beginning(log, line_format(log.format))]
