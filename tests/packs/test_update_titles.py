"""Titles of updates -> the build that they bring, or leave behind when they are removed."""

from __future__ import annotations

import pytest

from waspglass.packs.load import load_pack
from waspglass.packs.pack import BuildRow
from waspglass.packs.update_titles import build_of_update, build_without_update

EXCHANGE = load_pack("proxylogon").builds
SHAREPOINT = load_pack("toolshell").builds


@pytest.mark.parametrize(
    ("title", "build"),
    [
        ("Security Update for Exchange Server 2016 Cumulative Update 18 (KB5000871) 15.1.2106.13", "15.1.2106.13"),
        ("Security Update for Exchange Server 2016 Cumulative Update 18 (KB5000871)", "15.1.2106.13"),
        ("Security Update For Exchange Server 2016 CU19 (KB5000871)", "15.1.2176.9"),
        ("Security Update For Exchange Server 2013 CU23 (kb5000871)", "15.0.1497.12"),
        ("Security Update For Exchange Server 2016 CU99 (KB5000871)", None),
        ("Security Update For Exchange Server 2016 (KB5000871)", None),
        ("Security Update For Exchange Server 2016 CU18 (KB1)", None),
        ("Security Update for Exchange Server 2099 Cumulative Update 1 15.9.1.2", "15.9.1.2"),
        ("15.1.2242.4", "15.1.2242.4"),
        ("", None),
    ],
)
def test_title_of_exchange(title: str, build: str | None) -> None:
    assert build_of_update(title, EXCHANGE) == build


def test_one_article_of_sharepoint_is_of_one_version() -> None:
    title = "Security Update for Microsoft SharePoint Enterprise Server 2016 (KB5002760) 64-Bit Edition"
    assert build_of_update(title, SHAREPOINT) == "16.0.5513.1001"


@pytest.mark.parametrize(
    ("title", "build"),
    [
        ("Security Update for Exchange Server 2016 Cumulative Update 18 (KB5000871) 15.1.2106.13", "15.1.2106.2"),
        ("Security Update for Exchange Server 2016 Cumulative Update 18 (KB9999999) 15.1.2106.99", "15.1.2106.2"),
        ("Security Update For Exchange Server 2019 CU8 (KB5000871)", "15.2.792.3"),
        ("Security Update for Exchange Server 2016 (KB1)", None),
        ("Security Update for Exchange Server 2099 (KB9999999) 15.9.1.2", None),
    ],
)
def test_what_is_left_without_it(title: str, build: str | None) -> None:
    assert build_without_update(title, EXCHANGE) == build


def test_an_article_that_the_table_gives_without_capitals() -> None:
    row = BuildRow(
        product="P", cumulative_update="CU1", security_update="S", build="1.2.3.4", kb="kb123456", fixes="no"
    )
    assert build_of_update("Update for P (KB123456)", [row]) == "1.2.3.4"
