"""The facts file: what is wrong is said with its place."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waspglass.examine.facts_file import facts_of, read_facts, refuse_facts
from waspglass.model.errors import UsageError
from waspglass.model.facts import Facts


def written(folder: Path, content: bytes) -> Path:
    path = folder / "facts.json"
    path.write_bytes(content)
    return path


def test_everything_is_optional(tmp_path: Path) -> None:
    assert read_facts(written(tmp_path, b"{}")) == Facts()


@pytest.mark.parametrize(
    "content",
    [
        b'{"builds": [{"build": "%s", "from": "2021-01-05"}]}',
        b'{"timezone": "%s"}',
        b'{"%s": 1}',
        b'{"collected_at": "%s"}',
    ],
)
@pytest.mark.parametrize("piece", [b"9", b"\\u001b[2J"])
def test_a_long_or_hostile_entry_is_not_repeated_whole(tmp_path: Path, content: bytes, piece: bytes) -> None:
    with pytest.raises(UsageError) as caught:
        read_facts(written(tmp_path, content % (piece * (900_000 // len(piece)))))
    assert len(str(caught.value)) < 600 + len(str(tmp_path))
    assert "\x1b" not in str(caught.value)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    facts = read_facts(written(tmp_path, b'\xef\xbb\xbf{"hostname": "MX01", "timezone": "Europe/Berlin"}'))
    assert (facts.hostname, facts.timezone) == ("MX01", "Europe/Berlin")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig"])
def test_what_the_shell_of_windows_writes_is_read(tmp_path: Path, encoding: str) -> None:
    assert read_facts(written(tmp_path, '{"hostname": "MÜX01"}\r\n'.encode(encoding))).hostname == "MÜX01"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"colected_at": "2021-03-13"}, "can stand: hostname, timezone, collected_at, builds, own_pages"),
        ({"builds": [{"build": "15.1.2106.2", "since": "2021-03-05"}]}, "can stand: build, from"),
        ({"collected_at": "13.3.2021"}, r"'13\.3\.2021' is not a time\. Write 2021-03-01"),
        ({"builds": [{"build": "15.1.2106.2", "from": "October"}]}, "'October' is not a time"),
        ({"builds": ["15.1.2106.2"]}, r"'15\.1\.2106\.2' stands where an object"),
        ({"own_pages": "/a.aspx"}, "'/a.aspx' stands where a list"),
        ({"hostname": 3}, "3 stands where a text"),
        ({"own_pages": ["/shop/*"]}, r"'/shop/\*' is no path of a page"),
        ({"proxies": ["lb01"]}, r"\(proxies\.0\): write an address"),
    ],
)
def test_a_name_or_time_that_is_wrong_is_answered_with_right_ones(facts: object, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        facts_of(facts, "facts.json")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b'{"builds": [{"build": "15.1.2106.2"}], "builds": [{"build": "15.1.2106.13"}]}', "builds"),
        (b'{"builds": [{"build": "15.1.2106.2", "from": "2020-10-01", "from": "2021-03-05"}]}', "from"),
    ],
)
def test_an_entry_that_stands_twice_loses_none_in_silence(tmp_path: Path, content: bytes, name: str) -> None:
    with pytest.raises(UsageError, match=f"facts.json: '{name}' stands twice"):
        read_facts(written(tmp_path, content))


def test_times_with_an_offset_become_utc() -> None:
    facts = facts_of({"builds": [{"build": "15.1.2176.2", "from": "2021-01-05T01:00:00+01:00"}]}, "f")
    assert facts.builds[0].from_ == datetime(2021, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", "facts.json:1"),
        (b'{"hostname": \n oops}', "facts.json:2"),
        (b'{"builds": [{"build": "soon"}]}', "facts.json (builds.0.build)"),
        (b'{"host": "MX01"}', "facts.json (host)"),
        (b'{"proxies": ["lb01"]}', "facts.json (proxies.0)"),
        (b'{"proxies": ["10.0.0.1", "10.0.0.5/24"]}', "facts.json (proxies.1)"),
        (b'{"proxies": ["0.0.0.0/0"]}', "facts.json (proxies.0)"),
        (b'{"proxies": ["::ffff:0:0/96"]}', "facts.json (proxies.0)"),
        (b'{"proxies": [5]}', "facts.json (proxies.0)"),
        (b'{"timezone": "../../etc/passwd"}', "facts.json (timezone)"),
        (b'{"timezone": "Mars/Olympus"}', "facts.json (timezone)"),
        (b'{"collected_at": "yesterday"}', "facts.json (collected_at)"),
        (b"[]", "facts.json"),
        (b"\xff\xfe", "facts.json:1"),
        (b"\xff\xff", "facts.json"),
        (b"[" * 100_000, "facts.json"),
    ],
)
def test_a_fault_is_said_with_its_place(tmp_path: Path, content: bytes, place: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_facts(written(tmp_path, content))
    assert str(caught.value.location).endswith(place)
    assert caught.value.exit_code == 2


def test_a_build_that_is_none_is_named_with_an_example() -> None:
    with pytest.raises(UsageError, match=r"'CU19' is no build such as 15\.1\.2106\.12"):
        facts_of({"builds": [{"build": "CU19"}]}, "facts.json")


def test_proxies_are_addresses_and_networks() -> None:
    facts = facts_of({"proxies": ["10.0.0.5", "2001:DB8::/64", "::ffff:10.0.1.0/120"]}, "facts.json")
    assert facts.proxies == ("10.0.0.5/32", "2001:db8::/64", "10.0.1.0/24")
    with pytest.raises(UsageError, match="write an address or a network, such as"):
        facts_of({"proxies": ["10.0.0.5/24"]}, "facts.json")


@pytest.mark.parametrize(("build", "hinted"), [("Version 15.1 (Build 2106.2)", True), ("Version 2016", False)])
def test_the_version_as_exchange_shows_it_has_no_security_updates(build: str, hinted: bool) -> None:
    with pytest.raises(UsageError) as caught:
        facts_of({"builds": [{"build": build}]}, "facts.json")
    assert ("without its security updates" in (caught.value.hint or "")) is hinted


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the facts"):
        read_facts(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("name", "text", "refused"),
    [
        ("facts.JSON", '{"hostname": "MX01"}', True),
        ("facts.json", "{}", False),
        ("events.json", '{"hostname": "MX01", "EventID": 1}', False),
        ("events.json", '{"hostname": "MX01"}\n{"hostname": "MX01"}\n', False),
        ("u_ex210303.log", '{"hostname": "MX01"}', False),
        ("none.json", None, False),
    ],
)
def test_facts_are_no_evidence(tmp_path: Path, name: str, text: str | None, refused: bool) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match="holds facts and no evidence") if refused else nullcontext():
        refuse_facts(path)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
facts_like = st.dictionaries(
    st.sampled_from(["hostname", "timezone", "collected_at", "builds", "proxies"]), json_values
)


@given(json_values | facts_like)
def test_no_json_value_makes_it_crash(value: object) -> None:
    try:
        facts_of(value, "f")
    except UsageError as fault:
        assert fault.location is not None
