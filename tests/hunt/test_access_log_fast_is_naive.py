"""Access logs without a header are searched as events are, as JSON whose quotes are escaped: both ways say the same."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.readers.test_access_log import IIS, NCSA
from tests.hunt.evidence import TEXT, MemoryFile
from tests.hunt.test_fast_is_naive import VALUES, WEB, rule_set, rule_texts
from waspglass.evidence.artefact import Artefact
from waspglass.evidence.readers.registry import record_readers
from waspglass.hunt.hunting import hunt
from waspglass.packs.pack import ArtefactKind, Logsource

KIND = ArtefactKind(kind="iis-other", format="access_log", logsources=(Logsource(category="webserver"),), title=TEXT)
FIELDS = [
    *("c-ip", "cs-method", "cs-uri-stem", "cs-uri-query", "cs-uri", "sc-status"),
    *("cs(User-Agent)", "cs(Referer)", "cs-username"),
]


@st.composite
def logs(draw: st.DrawFn) -> str:
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 6))):
        line = draw(st.sampled_from([NCSA, IIS, f'{NCSA} "referrer" "agent"']))
        for word in ("EXAMPLE\\user", "POST", "/ecp/y.js", "a=b", "referrer", "agent"):
            line = line.replace(word, draw(VALUES | st.just(word)))
        lines.append(line)
    return "\n".join(lines)


@given(st.lists(rule_texts(FIELDS, WEB), min_size=1, max_size=4), logs())
def test_the_search_finds_what_the_test_of_each_record_finds(texts: list[str], log: str) -> None:
    rules = replace(rule_set(texts), kinds={KIND.kind: KIND})
    files = [Artefact(KIND.kind, KIND.format, MemoryFile("u_nc210303.log", log.encode()))]
    fast, slow = (hunt(files, rules, readers=record_readers(None), naive=naive) for naive in (False, True))
    assert fast.findings == slow.findings
    assert (fast.scanned, fast.skipped) == (slow.scanned, slow.skipped)
