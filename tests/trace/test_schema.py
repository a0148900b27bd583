from __future__ import annotations

import json
from importlib.resources import files

from waspglass.trace.result import TraceResult


def test_the_schema_that_ships_is_that_of_the_result() -> None:
    """To renew it, write the left side to the file with indent 1 and sorted keys."""
    shipped = files("waspglass.trace").joinpath("data", "trace.schema.json").read_text(encoding="utf-8")
    assert TraceResult.model_json_schema(mode="serialization") == json.loads(shipped)
