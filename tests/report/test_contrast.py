"""The page's colours keep the contrast that WCAG 2.1 asks of text (AA: 4.5 to 1), in light and in dark."""

from __future__ import annotations

import re
from colorsys import hls_to_rgb
from importlib.resources import files

import pytest

from waspglass.report.trace_html import HUES

STYLE = files("waspglass.report").joinpath("templates", "assessment.css").read_text("utf-8")
LIGHT, DARK = STYLE.split("@media screen and (prefers-color-scheme: dark)")[:2]
PAIRS = [("ink", "card"), ("ink", "paper"), ("ink", "code"), ("soft", "card"), ("soft", "paper"), ("soft", "code"),
         ("link", "card"), ("bad", "card"), ("good", "card")]  # fmt: skip
RUNGS = ("probed", "exploited", "implanted", "used", "impact")


def colours(style: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})\b", style.split(".v-clean")[0]))


def tones(style: str) -> list[tuple[str, str]]:
    return re.findall(r"\.v-[\w-]+ \{ --tone: (#\w{6}); --tone-soft: (#\w{6});", style)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("style", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read(style: str) -> None:
    known = colours(style)
    for text, ground in PAIRS:
        assert contrast(known[text], known[ground]) >= 4.5, (text, ground)


@pytest.mark.parametrize(("style", "text"), [(LIGHT, "#ffffff"), (DARK, "#15161b")], ids=["light", "dark"])
def test_words_on_rungs_can_be_read(style: str, text: str) -> None:
    for rung in RUNGS:
        assert contrast(colours(style)[rung], text) >= 4.5, rung


@pytest.mark.parametrize("style", [LIGHT, DARK], ids=["light", "dark"])
def test_every_verdict_can_be_read(style: str) -> None:
    assert len(tones(style)) == 5
    assert all(contrast(tone, ground) >= 4.5 for tone, ground in tones(style))


@pytest.mark.parametrize("style", [LIGHT, DARK], ids=["light", "dark"])
def test_words_on_the_lid_bar_can_be_read(style: str) -> None:
    for state in ("lid-patched", "lid-vulnerable"):
        assert contrast(colours(style)[state], "#ffffff") >= 4.5, state


def test_white_words_stand_on_colours_that_are_the_same_in_light_and_dark() -> None:
    grounds = re.findall(r"badge \{[^}]*?(?:color: #fff; )?background: ([^;]+);", STYLE)
    assert len(grounds) == 4
    assert all(ground.startswith("#") and contrast(ground, "#ffffff") >= 4.5 for ground in grounds), grounds


def test_no_word_is_made_paler_by_opacity() -> None:
    assert not re.findall(r"^\.ladder[^{]*\{[^}]*opacity", STYLE, re.MULTILINE)


def test_line_numbers_on_matched_regions_of_a_trace_can_be_read() -> None:
    page = files("waspglass.report").joinpath("templates", "trace.html.j2").read_text("utf-8")
    number = re.search(r"\.file \.n \{ color: (#\w{6});", page)
    step, saturation, lightness = (
        int(found) for found in re.findall(r"\* (\d+)\) % 360 \}\} (\d+)% (\d+)%\)", page)[0]
    )
    assert number is not None
    for hue in range(HUES):
        red, green, blue = hls_to_rgb(hue * step % 360 / 360, lightness / 100, saturation / 100)
        ground = f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"
        assert contrast(number[1], ground) >= 4.5, hue
