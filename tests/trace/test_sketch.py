from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.trace.programs import INDEPENDENT, ORIGINAL
from waspglass.trace.sketch import PIECE, SHAPES, SHARE_KEPT, WORDS, numbered_features, sketches

_ALL = (1 << 64) - 1
_ODD, _ODD_2, _ANONYMOUS = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_KEYWORDS = (
    b"if else elif elsif for foreach while do switch case default break continue return goto function func def class "
    b"struct new delete try catch except finally throw raise in is not and or null nil None true false True False this "
    b"self public private protected static final const void int long double float char bool boolean string var let "
    b"using import include package namespace param begin process end then fi done"
).split()


def _words_and_marks(text: bytes) -> list[tuple[bytes, bool]]:
    found: list[tuple[bytes, bool]] = []
    joined = False
    for value in text:
        byte = bytes([value])
        word = byte.isalnum() or byte in b"_$" or value >= 128
        if word and joined:
            found[-1] = (found[-1][0] + byte, True)
        elif word or 33 <= value < 127:
            found.append((byte, word))
        joined = word
    return found


def _number(raw: bytes) -> int:
    return int.from_bytes(raw, "little")


def _hash(token: bytes) -> int:
    value = _number(token[:8]) * _ODD & _ALL
    if len(token) > 8:
        rest = _number(token[8:16]) * _ODD_2 & _ALL
        tail = _number(token[-8:]) if len(token) > 16 else 0
        value ^= ((rest ^ rest >> 32) + (tail + len(token)) * _ANONYMOUS) & _ALL
    value ^= value >> 32
    value = value * _ODD_2 & _ALL
    return value ^ value >> 32


def naive_sketch(text: bytes) -> list[int]:
    """The same, one token after the other."""
    keywords = {_hash(word) >> 46 for word in _KEYWORDS}
    hashes = [(_hash(token), word) for token, word in _words_and_marks(text)]
    shapes = [_ANONYMOUS if word and value >> 46 not in keywords else value for value, word in hashes]
    features = set()
    for stream, width in (([value for value, _ in hashes], WORDS), (shapes, SHAPES)):
        for start in range(len(stream) - width + 1):
            total = 0
            for value in stream[start : start + width]:
                total = (total * _ODD + value) & _ALL
            if total & 0xFFFFFFFF < (1 << 32) // SHARE_KEPT:
                total = total * _ODD_2 & _ALL
                features.add(((total ^ total >> 32) * _ODD & _ALL) >> 32)
    return sorted(features)


code = st.sampled_from([t.encode() for t in (ORIGINAL, *INDEPENDENT)])
words = st.lists(st.sampled_from([b"if", b"a", b"(", b"}\n", b" ", b"x" * 9, b"y" * 40, b"\xc3\xa4"]), max_size=60)
text = st.one_of(st.binary(max_size=200), code, words.map(b"".join))


@given(st.lists(text, min_size=1, max_size=6))
def test_texts_together_are_as_each_alone(texts: list[bytes]) -> None:
    together = [sketch.tolist() for sketch in sketches(texts)]
    assert together == [sketches([one])[0].tolist() for one in texts]


@given(text)
def test_whole_arrays_give_what_one_token_after_the_other_gives(raw: bytes) -> None:
    assert sketches([raw])[0].tolist() == naive_sketch(raw)


def test_the_number_of_the_text_is_below_its_features() -> None:
    features = numbered_features([ORIGINAL.encode(), b"", INDEPENDENT[0].encode()])
    assert set((features & 0xFFFFFFFF).tolist()) == {0, 2}
    assert sorted(features.tolist()) == features.tolist()


def test_a_text_longer_than_a_piece_keeps_all_but_the_windows_over_the_seam() -> None:
    lines = b"".join(b"value_%d = %d + other_%d;\n" % (i, i * 7, i * 3) for i in range(40_000))
    assert len(lines) > PIECE
    whole, found = set(naive_sketch(lines)), set(sketches([lines])[0].tolist())
    assert len(whole ^ found) < 20


def test_names_do_not_hide_the_shape() -> None:
    one, other = sketches([ORIGINAL.encode(), ORIGINAL.replace("litres", "amount").replace("totals", "acc").encode()])
    assert len(set(one.tolist()) & set(other.tolist())) > 0.3 * len(one)
