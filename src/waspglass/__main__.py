"""`python -m waspglass`, the same as `waspglass`."""

from __future__ import annotations

from waspglass.cli.main import run

run()
