"""Events of MISP as JSON: what is for detection is hunted, and what is left out is counted by its reason."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hunt.evidence import both, iis, pack, row
from waspglass.hunt.rules.languages import language_of
from waspglass.hunt.rules.load import load_rules
from waspglass.hunt.rules.misp_events import read_misp
from waspglass.hunt.rules.rule import RuleSet
from waspglass.packs.pack import RuleSource

MD5, SHA256 = "b" * 32, "a" * 64


def read(content: object) -> RuleSet:
    text = json.dumps(content, indent=1)
    assert language_of(text) == "misp"
    return load_rules(pack(), [RuleSource(path="event.json", text=text, origin="user")])


def attribute(kind: str, value: str, **more: object) -> dict[str, object]:
    return {"type": kind, "value": value, "to_ids": True, **more}


def found(rules: RuleSet) -> list[tuple[str, ...]]:
    return [(one.type, one.value, *(f"{kind}={value}" for kind, value in one.also)) for one in rules.indicators]


@pytest.mark.parametrize(
    ("kind", "value", "meant"),
    [
        ("ip-src", "198.51.100[.]7", [("address", "198.51.100.7")]),
        ("ip-dst|port", "198.51.100.7|443", [("address", "198.51.100.7")]),
        ("ip-dst", "198.51.100.0/24", [("address", "198.51.100.0/24")]),
        ("domain|ip", "evil.example|198.51.100.7", [("domain", "evil.example"), ("address", "198.51.100.7")]),
        ("hostname", "c2.evil.example", [("domain", "c2.evil.example")]),
        ("url", "hxxp://evil.example/a", [("url", "http://evil.example/a")]),
        ("uri", "/owa/auth/x.aspx", [("url", "/owa/auth/x.aspx")]),
        ("user-agent", "python-requests/2.25", [("user_agent", "python-requests/2.25")]),
        ("filename", "evil.aspx", [("name", "evil.aspx")]),
        ("filename", "C:\\x\\evil.aspx", [("path", "c:\\x\\evil.aspx")]),
        ("filename|sha256", f"a|b.aspx|{SHA256}", [("name", "a|b.aspx"), ("sha256", SHA256)]),
        ("malware-sample", f"a.aspx|{MD5}", [("name", "a.aspx"), ("md5", MD5)]),
        ("md5", MD5.upper(), [("md5", MD5)]),
        ("email-src", "a@b.example", [("email", "a@b.example")]),
        ("regkey", "HKLM\\Software\\Run", [("registry_key", "HKLM\\Software\\Run")]),
        ("regkey|value", "HKLM\\Run|evil.exe", [("registry_key", "HKLM\\Run", "registry_data=evil.exe")]),
        ("regkey|value", "HKLM\\Run|1", [("registry_key", "HKLM\\Run", "registry_data=1")]),
        ("regkey|value", "HKLM\\Run|v2|Allow", [("registry_key", "HKLM\\Run", "registry_data=v2|Allow")]),
    ],
)
def test_types(kind: str, value: str, meant: list[tuple[str, ...]]) -> None:
    rules = read({"Event": {"info": "x", "Attribute": [attribute(kind, value)]}})
    assert found(rules) == meant
    assert rules.skipped == ()


ONE = attribute("ip-src", "198.51.100.7")


@pytest.mark.parametrize(
    "content",
    [
        {"Event": {"Attribute": [ONE], "Object": []}},
        {"Event": {"Object": [{"name": "file", "Attribute": [ONE]}]}},
        {"response": [{"Event": {"Attribute": [ONE]}}]},
        {"response": {"Attribute": [ONE]}},
        [{"Event": {"Attribute": [ONE]}}, {"Event": {"Attribute": []}}],
        {"Attribute": [ONE]},
    ],
)
def test_ways_to_write_events(content: object) -> None:
    assert found(read(content)) == [("address", "198.51.100.7")]


def test_what_is_left_out_is_counted_by_reason() -> None:
    listed = [
        *(attribute("ip-src", f"198.51.100.{n}", to_ids=False) for n in range(30)),
        attribute("ip-src", "198.51.100.90", to_ids="1"),
        attribute("ip-src", "198.51.100.91", to_ids="0"),
        {"type": "ip-src", "value": "198.51.100.92"},
        *(attribute("yara", "rule x { condition: true }") for _ in range(3)),
        attribute("btc", "x"),
        attribute("ip-src", "127.0.0.1"),
        attribute("md5", "abc"),
        attribute("ip-src", "198.51.100.93", deleted=True),
    ]
    gone = {"deleted": True, "Attribute": [attribute("ip-src", "198.51.100.94")]}
    rules = read({"Event": {"Attribute": listed, "Object": [gone]}})
    assert found(rules) == [("address", "198.51.100.90")]
    assert [(one.count, (one.detail or "").partition(",")[0]) for one in rules.skipped] == [
        (32, "not for detection (to_ids)"),
        (3, "type 'yara' is not hunted"),
        (1, "type 'btc' is not hunted"),
        (2, "such values are not hunted"),
        (2, "deleted"),
    ]


def test_what_the_event_says_stands_in_the_finding() -> None:
    tagged = {"info": "HAFNIUM", "Tag": [{"name": "tlp:amber"}], "Attribute": [{**ONE, "comment": "scanner"}]}
    result = both([iis(row(ip="198.51.100.7"))], read({"Event": tagged}))
    assert [one.title for one in result.findings] == ["HAFNIUM - scanner [TLP:AMBER]"]
    clear = {"Tag": [{"name": "tlp:red"}], "Attribute": [{**ONE, "Tag": [{"name": "tlp:green"}]}]}
    assert read({"Event": clear}).indicators[0].title.endswith("[TLP:GREEN]")
    plain = {"Tag": [{"name": "tlp:white"}, {"name": "type:osint"}], "Attribute": [ONE]}
    assert "[" not in read({"Event": plain}).indicators[0].title


def test_an_event_of_windows_is_none_of_misp() -> None:
    assert language_of('{\n  "Event": {"System": {"EventID": 1}, "EventData": {"Attributes": "x"}}\n}') is None


@pytest.mark.parametrize("content", [{"Event": {"info": "x"}}, {"Event": []}, {"response": [[[[[[[[{}]]]]]]]]}])
def test_what_has_no_attributes_is_told(content: object) -> None:
    text = json.dumps({**content, "Attribute ": 1} if isinstance(content, dict) else content)
    rules = load_rules(pack(), [RuleSource(path="event.json", text=text, origin="user")])
    assert len(rules.skipped) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda part: (
        st.lists(part, max_size=3)
        | st.dictionaries(st.sampled_from(["Event", "Attribute", "Object", "Tag", "type", "value", "to_ids"]), part)
    ),
    max_leaves=12,
)


@given(JSON)
def test_whatever_is_in_it_is_read_or_told(content: object) -> None:
    text = json.dumps({"Attribute": [content, {"type": "ip-src", "to_ids": True, "value": content}], "Object": content})
    list(read_misp(text, "x"))


def test_a_part_that_is_not_hunted_is_told() -> None:
    rules = read(
        {"Attribute": [attribute("filename|md5", "evil.aspx|123"), attribute("domain|ip", "a.example|127.0.0.1")]}
    )
    assert found(rules) == [("name", "evil.aspx"), ("domain", "a.example")]
    assert [(one.count, one.detail) for one in rules.skipped] == [
        (2, "a part of the value is not hunted, such as filename|md5 evil.aspx|123")
    ]


def test_what_is_no_attribute_is_told() -> None:
    rules = read({"Attribute": ["x", ["y"], ONE], "Object": [7, {"Attribute": [None]}]})
    assert found(rules) == [("address", "198.51.100.7")]
    assert [(one.count, one.detail) for one in rules.skipped] == [(4, "entries that are no attributes, such as x")]
