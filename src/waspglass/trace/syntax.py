"""Reads a program into its syntax: a flat preorder list of nodes, which is all that the views need."""

from __future__ import annotations

import itertools
import re
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

import numpy as np
import numpy.typing as npt
import tree_sitter

from waspglass.trace.hashing import hash_text
from waspglass.trace.languages import PLAIN_TEXT, Comments, Language, parser_for
from waspglass.trace.lexer import lexed

__all__ = ["ANGLE_LIMIT", "MAX_DEPTH", "PARSE_LIMIT", "TOKEN_LIMIT", "Reading", "Syntax", "error_share", "read_syntax"]

MAX_DEPTH = 120
"""Deeper nodes count as children of their ancestor at this depth; real programs stay below 60."""
PARSE_LIMIT = 2_000_000
"""Characters given to a grammar, whose trees take up to 500 times as many bytes; longer texts are read as tokens."""
STEPS, MORE_STEPS = 100, 0.1
"""Steps, in hundreds, that a parser may take for any text, and more for each byte, which is the same on any machine. Of
8,600 files that people and tools wrote none took more than 20 and 0.035 a byte. The usual blow-up takes ever more of
them: 4 kB of `->` 42,000 in the grammar of Go, and 1.7 s."""
PARSE_SECONDS, MORE_SECONDS, MOST_SECONDS = 0.15, 4e-6, 4.0
"""CPU time after which a grammar is given up: so much for any text, more for each byte, and never more than the last.
Each step may be slow, too: of 12 kB of `)` the shell's takes 2 ms. Ordinary code takes a tenth of this."""
PIECES = (4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20)
"""A longer text is first tried in pieces of these lengths. Of `-;` and ten blanks without end the grammar of Ruby took
1 s for 64 kB and 20 s and 4 GB for 256 kB, that of JavaScript 5 s
and 3 GB for 16 kB of `|a=?.`, in one step at the end of the text, where nobody asks for the time; each of these lengths
takes 16 times as long as the one before it."""
_CHUNK = 1 << 20
TOKEN_LIMIT = 400_000
"""Tokens that are compared; what stands behind them is named as not compared."""

INNER, PLAIN, WORD, NUMBER, STRING, COMMENT = range(6)
"""Classes of nodes: has children; keyword or operator; identifier; literals; comment."""


class Reading(StrEnum):
    """How far a text could be read."""

    SYNTAX = "syntax"
    """By the grammar of its language."""
    TOKENS = "tokens"
    """As plain tokens: no grammar, too long, or too broken for it."""
    BYTES = "bytes"
    """As bytes: not a text."""


@dataclass(frozen=True, slots=True)
class Syntax:
    """Nodes in preorder, as parallel arrays of one length.

    Attributes:
        kind: 64-bit hash of the node's kind (its name in the grammar, or for a keyword the word itself).
        role: One of INNER .. COMMENT.
        text: 64-bit hash of the node's own text for leaves, 0 for inner nodes.
        depth: 0 for the root.
        start, end: Offsets in UTF-8 bytes.
        reading: How far the text could be read.
        truncated: The text has more tokens than are compared.
    """

    kind: npt.NDArray[np.uint64]
    role: npt.NDArray[np.uint8]
    text: npt.NDArray[np.uint64]
    depth: npt.NDArray[np.int16]
    start: npt.NDArray[np.int32]
    end: npt.NDArray[np.int32]
    reading: Reading
    truncated: bool = False


_COMMENT = re.compile(r"comment")
_ATOMIC_STRING = re.compile(r"string|char(acter)?_literal|heredoc_body|regex|system_lib|attribute_value$|^rune_literal")
_NUMBER = re.compile(r"number|integer|float|decimal|real_literal|_numeral|int_literal|imaginary")
_WORD = re.compile(
    r"identifier|^name$|variable|^word$|^constant$|simple_name|command_name|property|member_name|tag_name|attribute_name"
    r"|label|scalar|generic_token|text|inline"
)


_ERROR_ID, _ERROR = 65535, hash_text("ERROR")


@cache
def _kinds(language: Language) -> dict[int, tuple[int, int, bool]]:
    """Kind id -> (hash of its name, role as a leaf, whether its inside is left out)."""
    parser = parser_for(language)
    assert parser is not None
    grammar = parser.language
    assert grammar is not None
    table: dict[int, tuple[int, int, bool]] = {_ERROR_ID: (_ERROR, PLAIN, False)}
    for number in range(grammar.node_kind_count):
        name = grammar.node_kind_for_id(number) or ""
        named = grammar.node_kind_is_named(number)
        role, atomic = PLAIN, False
        if named and _COMMENT.search(name):
            role, atomic = COMMENT, True
        elif named and _ATOMIC_STRING.search(name):
            role, atomic = STRING, True
        elif named and _NUMBER.search(name):
            role, atomic = NUMBER, True
        elif named and _WORD.search(name):
            role = WORD
        table[number] = (hash_text(name), role, atomic)
    return table


Row = tuple[int, int, int, int, int, int]
"""What `Syntax` keeps of one node: kind, role, text, depth, start, end."""
_COLUMNS = [("kind", "u8"), ("role", "u1"), ("text", "u8"), ("depth", "i4"), ("start", "i4"), ("end", "i4")]


def _syntax(rows: Iterable[Row], limit: int, reading: Reading) -> Syntax:
    """The first nodes, up to so many."""
    table = np.fromiter(itertools.islice(rows, limit + 1), dtype=_COLUMNS)
    kind, role, text, depth, start, end = (np.ascontiguousarray(table[name][:limit]) for name, _ in _COLUMNS)
    depth = np.minimum(depth, MAX_DEPTH).astype(np.int16)
    return Syntax(kind, role, text, depth, start, end, reading, truncated=len(table) > limit)


def _walk(tree: tree_sitter.Tree, raw: bytes, table: dict[int, tuple[int, int, bool]]) -> Iterator[Row]:
    """The nodes in preorder, without recursion."""
    cursor = tree.walk()
    down, right, up = cursor.goto_first_child, cursor.goto_next_sibling, cursor.goto_parent
    depth = 0
    while True:
        node = cursor.node
        assert node is not None
        kind, role, atomic = table[node.kind_id]
        start, end = node.start_byte, node.end_byte
        if not atomic and down():
            yield kind, INNER, 0, depth, start, end
            depth += 1
            continue
        text = 0 if role == COMMENT else kind if role == PLAIN else hash_text(raw[start:end])
        yield kind, role, text, depth, start, end
        while not right():
            if not up():
                return
            depth -= 1


NESTING_LIMIT = 2000
"""Open brackets above which a grammar is not tried: some grammars overflow the native stack far beyond."""
CHAIN_LIMIT = 500
"""The same for what opens without a bracket (`A<A<A<`, `a => b => c`), counted within one statement."""
_CHAINS: dict[str, tuple[bytes, ...]] = {
    "c": (b"<", b"=>"),
    "cpp": (b"<", b"=>"),
    "csharp": (b"<", b"=>"),
    "java": (b"<", b"=>", b"->"),
    "rust": (b"<", b"=", b"&"),
}
_STATEMENT_END = re.compile(rb"[;{}]")
ANGLE_LIMIT = 4000
"""`<` in a whole text above which TypeScript is not tried: if none is closed, 4,000 take 0.4 GB and 20,000 6 GB."""


def _too_nested(raw: bytes, language: Language) -> bool:
    """Whether a text nests deeper than any program that a person or a usual tool wrote."""
    step = np.zeros(256, dtype=np.int8)
    step[list(b"([{")], step[list(b")]}")] = 1, -1
    depth = np.cumsum(step[np.frombuffer(raw, dtype=np.uint8)], dtype=np.int64)
    if depth.max(initial=0) - min(0, depth.min(initial=0)) > NESTING_LIMIT:
        return True
    if language.module == "tree_sitter_typescript" and raw.count(b"<") > ANGLE_LIMIT:
        return True
    marks = _CHAINS.get(language.name, ())
    parts = _STATEMENT_END.split(raw) if marks else []
    return any(len(part) > CHAIN_LIMIT and part.count(mark) > CHAIN_LIMIT for part in parts for mark in marks)


def _allowed(size: int) -> float:
    """CPU seconds that a grammar gets for a text of so many bytes."""
    return min(MOST_SECONDS, PARSE_SECONDS + MORE_SECONDS * size)


def _explodes(raw: bytes, language: Language, parser: tree_sitter.Parser) -> bool:
    """Whether a piece of a text already takes its grammar longer than any program does, or all pieces together do."""
    for size in PIECES:
        if size >= len(raw):
            break
        php = language.name == "php"
        before = _before_pieces(raw, size) if php else [b""] * (len(raw) // size + 1)
        begun = time.thread_time()
        for opens, at in zip(before, range(0, len(raw), size), strict=False):
            left = begun + _allowed(len(raw)) - time.thread_time()
            began = time.thread_time()
            if _parse(opens + raw[at : at + size], parser) is None:
                return True
            if time.thread_time() - began > min(left, _allowed(size)):
                return True
    return False


def _before_pieces(raw: bytes, step: int) -> list[bytes]:
    """What must stand before each piece of PHP, which may begin inside of code."""
    before = [_PHP_OPENS if not _PHP_OPENED.search(raw) else b""]
    for at in range(0, len(raw), step):
        piece = raw[max(0, at - 1) : at + step]
        opened, closed = piece.rfind(b"<?"), piece.rfind(b"?>")
        before.append(before[-1] if opened == closed else _PHP_OPENS if opened > closed else b"")
    return before


def _parse(raw: bytes, parser: tree_sitter.Parser) -> tree_sitter.Tree | None:
    """The tree, or None if it takes more steps or longer than any real program does."""
    deadline = time.thread_time() + _allowed(len(raw))
    steps = itertools.count()
    most = STEPS + MORE_STEPS * len(raw)

    def late(_offset: int, _has_error: bool) -> bool:
        return next(steps) > most or time.thread_time() > deadline

    def chunk(offset: int, _point: tree_sitter.Point) -> bytes:
        return raw[offset : offset + _CHUNK]

    try:
        return parser.parse(chunk, progress_callback=late)
    except ValueError:
        parser.reset()
        return None


_PHP_OPENS, _PHP_OPENED = b"<?php\n", re.compile(rb"<\?(?:php\b|[=\s])", re.IGNORECASE)
"""Without this the grammar of PHP takes a text for HTML; what `eval` takes stands without it."""


def _from_grammar(raw: bytes, language: Language, parser: tree_sitter.Parser) -> Syntax | None:
    if language.name == "php" and not _PHP_OPENED.search(raw):
        syntax = _from_grammar(_PHP_OPENS + raw, language, parser)
        return syntax and replace(syntax, start=_back(syntax.start), end=_back(syntax.end))
    tree = _parse(raw, parser)
    if tree is None:
        return None
    rows = _walk(tree, raw, _kinds(language))
    if language.name in _WHOLE:
        rows = _with_inside(rows, raw, _WHOLE[language.name])
    return _syntax(rows, 3 * TOKEN_LIMIT, Reading.SYNTAX)


def _back(places: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Where these places are in a text that was read behind `_PHP_OPENS`."""
    return np.maximum(places - len(_PHP_OPENS), 0).astype(np.int32)


_WHOLE = {"markdown": frozenset[int](), "html": frozenset({hash_text("text"), hash_text("raw_text")})}
"""Grammars that give a paragraph or a script as one node, or of it the punctuation only; the kinds of such nodes in
HTML. In Markdown all that stands in no node of its own is such text, so none is told by its kind."""
_SCRIPT, _INLINE = hash_text("raw_text"), hash_text("inline")
_SHORT = 3
"""Letters of words that are taken for themselves."""
_WORD_KIND = hash_text("token word")
_WRITTEN = re.compile(
    rb"(?:\w|[\xc3-\xdf][\x80-\xbf]|[\xe0\xe1\xea-\xee][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})+"
    rb"|[\xc2\xe2-\xe9\xef][\x80-\xbf]*|\S"
)
"""Words and marks in UTF-8. Signs of Chinese and Japanese, which put no blanks between words, stand each for itself."""


def _inside(raw: bytes, start: int, end: int, *, script: bool) -> Iterator[tuple[int, int, int, int, int]]:
    """Kind, role, text, start and end of what a stretch consists of: tokens of a script, or words and marks.

    Short words and marks are to a text what keywords are to a program, and longer words what names are: who rewrites a
    sentence changes these first.
    """
    if script:
        for kind, role, text, first, last in _plain_tokens(raw[start:end], PLAIN_TEXT.comments):
            yield kind, role, text, start + first, start + last
        return
    for match in _WRITTEN.finditer(raw, start, end):
        written = match.group()[:4096].decode("utf-8", "replace").lower()
        text = hash_text(written)
        if len(written) > _SHORT:
            yield _WORD_KIND, WORD, text, match.start(), match.end()
        else:
            yield text, PLAIN, text, match.start(), match.end()


def _with_inside(rows: Iterable[Row], raw: bytes, whole: frozenset[int]) -> Iterator[Row]:
    """The nodes with what is in stretches that the grammar leaves whole."""
    if whole:
        for kind, role, text, depth, start, end in rows:
            if role == INNER or kind not in whole:
                yield kind, role, text, depth, start, end
                continue
            for row in _inside(raw, start, end, script=kind == _SCRIPT):
                yield *row[:3], depth, *row[3:]
        return
    blocks = deque(row for row in itertools.islice(rows, 3 * TOKEN_LIMIT) if row[1] == INNER and row[0] != _INLINE)
    open_blocks: list[tuple[int, int]] = []
    for row in _inside(raw, 0, len(raw), script=False):
        while blocks and blocks[0][4] <= row[3]:
            block = blocks.popleft()
            yield block
            open_blocks.append((block[3], block[5]))
        while open_blocks and open_blocks[-1][1] <= row[3]:
            open_blocks.pop()
        yield *row[:3], open_blocks[-1][0] + 1 if open_blocks else 1, *row[3:]


_ROLES = {"comment": COMMENT, "string": STRING, "number": NUMBER, "word": WORD, "plain": PLAIN}


def _plain_tokens(raw: bytes, comments: Comments) -> Iterator[tuple[int, int, int, int, int]]:
    """Kind, role, text, start and end of each token."""
    names = {role: hash_text(f"token {role}") for role in _ROLES}
    for name, start, end in lexed(raw, comments):
        text = hash_text(raw[start : min(end, start + 4096)])
        yield text if name == "plain" else names[name], _ROLES[name], text, start, end


def _from_tokens(raw: bytes, comments: Comments) -> Syntax:
    """Plain tokens under one root: what can be had of a text without a grammar."""
    root = hash_text("tokens"), INNER, 0, 0, 0, len(raw)
    tokens = ((*row[:3], 1, *row[3:]) for row in _plain_tokens(raw, comments))
    return _syntax(itertools.chain([root], tokens), 1 + TOKEN_LIMIT, Reading.TOKENS)


def _from_bytes(raw: bytes) -> Syntax:
    """Each byte a token: all that two binaries can be compared by here."""
    kept = np.frombuffer(raw[:TOKEN_LIMIT], dtype=np.uint8)
    count = len(kept)
    hashes = np.array([hash_text(f"byte {value}") for value in range(256)], dtype=np.uint64)[kept]
    places = np.arange(count, dtype=np.int32)
    return Syntax(
        kind=hashes, role=np.full(count, PLAIN, dtype=np.uint8), text=hashes, depth=np.zeros(count, dtype=np.int16),
        start=places, end=places + 1, reading=Reading.BYTES, truncated=len(raw) > count,
    )  # fmt: skip


_BROKEN = 0.5
"""Share of the text inside errors of the grammar and long macros above which the grammar is not trusted."""
_MACRO, _LONG_MACRO = hash_text("preproc_arg"), 500
"""What stands behind `#define` is one node; one of so many bytes is mostly code that lost its line breaks."""


def _broken_share(syntax: Syntax, total: int) -> float:
    size = syntax.end - syntax.start
    wrong = (syntax.kind == np.uint64(_ERROR)) & (syntax.depth <= 1)
    swallowed = (syntax.kind == np.uint64(_MACRO)) & (size > _LONG_MACRO)
    return float(size[wrong | swallowed].sum()) / max(1, total)


def error_share(syntax: Syntax) -> float:
    """The share of the text that lies inside errors of the grammar, at whatever depth."""
    wrong = syntax.kind == np.uint64(_ERROR)
    start, end = syntax.start[wrong].astype(np.int64), syntax.end[wrong].astype(np.int64)
    reached = np.maximum.accumulate(np.r_[0, end])[:-1]
    return float(np.maximum(end - np.maximum(start, reached), 0).sum()) / max(1, int(syntax.end.max(initial=0)))


def read_syntax(raw: bytes, language: Language, *, as_bytes: bool = False) -> Syntax:
    """The nodes of a text in UTF-8, by its grammar where there is one and it fits, else as plain tokens."""
    if as_bytes:
        return _from_bytes(raw)
    parser = parser_for(language)
    if parser is None or len(raw) > PARSE_LIMIT or _too_nested(raw, language) or _explodes(raw, language, parser):
        return _from_tokens(raw, language.comments)
    syntax = _from_grammar(raw, language, parser)
    if syntax is None or _broken_share(syntax, len(raw)) > _BROKEN:
        return _from_tokens(raw, language.comments)
    return syntax
