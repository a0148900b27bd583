from __future__ import annotations

import base64
import binascii
import bz2
import codecs
import gzip
import json
import lzma
import re
import string
import time
import zlib
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.trace.programs import ORIGINAL
from waspglass.evidence.limits import Limits
from waspglass.trace.program import Source, decode
from waspglass.trace.unpack import DEPTH_LIMIT, LAYER_BYTES, LAYER_LIMIT, unpack


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def pieces(text: str, size: int = 50) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]


def quoted(text: str) -> list[str]:
    return [json.dumps(piece) for piece in pieces(text)]


def numbered(text: str, base: int = 62) -> str:
    """As Dean Edwards' packer has it; words that are their own number are left out of the list."""
    digits = string.digits + string.ascii_letters
    words = list(dict.fromkeys(re.findall(r"\w+", text)))

    def number(place: int) -> str:
        return (number(place // base) if place >= base else "") + digits[place % base]

    numbers = {word: number(place) for place, word in enumerate(words)}
    listed = "|".join("" if numbers[word] == word else word for word in words)
    packed = re.sub(r"\w+", lambda word: numbers[word.group()], text)
    return f"{json.dumps(packed)},{base},{len(words)},'{listed}'.split('|')"


def uuencoded(raw: bytes) -> str:
    return "".join(binascii.b2a_uu(raw[i : i + 45]).decode() for i in range(0, len(raw), 45))


UUENCODED = uuencoded(ORIGINAL.encode())
WORD = b64(ORIGINAL.encode())
LINES = "\n".join(pieces(WORD, 76))
CODES = [ord(character) for character in ORIGINAL]
DOUBLED = ORIGINAL.replace("'", '"').replace("\\", "\\\\")
SOME_ESCAPED = "".join(c if c.isalnum() and i % 2 else f"\\x{ord(c):02x}" for i, c in enumerate(ORIGINAL))
ROTATED = b64(codecs.encode(zlib.compress(ORIGINAL.encode()).decode("latin-1"), "rot13").encode("latin-1"))
PACKED: dict[str, tuple[str, str | bytes]] = {
    "a call": ("base64", f"import base64; exec(base64.b64decode('{WORD}'))"),
    "lines of one width": ("base64", f"#!/bin/sh\nbase64 -d <<'EOF' | sh\n{LINES}\nEOF\n"),
    "PEM": ("base64", f"-----BEGIN-----\r\n{LINES}\r\n-----END-----"),
    "turned round": ("base64", f"exec(b64decode('{WORD[::-1]}'[::-1]))"),
    "rot13": ("base64", f"eval(base64_decode(str_rot13('{codecs.encode(WORD, 'rot13')}')));"),
    "rot13 of bytes": ("base64 > zlib", f"eval(gzuncompress(str_rot13(base64_decode('{ROTATED}'))));"),
    "UTF-16": ("base64", f"x = '{b64(ORIGINAL.encode('utf-16-le'))}'"),
    "gzip": ("base64 > gzip", f"$s = '{b64(gzip.compress(ORIGINAL.encode()))}'"),
    "zlib": ("base64 > zlib", f"x = '{b64(zlib.compress(ORIGINAL.encode()))}'"),
    "deflate": ("base64 > deflate", f"x = '{b64(zlib.compress(ORIGINAL.encode(), wbits=-15))}'"),
    "bzip2": ("base64 > bzip2", f"x = '{b64(bz2.compress(ORIGINAL.encode()))}'"),
    "xz": ("base64 > xz", f"x = '{b64(lzma.compress(ORIGINAL.encode()))}'"),
    "base32": ("base32", f"exec(b32decode('{base64.b32encode(ORIGINAL.encode()).decode()}'))"),
    "base85": ("base85", f"exec(b85decode('{base64.b85encode(ORIGINAL.encode()).decode()}'))"),
    "-enc": ("EncodedCommand", f"powershell.exe -nop -enc {b64(ORIGINAL.encode('utf-16-le'))}"),
    "/e": ("EncodedCommand", f"powershell /e {b64(ORIGINAL.encode('utf-16-le'))}"),
    "p,a,c,k,e,d": ("word list", f"eval(function(p,a,c,k,e,d){{return p}}({numbered(ORIGINAL)},0,{{}}))"),
    "backticks": ("backticks", re.sub(r"(?<=\w)(?=[^\W0abefnrtuv])", "`", ORIGINAL)),
    "uuencode": ("uuencode", f"eval(convert_uudecode(<<<'X'\n{UUENCODED}`\nX\n));"),
    "uuencoded zlib": ("uuencode > zlib", f"begin 644 a\n{uuencoded(zlib.compress(ORIGINAL.encode()))}`\nend"),
    "uuencode of Windows": ("uuencode", f"begin 644 a\n{UUENCODED}`\nend\n".replace("\n", "\r\n")),
    "hex": ("hex", "x = '" + ORIGINAL.encode().hex() + "'"),
    "hex with a mark between": ("hex", "'" + "-".join(f"{code:x}" for code in CODES) + "' -split '-'"),
    "hex with a letter between": ("hex", "'" + "G".join(f"{code:x}" for code in CODES) + "'.Split('G')"),
    "bits": ("bits", "'" + "".join(f"{code:08b}" for code in CODES) + "'"),
    "bits with a blank between": ("bits", "'" + " ".join(f"{code:07b}" for code in CODES) + "'.Split(' ')"),
    "%": ("hex", "unescape('" + "".join(f"%{code:02X}" for code in CODES) + "')"),
    "u": ("hex", "eval('" + "".join(f"\\u{code:04x}" for code in CODES) + "')"),
    "some escapes": ("escapes", f"eval('{SOME_ESCAPED}')"),
    "octal": ("escapes", "eval $'" + "".join(f"\\{code:03o}" for code in CODES) + "'"),
    "URL": ("escapes", f"decodeURIComponent('{quote(ORIGINAL)}')"),
    "zlib as a literal": ("escapes > zlib", f"exec(zlib.decompress({zlib.compress(ORIGINAL.encode())!r}))"),
    "fromCharCode": ("character codes", f"eval(String.fromCharCode({','.join(map(str, CODES))}))"),
    "many calls": ("character codes", "+".join(f"String.fromCharCode({code})" for code in CODES)),
    "[char]": ("character codes", "IEX (" + "+".join(f"[char]0x{code:x}" for code in CODES) + ")"),
    "Chr &": ("character codes", "Execute " + " & ".join(f"Chr({code})" for code in CODES)),
    "-split": ("character codes", "'" + " ".join(map(str, CODES)) + "' -split ' ' | % {[char][int]$_}"),
    "entities": ("character codes", "".join(f"&#{code};" for code in CODES)),
    "+ over lines": (
        "joined strings",
        "$c = " + " + ".join(f"'{piece}'" for piece in pieces(DOUBLED)),
    ),
    "+": ("joined strings", "eval(" + "+".join(quoted(ORIGINAL)) + ")"),
    "no mark": ("joined strings", "x = (\n" + "\n".join(quoted(ORIGINAL)) + "\n)"),
    "a list": ("joined strings", "[" + ",".join(quoted(ORIGINAL)) + "].join('')"),
    "+=": ("joined strings", "\n".join(f"$x += {piece}" for piece in quoted(ORIGINAL))),
    "s = s & line & vbCrLf": (
        "joined strings",
        "\n".join(f's = s & "{line.replace(chr(34), chr(34) * 2)}" & vbCrLf' for line in DOUBLED.splitlines()),
    ),
    "s += a + b": (
        "joined strings",
        "\n".join(f"s += {a} + {b};" for a, b in zip(quoted(ORIGINAL)[::2], quoted(ORIGINAL)[1::2], strict=False)),
    ),
    "s = s &": ("joined strings", "\n".join(f"s = s & {piece}" for piece in quoted(ORIGINAL))),
    "a name and a mark before each piece": (
        "joined strings > base64",
        "\n".join(f'b = b + "{piece}"' for piece in pieces(WORD, 70)),
    ),
    "continued lines": ("joined strings > base64", 's = "' + '" & _\r\n    "'.join(pieces(WORD, 70)) + '"'),
    "names that hold pieces": (
        "joined strings",
        "\n".join(f"$v{i} = {piece}" for i, piece in enumerate(quoted(ORIGINAL)))
        + "\niex ("
        + "+".join(f"$v{i}" for i in range(len(pieces(ORIGINAL))))
        + ")",
    ),
    "names in a string": (
        "joined strings",
        "\n".join(f"$v{i} = {piece}" for i, piece in enumerate(quoted(ORIGINAL)))
        + '\niex "'
        + "".join(f"${{v{i}}}" if i % 2 else f"$v{i}" for i in range(len(pieces(ORIGINAL))))
        + '"',
    ),
    "characters between pieces": (
        "joined strings",
        's = "' + DOUBLED.replace('"', '" & Chr(34) & "').replace("\n", '" & ChrW(10) & "') + '"',
    ),
    "& with names of line ends": (
        "joined strings",
        "x = " + " & vbLf & ".join(f'"{line}"' for line in DOUBLED.replace('"', '""').split("\n")),
    ),
    "one string": ("string", f"exec({ORIGINAL!r})"),
    "a template string": ("string", f"eval(`{ORIGINAL}`)"),
    "replaced": ("replaced", f"iex ('{DOUBLED.replace('e', '@@e')}'.Replace('@@', ''))"),
    "replaced by the numbers of characters": (
        "replaced",
        f"IEX ('{DOUBLED.replace('_', 'xQx')}'.REplAce(([CHaR]120+[CHaR]81+[CHaR]120),[sTRinG][chAr]95))",
    ),
    "replaced base64": (
        "replaced > base64",
        f"eval(base64_decode(str_replace('##', 'A', '{WORD.replace('A', '##')}')));",
    ),
    "replaced pieces": (
        "replaced",
        "x = " + "+".join(quoted(ORIGINAL.replace("r", "~!"))) + '\neval(x.replace(/~!/g, "r"))',
    ),
    "behind a script": ("gzip", b"tail -n +2 $0 | zcat | python3; exit\n" + gzip.compress(ORIGINAL.encode())),
    "the file": ("gzip", gzip.compress(ORIGINAL.encode())),
}


@pytest.mark.parametrize("way", PACKED)
def test_a_packed_script_is_unpacked(way: str) -> None:
    label, packed = PACKED[way]
    layers = unpack(Source("a.txt", packed if isinstance(packed, bytes) else packed.encode())).layers
    content = [decode(layer.raw).replace('"', "'") for layer in layers if layer.name == f"a.txt > {label}"]
    assert ORIGINAL.replace('"', "'") in content


def test_what_a_joined_text_holds_is_unpacked_too() -> None:
    text = " + ".join(f"'{piece}'" for piece in pieces(WORD))
    assert [layer.name for layer in unpack(Source("a", text.encode())).layers][-1] == "a > joined strings > base64"


def test_pieces_are_put_in_the_order_of_a_format() -> None:
    first, second = ORIGINAL[:300].replace("'", '"'), ORIGINAL[300:600].replace("'", '"')
    (layer,) = unpack(Source("a", f"IEX (\"{{1}}{{0}}\" -f '{second}', '{first}')".encode())).layers
    assert layer.raw.decode() == first + second


def test_a_program_written_backwards_is_turned_round() -> None:
    backwards = ORIGINAL.replace('"', "'")[::-1]
    layers = unpack(Source("a", f'exec("{backwards}"[::-1])'.encode())).layers
    assert [layer.name for layer in layers] == ["a > reversed"]


def test_layers_are_found_inside_layers() -> None:
    inner = f"x = '{b64(ORIGINAL.encode())}' # and some more text to make it look like a script"
    outer = f"y = '{b64(gzip.compress(inner.encode()))}'"
    assert [layer.name for layer in unpack(Source("a", outer.encode())).layers] == [
        "a > base64 > gzip",
        "a > base64 > gzip > base64",
    ]


@pytest.mark.parametrize("units", [True, False], ids=["as UTF-16", "as code points"])
def test_codes_beyond_ascii_are_characters_too(units: bool) -> None:
    text = f"\ufeff{ORIGINAL}# \u00e4\u4e2d\U0001f512\n"
    wide = memoryview(text.encode("utf-16-le")).cast("H").tolist() if units else [ord(character) for character in text]
    name = "fromCharCode" if units else "fromCodePoint"
    packed = f"eval(String.{name}({','.join(map(str, wide))}))"
    assert [decode(layer.raw) for layer in unpack(Source("a.js", packed.encode())).layers] == [text.lstrip("\ufeff")]


ODD = bytes((59 * place + place**2 // 7) % 256 for place in range(900))


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        (f"exec(undo(b64decode('{b64(ODD)}')))", True),
        (f"iex (undo ('{ODD.hex()}'))", True),
        (f"eval(undo([{','.join(map(str, ODD))}]))", True),
        (f"exec(undo(b64decode('{b64(bytes([0x89]) + b'PNG' + ODD)}')))", True),
        (f"<img src='data:image/png;base64,{b64(bytes([0x89]) + b'PNG' + ODD)}'>", False),
        (f"{ORIGINAL * 9}\ntable = [{','.join(map(str, ODD))}]", False),
        (f"x = '{b64(ODD)}'", True),
        (f"exec(b64decode('{WORD}'))", False),
        (f"exec(b64decode('{WORD}'));exec(undo(b64decode('{b64(ODD)}')))", True),
        (f"exec({ORIGINAL!r});exec(undo(b64decode('{b64(ODD)}')))", True),
        (f"exec(b64decode('{WORD[::-1]}'[::-1]))", False),
        (f"exec(decompress(b64decode('{b64(zlib.compress(ORIGINAL.encode()))}')))", False),
        (f"exec(bytes.fromhex('{ORIGINAL.encode().hex()}'))", False),
        (ORIGINAL, False),
    ],
    ids=[
        "base64",
        "hex",
        "numbers",
        "called PNG",
        "PNG",
        "a table",
        "alone",
        "text",
        "text and base64",
        "string and base64",
        "turned",
        "zlib",
        "hex of a text",
        "program",
    ],
)
def test_encoded_bytes_of_which_nothing_can_be_made_are_said_to_be_there(text: str, unread: bool) -> None:
    assert unpack(Source("a", text.encode())).unread is unread


def test_an_ordinary_program_has_no_layers() -> None:
    assert unpack(Source("a.py", ORIGINAL.encode())).layers == ()


def test_a_bomb_is_cut_and_said_to_be() -> None:
    bomb = gzip.compress(b"print(1234567890)\n" * 4_000_000)
    unpacked = unpack(Source("a", f"x='{b64(bomb)}'".encode()))
    assert sum(len(layer.raw) for layer in unpacked.layers) <= LAYER_BYTES
    assert unpacked.bounded


@pytest.mark.parametrize(("deep", "bounded"), [(DEPTH_LIMIT, False), (DEPTH_LIMIT + 1, True)])
def test_layers_below_the_deepest_are_said_to_be_there(deep: int, bounded: bool) -> None:
    text = ORIGINAL
    for _ in range(deep):
        text = f"exec(b64decode('{b64(text.encode())}'))"
    unpacked = unpack(Source("a", text.encode()))
    assert (len(unpacked.layers), unpacked.bounded) == (DEPTH_LIMIT, bounded)


def test_words_put_back_that_make_a_text_grow_are_bounded() -> None:
    unpacked = unpack(Source("a", f"}}('{'0 ' * 100_000}',62,1,'{'abcdefghij ' * 1000}'.split('|')".encode()))
    assert (unpacked.layers, unpacked.bounded) == ((), True)


@pytest.mark.parametrize(("marks", "layers"), [(11, 0), (12, 1)])
def test_a_few_backticks_hide_nothing_and_control_characters_stay(marks: int, layers: int) -> None:
    text = f"Write-Host 'one`ntwo three`tfour and five more words'\n{'`Out-F`ile ' * marks}"
    found = unpack(Source("a.ps1", text.encode())).layers
    assert [layer.raw.decode() for layer in found] == [text.replace("`O", "O").replace("F`i", "Fi")] * layers


@pytest.mark.parametrize("base", [10, 36, 62])
def test_words_are_put_back_by_numbers_of_any_base(base: int) -> None:
    many = " ".join(f"name{number}-{number * 7};" for number in range(150))
    (layer,) = unpack(Source("a", f"}}({numbered(many, base)}".encode())).layers
    assert (layer.name, layer.raw.decode()) == ("a > word list", many)


def test_replacements_that_make_a_string_grow_are_bounded() -> None:
    calls = "".join(f"x.replace('{chr(97 + i)}', '{chr(98 + i) * 40}');" for i in range(8))
    begin = time.process_time()
    unpack(Source("a", f"{calls}x = '{'a' * 1000}'".encode()))
    assert time.process_time() - begin < 5


def test_strings_beyond_the_bound_of_layers_are_said_to_be_there() -> None:
    decoys = "\n".join(f"text{i} = {ORIGINAL + '# ' + 'longer ' * 9 + str(i)!r}" for i in range(LAYER_LIMIT + 5))
    unpacked = unpack(Source("a", f"{decoys}\nexec({ORIGINAL!r})".encode()))
    assert (len(unpacked.layers), unpacked.bounded) == (LAYER_LIMIT, True)


def test_strings_of_ordinary_programs_are_no_layers() -> None:
    """Neither messages, nor doctests in a program that evaluates nothing, nor the pieces of what is joined."""
    text = '"""Reads rows.\n\n    >>> for row in rows:\n    ...     print(row)\n' + "    >>> import csv\n" * 9 + '"""\n'
    assert unpack(Source("a.py", f"{text}{ORIGINAL}".encode())).layers == ()
    apostrophe = f"// the worker's task is to execute\n{ORIGINAL}\n// it's done"
    assert unpack(Source("a.java", apostrophe.encode())).layers == ()


@pytest.mark.parametrize("apostrophe", ["it doesn't join", "the readers' own"])
def test_code_between_strings_is_no_string_where_an_apostrophe_turns_them_round(apostrophe: str) -> None:
    code = "{{ total = total + rate(day, {0}); var kept = []; for (var i = 0; i < {0}; i++) {{ kept.push(i); }} }}"
    lines = "\n".join(f"if (kind == '{'a+.&'[n % 4]}') {code.format(n)}" for n in range(16))
    assert unpack(Source("a.js", f"// {apostrophe}\n{lines}\neval(done);\n".encode())).layers == ()


def test_a_string_behind_a_word_is_one_though_it_begins_like_a_contraction() -> None:
    words = ["total = 0", "t = read(day)", "s = rate(t)", "total = add(total, s)", "print(total, day, rate)"] * 3
    text = "return" + "+".join(f"'{word};'" for word in words)
    joined = ";".join([*words, ""])
    assert [layer.raw.decode() for layer in unpack(Source("a.js", text.encode())).layers] == [joined]


@pytest.mark.parametrize(
    ("name", "text", "inside"),
    [
        ("a.ps1", "iex '& { %s }'", "& { %s }"),
        ("b.ps1", "iex '. ./rates.ps1; %s'", ". ./rates.ps1; %s"),
        ("a.js", "eval(', %s'.slice(2))", ", %s"),
    ],
)
def test_a_program_may_begin_like_what_stands_behind_a_string(name: str, text: str, inside: str) -> None:
    program = "function rate($a, $b) { $x = $a + $b; return $x; } " * 3
    assert [layer.raw.decode() for layer in unpack(Source(name, (text % program).encode())).layers] == [
        inside % program
    ]


def test_what_strings_were_joined_to_is_turned_round() -> None:
    program = "function rate(a, b) { var x = a + b; return x; } var total = rate(1, 2); function two() { return 2; }"
    text = "eval((" + "+".join(f"'{piece}'" for piece in pieces(program[::-1], 20)) + ").split('').reverse().join(''))"
    layers = {layer.name: layer.raw.decode() for layer in unpack(Source("a.js", text.encode())).layers}
    assert layers["a.js > reversed"] == program


def test_very_many_layers_are_bounded_and_said_so() -> None:
    text = "\n".join(f"x{i} = '{b64((ORIGINAL + str(i)).encode())}'" for i in range(LAYER_LIMIT + 5))
    unpacked = unpack(Source("a", text.encode()))
    assert len(unpacked.layers) == LAYER_LIMIT
    assert unpacked.bounded


UNITS = (
    *(b"A", b"'a'+", b"65,", b"65 ", b"0x41 ", b"\\x41", b"[char](65)+", b"'", b"chr( ", b'"\\', b"32A", b"\n", b"''"),
    *(
        b"eval('a",
        b"x.replace('a','aa')'" + b"a" * 150 + b"';",
        b"eval(`" + b"a" * 100,
        b"replace(",
        b"\nM" + b"!" * 60,
        b"}('a',62,1,'a|b'.split('|')",
        b'}(\'a"}("b,',
        b"\x1f\x8b\x08\0",
    ),
    *(b"&#65;", b"AAAA=\n", b"$a+='b';", b"a=a+'b'\n", b'"{0}{1}"-f', b"join('a',", b"strrev'" + b"a" * 50),
)


@pytest.mark.parametrize("unit", UNITS)
def test_hostile_repetition_takes_linear_time(unit: bytes) -> None:
    begin = time.process_time()
    unpack(Source("a", unit * (500_000 // len(unit))))
    assert time.process_time() - begin < 10


@pytest.mark.parametrize("folder", ["src/waspglass/trace", "tests/trace"])
def test_ordinary_programs_take_little_time(folder: str) -> None:
    begin = time.process_time()
    for path in sorted((Path(__file__).resolve().parents[2] / folder).glob("*.py")):
        unpack(Source(path.name, path.read_bytes()))
    assert time.process_time() - begin < 10


@pytest.mark.parametrize(("decoys", "bounded"), [(300, False), (401, True)])
def test_more_strings_than_are_looked_at_are_said_to_be_there(decoys: int, bounded: bool) -> None:
    text = "\n".join(f"text{i} = '{i} {'only words ' * 150}'" for i in range(decoys))
    unpacked = unpack(Source("a", f"{text}\nexec({ORIGINAL!r})".encode()))
    assert (len(unpacked.layers), unpacked.bounded) == (0 if bounded else 1, bounded)


@pytest.mark.parametrize(
    ("text", "disguised"),
    [
        ("".join(f"var _0x{4096 + i:x} = {i};" for i in range(12)), True),
        ("".join(f"var _0x{4096 + i:x} = {i};" for i in range(11)), False),
        ("[][(![]+[])[+[]]+([![]]+[][[]])[+!+[]+[+[]]]]" * 12, True),
        ("".join(f"part({i}, 'abcdefghijklmnopqrstuvwxyz{i}')\n" for i in range(30)) + "iex (undo)", True),
        ("".join(f"part({i}, 'abcdefghijklmnopqrstuvwxyz{i}')\n" for i in range(30)), False),
        (f"exec(b64decode('{WORD}'))", False),
        (ORIGINAL, False),
        (f"{ORIGINAL}\neval(value)", False),
    ],
    ids=[
        "names",
        "few names",
        "marks",
        "strings",
        "strings of a list",
        "unpacked",
        "program",
        "program that evaluates",
    ],
)
def test_what_a_tool_disguised_is_said_to_be(text: str, disguised: bool) -> None:
    assert unpack(Source("a", text.encode())).disguised is disguised


def test_layers_of_a_small_text_are_bounded_by_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    layers = [ORIGINAL.replace("station", f"station{number}").encode() for number in range(3)]
    packed = "\n".join(f"x = '{b64(gzip.compress(layer))}'" for layer in layers).encode()
    assert not unpack(Source("a.txt", packed)).bounded
    monkeypatch.setattr("waspglass.trace.unpack.LIMITS", Limits(ratio=1, ratio_floor=len(layers[0])))
    unpacked = unpack(Source("a.txt", packed))
    assert ([layer.raw for layer in unpacked.layers], unpacked.bounded) == (layers[:1], True)
