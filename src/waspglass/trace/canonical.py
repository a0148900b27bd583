"""Tokens as they are left when what a disguise changes at no cost is taken away.

Brackets, separators, dots, modifiers, imports and the names of plain types go; the words for loops become one word, and
so do the operators that step up or down (`++`, `+=`, `--`, `-=`). What stays is what a program does, in order.
"""

from __future__ import annotations

import numpy as np

from waspglass.trace.hashing import Hashes, hash_text, look_up

__all__ = ["canonical_shape"]

_DROPPED = (
    "( ) { } ; , . :: public private protected static final const this self std inline virtual abstract register "
    "volatile import using package int long short float double char bool boolean byte void auto unsigned signed "
    "String string integral_type floating_point_type primitive_type void_type boolean_type"
)
_ALIKE = {"for": "loop", "while": "loop", "do": "loop", "foreach": "loop"} | dict.fromkeys(
    ("++", "+=", "--", "-="), "step"
)
_TABLE = {hash_text(word): 0 for word in _DROPPED.split()} | {
    hash_text(word): hash_text(to) for word, to in _ALIKE.items()
}
_KNOWN: Hashes = np.array(sorted(_TABLE), dtype=np.uint64)
_BECOMES: Hashes = np.array([_TABLE[word] for word in sorted(_TABLE)], dtype=np.uint64)


def canonical_shape(text: Hashes, shape: Hashes) -> Hashes:
    """The shape of the tokens that stay, from the hashes of all tokens as written and in shape."""
    place, known = look_up(_KNOWN, text)
    became = np.where(known, _BECOMES[place], shape)
    kept: Hashes = became[~(known & (became == 0))]
    return kept
