"""Path globs: what each sign stands for, and which forms of a path they are compared with."""

from __future__ import annotations

import pytest

from waspglass.evidence.globs import GlobIndex, comparable, comparable_forms, compile_globs
from waspglass.model.errors import PackError


def matches(glob: str, path: str) -> bool:
    return any(one.pattern.fullmatch(path.lower()) for one in compile_globs(glob))


@pytest.mark.parametrize(
    ("glob", "path", "fits"),
    [
        ("**/logfiles/*.log", "inetpub/logs/LogFiles/a.log", True),
        ("**/logfiles/*.log", "LogFiles/a.log", True),
        ("**/logfiles/*.log", "xLogFiles/a.log", False),
        ("**/logfiles/*.log", "LogFiles/W3SVC1/a.log", False),
        ("**/logfiles/{site}/*.log", "LogFiles/W3SVC1/a.log", True),
        ("**/logfiles/{site}/*.log", "LogFiles//a.log", False),
        ("**/logfiles/**", "LogFiles/W3SVC1/a.log", True),
        ("**/logfiles/**", "LogFiles", False),
        ("a/**/b.log", "a/b.log", True),
        ("a/**/b.log", "a/x/y/b.log", True),
        ("u_ex??????.log", "u_ex210301.log", True),
        ("u_ex??????.log", "u_ex2103.log", False),
        ("x?y", "x/y", False),
        ("**/*.{asp,aspx}", "a/b.aspx", True),
        ("**/*.{asp,aspx}", "a/b.asx", False),
        (r"\Windows\*.log", "windows/a.log", True),
        ("a+b(c).log", "A+B(C).LOG", True),
        ("*.log", "a\nb.log", True),
    ],
)
def test_what_a_glob_means(glob: str, path: str, fits: bool) -> None:
    assert matches(glob, path) is fits


@pytest.mark.parametrize("glob", ["{a", "a}", "{1}", "{x}/{x}", "{a,b}" * 10])
def test_a_glob_that_cannot_be_used_is_the_packs_fault(glob: str) -> None:
    with pytest.raises(PackError, match="glob"):
        compile_globs(glob)


def test_words_make_globs_of_their_own_and_blanks_beside_them_do_not_count() -> None:
    assert [one.extension for one in compile_globs("**/*.{asp, aspx}")] == [".asp", ".aspx"]
    assert [one.by_ending for one in compile_globs("**/*.{asp,aspx}")] == [True, True]
    assert [one.by_ending for one in compile_globs("**/x*.asp")] == [False]


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        (r"C:\Windows\x.log", "Windows/x.log"),
        (r"logs\x.log", "logs/x.log"),
        (r"\logs\x.log", "logs/x.log"),
        (r"C:x", "C:x"),
    ],
)
def test_a_path_as_globs_see_it(path: str, seen: str) -> None:
    assert comparable(path) == seen


@pytest.mark.parametrize(
    ("path", "forms"),
    [
        (r"C:\logs\x.log", ["logs/x.log"]),
        (r"C:\logs\x.log.gz", ["logs/x.log", "logs/x.log.gz"]),
        (r"C:\logs\x.log.1", ["logs/x.log", "logs/x.log.1"]),
        (r"C:\logs\old.zip\x.log", ["logs/x.log", "logs/old/x.log"]),
        (r"C:\logs\old.TAR.gz\in\x.log.gz", ["logs/in/x.log", "logs/old/in/x.log"]),
        (r"C:\logs\x.zip", ["logs/x.zip"]),
    ],
)
def test_forms_of_a_path(path: str, forms: list[str]) -> None:
    assert list(comparable_forms(path)) == forms


def test_the_named_parts_are_told_as_the_evidence_spells_them() -> None:
    index = GlobIndex([(7, one) for one in compile_globs("**/{site}/u_ex{day}.log")])
    assert index.owners("Logs/W3SVC1/u_ex210301.LOG") == {7: {"site": "W3SVC1", "day": "210301"}}
    # Lower case may be longer than what it was made of; the parts are then told as they were compared.
    assert index.owners("İ/W3SVC1/u_ex1.log") == {7: {"site": "w3svc1", "day": "1"}}


def test_a_name_that_is_an_extension_only_has_it() -> None:
    index = GlobIndex([(7, one) for one in compile_globs("**/*.log")])
    assert index.owners(".log") == index.owners("logs/.log") == {7: {}}
