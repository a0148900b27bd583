"""What an examination refuses before it looks at anything."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from waspglass.examine.run import Request, examine
from waspglass.model.errors import PackError
from waspglass.packs.load import load_pack


def test_a_pack_without_rules_calls_no_server_clean(tmp_path: Path) -> None:
    """Its rules lay in a folder of another name, and a server with a page of an intruder was clean."""
    pack = load_pack("toolshell").model_copy(update={"sigma": (), "yara": (), "indicators": ()})
    with pytest.raises(PackError, match="no rules: every server would look clean"):
        examine(Request(tmp_path, pack, datetime(2026, 1, 1, tzinfo=UTC), "test"))
