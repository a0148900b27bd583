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
    for state in ("lid-patched", "lid-vulnerable", "lid-vulnerable-2"):
        assert contrast(colours(style)[state], "#ffffff") >= 4.5, state


def test_white_words_stand_on_colours_that_are_the_same_in_light_and_dark() -> None:
    grounds = re.findall(r"badge \{[^}]*?(?:color: #fff; )?background: ([^;]+);", STYLE)
    assert len(grounds) == 4
    assert all(ground.startswith("#") and contrast(ground, "#ffffff") >= 4.5 for ground in grounds), grounds


def test_no_word_is_made_paler_by_opacity() -> None:
    assert not re.findall(r"^\.ladder[^{]*\{[^}]*opacity", STYLE, re.MULTILINE)


TRACE = files("waspglass.report").joinpath("templates", "trace.css").read_text("utf-8")
TRACE_LIGHT, TRACE_DARK = (rule for rule in re.findall(r":root \{[^}]*\}", TRACE) if "--paper" in rule)


def variable(style: str, name: str) -> str:
    found = re.search(rf"--{name}: ([^;]+);", style)
    assert found is not None, name
    return found[1] if len(found[1]) == 7 else "#" + "".join(2 * digit for digit in found[1][1:])


def of_hue(hue: int, rest: str) -> str:
    saturation, lightness = (int(part.strip("%")) / 100 for part in rest.split())
    return "#" + "".join(f"{round(255 * part):02x}" for part in hls_to_rgb(hue / 360, lightness, saturation))


@pytest.mark.parametrize("style", [TRACE_LIGHT, TRACE_DARK], ids=["light", "dark"])
def test_a_trace_can_be_read_on_every_ground(style: str) -> None:
    hues = [int(hue) for hue in re.findall(r"\.h\d+ \{ --h: (\d+); \}", TRACE)]
    assert len(set(hues)) == HUES
    region, dash = (re.search(rf"--{name}: ([^;]+);", style) for name in ("region", "dash"))
    assert region is not None
    assert dash is not None
    grounds = [of_hue(hue, region[1]) for hue in hues] + [variable(style, name) for name in ("known", "card")]
    for ground in grounds:
        assert all(contrast(variable(style, name), ground) >= 4.5 for name in ("ink", "number")), ground
    for name in ("ink", "soft", "link"):
        assert contrast(variable(style, name), variable(style, "paper")) >= 4.5, name
    assert all(contrast(of_hue(hue, dash[1]), variable(style, "card")) >= 2.5 for hue in hues)
