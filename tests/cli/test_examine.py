"""`waspglass examine` as a user meets it: exit codes, streams, files, and messages instead of tracebacks."""

from __future__ import annotations

import html
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from waspglass.packs.load import built_in_packs

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
EXAMPLE = str(EXAMPLES / "patched-but-occupied")
OCCUPIED = ("examine", EXAMPLE, "--facts", f"{EXAMPLE}.facts.json")
TOO_LONG = "too long" if os.name == "posix" else ""
"""Windows says of a name of 300 characters that there is no such file."""
REPORTS = {"assessment.json", "report.html", "report.txt", "bundle.stix.json", "timeline.jsonl"}


def run(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "waspglass.cli", *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1"},
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_the_verdict_comes_first_and_is_the_exit_code() -> None:
    done = run(*OCCUPIED)
    assert done.stdout.lstrip().startswith("Patched but occupied: ")
    assert done.returncode == 30
    assert done.stderr == ""


def test_evidence_without_permission_is_unusable_and_no_wrong_use(tmp_path: Path) -> None:
    tmp_path.chmod(0)
    denied = "import os; os.access = lambda *_, **__: False"  # as it is anyway, but for root
    program = f"{denied}; from waspglass.cli.main import run; run()"
    done = subprocess.run([sys.executable, "-c", program, "examine", str(tmp_path)], capture_output=True, check=False)
    tmp_path.chmod(0o700)
    assert done.returncode == 3


def test_json_is_the_whole_of_standard_output_and_fits_the_schema() -> None:
    done = run(*OCCUPIED, "--format", "json")
    document = json.loads(done.stdout)
    assert document["schema"] == "waspglass/assessment/1"
    assert document["verdict"] == "occupied"
    names = ("host", "pack", "sentence", "lid", "rungs", "findings", "coverage", "skipped", "limits", "advice")
    assert set(names) <= set(document)
    assert document["rungs"] == ["probed", "exploited", "implanted", "used"]


def test_out_gets_all_reports_and_nothing_else(tmp_path: Path) -> None:
    done = run(*OCCUPIED, "--out", "report", cwd=tmp_path)
    assert done.returncode == 30
    assert {path.name for path in (tmp_path / "report").iterdir()} == REPORTS
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
    assert "report.html" in done.stdout


def test_german(tmp_path: Path) -> None:
    done = run(*OCCUPIED, "--lang", "de", "--out", str(tmp_path))
    assert done.stdout.lstrip().startswith("Gepatcht, aber besetzt: ")
    assert '<html lang="de"' in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("links")
def test_what_was_skipped_is_german_in_reports_and_the_same_for_scripts(tmp_path: Path) -> None:
    evidence = tmp_path / "evidence"
    shutil.copytree(EXAMPLES / "attempted", evidence)
    logs = next(evidence.rglob("u_ex210303.log")).parent
    for name, content in {
        "u_ex210306.log": b"a note\n",
        "u_ex210307.log": b"",
        "u_ex210308.log.gz": b"\x1f\x8b\x08\0aaaa",
        "u_ex210309.log": b"#Fields: date time cs-uri-stem\n",
        "old.7z": b"7z",
        "disk.vhdx": b"vhdx",
        "logs.zip": b"PK\3\4aaaa",
        "Copy of u_ex210303.log": (logs / "u_ex210303.log").read_bytes(),
        "unknown.json": b"{}",
    }.items():
        (logs / name).write_bytes(content)
    (logs / "u_ex210310.log").symlink_to("u_ex210303.log")
    found = {}
    for language in ("en", "de"):
        out = tmp_path / language
        run("examine", str(evidence), "--lang", language, "--out", str(out))
        found[language] = json.loads((out / "assessment.json").read_text(encoding="utf-8"))["skipped"]
    assert found["en"] == found["de"]
    details = {skip["detail"] for skip in found["de"] if skip.get("detail")}
    assert len(details) > 6
    for language, shown in (("en", True), ("de", False)):
        for name in ("report.txt", "report.html"):
            report = " ".join((tmp_path / language / name).read_text(encoding="utf-8").split())
            assert any(html.escape(detail) in report for detail in details) is shown, (language, name)


@pytest.mark.parametrize(("probes", "said"), [(20, "(24 log records since"), (150, "(at least 102 log records since")])
def test_of_more_records_than_are_kept_it_says_at_least(tmp_path: Path, probes: int, said: str) -> None:
    probe = "2021-03-03 03:{}:{} 192.0.2.10 POST /ecp/x.js - 443 - 203.0.113.5 x - 200 0 0 5"
    shutil.copytree(EXAMPLES / "attempted", tmp_path / "evidence")
    (log,) = tmp_path.rglob("u_ex210303.log")
    with log.open("a", encoding="utf-8") as file:
        file.writelines(f"{probe.format(10 + at // 60, 10 + at % 50)}\n" for at in range(probes))
    done = run("examine", str(tmp_path / "evidence"), "--facts", str(EXAMPLES / "attempted.facts.json"))
    assert said in " ".join(done.stdout.split())


def test_the_examples_give_what_stands_beside_them() -> None:
    expected_files = sorted(EXAMPLES.glob("*.expected.json"))
    assert expected_files
    for expected_file in expected_files:
        name = expected_file.name.removesuffix(".expected.json")
        done = run("examine", str(EXAMPLES / name), "--facts", str(EXAMPLES / f"{name}.facts.json"), "--format", "json")
        document = json.loads(done.stdout)
        expected = json.loads(expected_file.read_text(encoding="utf-8"))
        lives = [
            {key: life[key] for key in known}
            for life, known in zip(document["implants"], expected["implants"], strict=True)
        ]
        assert {key: document[key] for key in expected} | {"implants": lives} == expected


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("examine", "no-such-place"), 3, "no evidence to open"),
        (("examine", "{empty}"), 3, "no files"),
        (("examine", "{file}"), 40, ""),
        (("examine", "{file}", "--pack", "no-such-pack"), 4, "no-such-pack"),
        (("examine", "{file}", "--rules", "no-such-rules"), 4, "no rules"),
        (("examine", "{file}", "--pack", "p" * 300), 4, TOO_LONG),
        (("examine", "{file}", "--rules", "r" * 300), 4, TOO_LONG),
        (("trace", "{file}", "--against", "s" * 300), 2, TOO_LONG),
        (("examine", "{file}", "--facts", "no-such-facts"), 2, "facts"),
        (("examine", "{file}", "--since", "yesterday"), 2, "not a time"),
        (("examine", "{file}", "--since", "2021-03-02", "--until", "2021-03-01"), 2, "after"),
        (("examine", "{file}", "--out", "{file}"), 5, ""),
        (("examine", "{logs}", "--out", "{logs}/report"), 2, "into the evidence"),
        (("examine",), 2, "EVIDENCE"),
        (("examine", "{file}", "MX01", "--out", "report"), 2, "between quotes"),
        (("examine", "{broken}"), 3, "zip"),
        (("examine", ""), 2, "an argument is empty"),
        (("examine", "{file}", "--out", ""), 2, "an argument is empty"),
        (("examine", "-"), 2, "standard input is not read"),
        (("examine", "{file}", "--since", "0001-01-01T00:00:00+05:00"), 2, "not a time"),
        (("examine", "{file}", "--facts", "{early}"), 2, "calendar"),
        (("examine", "{file}", "--facts", "{late}"), 2, "no server ran then"),
    ],
)
def test_faults_have_a_message_and_a_code(tmp_path: Path, words: tuple[str, ...], code: int, message: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.log").write_text("just some words\n")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "x.log").write_text("just some words\n")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04" + b"\0" * 60)
    (tmp_path / "early.json").write_text('{"collected_at": "9999-12-31T23:00:00-05:00"}')
    (tmp_path / "late.json").write_text('{"builds": [{"build": "15.1.2106.2", "from": "9999-12-31T23:59:59Z"}]}')
    places = {
        "late": tmp_path / "late.json",
        "early": tmp_path / "early.json",
        "empty": tmp_path / "empty",
        "file": tmp_path / "file.log",
        "logs": tmp_path / "logs",
        "broken": tmp_path / "broken.zip",
    }
    done = run(*(word.format(**places) for word in words), cwd=tmp_path)
    assert done.returncode == code, done.stderr + done.stdout
    assert message in done.stderr


def test_what_keeps_reports_from_being_written_is_said_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.html").write_text("somebody else's")
    (tmp_path / "file").write_text("x")
    for out in (tmp_path / "out", tmp_path / "file", tmp_path / "file" / "below"):
        done = run(*OCCUPIED, "--out", str(out))
        assert (done.returncode, done.stdout) == (5, "")
        assert str(out) in done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["report.html"]


def test_a_windows_path_in_a_message_can_be_copied() -> None:
    assert run("examine", "C:\\inetpub\\logs").stderr.startswith("waspglass: C:\\inetpub\\logs: ")


def test_a_control_character_in_a_message_is_an_escape() -> None:
    assert "\\x1b[31mred" in run("examine", "\x1b[31mred").stderr


@pytest.mark.parametrize("words", ["examine --pack ", "pack check "])
def test_the_help_and_the_completion_name_every_pack_that_comes_along(words: str) -> None:
    described = run("examine", "--help").stdout
    asked = {"COMP_WORDS": f"waspglass {words}", "COMP_CWORD": "3", "_WASPGLASS_COMPLETE": "complete_bash"}
    completed = subprocess.run(
        [sys.executable, "-m", "waspglass.cli"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **asked},
    ).stdout
    assert all(name in described for name in built_in_packs())
    assert completed.split() == list(built_in_packs())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes any bytes as a name")
def test_names_that_are_not_utf8_are_shown_as_escapes(tmp_path: Path) -> None:
    for source, name in (
        (EXAMPLES / "own-pack" / "evidence", "M\udcfcller"),
        (EXAMPLES / "own-pack" / "sampleportal", "p\udcff"),
    ):
        shutil.copytree(source, tmp_path / name)
    out = tmp_path / "out\udcfe"
    # Relative, for the text is wrapped: a long path of the test's folder would be broken over two lines.
    done = run("examine", "M\udcfcller", "--pack", "p\udcff", "--out", out.name, cwd=tmp_path)
    assert "M\\udcfcller" in done.stdout
    assert "out\\udcfe/report.html" in done.stdout
    document = json.loads((out / "assessment.json").read_bytes())
    assert document["host"]["evidence"] == "M\\udcfcller"
    assert {path.name for path in out.iterdir()} == REPORTS


def test_hostile_names_reach_no_terminal(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as archive:
        archive.writestr("C/inetpub/logs/LogFiles/W3SVC1/u_ex\x1b[31m210303.log", "#Fields: date time cs-uri-stem\nx\n")
        archive.writestr("../../escape.aspx", "x")
        archive.writestr("C/a/x.log:y", "x")
    done = run("examine", str(tmp_path / "e.zip"), "--out", str(tmp_path / "out"))
    assert "\x1b" not in done.stdout + done.stderr
    for report in (tmp_path / "out").iterdir():
        assert b"\x1b" not in report.read_bytes()
    document = json.loads((tmp_path / "out" / "assessment.json").read_text(encoding="utf-8"))
    assert {"outside root", "special file"} <= {skip["reason"] for skip in document["skipped"]}
    assert not (tmp_path.parent / "escape.aspx").exists()


def test_a_rule_of_the_user_is_run_and_a_broken_one_is_told(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "mine.yml").write_text(
        "title: Health page\nid: 00000000-0000-4000-8000-000000000001\nlogsource: {category: webserver}\n"
        "detection:\n  s: {cs-uri-stem|contains: '/owa/'}\n  condition: s\nlevel: low\n"
    )
    broken = "title: Broken\nlogsource: {category: webserver}\ndetection: {condition: nothing}\n"
    (rules / "broken.yml").write_text(broken)
    done = run(*OCCUPIED, "--rules", str(rules), "--format", "json")
    document = json.loads(done.stdout)
    assert any(found["rule"] == "00000000-0000-4000-8000-000000000001" for found in document["review"])
    assert any("broken.yml" in skip["source"] for skip in document["skipped"])


def test_an_interrupt_leaves_no_half_written_report(tmp_path: Path) -> None:
    logs = tmp_path / "evidence" / "inetpub" / "logs" / "LogFiles" / "W3SVC1"
    logs.mkdir(parents=True)
    line = "2021-03-03 00:00:00 192.0.2.1 GET /owa/ - 443 - 10.0.0.1 Mozilla/5.0 - 200 0 0 1\n"
    header = "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) "
    with (logs / "u_ex210303.log").open("w") as log:
        log.write(header + "cs(Referer) sc-status sc-substatus sc-win32-status time-taken\n")
        log.writelines([line * 100_000] * 40)
    process = subprocess.Popen(
        [sys.executable, "-m", "waspglass.cli", "examine", str(tmp_path / "evidence"), "--out", str(tmp_path / "out")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
    )
    for _ in range(200):
        if list((tmp_path / "cache").rglob("*")):
            break  # The rules were read: it runs.
        time.sleep(0.1)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    if process.returncode == 130:
        assert errors.endswith(b"waspglass: interrupted\n")
        assert b"Traceback" not in errors
        assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
    else:
        # The machine was faster than the signal: then the report is whole.
        assert process.returncode in (0, 40)
        assert {path.name for path in (tmp_path / "out").iterdir()} == REPORTS


def test_the_package_can_be_run_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "waspglass", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split(" ")[0]) == (0, "waspglass")


def test_help_and_version_answer() -> None:
    assert "examine" in run("--help").stdout
    assert run("--version").stdout.startswith("waspglass ")
