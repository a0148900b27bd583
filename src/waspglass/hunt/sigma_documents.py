"""The documents of a Sigma file: YAML as rules mean it, with collections (`action`) spread out."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

__all__ = ["sigma_documents"]

_ALIASES = {"utf16le": "wide"}
"""Modifiers of the specification that pySigma knows under another name only."""
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
                line = key.start_mark.line + 1
                raise yaml.constructor.ConstructorError(None, None, f"line {line}: the key {key.value!r} stands twice")
            seen.add(key.value)
            key.value = "|".join(_ALIASES.get(part, part) for part in key.value.split("|"))
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, shape) for tag, shape in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def _documents(text: str) -> Iterator[object]:
    """Each document; a sentence for one that cannot be read. After broken syntax nothing more can be read."""
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            try:
                yield loader.construct_document(node)
            except (yaml.YAMLError, RecursionError, ValueError) as error:
                yield f"not YAML: {_said(error)}"
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        yield f"not YAML: {_said(error)}"
    finally:
        loader.dispose()


def _said(error: Exception) -> str:
    problem = getattr(error, "problem", None)
    mark = getattr(error, "problem_mark", None)
    where = "" if mark is None else f"line {mark.line + 1}: "
    return f"{where}{problem}" if problem else " ".join(str(error).split())


def sigma_documents(text: str) -> Iterator[dict[str, object] | str]:
    """Each rule of a file as a mapping; a sentence for each document that is none.

    A document with `action: global` is added to those after it until `reset`; one with `repeat` changes the one before.
    """
    shared: dict[str, object] = {}
    before: dict[str, object] = {}
    for document in _documents(text.removeprefix("\ufeff")):
        if document is None:
            continue
        if not isinstance(document, dict):
            yield document if isinstance(document, str) and document.startswith("not YAML: ") else "not a mapping"
            continue
        action = document.pop("action", None)
        if action == "reset":
            shared = {}
        elif action not in (None, "global", "repeat"):
            yield f"there is no action {str(action)[:40]!r}"
        elif not _small(document, shared, before):
            yield "too large a collection"
        elif action == "global":
            shared = before = document
        elif action == "repeat":
            before = _added(before, document)
            yield before
        elif shared and "correlation" not in document and "filter" not in document:
            before = _added(document, shared)
            yield before
        else:
            before = document
            yield document


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
