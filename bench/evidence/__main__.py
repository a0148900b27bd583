"""Measures opening, recognising, spans and event logs on synthetic evidence: `python -m bench.evidence`.

CPU seconds (user and system) of this process; the ratio for event logs is taken in the same run.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from evtx import PyEvtxParser

from tests.evidence.evtx_writer import evtx
from waspglass.evidence.artefact import Artefact
from waspglass.evidence.formats.registry import line_format
from waspglass.evidence.log_span import log_span
from waspglass.evidence.open import open_evidence
from waspglass.evidence.readers.evtx import EvtxReader
from waspglass.evidence.recognise import recognise
from waspglass.hunt.cache import Cache
from waspglass.hunt.hunting import hunt
from waspglass.hunt.rules.load import load_rules
from waspglass.hunt.rules.rule import RuleSet
from waspglass.packs.load import load_pack

HEADER = (
    b"#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Fields: date time s-ip cs-method "
    b"cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status time-taken\r\n"
)
ROW = b"2021-03-03 00:%02d:%02d 10.0.0.1 GET /owa/auth/logon.aspx - 443 - 192.0.2.4 Mozilla/5.0 - 200 15\r\n"
START = datetime(2021, 3, 3, tzinfo=UTC)


def cpu(action: Callable[[], int]) -> tuple[int, float]:
    """What an action counts, and its CPU seconds."""
    started = time.process_time()
    counted = action()
    return counted, time.process_time() - started


def many_files(root: Path, number: int) -> None:
    """A folder of IIS logs: recognise all, then measure the span of each."""
    body = HEADER + b"".join(ROW % (second // 60 % 60, second % 60) for second in range(1000))
    for index in range(number):
        folder = root / f"C/inetpub/logs/LogFiles/W3SVC{index % 20}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"u_ex{index:06}.log").write_bytes(body)
    kinds = load_pack("proxylogon").kinds
    with open_evidence(root) as evidence:
        started = time.perf_counter()
        next(recognise(evidence, kinds))
        print(f"first artefact after {time.perf_counter() - started:.3f} s")
        found: list[Artefact] = []

        def recognised() -> int:
            found.extend(item for item in recognise(evidence, kinds) if isinstance(item, Artefact))
            return len(found)

        print("recognised {} files of {} KB in {:.2f} CPU s".format(*_with_size(cpu(recognised), len(body))))
        spans = cpu(lambda: sum(log_span(item, line_format("w3c"), 3.0).first is not None for item in found))
        print("spans of {} logs in {:.2f} CPU s".format(*spans))


def _with_size(measured: tuple[int, float], size: int) -> tuple[int, int, float]:
    return measured[0], size // 1000, measured[1]


def event_log(path: Path, chunks: int) -> None:
    """An event log: the parser alone, our JSON lines, our flat records, and the hunt with the rules of the pack."""
    data = {"EventID": "4688", "NewProcessName": r"C:\Windows\System32\cmd.exe", "SubjectUserName": "SYSTEM"}
    moments = [START + timedelta(seconds=second) for second in range(30)]
    path.write_bytes(evtx([[(moment, data) for moment in moments]] * chunks))
    rules, cache = load_rules(load_pack("proxylogon")), Cache(path.parent / "cache")
    with open_evidence(path) as evidence:
        artefact = Artefact("events", "evtx", next(iter(evidence.files())))
        for _ in range(3):
            events, alone = cpu(lambda: sum(1 for _ in PyEvtxParser(str(path), number_of_threads=1).records_json()))
            _, lines = cpu(lambda: sum(1 for _ in EvtxReader().json_lines(artefact)))
            _, records = cpu(lambda: sum(1 for _ in EvtxReader().records(artefact)))
            _, hunted = cpu(lambda: _hunted(artefact, rules, cache, naive=False))
            _, naive = cpu(lambda: _hunted(artefact, rules, cache, naive=True))
            print(
                f"{events} events: parser {alone:.3f} CPU s, lines x{lines / alone:.2f}, "
                f"records x{records / alone:.2f}, hunt x{hunted / alone:.2f}, hunt without needles x{naive / alone:.2f}"
            )


def _hunted(artefact: Artefact, rules: RuleSet, cache: Cache, *, naive: bool) -> int:
    return len(hunt([artefact], rules, readers={"evtx": EvtxReader()}, cache=cache, naive=naive).findings)


def main() -> None:
    """Makes the data in a temporary folder and prints the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=20_000, help="logs in the folder")
    options.add_argument("--chunks", type=int, default=600, help="chunks of 30 events in the event log")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        many_files(Path(folder) / "many", chosen.files)
        event_log(Path(folder) / "x.evtx", chosen.chunks)


if __name__ == "__main__":
    main()
