"""Logs that are not read are named, with what to give instead, wherever they lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evidence.readers.test_access_log import IIS, NCSA
from tests.evidence.trees import write_tree
from waspglass.evidence.foreign_formats import foreign_format
from waspglass.evidence.open import open_evidence
from waspglass.evidence.recognise import recognise
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.load import load_pack

CLIXML = """<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">
  <Obj RefId="0"><TN RefId="0"><T>System.Diagnostics.Eventing.Reader.EventLogRecord</T></TN></Obj></Objs>"""
FOREIGN = {
    "access.log": (NCSA, "NCSA"),
    "in.log": (IIS, "IIS format"),
    "wevtutil.txt": ("Event[0]:\r\n  Log Name: Security\r\n  Source: x\r\n", "wevtutil"),
    "wevtutil-german.txt": ("Ereignis[0]:\r\n  Protokollname: Security\r\n  Quelle: x\r\n", "wevtutil"),
    "table.txt": ("\r\n   ProviderName: x\r\n\r\nTimeCreated           Id LevelDisplayName\r\n", "as a table"),
    "old-table.txt": ("\r\n   Index Time          EntryType   Source\r\n", "as a table"),
    "list.txt": ("\r\n\r\nTimeCreated  : 3/3/2021 1:02:03 AM\r\nProviderName : x\r\nId : 1\r\n", "a list"),
    "events.xml": (CLIXML, "CLIXML"),
    "alerts.json": (
        '{"timestamp":"x","rule":{"id":"1"},"data":{"win":{"system":{"eventID":"1","channel":"x"}}}}\n',
        "Wazuh",
    ),
    "archives.log": ('2021 Mar 03 01:02:03 (x) any->EventChannel {"win":{"system":{"eventID":"1"}}}\n', "Wazuh"),
    "syslog.log": ("<132>Mar 03 01:02:03 MX01 MSWinEventLog\t2\tSecurity\t1\tx\t4625\n", "Snare"),
    "results.xml": ("<?xml version='1.0'?>\n<results preview='0'>\n<meta>\n", "Splunk"),
    "search.txt": ("---\nEvent_attributes:\n  xmlns: x\nEvent:\n  System:\n", "YAML"),
    "sigma.csv": ("timestamp,detections,path,count,Event.System.Provider\n", "Chainsaw"),
    "discover.csv": ('"@timestamp","winlog.channel"\n"Mar 3, 2021 @ 01:02:03.000",Security\n', "Kibana"),
    "iis.csv": ('"@timestamp","http.request.method","url.path"\n"Mar 3, 2021 @ 01:02:03.000",GET,/x\n', "Kibana"),
    "certutil.txt": ("-----BEGIN CERTIFICATE-----\r\nUEsDBBQAAAAIAGNoY1Kk8aJwHwAAAB0AAAAH\r\n", "base64"),
    "l2t.csv": ("date,time,timezone,MACB,source,sourcetype,type\n", "plaso"),
    "timeline.csv": ("datetime,timestamp_desc,source,source_long,message\n", "plaso"),
    "plaso.json": ('{"__container_type__": "event", "data_type": "iis:log:line"}', "plaso"),
}
KNOWN = {
    "u_ex210303.log": "#Fields: date time cs-uri-stem sc-status\n2021-03-03 01:02:03 /x 200\n",
    "event.csv": "TimeGenerated [UTC],Source,EventLog,EventID\n,,,\n",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("pack", ["proxylogon", "toolshell"])
def test_what_is_not_read_is_named_in_any_folder(tmp_path: Path, pack: str, encoding: str) -> None:
    write_tree(tmp_path, {f"a/{name}": text.encode(encoding) for name, (text, _) in FOREIGN.items()})
    with open_evidence(tmp_path) as evidence:
        found = list(recognise(evidence, load_pack(pack).kinds))
    skips = [one for one in found if isinstance(one, Skipped)]
    assert len(skips) == len(found)
    for name, (_, named) in FOREIGN.items():
        (skip,) = (one for one in skips if f"\\{name}" in (one.detail or ""))
        assert skip.reason is SkipReason.NOT_RECOGNISED
        assert named in (skip.detail or ""), name


def test_of_many_files_in_one_format_a_few_are_named(tmp_path: Path) -> None:
    write_tree(tmp_path, {f"a/localhost_access_log.{day}.txt": NCSA.encode() for day in range(500)})
    with open_evidence(tmp_path) as evidence:
        (skip,) = recognise(evidence, load_pack("proxylogon").kinds)
    assert isinstance(skip, Skipped)
    assert (skip.source, skip.count) == ("*.txt", 500)


@pytest.mark.parametrize(
    ("start", "named"), [(b"0\0\0\0LfLe\1\0\0\0", "Windows Server 2003"), (b"ElfChnk\0\1", "without its beginning")]
)
def test_event_logs_that_are_not_read_are_named(start: bytes, named: str) -> None:
    assert named in (foreign_format(start) or "")


@pytest.mark.parametrize("text", KNOWN.values(), ids=KNOWN)
def test_what_is_read_is_not_foreign(text: str) -> None:
    assert foreign_format(text.encode()) is None
