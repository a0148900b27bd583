"""What is made by columns, by remembered headers and by line feeds is what the plain way makes, one by one."""

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
    """Product by product: its headers, then its paths in the page, then those in the head."""
    fields = [line.split(":", 1) for line in head.split("\n")[1:] if ":" in line]
    values: dict[str, str] = {}
    for name, value in fields:
        if value.strip(" \t\r\f\v\n"):
            values.setdefault(name.lower(), value.strip())
    for product in signs.products:
        sign = product.in_headers(values)
        if sign is not None:
            return sign
        version = product.in_paths(head, page)
        if version is not None:
            return Sign(product.product, version, "path", product.server_name(values))
    return None


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


def test_long_headers_are_not_remembered() -> None:
    signs = Signs(load_signs().products)
    head = "HTTP/1.1 200 OK\nX-FEServer: " + "A" * 100_000 + "\nX-OWA-Version: 15.1.2176.2"
    sign = signs.read(head, "")
    assert sign is not None
    assert sign.version == "15.1.2176.2"
    assert signs._remembered.cache_info().currsize == 0


@pytest.mark.parametrize("text", [b"", b"a", b"\n", b"a\n\nb\n", b"\n\n\n", b"a\nb"])
def test_line_feeds_of_a_block(text: bytes) -> None:
    block = block_of(7, text)
    assert block.ends == [place for place, byte in enumerate(text) if byte == 0x0A]
    assert block.first == 7
