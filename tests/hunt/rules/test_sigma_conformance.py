"""What the Sigma specification says of modifiers, values and conditions, on records that must and must not match."""

from __future__ import annotations

import base64
import json

import pytest

from tests.hunt.evidence import artefact, both, pack, sigma
from waspglass.hunt.outcome.result import HuntResult
from waspglass.hunt.rules.languages import language_of
from waspglass.hunt.rules.load import load_rules
from waspglass.packs.pack import RuleSource

Fields = dict[str, object]


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def hunted(detection: str, records: list[Fields]) -> HuntResult:
    rule = sigma(detection, logsource="product: windows", title="r")
    rules = load_rules(pack(), [RuleSource(path="u.yml", text=rule, origin="user")])
    base = {"Channel": "Security", "EventID": 1, "EventTime": "2021-03-03T01:02:03Z"}
    return both([artefact("events", "".join(f"{json.dumps({**base, **one})}\n" for one in records))], rules)


SPECIFIED = [
    ("plain", "F: abc", ["abc", "ABC"], ["abcd", "xabc", ""]),
    ("contains", "F|contains: bc", ["abcd", "BC"], ["b c"]),
    ("starts", "F|startswith: ab", ["abc", "AB"], ["xab"]),
    ("ends", "F|endswith: ab", ["cab", "AB"], ["abx"]),
    ("all", "F|contains|all: [a, b]", ["ab", "ba"], ["a", "b"]),
    ("all startswith/endswith", "F|startswith|all: [a, ab]", ["ab"], ["a"]),
    ("cased", "F|cased: aB", ["aB"], ["ab", "AB"]),
    ("contains cased", "F|contains|cased: aB", ["xaBx"], ["xabx"]),
    ("cased contains", "F|cased|contains: aB", ["xaBx"], ["xabx"]),
    ("re", "F|re: '^a.c$'", ["abc"], ["ABC", "abcd"]),
    ("re i", "F|re|i: '^a.c$'", ["abc", "ABC"], ["abcd"]),
    ("re m", "F|re|m: '^b$'", ["a\nb\nc"], ["abc"]),
    ("re no m", "F|re: '^b$'", ["b"], ["a\nb\nc"]),
    ("re s", "F|re|s: 'a.b'", ["a\nb"], ["ab"]),
    ("re no s", "F|re: 'a.b'", ["axb"], ["a\nb"]),
    ("re ims", "F|re|i|m|s: '^A.B$'", ["x\na\nb\ny"], ["ab"]),
    ("re contains", "F|re|contains: 'b+'", ["abbb"], ["ac"]),
    ("re list", "F|re: ['^a','z$']", ["a1", "1z"], ["ba"]),
    ("re all", "F|re|all: ['^a','z$']", ["a1z"], ["a", "z"]),
    ("re lookahead", "F|re: '^(?!evil).*x'", ["goodx"], ["evilx"]),
    ("re inline", "F|re: '(?i)abc'", ["xABCx"], ["ab"]),
    ("re posix", "F|re: 'a\\d{2,3}\\.b'", ["a12.b"], ["a1.b"]),
    ("base64", "F|base64: abc", [_b64(b"abc")], ["abc"]),
    ("base64 contains", "F|base64|contains: foobar", ["x" + _b64(b"foobar") + "x"], ["foobar"]),
    (
        "base64offset",
        "F|base64offset|contains: 'http://'",
        [_b64(b"http://x"), _b64(b"1http://x"), _b64(b"12http://x")],
        ["http://"],
    ),
    (
        "utf16le b64o",
        "F|utf16le|base64offset|contains: 'http://'",
        [_b64("http://x".encode("utf-16le")), _b64(b"1" + "http://x".encode("utf-16le"))],
        [_b64(b"http://x")],
    ),
    (
        "wide b64o",
        "F|wide|base64offset|contains: 'http://'",
        [_b64("http://x".encode("utf-16le"))],
        [_b64(b"http://x")],
    ),
    (
        "utf16be b64",
        "F|utf16be|base64offset|contains: 'http://'",
        [_b64("http://x".encode("utf-16be"))],
        [_b64(b"http://x")],
    ),
    (
        "utf16 b64",
        "F|utf16|base64: 'abc'",
        [_b64(b"\xff\xfe" + "abc".encode("utf-16le"))],
        [_b64("abc".encode("utf-16le"))],
    ),
    ("utf16le plain", "F|utf16le: cmd", ["c\0m\0d\0"], ["cmd"]),
    ("utf16be plain", "F|utf16be: cmd", ["\0c\0m\0d"], ["cmd"]),
    ("utf16 plain", "F|utf16|contains: cmd", ["\ufeffc\0m\0d\0"], ["cmd"]),
    ("wide plain", "F|wide: cmd", ["c\0m\0d\0"], ["cmd"]),
    ("windash", "F|windash|contains: ' -foo'", ["x -foo", "x /foo", "x –foo", "x —foo", "x ―foo"], ["x foo"]),
    ("contains windash", "F|contains|windash: ' -foo'", ["x -foo", "x /foo", "x –foo"], ["x foo"]),
    ("windash all", "F|contains|windash|all: [' -foo',' -bar']", ["x /bar -foo"], ["x -foo"]),
    ("windash dashes", "F|windash|contains: ' –foo'", ["x -foo", "x /foo", "x –foo", "x —foo", "x ―foo"], ["x foo"]),
    ("windash inside a word", "F|windash|contains: ' –f a–x'", ["y -f a–x"], ["y -f a-x"]),
    ("windash cased", "F|cased|windash: '-A'", ["-A", "/A"], ["-a", "/a"]),
    ("windash slash", "F|windash: '/f'", ["-f", "/f"], ["f"]),
    ("cidr4", "F|cidr: 10.0.0.0/8", ["10.1.2.3"], ["11.1.1.1", "x", "", "10.1.2.3x"]),
    ("cidr list", "F|cidr: [10.0.0.0/8, 192.168.0.0/16]", ["10.1.2.3", "192.168.1.1"], ["11.1.1.1"]),
    ("cidr6", "F|cidr: 'fe80::/10'", ["fe80::1", "FE80:0:0:0::5", "fe80::1%12"], ["2001::1", "10.0.0.1"]),
    ("cidr6b", "F|cidr: '2001:db8::/32'", ["2001:db8::1", "2001:0db8:0::1"], ["2001:db9::1"]),
    ("cidr mapped", "F|cidr: 10.0.0.0/8", ["::ffff:10.1.2.3"], ["::ffff:11.1.1.1", "::ffff:a01:203%x.y"]),
    ("cidr /20", "F|cidr: 10.16.16.0/20", ["10.16.31.1"], ["10.16.32.1"]),
    ("cidr host", "F|cidr: 10.0.0.1", ["10.0.0.1"], ["10.0.0.2"]),
    ("lt", "F|lt: 5", ["4", "4.9", "-1"], ["5", "x", "", "6"]),
    ("lte", "F|lte: 5", ["4", "5", "5.0"], ["5.1"]),
    ("gt", "F|gt: 5", ["6", "5.5"], ["5", "x"]),
    ("gte", "F|gte: 5", ["5", "6"], ["4"]),
    ("gt json int", "F|gt: 5", [{"F": 6}], [{"F": 5}]),
    ("gt nan", "F|gt: 5", ["6"], ["nan", "1_000", "  "]),
    ("lt float", "F|lt: 0.5", ["0.4"], ["0.5"]),
    ("gt hex", "F|gte: 16", ["16"], ["0xf"]),
    ("minute", "F|minute: 2", ["2021-03-03T01:02:03Z"], ["2021-03-03T02:01:02Z", "x"]),
    ("hour", "F|hour: 1", ["2021-03-03T01:02:03Z"], ["2021-03-03T02:01:02Z"]),
    ("day", "F|day: 3", ["2021-03-03T01:02:03Z"], ["2021-03-04T01:02:03Z"]),
    ("week", "F|week: 9", ["2021-03-03T01:02:03Z"], ["2021-03-14T01:02:03Z"]),
    ("month", "F|month: 3", ["2021-03-03T01:02:03Z"], ["2021-04-03T01:02:03Z"]),
    ("year", "F|year: 2021", ["2021-03-03T01:02:03Z"], ["2022-03-03T01:02:03Z"]),
    ("hour list", "F|hour: [1,2]", ["2021-03-03T01:02:03Z", "2021-03-03T02:02:03Z"], ["2021-03-03T03:01:02Z"]),
    ("hour gte", "F|hour|gte: 22", ["2021-03-03T23:02:03Z", "2021-03-03T22:02:03Z"], ["2021-03-03T03:01:02Z"]),
    ("hour lt", "F|hour|lt: 6", ["2021-03-03T03:02:03Z"], ["2021-03-03T23:01:02Z"]),
    ("hour neq", "F|hour|neq: 6", ["2021-03-03T03:02:03Z"], ["2021-03-03T06:01:02Z"]),
    ("exists", "F|exists: true", ["x"], [{}]),
    ("exists no", "F|exists: false", [{}], ["x"]),
    ("exists empty", "F|exists: true", ["x"], [{"F": None}]),
    ("fieldref", "F|fieldref: G", [{"F": "a", "G": "A"}], [{"F": "a", "G": "b"}, {"F": "a"}, {"G": "a"}, {}]),
    ("fieldref starts", "F|fieldref|startswith: G", [{"F": "abc", "G": "A"}], [{"F": "a", "G": "ab"}]),
    ("fieldref ends", "F|fieldref|endswith: G", [{"F": "abc", "G": "c"}], [{"F": "a", "G": "ab"}]),
    ("fieldref contains", "F|fieldref|contains: G", [{"F": "abc", "G": "b"}], [{"F": "a", "G": "ab"}]),
    ("fieldref neq", "F|fieldref|neq: G", [{"F": "a", "G": "b"}], [{"F": "a", "G": "a"}]),
    ("neq str", "F|neq: abc", ["x", "abcd"], ["abc", "ABC"]),
    ("neq num", "F|neq: 5", ["4", "x"], ["5"]),
    ("neq list", "F|neq: [a, b]", ["c"], ["a", "b"]),
    ("neq contains", "F|contains|neq: bc", ["x"], ["abcd"]),
    ("neq all", "F|contains|all|neq: [a, b]", ["a", "b", "c"], ["ab"]),
    ("neq before re", "F|neq|re: '^a'", ["x"], ["abc"]),
    ("neq before cidr", "F|neq|cidr: 10.0.0.0/8", ["11.1.1.1"], ["10.1.1.1"]),
    ("all before re", "F|all|re: ['^a', 'z$']", ["a1z"], ["a", "z"]),
    ("neq null", "F|neq: null", ["x"], [{}]),
    ("null", "F: null", [{}, {"F": None}], ["x"]),
    ("empty", "F: ''", [{"F": ""}, {}], ["x"]),
    ("empty cased", "F|cased: ''", [{"F": ""}, {}], ["x"]),
    ("empty in list", "F: ['', a]", [{"F": ""}, {}, "A"], ["b"]),
    ("empty hash", "md5: ''", [{}], [{"md5": "x"}]),
    ("not null", "s: {G: g}\nf: {F: null}\ncondition: s and not f", [{"G": "g", "F": "x"}], [{"G": "g"}]),
    ("wild*", "F: 'a*c'", ["ac", "abbc", "ABC"], ["abcd"]),
    ("wild?", "F: 'a?c'", ["abc"], ["ac", "abbc"]),
    ("esc *", "F: 'a\\*c'", ["a*c"], ["abc"]),
    ("esc ?", "F: 'a\\?c'", ["a?c"], ["abc"]),
    ("esc bs", "F: 'a\\\\*c'", ["a\\xc", "a\\c"], ["a*c"]),
    ("esc 3", "F: 'a\\\\\\*c'", ["a\\*c"], ["a\\xc"]),
    ("bs plain", "F: 'C:\\Windows\\x'", ["C:\\Windows\\x"], ["C:Windowsx"]),
    ("bs dbl", "F: 'C:\\\\Windows'", ["C:\\Windows"], ["C:\\\\Windows"]),
    ("bs quad", "F: '\\\\\\\\srv\\x'", ["\\\\srv\\x"], ["\\srv\\x"]),
    ("star only", "F: '*'", ["x"], [{}, ""]),
    ("num", "EventID: 1\n  F: 7".replace("  F", "F"), ["7"], ["17", "70"]),
    ("num list", "F: [1, '2', 3.5]", ["1", "2", "3.5"], ["4"]),
    ("bool", "F: true", ["true", "True", {"F": True}], ["1"]),
    ("keywords", "k: [foo, 'b*r']\ncondition: k", [{"F": "xxfoo"}, {"G": "bxxr"}, {"F": "a bxr b"}], [{"F": "fo o"}]),
    (
        "keywords all",
        "k:\n  '|all': [foo, bar]\ncondition: k",
        [{"F": "foo", "G": "bar"}, {"F": "foobar"}],
        [{"F": "foo"}],
    ),
    ("keywords contains", "k:\n  '|contains': [foo]\ncondition: k", [{"F": "xfoo"}], ["x"]),
    ("keywords contains all", "k:\n  '|contains|all': [foo, bar]\ncondition: k", [{"F": "xfoo bar"}], ["foo"]),
    ("keywords re", "k:\n  '|re': 'f[o0]{2}'\ncondition: k", [{"F": "xf00"}], ["x"]),
    ("keyword num", "k: [4711]\ncondition: k", [{"F": "a4711"}], ["x"]),
    ("1 of", "sel1: {F: a}\nsel2: {G: b}\nother: {F: c}\ncondition: 1 of sel*", [{"F": "a"}, {"G": "b"}], [{"F": "c"}]),
    (
        "all of",
        "sel1: {F: a}\nsel2: {G: b}\nother: {F: c}\ncondition: all of sel*",
        [{"F": "a", "G": "b"}],
        [{"F": "a"}],
    ),
    (
        "all of them",
        "sel1: {F: a}\nsel2: {G: b}\n_no: {F: c}\ncondition: all of them",
        [{"F": "a", "G": "b"}],
        [{"F": "a"}],
    ),
    (
        "1 of them",
        "sel1: {F: a}\nsel2: {G: b}\n_no: {F: c}\ncondition: 1 of them",
        [{"F": "a"}, {"G": "b"}],
        [{"F": "c"}],
    ),
    ("any of", "sel1: {F: a}\nsel2: {G: b}\ncondition: any of sel*", [{"F": "a"}, {"G": "b"}], [{"F": "c"}]),
    (
        "mid wildcard",
        "a_sel_x: {F: a}\nb_sel_y: {G: b}\ncondition: 1 of *_sel_*",
        [{"F": "a"}, {"G": "b"}],
        [{"F": "c"}],
    ),
    (
        "nested",
        "a: {F: a}\nb: {G: b}\nc: {H: c}\ncondition: (a or (b and not c)) and not (a and c)",
        [{"F": "a"}, {"G": "b"}],
        [{"F": "a", "H": "c"}, {"G": "b", "H": "c"}],
    ),
    (
        "prec",
        "a: {F: a}\nb: {G: b}\nc: {H: c}\ncondition: a or b and c",
        [{"F": "a"}, {"G": "b", "H": "c"}],
        [{"G": "b"}],
    ),
    (
        "not 1 of",
        "a: {F: a}\nfilter1: {G: b}\nfilter2: {H: c}\ncondition: a and not 1 of filter*",
        [{"F": "a"}],
        [{"F": "a", "G": "b"}, {"F": "a", "H": "c"}],
    ),
    (
        "list of maps",
        "s:\n  - F: a\n    G: b\n  - H: c\ncondition: s",
        [{"F": "a", "G": "b"}, {"H": "c"}],
        [{"F": "a"}],
    ),
    ("list mixed", "s:\n  - foo\n  - F: bar\ncondition: s", [{"X": "foo"}, {"F": "bar"}], [{"F": "z"}]),
    ("cond list", "a: {F: a}\nb: {G: b}\ncondition: [a, b]", [{"F": "a"}, {"G": "b"}], [{"F": "c"}]),
    ("umlaut", "F|contains: ÄÖ", ["xäöx", "ÄÖ"], ["ao"]),
    ("percent", "F: '%temp%'", ["%temp%"], ["x"]),
    ("merge", "s: &s {F: a}\nt: {<<: *s, G: b}\ncondition: t", [{"F": "a", "G": "b"}], [{"G": "b"}]),
    ("null in list", "F: [null, a]", [{}, "a"], ["b"]),
    ("contains num", "F|contains: 1833", ["x1833y"], ["183 3"]),
    (
        "contains num as written",
        "F|endswith: [1.10, 0x1F, +7, 99999999999999999999.0]",
        ["v1.10", "0x1f", "+7"],
        ["v1.1", "31", "7"],
    ),
    ("cased bool", "F|contains|cased: True", ["xTruey"], ["xtruey"]),
    ("contains bool", "F|contains: false", ["xFALSEy"], ["0"]),
    ("contains num list", "F|endswith: [1, b]", ["x1", "xb"], ["1x"]),
    ("yes is text", "F: yes", ["yes"], ["true", {"F": True}]),
    ("no is text", "F|contains: no", ["a No b"], ["false"]),
    ("time is text", "F: 12:30", ["12:30"], ["750"]),
    ("zero is text", "F: 0755", ["0755"], ["493", "755"]),
    ("= is text", "F|contains: =", ["a=b"], ["ab"]),
    ("exists yes", "F|exists: yes", ["x"], [{}]),
    ("date value", "F: 2021-03-03", ["2021-03-03"], ["x"]),
    ("big int", "F: 0x10", ["16"], ["x"]),
    ("str1", "F: '0x40810000'", ["0x40810000"], ["x"]),
    ("trailing bs", "F|endswith: '\\cmd.exe'", ["c:\\cmd.exe"], ["cmd.exe"]),
    ("contains trailing bs", "F|contains: '\\Temp\\'", ["c:\\Temp\\x"], ["\\Temp"]),
]


@pytest.mark.parametrize(("name", "detection", "matching", "others"), SPECIFIED, ids=[one[0] for one in SPECIFIED])
def test_the_specification(name: str, detection: str, matching: list[str | Fields], others: list[str | Fields]) -> None:
    """One field `F` where a record is only a value; a detection without condition is one selection."""
    del name
    if "condition:" not in detection:
        detection = "s:\n  " + detection.replace("\n", "\n  ") + "\ncondition: s"
    records: list[Fields] = [{"F": one} if isinstance(one, str) else one for one in [*matching, *others]]
    result = hunted(detection, records)
    assert [one.line for one in result.findings] == list(range(1, len(matching) + 1))
    assert result.skipped == ()


TOLD = [
    ("s: {F: a}\nf: {G|expand: '%Administrators%'}\ncondition: s and not f", "fills the placeholder %Administrators%"),
    ("s: {F: a, F: b}\ncondition: s", "the key 'F' stands twice"),
    ("s: {F|contains|all: [a], F|all|contains: [b]}\ncondition: s", "the selection s has a key twice"),
    ("s: {F: a}\ncondition: s | count() by F > 5", "Sigma 1"),
    ("s: {F: a}\nt: {F: b}\ncondition: s | near t", "Sigma 1"),
    ("s: {F|foo: a}\ncondition: s", "Unknown modifier 'foo'"),
    ("s: {F: a}\ncondition: s and x", "'x' not defined"),
    ("s: {F|re: '('}\ncondition: s", "Regular expression '('"),
    ("s: {F|re: '^[[:alpha:]]+$'}\ncondition: s", r"[:alpha:]"),
    ("s: {F|cidr: 10.0.0.0/99}\ncondition: s", "CIDR"),
    ("s: {F|gt: abc}\ncondition: s", "incompatible"),
    ("s: [\ncondition: s", "not YAML"),
    ("s:\ncondition: s", "the selection s is empty"),
    ("s: [a, null]\ncondition: s", "the selection s is empty, or has an empty item"),
    ("s: {F: []}\ncondition: s", "F has no value"),
    ("s: {F|contains: [a, null]}\ncondition: s", "F|contains has no value, or an empty one"),
    ("s: {F|cased|fieldref: G}\ncondition: s", "incompatible"),
    ("s: {F: a}\ncondition: s s", "a condition that cannot be read: Expected end of text, found 's'"),
]


@pytest.mark.parametrize(("detection", "why"), TOLD)
def test_a_rule_that_cannot_be_evaluated_is_told_and_does_not_fire(detection: str, why: str) -> None:
    result = hunted(detection, [{"F": "a"}])
    assert result.findings == ()
    (skip,) = result.skipped
    assert why in (skip.detail or "")


def test_a_fault_is_told_in_the_same_words_in_each_run() -> None:
    """pySigma shows its own objects, with their place in memory."""
    (skip,) = hunted("s: {F|re|cased: a}\ncondition: s", [{"F": "a"}]).skipped
    assert "incompatible" in (skip.detail or "")
    assert "0x" not in (skip.detail or "")


def test_a_log_source_of_several_categories_is_told() -> None:
    rule = sigma("s: {F: a}\ncondition: s", logsource="product: windows, category: [a, b]", title="r")
    rules = load_rules(pack(), [RuleSource(path="u.yml", text=rule, origin="user")])
    assert [one.detail for one in rules.skipped] == [
        "r: the log source names one category, no list: write a rule for each"
    ]


@pytest.mark.parametrize(
    ("said", "meant"), [("sevrice", "service"), ("Category", "category"), ("categories", "category")]
)
def test_a_misspelt_log_source_is_told_and_not_taken_for_a_wider_one(said: str, meant: str) -> None:
    rule = sigma("s: {F: a}\ncondition: s", logsource=f"product: windows, {said}: security", title="r")
    rules = load_rules(pack(), [RuleSource(path="u.yml", text=rule, origin="user")])
    assert (len(rules.rules), [one.detail for one in rules.skipped]) == (
        0,
        [f"r: the log source has a {said}, which means nothing; is {meant} meant?"],
    )


@pytest.mark.parametrize(
    "remarks", ["definition: d, description: d, definition2: d", "subcategory: d, device: d, services: d, '': d"]
)
def test_remarks_in_a_log_source_are_no_fault(remarks: str) -> None:
    rule = sigma("s: {F: a}\ncondition: s", logsource=f"product: windows, service: security, {remarks}")
    assert len(load_rules(pack(), [RuleSource(path="u.yml", text=rule, origin="user")]).rules) == 1


@pytest.mark.parametrize("logsource", ["product: linux, service: sshd", "product: windows, category: foobar"])
def test_a_rule_for_a_log_that_no_pack_knows_is_told(logsource: str) -> None:
    rule = sigma("s: {F: a}\ncondition: s", logsource=logsource, title="lonely")
    rules = load_rules(pack(), [RuleSource(path="u.yml", text=rule, origin="user")])
    assert [one.source for one in rules.skipped] == ["lonely"]


def test_a_description_that_speaks_of_a_rule_is_no_yara() -> None:
    words = "description: |\n  Tuned. This\n  rule finds: shells, on a\n  condition: none\n"
    text = words + sigma("s: {F: a}\ncondition: s")
    assert language_of(text) == "sigma"
    assert language_of("rule finds : shells web\n{ condition: true }") == "yara"
