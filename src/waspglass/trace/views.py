"""Nine views of one program: sets of hashes that two programs share when one was made from the other.

Which views, and that their plain weighted mean is as good as anything trained, was found on labelled sets of which
whole families were held out (docs/trace-method.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from waspglass.trace.canonical import canonical_shape
from waspglass.trace.hashing import GOLDEN, Features, Hashes, hash_text, mix, window_hashes
from waspglass.trace.lines import newlines
from waspglass.trace.syntax import COMMENT, INNER, NUMBER, PLAIN, STRING, WORD, Syntax

__all__ = ["VIEWS", "WEIGHTS", "Tokens", "Tree", "flow_windows", "tokens_of", "tree_of", "views_of"]

WEIGHTS: dict[str, float] = {
    "shape": 1.0,  # 9 canonical tokens in a row (canonical.py); identifiers and literals anonymous
    "flow": 1.0,  # 10 tokens in a row; identifiers as distance to their previous use
    "uses": 1.0,  # 4 uses in a row of one identifier: in which construct, whatever stands between them
    "tree": 1.0,  # subtrees of the syntax, whatever the order of siblings
    "operators": 1.0,  # 6 keywords and operators in a row, without brackets and separators
    "lines": 1.0,  # whole lines as written, but for white space
    "words5": 1.0,  # 5 tokens in a row as written
    "words3": 1.0,  # 3 tokens in a row as written, without brackets and separators
    "literals": 0.5,  # strings, and numbers of two characters or more
}
VIEWS: tuple[str, ...] = tuple(WEIGHTS)

_ROLE_HASH = np.zeros(8, dtype=np.uint64)
_ROLE_HASH[WORD] = hash_text("a word")
_ROLE_HASH[NUMBER] = hash_text("a number")
_ROLE_HASH[STRING] = hash_text("a string")
_SEPARATORS = np.sort(np.array([hash_text(mark) for mark in "(){};,"], dtype=np.uint64))


@dataclass(frozen=True, slots=True)
class Tokens:
    """The leaves of a program without comments, in order.

    Attributes:
        text: Hash of each token as written.
        shape: Hash of each token with identifiers and literals made anonymous.
        role: As in `Syntax`.
        start, end: Byte offsets.
    """

    text: Hashes
    shape: Hashes
    role: npt.NDArray[np.uint8]
    start: npt.NDArray[np.int32]
    end: npt.NDArray[np.int32]


def tokens_of(syntax: Syntax) -> Tokens:
    """The tokens of a program."""
    leaf = (syntax.role != INNER) & (syntax.role != COMMENT) & (syntax.end > syntax.start)
    role = syntax.role[leaf]
    shape = np.where(role == PLAIN, syntax.kind[leaf], _ROLE_HASH[role])
    return Tokens(text=syntax.text[leaf], shape=shape, role=role, start=syntax.start[leaf], end=syntax.end[leaf])


def _distance_to_previous_use(tokens: Tokens) -> npt.NDArray[np.int64]:
    """For each identifier how many tokens ago it was used last; 0 for a first use and for all other tokens."""
    distance = np.zeros(len(tokens.text), dtype=np.int64)
    places = np.flatnonzero(tokens.role == WORD)
    order = np.argsort(tokens.text[places], kind="stable")
    sorted_places, sorted_text = places[order], tokens.text[places][order]
    again = sorted_text[1:] == sorted_text[:-1]
    distance[sorted_places[1:][again]] = (sorted_places[1:] - sorted_places[:-1])[again]
    return distance


def flow_windows(tokens: Tokens, width: int) -> Hashes:
    """Windows in which an identifier is its distance to its previous use inside the window (p-strings, Baker 1993).

    Blind to renaming, but sees which of the names are the same: the flow of data.
    """
    count = len(tokens.shape) - width + 1
    if count <= 0:
        return np.empty(0, dtype=np.uint64)
    distance = _distance_to_previous_use(tokens)
    plain = mix(tokens.shape)
    linked = mix(tokens.shape + distance.astype(np.uint64) * GOLDEN)
    total = np.zeros(count, dtype=np.uint64)
    for offset in range(width):
        here = slice(offset, offset + count)
        total *= GOLDEN
        total += np.where(distance[here] <= offset, linked[here], plain[here])
    return mix(total)


@dataclass(frozen=True, slots=True)
class Tree:
    """The nodes without comments: kinds with identifiers and literals anonymous, and who stands above whom.

    Attributes:
        kind, role, text: One a node, in preorder.
        parent: Number of the node above; 0 for the root.
        levels: Numbers of the nodes of each depth, the root's first.
    """

    kind: Hashes
    role: npt.NDArray[np.uint8]
    text: Hashes
    parent: npt.NDArray[np.int64]
    levels: tuple[npt.NDArray[np.int64], ...]


def tree_of(syntax: Syntax) -> Tree:
    """The tree of a program."""
    keep = syntax.role != COMMENT
    depth, role = syntax.depth[keep], syntax.role[keep]
    order = np.argsort(depth, kind="stable")
    levels = tuple(np.split(order, np.flatnonzero(np.diff(depth[order])) + 1)) if len(depth) else ()
    parent = np.zeros(len(depth), dtype=np.int64)
    for nodes, above in zip(levels[1:], levels[:-1], strict=True):
        parent[nodes] = above[np.maximum(np.searchsorted(above, nodes) - 1, 0)]
    kind = mix(np.where(role >= WORD, _ROLE_HASH[role], syntax.kind[keep]))
    return Tree(kind, role, syntax.text[keep], parent, levels)


def subtree_hashes(tree: Tree, least: int = 4) -> Hashes:
    """One hash a subtree of at least `least` nodes, blind to the order of siblings, to names and to literals."""
    own, size = tree.kind.copy(), np.ones(len(tree.kind), dtype=np.int64)
    for nodes in reversed(tree.levels[1:]):
        parent = tree.parent[nodes]
        first = np.flatnonzero(np.r_[True, parent[1:] != parent[:-1]])
        at = parent[first]
        own[at] = mix(own[at] + mix(np.add.reduceat(own[nodes], first)))
        size[at] += np.add.reduceat(size[nodes], first)
    kept: Hashes = own[size >= least]
    return kept


def use_windows(tree: Tree, width: int = 4) -> Hashes:
    """Windows over the uses of one identifier after another: in which construct, and whether first in it.

    Blind to renaming and to whatever is inserted or moved between statements that have nothing to do with it.
    """
    word = np.flatnonzero(tree.role == WORD)
    if len(word) < width:
        return np.empty(0, dtype=np.uint64)
    parent = tree.parent[word]
    above = (tree.kind[word] * GOLDEN + tree.kind[parent]) * GOLDEN + tree.kind[tree.parent[parent]]
    later = (parent != word - 1).astype(np.uint64)
    order = np.argsort(tree.text[word], kind="stable")
    name, use = tree.text[word][order], mix(mix(above) + later * GOLDEN)[order]
    same = name[width - 1 :] == name[: len(name) - width + 1]
    windows: Hashes = window_hashes(use, width)[same]
    return windows


def line_hashes(tokens: Tokens, ends: npt.NDArray[np.int64]) -> Hashes:
    """One hash a line of three tokens or more, as written but for white space and comments."""
    if not len(tokens.text):
        return np.empty(0, dtype=np.uint64)
    line = np.searchsorted(ends, tokens.start)
    first = np.flatnonzero(np.r_[True, line[1:] != line[:-1]])
    length = np.diff(np.r_[first, len(line)])
    place = np.arange(len(line)) - np.repeat(first, length)
    mixed = mix(tokens.text + place.astype(np.uint64) * GOLDEN)
    kept: Hashes = mix(np.add.reduceat(mixed, first))[length >= 3]
    return kept


def views_of(syntax: Syntax, raw: bytes) -> dict[str, Features]:
    """All views of a program, each as a sorted array without repetitions; `raw` is the text that was parsed."""
    tokens, tree = tokens_of(syntax), tree_of(syntax)
    separator = np.isin(tokens.text, _SEPARATORS)
    written = tokens.text[~separator]
    operators = tokens.shape[(tokens.role == PLAIN) & ~separator]
    literal = (tokens.role == STRING) | ((tokens.role == NUMBER) & (tokens.end - tokens.start > 1))
    with np.errstate(over="ignore"):
        found = {
            "shape": window_hashes(canonical_shape(tokens.text, tokens.shape), 9),
            "flow": flow_windows(tokens, 10),
            "uses": use_windows(tree),
            "tree": subtree_hashes(tree),
            "operators": window_hashes(operators, 6),
            "lines": line_hashes(tokens, newlines(raw)),
            "words5": window_hashes(tokens.text, 5),
            "words3": window_hashes(written, 3),
            "literals": tokens.text[literal],
        }
    return {view: np.unique((found[view] >> np.uint64(32)).astype(np.uint32)) for view in VIEWS}
