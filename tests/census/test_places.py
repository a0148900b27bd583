"""Places in the report: names of countries that have no shape, and what is not known of places."""

from __future__ import annotations

import datetime as dt
import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from tests.census.exports import COLUMNS_TODAY, PACK, PATCHED, add, banner, jsonl
from waspglass.census.reading import open_reading
from waspglass.census.store.folder import Folder
from waspglass.census.survey import survey
from waspglass.report.census_html import render_census
from waspglass.report.census_map import country_name
from waspglass.report.census_words import CensusWords

DAY = dt.date(2021, 3, 9)


@pytest.mark.parametrize(
    ("code", "english", "german"),
    [("MT", "Malta", "Malta"), ("SG", "Singapore", "Singapur"), ("LI", "Liechtenstein", "Liechtenstein"),
     ("AT", "Austria", "Österreich"), ("QQ", "QQ", "QQ")],
)  # fmt: skip
def test_countries_without_a_shape_have_names(code: str, english: str, german: str) -> None:
    assert [country_name(code, CensusWords(language)) for language in ("en", "de")] == [english, german]


def test_the_map_and_the_tables_name_countries_alike() -> None:
    world = files("waspglass.report").joinpath("census_maps", "world.json").read_text(encoding="utf-8")
    for region in json.loads(world)["regions"]:
        for language in ("en", "de"):
            assert country_name(region["code"], CensusWords(language)) == region[language]


def page(folder: Path, places: dict[str | None, int], language: str) -> str:
    hosts = [
        banner(f"10.{place}.0.{number}", location={"country_code": country} if country else {})
        for place, (country, numbers) in enumerate(places.items())
        for number in range(numbers)
    ]
    add(folder, "shodan-2021-03-09.json", jsonl(*hosts))
    with open_reading(Folder(str(folder / "store")), PACK) as reading:
        return render_census(survey(reading, DAY, samples=2), language=language, version="1")


def test_a_rank_says_how_many_have_no_country(tmp_path: Path) -> None:
    """With them the second could be the first."""
    shown = page(tmp_path, {"US": 9, "DE": 7, None: 3}, "en")
    assert "United States (9), then Germany (7). Country not known: 3." in shown


def test_a_rank_of_known_countries_says_no_more(tmp_path: Path) -> None:
    shown = page(tmp_path, {"US": 9, "DE": 7}, "de")
    assert "Vereinigte Staaten (9), dann Deutschland (7).</p>" in shown


def test_the_wasp_under_the_lid_stands_out_with_or_without_a_rank(tmp_path: Path) -> None:
    for day, tag, version in ((8, "exchange;webshell", ""), (9, "exchange", PATCHED)):
        row = f"2021-03-{day:02d},critical,192.0.2.1,tcp,443,,{tag},0,DE,,,,,,{version},,"
        add(tmp_path, f"2021-03-{day:02d}-scan_exchange-de.csv", f"{COLUMNS_TODAY}\n{row}\n".encode())
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        shown = render_census(survey(reading, DAY, samples=2), language="en", version="1")
    assert re.findall(r'<p class="lid">([^<]*)', shown) == [
        "The wasp under the lid: servers that are patched and were reported compromised: 1."
    ]


@pytest.mark.parametrize(("days", "step"), [((8, 9), None), ((7, 8, 9), (8, 9))])
def test_the_last_two_scans_are_compared_where_they_are_not_the_first_and_the_last(
    tmp_path: Path, days: tuple[int, ...], step: tuple[int, int] | None
) -> None:
    for day in days:
        add(tmp_path, f"shodan-2021-03-{day:02d}.json", jsonl(banner(f"192.0.2.{day}")))
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        (found,) = survey(reading, DAY, samples=2).sources
    assert found.change is not None
    assert (found.change.before.day, found.change.after.day) == (days[0], 9)
    assert (None if found.step is None else (found.step.before.day, found.step.after.day)) == step
