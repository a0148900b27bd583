"""How YARA rules are compiled, for the validator of packs and for the hunt: the same rules pass, or do not, in both."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import yara_x

from waspglass.model.escape import bounded
from waspglass.packs.pack import RuleSource

__all__ = [
    "EXTERNALS",
    "YaraCheck",
    "YaraSet",
    "checked_together",
    "checked_yara",
    "compiled_yara",
    "yara_meta",
]

EXTERNALS: Mapping[str, str] = dict.fromkeys(("filename", "filepath", "extension", "filetype", "owner", "md5"), "")
"""Variables that THOR and LOKI give rules, and public collections use: name of the file, its folder, its extension with
the dot. What is not known of a file is empty."""
_INCLUDED = "E044"
"""The compiler's code for `include`."""


@dataclass(frozen=True, slots=True)
class YaraCheck:
    """What the compiler says of a source.

    Attributes:
        faults: A complaint, with its line, for each rule that does not compile.
        rules: Name and metadata of each rule that does.
        includes: Lines of `include`, which is not followed: it could read any file.
    """

    faults: tuple[str, ...]
    rules: Mapping[str, Mapping[str, str]]
    includes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class YaraSet:
    """All sources, compiled once.

    Attributes:
        rules: What compiled.
        checks: What the compiler says of each source, by its path.
    """

    rules: yara_x.Rules
    checks: Mapping[str, YaraCheck]


def _added(compiler: yara_x.Compiler, source: RuleSource) -> None:
    """Adds the rules that compile; the compiler keeps the faults of the others."""
    with contextlib.suppress(yara_x.CompileError):
        compiler.add_source(source.text.removeprefix("\ufeff"), origin=source.path)


def _compiler() -> yara_x.Compiler:
    compiler = yara_x.Compiler(relaxed_re_syntax=True)
    compiler.enable_includes(False)
    for name, value in EXTERNALS.items():
        compiler.define_global(name, value)
    return compiler


def compiled_yara(sources: Iterable[RuleSource]) -> yara_x.Rules:
    """The rules that compile, each source in a namespace of its own, which is called by its path.

    A `global` rule is so for its own source only. `include` is switched off.
    """
    return _filled(sources).build()


def _filled(sources: Iterable[RuleSource]) -> yara_x.Compiler:
    compiler = _compiler()
    for source in sources:
        compiler.new_namespace(source.path)
        _added(compiler, source)
    return compiler


def checked_together(sources: Sequence[RuleSource]) -> YaraSet:
    """Compiles all sources, as `compiled_yara` does, and says what is wrong with each."""
    compiler = _filled(sources)
    faults: dict[str, list[str]] = {source.path: [] for source in sources}
    includes: dict[str, list[int]] = {source.path: [] for source in sources}
    for one in compiler.errors():
        path = str(one["labels"][0]["code_origin"])
        if one["code"] == _INCLUDED:
            includes[path].append(int(one["line"]))
        else:
            faults[path].append(bounded(" ".join(str(one["text"]).split()), 300))
    rules = compiler.build()  # the errors are gone after that
    named: dict[str, dict[str, dict[str, str]]] = {source.path: {} for source in sources}
    for rule in rules:
        named[rule.namespace][rule.identifier] = yara_meta(rule)
    checks = {path: YaraCheck(tuple(found), named[path], tuple(includes[path])) for path, found in faults.items()}
    return YaraSet(rules, checks)


def checked_yara(source: RuleSource) -> YaraCheck:
    """Compiles one source by itself."""
    return checked_together([source]).checks[source.path]


def yara_meta(rule: yara_x.Rule) -> dict[str, str]:
    """The metadata of a rule as text; the binding gives strings with escapes as bytes."""
    return {
        name: value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        for name, value in rule.metadata
    }
