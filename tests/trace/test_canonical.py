from __future__ import annotations

from tests.trace.programs import source
from waspglass.trace.languages import language_named
from waspglass.trace.program import Source, program_of


def shape(text: str, language: str) -> list[int]:
    program = program_of(Source("a", text.encode(), language_named(language)))
    assert len(program.views["shape"]) > 0
    return list(program.views["shape"].tolist())


def test_modifiers_and_plain_types_change_nothing() -> None:
    one = "class A { public static final int f(int a) { int s = a * 2 + 1; s += a; return s * s - a; } }"
    other = "class A { private long f(long a) { final long s = a * 2 + 1; s -= a; return s * s - a; } }"
    assert shape(one, "java") == shape(other, "java")


def test_brackets_and_the_kind_of_loop_change_nothing() -> None:
    one = "void f() { for (; a < b; ) { if (a > c) { x = a * b + c; } y = x - a; z = y * 2 + b; } }"
    other = "void f() { while (a < b) { if (a > c) x = a * b + c; y = x - a; z = y * 2 + b; } }"
    assert shape(one, "c") == shape(other, "c")


def test_another_operator_is_another_shape() -> None:
    one = "void f() { while (a < b) { x = a * b + c; y = x - a; z = y * 2 + b; } }"
    other = "void f() { while (a < b) { x = a + b * c; y = x * a; z = y - 2 / b; } }"
    assert not set(shape(one, "c")) & set(shape(other, "c"))


def test_uses_of_a_name_survive_what_is_put_between() -> None:
    plain = "def f(a):\n    b = a + 1\n    c = b * a\n    print(c, b)\n    return b - a + b\n"
    filled = (
        "def f(q):\n    w = q + 1\n    unused = []\n    e = w * q\n    unused.append(7)\n    print(e, w)\n"
        "    other = unused[0] if unused else None\n    return w - q + w\n"
    )
    one, other = (set(program_of(source("a.py", text)).views["uses"].tolist()) for text in (plain, filled))
    assert one
    assert one <= other
