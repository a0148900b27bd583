"""Indicators as feeds write them: STIX patterns, lists of MISP and of spreadsheets; what is not hunted is told."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.hunt.evidence import artefact, both, iis, pack, row, sigma
from waspglass.evidence.readers.registry import record_readers
from waspglass.hunt.hunting import hunt
from waspglass.hunt.rules.errors import UnsupportedRuleError
from waspglass.hunt.rules.load import load_rules, read_rule_sources
from waspglass.hunt.rules.rule import RuleSet
from waspglass.hunt.rules.stix_patterns import read_pattern
from waspglass.hunt.rules.stored import RuleTable, rules_from_json, rules_to_json
from waspglass.model.finding import Rung
from waspglass.packs.pack import RuleSource

SHA256 = "a" * 64
MD5 = "b" * 32


def read(text: str) -> RuleSet:
    return load_rules(pack(), [RuleSource(path="list", text=text, origin="user")])


def bundle(*patterns: str, version: str = "2.1") -> str:
    objects = [{"type": "indicator", "id": f"indicator--{n}", "pattern": one} for n, one in enumerate(patterns)]
    return json.dumps({"type": "bundle", "id": "bundle--1", "spec_version": version, "objects": objects}, indent=1)


def found(rules: RuleSet) -> list[tuple[str, ...]]:
    return [(one.type, one.value, *(f"{kind}={value}" for kind, value in one.also)) for one in rules.indicators]


PATTERNS: list[tuple[str, list[tuple[str, ...]]]] = [
    (f"[file:hashes.'SHA-256' = '{SHA256.upper()}']", [("sha256", SHA256)]),
    (f"[file:hashes.MD5 = '{MD5}' OR file:name = 'x.aspx']", [("md5", MD5), ("name", "x.aspx")]),
    (f"[file:hashes.MD5='{MD5}' AND file:name = 'x.aspx']", [("md5", MD5, "name=x.aspx")]),
    (
        "[ipv4-addr:value = '198.51.100.7/32'] OR [domain-name:value = 'Evil.example.']",
        [("address", "198.51.100.7"), ("domain", "evil.example")],
    ),
    ("[ipv4-addr:value = '198.51.100.0/24']", [("address", "198.51.100.0/24")]),
    ("[ipv4-addr:value ISSUBSET '198.51.100.0/24']", [("address", "198.51.100.0/24")]),
    ("[ipv6-addr:value = '2001:DB8::1']", [("address", "2001:db8::1")]),
    (
        "[ipv4-addr:value IN ('198.51.100.1', '198.51.100.2')]",
        [("address", "198.51.100.1"), ("address", "198.51.100.2")],
    ),
    ("[url:value = 'hxxps://evil[.]example/a']", [("url", "https://evil.example/a")]),
    (
        "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '192.0.2.1']",
        [("address", "192.0.2.1")],
    ),
    (
        r"[file:name = 'a.aspx' AND file:parent_directory_ref.path = 'C:\\inetpub\\wwwroot']",
        [("path", r"c:\inetpub\wwwroot\a.aspx")],
    ),
    (r"[file:name = 'it\'s [x] AND.aspx']", [("name", "it's [x] and.aspx")]),
    (
        "[(domain-name:value = 'a.example' OR domain-name:value = 'b.example') AND url:value = 'b.example/x']",
        [("domain", "a.example", "url=b.example/x"), ("domain", "b.example", "url=b.example/x")],
    ),
]


@pytest.mark.parametrize(("pattern", "expected"), PATTERNS)
@pytest.mark.parametrize("version", ["2.0", "2.1"])
def test_patterns(pattern: str, expected: list[tuple[str, ...]], version: str) -> None:
    rules = read(bundle(pattern, version=version))
    assert found(rules) == expected
    assert rules.skipped == ()


@pytest.mark.parametrize(
    "pattern",
    [
        "[a:b = 'x'] AND [c:d = 'y']",
        "[ipv4-addr:value = '192.0.2.1'] FOLLOWEDBY [mutex:name = 'x.example']",
        "[ipv4-addr:value = '192.0.2.1'] REPEATS 0 TIMES",
        "[ipv4-addr:value = '192.0.2.1'] START t'2021-01-01T00:00:00Z' STOP t'2021-02-01T00:00:00Z'",
        "([ipv4-addr:value = '192.0.2.1'] REPEATS 5 TIMES) REPEATS 5 TIMES",
        "[x509-certificate:issuer = 'x' OR mutex:name = 'xyz']",
        "[url:value MATCHES '(']",
        "[url:value MATCHES '.*']",
        "[network-traffic:dst_port = 443]",
        "[ipv4-addr:value != '192.0.2.1']",
        "[ipv4-addr:value = '0.0.0.0/0']",
        "[ipv4-addr:value = '999.0.2.1']",
        "[file:name LIKE 'x%']",
        "[file:name > 'evil.exe']",
        "[file:hashes.IMPHASH LIKE '0123456789abcdef%']",
        "[network-traffic:extensions.'http-request-ext'.request_method = 'POST']",
        "[network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_byte_count = 443]",
        "[user-account:account_login = 'x' AND NOT file:name = 'y']",
        "[file:name = 'x.aspx'",
        "[]",
        "broken",
        "",
    ],
)
def test_what_is_not_hunted_is_told(pattern: str) -> None:
    rules = read(bundle(pattern))
    assert rules.indicators == ()
    assert rules.correlations == ()
    assert {one.source for one in rules.skipped} == {"list"}


@pytest.mark.parametrize(
    "pattern", ["(" * 5000, "[" + "(" * 5000, "[" + " AND ".join(["(a:b = 'x' OR a:b = 'y')"] * 30) + "]"]
)
def test_hostile_patterns_end(pattern: str) -> None:
    with pytest.raises(UnsupportedRuleError):
        read_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "rung"),
    [
        ("[domain-name:value = 'evil.example']", Rung.PROBED),
        ("[domain-name:value LIKE '%.evil.example']", Rung.PROBED),
        ("[file:name = 'sample.aspx']", Rung.IMPLANTED),
    ],
)
def test_who_called_has_tried_and_what_lies_there_was_left(pattern: str, rung: Rung) -> None:
    assert [one.meaning.rung for one in read(bundle(pattern)).indicators] == [rung]
    said = bundle(pattern).replace('"pattern":', '"x_waspglass_rung": "used", "pattern":')
    assert [one.meaning.rung for one in read(said).indicators] == [Rung.USED]


def test_all_parts_of_a_pattern_must_stand_in_one_record() -> None:
    rules = read(bundle("[ipv4-addr:value = '203.0.113.9' AND url:value = 'http://x.example/evil']"))
    log = iis(row(ip="203.0.113.9"), row(query="u=x.example/evil"), row(ip="203.0.113.9", query="u=x.example/evil"))
    assert [one.line for one in both([log], rules).findings] == [4]


def test_a_network_is_looked_for_where_the_log_has_an_address() -> None:
    rules = read("type,value\nip,198.51.100.0/25\n")
    log = iis(row(ip="198.51.100.7"), row(ip="198.51.100.200"), row(ip="203.0.113.1", query="198.51.100.7"))
    assert [one.line for one in both([log], rules).findings] == [2]


MISP = """uuid;event_id;category;type;value;comment;to_ids;date
1;1;Network activity;ip-dst;198.51.100[.]7;seen;1;
1;1;Network activity;ip-dst|port;198.51.100.8|443;;1;
1;1;Payload delivery;filename|md5;x.aspx|{md5};;1;
1;1;External analysis;link;http://report.example;;0;
1;1;Other;foo;bar;;1;
"""


@pytest.mark.parametrize(("start", "delimiter"), [("", ";"), ("\ufeff", ";"), ("\ufeff# list\n\n", ","), ("", "\t")])
def test_lists_of_misp_as_spreadsheets_save_them(start: str, delimiter: str) -> None:
    rules = read(start + MISP.format(md5=MD5).replace(";", delimiter))
    expected = [("address", "198.51.100.7"), ("address", "198.51.100.8"), ("name", "x.aspx"), ("md5", MD5)]
    assert found(rules) == expected
    first = start.count("\n") + 5
    told = [
        f"line {first}: not for detection (to_ids)",
        f"line {first + 1}: type 'foo' with such a value is not hunted",
    ]
    assert [one.detail for one in rules.skipped] == told


LISTS = {
    "one a line": f"# x\n198.51.100[.]7\nhxxp://evil[.]example/x.aspx ; seen\n\n{SHA256}\nevil.example # c2\nx.aspx\n",
    "LOKI": f"# a hash, its story\n{MD5};Some page; a copy\n198.51.100.7;65\nhttp://evil.example/a;b=1\n",
    "sha256sum": f"{SHA256}  a page.aspx\n",
    "table": "198.51.100[.]7\tseen in March\n",
    "Sophos": f"\ufeffIndicator_Type,Data,Note\nsha256,{SHA256},\nfile_path,C:\\x\\a.aspx,\nip_port,198.51.100.7:80,\n",
    "Sophos, early": "Indicator ,Data,Notes\nurl_path,/x/a.aspx,\n",
    "Volexity": f"value,entity_type,description\n198.51.100.7,ipaddress,x\na.aspx|{MD5},file|md5,x\n",
    "remarks": "type,indicator,data\ndomain,evil.example,seen in March\n",
    "one column": "ip\n198.51.100.7\n",
    "hashes": f"md5,sha256,filename\n{MD5},{SHA256},a.aspx\n{MD5},,b.aspx\n",
    "ThreatFox": f'# "seen","ioc_value","ioc_type"\n1, "198.51.100.7:443", "ip:port"\n1, "{SHA256}", "sha256_hash"\n',
    "OTX": "Indicator type,Indicator,Description\nIPv4,198.51.100.7,\nCIDR,198.51.100.0/24,\nemail,a@b.example,\n",
    "Defender": f"IndicatorType,IndicatorValue,Action\nFileSha256,{SHA256},Alert\nIpAddress,198.51.100.7,Block\n",
    "file with its folder": "type,value\nfilename,C:\\x\\evil.aspx\n",
}
MEANT: dict[str, list[tuple[str, ...]]] = {
    "one a line": [
        ("address", "198.51.100.7"),
        ("url", "http://evil.example/x.aspx"),
        ("sha256", SHA256),
        ("domain", "evil.example"),
        ("name", "x.aspx"),
    ],
    "LOKI": [("md5", MD5), ("address", "198.51.100.7"), ("url", "http://evil.example/a;b=1")],
    "sha256sum": [("sha256", SHA256)],
    "table": [("address", "198.51.100.7")],
    "Sophos": [("sha256", SHA256), ("path", "c:\\x\\a.aspx"), ("address", "198.51.100.7")],
    "Sophos, early": [("path", "/x/a.aspx")],
    "Volexity": [("address", "198.51.100.7"), ("name", "a.aspx"), ("md5", MD5)],
    "remarks": [("domain", "evil.example")],
    "one column": [("address", "198.51.100.7")],
    "hashes": [("md5", MD5), ("sha256", SHA256)],
    "ThreatFox": [("address", "198.51.100.7"), ("sha256", SHA256)],
    "OTX": [("address", "198.51.100.7"), ("address", "198.51.100.0/24"), ("email", "a@b.example")],
    "Defender": [("sha256", SHA256), ("address", "198.51.100.7")],
    "file with its folder": [("path", "c:\\x\\evil.aspx")],
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_as_others_write_them(name: str) -> None:
    rules = read(LISTS[name])
    assert found(rules) == MEANT[name]
    assert rules.skipped == ()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("ip", "127.0.0.1"),
        ("ip", "127.0.0.0/8"),
        ("ip", "0.0.0.0"),
        ("ip", "::1"),
        ("ip", "224.0.0.1"),
        ("ip", "169.254.1.1"),
        ("ip", "255.255.255.255"),
        ("domain", "localhost"),
        ("url", "http://"),
        ("url", "http://a///"),
        ("md5", "d41d8cd98f00b204e9800998ecf8427e"),
    ],
)
def test_values_that_mean_nobody_are_told_and_not_hunted(kind: str, value: str) -> None:
    rules = read(f"type,value\n{kind},{value}\n")
    assert rules.indicators == ()
    assert [one.detail for one in rules.skipped] == [f"line 2: type '{kind}' with such a value is not hunted"]


def test_rows_that_are_cut_and_comments_among_them_take_no_other_along() -> None:
    text = f"type,value,to_ids,comment\nip,198.51.100.7\n# more\nip,198.51.100.8,1\nip\n,,,\ntype,{MD5}\n"
    rules = read(text)
    assert [(one.value, one.title) for one in rules.indicators] == [
        ("198.51.100.7", "Indicator: 198.51.100.7"),
        ("198.51.100.8", "Indicator: 198.51.100.8"),
    ]
    assert [one.detail for one in rules.skipped] == [
        "line 5: too few columns",
        "line 7: type 'type' with such a value is not hunted",
    ]


def test_a_row_of_one_type_is_one_value_and_a_part_of_several_that_is_not_hunted_is_told() -> None:
    rules = read(
        "type,value\nurl,http://a.example/x?a|b=1\nip-dst|port,198.51.100.8|443\n"
        f"filename|md5,a|b.aspx|{'0' * 32}\nfilename|md5,shell.aspx|none\nfilename|md5,other.aspx\n"
    )
    wanted = [("url", "http://a.example/x?a|b=1"), ("address", "198.51.100.8"), ("name", "a|b.aspx"), ("md5", "0" * 32)]
    assert [(one.type, one.value) for one in rules.indicators[:4]] == wanted
    assert [one.value for one in rules.indicators[4:]] == ["shell.aspx", "other.aspx"]
    told = "a part of the value is not hunted"
    assert [one.detail for one in rules.skipped] == [f"line 5: {told}", f"line 6: {told}"]


def test_a_row_is_of_the_parts_that_its_type_means_and_others_are_told() -> None:
    rules = read(f"type,value\nmalware-sample,a.aspx|{'0' * 32}\nfilename|imphash,b.aspx|{'1' * 32}\n")
    assert [(one.type, one.value) for one in rules.indicators] == [
        ("name", "a.aspx"),
        ("md5", "0" * 32),
        ("name", "b.aspx"),
    ]
    assert [one.detail for one in rules.skipped] == ["line 3: a part of the value is not hunted"]


def test_an_address_is_found_as_it_is_written_and_as_it_is_usually_written() -> None:
    rules = read("type,value\nip,2001:0DB8:0:0:0:0:0:1\n")
    log = iis(row(ip="2001:db8::1"), row(ip="2001:db8:0:0::1"), row(ip="2001:0db8:0:0:0:0:0:1"))
    assert [one.line for one in both([log], rules).findings] == [2, 4]


def test_what_stands_in_logs_is_not_looked_for_in_names_of_files() -> None:
    """A folder may be called like a host, and a path may lack its drive."""
    rules = read("type,value\ndomain,evil.example\nip,198.51.100.0/24\nurl,http://evil.example/a\nurl,/evil.example/\n")
    page = artefact("webfile", b"x", r"C:\inetpub\wwwroot\evil.example\a\198.51.100.7.aspx")
    assert hunt([page], rules, readers=record_readers(None)).findings == ()
    rules = read("type,value\npath,C:\\inetpub\\wwwroot\\a.aspx\n")
    pages = [artefact("webfile", b"x", rf"{drive}\inetpub\wwwroot\a.aspx") for drive in ("C:", "D:", "")]
    pages.append(artefact("webfile", b"x", r"C:\inetpub\wwwroot\a.aspx.old"))
    assert len(hunt(pages, rules, readers=record_readers(None)).findings) == 3
    assert both([iis(row("/x/y"))], read("type,value\npath,/x/y\n")).findings == ()


def test_a_list_is_one_whatever_its_first_value_means() -> None:
    rules = read("127.0.0.1\n198.51.100.7\n")
    assert found(rules) == [("address", "198.51.100.7")]
    assert [one.detail for one in rules.skipped] == ["line 1: '127.0.0.1' is nothing that is hunted"]


def test_a_list_with_an_open_quote_is_told() -> None:
    rules = read('type,value\nip,198.51.100.7\nip,"198.51.100.8\n' + "x" * 200_000)
    assert found(rules) == [("address", "198.51.100.7")]
    assert "quote" in (rules.skipped[0].detail or "")


@pytest.mark.parametrize(
    "text", ["x" * 200_000, '"' + "x\n" * 200_000, "a@" + "." * 200_000 + "/", "a." * 100_000 + "!", "#" * 200_000]
)
def test_what_is_no_list_is_told_soon(text: str) -> None:
    begun = time.process_time()
    assert [one.reason.value for one in read(text).skipped] == ["not recognised"]
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("text", ["type,value\n", '{"type": "bundle", "objects": []}'])
def test_an_empty_list_is_told(text: str) -> None:
    assert [one.reason.value for one in read(text).skipped] == ["empty"]


def test_a_bundle_may_be_a_plain_array_and_what_is_wrong_has_a_line() -> None:
    objects = json.loads(bundle("[ipv4-addr:value = '198.51.100.7']", "[file:name LIKE 'x%']"))["objects"]
    objects.append({"type": "indicator", "id": "indicator--r", "revoked": True, "pattern": "[file:name = 'a.aspx']"})
    rules = read(json.dumps(objects, indent=1))
    assert found(rules) == [("address", "198.51.100.7")]
    assert [(one.detail or "").partition(": ")[0] for one in rules.skipped] == ["line 9", "line 14"]
    assert "revoked" in (rules.skipped[1].detail or "")


def test_the_line_of_an_indicator_is_where_it_names_itself_and_none_if_its_name_is_written_otherwise() -> None:
    refers = '{"type": "relationship", "id": "relationship--1", "target_ref": "indicator--2"}'
    broken = '{{"type": "indicator", "pattern": "x",\n "name": "n", "id": "{}"}}'
    objects = ",\n".join([refers, broken.format("indicator--2"), broken.format("indicator\\u002d3")])
    rules = read(f'{{"type": "bundle", "objects": [\n{objects}]}}')
    assert [(one.detail or "").partition("n: ")[0] for one in rules.skipped] == ["line 4: ", ""]


def test_a_list_below_many_comments_is_read_soon() -> None:
    begun = time.process_time()
    rules = read("# a comment\n" * 200_000 + "type,value\nip,198.51.100.7\nx,y\n")
    assert time.process_time() - begun < 10
    assert found(rules) == [("address", "198.51.100.7")]
    assert (rules.skipped[0].detail or "").startswith("line 200003: ")


def test_sets_that_would_make_a_million_indicators_are_told() -> None:
    hosts = ", ".join(f"'h{number}.example'" for number in range(1000))
    names = ", ".join(f"'n{number}.aspx'" for number in range(1000))
    rules = read(
        bundle(f"[domain-name:value IN ({hosts})]", f"[domain-name:value IN ({hosts}) AND file:name IN ({names})]")
    )
    assert len(rules.indicators) == 1000
    assert "1000000" in (rules.skipped[0].detail or "")


def test_lines_of_a_long_bundle_are_found_soon() -> None:
    text = bundle(*[f"[file:name = '{'x' * 200}']"] * 20_000)
    begun = time.process_time()
    rules = read(text)
    assert time.process_time() - begun < 10
    assert len(rules.indicators) == 1


@pytest.mark.parametrize(
    ("indicator", "hit", "missed"),
    [
        ("url,http://a.co", "u=http://a.co/x", "u=http://data.com/"),
        ("url,http://a.co/", "u=a.co:80", "u=b.a.co.example"),
        ("url,http://evil.example/page", "u=evil.example/page?x", "u=evil.example/pages"),
        ("url,/owa/auth/x.aspx", "u=/owa/auth/x.aspx", "u=/owa/x.aspx"),
        ("email,a@b.example", "u=<a@b.example>", "u=x.a@b.example"),
    ],
)
def test_urls_and_mail_addresses_are_found_whole(indicator: str, hit: str, missed: str) -> None:
    result = both([iis(row(query=hit), row(query=missed))], read(f"type,value\n{indicator}\n"))
    assert [one.line for one in result.findings] == [2]


def test_prose_beside_lists_is_counted(tmp_path: Path) -> None:
    for name in ("README.txt", "licence.txt"):
        (tmp_path / name).write_text("These are lists. See example.org for more.\n")
    (tmp_path / "ips.txt").write_text("198.51.100.7\n")
    (tmp_path / "samples.md5").write_text(MD5)
    sources, (skip,) = read_rule_sources([tmp_path])
    assert [Path(one.path).name for one in sources] == ["ips.txt", "samples.md5"]
    assert (skip.source, skip.reason.value, skip.count) == (str(tmp_path), "not recognised", 2)


def test_lists_of_what_others_trust_or_refer_to_are_told_and_not_hunted(tmp_path: Path) -> None:
    names = ("falsepositive-hashes.txt", "my-trusted-hashes.txt", "rule-references.txt", "untrusted-hashes.txt")
    for name in names:
        (tmp_path / name).write_text(f"{MD5};a driver\n")
    (tmp_path / "trusted-hashes.yml").write_text(sigma("s: {a: b}\ncondition: s"))
    sources, skipped = read_rule_sources([tmp_path, tmp_path / names[0]])
    assert [Path(one.path).name for one in sources] == ["trusted-hashes.yml", "untrusted-hashes.txt"]
    assert [Path(one.source).name for one in skipped] == [*names[:3], names[0]]


LINKS = [f"https://blog{number}.example/post" for number in range(19)]


@pytest.mark.parametrize(
    "lines",
    [["What these rules rest on", *LINKS], [f"{link}\tA report" for link in LINKS], ["title,link", f"x,{LINKS[0]}"]],
)
def test_links_to_read_more_accuse_nobody(lines: list[str]) -> None:
    assert [one.reason.value for one in read("\n".join(lines)).skipped] == ["not recognised"]


@pytest.mark.parametrize("first", ["127.0.0.1\tlocalhost", "#\t127.0.0.1       localhost", "::1  localhost"])
def test_a_hosts_file_accuses_nobody(first: str) -> None:
    others = "\n".join(f"10.0.0.{number}\tmx{number}.example.org" for number in range(1, 19))
    assert [one.reason.value for one in read(f"{first}\n{others}\n").skipped] == ["not recognised"]


def test_a_list_that_speaks_of_the_local_host_is_no_hosts_file() -> None:
    assert len(read("# 127.0.0.1 localhost is not in it\n198.51.100.7\n").indicators) == 1


def test_what_has_objects_but_no_list_of_them_is_told() -> None:
    assert [one.detail for one in read('{"type": "bundle", "objects": {"a": 1}}').skipped] == ["not a STIX bundle"]


def test_a_file_of_rules_that_is_too_large_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("a.csv", "sha256,x\n"), ("b.csv", "sha256,xy\n")):
        (tmp_path / name).write_text(text)
    monkeypatch.setattr("waspglass.hunt.rules.load._LARGEST", len("sha256,x\n"))
    sources, skipped = read_rule_sources([tmp_path])
    assert [Path(one.path).name for one in sources] == ["a.csv"]
    assert [(Path(one.source).name, one.reason.value) for one in skipped] == [("b.csv", "too large")]


def test_links_that_are_defanged_or_stand_alone_are_hunted() -> None:
    for lines in (LINKS, ["What they called", *(link.replace("http", "hxxp") for link in LINKS)]):
        assert len(read("\n".join(lines)).indicators) == len(LINKS)


def test_what_stands_behind_a_value_is_its_title() -> None:
    titles = [one.title for one in read(LISTS["LOKI"]).indicators]
    assert titles == ["Some page; a copy", "Indicator: 198.51.100.7", "Indicator: http://evil.example/a;b=1"]


def test_a_slip_among_ten_values_takes_no_others_along() -> None:
    values = [f"198.51.100.{number}" for number in range(10)]
    rules = read("\n".join([*values, "198.51.100.1o"]))
    assert len(rules.indicators) == 10
    assert [one.detail for one in rules.skipped] == ["line 11: '198.51.100.1o' is nothing that is hunted"]
    assert [one.reason.value for one in read("\n".join([*values[:8], "a word"])).skipped] == ["not recognised"]


def test_what_was_read_is_stored_whole() -> None:
    rules = read(bundle(PATTERNS[2][0]))
    table = RuleTable((), (), rules.indicators, frozenset(), ())
    assert rules_from_json(rules_to_json(table)) == table
