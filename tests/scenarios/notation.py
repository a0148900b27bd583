"""Reads a scenario and lays its evidence out on disk, in the formats that the real programs write."""

from __future__ import annotations

import base64
import csv
import io
import os
import tarfile
import zipfile
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from tests.evidence.evtx_writer import evtx
from tests.evidence.pe_writer import program_file

Scenario = dict[str, object]
FOLDER = Path(__file__).parent

IIS_FIELDS = (
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) "
    "sc-status sc-substatus sc-win32-status time-taken"
)
IIS_HEADER = (
    "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n"
    "#Date: {day} 00:00:00\r\n#Fields: {fields}\r\n"
)
IIS_QUIET = "{} 192.0.2.10 GET {} - 443 - 127.0.0.1 AMProbe/Local/ClientAccess - 200 0 0 1"
IIS_PAGE = {"proxylogon": "/owa/healthcheck.htm", "toolshell": "/_layouts/15/start.aspx"}
ULS_CELLS = ("SharePoint Foundation   ", "General   ", "8nca", "Medium  ")
ECP_QUIET = "{} ECP.Request S:TIME=1;S:CMD=Get-Mailbox;S:URL=/ecp/default.aspx;S:EX=;S:BLD=15.1.2106.2"
HTTPPROXY_FIELDS = (FOLDER / "httpproxy_fields.txt").read_text(encoding="ascii").strip().split(",")


def scenarios() -> list[Path]:
    return sorted(FOLDER.glob("*.yml"))


def load(path: Path) -> Scenario:
    loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def lay_out(scenario: Scenario, folder: Path) -> Path:
    """Writes the evidence below `folder` and gives the path that a user would type."""
    root = folder / "evidence"
    root.mkdir()
    entries = scenario["evidence"]
    assert isinstance(entries, list)
    for entry in entries:
        for name, content in _files(entry, str(scenario.get("pack", "proxylogon"))).items():
            target = root.joinpath(*_parts(name))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            if "modified" in entry:
                stamp = _moment(entry["modified"]).timestamp()
                os.utime(target, (stamp, stamp))
    return _wrap(root, str(scenario.get("wrap", "folder")))


def _parts(windows_path: str) -> list[str]:
    return [part.rstrip(":") if index == 0 else part for index, part in enumerate(windows_path.split("\\"))]


def _wrap(root: Path, how: str) -> Path:
    if how == "folder":
        return root
    archive = root.with_suffix(f".{how}")
    files = sorted(path for path in root.rglob("*") if path.is_file())
    if how == "zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
            for path in files:
                target.write(path, path.relative_to(root))
    else:
        with tarfile.open(archive, "w:gz") as tar:
            for path in files:
                tar.add(path, path.relative_to(root))
    return archive


def _files(entry: dict[str, object], pack: str) -> dict[str, bytes]:
    if "file" in entry:
        raw = base64.b64decode(str(entry["base64"])) if "base64" in entry else str(entry.get("text", "")).encode()
        return {str(entry["file"]): raw}
    if "program" in entry:
        major, minor, number, revision = map(int, str(entry["version"]).split("."))
        return {str(entry["program"]): program_file((major, minor, number, revision), {})}
    if "iis" in entry:
        return _iis(entry, str(entry.get("page", IIS_PAGE[pack])))
    if "httpproxy" in entry:
        return _httpproxy(entry)
    if "ecp" in entry:
        return _ecp(entry)
    if "uls" in entry:
        return _uls(entry)
    if "evtx" in entry:
        return {str(entry["evtx"]): _evtx(entry)}
    msg = f"an entry of the evidence is one of file, program, iis, httpproxy, ecp, uls, evtx: {sorted(entry)}"
    raise ValueError(msg)


def _moment(value: object) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _hours(quiet: object) -> list[datetime]:
    if not isinstance(quiet, dict):
        return []
    start, end = _moment(quiet["from"]), _moment(quiet["to"])
    count = int((end - start) / timedelta(hours=1))
    return [start + timedelta(hours=n) for n in range(count + 1)]


def _repeated(repeat: object) -> list[str]:
    """The same row once a second."""
    if not isinstance(repeat, dict):
        return []
    start = _moment(repeat["from"])
    return [f"{start + timedelta(seconds=n):%Y-%m-%d %H:%M:%S} {repeat['row']}" for n in range(repeat["count"])]


def _iis(entry: dict[str, object], page: str) -> dict[str, bytes]:
    days: dict[str, list[str]] = defaultdict(list)
    for moment in _hours(entry.get("quiet")):
        days[f"{moment:%y%m%d}"].append(IIS_QUIET.format(f"{moment:%Y-%m-%d %H:%M:%S}", page))
    for row in (*str(entry.get("rows", "")).strip().splitlines(), *_repeated(entry.get("repeat"))):
        date, time, client, method, url, status, *rest = row.split()
        agent = rest[0] if rest else "-"
        extra = dict(item.split("=", 1) for item in rest[1:])
        stem, _, query = url.partition("?")
        user = extra.get("user", "-")
        port = extra.get("port", "443")
        referer = extra.get("referer", "-")
        request = f"{method} {stem} {query or '-'} {port} {user} {client} {agent} {referer}"
        line = f"{date} {time} 192.0.2.10 {request} {status} 0 0 5"
        days[date[2:].replace("-", "")].append(line)
    files = {}
    for day, lines in days.items():
        header = IIS_HEADER.format(day=f"20{day[:2]}-{day[2:4]}-{day[4:]}", fields=IIS_FIELDS)
        files[f"{entry['iis']}\\u_ex{day}.log"] = (header + "\r\n".join(sorted(lines)) + "\r\n").encode()
    return files


def _httpproxy(entry: dict[str, object]) -> dict[str, bytes]:
    hours: dict[str, list[dict[str, str]]] = defaultdict(list)
    for moment in _hours(entry.get("quiet")):
        quiet = {
            "DateTime": f"{moment:%Y-%m-%dT%H:%M:%S}.000Z",
            "UrlStem": "/ecp/healthcheck.htm",
            "AnchorMailbox": "Sid~S-1-5-18",
            "UserAgent": "AMProbe/Local/ClientAccess",
            "HttpStatus": "200",
            "Method": "GET",
            "ClientIpAddress": "127.0.0.1",
            "ServerHostName": str(entry.get("host", "")),
        }
        hours[f"{moment:%Y%m%d%H}"].append(quiet)
    rows = entry.get("rows", [])
    assert isinstance(rows, list)
    for row in rows:
        values = {name: _stamp(value) if name == "DateTime" else str(value) for name, value in row.items()}
        unknown = set(values) - set(HTTPPROXY_FIELDS)
        assert not unknown, f"HttpProxy has no column {unknown}"
        hours[f"{_moment(values['DateTime']):%Y%m%d%H}"].append(values)
    files = {}
    for hour, records in hours.items():
        records.sort(key=lambda record: record["DateTime"])
        files[f"{entry['httpproxy']}\\HttpProxy_{hour}-1.LOG"] = _diagnostics(
            "HttpProxy Logs", "15.01.2106.002", HTTPPROXY_FIELDS, records
        )
    return files


def _stamp(value: object) -> str:
    moment = _moment(value)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _diagnostics(log_type: str, version: str, fields: list[str], records: list[dict[str, str]]) -> bytes:
    text = io.StringIO()
    text.write(",".join(fields) + "\r\n")
    text.write(f"#Software: Microsoft Exchange Server\r\n#Version: {version}\r\n#Log-type: {log_type}\r\n")
    text.write(f"#Date: {next(iter(records[0].values()))}\r\n#Fields: {','.join(fields)}\r\n")
    writer = csv.DictWriter(text, fields, restval="", lineterminator="\r\n")
    writer.writerows(records)
    return text.getvalue().encode()


def _uls(entry: dict[str, object]) -> dict[str, bytes]:
    days: dict[str, list[str]] = defaultdict(list)
    for row in str(entry["rows"]).strip().splitlines():
        date, time, message = row.split(" ", 2)
        year, month, day = date.split("-")
        cells = f"{month}/{day}/{year} {time}.00", "w3wp.exe (0x1A2C)   ", "0x2D60", *ULS_CELLS, message, ""
        days[date.replace("-", "")].append("\t".join(cells))
    header = "\t".join(
        ("Timestamp", "Process", "TID", "Area", "Category", "EventID", "Level", "Message", "Correlation")
    )
    return {
        f"{entry['uls']}\\SP01-{day}-0000.log": "\r\n".join((header, *rows, "")).encode() for day, rows in days.items()
    }


def _evtx(entry: dict[str, object]) -> bytes:
    """Events of one chunk: `time`, `computer`, and their data."""
    told = entry["events"]
    assert isinstance(told, list)
    events = []
    for event in told:
        data = {str(name): str(value) for name, value in event.items() if name not in ("time", "computer")}
        events.append((_moment(event["time"]), data | {"Computer": str(event["computer"])}))
    return evtx([events], channel=str(entry["channel"]))


def _ecp(entry: dict[str, object]) -> dict[str, bytes]:
    days: dict[str, list[dict[str, str]]] = defaultdict(list)
    rows = entry.get("rows", [])
    assert isinstance(rows, list)
    for moment in _hours(entry.get("quiet")):
        rows = [
            *rows,
            f"{_stamp(moment)} ECP.Request S:TIME=1;S:CMD=Get-Mailbox;S:URL=/ecp/default.aspx;S:EX=;S:BLD=15.1.2106.2",
        ]
    for row in rows:
        time, event, data = str(row).split(" ", 2)
        record = {"TimeStamp": time, "ServerName": "MX01", "EventId": event, "EventData": data}
        days[f"{_moment(time):%Y%m%d}"].append(record)
    return {
        f"{entry['ecp']}\\ECPServer{day}-1.LOG": _diagnostics(
            "ECP Server Log", "15.0.0.0", ["TimeStamp", "ServerName", "EventId", "EventData"], records
        )
        for day, records in days.items()
    }
