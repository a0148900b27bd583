"""The census report over the synthetic replay: self-contained, well-formed, honest, and safe with hostile names."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import hashlib
import itertools
import json
import re
import xml.etree.ElementTree as ET
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal

import pytest

import waspglass.census
from tests.census.exports import PACK, PATCHED, add, banner, certificate, jsonl, options
from waspglass.census.add import add_exports
from waspglass.census.counted import By, Count
from waspglass.census.reading import open_reading
from waspglass.census.store.folder import Folder
from waspglass.census.survey import Survey, survey
from waspglass.model.errors import UsageError
from waspglass.model.language import load_catalogue
from waspglass.model.skip import SkipReason
from waspglass.packs.builds import State
from waspglass.packs.load import load_pack
from waspglass.report.census_html import png, render_census, svg_files
from waspglass.report.census_json import survey_json
from waspglass.report.census_map import country_map, country_name
from waspglass.report.census_series import draw_figures, draw_series
from waspglass.report.census_text import counts_text, ranks
from waspglass.report.census_words import CensusWords
from waspglass.report.picture_labels import text_width

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "census-march-2021" / "exports"


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Survey:
    folder = Folder(str(tmp_path_factory.mktemp("replay") / "store"))
    outcomes = list(add_exports(folder, sorted(EXAMPLE.iterdir()), options()))
    assert all(outcome.added for outcome in outcomes)
    with open_reading(folder, PACK) as reading:
        return survey(reading, reading.scans()[-1][0], samples=40)


class Page(HTMLParser):
    """Collects what could load or run something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_needs_nothing_from_outside(replay: Survey, language: str) -> None:
    html = render_census(replay, language=language, version="0", synthetic=True)
    page = Page()
    page.feed(html)
    assert not {"script", "link", "img", "iframe", "object", "base", "form", "image", "use"} & set(page.tags)
    names = {name for name, _ in page.attributes}
    assert not {"src", "style", "onload", "onclick", "xlink:href"} & names
    assert page.tags.count("th") == sum(name == "scope" for name, _ in page.attributes)
    assert all(value and value.startswith("#") for name, value in page.attributes if name == "href")
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in html
    assert "url(" not in style[1]
    assert len(html) < 1_500_000


@pytest.mark.parametrize(("counts", "ranked"), [((3, 2, 1), True), ((2, 2, 1), False), ((3, 1, 1), False)])
def test_a_tie_has_no_second_place(tmp_path: Path, counts: tuple[int, ...], ranked: bool) -> None:
    countries = [country for country, count in zip(("DE", "AT", "CH"), counts, strict=True) for _ in range(count)]
    rows = [banner(f"192.0.2.{n}", location={"country_code": country}) for n, country in enumerate(countries, 1)]
    add(tmp_path, "2021-03-09.json", jsonl(*rows))
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        html = render_census(survey(reading, reading.scans()[-1][0], samples=40), language="en", version="0")
    assert ("Most vulnerable addresses" in html) is ranked


def test_the_page_says_what_it_rests_on(replay: Survey) -> None:
    html = render_census(replay, language="en", version="0", synthetic=True)
    for text in ("Synthetic data", "The wasp under the lid", "never added up", "Turnbull", "Assumptions", "not proven safe",  # noqa: E501
                 "Natural Earth", "krebsonsecurity.com", "no line joins them", "Shodan guesses from versions"):  # fmt: skip  # noqa: E501
        assert text in html, text
    assert "Synthetic data" not in render_census(replay, language="en", version="0")


def test_every_picture_stands_alone_as_xml(replay: Survey) -> None:
    files = svg_files(replay, "de")
    assert {"world.svg", "de.svg", "series.svg", "public-figures-1.svg", "survival-shodan.svg"} <= set(files)
    for name, svg in files.items():
        root = ET.fromstring(svg)
        assert root.tag == "{http://www.w3.org/2000/svg}svg", name
        assert root.get("aria-label")
        assert not root.findall(".//{http://www.w3.org/2000/svg}script")
        for element in root.iter():
            for place in ("x", "y", "cx", "cy", "x1", "y1"):
                assert "nan" not in element.get(place, ""), name


def test_png(replay: Survey) -> None:
    pytest.importorskip("resvg_py")
    assert png(svg_files(replay, "en")["survival-shodan.svg"]).startswith(b"\x89PNG")


def test_a_source_has_a_panel_and_a_line_of_its_own(replay: Survey) -> None:
    svg = ET.fromstring(svg_files(replay, "en")["series.svg"])
    titles = [each.text for each in svg.iter("{http://www.w3.org/2000/svg}text") if each.get("class") == "title halo"]
    assert titles == ["Shodan", "Shadowserver scan_exchange", "Nmap"]


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    evil = '"><script>alert(1)</script>\x1b[2J\u202e'
    rows = [
        banner(
            f"192.0.2.{n}",
            org=evil,
            isp=evil,
            location={"country_code": "DE", "region_code": evil, "city": evil},
            hostnames=[evil],
        )
        for n in range(30)
    ]
    add(tmp_path, "2021-03-09.json", jsonl(*rows))
    add(tmp_path, "2021-03-12.json", jsonl(*rows[:20]))
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        found = survey(reading, reading.scans()[-1][0], samples=10)
    html = render_census(found, language="en", version="0")
    assert "<script" not in html
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "alert(1)" in html
    for svg in svg_files(found, "en").values():
        ET.fromstring(svg)


@pytest.mark.parametrize("form", ["text", "csv", "json"])
def test_hostile_names_act_on_no_terminal(form: Literal["text", "csv", "json"]) -> None:
    group = Count(dt.date(2021, 3, 9), "shodan", "a\x9b2J\u202egpj\x1b[1m", {State.VULNERABLE: 1}, {}, 0, 0, 0)
    shown = counts_text([group], By.ORGANISATION, form, 10)
    assert "202egpj" in shown
    assert all(line.isprintable() for line in shown.splitlines())


_DAY = dt.date(2021, 3, 9)


def test_a_count_for_a_terminal_leaves_out_columns_of_zeros_and_names_them() -> None:
    counts = [
        Count(_DAY, "shadowserver.x", "DE", {State.VULNERABLE: 2, State.PATCHED: 1}, {State.VULNERABLE: 1}, 0, 1, 0),
        Count(_DAY, "shodan", None, {State.VULNERABLE: 4}, {}, 3, 0, 0),
    ]
    assert counts_text(counts, By.COUNTRY, "text", 10).splitlines() == [
        "2021-03-09  shadowserver.x",
        "country    total  vulnerable  patched  tested  compromised",
        "DE             3           2        1       0            1",
        "  servers      1           1        0",
        "",
        "2021-03-09  shodan",
        "country    total  vulnerable  patched  tested  compromised",
        "(unknown)      4           4        0       3            0",
        "",
        "0 everywhere: undecidable, not affected, unknown version, also patched",
    ]


def test_a_count_of_everything_fits_on_a_screen_and_long_names_have_lines_of_their_own() -> None:
    states = dict.fromkeys(State, 10_000)
    counts = [Count(_DAY, "shodan", name, states, states, 9, 8, 7) for name in ("A" * 120, "DE")]
    assert counts_text(counts, By.ORGANISATION, "text", 1).splitlines() == [
        "2021-03-09  shodan",
        "                                                            not  unknown                          also",
        "organisation  total  vulnerable  patched  undecidable  affected  version  tested  compromised  patched",
        "A" * 120,
        "              50000       10000    10000        10000     10000    10000       9            8        7",
        "  servers     50000       10000    10000        10000     10000    10000",
        "(1 more groups; --limit shows them)",
    ]


def test_a_column_stays_where_only_servers_are_in_it() -> None:
    counts = [Count(_DAY, "shodan", None, {State.VULNERABLE: 1}, {State.VULNERABLE: 1, State.PATCHED: 1}, 0, 0, 0)]
    assert counts_text(counts, By.NOTHING, "text", 10).splitlines() == [
        "2021-03-09  shodan",
        "           total  vulnerable  patched",
        "all            1           1        0",
        "  servers      2           1        1",
        "",
        "0 everywhere: undecidable, not affected, unknown version, tested, compromised, also patched",
    ]


def test_wide_letters_and_accents_move_no_column() -> None:
    counts = [Count(_DAY, "x", name, {State.VULNERABLE: 1}, {}, 0, 0, 0) for name in ("ACME", "Cafe\u0301", "日本電信")]
    assert counts_text(counts, By.ORGANISATION, "text", 10).splitlines()[2:5] == [
        "ACME              1           1",
        "Cafe\u0301              1           1",
        "日本電信          1           1",
    ]


def test_one_scan_of_one_source_is_enough_for_a_page(tmp_path: Path) -> None:
    add(tmp_path, "2021-03-09.json", jsonl(banner("192.0.2.1")))
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        found = survey(reading, reading.scans()[-1][0])
        empty = survey(reading, reading.scans()[-1][0].replace(month=5))
    html = render_census(found, language="en", version="0")
    assert "There are not two scans of one source yet." in html
    assert "An estimate needs two sources" in html
    with pytest.raises(UsageError):
        render_census(empty, language="en", version="0")


def test_languages_agree() -> None:
    english, german = (load_catalogue("waspglass.report", "census", language) for language in ("en", "de"))
    assert english.keys() == german.keys()
    for key in english.keys():  # noqa: SIM118 - a catalogue is no mapping
        assert english.fields(key) == german.fields(key), key


def test_the_numbers_for_scripts_are_those_of_the_page(replay: Survey) -> None:
    found = json.loads(survey_json(replay))
    assert found["schema"] == "waspglass/census-report/1"
    assert [each["source"] for each in found["sources"]] == [each.source for each in replay.sources]
    for shown, source in zip(found["sources"], replay.sources, strict=True):
        assert shown["series"][-1]["addresses_vulnerable"] == source.last.vulnerable
        known = [(each["rank"], each["country"]) for each in shown["countries"] if each["country"]]
        assert known == sorted(known, key=lambda pair: pair[0])
        assert not known or known[0][0] == 1
        for curve in shown["survival"]:
            assert source.patching is not None
            assert curve["half_life"]["days"] == source.patching.curve.half_life.day
    assert {each["country"] for each in found["unseen"]} == set(replay.unseen)


REGIONS = {"DE": "BY", "AT": "WIEN", "CH": "ZH"}


def region(key: str, vulnerable: int) -> Count:
    return Count(dt.date(2021, 3, 9), "shodan", key, {State.VULNERABLE: vulnerable}, {}, 0, 0, 0)


def test_a_country_map_loses_no_address() -> None:
    """A region that is written in two ways is one; what is in no shape is said."""
    words = CensusWords("en")
    counts = [region("DE BY", 3), region("DE Bayern", 2), region("DE Atlantis", 4)]
    picture = country_map(counts, 12, "DE", "x", words)
    assert picture is not None
    assert words.text("map.region", name="Bavaria", vulnerable="5", total="5") in {one.title for one in picture.shapes}
    assert " ".join(picture.missing) == words.text("map.missing", number="7")
    assert country_map([], 12, "DE", "x", words) is None
    assert country_map(counts, 12, "FR", "x", words) is None


def test_public_figures_of_the_second_pack_are_drawn(tmp_path: Path) -> None:
    head = "HTTP/1.1 200 OK\r\nMicrosoftSharePointTeamServices: 16.0.0.5508\r\n"
    path = tmp_path / "2025-07-21.json"
    path.write_bytes(jsonl(banner("192.0.2.1", None, data=head, timestamp="2025-07-21T10:00:00")))
    folder = Folder(str(tmp_path / "store"))
    list(add_exports(folder, [path], dataclasses.replace(options(), now=dt.datetime(2025, 8, 1, tzinfo=dt.UTC))))
    with open_reading(folder, load_pack("toolshell")) as reading:
        found = survey(reading, dt.date(2025, 7, 21), samples=10)
    assert "public-figures-1.svg" in svg_files(found, "de")
    page = render_census(found, language="de", version="0")
    assert "<td>kompromittierte Server</td>" in page
    assert "compromised servers" not in page


def test_no_day_stands_in_the_page_as_machines_write_it(replay: Survey) -> None:
    for language in ("en", "de"):
        texts = re.sub(
            r"<style>.*?</style>|<[^>]*>|https?://\S+", " ", render_census(replay, language=language, version="0")
        )
        assert not re.findall(r"(?<![\w/-])20\d\d-\d\d-\d\d(?![\w/-])", texts)


def test_a_state_stays_in_the_page_where_only_servers_are_in_it(tmp_path: Path) -> None:
    two = (banner("192.0.2.1", ssl=certificate("a")), banner("192.0.2.1", PATCHED, port=444, ssl=certificate("b")))
    add(tmp_path, "2021-03-09.json", jsonl(*two))
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        page = render_census(survey(reading, dt.date(2021, 3, 9), samples=5), language="en", version="0")
    assert re.search(r"servers</td><td class=\"n\">2</td>(<td class=\"n( v| p)?\">1</td>){2}", page)


def test_titles_of_maps_fit(replay: Survey) -> None:
    """Each line of a title is narrower than its map, with letters as wide as the widest font that the style names."""
    words = CensusWords("de")
    for country in ("DE", "AT", "CH"):
        title = words.text("map.country", country=country_name(country, words), source="Shadowserver scan_exchange",
                           day=words.day(replay.day))  # fmt: skip
        picture = country_map([region(f"{country} {REGIONS[country]}", 1)], 1, country, title, words)
        assert picture is not None
        assert " ".join(picture.title_lines) == title
        assert all(len(line) * 9 <= picture.width - 8 for line in picture.title_lines)


@pytest.mark.parametrize("language", ["en", "de"])
def test_what_stands_below_half_lives_fits(replay: Survey, language: str) -> None:
    drawn = [svg for name, svg in svg_files(replay, language).items() if name.startswith("half-life")]
    assert drawn
    for root in map(ET.fromstring, drawn):
        *_, width, _ = map(float, root.attrib["viewBox"].split())
        for text in root.iterfind(".//{*}text[@class='small middle']"):
            assert text_width(text.text or "") / 2 <= min(float(text.attrib["x"]), width - float(text.attrib["x"]))


def test_labels_of_lines_keep_apart_and_inside(replay: Survey) -> None:
    picture = draw_series(replay, CensusWords("en"))
    assert picture is not None
    for panel in picture.panels:
        places = sorted(line.end[1] for line in panel.lines)
        assert all(after - before >= 13.9 for before, after in itertools.pairwise(places))
        assert places[-1] <= panel.bottom
        assert all(line.end[0] <= picture.right < picture.width - 60 for line in panel.lines)


def test_the_timeline_is_in_the_language_of_the_report(replay: Survey) -> None:
    event = next(row for row in replay.pack.timeline if row.event_de and row.date == "2021-03-02")
    assert event.event_de is not None
    assert event.event_de in unescape(render_census(replay, language="de", version="0"))
    assert event.event in unescape(render_census(replay, language="en", version="0"))


def test_a_source_that_saw_nothing_of_the_product_that_day_stands_with_none(tmp_path: Path) -> None:
    other = {"http": None, "data": "HTTP/1.1 200 OK\r\nMicrosoftSharePointTeamServices: 16.0.0.10337\r\n"}
    add(tmp_path, "2021-03-20.json", jsonl(banner("192.0.2.9", None, **other)))
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        empty = survey(reading, dt.date(2021, 3, 20), samples=5)
    with pytest.raises(UsageError, match="has a host that the pack proxylogon is about"):
        render_census(empty, language="en", version="1")
    add(tmp_path, "2021-03-15.json", jsonl(banner("192.0.2.1")))
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        found = survey(reading, dt.date(2021, 3, 20), samples=5)
    assert [(each.last.date.day, each.last.total) for each in found.sources] == [(20, 0)]
    assert "Shodan: 0 of 0 addresses vulnerable." in render_census(found, language="en", version="1")


@pytest.mark.parametrize("pack", ["proxylogon", "toolshell"])
def test_no_number_of_a_public_figure_covers_another(pack: str) -> None:
    figures = load_pack(pack).figures
    first = dt.date.fromisoformat(min(each.date for each in figures))
    for region in {each.region for each in figures}:
        chosen = [each for each in figures if each.region == region]
        drawn = draw_figures(chosen, first, first + dt.timedelta(days=40), region, CensusWords("en"))
        for one, other in itertools.combinations(() if drawn is None else drawn.marks, 2):
            left, right = ((mark.x + mark.side[0], mark.y + mark.side[1], mark.side[2]) for mark in (one, other))
            assert left[2] != right[2] or abs(left[0] - right[0]) > 10 or abs(left[1] - right[1]) > 9, one


def test_each_reason_of_a_skip_has_its_words() -> None:
    sources = Path(waspglass.census.__file__).parent.rglob("*.py")
    used = {name for path in sources for name in re.findall(r"SkipReason\.([A-Z_]+)", path.read_text(encoding="utf-8"))}
    assert len(used) > 4
    for language in ("en", "de"):
        assert all(CensusWords(language).skip(SkipReason[name].value) for name in used)


def test_hosts_of_no_known_country_take_nobodys_rank() -> None:
    counts = [
        Count(dt.date(2021, 3, 9), "nmap", key, {State.VULNERABLE: number}, {}, 0, 0, 0)
        for key, number in ((None, 9), ("US", 5), ("AT", 3), ("DE", 3), ("FR", 1))
    ]
    assert [rank for rank, _ in ranks(counts)] == [None, 1, 2, 2, 4]


def test_sentences_about_what_was_left_out_stand_apart(tmp_path: Path) -> None:
    """`unlesbare Zeile: 11` and `63 Sichtungen` stood together as 1163."""
    other = banner("192.0.2.9", None, http=None, data="")
    add(tmp_path, "2021-03-09.json", jsonl(banner("192.0.2.1"), other, "{broken"))
    with open_reading(Folder(str(tmp_path / "store")), PACK) as reading:
        page = render_census(survey(reading, dt.date(2021, 3, 9), samples=5), language="de", version="1")
    assert "unlesbare Zeile: 1. Nicht gez" in re.sub(r"\s+", " ", page)
