"""The example of `docs/how-to/add-a-reader.md` is a reader, and takes no more than what the page says."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from tests.evidence.trees import memory_artefact
from waspglass.evidence.format import FORMATS, Format, format_of
from waspglass.evidence.formats import registry as formats
from waspglass.evidence.readers import registry as readers

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "add-a-reader.md"


def test_the_page_adds_a_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    module = ModuleType("waspglass.evidence.readers.backup_job")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(found[1], str(PAGE), "exec"), module.__dict__)  # the text of our own page
    monkeypatch.setattr(readers, "FORMATS", {**FORMATS, "backup_job": Format(module="readers.backup_job")})
    job = memory_artefact("\ufeffcopy=C:\\data\r\nx\r\n".encode("utf-16-le"), r"C:\backup.job", "backup_job")
    ((place, time, record),) = readers.record_readers()["backup_job"].records(job)
    assert (place.line, time) == (1, None)
    assert record == {"path": r"C:\backup.job", "action": "copy", "target": r"C:\data"}


@pytest.mark.parametrize("name", [name for name, one in FORMATS.items() if not one.lines])
def test_every_reader_is_a_module_of_its_name(name: str) -> None:
    assert FORMATS[name].module == f"readers.{name}"
    assert name in readers.record_readers()
    assert import_module(f"waspglass.evidence.readers.{name}").__doc__


@pytest.mark.parametrize("name", [name for name, one in FORMATS.items() if one.lines])
def test_every_line_format_knows_its_name(name: str) -> None:
    assert formats.line_format(name).name == name


def test_a_format_that_is_not_known_means_nothing() -> None:
    assert format_of("of a later version") == Format(module="")
    assert not formats.is_line_format("of a later version")
