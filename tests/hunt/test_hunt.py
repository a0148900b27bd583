"""What a hunt gives, in the notation of its rules."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.hunt.evidence import IIS_FIELDS, artefact, both, iis, pack, row, rules_of, sigma
from waspglass.evidence.artefact import Artefact
from waspglass.hunt.cache import Cache
from waspglass.hunt.hunting import hunt
from waspglass.hunt.matching.sample import Sample
from waspglass.hunt.outcome.result import Limits
from waspglass.hunt.rules.load import load_rules, read_rule_sources
from waspglass.model.errors import PackError
from waspglass.model.finding import Effect, Rung
from waspglass.model.skip import SkipReason
from waspglass.packs.pack import RuleSource

POST_JS = sigma("s: {cs-method: POST, cs-uri-stem|endswith: .js}\ncondition: s")
PLANT = sigma(
    "s: {cs-uri-stem|contains: /ecp/}\ncondition: s",
    title="plant",
    extra="waspglass: {rung: exploited, capture: {address: {field: c-ip}, session: {field: canary}}}",
)


def test_a_match_has_place_time_actor_and_an_escaped_excerpt() -> None:
    result = both([iis(row(), row("/ecp/y.js", method="POST", agent="x\x1b[31m"))], rules_of(POST_JS))
    (finding,) = result.findings
    assert (finding.line, finding.source, finding.effect, finding.rung) == (3, "log", Effect.HINT, Rung.PROBED)
    assert finding.time is not None
    assert finding.time.isoformat() == "2021-03-03T00:00:01+00:00"
    assert finding.actor is not None
    assert finding.actor.address == "198.51.100.7"
    assert "\\x1b[31m" in finding.excerpt
    assert "\x1b" not in finding.excerpt


def test_a_filter_on_a_field_that_the_log_lacks_is_reported_and_not_run() -> None:
    rule = sigma("s: {cs-uri-stem|endswith: .js}\nf: {cs-host: good}\ncondition: s and not f", title="lacking")
    result = both([iis(row("/a.js"))], rules_of(rule))
    assert result.findings == ()
    assert [(skip.source, skip.reason) for skip in result.skipped] == [("lacking", SkipReason.MISSING_FIELD)]


def test_an_alternative_that_the_log_has_still_runs() -> None:
    rule = sigma("a: {cs-host: bad}\nb: {cs-uri-stem|endswith: .js}\ncondition: a or b")
    result = both([iis(row("/a.js"))], rules_of(rule))
    assert len(result.findings) == 1
    assert result.skipped[0].reason is SkipReason.MISSING_FIELD


def test_the_whole_uri_is_one_field() -> None:
    rule = sigma("s: {cs-uri-query|contains: 'page.aspx\\?a=b'}\ncondition: s")
    assert (
        len(both([iis(row("/x/page.aspx", query="a=b"), row("/x/page.aspx", query="c"))], rules_of(rule)).findings) == 1
    )


def test_a_blank_in_a_rule_is_a_plus_in_iis() -> None:
    rule = sigma("s: {cs-user-agent|contains: 'Windows NT'}\ncondition: s")
    assert len(both([iis(row(agent="Mozilla/5.0+(Windows+NT+10.0)"))], rules_of(rule)).findings) == 1


def test_empty_agents_are_found_by_place() -> None:
    rule = sigma("s: {cs-user-agent: ''}\ncondition: s")
    assert [one.line for one in both([iis(row(), row(agent="-"))], rules_of(rule)).findings] == [3]


def test_addresses_match_as_whole_tokens() -> None:
    rows = (
        row(ip="198.51.100.70"),
        row(ip="198.51.100.7"),
        row(query="x=198.51.100.7:443"),
        row(query="1198.51.100.7", ip="::1"),
    )
    result = both([iis(*rows)], rules_of(indicators=["type,value\nip,198.51.100.7\n"]))
    assert [one.line for one in result.findings] == [3, 4]


def test_a_path_indicator_is_found_as_url() -> None:
    listed = "type,value\nfilepath,C:\\inetpub\\wwwroot\\aspnet_client\\bad.aspx\n"
    assert len(both([iis(row("/aspnet_client/bad.aspx"))], rules_of(indicators=[listed])).findings) == 1


def test_stix_patterns_become_indicators() -> None:
    bundle = """{"type": "bundle", "objects": [
      {"type": "indicator", "id": "indicator--1", "name": "a", "pattern_type": "stix",
       "pattern": "[ipv4-addr:value = '198.51.100.7'] OR [domain-name:value = 'evil.example']"},
      {"type": "indicator", "id": "indicator--2", "pattern_type": "stix",
       "pattern": "[file:name = 'a.exe' AND file:magic_number_hex = 'ab']"}]}"""
    rules = rules_of(indicators=[bundle])
    assert {(one.type, one.value) for one in rules.indicators} == {
        ("address", "198.51.100.7"),
        ("domain", "evil.example"),
    }
    assert rules.skipped[0].reason is SkipReason.UNSUPPORTED_RULE


def test_follow_up_fills_placeholders_and_brings_context() -> None:
    follow = sigma(
        "s: {c-ip|expand: '%address%', cs-uri-stem|endswith: .aspx}\ncondition: s",
        title="use",
        extra="waspglass: {rung: used, phase: follow-up}",
    )
    log = iis(row("/ecp/x"), row("/a.aspx"), row("/other"), row("/a.aspx", ip="203.0.113.9"))
    result = both([log], rules_of(PLANT, follow))
    assert [(one.rule, one.line) for one in result.findings] == [("plant", 2), ("use", 3)]
    assert [(one.effect, one.line) for one in result.context] == [(Effect.CONTEXT, 4)]


def test_of_an_actors_other_lines_the_first_are_kept_and_the_rest_is_counted() -> None:
    log = iis(row("/ecp/x"), *(row("/other", time=f"05:00:{second:02}") for second in range(5)))
    result = both([log], rules_of(PLANT), Limits(context_per_actor=2))
    assert [one.line for one in result.context] == [3, 4]
    assert [(one.detail, one.count) for one in result.skipped] == [("further context lines", 3)]


def test_what_comes_up_in_a_follow_up_is_followed_up_once_more() -> None:
    """An address leads to a page, the page to another address; what that one did besides is said to be left out."""
    planted = sigma(
        "s: {c-ip|expand: '%address%', cs-uri-stem|endswith: .aspx}\ncondition: s",
        title="planted",
        extra="waspglass: {rung: implanted, phase: follow-up, capture: {implant: {field: cs-uri-stem}}}",
    )
    used = sigma(
        "s: {cs-uri-stem|expand: '%implant%', sc-status: 200}\nf: {c-ip|expand: '%address%'}\ncondition: s and not f",
        title="used",
        extra="waspglass: {rung: used, phase: follow-up, capture: {address: {field: c-ip}}}",
    )
    other = "203.0.113.9"
    log = iis(
        row("/ecp/x"), row("/page.aspx"), row("/page.aspx", ip=other), row("/page.aspx", ip=other), row("/", ip=other)
    )
    result = both([log], rules_of(PLANT, planted, used))
    assert [(one.rule, one.line) for one in result.findings] == [("plant", 2), ("planted", 3), ("used", 4), ("used", 5)]
    left = [skip for skip in result.skipped if skip.source == "follow-up"]
    assert [(skip.reason, skip.count) for skip in left] == [(SkipReason.LIMIT_REACHED, 1)]


def test_a_chain_that_ends_leaves_nothing_out() -> None:
    planted = sigma(
        "s: {c-ip|expand: '%address%', cs-uri-stem|endswith: .aspx}\ncondition: s",
        title="planted",
        extra="waspglass: {rung: implanted, phase: follow-up, capture: {implant: {field: cs-uri-stem}}}",
    )
    log = iis(row("/ecp/x"), row("/page.aspx"), row("/page.aspx", ip="203.0.113.9"))
    result = both([log], rules_of(PLANT, planted))
    assert [(one.rule, one.line) for one in result.findings] == [("plant", 2), ("planted", 3)]
    assert [(one.rule, one.line) for one in result.context] == [("context:implant:/page.aspx", 4)]
    assert not [skip for skip in result.skipped if skip.source == "follow-up"]


def test_events_that_are_heard_again_count_once() -> None:
    """The rule with two placeholders runs in both further passes; its events must not reach the count twice."""
    page = sigma(
        "s: {c-ip|expand: '%address%', cs-uri-stem|endswith: .aspx}\ncondition: s",
        title="page",
        extra="waspglass: {rung: implanted, phase: follow-up, capture: {implant: {field: cs-uri-stem}}}",
    )
    step = sigma(
        "a: {c-ip|expand: '%address%', sc-status: 200}\nb: {cs-uri-stem|expand: '%implant%'}\ncondition: a or b",
        title="step",
        extra="waspglass: {rung: used, phase: follow-up}",
    )
    count = """title: many
name: many
correlation: {type: event_count, rules: [step], group-by: [c-ip], timespan: 1h, condition: {gte: 4}}
waspglass: {rung: used}
"""
    rules = rules_of(PLANT, page, step, count)
    assert "many" not in {one.rule for one in both([iis(*[row("/ecp/x"), row("/p.aspx"), row("/")])], rules).findings}
    four = iis(row("/ecp/x"), row("/p.aspx"), row("/"), row("/q"))
    assert "many" in {one.rule for one in both([four], rules).findings}


CORRELATION = """title: both
name: both
correlation:
  type: temporal_ordered
  rules: [first, second]
  group-by: [canary]
  timespan: 1m
waspglass: {rung: implanted}
"""


def _joined(seconds: int, canary: str = "abc") -> list[Artefact]:
    fields = "#Fields: TimeStamp,ServerName,EventId,EventData"
    data = "2021-03-03T00:00:01Z,EX,ECP.Request,S:CMD=Set-X;S:URL=/e?msExchEcpCanary=abc"
    ecp = f"{fields}\r\n{data}\r\n"
    return [
        artefact("ecp-server", ecp, "ecp.log"),
        iis(row("/reset", query=f"msExchEcpCanary={canary}", time=f"00:00:{seconds:02}")),
    ]


@pytest.mark.parametrize(("seconds", "canary", "found"), [(30, "abc", 1), (30, "other", 0), (0, "abc", 0)])
def test_a_correlation_joins_logs_by_a_derived_field(seconds: int, canary: str, found: int) -> None:
    first = sigma("s: {cmd: Set-X}\ncondition: s", title="first", logsource="product: exchange, service: ecp-server")
    second = sigma("s: {cs-uri-stem: /reset}\ncondition: s", title="second")
    result = both(_joined(seconds, canary), rules_of(first, second, CORRELATION))
    assert [one.rule for one in result.findings] == ["both"] * found
    if found:
        assert set(result.findings[0].evidence) == {one.id for one in result.context}


COUNT = """title: many
name: many
correlation: {type: event_count, rules: [t], group-by: [c-ip], timespan: 10s, condition: {gte: 3}}
"""


def test_events_are_counted_in_a_window_by_group() -> None:
    near = [row("/a.js", method="POST", time=f"00:00:0{n}") for n in (1, 2, 3)]
    far = [row("/a.js", method="POST", time=f"00:0{n}:00", ip="203.0.113.9") for n in (1, 2, 3)]
    result = both([iis(*near, *far)], rules_of(POST_JS, COUNT))
    assert [(one.rule, one.line) for one in result.findings] == [("many", 4)]


def test_what_is_not_kept_is_counted() -> None:
    result = both([iis(*[row("/a.js", method="POST")] * 10)], rules_of(POST_JS), Limits(per_rule=3))
    assert len(result.findings) == 3
    assert [(skip.reason, skip.count) for skip in result.skipped] == [(SkipReason.LIMIT_REACHED, 7)]


def test_lines_that_cannot_be_read_are_counted() -> None:
    long = b"2021-03-03 " + b"x" * (3 << 20) + b"\n"
    log = artefact(
        "iis", b"no header\n#Fields: " + IIS_FIELDS.encode() + b"\n" + long + row("/a.js", method="POST").encode()
    )
    result = hunt([log], rules_of(POST_JS))
    assert [one.line for one in result.findings] == [4]
    assert {skip.reason for skip in result.skipped} == {SkipReason.NO_HEADER, SkipReason.LINE_TOO_LONG}


def test_a_broken_rule_of_the_pack_ends_the_run_and_one_of_the_user_is_a_skip() -> None:
    broken = "title: x\nlogsource: {category: webserver}\ndetection: {condition: nonesuch}"
    with pytest.raises(PackError):
        load_rules(pack(broken))
    rules = load_rules(pack(), [RuleSource(path="mine.yml", text=broken, origin="user")])
    assert [(skip.source, skip.reason) for skip in rules.skipped] == [("mine.yml", SkipReason.INVALID_RULE)]
    yara = load_rules(pack(), [RuleSource(path="mine.yar", text="rule a { condition: nonesuch }", origin="user")])
    assert yara.skipped[0].reason is SkipReason.INVALID_RULE


def test_rules_are_told_apart_by_content(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(POST_JS)
    (tmp_path / "b.csv").write_text("type,value\nip,198.51.100.7\n")
    (tmp_path / "c.txt").write_text("notes")
    sources, skipped = read_rule_sources([tmp_path])
    rules = load_rules(pack(), sources)
    assert (len(rules.rules), len(rules.indicators), rules.added) == (1, 1, 2)
    assert [one.count for one in skipped] == [1]


@pytest.mark.skipif(os.name == "nt", reason="POSIX links and pipes")
def test_rules_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(POST_JS)
    (tmp_path / "again.yml").symlink_to("a.yml")
    (tmp_path / "gone.yml").symlink_to("nowhere")
    (tmp_path / "loop.yml").symlink_to("loop.yml")
    os.mkfifo(tmp_path / "pipe.yml")
    (tmp_path / "shut").mkdir()
    (tmp_path / "linked").symlink_to("shut")

    def scandir(folder: str) -> Iterator[os.DirEntry[str]]:
        if Path(folder).name == "shut":
            raise PermissionError(13, "Permission denied", folder)
        return listed(folder)

    listed = os.scandir
    with patch("os.scandir", scandir):
        sources, skipped = read_rule_sources([tmp_path])
    assert [source.path for source in sources] == [str(tmp_path / "a.yml")]
    assert {(Path(skip.source).name, skip.reason) for skip in skipped} == {
        ("gone.yml", SkipReason.UNREADABLE),
        ("loop.yml", SkipReason.UNREADABLE),
        ("pipe.yml", SkipReason.SPECIAL_FILE),
        ("shut", SkipReason.UNREADABLE),
        ("linked", SkipReason.UNREADABLE),
    }


def test_a_cache_changes_nothing_and_survives_damage(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    log = iis(row("/ecp/x.js", method="POST"))
    plain = hunt([log], load_rules(pack(POST_JS, PLANT)))
    for _ in range(2):
        assert hunt([log], load_rules(pack(POST_JS, PLANT), cache=cache), cache=cache) == plain
    entries = list((tmp_path / "cache").iterdir())
    assert entries
    for entry in entries:
        entry.write_bytes(entry.read_bytes()[:-3] + b"xyz")
    assert hunt([log], load_rules(pack(POST_JS, PLANT), cache=cache), cache=cache) == plain


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_a_cache_that_others_may_write_is_not_used(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    cache.put("key", b"value")
    assert cache.get("key") == b"value"
    (tmp_path / "cache").chmod(0o777)
    assert cache.get("key") is None


def test_needles_are_cut_to_rare_ends() -> None:
    sample = Sample(b"\n" + b"/owa/application/ x\n" * 1000)
    cut = sample.ends([b"zzqzxq/application/"], None)[b"zzqzxq/application/"]
    assert b"zzqzxq/application/".startswith(cut)
    assert 6 <= len(cut) < 12


def test_needles_are_not_cut_to_what_other_lines_have() -> None:
    sample = Sample(b"\n" + b"GET /owa/ 203.0.113.9 200\n" * 1000)
    needles = {
        b" 198.51.100.7 ": b" 198.51.100.",
        b"203.0.113.7": b"203.0.113.7",
        b"192.0.2.4:80": b"192.0.2.4:80",
        b"get /owa/ 203.x": b"get /owa/ 203.x",
    }
    assert sample.ends(needles, None) == needles


def test_addresses_of_a_network_that_is_listed_whole_are_not_cut() -> None:
    """A line with its network would ask for each of them."""
    needles = [b"198.51.100.%d" % number for number in range(200)]
    assert Sample(b"\nab\n").ends(needles, None) == dict(zip(needles, needles, strict=True))
