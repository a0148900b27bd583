"""One fault a case: what is changed in the pack without faults, and which check must say so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.packs.conftest import Edit
from tests.packs.engine import fires
from waspglass.model.errors import PackError
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.check import check_pack
from waspglass.packs.issue import PackIssue, Severity
from waspglass.packs.load import load_pack

RULE = "sigma/page.yml"
FAULTS = {
    "missing key": ("pack.yml", ("licence: Apache-2.0\n", ""), "schema"),
    "licence": ("pack.yml", ("Apache-2.0", "'do what you want, really?'"), "licence"),
    "known-good file": ("pack.yml", ("cves:", "known_good: none.bin\ncves:"), "known-good"),
    "cve": ("pack.yml", ("CVE-2020-12345", "2020-12345"), "cve"),
    "no entry into an unknown line": (
        "pack.yml",
        ("cves:", "no_entry: [{product: Thong, cves: [CVE-2020-12345], text: {en: x, de: y}}]\ncves:"),
        "products",
    ),
    "no entry by another flaw": (
        "pack.yml",
        ("cves:", "no_entry: [{product: Thing, cves: [CVE-2020-54321], text: {en: x, de: y}}]\ncves:"),
        "products",
    ),
    "no entry without German": (
        "pack.yml",
        ("cves:", "no_entry: [{product: Thing, cves: [CVE-2020-12345], text: {en: x, de: ''}}]\ncves:"),
        "schema",
    ),
    "window without sources": ("pack.yml", (', sources: ["a report"]', ""), "source"),
    "duplicate key": ("artefacts.yml", ("    entry: true", "    entry: true\n    entry: true"), "duplicate-key"),
    "no kind shows an entry": ("artefacts.yml", ("    entry: true\n", ""), "entry"),
    "product page in capitals": (
        "artefacts.yml",
        ("kinds:", "product_pages: [/Start.aspx]\nkinds:"),
        "product-page",
    ),
    "former files of no kind": ("artefacts.yml", ("    entry: true", "    entry: true\n    earlier: iis-x"), "entry"),
    "former files of themselves": ("artefacts.yml", ("    entry: true", "    entry: true\n    earlier: iis"), "entry"),
    "required column misspelled": ("artefacts.yml", ("requires: [cs-uri-stem]", "requires: [cs-uri-stme]"), "column"),
    "required column in other case": ("artefacts.yml", ("requires: [cs-uri-stem]", "requires: [CS-Method]"), "column"),
    "witness of a misspelled column": (
        "artefacts.yml",
        ("    entry: true", "    entry: true\n    witness: {cs-uri-stm: ^/owa}"),
        "column",
    ),
    "column of the site misspelled": (
        "artefacts.yml",
        ("    entry: true", "    entry: true\n    site: s-siteidd"),
        "column",
    ),
    "aside does not compile": (
        "artefacts.yml",
        ("    entry: true", "    entry: true\n    aside: {cs-uri-stem: (x}"),
        "regex",
    ),
    "actor in a misspelled column": (
        "artefacts.yml",
        ("    entry: true", "    entry: true\n    actor: {address: [cip]}"),
        "column",
    ),
    "URL without a stroke at its beginning": (
        "artefacts.yml",
        ("title: {en: Web logs, de: Webprotokolle}", "title: {en: a, de: b}\nweb_roots: [{path: '**/x', url: x}]"),
        "glob",
    ),
    "URL with its server": (
        "artefacts.yml",
        (
            "title: {en: Web logs, de: Webprotokolle}",
            "title: {en: a, de: b}\nweb_roots: [{path: '**/x', url: 'http://x/y'}]",
        ),
        "glob",
    ),
    "product that nothing tells": ("signs.yml", ("", "products: [{product: thing, headers: []}]\n"), "products"),
    "content does not compile": ("artefacts.yml", ("'#Fields", "'(#Fields"), "regex"),
    "derived field without group": ("artefacts.yml", (r"token=(\w+)", r"token=\w+"), "regex"),
    "translation": ("artefacts.yml", ("de: Webprotokolle", "de: ' '"), "schema"),
    "empty German title": ("titles.yml", ("de: Eine Seite wurde aufgerufen", "de: ''"), "schema"),
    "build of three parts": ("builds.csv", ("1.0.1.2", "1.0.1"), "builds"),
    "build twice, with zeros": ("builds.csv", ("1.0.1.2", "1.00.01.001"), "builds"),
    "fix lost in part": ("builds.csv", ("R1,yes,a list", "R1,yes,a list\n1.0.1.3,Thing,R1,partly,a list"), "builds"),
    "fix lost under another name of the line": (
        "builds.csv",
        ("R1,yes,a list", "R1,yes,a list\n1.0.1.3,Thing,R2,no,a list"),
        "builds",
    ),
    "not affected beside a build that is": (
        "builds.csv",
        ("R1,yes,a list", "R1,yes,a list\n1.0.1.0,Thing,R1,not affected,a list"),
        "builds",
    ),
    "product without builds": ("pack.yml", ("products: [Thing]", "products: [Thong]"), "products"),
    "month that there is not": (
        "builds.csv",
        (
            "fixes,source\n1.0.1.1,Thing,R1,no,a list\n1.0.1.2,Thing,R1,yes,a list",
            "fixes,source,released\n1.0.1.1,Thing,R1,no,a list,2020-13\n1.0.1.2,Thing,R1,yes,a list,2020-02",
        ),
        "date",
    ),
    "advice without a condition": ("advice.yml", ("when: [always]", "when: []"), "condition"),
    "build without a number": ("builds.csv", ("1.0.1.2", "one"), "builds"),
    "no build with the fix": ("builds.csv", ("R1,yes", "R1,no"), "builds"),
    "build twice": ("builds.csv", ("1.0.1.2", "1.0.1.1"), "builds"),
    "fix lost again": ("builds.csv", ("a list\n1.0.1.2", "a list\n1.0.1.0,Thing,R1,yes,a list\n1.0.1.2"), "builds"),
    "row without source": ("timeline.csv", ("first seen,exploitation,a report", "first seen,exploitation,"), "source"),
    "unverified row": ("timeline.csv", ("quoted", "unverified"), "unverified"),
    "order of time": ("timeline.csv", ("2020-01-01", "2020-03-01"), "order"),
    "no date": ("timeline.csv", ("2020-01-01", "01.01.2020"), "date"),
    "rule without a German title": ("titles.yml", ("{rule: page,", "{rule: other,"), "title"),
    "event without German": ("timeline.csv", ("quoted,Patch", "quoted,"), "title"),
    "condition": ("advice.yml", ("always", "verdict:bad"), "condition"),
    "advice without source": ("advice.yml", ("    sources: [a book]\n", ""), "source"),
    "stray file": ("notes.txt", ("", "x"), "stray-file"),
    "glob with a stray brace": ("artefacts.yml", ("**/u_ex*.log", "**/{u_ex*.log"), "glob"),
    "glob with a name twice": ("artefacts.yml", ("**/u_ex*.log", "**/{a}/{a}/u_ex*.log"), "glob"),
    "glob that leads out": ("artefacts.yml", ("**/u_ex*.log", "../u_ex*.log"), "glob"),
    "glob with a drive": ("artefacts.yml", ("**/u_ex*.log", "C:/logs/u_ex*.log"), "glob"),
    "empty glob": ("artefacts.yml", ("**/u_ex*.log", ""), "glob"),
    "no product": ("pack.yml", ("products: [Thing]", "products: []"), "products"),
    "silence of infinite length": (
        "artefacts.yml",
        ("    entry: true", "    entry: true\n    gap_hours: 1e999"),
        "schema",
    ),
    "silence of no length": ("artefacts.yml", ("    entry: true", "    entry: true\n    gap_hours: 0"), "schema"),
    "field out of itself": ("artefacts.yml", ("source: [cs-uri-query]", "source: [token]"), "derive"),
    "file outside": ("pack.yml", ("cves:", "known_good: ../../x.bin\ncves:"), "known-good"),
    "indicators that are no JSON": ("indicators/x.json", ("", '{"objects": ['), "unreadable"),
    "empty list of values": (RULE, ("cs-uri-stem: /evil", "cs-uri-stem: /evil\n    sc-status: []"), "values"),
    "part that no condition asks for": (
        RULE,
        ("  condition:", "  filter:\n    sc-status: 404\n  condition:"),
        "condition",
    ),
    "sample outside": (RULE, ("samples/evil.log", "../../evil.log"), "sample"),
    "rule with a title twice": ("titles.yml", ("  - {", "  - {rule: page, de: Nochmal}\n  - {"), "title"),
    "rule is not YAML": (RULE, ("title: A page", "title: [A page"), "sigma"),
    "rule is not Sigma": (RULE, ("condition: page", "condition: nothing"), "sigma"),
    "rule without name": (RULE, ("name: page\n", ""), "name"),
    "logsource": (RULE, ("category: webserver", "category: fridge"), "logsource"),
    "no meaning": (RULE, ("waspglass:", "other:"), "meaning"),
    "rung": (RULE, ("rung: exploited", "rung: bad"), "meaning"),
    "effect": (RULE, ("rung: exploited", "rung: exploited\n  effect: bad"), "meaning"),
    "key of the block": (RULE, ("rung: exploited", "rung: exploited\n  colour: red"), "meaning"),
    "subject": (RULE, ("subject: implant", "subject: other"), "meaning"),
    "captured field": (RULE, ("{field: cs-uri-stem}", "{field: cs-uri-stme}"), "capture"),
    "placeholder in the first pass": (RULE, ("cs-uri-stem: /evil", "cs-uri-stem|expand: '%implant%'"), "placeholder"),
    "regex": (RULE, ("cs-uri-stem: /evil", "cs-uri-stem|re: '(a+)+'"), "regex"),
    "tag": (RULE, ("attack.t1190", "attack.T-1190"), "tag"),
    "no references": (RULE, ("references: [a report]\n", ""), "source"),
    "no sample": (RULE, ("fires: [samples/evil.log], ", ""), "sample"),
    "sample that is not there": (RULE, ("samples/evil.log", "samples/none.log"), "sample"),
    "does not fire": (RULE, ("cs-uri-stem: /evil", "cs-uri-stem: /other"), "fires"),
    "fires on what it must not": (RULE, ("cs-uri-stem: /evil", "cs-uri-stem|startswith: /"), "silent"),
}


def test_the_pack_without_faults_has_none(tiny: Edit) -> None:
    assert check_pack(tiny(), fires=fires) == ()


def test_files_of_git_are_no_stray_files(tiny: Edit) -> None:
    folder = tiny()
    for name in (".git/config", ".gitignore", "sigma/.DS_Store"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    assert check_pack(folder, fires=fires) == ()


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_found(tiny: Edit, case: str) -> None:
    name, change, check = FAULTS[case]
    issues = check_pack(tiny(name, change), fires=fires)
    assert check in [issue.check for issue in issues if issue.file == name], issues


def test_a_column_that_an_administrator_added_is_no_fault(tiny: Edit) -> None:
    assert (
        check_pack(tiny("artefacts.yml", ("requires: [cs-uri-stem]", "requires: [X-Forwarded-For, crypt-cipher]")))
        == ()
    )


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("pack.yml", ('version: "1"', "version: 1"), "pack.yml:3: error: version: must be a text; put it into quotes"),
        ("pack.yml", ("cves: [CVE-2020-12345]", "cves: CVE-2020-12345"), "cves: must be a list, as in [this, that]"),
        ("pack.yml", ("{en: A campaign, de: Eine Kampagne}", "A campaign"), "title: must be a mapping of keys"),
        ("artefacts.yml", ("de: Webprotokolle", "de: ''"), ":11: error: kinds.0.title.de: the text is empty"),
        ("builds.csv", ("1.0.1.2,Thing,R1,yes", "1.0.1.2,Thing,,yes"), "cumulative_update: the cell is empty"),
    ],
)
def test_a_fault_is_told_in_the_words_of_the_file(tiny: Edit, name: str, change: tuple[str, str], message: str) -> None:
    assert message in "\n".join(map(str, check_pack(tiny(name, change))))


def test_a_kind_that_counts_for_clean_has_a_rule_that_could_tell_an_entry(tiny: Edit) -> None:
    """Rules in a folder of another name, or none but for probes: the pack called a server clean that was entered."""
    said = "iis: says `entry: true`, and no rule for it shows more than a probe: all would be clean"
    told = PackIssue("artefacts.yml", 9, Severity.ERROR, "entry", said)
    for rung in ("rung: probed", "rung: exploited\n  effect: hint", "effect: context"):
        assert told in check_pack(tiny(RULE, ("rung: exploited", rung)))
    assert told in check_pack(tiny(RULE, None))
    half = (tiny() / RULE).read_text().split("waspglass:")[0]
    joined = JOIN % ("event_count", "rules: [page], condition: {gte: 1}")
    assert told not in check_pack(tiny(RULE, ("", f"{half}---\n{joined}")))
    between = joined.split("waspglass:")[0].replace("name: joined", "name: between")
    of_both = joined.replace("[page]", "[between]")
    assert told not in check_pack(tiny(RULE, ("", f"{half}---\n{between}---\n{of_both}")))


def test_a_kind_that_says_not_what_it_can_show(tiny: Edit) -> None:
    issues = check_pack(tiny("artefacts.yml", ("    shows: [probed, exploited, used]\n", "")))
    assert [(one.file, one.line, one.check) for one in issues] == [(RULE, 17, "kind")]


def test_what_is_passed_over_is_told_beside_samples_that_do_not_fire(tiny: Edit) -> None:
    skip = Skipped(source="page", reason=SkipReason.UNSUPPORTED_RULE, count=1, detail="no kind of log is the fridge")
    issues = check_pack(tiny(RULE, ("cs-uri-stem: /evil", "cs-uri-stem: /none")), fires=fires, unused=lambda _: (skip,))
    assert {one.check for one in issues} == {"fires", "unused"}


def test_an_actor_may_stand_in_a_field_that_the_kind_makes(tiny: Edit) -> None:
    made = "    derive: [{name: ctime, source: [cs-uri-query], regex: 'token=(\\w+)'}]\n    actor: {session: [ctime]}\n"
    before = "    derive: [{name: token, source: [cs-uri-query], regex: 'token=(\\w+)'}]\n"
    assert check_pack(tiny("artefacts.yml", (before, made)), fires=fires) == ()


@pytest.mark.parametrize("url", ['""', "/", "/x", "/x/", "/_layouts/15"])
def test_urls_that_folders_are_served_under(tiny: Edit, url: str) -> None:
    title = "title: {en: Web logs, de: Webprotokolle}"
    roots = f"{title}\nweb_roots: [{{path: '**/x', url: {url}}}]"
    assert check_pack(tiny("artefacts.yml", (title, roots)), fires=fires) == ()


def test_a_fault_names_its_line(tiny: Edit) -> None:
    issues = check_pack(tiny(RULE, ("subject: implant", "subject: other")))
    assert issues == (PackIssue(RULE, 20, Severity.ERROR, "meaning", "the subject 'other' is not captured"),)
    assert str(issues[0]) == "sigma/page.yml:20: error: the subject 'other' is not captured [meaning]"


@pytest.mark.usefixtures("links")
def test_rules_that_cannot_be_read_are_no_rules_that_are_not_there(tiny: Edit) -> None:
    """A pack of which a folder is closed would find nothing, and say so of every host."""
    folder = tiny()
    (folder / "sigma" / "gone.yml").symlink_to("nowhere")
    with pytest.raises(PackError, match=r"gone\.yml: there is no file"):
        load_pack(folder)
    (folder / "sigma" / "gone.yml").unlink()
    (folder / "sigma" / "more").symlink_to(folder)
    with pytest.raises(PackError, match="more: links to folders"):
        load_pack(folder)
    (folder / "sigma" / "more").unlink()

    def scandir(place: str) -> Iterator[os.DirEntry[str]]:
        if Path(place).name == "sigma":
            raise PermissionError(13, "Permission denied", str(place))
        return listed(place)

    listed = os.scandir
    with patch("os.scandir", scandir), pytest.raises(PackError, match="sigma: cannot read: Permission denied"):
        load_pack(folder)


def test_a_rule_that_is_no_text_names_its_line(tiny: Edit) -> None:
    folder = tiny()
    (folder / RULE).write_bytes(b"title: A page\nname: \xff\n")
    assert check_pack(folder) == (PackIssue(RULE, 2, Severity.ERROR, "schema", "not UTF-8"),)


def test_what_the_engine_passes_over_is_told_of_a_pack_without_errors(tiny: Edit) -> None:
    skip = Skipped(source=RULE, reason=SkipReason.UNSUPPORTED_RULE, count=2, detail="beyond us")
    message = "2 of its entries are never looked for: beyond us"
    told = PackIssue(RULE, None, Severity.WARNING, "unused", message)
    assert check_pack(tiny(), unused=lambda _: (skip,)) == (told,)
    assert told not in check_pack(tiny(RULE, ("rung: exploited", "rung: bad")), unused=lambda _: (skip,))


def test_two_rules_of_one_name(tiny: Edit) -> None:
    folder = tiny()
    (folder / "sigma" / "again.yml").write_text((folder / RULE).read_text())
    assert {issue.check for issue in check_pack(folder)} == {"name"}


def test_a_correlation_that_refers_to_nothing(tiny: Edit) -> None:
    folder = tiny()
    text = "title: T\nname: both\ncorrelation: {type: temporal, rules: [page, none], group-by: [x], timespan: 1m}\n"
    (folder / "sigma" / "both.yml").write_text(text)
    messages = [issue.message for issue in check_pack(folder) if issue.check == "reference"]
    assert messages == ["there is no rule 'none'"]


ID = "0e95725d-7320-415d-80f7-004da920fc12"
JOIN = """title: Joined
name: joined
description: D
references: [a report]
falsepositives: [none]
tags: [attack.t1190]
correlation: {type: %s, group-by: [cs-uri-stem], timespan: 5m, %s}
waspglass: {rung: exploited, samples: {fires: [samples/evil.log], silent: [samples/good.log]}}
"""
UNDERSTOOD = {
    "utf16le": (RULE, "cs-uri-stem: /evil", "cs-uri-stem: /evil\n    cs-uri-stem|utf16le|neq: x"),
    "a date": (RULE, "cs-uri-stem: /evil", "cs-uri-stem: /evil\n    cs-uri-stem|neq: 2020-01-02"),
    "range": ("sigma/j.yml", "", JOIN % ("event_count", "rules: [page], condition: {gt: 0, lte: 5}")),
    "by id": ("sigma/j.yml", "", JOIN % ("event_count", f"rules: [{ID}], condition: {{gte: 1}}")),
    "by the condition": ("sigma/j.yml", "", JOIN % ("temporal", "condition: page or page")),
    "generate": ("sigma/j.yml", "", JOIN % ("event_count", "rules: [page], condition: {gte: 1}") + "generate: true\n"),
}


@pytest.mark.parametrize("case", UNDERSTOOD)
def test_what_the_engine_understands_is_no_fault(tiny: Edit, case: str) -> None:
    name, old, new = UNDERSTOOD[case]
    folder = tiny(RULE, ("name: page\n", f"name: page\nid: {ID}\n"))
    text = (folder / name).read_text() if old else ""
    (folder / name).write_text(text.replace(old, new) if old else new)
    issues = check_pack(folder, fires=fires)
    assert [str(one) for one in issues if one.severity is Severity.ERROR] == []


def test_a_collection_is_checked_as_the_engine_spreads_it(tiny: Edit) -> None:
    folder = tiny()
    whole = (folder / RULE).read_text()
    own, shared = "title: A page was called\nname: page\n", "action: global\n"
    (folder / RULE).write_text(f"{shared}{whole.replace(own, '')}---\n{own}")
    assert check_pack(folder, fires=fires) == ()


def test_a_key_that_stands_twice_in_a_rule_names_its_line(tiny: Edit) -> None:
    folder = tiny(RULE, ("name: page\n", "name: page\nname: other\n"))
    (issue,) = (one for one in check_pack(folder) if one.file == RULE)
    assert (issue.line, issue.check, "stands twice" in issue.message) == (3, "sigma", True)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("implant: {field: cs-uri-stem}", "implant: cs-uri-stem", "for each name"),
        ("implant: {field: cs-uri-stem}", "implant: {regex: x}", "for each name"),
        ("implant: {field: cs-uri-stem}", "implant: {field: cs-uri-stem, regexp: x}", "for each name"),
        ("    implant: {field: cs-uri-stem}", "    - implant", "for each name"),
        ("waspglass:\n", "waspglass: x\nother:\n", "no mapping"),
    ],
)
def test_a_block_of_another_shape_is_told_in_words(tiny: Edit, old: str, new: str, said: str) -> None:
    issues = check_pack(tiny(RULE, (old, new)), fires=fires)
    assert [one for one in issues if one.check == "meaning" and said in one.message]
    assert "Error" not in " ".join(one.message for one in issues)


def test_a_regex_that_is_a_number_is_one_in_text(tiny: Edit) -> None:
    assert check_pack(tiny(RULE, ("{field: cs-uri-stem}", "{field: cs-uri-stem, regex: 5}"))) == ()


@pytest.mark.parametrize(("regex", "severity"), [("(a+)+", Severity.WARNING), ("(a", Severity.ERROR)])
def test_an_expression_that_the_engine_can_run_is_no_error(tiny: Edit, regex: str, severity: Severity) -> None:
    issues = check_pack(tiny(RULE, ("cs-uri-stem: /evil", f"cs-uri-stem|re: '{regex}'")))
    assert [one.severity for one in issues if one.check == "regex"] == [severity]


def test_a_sample_outside_of_the_pack_is_told_as_such(tiny: Edit) -> None:
    folder = tiny(RULE, ("samples/evil.log", "../evil.log"))
    (folder.parent / "evil.log").write_text("x")
    messages = [one.message for one in check_pack(folder) if one.check == "sample"]
    assert messages == ["the sample ../evil.log lies outside of the pack"]


def test_a_field_that_the_sample_lacks_is_named(tiny: Edit) -> None:
    issues = check_pack(tiny(RULE, ("cs-uri-stem: /evil", "cs-uri-stme: /evil")), fires=fires)
    assert ["no field cs-uri-stme" in one.message for one in issues if one.check == "fires"] == [True]


def test_a_sample_that_no_kind_knows_is_told_as_such(tiny: Edit) -> None:
    issues = check_pack(tiny("artefacts.yml", ("    content: '#Fields:[^\\r\\n]*cs-uri-stem'\n", "")), fires=fires)
    assert [(one.severity, one.check, "no kind" in one.message) for one in issues] == [
        (Severity.ERROR, "fires", True),
        (Severity.WARNING, "silent", True),
    ]


def test_a_follow_up_rule_without_placeholder(tiny: Edit) -> None:
    issues = check_pack(tiny(RULE, ("rung: exploited", "rung: exploited\n  phase: follow-up")))
    assert [issue.message for issue in issues] == ["a follow-up rule needs a placeholder"]


def test_yara_rules_are_checked_too(tiny: Edit) -> None:
    folder = tiny()
    (folder / "yara").mkdir()
    whole = 'rule one {\n  meta:\n    rung = "bad"\n  condition: true\n}\n'
    (folder / "yara" / "a.yar").write_text(f"{whole}rule two {{\n  condition: nothing\n}}\n")
    checks = {issue.check for issue in check_pack(folder) if issue.file == "yara/a.yar"}
    assert checks == {"yara", "meaning", "sample", "source"}
    assert [issue.line for issue in check_pack(folder) if issue.check == "yara"] == [7]


@pytest.mark.parametrize(
    "before", ["rule a { condition: true } ", 'import "pe" ', "/* why */ ", "rule a { condition: true }"]
)
def test_a_yara_rule_behind_something_on_its_line_is_checked(tiny: Edit, before: str) -> None:
    folder = tiny()
    (folder / "yara").mkdir()
    (folder / "yara" / "a.yar").write_text(f"{before}rule last {{ condition: true }}\n")
    assert "last: `meta` names no rung" in [one.message for one in check_pack(folder)]


def test_a_rule_that_names_nothing_is_told_where_it_does(tiny: Edit) -> None:
    folder = tiny(RULE, ("condition: page", "condition: nothing"))
    line = (folder / RULE).read_text().split("condition: nothing")[0].count("\n") + 1
    assert [(one.line, one.check) for one in check_pack(folder) if one.check == "sigma"] == [(line, "sigma")]


def test_yara_rules_are_read_as_the_compiler_reads_them(tiny: Edit) -> None:
    folder = tiny()
    (folder / "yara").mkdir()
    meta = r'rung = "implanted" title = "T" reference = "a \"report\"" '
    samples = 'fires = "samples/evil.log" silent = "samples/good.log"'
    helper = "/*\nrule old { condition: x }\n*/\nprivate rule helper { condition: true }\n"
    text = f"{helper}rule one {{ meta: {meta} {samples} condition: helper }}\n"
    (folder / "yara" / "a.yar").write_text(text)
    assert [str(issue) for issue in check_pack(folder) if issue.file == "yara/a.yar"] == []


def test_a_filter_is_checked_as_one(tiny: Edit) -> None:
    folder = tiny()
    body = "title: f\nlogsource: {category: webserver}\nfilter:\n  rules: any\n  selection: {cs-method: GET}\n"
    (folder / "sigma" / "filter.yml").write_text(f"{body}  condition: not selection\n")
    assert check_pack(folder) == ()
    (folder / "sigma" / "filter.yml").write_text(body)
    assert [issue.check for issue in check_pack(folder) if issue.file == "sigma/filter.yml"] == ["sigma"]


@pytest.mark.parametrize("name", ["pack.yml", "artefacts.yml"])
def test_a_missing_file(tiny: Edit, name: str) -> None:
    assert PackIssue(name, None, Severity.ERROR, "schema", "the file is missing") in check_pack(tiny(name, None))


@pytest.mark.parametrize("name", ["pack.yml", "artefacts.yml", "builds.csv", "timeline.csv", "advice.yml", RULE])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[", b"a: &a [*a]\n", b"{" * 5000, b"-", b"\x00"])
def test_hostile_content_gives_issues(tiny: Edit, name: str, content: bytes) -> None:
    folder: Path = tiny()
    (folder / name).write_bytes(content)
    assert any(issue.severity is Severity.ERROR for issue in check_pack(folder, fires=fires)) or name == RULE
