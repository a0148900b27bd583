"""The documents of a Sigma file: YAML as rules mean it, with collections (`action`) spread out.

The validator of packs and the hunt both read with this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from waspglass.packs.yaml_loader import BoundedLoader

__all__ = ["TEXT_MODIFIERS", "SigmaText", "sigma_texts"]

_MOST_NODES = 200_000
"""Values that the collections of a file may copy; aliases of aliases could grow without end."""
TEXT_MODIFIERS = frozenset(
    {"base64", "base64offset", "cased", "cidr", "contains", "endswith", "expand", "fieldref", "re", "startswith"}
    | {"utf16", "utf16be", "utf16le", "wide", "windash"}
)
"""Modifiers of texts; the specification lets most of them be applied to any value."""
_PLAIN = frozenset({"tag:yaml.org,2002:bool", "tag:yaml.org,2002:float", "tag:yaml.org,2002:int"})


class _Loader(BoundedLoader):
    """Keys are unique, as YAML demands: of two equal ones, half of a detection would be lost.

    Scalars are those of YAML 1.2, as the specification says: `no`, `12:30` and dates stay text. So does what tools read
    as different numbers (`0755`, `1e3`), and, as it is written, what a modifier takes for text: `contains: 1.10`.
    """

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._texts: set[yaml.Node] = set()  # each is looked at once, however many aliases lead to it

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
                continue
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
            seen.add(key.value)
            if value not in self._texts and not TEXT_MODIFIERS.isdisjoint(key.value.split("|")[1:]):
                self._texts.add(value)
                for one in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    if one.tag in _PLAIN:
                        one.tag = "tag:yaml.org,2002:str"
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {}
for _tag, _first, _shape in (
    ("null", ["~", "n", "N", ""], "~|null|Null|NULL|"),
    ("bool", list("tTfF"), "true|True|TRUE|false|False|FALSE"),
    ("int", list("-+0123456789"), "[-+]?(?:0|[1-9][0-9]*)|0x[0-9a-fA-F]+"),
    ("float", list("-+.0123456789"), r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)"),
    ("merge", ["<"], "<<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_shape})\Z"), _first)


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
    try:
        loader = _Loader(text)
    except yaml.YAMLError as error:
        yield None, error
        return
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
    collection = _Collection()
    for node, document in _documents(text.removeprefix("\ufeff")):
        if isinstance(document, Exception):
            yield _fault(document, node)
        elif document is not None:
            yield from collection.spread(document, node, 1 if node is None else node.start_mark.line + 1)
    yield from collection.ended()


@dataclass(slots=True)
class _Collection:
    """What the documents of a file leave for those after them.

    Attributes:
        shared: The global document in force.
        unused: What to say of it as long as no rule has it.
        before: The rule before.
        named: Keys and values of the ids and names that are taken.
        copied: Values that rules took over from others.
    """

    shared: dict[str, object] = field(default_factory=dict)
    unused: SigmaText | None = None
    before: dict[str, object] = field(default_factory=dict)
    named: set[tuple[str, str]] = field(default_factory=set)
    copied: int = 0

    def spread(self, document: object, node: yaml.Node | None, line: int) -> Iterator[SigmaText]:
        """The rule that the document comes to, or what is wrong with it; none of one that is for others."""
        if not isinstance(document, dict):
            yield SigmaText("not a mapping", node, line)
            return
        action = document.pop("action", None)
        if action in ("global", "reset"):
            yield from self.ended()
            self.shared = {}
        if action not in (None, "global", "repeat", "reset"):
            yield SigmaText(f"there is no action {str(action)[:40]!r}", node, line)
        elif not self._small(document, copies=action == "repeat" or bool(self.shared)):
            yield SigmaText("too large a collection", node, line)
        elif action == "global":
            self.shared = self.before = document
            self.unused = SigmaText("no rule follows on `action: global`", node, line)
        elif action != "reset":
            yield SigmaText(self._rule(document, repeated=action == "repeat"), node, line)

    def _small(self, document: dict[str, object], *, copies: bool) -> bool:
        values = _values(document, self.shared, self.before)
        self.copied += values if copies else 0
        return max(values, self.copied) <= _MOST_NODES

    def _rule(self, document: dict[str, object], *, repeated: bool) -> dict[str, object]:
        shares = self.shared and "correlation" not in document and "filter" not in document
        if repeated or shares:
            whole = _added(self.before, document) if repeated else _added(document, self.shared)
            document, self.unused = _without(self.named, whole), None
        self.before = document
        self.named.update((key, str(document[key])) for key in ("id", "name") if key in document)
        return document

    def ended(self) -> Iterator[SigmaText]:
        """What is to be said of the global document when it ends."""
        if self.unused is not None:
            yield self.unused
        self.unused = None


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


def _values(*parts: object) -> int:
    """How many values there are, up to one more than may be."""
    count, pending = 0, list(parts)
    while pending and count <= _MOST_NODES:
        count += 1
        one = pending.pop()
        if isinstance(one, dict):
            pending += one.values()
        elif isinstance(one, list):
            pending += one
    return count
