"""The data of events that are there as their message only. The messages are made up after those that Windows shows."""

from __future__ import annotations

import time

import pytest

from waspglass.evidence.formats.event_message import data_of_message

SECURITY = "Microsoft-Windows-Security-Auditing"
COMMAND = r'"C:\Windows\System32\cmd.exe" /c "echo a: b & whoami" '
SUBJECT = (
    "\n\tSecurity ID:\t\tS-1-5-18\n\tAccount Name:\t\tEXCH01$\n\tAccount Domain:\t\tEXAMPLE\n\tLogon ID:\t\t0x3E7\n"
)
NOBODY = "\n\tSecurity ID:\t\tNULL SID\n\tAccount Name:\t\t-\n\tAccount Domain:\t\t-\n\tLogon ID:\t\t0x0\n"
PROCESS = (
    "\n\tNew Process ID:\t\t0x13d8\n\tNew Process Name:\tC:\\Windows\\System32\\cmd.exe\n"
    "\tToken Elevation Type:\t%%1936\n"
)
EXPLAINED = "\nThe type indicates the token.\n\nType 1:  a full token.\n\nType 2 is another.\n\nType 3 is a third.\n"
CREATED = {
    "now": (
        f"A new process has been created.\n\nCreator Subject:{SUBJECT}\nTarget Subject:{NOBODY}\nProcess Information:"
        f"{PROCESS}\tMandatory Label:\t\tMandatory Label\\High Mandatory Level\n\tCreator Process ID:\t0xd44\n"
        f"\tCreator Process Name:\tC:\\w3wp.exe\n\tProcess Command Line:\t{COMMAND}\n{EXPLAINED}"
    ),
    "of Windows Server 2012 R2": (
        f"A new process has been created.\n\nSubject:{SUBJECT}\nProcess Information:{PROCESS}"
        f"\tCreator Process ID:\t0xd44\n\tProcess Command Line:\t{COMMAND}\n{EXPLAINED}"
    ),
    "of Windows Server 2008 R2": (
        f"A new process has been created.\n\nSubject:{SUBJECT}\nProcess Information:{PROCESS}"
        f"\tCreator Process ID:\t0xd44\n{EXPLAINED}"
    ),
    "in German": (
        "Ein neuer Prozess wurde erstellt.\n\nErsteller:\n\tSicherheits-ID:\t\tSYSTEM\n\tKontoname:\t\tEXCH01$\n"
        "\tKontodomäne:\t\tEXAMPLE\n\tAnmelde-ID:\t\t0x3E7\n\nZiel:\n\tSicherheits-ID:\t\tNULL SID\n\tKontoname:\t\t-\n"
        "\tKontodomäne:\t\t-\n\tAnmelde-ID:\t\t0x0\n\nProzessinformationen:\n\tID des neuen Prozesses:\t\t0x13d8\n"
        "\tNeuer Prozessname:\tC:\\Windows\\System32\\cmd.exe\n\tTokenerhöhungstyp:\t%%1936\n\tBeschriftung:\t\tx\n"
        "\tErstellerprozess-ID:\t0xd44\n\tErstellerprozessname:\tC:\\w3wp.exe\n"
        f"\tProzessbefehlszeile:\t{COMMAND}\n\nDer Typ gibt an: x\n"
    ),
}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("form", CREATED)
def test_a_process_in_each_form_of_the_message(form: str, end: str) -> None:
    found = data_of_message(SECURITY, "4688", CREATED[form].replace("\n", end))
    wanted = {
        "SubjectUserName": "EXCH01$",
        "SubjectLogonId": "0x3E7",
        "NewProcessId": "0x13d8",
        "NewProcessName": r"C:\Windows\System32\cmd.exe",
        "ProcessId": "0xd44",
    }
    wanted |= {} if form.endswith("2008 R2") else {"CommandLine": COMMAND}
    wanted |= {"ParentProcessName": r"C:\w3wp.exe"} if form in ("now", "in German") else {}
    assert found.items() >= wanted.items()
    assert ("CommandLine" in found, "ParentProcessName" in found) == (
        "CommandLine" in wanted,
        "ParentProcessName" in wanted,
    )


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("form", ["now", "of Windows Server 2012 R2"])
@pytest.mark.parametrize("more", ["echo b", "\techo </Task>\n\necho b\n\n\necho c", "\tx:\t0x1\n" * 7 + "echo b"])
def test_a_command_of_several_lines_is_one_value_and_makes_no_other_form(more: str, form: str, end: str) -> None:
    command = f"cmd /c a\n{more}".replace("\n", end)
    found = data_of_message(SECURITY, "4688", CREATED[form].replace("\n", end).replace(COMMAND, command))
    assert found["NewProcessName"] == r"C:\Windows\System32\cmd.exe"
    assert found["CommandLine"] == command
    unexplained = CREATED[form].partition(COMMAND)[0] + "cmd /c a"
    assert data_of_message(SECURITY, "4688", unexplained)["CommandLine"] == "cmd /c a"


def test_a_task_is_read_with_its_xml() -> None:
    xml = '<?xml version="1.0"?>\n<Task version="1.2">\n\n\t<x:  />\n  <Command>cmd</Command>\n</Task>'
    message = (
        f"A scheduled task was created.\n\nSubject:{SUBJECT}\nTask Information:\n\tTask Name: \t\t\\Example\n"
        f"\tTask Content: \t\t{xml}\n\t\n\nOther Information:\n\tProcessCreationTime: \t\t1\n"
    )
    found = data_of_message(SECURITY, "4698", message)
    assert (found["TaskName"], found["TaskContent"]) == (r"\Example", xml)
    assert data_of_message(SECURITY, "4702", message)["TaskContentNew"] == xml


@pytest.mark.parametrize("account", ["Service Account:  LocalSystem", "Service Account:  ", "Service Account:"])
def test_a_service_also_one_without_an_account(account: str) -> None:
    message = (
        "A service was installed in the system.\r\n\r\nService Name:  Example\r\nService File Name:  C:\\x.exe -a b\r\n"
        f"Service Type:  user mode service\r\nService Start Type:  demand start\r\n{account}"
    )
    found = data_of_message("Microsoft-Windows-Service Control Manager", "7045", message)
    assert found == {
        "ServiceName": "Example",
        "ImagePath": r"C:\x.exe -a b",
        "ServiceType": "user mode service",
        "StartType": "demand start",
    } | ({"AccountName": "LocalSystem"} if "LocalSystem" in account else {})


@pytest.mark.parametrize("provider", ["Microsoft-Windows-PowerShell", "PowerShellCore"])
@pytest.mark.parametrize("named", ["\r\nPath: C:\\x.ps1", "\r\nPfad: C:\\x.ps1 ", "\r\nPath:", ""])
@pytest.mark.parametrize(
    "head",
    [
        "Creating Scriptblock text (2 of 3):",
        "Scriptblocktext wird erstellt (2 von 3):",
        "Cr\u00e9ation du texte Scriptblock (2 sur 3) : ",
        "Scriptblock \u30c6\u30ad\u30b9\u30c8 (3 \u500b\u4e2d 2 \u500b\u76ee):",
    ],
)
def test_a_script_and_one_that_is_cut(head: str, named: str, provider: str) -> None:
    identifier = "00000000-0000-0000-0000-000000000001"
    script = f"$a = 1\r\n\r\nx: {identifier}\r\n\r\nwrite-host (1 of 2): $a\r\n"
    whole = f"{head}\r\n{script}\r\n\r\nScriptBlock ID: {identifier}{named}"
    found = data_of_message(provider, "4104", whole)
    path = {"Path": r"C:\x.ps1"} if "x.ps1" in named else {}
    assert found == {"ScriptBlockText": script, "ScriptBlockId": identifier} | path
    script += "\r\n$b = 2\r\n$c: 3"
    cut = data_of_message(provider, "4104", f"{head}\r\n{script}")
    assert cut == {"ScriptBlockText": script}


def test_what_looks_like_a_field_of_sysmon_in_a_command_hides_no_other() -> None:
    command = 'cmd /c "a\r\n\r\nImage: x\r\nUtcTime: 2001-01-01 00:00:00.000\r\nParentImage: x\r\nb"'
    message = (
        "Process Create:\r\nRuleName: \r\nUtcTime: 2021-03-03 04:05:06.000\r\nImage: C:\\cmd.exe\r\n"
        f"CommandLine: {command}\r\nUser: x\r\nParentImage: C:\\w3wp.exe\r\nParentCommandLine: w3wp\r\na b"
    )
    assert data_of_message("Microsoft-Windows-Sysmon", "1", message) == {
        "UtcTime": "2021-03-03 04:05:06.000",
        "Image": r"C:\cmd.exe",
        "CommandLine": 'cmd /c "a',
        "User": "x",
        "ParentImage": r"C:\w3wp.exe",
        "ParentCommandLine": "w3wp\r\na b",
    }


def test_what_is_not_known_gives_nothing() -> None:
    message = CREATED["now"]
    assert data_of_message("Example", "4688", message) == {}
    assert data_of_message(SECURITY, "4625", message) == {}
    assert data_of_message(SECURITY, "4688", message.replace("0x13d8", "x")) == {}
    assert data_of_message(SECURITY, "4688", "") == {}
    assert data_of_message("Microsoft-Windows-PowerShell", "4104", "") == {}


@pytest.mark.parametrize("piece", ["\ta:", "\n\t", "a:\t", "\n\n", "a: \t\n", "\n" + "a" * 80, ":"])
def test_a_hostile_message_costs_little(piece: str) -> None:
    begun = time.process_time()
    for number in ("4688", "4698"):
        data_of_message(SECURITY, number, piece * 300_000)
    data_of_message("Microsoft-Windows-PowerShell", "4104", "a (1 of 1):\n" + piece * 300_000)
    data_of_message("Microsoft-Windows-Sysmon", "1", piece * 300_000)
    assert time.process_time() - begun < 10
