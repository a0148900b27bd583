"""Signs looked for by columns are those of `Signs.read`, banner by banner; times by columns those of the slow way."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waspglass.census.normalise import _instant, _moments
from waspglass.census.sign_columns import _SPACE, placed, read_columns, server_column
from waspglass.census.signs import Signs, load_signs

NAMES = st.sampled_from(
    ["X-OWA-Version", "x-owa-version", "X-FEServer", "X-BEServer", "MicrosoftSharePointTeamServices", "Vary", "Xx", "X"]
)
VALUES = st.sampled_from(
    ["15.1.2176.2", " 15.2.792.10 \r", "", " ", "\r", "EX01\r", "16.0.0.5513", "none", "/owa/auth/15.1.2176/x", "a: b",
     "\x1c15.1.2176.2", "\xa015.1.2176.2\u2003", "\x1e", "\t \x0b15.1.1.1", "15.1.2176.2.9", "15.1", "15.1.123456.1",
     "\u0661\u0665.1.2176.2", "x\u2028", "/ecp/15.2.792/", "\u017f", "15.1.2176.2\n15.1.2176.9"]
)  # fmt: skip
BREAKS = st.sampled_from(["\n", "\r\n", "\n\n", "\r", ""])
HEADS = st.lists(st.tuples(BREAKS, NAMES, st.sampled_from([":", ": ", "", ":\t"]), VALUES), max_size=5).map(
    lambda lines: "HTTP/1.1 200 OK" + "".join(map("".join, lines))
)
PAGES = st.sampled_from(
    ["", '<link href="/owa/auth/15.1.2176/themes">', "/owa/ /owa/15.0.1497.2/", "/ecp/15.2.792/ /owa/x/", "/owa/auth/",
     "/ecp/15.2.792/ /owa/auth/15.1.2176/", "/owa/15.1.2176.2.1/", "/owa/auth/auth/15.1.2176/", "\u00e9/owa/15.1.1/"]
)  # fmt: skip


def plainly(signs: Signs, head: str | None, page: str | None) -> tuple[str | None, ...]:
    sign = signs.read(head or "", page or "")
    servers = [each.server_name(signs.values(head or "")) for each in signs.products]
    return (*(sign[:3] if sign else (None, None, None)), *servers)


@given(st.lists(st.tuples(st.none() | HEADS, st.none() | PAGES), max_size=12))
def test_columns_of_signs_are_the_signs_of_each_banner(banners: list[tuple[str | None, str | None]]) -> None:
    signs = load_signs()
    heads, pages = (pl.Series([each[place] for each in banners], dtype=pl.String) for place in (0, 1))
    found = read_columns(signs, heads, pages)
    assert found.columns == ["product", "version", "version_from", *(server_column(x.product) for x in signs.products)]
    assert found.rows() == [plainly(signs, head, page) for head, page in banners]


def test_space_is_what_python_strips() -> None:
    assert set(_SPACE) == {character for character in map(chr, range(0x11_0000)) if character.isspace()}


@given(st.lists(st.none() | st.integers(), max_size=20))
def test_values_are_placed_where_the_mask_is_true(cells: list[int | None]) -> None:
    mask = pl.Series([cell is not None for cell in cells], dtype=pl.Boolean)
    values = pl.Series([str(cell) for cell in cells if cell is not None], dtype=pl.String)
    assert placed(values, mask).to_list() == [None if cell is None else str(cell) for cell in cells]


MOMENTS = st.sampled_from(
    ["2021-03-09T10:00:00.123456", "2021-03-09 10:00:00", "2021-03-09T10:00:00Z", " 2021-03-09T10:00:00 ",
     "2021-03-09T10:00:00+01:00", "2021-03-09T10:00:00-0330", "2021-03-09", "1615284000", "1615284000.5", "yesterday",
     "", " ", "2021-02-30T10:00:00", "2021-03-09T24:00:00", "2021-03-09 10:00:00 UTC", "2021-03-09T10:00"]
)  # fmt: skip


@given(
    st.lists(st.none() | MOMENTS, max_size=8) | st.lists(MOMENTS.filter(lambda text: "10:00:00" in text), max_size=8)
)
def test_plain_times_are_those_of_the_way_that_takes_all(texts: list[str | None]) -> None:
    column = pl.Series("seen", texts, dtype=pl.String)
    assert _moments(column).to_list() == column.to_frame().select(_instant(column)).to_series().to_list()


@pytest.mark.parametrize("texts", [["2021-03-09T10:00:00.1", None], ["2021-03-09 10:00:00"]])
def test_plain_times_need_no_more(texts: list[str | None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("waspglass.census.normalise._instant", None)
    assert _moments(pl.Series(texts)).null_count() == texts.count(None)
