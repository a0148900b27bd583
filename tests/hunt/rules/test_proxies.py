"""Who is behind the proxies that the user names."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hunt.evidence import IIS_FIELDS, iis, row, rules_of, sigma
from waspglass.hunt.hunting import hunt
from waspglass.hunt.rules.load import load_rules
from waspglass.hunt.rules.proxies import NO_PROXIES, Proxies
from waspglass.hunt.rules.rule import Indicator, Meaning
from waspglass.hunt.rules.searching import searching
from waspglass.model.finding import Effect, Rung
from waspglass.model.skip import SkipReason
from waspglass.packs.load import load_pack
from waspglass.packs.pack import RuleSource

PROXIES = Proxies(("10.0.0.0/24", "198.51.100.20", "2001:db8::/64"))
PACK = load_pack("proxylogon")
CHAIN = next(one for kind in PACK.kinds if kind.kind == "iis" for one in kind.derive if one.name == "visitor")
SEARCH = searching(CHAIN.regex)


@pytest.mark.parametrize(
    ("sender", "chain", "visitor"),
    [
        ("203.0.113.5", "-", "203.0.113.5"),
        ("203.0.113.5", "192.0.2.1", "203.0.113.5"),
        ("10.0.0.5", "192.0.2.1", "192.0.2.1"),
        ("10.0.0.5", "192.0.2.1, 203.0.113.5, 198.51.100.20", "203.0.113.5"),
        ("10.0.0.5", "192.0.2.1,+203.0.113.5:4711,+10.0.0.9:80", "203.0.113.5"),
        ("10.0.0.5", '"192.0.2.1, 198.51.100.20"', "192.0.2.1"),
        ("2001:db8::7", "[2001:db9::1]:443, [2001:db8::8]:443", "2001:db9::1"),
        ("::ffff:10.0.0.5", "203.0.113.5", "203.0.113.5"),
        ("10.0.0.5", "203.0.113.5, unknown, 10.0.0.9", None),
        ("10.0.0.5", "10.0.0.6, 10.0.0.7", None),
        ("10.0.0.5", "-", None),
        ("10.0.0.5", "203.0.113.5" + ", 10.0.0.6" * 5000, None),
        ("-", "203.0.113.5", None),
    ],
)
def test_the_last_address_that_is_no_proxy_is_the_visitor(sender: str, chain: str, visitor: str | None) -> None:
    record = {"c-ip": sender, "X-Forwarded-For": chain}
    assert PROXIES.visitor(CHAIN, record, SEARCH) == visitor


def test_a_chain_that_is_empty_is_none_and_another_may_tell() -> None:
    record = {"c-ip": "10.0.0.5", "X-Forwarded-For": "-", "cs(X-Forwarded-For)": "203.0.113.5"}
    assert PROXIES.visitor(CHAIN, record, SEARCH) == "203.0.113.5"


ADDRESSES = st.sampled_from(["10.0.0.1", "10.0.0.9", "198.51.100.20", "203.0.113.5", "2001:db8::2", "unknown", "", "-"])


@given(ADDRESSES, st.lists(ADDRESSES, max_size=5).map(", ".join))
def test_a_proxy_is_nobody_and_others_are_believed_about_nobody(sender: str, chain: str) -> None:
    visitor = PROXIES.visitor(CHAIN, {"c-ip": sender, "X-Forwarded-For": chain}, SEARCH)
    assert not PROXIES.has(visitor)
    assert PROXIES.has(sender) or visitor in (sender, None)


def test_without_proxies_nobody_is_one() -> None:
    assert not NO_PROXIES.has("10.0.0.5")
    assert not PROXIES.has(None)
    assert not PROXIES.has("no address")


def test_the_fast_scan_follows_whom_the_naive_one_follows() -> None:
    forwarded = ("192.0.2.9, 203.0.113.5, 198.51.100.20", "203.0.113.5, 10.0.0.7", "203.0.113.77, 198.51.100.20", "-")
    rows = (
        row("/ecp/y.js", method="POST", ip="10.0.0.5", status=241, time="04:12:11"),
        row("/owa/auth/called.aspx", method="POST", ip="10.0.0.6", time="04:12:41"),
        row("/owa/auth/changepw.aspx", method="POST", ip="10.0.0.6", time="04:12:51"),
        row("/owa/auth/other.aspx", method="POST", ip="10.0.0.6", time="04:12:52"),
    )
    lines = (f"{one} {chain.replace(', ', ',+')}" for one, chain in zip(rows, forwarded, strict=True))
    log = [iis(*lines, fields=f"{IIS_FIELDS} X-Forwarded-For")]
    rules = load_rules(PACK)
    fast, slow = (hunt(log, rules, proxies=PROXIES, naive=naive) for naive in (False, True))
    assert fast.findings == slow.findings
    assert fast.context == slow.context
    shown = [one for one in fast.findings if one.effect is Effect.SHOWS]
    assert {one.subject for one in shown if one.rung is Rung.USED} == {"/owa/auth/called.aspx"}
    assert {one.actor.address for one in shown if one.actor is not None} == {"203.0.113.5"}
    hidden = [one for one in fast.findings if one.fields.get("proxy")]
    assert {one.subject for one in hidden} == {"/owa/auth/other.aspx"}
    assert all(one.actor is not None and one.actor.address is None for one in hidden)
    assert all("10.0.0.6" not in (one.fields.get("address") or "") for one in hidden)


def test_the_address_of_a_proxy_is_no_value_that_a_rule_captures() -> None:
    capture = "waspglass: {rung: probed, capture: {from: {field: c-ip}, what: {field: cs-method}}}"
    rules = rules_of(sigma("s: {cs-uri-stem: /a.aspx}\ncondition: s", extra=capture))
    log = [iis(*(row("/a.aspx", ip=ip, time=f"00:00:0{n}") for n, ip in enumerate(("10.0.0.5", "192.0.2.9"))))]
    captured = [one.fields for one in hunt(log, rules, proxies=PROXIES).findings]
    assert [(one.get("from"), one["what"]) for one in captured] == [(None, "GET"), ("192.0.2.9", "GET")]


@pytest.mark.parametrize("proxy", ["10.0.0.5", "10.0.0.4/30", "10.0.0.0/16"])
def test_an_indicator_that_is_a_proxy_accuses_nobody_and_is_told(proxy: str) -> None:
    meaning = Meaning(Rung.PROBED, Effect.SHOWS)
    wanted = [Indicator(type="address", value=ip, id=ip, title=ip, meaning=meaning) for ip in (proxy, "192.0.2.9")]
    rules = replace(load_rules(PACK), indicators=tuple(wanted))
    log = [iis(row(ip="10.0.0.5"), row(ip="192.0.2.9", time="00:00:02"))]
    assert [one.rule for one in hunt(log, rules).findings] == [proxy, "192.0.2.9"]
    found = hunt(log, rules, proxies=PROXIES)
    assert [one.rule for one in found.findings] == ["192.0.2.9"]
    told = [one for one in found.skipped if one.source == proxy]
    assert [one.reason for one in told] == [SkipReason.UNSUPPORTED_RULE]


@pytest.mark.parametrize(
    ("sender", "asked", "told"),
    [("10.0.0.5", "visitor", 0), ("-", "visitor", 1), ("10.0.0.5", "cs-username", 1)],
)
def test_what_a_proxy_hides_is_not_told_as_a_field_that_is_missing(sender: str, asked: str, told: int) -> None:
    half = sigma("s: {cs-uri-stem: /owa/}\ncondition: s", title="half")
    what = f"{{type: event_count, rules: [half], group-by: [{asked}], timespan: 5m, condition: {{gte: 2}}}}"
    text = f"{half}\n---\ntitle: k\ncorrelation: {what}\n"
    rules = load_rules(PACK, [RuleSource(path="u.yml", text=text, origin="user")])
    found = hunt([iis(row(ip=sender))], rules, proxies=PROXIES)
    assert sum("no record that it joins" in (one.detail or "") for one in found.skipped) == told
