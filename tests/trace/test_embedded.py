from __future__ import annotations

import base64
import bz2
import html
import io
import json
import quopri
import time
import zipfile
from urllib.parse import quote_plus

import pytest

from tests.trace.programs import INDEPENDENT, ORIGINAL, source
from waspglass.trace.embedded import embedded_texts
from waspglass.trace.unpack import unpack

HEAD = "From: anna@example.org\nSubject: look\nMIME-Version: 1.0\n"
ENCODED = base64.encodebytes(ORIGINAL.encode()).decode()
CELLS = [{"cell_type": "markdown", "source": ["# About\n"]}, {"cell_type": "code", "source": ORIGINAL.splitlines(True)}]
HIGHLIGHTED = html.escape(ORIGINAL).replace("def", "<span class='k'>def</span>").replace("\n", "<br/>")
PARAGRAPHS = "".join(f"<w:p><w:r><w:t>{html.escape(line)}</w:t></w:r></w:p>" for line in ORIGINAL.split("\n"))


def zipped(*contents: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"in/r{number or ''}.py", content)
    return stream.getvalue()


ARCHIVE = base64.encodebytes(zipped(ORIGINAL.encode())).decode()
DOCUMENTS = {
    "attached": ("mail", f"{HEAD}Content-Type: text/x-python\nContent-Transfer-Encoding: base64\n\n{ENCODED}"),
    "quoted-printable": (
        "mail",
        f"{HEAD}Content-Transfer-Encoding: quoted-printable\n\n{quopri.encodestring(ORIGINAL.encode()).decode()}",
    ),
    "a part": (
        "mail",
        f'{HEAD}Content-Type: multipart/mixed; boundary="b"\n\n--b\n\nHello\n--b\nX: r.py\n\n{ORIGINAL}\n--b--\n',
    ),
    "an archive": (
        "mail > zip:in/r.py",
        f"{HEAD}Content-Type: application/zip\nContent-Transfer-Encoding: base64\n\n{ARCHIVE}",
    ),
    "an archive in a script": ("base64 > zip:in/r.py", f"$z = '{ARCHIVE.replace(chr(10), '')}'"),
    "a notebook": ("notebook", json.dumps({"cells": CELLS, "nbformat": 4})),
    "a value": ("JSON", json.dumps({"id": 7, "files": [{"name": "r.py", "content": ORIGINAL}]})),
    "a list of values": ("JSON", json.dumps([7, {"content": ORIGINAL}])),
    "a log of values": (
        "JSON",
        "".join(json.dumps({"id": i, "text": text}) + "\n" for i, text in enumerate([ORIGINAL, "a"])),
    ),
    "shown on a page": ("<pre>", f"<!doctype html><html><p>See:</p><pre class=x>{html.escape(ORIGINAL)}</pre></html>"),
    "highlighted": ("<pre>", f"<html><pre><code>{HIGHLIGHTED}</code></pre></html>"),
    "a script": ("<script>", f"<html><script>{ORIGINAL}</script></html>"),
    "a value of XML": ("XML", f"<?xml version='1.0'?><a><b>{html.escape(ORIGINAL)}</b></a>"),
    "Word": ("document", f"<?xml version='1.0'?><w:document><w:body>{PARAGRAPHS}</w:body></w:document>"),
    "Markdown": ("code block", f"# About\n\n```python\n{ORIGINAL}```\n\nMore.\n"),
    "a comment": ("comment", f"int a;\n/*\n{ORIGINAL}*/\nint main(void) {{ return a; }}\n"),
    "a comment with stars": (
        "comment",
        "/**\n" + "".join(f" * {line}\n" for line in ORIGINAL.splitlines()) + " */\nint main(void) { return 0; }\n",
    ),
    "a form": ("URL", f"POST /x HTTP/1.1\nHost: a.example\n\na=1&code={quote_plus(ORIGINAL)}&z=1"),
}


@pytest.mark.parametrize("way", DOCUMENTS)
def test_a_program_in_a_document_is_taken_out(way: str) -> None:
    label, text = DOCUMENTS[way]
    layers = {layer.name: layer.raw.decode().strip() for layer in unpack(source("a.txt", text)).layers}
    assert layers[f"a.txt > {label}"] == ORIGINAL.strip()


@pytest.mark.parametrize("way", ["a part", "a log of values", "shown on a page", "a value of XML", "a comment"])
def test_no_number_of_others_before_it_hides_a_program(way: str) -> None:
    label, text = DOCUMENTS[way]
    at, decoy = {
        "a part": ("--b\n\nHello", "--b\n\nHello\n"),
        "a log of values": ("{", '{"id": 7}\n'),
        "shown on a page": ("<pre", "<pre>short</pre>"),
        "a value of XML": ("<b>", f"<c>{'a word and ' * 20}</c>"),
        "a comment": ("int a", "/*" + " about this\n" * 9 + "*/\n"),
    }[way]
    layers = unpack(source("a.txt", text.replace(at, decoy * 100 + at, 1))).layers
    assert [layer.raw.decode().strip() for layer in layers if layer.name.endswith(label)] == [ORIGINAL.strip()]


@pytest.mark.parametrize("text", [ORIGINAL, *INDEPENDENT, "/* about\n" + "It does this and that.\n" * 20 + "*/ int a;"])
def test_ordinary_programs_hold_no_document(text: str) -> None:
    assert list(embedded_texts(text)) == []


def test_short_texts_of_a_page_are_none_of_their_own() -> None:
    assert list(embedded_texts("<html><pre>import csv\n</pre><script>let a = 1;</script></html>")) == []


def test_halves_of_signs_are_kept() -> None:
    text = json.dumps({"cells": [{"cell_type": "code", "source": f"{ORIGINAL}# \ud800"}]})
    assert [part.decode("utf-8", "surrogatepass") for _, part in embedded_texts(text)] == [f"{ORIGINAL}# \ud800"]
    assert len(unpack(source("a", text)).layers) == 1


@pytest.mark.parametrize(
    "text",
    ['{"cells": [1, null, ["a"], {"cell_type": "code", "source": 5}, {"cell_type": "code"}]}', '{"cells": 7}', "[]",
     '{"a": ' + "1" * 5000 + "}", "{" + "x" * 300, HEAD + "Content-Type: multipart/mixed\n\n", "<pre>" + "x" * 300,
     HEAD + "Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset=none\n\n" + "*" * 300],
)  # fmt: skip
def test_broken_documents_hold_nothing(text: str) -> None:
    assert [part for _, part in embedded_texts(text) if part.strip() and b"*" not in part] == []


def test_indented_fences_hold_code_and_text_after_them_is_none() -> None:
    text = f"Text\n  ~~~~ python\n{ORIGINAL}\n  ~~~~\nMore\n```\nshort\n```\n"
    assert [(label, part.decode().strip()) for label, part in embedded_texts(text)] == [
        ("code block", ORIGINAL.strip())
    ]


def test_an_archive_of_which_not_all_is_read_is_said_to_be_one() -> None:
    whole = base64.b64encode(zipped(ORIGINAL.encode())).decode()
    assert unpack(source("a", f"x = '{whole[: len(whole) // 2]}'")).bounded
    other = base64.b64encode(b"PK\3\4" + bytes(range(256)) * 4).decode()
    assert unpack(source("a", f"x = '{other}'")).unread
    more = base64.b64encode(zipped(ORIGINAL.encode(), bytes(9 << 20))).decode()
    assert unpack(source("a", f"x = '{more}'")).bounded


@pytest.mark.parametrize(
    "text",
    [
        "<pre>" * 400_000,
        "<html>" + "<script " * 250_000,
        "/*" * 1_000_000,
        "<!--" * 500_000,
        "```\n" * 500_000,
        '{"a":' * 400_000,
        "[" * 1_000_000,
        "<w:p><w:t>" * 100_000 + "</w:p>",
        HEAD
        + "".join(f"Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n" for i in range(30))
        + "x\n" * 200_000,
        HEAD + "Content-Type: message/rfc822\n\n" * 5_000,
        "A: b\n" * 300_000,
        "a%" * 1_000_000,
        "echo a " * 200_000 + ">",
        "> a\n" + " " * 200_000 + "x",
        "ab-" * 100_000 + "x",
        "0000000a" * 200_000 + "z",
        "1 2 3 4 5 6 7 8 9 1 2 3 4 5]a\n" * 80 + "1" * 60 + "\n" + "a\n" * 19,
        "$a='" + "x" * 1_000_000 + "';$b=" + "$a+" * 300_000 + "$a;",
        f"'{'{0}' * 300_000}' -f '{'x' * 1_000_000}'",
        "\n\n".join([base64.b64encode(bz2.compress(b"print(1)\n" * 900_000)).decode()] * 300),
    ],
    ids=range(20),
)
def test_hostile_documents_take_bounded_time(text: str) -> None:
    begin = time.process_time()
    unpack(source("a", text))
    assert time.process_time() - begin < 15
