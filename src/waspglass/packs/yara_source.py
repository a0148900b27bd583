"""How YARA rules are compiled, for the validator of packs and for the hunt: the same rules pass, or do not, in both."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import yara_x

from waspglass.model.escape import bounded
from waspglass.packs.pack import RuleSource

__all__ = ["EXTERNALS", "YaraCheck", "checked_yara", "compiled_yara", "yara_fault", "yara_meta"]

EXTERNALS: Mapping[str, str] = dict.fromkeys(("filename", "filepath", "extension", "filetype", "owner", "md5"), "")
"""Variables that THOR and LOKI give rules, and public collections use: name of the file, its folder, its extension with
the dot. What is not known of a file is empty."""


@dataclass(frozen=True, slots=True)
class YaraCheck:
    """What the compiler says of a source.

    Attributes:
        faults: A complaint, with its line, for each rule that does not compile.
        rules: Name and metadata of each rule that does.
    """

    faults: tuple[str, ...]
    rules: Mapping[str, Mapping[str, str]]


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
    """The rules that compile, each source in a namespace of its own; `include` is switched off."""
    compiler = _compiler()
    for number, source in enumerate(sources):
        compiler.new_namespace(f"source{number}")
        _added(compiler, source)
    return compiler.build()


def checked_yara(source: RuleSource) -> YaraCheck:
    """Compiles one source by itself."""
    compiler = _compiler()
    _added(compiler, source)
    faults = tuple(bounded(" ".join(str(one["text"]).split()), 300) for one in compiler.errors())
    return YaraCheck(faults, {rule.identifier: yara_meta(rule) for rule in compiler.build()})


def yara_meta(rule: yara_x.Rule) -> dict[str, str]:
    """The metadata of a rule as text; the binding gives strings with escapes as bytes."""
    return {
        name: value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        for name, value in rule.metadata
    }


def yara_fault(source: RuleSource) -> str | None:
    """The compiler's first complaint with its line, on one line; None if the source compiles."""
    return next(iter(checked_yara(source).faults), None)
