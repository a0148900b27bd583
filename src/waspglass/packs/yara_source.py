"""How YARA rules are compiled, for the validator of packs and for the hunt: the same rules pass, or do not, in both."""

from __future__ import annotations

from collections.abc import Iterable

import yara_x

from waspglass.packs.pack import RuleSource

__all__ = ["compiled_yara", "yara_fault"]


def compiled_yara(sources: Iterable[RuleSource]) -> yara_x.Rules:
    """The rules of all sources, each in a namespace of its own; `include` is switched off.

    Raises:
        yara_x.CompileError: If one does not compile.
    """
    compiler = yara_x.Compiler(relaxed_re_syntax=True)
    compiler.enable_includes(False)
    for number, source in enumerate(sources):
        compiler.new_namespace(f"source{number}")
        compiler.add_source(source.text, origin=source.path)
    return compiler.build()


def yara_fault(source: RuleSource) -> str | None:
    """The compiler's complaint with its line, on one line; None if the source compiles."""
    try:
        compiled_yara([source])
    except yara_x.CompileError as error:
        return " ".join(str(error).split())
    return None
