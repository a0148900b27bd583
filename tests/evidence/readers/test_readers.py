"""Each record reader on small files of its kind."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from tests.evidence.evtx_writer import evtx
from tests.evidence.pe_writer import program_file
from tests.evidence.trees import WHEN, memory_artefact
from waspglass.evidence.artefact import Artefact, Place
from waspglass.evidence.compressed import decompressed
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.format import FORMATS
from waspglass.evidence.forward_stream import SeekableStream
from waspglass.evidence.limits import DEFAULT_LIMITS, Limits
from waspglass.evidence.member import TreeFile
from waspglass.evidence.readers.registry import record_readers
from waspglass.evidence.signature import Signature
from waspglass.evidence.spool import Spool
from waspglass.model.errors import UsageError
from waspglass.model.skip import SkipReason

Found = list[tuple[Place, datetime | None, Mapping[str, str]]]


def read(name: str, content: bytes, path: str = r"C:\x") -> Found:
    return list(record_readers()[name].records(memory_artefact(content, path, name)))


def fault(name: str, content: bytes) -> EvidenceReadError:
    with pytest.raises(EvidenceReadError) as caught:
        read(name, content)
    return caught.value


def until_fault(name: str, content: bytes) -> tuple[Found, EvidenceReadError]:
    """What was yielded before the fault, and the fault."""
    found: Found = []
    records = record_readers()[name].records(memory_artefact(content))
    with pytest.raises(EvidenceReadError) as caught:
        found.extend(records)
    return found, caught.value


def test_the_registry_knows_its_readers() -> None:
    readers = record_readers()
    assert set(readers) == {name for name, one in FORMATS.items() if not one.lines}
    assert readers.get("w3c") is None
    with pytest.raises(UsageError, match="time zone"):
        record_readers(timezone="Mars/Olympus")


class TestWebFile:
    def test_a_page_with_its_hashes_and_text(self) -> None:
        content = b"<%@ Page Language='C#' %>\xff harmless"
        ((place, time, record),) = read("web_file", content, r"C:\inetpub\wwwroot\aspnet_client\Page.ASPX")
        assert (place, time) == (Place(offset=0), WHEN)
        assert record == {
            "path": r"C:\inetpub\wwwroot\aspnet_client\Page.ASPX",
            "folder": r"C:\inetpub\wwwroot\aspnet_client",
            "name": "Page.ASPX",
            "extension": ".aspx",
            "size": str(len(content)),
            "sha256": hashlib.sha256(content).hexdigest(),
            "sha1": hashlib.sha1(content, usedforsecurity=False).hexdigest(),
            "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "modified": "2021-03-03T04:05:06Z",
            "text": "<%@ Page Language='C#' %>\\xff harmless",
        }

    def test_known_good_files_are_looked_up(self) -> None:
        good = hashlib.sha256(b"shipped").hexdigest()
        reader = record_readers({good})["web_file"]
        for content, word in ((b"shipped", "true"), (b"changed", "false")):
            ((_, _, record),) = reader.records(memory_artefact(content))
            assert record["known_good"] == word

    def test_only_the_beginning_is_kept_as_text(self) -> None:
        ((_, _, record),) = read("web_file", b"a" * 5_000_000)
        assert (len(record["text"]), record["size"]) == (64 * 1024, "5000000")


HOST_CONFIG = b"""<?xml version="1.0" encoding="UTF-8"?>
<configuration>
 <system.applicationHost><sites>
  <site name="Default Web Site" id="1">
   <application path="/owa" applicationPool="MSExchangeOWAAppPool">
    <virtualDirectory path="/" physicalPath="C:\\Exchange\\FrontEnd\\HttpProxy\\owa" />
   </application>
  </site>
 </sites></system.applicationHost>
 <system.webServer>
  <globalModules>
   <add name="HttpCacheModule" image="%windir%\\System32\\inetsrv\\cachhttp.dll" />
   <add name="Sample" image="C:\\ProgramData\\sample.dll" preCondition="bitness64" />
  </globalModules>
 </system.webServer>
 <location path="Default Web Site/ecp">
  <system.webServer>
   <modules><add name="Managed" type="Some.Module, Some" preCondition="managedHandler" /></modules>
   <handlers><add name="Odd" path="*.odd" verb="GET" type="Some.Handler" /></handlers>
   <rewrite><rules>
    <rule name="Block"><match url=".*" />
     <conditions><add input="{HTTP_COOKIE}" pattern="X-BEResource" /><add input="{URL}" pattern="ecp" /></conditions>
     <action type="AbortRequest" /></rule>
   </rules></rewrite>
  </system.webServer>
 </location>
 <system.web><machineKey validationKey="00112233" decryptionKey="AutoGenerate,IsolateApps" /></system.web>
</configuration>
"""


class TestIisConfig:
    def test_each_setting_is_a_record_at_its_line(self) -> None:
        found = {record["element"]: (place.line, record) for place, _, record in read("iis_config", HOST_CONFIG)}
        shared = {"path": r"C:\x", "modified": "2021-03-03T04:05:06Z"}
        site = {**shared, "site": "Default Web Site", "site_id": "1"}
        here = {**shared, "location": "Default Web Site/ecp"}
        assert found == {
            "application": (
                5,
                site | {"element": "application", "url": "/owa", "pool": "MSExchangeOWAAppPool"},
            ),
            "virtual_directory": (
                6,
                site
                | {
                    "element": "virtual_directory",
                    "url": "/",
                    "application": "/owa",
                    "physical_path": r"C:\Exchange\FrontEnd\HttpProxy\owa",
                },
            ),
            "global_module": (
                13,
                shared
                | {
                    "element": "global_module",
                    "name": "Sample",
                    "image": r"C:\ProgramData\sample.dll",
                    "precondition": "bitness64",
                },
            ),
            "module": (
                18,
                here
                | {
                    "element": "module",
                    "name": "Managed",
                    "type": "Some.Module, Some",
                    "precondition": "managedHandler",
                },
            ),
            "handler": (
                19,
                here | {"element": "handler", "name": "Odd", "url": "*.odd", "verb": "GET", "type": "Some.Handler"},
            ),
            "rewrite_rule": (
                21,
                here
                | {
                    "element": "rewrite_rule",
                    "name": "Block",
                    "pattern": ".*",
                    "action": "AbortRequest",
                    "conditions": "{HTTP_COOKIE} ~ X-BEResource\n{URL} ~ ecp",
                },
            ),
            "machine_key": (27, shared | {"element": "machine_key", "fixed": "true"}),
        }

    def test_what_is_not_logged_is_told(self) -> None:
        content = b"""<configuration><system.applicationHost><sites>
          <site name='One'><logFile enabled='False' /></site><siteDefaults><logFile logFormat='W3C' /></siteDefaults>
          </sites></system.applicationHost><location path='One/x'><system.webServer>
          <httpLogging dontLog='true' selectiveLogging='LogError' /></system.webServer></location></configuration>"""
        fields = ("site", "location", "switched_off", "selective")
        assert [[record.get(name) for name in fields] for _, _, record in read("iis_config", content)] == [
            ["One", None, "true", None],
            [None, None, "false", None],
            [None, "One/x", "true", "LogError"],
        ]

    def test_keys_are_not_repeated(self) -> None:
        assert "00112233" not in str(read("iis_config", HOST_CONFIG))

    def test_what_stands_before_the_damage_is_read(self) -> None:
        found, refused = until_fault("iis_config", HOST_CONFIG[:900])
        assert [record["element"] for _, _, record in found[:3]] == [
            "virtual_directory",
            "application",
            "global_module",
        ]
        assert refused.reason is SkipReason.DAMAGED

    def test_lines_count_from_the_top_whatever_stands_there(self) -> None:
        content = b"\xef\xbb\xbf\r\n\r\n<?xml version='1.0'\r\n?>\r\n<modules><add name='a'/></modules>"
        ((place, _, _),) = read("iis_config", content)
        assert place.line == 5

    def test_an_encoding_that_nobody_knows_is_passed_over(self) -> None:
        content = b"<?xml version='1.0'" + b" " * 300 + b"encoding='x'?><modules><add name='a'/></modules>"
        assert len(read("iis_config", content)) == 1


class TestHostileXml:
    @pytest.mark.parametrize("name", ["iis_config", "compiled_page", "scheduled_task"])
    @pytest.mark.parametrize(
        "content",
        [
            b"<!DOCTYPE a [<!ENTITY b 'cccc'><!ENTITY d '&b;&b;&b;&b;'>]><a>&d;</a>",
            b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
            b"<?xml version='1.0' encoding='UTF-16'?><!DOCTYPE a SYSTEM 'http://127.0.0.1/x.dtd'><a/>",
            b"<a>" * 100_000,
            b"<a><b></a>",
            b"\xff\xfe<\0a\0",
            b"",
        ],
    )
    def test_is_refused(self, name: str, content: bytes) -> None:
        assert fault(name, content).reason is SkipReason.DAMAGED

    def test_too_much_is_refused(self) -> None:
        assert fault("scheduled_task", b"<a>" + b" " * 5_000_000 + b"</a>").reason is SkipReason.TOO_LARGE


COMPILED = b"""<?xml version="1.0" encoding="utf-8"?>
<preserve resultType="3" virtualPath="/aspnet_client/sample.aspx" hash="1a" filehash="2b" flags="110000"
 assembly="App_Web_abc" type="ASP.aspnet_client_sample_aspx">
  <filedeps><filedep name="/aspnet_client/sample.aspx" /><filedep name="/aspnet_client/other.cs" /></filedeps>
</preserve>"""


def test_a_compiled_page() -> None:
    path = r"C:\Windows\Microsoft.NET\Framework64\v4.0.30319\Temporary ASP.NET Files\root\e2\sample.aspx.cdca.compiled"
    ((place, time, record),) = read("compiled_page", COMPILED, path)
    assert (place, time) == (Place(line=2), WHEN)
    assert record == {
        "path": path,
        "virtual_path": "/aspnet_client/sample.aspx",
        "page": "sample.aspx",
        "extension": ".aspx",
        "assembly": "App_Web_abc",
        "type": "ASP.aspnet_client_sample_aspx",
        "result_type": "3",
        "hash": "1a",
        "file_hash": "2b",
        "dependencies": "/aspnet_client/sample.aspx\n/aspnet_client/other.cs",
        "application": "root",
    }


TASK = """<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Date>2021-03-04T10:00:00</Date><Author>EXCH01\\SYSTEM</Author><URI>\\Updater</URI></RegistrationInfo>
  <Triggers><LogonTrigger /><CalendarTrigger><StartBoundary>2021-03-04T10:00:00</StartBoundary></CalendarTrigger>
  </Triggers>
  <Principals><Principal id="A"><UserId>S-1-5-18</UserId><RunLevel>HighestAvailable</RunLevel></Principal></Principals>
  <Settings><Hidden>true</Hidden></Settings>
  <Actions Context="A">
    <Exec><Command>powershell.exe</Command><Arguments>-File C:\\x.ps1</Arguments></Exec>
    <ComHandler><ClassId>{0}</ClassId></ComHandler>
  </Actions>
</Task>"""


class TestScheduledTask:
    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8", "utf-8-sig"])
    def test_each_action_is_a_record(self, encoding: str) -> None:
        first, second = read("scheduled_task", TASK.encode(encoding), r"C:\Windows\System32\Tasks\Updater")
        shared = {
            "path": r"C:\Windows\System32\Tasks\Updater",
            "name": r"\Updater",
            "author": r"EXCH01\SYSTEM",
            "date": "2021-03-04T10:00:00",
            "user": "S-1-5-18",
            "run_level": "HighestAvailable",
            "hidden": "true",
            "triggers": "Logon\nCalendar",
            "modified": "2021-03-03T04:05:06Z",
        }
        assert first == (Place(line=9), WHEN, shared | {"command": "powershell.exe", "arguments": r"-File C:\x.ps1"})
        assert second == (Place(line=10), WHEN, shared | {"class_id": "{0}"})

    def test_a_date_with_a_zone_is_the_time(self) -> None:
        ((_, time, record),) = read(
            "scheduled_task",
            b"<Task><RegistrationInfo><Date>2021-03-04T10:00:00+01:00</Date></RegistrationInfo></Task>",
            r"C:\a\B",
        )
        assert (time, record["name"]) == (datetime(2021, 3, 4, 9, tzinfo=UTC), "B")


LIST = """

RunspaceId                      : 1
Name                            : OAB (Default Web Site)
PollInterval                    : 480
Path                            : C:\\Exchange\\FrontEnd\\HttpProxy\\OAB
InternalUrl                     : https://exch01/OAB
ExternalUrl                     : http://f/<sample language="JScript" runat="ser
                                  ver">harmless</sample>
WhenChangedUTC                  : 3/3/2021 4:12:13 AM

RunspaceId                      : 1
Name                            : OAB 2
ExternalUrl                     : https://mail.example.org/OAB
"""


class TestOabExport:
    def test_the_list_form_joins_broken_values(self) -> None:
        (place, time, first), (later, _, second) = read("oab_export", LIST.encode("utf-16"))
        assert (place.line, later.line) == (3, 12)
        assert time == datetime(2021, 3, 3, 4, 12, 13, tzinfo=UTC)
        assert first["ExternalUrl"] == 'http://f/<sample language="JScript" runat="server">harmless</sample>'
        assert (first["Name"], first["Path"], first["path"]) == (
            "OAB (Default Web Site)",
            r"C:\Exchange\FrontEnd\HttpProxy\OAB",
            r"C:\x",
        )
        assert second["ExternalUrl"] == "https://mail.example.org/OAB"

    @pytest.mark.parametrize(
        "content",
        [
            b'#TYPE X\r\n"Name","InternalUrl","Path","ExternalUrl"\r\n"OAB","https://a/OAB","C:\\x","https://b/OAB"\r\n',
            b'\xef\xbb\xbf"Name","ExternalUrl"\r\n"OAB","https://b/OAB"\r\n',
            b'#TYPE X\r\n"Name";"ExternalUrl"\r\n"OAB";"https://b/OAB"\r\n',
            b'"Name"\t"ExternalUrl"\r\n"OAB"\t"https://b/OAB"\r\n',
            b'[{"Name": "OAB", "ExternalUrl": {"OriginalString": "https://b/OAB"}, "PollInterval": 480}]',
            b'<Objs><Obj RefId="0"><MS><S N="Name">OAB</S><URI N="ExternalUrl">https://b/OAB</URI></MS></Obj></Objs>',
            b"dn: CN=OAB,DC=example\nName: OAB\nmsExchExternalHostName: https://b/OAB\nwhenChanged: 20210303041213.0Z",
            b"dn: CN=OAB,DC=example\nName: OAB\nmsExchExternalHostName:: " + base64.b64encode(b"https://b/OAB") + b"\n",
        ],
        ids=["csv", "csv of two columns", "csv of semicolons", "csv of tabs", "json", "clixml", "ldif", "ldif base64"],
    )
    def test_the_other_forms(self, content: bytes) -> None:
        ((_, _, record),) = read("oab_export", content)
        assert (record["Name"], record["ExternalUrl"]) == ("OAB", "https://b/OAB")

    def test_settings_within_a_setting_and_several_directories_of_clixml_are_told_apart(self) -> None:
        category = '<Obj N="ObjectCategory"><Props><S N="Name">Category</S></Props></Obj>'
        one, two = (f'<Obj><Props><S N="Name">{name}</S>{category}</Props></Obj>' for name in ("OAB", "OWA"))
        for content in (f"<Objs>{one}{two}</Objs>", f"<Objs><Obj><LST>{one}{two}</LST></Obj></Objs>"):
            assert [record["Name"] for _, _, record in read("oab_export", content.encode())] == ["OAB", "OWA"]

    def test_directories_that_an_object_of_a_script_holds_are_read(self) -> None:
        one, two = (f'<Obj><Props><URI N="ExternalUrl">https://{name}/</URI></Props></Obj>' for name in "ab")
        content = f'<Objs><Obj><MS><Obj N="All"><LST>{one}{two}</LST></Obj><S N="By">x</S></MS></Obj></Objs>'
        found = [record.get("ExternalUrl", "") for _, _, record in read("oab_export", content.encode())]
        assert found == ["https://a/", "https://b/", ""]

    def test_json_in_the_code_page_of_the_server_is_read(self) -> None:
        content = '[{"Name": "OAB", "Server": "MÜNCHEN", "ExternalUrl": "https://b/OAB"}]'.encode("cp1252")
        ((_, _, record),) = read("oab_export", content)
        assert (record["Server"], record["ExternalUrl"]) == ("M\ufffdNCHEN", "https://b/OAB")

    def test_rows_of_a_table_have_the_lines_that_they_begin_in(self) -> None:
        rows = b'"a\r\nb","https://a/OAB","C:\\x","y"\r\n"OAB","https://a/OAB","C:\\x","y"\r\n'
        head = b'"Name","InternalUrl","Path","ExternalUrl"\r\n'
        assert [place.line for place, _, _ in read("oab_export", head + rows)] == [2, 4]
        assert [place.line for place, _, _ in read("oab_export", b"#TYPE X\r\n" + head + rows)] == [3, 5]

    def test_too_many_objects_end_with_a_limit(self) -> None:
        assert fault("oab_export", b"[" + b"{}," * 20_000 + b"{}]").reason is SkipReason.LIMIT_REACHED


def setup_log(*lines: str, date: str = "01.12.2021", zone: str = "(UTC+01:00) Berlin") -> bytes:
    """Lines as Exchange's setup writes them; `01.12.2021` is the twelfth of January."""
    head = ["Starting Microsoft Exchange Server 2016 Setup", f"Local time zone: {zone}."]
    return "".join(f"[{date} 17:13:{n:02}.0081] [0] {line}\r\n" for n, line in enumerate([*head, *lines])).encode()


UPGRADE = (
    "Setup version: 15.1.2176.2.",
    r"Logged on user: EXAMPLE\admin.",
    "Command Line Parameter Name='mode', Value='Upgrade'.",
    "The locally installed version is 15.1.1979.3.",
    "[ERROR] something minor",
    "The Exchange Server setup operation completed successfully.",
)


class TestSetupLog:
    def test_an_upgrade_that_was_completed(self) -> None:
        ((place, time, record),) = read("exchange_setup_log", setup_log(*UPGRADE))
        assert (place.line, time) == (1, datetime(2021, 1, 12, 16, 13, 7, tzinfo=UTC))
        assert record == {
            "path": r"C:\x",
            "version": "15.1.2176.2",
            "build": "15.1.2176.2",
            "installed_before": "15.1.1979.3",
            "mode": "Upgrade",
            "user": r"EXAMPLE\admin",
            "time_zone": "(UTC+01:00) Berlin",
            "result": "completed",
            "errors": "1",
            "local_time": "2021-01-12 17:13:00",
        }

    def test_only_an_installation_to_the_end_has_a_build(self) -> None:
        unfinished = setup_log(*UPGRADE[:-1])
        prepared = setup_log(
            "Setup version: 15.1.2176.2.", "Command Line Parameter Name='preparead', Value=''.", UPGRADE[-1]
        )
        for content, result in ((unfinished, "unfinished"), (prepared, "completed")):
            ((_, _, record),) = read("exchange_setup_log", content)
            assert (record["result"], "build" in record) == (result, False)

    def test_every_run_is_a_record(self) -> None:
        content = setup_log(*UPGRADE) + setup_log(
            "Setup version: 15.1.2242.4.", date="04/13/2021", zone="(UTC-08:00) Pacific"
        )
        first, second = read("exchange_setup_log", b"\xef\xbb\xbf" + content)
        assert (first[2]["version"], second[2]["version"]) == ("15.1.2176.2", "15.1.2242.4")
        assert second[1] == datetime(2021, 4, 14, 1, 13, tzinfo=UTC)

    def test_a_run_without_its_first_line_keeps_its_own_zone(self) -> None:
        first, second = setup_log(*UPGRADE), setup_log(*UPGRADE, zone="(UTC-05:00) New York").split(b"\r\n", 1)[1]
        moments = [time for _, time, _ in read("exchange_setup_log", first + second)]
        assert moments == [datetime(2021, 1, 12, hour, 13, 7, tzinfo=UTC) for hour in (16, 22)]

    def test_a_log_without_an_offset_is_read_in_the_zone_of_the_facts(self) -> None:
        content = setup_log(*UPGRADE, zone="somewhere")
        ((_, time, _),) = record_readers(timezone="America/New_York")["exchange_setup_log"].records(
            memory_artefact(content)
        )
        assert time == datetime(2021, 1, 12, 22, 13, 7, tzinfo=UTC)

    def test_of_a_log_that_breaks_off_the_last_run_is_told(self) -> None:
        opener = partial(decompressed, kind=Signature.GZIP, limits=DEFAULT_LIMITS, path="x.gz")
        raw = gzip.compress(setup_log(*UPGRADE))[:-8]  # its end is lost, not its text
        broken = replace(memory_artefact(b""), file=TreeFile("x.gz", None, None, None, lambda: opener(io.BytesIO(raw))))
        found: Found = []
        with pytest.raises(EvidenceReadError) as caught:
            found.extend(record_readers()["exchange_setup_log"].records(broken))
        assert caught.value.reason is SkipReason.TRUNCATED
        assert [record["build"] for _, _, record in found] == ["15.1.2176.2"]

    def test_utf16_and_nonsense(self) -> None:
        assert read("exchange_setup_log", setup_log(*UPGRADE).decode().encode("utf-16"))[0][2]["build"] == "15.1.2176.2"
        assert read("exchange_setup_log", b"[99.99.2021 25:00:00.0] [0] Setup version: 1.2.3.4\n" * 10) == []


class TestPeVersion:
    def test_versions_out_of_the_resource(self) -> None:
        content = program_file((15, 1, 2176, 2), {"CompanyName": "Sample", "ProductVersion": "15.01.2176.002"})
        ((_, time, record),) = read("pe_version", content, r"C:\Exchange\Bin\ExSetup.exe")
        assert time == WHEN
        expected = {
            "path": r"C:\Exchange\Bin\ExSetup.exe",
            "name": "ExSetup.exe",
            "extension": ".exe",
            "file_version": "15.1.2176.2",
            "build": "15.1.2176.2",
            "product_version": "15.01.2176.002",
            "company": "Sample",
            "machine": "AMD64",
            "signed": "false",
            "imports": "0",
            "exports": "0",
            "compiled": "2021-01-14T08:25:36Z",
        }
        assert expected.items() <= record.items()

    @pytest.mark.parametrize("content", [b"", b"MZ", b"hello" * 100])
    def test_what_is_no_program_says_so(self, content: bytes) -> None:
        assert fault("pe_version", content).reason is SkipReason.DAMAGED


class TestEvtx:
    START = datetime(2021, 3, 3, tzinfo=UTC)

    def test_events_become_records_with_sigma_names(self) -> None:
        data = {"EventID": "4688", "Provider_Name": "Sample", "NewProcessName": r"C:\x.exe"}
        content = evtx([[(self.START, data)], [(self.START + timedelta(days=1), {"EventID": "1"})]])
        (place, time, record), (later, _, _) = read("evtx", content)
        assert (place.record, time, later.record) == (1, self.START, 2)
        expected = {"EventID": "4688", "Provider_Name": "Sample", "NewProcessName": r"C:\x.exe", "Channel": "Security"}
        assert expected.items() <= record.items()

    def test_a_damaged_chunk_does_not_hide_the_others(self) -> None:
        content = bytearray(evtx([[(self.START, {"EventID": str(number)})] for number in range(4)]))
        content[4096 + 65536 : 4096 + 65536 + 600] = b"\xaa" * 600
        found, refused = until_fault("evtx", bytes(content))
        assert [place.record for place, _, _ in found] == [1, 3, 4]
        assert refused.reason is SkipReason.DAMAGED

    def test_a_chunk_that_was_emptied_is_told_and_room_for_later_events_is_none(self) -> None:
        content = bytearray(evtx([[(self.START, {"EventID": "1"})]] * 3))
        assert len(read("evtx", bytes(content) + bytes(4 * 65536))) == 3
        content[4096 + 65536 : 4096 + 2 * 65536] = bytes(65536)
        found, refused = until_fault("evtx", bytes(content))
        assert [place.record for place, _, _ in found] == [1, 3]
        assert refused.reason is SkipReason.DAMAGED
        content[42:44] = b"\1\0"  # the header of a log that was copied from a running server lags behind
        found, refused = until_fault("evtx", bytes(content) + bytes(2 * 65536))
        assert [place.record for place, _, _ in found] == [1, 3]
        assert refused.message.startswith("events or chunks that are damaged: 1;")

    def test_a_chunk_whose_events_were_overwritten_with_zeros_is_told(self) -> None:
        content = bytearray(evtx([[(self.START, {"EventID": "1"})]] * 3))
        content[4096 + 65536 + 512 : 4096 + 2 * 65536] = bytes(65536 - 512)
        found, refused = until_fault("evtx", bytes(content))
        assert [place.record for place, _, _ in found] == [1, 3]
        assert refused.reason is SkipReason.DAMAGED

    @pytest.mark.parametrize(("place", "value"), [(42, b"\1\0"), (120, b"\1\0\0\0"), (124, b"\xff\xff\xff\xff")])
    def test_a_log_copied_from_a_running_server_is_read_beyond_what_its_header_knows(
        self, place: int, value: bytes
    ) -> None:
        content = bytearray(evtx([[(self.START, {"EventID": "1"})]] * 3))
        content[place : place + len(value)] = value
        assert len(read("evtx", bytes(content))) == 3

    def test_what_is_no_event_log_says_so(self) -> None:
        assert fault("evtx", b"hello" * 1000).reason is SkipReason.DAMAGED

    @pytest.mark.parametrize("cut", [1, 3 * 65536, 3 * 65536 + 700, 15 * 65536])
    @pytest.mark.parametrize("packed", [False, True])
    def test_a_log_that_breaks_off_says_so(self, cut: int, packed: bool) -> None:
        """The parser alone takes what breaks off for what ends; a later attack would be in the part that is lacking."""
        content = evtx([[(self.START, {"EventID": "1"})] * 3] * 20)[:-cut]
        artefact = memory_artefact(content)
        if packed:
            part = gzip.compress(content)[:-9]
            opener = partial(decompressed, kind=Signature.GZIP, limits=DEFAULT_LIMITS, path="x.evtx.gz")
            artefact = replace(artefact, file=TreeFile("x.evtx.gz", None, None, None, lambda: opener(io.BytesIO(part))))
        found: Found = []
        with pytest.raises(EvidenceReadError) as caught:
            found.extend(record_readers()["evtx"].records(artefact))
        assert caught.value.reason is SkipReason.TRUNCATED
        assert len(found) >= 3 * (19 - cut // 65536 - packed)

    def test_events_before_a_fault_inside_of_a_chunk_are_read(self) -> None:
        content = evtx([[(self.START, {"EventID": "1"})] * 30] * 3)
        broken = 4096 + 65536 + 6000

        def read_at(length: int, offset: int) -> bytes:
            if offset >= broken:
                raise EvidenceReadError("the archive is damaged", reason=SkipReason.DAMAGED)
            return content[offset : min(offset + length, broken)]

        file = TreeFile("x.evtx", None, None, None, lambda: SeekableStream(read_at, len(content)))
        found: Found = []
        with pytest.raises(EvidenceReadError, match="the archive is damaged"):
            found.extend(record_readers()["evtx"].records(Artefact("events", "evtx", file)))
        assert 30 < len(found) < 60

    def test_what_is_unpacked_obeys_the_limits_of_the_evidence_and_is_dropped_with_the_stream(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        content = evtx([[(self.START, {"EventID": "1"})]] * 20)
        closed: list[int] = []
        monkeypatch.setattr(Spool, "close", lambda _spool: closed.append(1))

        def packed(limits: Limits) -> Artefact:
            opener = partial(decompressed, kind=Signature.GZIP, limits=DEFAULT_LIMITS, path="x")
            raw = gzip.compress(content)
            file = TreeFile("x", None, None, None, lambda: opener(io.BytesIO(raw)), limits=limits)
            return Artefact("events", "evtx", file)

        assert len(list(record_readers()["evtx"].records(packed(DEFAULT_LIMITS)))) == 20
        assert len(closed) == 1
        small = replace(DEFAULT_LIMITS, spool_bytes=len(content) - 1)
        with pytest.raises(EvidenceReadError) as caught:
            list(record_readers()["evtx"].records(packed(small)))
        assert caught.value.reason is SkipReason.TOO_LARGE
        assert len(closed) == 2


def test_a_hive_without_the_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "dissect.regf", None)
    refused = fault("hive", b"regf")
    assert refused.reason is SkipReason.NEEDS_EXTRA
    assert "pip install '.[images]' in the checkout" in str(refused)
