"""Synthetic harmless programs in any number: C++-like text of 400 bytes to 20 kB, 2.3 kB on average.

Each is a few functions of random statements over random names. What they compute means nothing. Nothing is downloaded.
"""

from __future__ import annotations

import random
from pathlib import Path

__all__ = ["program", "write_programs"]

FOLDERS = 100
_WORD_LIST = (
    "alpha batch count delta edge field group head index join key left mean node offset part queue rest sum total unit "
    "value weight x y zone amount buffer cell depth entry flag graph height item limit"
)
_WORDS = _WORD_LIST.split()
_TYPES = ("int", "long long", "double", "std::string", "bool", "std::vector<int>")
_STATEMENTS = (
    "{t} {a} = {b} {o} {n};",
    "{a} {o}= {b} * {n};",
    "if ({a} {c} {b}) {{ {a} = {b} - {n}; }}",
    "for (int {a} = 0; {a} < {n}; ++{a}) {{ {b}.push_back({a} {o} {d}); }}",
    "while ({a} {c} {n} && {b} != {d}) {{ {a} {o}= {d}; }}",
    'std::cout << {a} << " {b} " << {d} << std::endl;',
    "{a} = std::max({b}, {d} {o} {n});  // {b} of {d}",
    "{t} {a} = solve({b}, {n}, {d});",
    "return {a} {o} {b};",
    "std::sort({a}.begin(), {a}.end(), [](auto {b}, auto {d}) {{ return {b} {c} {d}; }});",
    "switch ({a} % {n}) {{ case 0: {b}++; break; default: {d} = {n}; }}",
)


def _statement(draw: random.Random, names: list[str]) -> str:
    a, b, d = (draw.choice(names) for _ in range(3))
    return draw.choice(_STATEMENTS).format(
        a=a, b=b, d=d, t=draw.choice(_TYPES), o=draw.choice("+-*/%"), c=draw.choice(("<", ">", "==", "<=")),
        n=draw.randrange(1, 1000),
    )  # fmt: skip


def program(number: int) -> str:
    """The text of one program, always the same for the same number."""
    draw = random.Random(number)
    size = min(20_000, max(400, int(draw.lognormvariate(7.5, 0.7))))
    names = [f"{draw.choice(_WORDS)}{draw.choice(['', '_', draw.randrange(99)])}" for _ in range(draw.randrange(5, 25))]
    lines = ["#include <algorithm>", "#include <iostream>", "#include <vector>", ""]
    length = 0
    while length < size:
        body = [f"    {_statement(draw, names)}" for _ in range(draw.randrange(3, 15))]
        function = (
            f"{draw.choice(_TYPES)} {draw.choice(names)}{draw.randrange(99)}({draw.choice(_TYPES)} {names[0]}) {{"
        )
        lines += [function, *body, "}", ""]
        length += sum(map(len, body)) + len(function) + len(body) + 4
    return "\n".join(lines)


def write_programs(folder: Path, count: int) -> None:
    """Writes programs 0 .. `count` - 1 into sub-folders of a folder, unless they are there."""
    for number in range(FOLDERS):
        (folder / f"{number:02}").mkdir(parents=True, exist_ok=True)
    for number in range(count):
        path = folder / f"{number % FOLDERS:02}" / f"{number:06}.cpp"
        if not path.exists():
            path.write_text(program(number), encoding="utf-8")
