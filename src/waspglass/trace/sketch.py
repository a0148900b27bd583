"""A quick, rough view of a text for finding candidates among very many: no grammar, whole arrays at a time.

Bytes are cut into words and marks, words that are no keywords become anonymous, and windows of both streams are
hashed; of these a fixed fraction is kept (the same hashes everywhere, as in MinHash by modulus, Broder 1997).
Steps that touch every byte work on bytes; all others work on words and marks, of which there are a third as many.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from waspglass.trace.hashing import GOLDEN, Features, Hashes, polynomials

__all__ = ["FEATURE_BITS", "numbered_features", "sketches"]

FEATURE_BITS = np.uint64(32)
"""A numbered feature has the feature above these bits and the number of its text below."""
SHARE_KEPT = 6
"""One of so many windows is kept."""
WORDS = 5
"""Words and marks as written in a window."""
SHAPES = 14
"""The same with words made anonymous."""
PIECE = 1 << 20
"""Longer texts are sketched in pieces of so many bytes, which bounds memory; windows over their seams are lost."""
BATCH = 1 << 18
"""Bytes that go through each step together: enough to pay for the step, few enough for the processor's cache."""

Places = npt.NDArray[np.int64]

_PAD = 32
_ASCII_WORD = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz$"
_WORD_BYTES = frozenset(_ASCII_WORD) | frozenset(range(128, 256))
_IS_WORD = bytes(value in _WORD_BYTES for value in range(256))
_IS_MARK = bytes(33 <= value < 127 and value not in _WORD_BYTES for value in range(256))
_LENGTH_MASK = np.array([(1 << (8 * length)) - 1 for length in range(9)], dtype=np.uint64)
_ODD = np.uint64(0xBF58476D1CE4E5B9)
_LOW = np.uint64((1 << 32) - 1)
_HALF = np.uint64(32)
_KEPT_BELOW = np.uint64((1 << 32) // SHARE_KEPT)
_ANONYMOUS = np.uint64(0x94D049BB133111EB)
_TABLE_SHIFT = np.uint64(46)
_KEYWORDS = (
    b"if else elif elsif for foreach while do switch case default break continue return goto function func def class "
    b"struct new delete try catch except finally throw raise in is not and or null nil None true false True False this "
    b"self public private protected static final const void int long double float char bool boolean string var let "
    b"using import include package namespace param begin process end then fi done"
).split()


def _eight_bytes(text: bytes, places: Places) -> Hashes:
    """The eight bytes from each place on, as one number each."""
    aligned = np.frombuffer(text, dtype="<u8", count=len(text) // 8)
    word = places >> 3
    shift = ((places & 7) << 3).astype(np.uint64)
    low: Hashes = aligned[word] >> shift
    high = aligned[word + 1]
    # A shift by all 64 bits gives 0 here, as wanted where a place is aligned.
    high <<= np.uint64(64) - shift
    low |= high
    return low


def _token_hashes(text: bytes, begin: Places, length: Places) -> Hashes:
    """One hash a token: of all of its bytes up to 16, beyond that of its first 16, its last 8 and its length."""
    value = _eight_bytes(text, begin) & _LENGTH_MASK[np.minimum(length, 8)]
    value *= GOLDEN
    long = np.flatnonzero(length > 8)
    if len(long):
        start, size = begin[long], length[long]
        rest = _eight_bytes(text, start + 8) & _LENGTH_MASK[np.minimum(size - 8, 8)]
        tail = np.where(size > 16, _eight_bytes(text, start + size - 8), np.uint64(0))
        value[long] ^= (rest * _ODD ^ (rest * _ODD) >> _HALF) + (tail + size.astype(np.uint64)) * _ANONYMOUS
    value ^= value >> _HALF
    value *= _ODD
    value ^= value >> _HALF
    return value


def _tokens(text: bytes) -> tuple[Hashes, npt.NDArray[np.bool_], Places]:
    """The hash of each word and mark, which of them are words, and where they begin; ends in `_PAD` spaces."""
    word = np.frombuffer(text.translate(_IS_WORD), dtype=np.bool_)
    first = np.frombuffer(text.translate(_IS_MARK), dtype=np.bool_).copy()
    before = np.empty_like(word)
    before[:1], before[1:] = False, word[:-1]
    first |= word & ~before
    begin = np.flatnonzero(first)
    is_word = word[begin]
    length = np.ones(len(begin), dtype=np.int64)
    length[is_word] = np.flatnonzero(before & ~word) - begin[is_word]
    return _token_hashes(text, begin, length), is_word, begin


def _keyword_table() -> npt.NDArray[np.bool_]:
    """Which upper bits of a word's hash are those of a keyword; one other word in 3,000 passes as a keyword."""
    text = b" ".join(_KEYWORDS) + b" " * _PAD
    table = np.zeros(1 << 18, dtype=np.bool_)
    with np.errstate(over="ignore"):
        table[_tokens(text)[0] >> _TABLE_SHIFT] = True
    return table


_KEYWORD = _keyword_table()


def _kept(windows: Hashes, width: int, bounds: Places, numbers: Hashes) -> Hashes:
    """Of the windows that lie in one text the kept share, with the text's number."""
    place = np.flatnonzero((windows & _LOW) < _KEPT_BELOW)
    text = np.searchsorted(bounds, place, side="right") - 1
    whole = place + width <= bounds[text + 1]
    place, text = place[whole], text[whole]
    value = windows[place] * _ODD
    value ^= value >> _HALF
    value *= GOLDEN
    return value & ~_LOW | numbers[text]


def _features(texts: Sequence[bytes], numbers: Sequence[int]) -> Hashes:
    joined = b"\n".join(texts) + b" " * _PAD
    starts = np.cumsum([0, *(len(text) + 1 for text in texts)])
    tokens, is_word, begin = _tokens(joined)
    bounds = np.searchsorted(begin, starts)
    shape = np.where(is_word & ~_KEYWORD[tokens >> _TABLE_SHIFT], _ANONYMOUS, tokens)
    number = np.array(numbers, dtype=np.uint64)
    return np.concatenate([
        _kept(polynomials(stream, width), width, bounds, number)
        for stream, width in ((tokens, WORDS), (shape, SHAPES))
    ])  # fmt: skip


def _batches(texts: Sequence[bytes]) -> Iterator[tuple[list[bytes], list[int]]]:
    """Runs of texts, or of pieces of long ones, of about `BATCH` bytes together, with the texts' numbers."""
    batch: list[bytes] = []
    numbers: list[int] = []
    size = 0
    for number, text in enumerate(texts):
        for start in range(0, max(1, len(text)), PIECE):
            batch.append(text[start : start + PIECE])
            numbers.append(number)
            size += len(batch[-1])
            if size >= BATCH:
                yield batch, numbers
                batch, numbers, size = [], [], 0
    if batch:
        yield batch, numbers


def numbered_features(texts: Sequence[bytes]) -> Hashes:
    """The features of all texts, each above the number of its text, sorted and distinct.

    About a third as many as there are words and marks in the texts.
    """
    with np.errstate(over="ignore"):
        found = [_features(batch, numbers) for batch, numbers in _batches(texts)]
    features = np.concatenate(found) if found else np.empty(0, dtype=np.uint64)
    features.sort()
    first = np.ones(len(features), dtype=np.bool_)
    np.not_equal(features[1:], features[:-1], out=first[1:])
    return features[first]


def sketches(texts: Sequence[bytes]) -> list[Features]:
    """The sketch of each text alone: its features, sorted and distinct."""
    features = numbered_features(texts)
    number = features & _LOW
    order = np.argsort(number, kind="stable")
    bounds = np.searchsorted(number[order], np.arange(len(texts) + 1, dtype=np.uint64))
    feature = (features >> FEATURE_BITS).astype(np.uint32)[order]
    return [feature[low:high] for low, high in itertools.pairwise(bounds)]
