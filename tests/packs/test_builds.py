from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waspglass.packs.builds import BuildTable, State, Version, parse_version
from waspglass.packs.load import load_pack
from waspglass.packs.pack import BuildRow

TABLE = BuildTable(load_pack("proxylogon").builds)
KNOWN = [version for row in TABLE.rows if (version := parse_version(row.build)) is not None]
HEIGHT = {State.VULNERABLE: 0, State.UNDECIDABLE: 1, State.PATCHED: 2}


def dotted(version: Version) -> str:
    return ".".join(map(str, version))


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("15.1.2176.9", (15, 1, 2176, 9)),
        ("15.01.2176.009", (15, 1, 2176, 9)),
        (" 15.2.721 ", (15, 2, 721)),
        ("Version 15.1 (Build 2176.2)", (15, 1, 2176, 2)),
        ("15.1 (Build 30.4242.7:2176.2)", None),
        ("15", None),
        ("15.1.2176.9.1", None),
        ("15.1.x", None),
        ("", None),
        ("１５.1.2176.9", None),
    ],
)
def test_versions_are_read_in_the_forms_that_logs_use(text: str, version: Version | None) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize(
    ("version", "state", "name"),
    [
        ("15.1.2176.2", State.VULNERABLE, "Exchange Server 2016 CU19"),
        ("15.1.2176.4", State.VULNERABLE, "Exchange Server 2016 CU19 Feb21SU"),
        ("15.1.2176.5", State.VULNERABLE, "after Exchange Server 2016 CU19 Feb21SU"),
        ("15.1.2176.9", State.PATCHED, "Exchange Server 2016 CU19 Mar21SU"),  # the fixing build itself: >=, not >
        ("15.1.2176.10", State.PATCHED, "after Exchange Server 2016 CU19 Mar21SU"),
        ("15.1.2176", State.UNDECIDABLE, "Exchange Server 2016 CU19"),
        ("15.1.2242.4", State.PATCHED, "Exchange Server 2016 CU20"),
        ("15.1.2242", State.PATCHED, "Exchange Server 2016 CU20"),
        ("15.1.845", State.VULNERABLE, "Exchange Server 2016 CU5"),
        ("15.0.847.64", State.PATCHED, "Exchange Server 2013 SP1 (CU4) Mar21SU"),
        ("15.0.1395.0", State.VULNERABLE, "after Exchange Server 2013 CU21"),
        ("15.2.721", State.UNDECIDABLE, "Exchange Server 2019 CU7"),
        ("14.3.500.0", State.VULNERABLE, "after Exchange Server 2010 SP3 RU30"),
        ("14.3.513.0", State.PATCHED, "Exchange Server 2010 SP3 RU32"),
        ("14.3.513", State.PATCHED, "Exchange Server 2010 SP3"),
        ("15.2.99999.1", State.PATCHED, None),  # newer than every line of 2019 and SE that lacks the fix
        ("15.1.2200.1", State.UNKNOWN, None),  # between a line that needs the update and one that carries it
        ("15.2.200.1", State.UNKNOWN, None),
        ("8.3.517.0", State.UNKNOWN, None),
        ("nonsense", State.UNKNOWN, None),
        ("15.1", State.UNKNOWN, None),
    ],
)
def test_what_a_version_says(version: str, state: State, name: str | None) -> None:
    answer = TABLE.state(version)
    assert (answer.state, answer.name) == (state, name)


def test_how_many_three_part_versions_decide_nothing() -> None:
    """23 of 62 in the table of CSS-Exchange alone, which lacks the updates of 2013 SP1 and 2019 RTM; 25 of 67 here."""
    three = {version[:3] for version in KNOWN if version[0] == 15}
    open_ones = {version for version in three if TABLE.state(dotted(version)).state is State.UNDECIDABLE}
    assert (len(open_ones), len(three)) == (25, 67)
    alone = BuildTable(tuple(row for row in TABLE.rows if "CSS-Exchange" in row.source))
    three = {parse_version(row.build)[:3] for row in alone.rows if row.build.startswith("15.")}  # type: ignore[index]  # known
    open_ones = {version for version in three if alone.state(dotted(version)).state is State.UNDECIDABLE}
    assert (len(open_ones), len(three)) == (23, 62)


def test_every_known_build_gets_its_own_row() -> None:
    expected = {"yes": State.PATCHED, "no": State.VULNERABLE}
    for row in TABLE.rows:
        answer = TABLE.state(row.build)
        assert (answer.known, answer.exact, answer.state) == (row, True, expected[row.fixes])


@given(st.sampled_from(KNOWN), st.integers(0, 70_000), st.integers(0, 70_000))
def test_states_are_monotone_in_a_release_line(known: Version, one: int, other: int) -> None:
    lower, higher = sorted((one, other))
    states = [TABLE.state(dotted((*known[:3], last))).state for last in (lower, higher)]
    assert HEIGHT[states[0]] <= HEIGHT[states[1]]


@given(st.sampled_from(KNOWN), st.integers(0, 70_000))
def test_three_parts_say_nothing_that_a_fourth_could_refute(known: Version, last: int) -> None:
    short = TABLE.state(dotted(known[:3])).state
    whole = TABLE.state(dotted((*known[:3], last))).state
    assert short in (State.UNDECIDABLE, whole)


@given(st.text(max_size=30))
def test_any_text_has_a_state(text: str) -> None:
    assert TABLE.state(text).state in State


def test_a_product_that_is_not_affected() -> None:
    row = BuildRow(build="16.0.1.1", product="New", cumulative_update="RTM", fixes="not affected")
    assert BuildTable((row,)).state("16.0.1.7").state is State.NOT_AFFECTED


def test_an_empty_table_knows_nothing() -> None:
    assert BuildTable(()).state("15.1.2176.9").state is State.UNKNOWN


def test_a_third_number_of_zero_is_one_where_the_table_has_it() -> None:
    """Where no build has one, a header cut the version off; here 2.0.0.5 was taken for 2.0.5, which is fixed."""
    builds = (("2.0.0.5", "R1", "no"), ("2.0.1.9", "R1", "no"), ("2.0.2.9", "R1", "yes"))
    later = (("2.0.10.1", "R2", "no"), ("2.0.11.7", "R2", "yes"))
    table = BuildTable(
        tuple(
            BuildRow(build=build, product="Thing", cumulative_update=line, fixes=fixes, source="made up")
            for build, line, fixes in (*builds, *later)
        )
    )
    assert table.state("2.0.0.5").state is State.VULNERABLE
