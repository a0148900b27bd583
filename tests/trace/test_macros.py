from __future__ import annotations

import io
import zipfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trace.programs import background, source
from tests.trace.test_languages import MACRO
from waspglass.trace.calibration import load_calibration
from waspglass.trace.commons import load_commons
from waspglass.trace.load import load
from waspglass.trace.macros import macros_in
from waspglass.trace.trace import trace

HEAD = 'Attribute VB_Name = "Module1"\r\nAttribute VB_Control = False\r\n'
LIMIT = 1 << 20


def packed(text: bytes) -> bytes:
    """A naive compressor by the standard: for each place the longest stretch that stands before it in its chunk."""
    found = bytearray(b"\x01")
    for start in range(0, len(text), 4096):
        chunk, tokens, place = text[start : start + 4096], [], 0
        while place < len(chunk):
            width = max(4, (place - 1).bit_length()) if place else 4
            longest = (0xFFFF >> width) + 3
            length, back = max(
                (
                    (_alike(chunk, place, before, longest), place - before)
                    for before in range(max(0, place - 64), place)
                ),
                default=(0, 0),
            )
            copied = length >= 3
            token = ((back - 1) << (16 - width) | (length - 3)).to_bytes(2, "little") if copied else None
            tokens.append(token or chunk[place : place + 1])
            place += length if copied else 1
        body = b"".join(
            bytes([sum((len(token) == 2) << bit for bit, token in enumerate(tokens[at : at + 8]))])
            + b"".join(tokens[at : at + 8])
            for at in range(0, len(tokens), 8)
        )
        found += (0xB000 | len(body) - 1).to_bytes(2, "little") + body
    return bytes(found)


def _alike(chunk: bytes, place: int, before: int, longest: int) -> int:
    length = 0
    while length < longest and place + length < len(chunk) and chunk[place + length] == chunk[before + length]:
        length += 1
    return length


def test_copies_are_undone_as_the_standard_says() -> None:
    """Eight literals, then 73 letters as one literal and one copy ([MS-OVBA] 3.2.3), whose width the place decides."""
    copy = ((1 - 1) << 12 | (72 - 3)).to_bytes(2, "little")
    assert macros_in(b"\x01\x0b\xb0\x00Attribut\x02a" + copy, LIMIT) == b"Attribut" + b"a" * 73


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=6000), st.binary(max_size=40), st.binary(max_size=40))
def test_what_was_compressed_comes_back(text: bytes, before: bytes, behind: bytes) -> None:
    text = text.replace(b"Attribut", b"")
    module = HEAD.encode() + text
    assert macros_in(before + packed(module) + b"\0" + behind, LIMIT).rstrip() == text.rstrip() or not text.strip()


def test_a_module_of_several_chunks_comes_back_whole() -> None:
    text = "".join(f"    Cells({row}, 2).Value = {row * 7 % 31}\r\n" for row in range(300)).encode()
    assert macros_in(packed(HEAD.encode() + text) + b"\0", LIMIT) == text


def test_a_copied_macro_is_found_in_a_document(tmp_path: Path) -> None:
    """As Office writes it: a container of streams, of which each module is one, in a zip."""
    container = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
    for text in (HEAD, HEAD + MACRO.replace("\n", "\r\n")):
        module = packed(text.encode())
        container += bytes(512) + module + bytes(-len(module) % 512)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as document:
        document.writestr("word/vbaProject.bin", container)
    (tmp_path / "found.docm").write_bytes(content.getvalue())
    result = trace(
        load([tmp_path / "found.docm"]).sources, [source("a.bas", MACRO)], background(),
        calibration=load_calibration(), commons=load_commons(),
    )  # fmt: skip
    assert result.comparisons[0].sample.endswith("found.docm:word/vbaProject.bin > macros")
    assert result.comparisons[0].score > 0.99


def test_damaged_modules_give_what_is_sound_and_bounded() -> None:
    module = packed((HEAD + MACRO).encode())
    assert macros_in(module[:200], LIMIT)
    assert macros_in(module[:200], LIMIT) in (HEAD + MACRO).encode()
    assert len(macros_in(b"\x01\xff\xbf\x00Attribut" * 5000, 3000)) < 4000
    assert len(macros_in(b"\x01\xff\xbf\x00Attribut" + b"\xff\x00\x00" * 9000, LIMIT)) <= 4096
    assert macros_in(b"\x01\xff\xbf\x00Attribut\xff\xff\xff", LIMIT) == b"Attribut"
