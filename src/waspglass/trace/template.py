"""Whether two programs are one template that was filled in twice: test suites, forms and entities of one framework.

Their makers need not know of each other. What they wrote themselves is the name of their subject, which stands inside
of many names and texts: `OrderComponent`, `getOrders`, `'order-list'` here, `InvoiceComponent`, `getInvoices`,
`'invoice-list'` there. Whoever gives a stolen tool another name leaves just that, too. Size tells them apart: a
template is small, and a tool that does something seldom is.
"""

from __future__ import annotations

import re
from itertools import takewhile

import numpy as np

from waspglass.trace.program import Source
from waspglass.trace.reader import Reader
from waspglass.trace.views import Tokens, tokens_of

__all__ = ["filled_in", "one_template"]

_SAME_SHAPE = 0.999
"""Likeness in shape below which two cannot be one template, so that nobody need read them again."""

LARGEST = 600
"""Tokens that a template has at most: 22 of 23 that were seen have fewer (docs/trace-method.md)."""
INSIDE = 3
"""Names and texts with the subject in them, longer than the shortest; a variable that was renamed stands in none."""
TRIED = 8
"""Words that may be the subject, the shortest first."""
_NO_LETTER = re.compile(r"\W+")


def filled_in(a: Tokens, raw_a: bytes, b: Tokens, raw_b: bytes) -> bool:
    """Whether two programs are the same token by token but for one word, which stands inside of several tokens.

    Either program may be the first.

    Args:
        a: The tokens of the one.
        raw_a: The bytes that their offsets count.
        b: The tokens of the other.
        raw_b: Its bytes.
    """
    if len(a.text) != len(b.text) or not np.array_equal(a.shape, b.shape):
        return False
    differ = np.flatnonzero(a.text != b.text).tolist()
    words_a, words_b = (
        [raw[tokens.start[place] : tokens.end[place]].decode("utf-8", "replace").lower() for place in differ]
        for tokens, raw in ((a, raw_a), (b, raw_b))
    )
    pairs = list(dict.fromkeys(zip(words_a, words_b, strict=True)))
    lengths = [len(_NO_LETTER.sub("", one)) for one, _ in pairs]
    if sum(1 for length in lengths if length > min(lengths)) < INSIDE:
        return False
    shortest = sorted({*pairs, *(_core(*pair) for pair in pairs)}, key=lambda pair: (len("".join(pair)), pair))
    return any(
        all(subject)
        and (
            all(one.replace(*subject) == other for one, other in pairs)
            or all(other.replace(*subject[::-1]) == one for one, other in pairs)
        )
        for subject in shortest[:TRIED]
    )


def one_template(one: Source, other: Source, reader: Reader, shape: float) -> bool:
    """Whether two sources, read in one way and so alike in shape, are `filled_in` and small enough for a template."""
    if shape < _SAME_SHAPE or max(reader.program(one).tokens, reader.program(other).tokens) > LARGEST:
        return False
    (syntax_a, raw_a), (syntax_b, raw_b) = reader.syntax(one), reader.syntax(other)
    return filled_in(tokens_of(syntax_a), raw_a, tokens_of(syntax_b), raw_b)


def _core(one: str, other: str) -> tuple[str, str]:
    """What is left of two words when what they begin and end with alike is taken off."""
    head = _alike(one, other)
    one, other = one[head:], other[head:]
    tail = _alike(one[::-1], other[::-1])
    return one[: len(one) - tail], other[: len(other) - tail]


def _alike(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
