"""Which files are artefacts of which kind: by path, by content, and how fast paths agree with slow ones."""

from __future__ import annotations

import fnmatch
import gzip
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence.trees import tar_bytes, write_tree, zip_bytes
from waspglass.evidence.artefact import Artefact
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.globs import GlobIndex, comparable_forms, compile_globs
from waspglass.evidence.member import TreeFile
from waspglass.evidence.open import open_evidence
from waspglass.evidence.recognise import recognise
from waspglass.model.errors import PackError
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.pack import ArtefactKind, Translated

TITLE = Translated(en="x", de="x")
IIS = b"#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time cs-uri-stem\r\n"
PROXY = b"#Log-type: HttpProxy Logs\r\n"


def kind(name: str, format_: str, *paths: str, content: str | None = None) -> ArtefactKind:
    return ArtefactKind(kind=name, format=format_, paths=paths, content=content, title=TITLE)


KINDS = (
    kind("iis", "w3c", "**/logfiles/{site}/u_ex*.log", "**/u_ex*.log", content=r"(?m)^#Fields:.*cs-uri-stem"),
    kind("proxy-ecp", "csv", "**/logging/httpproxy/{ecp,owa}/*.log", content="HttpProxy Logs"),
    kind("proxy", "csv", "**/logging/httpproxy/{protocol}/*.log", content="HttpProxy Logs"),
    kind("config", "iis_config", "**/wwwroot/**/web.config"),
    kind("webfile", "web_file", "**/inetpub/wwwroot/**/*.{aspx,config}"),
    kind("task", "scheduled_task", "**/system32/tasks/**"),
)


def found(
    root: Path, kinds: Sequence[ArtefactKind] = KINDS
) -> tuple[list[tuple[str, str, dict[str, str]]], list[Skipped]]:
    artefacts, skips = [], []
    with open_evidence(root) as evidence:
        for item in recognise(evidence, kinds):
            if isinstance(item, Artefact):
                artefacts.append((item.kind, item.file.path, dict(item.attributes)))
            else:
                skips.append(item)
    return artefacts, skips


def test_by_path_with_attributes_without_regard_to_case_drive_and_folder_above(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "C/inetpub/logs/LogFiles/W3SVC1/u_ex210303.LOG": IIS,
            "D/Exch/V15/Logging/HttpProxy/Mapi/HttpProxy_1.LOG": PROXY,
            "D/Exch/V15/Logging/HttpProxy/Ecp/HttpProxy_1.LOG": PROXY,
            "C/Windows/System32/Tasks/Updater": b"<Task/>",
        },
    )
    assert found(tmp_path) == (
        [
            ("iis", r"C:\inetpub\logs\LogFiles\W3SVC1\u_ex210303.LOG", {"site": "W3SVC1"}),
            ("task", r"C:\Windows\System32\Tasks\Updater", {}),
            ("proxy-ecp", r"D:\Exch\V15\Logging\HttpProxy\Ecp\HttpProxy_1.LOG", {}),
            ("proxy", r"D:\Exch\V15\Logging\HttpProxy\Mapi\HttpProxy_1.LOG", {"protocol": "Mapi"}),
        ],
        [],
    )


def test_a_file_may_be_of_several_kinds_but_not_of_two_with_one_format(tmp_path: Path) -> None:
    write_tree(tmp_path, {"C/inetpub/wwwroot/app/web.config": b"<configuration/>"})
    assert [name for name, _, _ in found(tmp_path)[0]] == ["config", "webfile"]


def test_loose_logs_are_recognised_by_content_alone(tmp_path: Path) -> None:
    write_tree(tmp_path, {"server log from Bob.txt": IIS, "copy": PROXY, "notes.docx": b"hello"})
    artefacts, skips = found(tmp_path)
    assert [(name, path) for name, path, _ in artefacts] == [("proxy-ecp", "copy"), ("iis", "server log from Bob.txt")]
    assert [skip.reason for skip in skips] == [SkipReason.NOT_RECOGNISED]


def test_content_far_into_a_loose_file_is_found(tmp_path: Path) -> None:
    write_tree(tmp_path, {"log.txt": b"# a comment\r\n" * 1000 + IIS})
    assert [name for name, _, _ in found(tmp_path)[0]] == ["iis"]


def test_a_start_made_to_be_slow_is_not(tmp_path: Path) -> None:
    write_tree(tmp_path, {"LogFiles/a/u_ex1.log": b"#Fields:" * 8192})
    started = time.process_time()
    assert found(tmp_path, [kind("iis", "w3c", "**/u_ex*.log", content=r"#Fields:[^\r\n]*\bcs-uri-stem\b")])[0] == []
    assert time.process_time() - started < 3


def test_compressed_logs_and_members_of_archives_are_matched_as_if_they_lay_there(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "C/logs/LogFiles/W3SVC1/u_ex1.log.gz": gzip.compress(IIS),
            "C/logs/LogFiles/W3SVC1/old.zip": zip_bytes({"u_ex2.log": IIS}),
            "C/logs/LogFiles/W3SVC2.zip": zip_bytes({"u_ex3.log": IIS}),
            "C/logs/LogFiles/W3SVC4/old.log.gz": gzip.compress(zip_bytes({"u_ex4.log": IIS})),
            "C/backup.zip": zip_bytes({"some.txt": IIS}),
        },
    )
    assert sorted((path.rpartition("\\")[2], attributes) for _, path, attributes in found(tmp_path)[0]) == [
        ("some.txt", {}),
        ("u_ex1.log.gz", {"site": "W3SVC1"}),
        ("u_ex2.log", {"site": "W3SVC1"}),
        ("u_ex3.log", {"site": "W3SVC2"}),
        ("u_ex4.log", {"site": "W3SVC4"}),
    ]


ROTATED = (
    *(
        "u_ex1.log.1",
        "u_ex2.log.old",
        "u_ex3.LOG_OLD",
        "u_ex4.log-20210303",
        "u_ex5.log.bak",
        "u_ex6.log.",
        "u_ex7.log ",
    ),
    *("u_ex8.log.gz", "u_ex9.log.gz.1", "u_exA.log.2.gz", "u_exB.log-20210303.gz", "u_exD.log.gz."),
    "0005000000001A_u_exC.log_{00000000-0000-0000-0000-000000000000}.data",
)


@pytest.mark.parametrize("name", ROTATED)
def test_rotated_and_renamed_logs_are_the_logs_that_they_were(tmp_path: Path, name: str) -> None:
    content = gzip.compress(IIS) if ".gz" in name else IIS
    write_tree(tmp_path, {f"C/LogFiles/W3SVC1/{name}": content})
    artefacts, skips = found(tmp_path)
    assert (len(artefacts), skips) == (1, [])
    assert artefacts[0][0] == "iis"
    with open_evidence(tmp_path) as evidence, next(iter(evidence.files())).open() as stream:
        assert stream.read() == IIS


@pytest.mark.parametrize(
    "name",
    [
        *("u_ex1.log.1", "U_EX1.LOG.BAK", "u_ex1.log-20210303", "u_ex1.log.gz", "u_ex1.log.gz.1"),
        *("u_ex1 - Copy.log", "u_ex1 - Kopie (2).log", "U_EX1 (12).LOG"),
    ],
)
def test_a_copy_beside_its_log_is_not_read_again_unless_one_byte_differs(tmp_path: Path, name: str) -> None:
    log = IIS + b"# filled\r\n" * 200_000
    for content, number in ((log, 1), (log[:-3] + b"x\r\n", 2), (log[:-9], 1), (log + b"x", 2), (b"", 1)):
        write_tree(tmp_path, {f"C/LogFiles/W3SVC1/{name}": gzip.compress(content) if ".gz" in name else content})
        write_tree(tmp_path, {"C/LogFiles/W3SVC1/u_ex1.log": log})
        assert len(found(tmp_path)[0]) == number
    write_tree(tmp_path, {f"C/LogFiles/W3SVC1/{name}": gzip.compress(log) if ".gz" in name else log})
    with open_evidence(tmp_path) as evidence:
        assert [file.path.rpartition("\\")[2] for file in evidence.files()] == ["u_ex1.log"]
        assert [skip.reason for skip in evidence.skipped()] == [SkipReason.SAME_FILE]


def test_a_copy_called_before_its_log_is_one_and_copies_of_pages_are_pages(tmp_path: Path) -> None:
    logs = ("u_ex1.log", "Kopie von u_ex1.log", "u_ex2 (2).log")
    write_tree(tmp_path, {f"C/LogFiles/W3SVC1/{name}": IIS for name in logs})
    write_tree(tmp_path, {f"C/inetpub/wwwroot/{name}": b"<%" for name in ("a.aspx", "a - Copy.aspx")})
    names = {path.rpartition("\\")[2] for _, path, _ in found(tmp_path)[0]}
    assert names == {"a.aspx", "a - Copy.aspx", "u_ex1.log", "u_ex2 (2).log"}


def test_pages_that_hide_behind_names_which_windows_passes_over(tmp_path: Path) -> None:
    names = ("a.aspx.", "b.aspx ", "sub. /c.aspx", "aux.aspx")
    write_tree(tmp_path, {f"C/inetpub/wwwroot/{name}": b"<%" for name in names})
    assert sorted(path.rpartition("wwwroot\\")[2] for _, path, _ in found(tmp_path)[0]) == [
        *("a.aspx.", "aux.aspx", "b.aspx ", r"sub. \c.aspx"),
    ]


JSON = kind("json", "event_json", "**/*.json", content='"EventID"')


def test_what_merely_ends_like_an_export_is_not_told_file_by_file(tmp_path: Path) -> None:
    write_tree(tmp_path, {f"{folder}{n}.json": b"{}" for folder in ("", "C/app/") for n in range(3)})
    write_tree(tmp_path, {"C/x/events.json": b'{"EventID":1}'})
    artefacts, skips = found(tmp_path, [JSON])
    assert [path for _, path, _ in artefacts] == [r"C:\x\events.json"]
    assert [(skip.source, skip.count) for skip in skips] == [("*.json", 3)]


def test_what_may_hold_evidence_and_is_not_opened_is_told_once(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "MX01.E01": b"EVF\x09\x0d\x0a\xff\x00",
            "disks/MX01.vhdx": b"vhdxfile",
            "case.plaso": b"SQLite format 3\0",
            "General.7z": b"7z\xbc\xaf\x27\x1c",
            "parts/c.zip.001": b"PK\x03\x04",
            "nobody opens this": zip_bytes({"x": b""}),
            "opened.zip": zip_bytes({"C/LogFiles/W3SVC1/u_ex1.log": IIS}),
        },
    )
    artefacts, skips = found(tmp_path)
    assert [name for name, _, _ in artefacts] == ["iis"]
    assert [(skip.source, skip.count) for skip in skips] == [("*", 1)]
    with open_evidence(tmp_path) as evidence:
        list(evidence.files())
        assert [(skip.source, (skip.detail or "")[:20]) for skip in evidence.skipped()] == [
            ("case.plaso", "a storage file of pl"),
            (r"disks\MX01.vhdx", "an image of a disk i"),
            ("General.7z", "archives of this kin"),
            ("MX01.E01", "an image of a disk i"),
            (r"parts\c.zip.001", "parts of an archive "),
        ]


@pytest.mark.parametrize("folder", ["", "C/backup/"])
def test_what_is_named_like_an_archive_and_is_none_that_is_read_is_told_once(tmp_path: Path, folder: str) -> None:
    rar, image = b"Rar!\x1a\x07\x01\0", b"EVF\x09\x0d\x0a\xff\x00"
    aff4 = zip_bytes({"container.description": b"x", "C/LogFiles/W3SVC1/u_ex1.log": IIS})
    write_tree(tmp_path, {f"{folder}a.zip": rar, f"{folder}b.gz": gzip.compress(image), f"{folder}c.zip": aff4})
    assert found(tmp_path) == ([], [])
    with open_evidence(tmp_path) as evidence:
        list(evidence.files())
        told = [(skip.source.rpartition("\\")[2], skip.detail) for skip in evidence.skipped()]
    assert told == [
        ("a.zip", "by its content: archive of a kind that is not read"),
        ("b.gz", "by its content: disk image"),
        ("c.zip", "by its content: disk image"),
    ]


@pytest.mark.parametrize("name", ["MX01.tar", "MX01.zip", "old.tar.gz", "old.zip.gz", "logs/u_ex1.log.gz"])
def test_a_log_in_an_archive_is_one_log_however_it_is_packed(tmp_path: Path, name: str) -> None:
    """Packed without compression, the archive itself holds the words of a log, and lies where single logs do."""
    log = {"C/LogFiles/W3SVC1/u_ex1.log": IIS}
    packed = tar_bytes(log) if ".tar" in name else zip_bytes(log)
    write_tree(tmp_path, {name: gzip.compress(packed) if name.endswith(".gz") else packed})
    ((kind_, path, _),), skips = found(tmp_path)
    assert (kind_, path) == ("iis", name.replace("/", "\\") + r"\C\LogFiles\W3SVC1\u_ex1.log")
    assert skips == []


def test_what_a_mac_adds_to_a_copy_is_no_log(tmp_path: Path) -> None:
    double = b"\0\5\x16\7\0\2\0\0Mac OS X        "
    folder = "C/LogFiles/W3SVC1"
    write_tree(
        tmp_path,
        {
            f"{folder}/u_ex1.log": IIS,
            f"{folder}/._u_ex1.log": double,
            f"{folder}/._u_ex2.log": b"wiped",
            "C/inetpub/wwwroot/._page.aspx": double + b"<%@ Page %>",
            ".DS_Store": b"\0\0\0\1Bud1",
        },
    )
    artefacts, skips = found(tmp_path)
    named = {name: path.rpartition("\\")[2] for name, path, _ in artefacts}
    assert named == {"iis": "u_ex1.log", "webfile": "._page.aspx"}
    assert [(skip.reason, skip.source) for skip in skips] == [(SkipReason.NOT_RECOGNISED, "*.log")]
    assert "._u_ex2.log" in (skips[0].detail or "")


def test_an_archive_under_another_name_is_told_and_is_no_log(tmp_path: Path) -> None:
    write_tree(tmp_path, {"MX01": tar_bytes({"u_ex1.log": IIS}), "u_ex2.log": zip_bytes({"u_ex2.log": b"x"})})
    artefacts, skips = found(tmp_path)
    assert artefacts == []
    assert ["an archive" in (skip.detail or "") for skip in skips] == [True, True]


@pytest.mark.parametrize("name", ["a.gz", "C/LogFiles/W3SVC1/u_ex1.log.gz", "sub/a.tar.gz.gz"])
def test_what_is_compressed_twice_is_told(tmp_path: Path, name: str) -> None:
    write_tree(tmp_path, {name: gzip.compress(gzip.compress(IIS)), "b.log": IIS})
    with open_evidence(tmp_path) as evidence:
        assert [item.file.path for item in recognise(evidence, KINDS) if isinstance(item, Artefact)] == ["b.log"]
        ((source, detail),) = [(skip.source, skip.detail) for skip in evidence.skipped()]
    assert (source.replace("\\", "/").removeprefix("C:/"), detail) == (
        name.removeprefix("C/"),
        "it is compressed twice; unpack it once",
    )


def test_a_file_whose_content_belies_its_place_is_a_skip_that_says_so(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "C/LogFiles/W3SVC1/u_ex1.log": b"wiped",
            "C/LogFiles/W3SVC1/u_ex2.log": b"",
            "C/LogFiles/W3SVC1/u_ex3.log": PROXY,
        },
    )
    artefacts, skips = found(tmp_path)
    assert [(name, path) for name, path, _ in artefacts] == [("proxy-ecp", r"C:\LogFiles\W3SVC1\u_ex3.log")]
    assert [(skip.source, skip.reason) for skip in skips] == [
        (r"C:\LogFiles\W3SVC1\u_ex1.log", SkipReason.NOT_RECOGNISED),
        (r"C:\LogFiles\W3SVC1\u_ex2.log", SkipReason.EMPTY),
    ]


def test_unknown_logs_are_counted_by_extension(tmp_path: Path) -> None:
    write_tree(tmp_path, {f"C/app/{number}.log": b"something else" for number in range(7)} | {"C/app/x.dll": b"MZ"})
    artefacts, (skip,) = found(tmp_path)
    assert artefacts == []
    assert (skip.source, skip.reason, skip.count) == ("*.log", SkipReason.NOT_RECOGNISED, 7)
    assert r"C:\app\0.log" in (skip.detail or "")


def test_what_a_collector_wrote_of_its_work_is_no_unknown_log(tmp_path: Path) -> None:
    velociraptor = (
        "collection_context.json",
        "client_info.json",
        "log.json",
        "logs.csv",
        "requests.json",
        "uploads.json",
        "uploads.json.index",
    )
    kape = [f"2023-05-04T11_51_06_5397121_{end}" for end in ("ConsoleLog.txt", "CopyLog.csv", "SkipLog.csv.csv")]
    write_tree(tmp_path, dict.fromkeys((*velociraptor, *kape), b'{"x": 1}\n') | {"events.json": b'{"x": 1}\n'})
    _, skips = found(tmp_path)
    assert [(skip.source, skip.count) for skip in skips] == [("*.json", 1)]


def test_a_log_that_is_only_called_like_that_of_a_collector_is_told(tmp_path: Path) -> None:
    write_tree(tmp_path, dict.fromkeys(("log.json", "logs.csv", "requests.json"), b'{"x": 1}\n'))
    _, skips = found(tmp_path)
    assert [(skip.source, skip.count) for skip in skips] == [("*.csv", 1), ("*.json", 2)]


def test_artefacts_come_while_the_tree_is_walked(tmp_path: Path) -> None:
    write_tree(tmp_path, {f"C/LogFiles/W3SVC1/u_ex{number}.log": IIS for number in range(30)})

    class Counting:
        root = tmp_path
        met = 0

        def files(self) -> Iterator[TreeFile]:
            with open_evidence(tmp_path) as evidence:
                for file in evidence.files():
                    self.met += 1
                    yield TreeFile(file.path, file.size, file.modified, file.local, file.open)

        def skipped(self) -> tuple[Skipped, ...]:
            return ()

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *exc: object) -> None:
            return None

    evidence = Counting()
    assert isinstance(next(recognise(evidence, KINDS)), Artefact)
    assert evidence.met == 1


def test_a_file_that_cannot_be_read_is_a_skip(tmp_path: Path) -> None:
    class Broken:
        root = tmp_path

        def files(self) -> Iterator[TreeFile]:
            def fail() -> object:
                raise EvidenceReadError("the compressed data is damaged", reason=SkipReason.DAMAGED)

            yield TreeFile(r"C:\LogFiles\a\u_ex1.log", 10, None, None, fail)  # type: ignore[arg-type]  # never returns
            yield TreeFile("loose.log", 10, None, None, fail)  # type: ignore[arg-type]  # never returns

        def skipped(self) -> tuple[Skipped, ...]:
            return ()

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *exc: object) -> None:
            return None

    skips = list(recognise(Broken(), KINDS))
    assert [skip.reason for skip in skips if isinstance(skip, Skipped)] == [SkipReason.DAMAGED] * 2


@pytest.mark.parametrize("glob", ["**/{a", "a}b", "{a}/{a}", "{}", "{1x}", "{" + "a," * 600 + "b}"])
def test_globs_that_mean_nothing_are_faults_of_the_pack(glob: str) -> None:
    with pytest.raises(PackError):
        compile_globs(glob)


def test_a_content_expression_that_is_not_valid_is_a_fault_of_the_pack(tmp_path: Path) -> None:
    write_tree(tmp_path, {"C/x.log": b"x"})
    with open_evidence(tmp_path) as evidence, pytest.raises(PackError, match="content"):
        list(recognise(evidence, [kind("x", "x", content="(")]))


PARTS = st.sampled_from(["logs", "Exchange Server", "v15", "a.b", "W3SVC1", "ü", "x"])
NAMES = st.sampled_from(["u_ex1.log", "web.config", "page.aspx", "archive.tar.gz", "noext", ".hidden", "a.B.LOG"])
PATHS = st.tuples(st.lists(PARTS, max_size=4), NAMES).map(lambda pair: "/".join([*pair[0], pair[1]]))
PIECES = st.sampled_from(["logs", "*", "w3svc?", "v1*", "a.b", "ü", "e*server"])
ENDS = st.sampled_from(["*.log", "u_ex*.log", "web.config", "*", "*.*", "n*", "*.gz", "page.asp?"])
GLOBS = st.tuples(st.booleans(), st.lists(PIECES, max_size=3), ENDS).map(
    lambda parts: ("**/" if parts[0] else "") + "/".join([*parts[1], parts[2]])
)


def naive_match(glob: str, path: str) -> bool:
    """One component after another, by the standard library's fnmatch."""
    deep = glob.startswith("**/")
    pieces, parts = glob.removeprefix("**/").split("/"), path.lower().split("/")
    if len(parts) < len(pieces) or (not deep and len(parts) != len(pieces)):
        return False
    return all(
        re.fullmatch(fnmatch.translate(piece), part)
        for piece, part in zip(pieces, parts[len(parts) - len(pieces) :], strict=True)
    )


@given(st.lists(GLOBS, min_size=1, max_size=6), st.lists(PATHS, min_size=1, max_size=6))
def test_the_index_finds_what_comparing_every_glob_finds(globs: list[str], paths: list[str]) -> None:
    index = GlobIndex([(number, one) for number, glob in enumerate(globs) for one in compile_globs(glob)])
    for path in paths:
        wanted = [number for number, glob in enumerate(globs) if naive_match(glob, path)]
        assert list(index.owners(path)) == wanted


@given(st.text(max_size=40))
def test_any_path_has_a_form(path: str) -> None:
    forms = list(comparable_forms(path))
    assert 1 <= len(forms) <= 2
    assert not any("\\" in form for form in forms)


def test_a_flood_of_empty_logs_is_named_in_part_and_counted(tmp_path: Path) -> None:
    names = {f"C/inetpub/logs/LogFiles/W3SVC1/u_ex{number:06}.log": b"" for number in range(300)}
    with open_evidence(write_tree(tmp_path, names)) as evidence:
        skips = [one for one in recognise(evidence, KINDS) if isinstance(one, Skipped)]
    assert sum(one.count for one in skips) == 300
    assert len(skips) == 201
