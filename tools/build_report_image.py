"""Makes `docs/images/report.png`, the picture of the report in the README.

    python tools/build_report_image.py

Examines `examples/patched-but-occupied` as the README does and photographs the top of the page with Chromium, which
must be installed (`chromium`, or the name or path of another in the environment variable CHROMIUM). Run it when the
page has changed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from waspglass.examine.facts_file import read_facts
from waspglass.examine.run import Request, examine
from waspglass.packs.load import load_pack
from waspglass.report.write import Format, write_reports

ROOT = Path(__file__).resolve().parents[1]
IMAGE = ROOT / "docs" / "images" / "report.png"
EXAMPLE = Path("examples/patched-but-occupied")
CREATED = datetime(2021, 3, 13, 9, tzinfo=UTC)
SIZE = "1200,1270"


def build(folder: Path) -> None:
    """Writes the page into `folder` and its picture to `IMAGE`."""
    os.chdir(ROOT)  # the report names the evidence by the path that was given
    facts = read_facts(EXAMPLE.with_suffix(".facts.json"))
    request = Request(
        evidence=EXAMPLE, pack=load_pack("proxylogon"), facts=facts, created=CREATED, generator="waspglass"
    )
    (page,) = write_reports(examine(request), folder, [Format.HTML])
    browser = os.environ.get("CHROMIUM", "chromium")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1"]
    try:
        subprocess.run(  # noqa: S603  # the browser that the user named
            [browser, *options, f"--window-size={SIZE}", f"--screenshot={IMAGE}", page.as_uri()],
            check=True,
            capture_output=True,
        )
    except FileNotFoundError:
        sys.exit(f"{browser} is not installed; name another Chromium in the environment variable CHROMIUM")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        build(Path(scratch))
