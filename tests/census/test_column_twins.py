"""What is made by columns, by one expression for all headers and by line feeds is what the plain way makes."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waspglass.census.sighting import RAW, raw_frame
from waspglass.census.signs import Sign, Signs, load_signs
from waspglass.census.sources.lines import block_of

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
LISTS = st.lists(st.none() | st.lists(TEXTS, max_size=3), min_size=1, max_size=30)


@given(names=LISTS, verified=LISTS)
def test_lists_of_texts_are_those_handed_over(names: list[list[str] | None], verified: list[list[str] | None]) -> None:
    height = min(len(names), len(verified))
    frame = raw_frame({"address": ["x"] * height, "names": list(names[:height]), "verified": list(verified[:height])})
    assert frame["names"].to_list() == names[:height]
    assert frame["verified"].to_list() == verified[:height]
    assert frame["claimed"].null_count() == height
    assert frame.columns == RAW.names
    assert frame["names"].dtype == frame["claimed"].dtype == pl.List(pl.String)


def plain_read(signs: Signs, head: str, page: str) -> Sign | None:
    """The headers taken apart line by line: the first value that is not empty counts."""
    fields = [line.split(":", 1) for line in head.split("\n")[1:] if ":" in line]
    values: dict[str, str] = {}
    for name, value in fields:
        if value.strip(" \t\r\f\v\n"):
            values.setdefault(name.lower(), value.strip())
    return next((sign for product in signs.products if (sign := product.shown(values, head, page))), None)


NAMES = st.sampled_from(
    ["X-OWA-Version", "x-owa-version", "X-FEServer", "X-BEServer", "MicrosoftSharePointTeamServices", "Vary", "Xx"]
)
VALUES = st.sampled_from(
    ["15.1.2176.2", " 15.2.792.10 \r", "", " ", "\r", "EX01\r", "16.0.0.5513", "none", "/owa/auth/15.1.2176/x", "a: b"]
)
PAGES = st.sampled_from(
    ["", '<link href="/owa/auth/15.1.2176/themes">', "/owa/ /owa/15.0.1497.2/", "/ecp/15.2.792/ /owa/x/", "/owa/auth/"]
)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=6), PAGES)
def test_signs_are_those_of_product_after_product(fields: list[tuple[str, str]], page: str) -> None:
    head = "HTTP/1.1 200 OK\r\n" + "\n".join(f"{name}:{value}" for name, value in fields)
    assert load_signs().read(head, page) == plain_read(load_signs(), head, page)


@pytest.mark.parametrize("text", [b"", b"a", b"\n", b"a\n\nb\n", b"\n\n\n", b"a\nb"])
def test_line_feeds_of_a_block(text: bytes) -> None:
    block = block_of(7, text)
    assert block.ends == [place for place, byte in enumerate(text) if byte == 0x0A]
    assert block.first == 7
