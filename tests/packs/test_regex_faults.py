from __future__ import annotations

import pytest

from waspglass.packs.regex_faults import regex_fault


@pytest.mark.parametrize("pattern", [r"(a+)+b", r"(?:x*)*", r"(\d+,)+", r"(?:a|b+){2,}", r"a.*.*b", r"([a-z]+)*$"])
def test_patterns_whose_time_can_explode(pattern: str) -> None:
    assert regex_fault(pattern) == "repeats a repeat, so its time can explode"


@pytest.mark.parametrize("pattern", [r"(a)(", r"[z-a]", r"*", r"(?P<x>a)(?P<x>b)"])
def test_patterns_that_do_not_compile(pattern: str) -> None:
    fault = regex_fault(pattern)
    assert fault is not None
    assert fault.startswith("does not compile")


@pytest.mark.parametrize(
    "pattern",
    [
        r"^ServerInfo~[^/]*(/[^?#]*)",
        r"(?i)^/ecp/[^/]{1,64}\.(?:js|css)$",
        r"[(+*]+x",
        r"\(a+\)+",
        r"(?:ab?c)+",
        r"a+b+c+",
    ],
)
def test_harmless_patterns(pattern: str) -> None:
    assert regex_fault(pattern) is None


def test_a_needed_group() -> None:
    assert regex_fault("abc", groups=1) == "needs at least 1 group(s) and has 0"
    assert regex_fault("a(b)c", groups=1) is None
