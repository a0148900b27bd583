"""A quick, rough view of a text for finding candidates among very many: no grammar, whole arrays at a time.

Bytes are cut into words and marks, words that are no keywords become anonymous, and windows of both streams are
hashed; of these a fixed fraction is kept (the same hashes everywhere, as in MinHash by modulus, Broder 1997).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from waspglass.trace.hashing import Features, Hashes, mix, window_hashes

__all__ = ["sketches"]

KEPT = 6
"""One of so many windows is kept."""
WORDS = 5
SHAPES = 14
_SPACE, _MARK, _WORD = 0, 1, 2
_CLASS = np.full(256, _MARK, dtype=np.uint8)
_CLASS[[*range(33), 127]] = _SPACE
_CLASS[[*range(48, 58), *range(65, 91), *range(97, 123), ord("_"), ord("$"), *range(128, 256)]] = _WORD
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ANONYMOUS = np.uint64(1)
_KEYWORDS = (
    b"if else elif elsif for foreach while do switch case default break continue return goto function func def class "
    b"struct new delete try catch except finally throw raise in is not and or null nil None true false True False this "
    b"self public private protected static final const void int long double float char bool boolean string var let "
    b"using import include package namespace param begin process end then fi done"
).split()


def _tokens(raw: bytes) -> tuple[Hashes, npt.NDArray[np.int64]]:
    """The hash of each word and mark, and where it begins."""
    data = np.frombuffer(raw, dtype=np.uint8)
    kind = _CLASS[data]
    begins = np.flatnonzero((kind != _SPACE) & ((kind == _MARK) | (np.r_[np.uint8(_SPACE), kind[:-1]] != kind)))
    if not len(begins):
        return np.empty(0, dtype=np.uint64), begins
    place = np.arange(len(data), dtype=np.int64)
    owner = np.zeros(len(data), dtype=np.int64)
    owner[begins] = begins
    np.maximum.accumulate(owner, out=owner)
    offset = (place - owner).astype(np.uint64) & np.uint64(31)
    value = (data.astype(np.uint64) + np.uint64(257)) * (_GOLDEN << (offset & np.uint64(7)) | np.uint64(1))
    value = np.where(kind == _SPACE, np.uint64(0), value * (offset * np.uint64(2) + np.uint64(1)))
    return np.add.reduceat(value, begins), begins


def _keyword_table() -> Hashes:
    with np.errstate(over="ignore"):
        return np.sort(np.concatenate([_tokens(word)[0] for word in _KEYWORDS]))


_KEYWORD_HASHES = _keyword_table()


def _anonymous(tokens: Hashes, marks: npt.NDArray[np.bool_]) -> Hashes:
    place = np.minimum(np.searchsorted(_KEYWORD_HASHES, tokens), len(_KEYWORD_HASHES) - 1)
    return np.where(marks | (_KEYWORD_HASHES[place] == tokens), tokens, _ANONYMOUS)


_MARK_HASHES = np.sort(
    np.concatenate([_tokens(bytes([value]))[0] for value in range(256) if _CLASS[value] == _MARK])
)  # fmt: skip


def _inside(document: npt.NDArray[np.int64], width: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """The document of each window of tokens, and whether the window lies in it wholly."""
    last = document[width - 1 :]
    first = document[: len(last)]
    return first, first == last


def sketches(texts: Sequence[bytes]) -> list[Features]:
    """The sketch of each text: sorted distinct features, about a third of its number of tokens.

    All texts go through each step together, because most files are small and steps are dear.
    """
    starts = np.cumsum([0, *(len(text) + 1 for text in texts)])
    with np.errstate(over="ignore"):
        tokens, begins = _tokens(b"\n".join(texts))
        document = np.searchsorted(starts, begins, side="right") - 1
        mark = np.minimum(np.searchsorted(_MARK_HASHES, tokens), len(_MARK_HASHES) - 1)
        shape = _anonymous(tokens, _MARK_HASHES[mark] == tokens)
        packed = []
        for stream, width in ((tokens, WORDS), (mix(shape), SHAPES)):
            owner, whole = _inside(document, width)
            windows = window_hashes(stream, width)
            kept = whole & (windows % np.uint64(KEPT) == 0)
            packed.append(owner[kept].astype(np.uint64) << np.uint64(32) | windows[kept] >> np.uint64(32))
    distinct = np.unique(np.concatenate(packed))
    bounds = np.searchsorted(distinct, np.arange(len(texts) + 1, dtype=np.uint64) << np.uint64(32))
    features = (distinct & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    return [features[low:high] for low, high in itertools.pairwise(bounds)]
