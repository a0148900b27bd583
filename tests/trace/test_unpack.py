from __future__ import annotations

import base64
import gzip
import time
import zlib

import pytest

from tests.trace.programs import ORIGINAL
from waspglass.trace.program import Source, decode
from waspglass.trace.unpack import LAYER_LIMIT, unpack

POWERSHELL = "function Get-Total { param($Items) $sum = 0; foreach ($i in $Items) { $sum += $i }; return $sum }\n"


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


PACKED: dict[str, str | bytes] = {
    "base64": f"import base64; exec(base64.b64decode('{b64(ORIGINAL.encode())}'))",
    "base64 > gzip": f"$s = '{b64(gzip.compress(ORIGINAL.encode()))}'",
    "base64 > zlib": f"x = '{b64(zlib.compress(ORIGINAL.encode()))}'",
    "base64 > deflate": f"x = '{b64(zlib.compress(ORIGINAL.encode(), wbits=-15))}'",
    "EncodedCommand": f"powershell.exe -nop -enc {b64(POWERSHELL.encode('utf-16-le'))}",
    "hex": "x = '" + ORIGINAL.encode().hex() + "'",
    "character codes": "eval(String.fromCharCode(" + ",".join(str(ord(c)) for c in ORIGINAL if ord(c) < 127) + "))",
    "joined strings": "$c = " + " + ".join(f"'{POWERSHELL[i : i + 9].strip()}'" for i in range(0, 90, 9)),
    "gzip": gzip.compress(ORIGINAL.encode()),
}


@pytest.mark.parametrize("kind", PACKED)
def test_a_packed_script_is_unpacked(kind: str) -> None:
    packed = PACKED[kind]
    source = Source("a.txt", packed if isinstance(packed, bytes) else packed.encode())
    layers = unpack(source).layers
    assert [layer.name for layer in layers][:1] == [f"a.txt > {kind}"]
    plain = POWERSHELL if kind in {"EncodedCommand", "joined strings"} else ORIGINAL
    assert decode(layers[0].raw)[:8] == plain[:8]


def test_layers_are_found_inside_layers() -> None:
    inner = f"x = '{b64(ORIGINAL.encode())}' # and some more text to make it look like a script"
    outer = f"y = '{b64(gzip.compress(inner.encode()))}'"
    assert [layer.name for layer in unpack(Source("a", outer.encode())).layers] == [
        "a > base64 > gzip",
        "a > base64 > gzip > base64",
    ]


def test_an_ordinary_program_has_no_layers() -> None:
    assert unpack(Source("a.py", ORIGINAL.encode())).layers == ()


def test_a_bomb_is_cut() -> None:
    bomb = gzip.compress(b"print(1234567890)\n" * 4_000_000)
    layers = unpack(Source("a", f"x='{b64(bomb)}'".encode())).layers
    assert sum(len(layer.raw) for layer in layers) <= 8 << 20


def test_very_many_layers_are_bounded_and_said_so() -> None:
    text = "\n".join(f"x{i} = '{b64((ORIGINAL + str(i)).encode())}'" for i in range(LAYER_LIMIT + 5))
    unpacked = unpack(Source("a", text.encode()))
    assert len(unpacked.layers) == LAYER_LIMIT
    assert unpacked.bounded


@pytest.mark.parametrize("unit", [b"A", b"'a'+", b"65,", b"0x41 ", b"\\x41", b"[char](65)+", b"'", b"chr( ", b'"\\'])
def test_hostile_repetition_takes_linear_time(unit: bytes) -> None:
    begin = time.process_time()
    unpack(Source("a", unit * (1_000_000 // len(unit))))
    assert time.process_time() - begin < 20
