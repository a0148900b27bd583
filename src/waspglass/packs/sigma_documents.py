"""The documents of a Sigma file: YAML as rules mean it, with collections (`action`) spread out.

The validator of packs and the hunt both read with this.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

__all__ = ["SigmaText", "sigma_texts"]

_MOST_NODES = 200_000
"""Values that a collection may copy; aliases of aliases could grow without end."""


class _Loader(yaml.CSafeLoader):
    """Keys are unique, as YAML demands: of two equal ones, half of a detection would be lost. Dates stay text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
                continue
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, shape) for tag, shape in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, slots=True)
class SigmaText:
    """One document of a Sigma file.

    Attributes:
        content: The rule; a sentence for a document that is none.
        node: As it was written, with lines; None where the syntax broke.
        line: On which it begins, or where its fault is; 1-based.
    """

    content: dict[str, object] | str
    node: yaml.Node | None
    line: int


def _documents(text: str) -> Iterator[tuple[yaml.Node | None, object]]:
    """Each document; the fault of one that cannot be read. After broken syntax nothing more can be read."""
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            try:
                yield node, loader.construct_document(node)
            except (yaml.YAMLError, RecursionError, ValueError) as error:
                yield node, error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        yield None, error
    finally:
        loader.dispose()


def _fault(error: Exception, node: yaml.Node | None) -> SigmaText:
    problem = getattr(error, "problem", None)
    mark = getattr(error, "problem_mark", None)
    said = f"line {mark.line + 1}: {problem}" if problem and mark is not None else problem
    begun = 0 if node is None else node.start_mark.line
    line = (begun if mark is None else mark.line) + 1
    return SigmaText(f"not YAML: {said or ' '.join(str(error).split())}", node, line)


def sigma_texts(text: str) -> Iterator[SigmaText]:
    """Each rule of a file; a sentence for each document that is none.

    A document with `action: global` is added to those after it until `reset`; one with `repeat` changes the one before.
    The first of the rules that come of one document bears its id and name.
    """
    named: set[tuple[str, str]] = set()
    shared: dict[str, object] = {}
    before: dict[str, object] = {}
    for node, document in _documents(text.removeprefix("\ufeff")):
        line = 1 if node is None else node.start_mark.line + 1
        if document is None:
            continue
        if isinstance(document, Exception):
            yield _fault(document, node)
            continue
        if not isinstance(document, dict):
            yield SigmaText("not a mapping", node, line)
            continue
        action = document.pop("action", None)
        if action == "reset":
            shared = {}
        elif action not in (None, "global", "repeat"):
            yield SigmaText(f"there is no action {str(action)[:40]!r}", node, line)
        elif not _small(document, shared, before):
            yield SigmaText("too large a collection", node, line)
        elif action == "global":
            shared = before = document
        else:
            if action == "repeat":
                before = _without(named, _added(before, document))
            elif shared and "correlation" not in document and "filter" not in document:
                before = _without(named, _added(document, shared))
            else:
                before = document
            named.update((key, str(before[key])) for key in ("id", "name") if key in before)
            yield SigmaText(before, node, line)


def _without(named: set[tuple[str, str]], rule: dict[str, object]) -> dict[str, object]:
    """The rule without an id and a name that a rule before it in the file has."""
    return {key: value for key, value in rule.items() if (key, str(value)) not in named}


def _added(to: dict[str, object], more: dict[str, object]) -> dict[str, object]:
    """Both together; where both say something, `more` has the last word."""
    result = dict(to)
    for key, value in more.items():
        own = result.get(key)
        result[key] = _added(own, value) if isinstance(own, dict) and isinstance(value, dict) else value
    return result


def _small(*parts: object) -> bool:
    left, pending = _MOST_NODES, list(parts)
    while pending and left > 0:
        left -= 1
        one = pending.pop()
        if isinstance(one, dict):
            pending += one.values()
        elif isinstance(one, list):
            pending += one
    return left > 0
