"""A small pack without faults, to be broken one fault at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

FILES = {
    "pack.yml": """
schema: waspglass/pack/1
id: tiny
version: "1"
title: {en: A campaign, de: Eine Kampagne}
licence: Apache-2.0
cves: [CVE-2020-12345]
products: [Thing]
window: {first_exploitation: "2020-01-01", patch_available: "2020-02-01", sources: ["a report"]}
""",
    "artefacts.yml": r"""
kinds:
  - kind: iis
    format: w3c
    paths: ["**/u_ex*.log"]
    content: '#Fields:[^\r\n]*cs-uri-stem'
    logsources: [{category: webserver}]
    derive: [{name: token, source: [cs-uri-query], regex: 'token=(\w+)'}]
    shows: [probed, exploited, used]
    entry: true
    requires: [cs-uri-stem]
    title: {en: Web logs, de: Webprotokolle}
""",
    "builds.csv": """# made up
build,product,cumulative_update,fixes,source
1.0.1.1,Thing,R1,no,a list
1.0.1.2,Thing,R1,yes,a list
""",
    "timeline.csv": """date,event,kind,source,confidence,event_de
2020-01-01,first seen,exploitation,a report,quoted,zuerst gesehen
2020-02-01,patch,patch,a report,quoted,Patch
""",
    "titles.yml": """
titles:
  - {rule: page, de: Eine Seite wurde aufgerufen}
""",
    "advice.yml": """
advice:
  - id: look
    when: [always]
    priority: 2
    title: {en: Look, de: Schauen}
    text: {en: Look closely., de: Genau hinsehen.}
    sources: [a book]
""",
    "clocks.yml": """
clocks:
  - id: day
    when: [verdict:occupied]
    hours: 24
    law: A law
    title: {en: Tell, de: Melden}
    text: {en: Tell somebody., de: Jemandem melden.}
    sources: [the law]
""",
    "sigma/page.yml": r"""
title: A page was called
name: page
status: test
description: Somebody called the page.
references: [a report]
author: us
date: 2020-01-01
tags: [attack.t1190]
logsource: {category: webserver}
detection:
  page:
    cs-uri-stem: /evil
  condition: page
falsepositives: [none]
level: high
waspglass:
  rung: exploited
  capture:
    implant: {field: cs-uri-stem}
  subject: implant
  samples: {fires: [samples/evil.log], silent: [samples/good.log]}
""",
    "samples/evil.log": "#Fields: date time cs-uri-stem sc-status\n2020-01-02 00:00:00 /evil 200\n",
    "samples/good.log": "#Fields: date time cs-uri-stem sc-status\n2020-01-02 00:00:00 /good 200\n",
}

Edit = Callable[..., Path]


@pytest.fixture
def tiny(tmp_path: Path) -> Edit:
    """Makes the pack, with replacements: `tiny("builds.csv", ("yes", "no"))`; a text of None removes the file."""

    def make(name: str | None = None, *changes: tuple[str, str] | None) -> Path:
        folder = tmp_path / "tiny"
        for path, text in FILES.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text.removeprefix("\n"), encoding="utf-8")
        if name is not None:
            file = folder / name
            for change in changes:
                if change is None:
                    file.unlink()
                    continue
                before = file.read_text(encoding="utf-8") if file.exists() else ""
                assert change[0] in before, f"{change[0]!r} is not in {name}"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(before.replace(*change, 1) if change[0] else change[1], encoding="utf-8")
        return folder

    return make
