"""Which language a text is written in, and the grammar for it (from a wheel; nothing is downloaded)."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import PurePosixPath

import tree_sitter

__all__ = [
    "LANGUAGES",
    "PLAIN_TEXT",
    "Comments",
    "Language",
    "as_plain",
    "detect",
    "is_telling",
    "language_named",
    "parser_for",
    "unnumbered",
]


@dataclass(frozen=True, slots=True)
class Comments:
    """How comments look where a language is read as plain tokens.

    Attributes:
        line: A pattern of one up to the end of its line.
        blocks: How those begin and end that may go over several lines.
    """

    line: bytes = rb"//[^\n]*|(?<![\w$&'\"])#[^\n]*"
    blocks: tuple[tuple[bytes, bytes], ...] = ((b"/*", b"*/"), (b"<!--", b"-->"))


_USUAL = Comments()
_OF_C = Comments(rb"//[^\n]*|#[ \t]*include\b[ \t]*(?:<[^>\n]*>|\"[^\"\n]*\")?", ((b"/*", b"*/"),))
"""What is included says as little as a comment. Behind other directives a text that lost its line breaks goes on."""

_OF_SCRIPTS = Comments(rb"//[^\n]*")
"""Of JavaScript and TypeScript, where `#name` is a private field."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language that a grammar wheel covers, or one that is read as plain tokens (`module` is None).

    Attributes:
        part_of: The module of a grammar that reads this one as well.
        folds_case: Capitals mean nothing, so that tools strew them at will.
        comments: Where it is read as plain tokens; those of most languages together unless these are code in it.
    """

    name: str
    extensions: tuple[str, ...]
    module: str | None = None
    function: str = "language"
    aliases: tuple[str, ...] = ()
    part_of: str | None = None
    folds_case: bool = False
    comments: Comments = _USUAL


# C is read by the grammar of C++, so that both can be compared and a wrong name does no harm.
LANGUAGES: tuple[Language, ...] = (
    Language("c", (".c",), "tree_sitter_cpp", comments=_OF_C),
    Language(
        "cpp", (".cpp", ".cc", ".cxx", ".hpp", ".hh", ".h", ".hxx"), "tree_sitter_cpp", aliases=("c++",), comments=_OF_C
    ),
    Language("csharp", (".cs",), "tree_sitter_c_sharp", aliases=("c#", "c-sharp")),
    Language("java", (".java",), "tree_sitter_java"),
    Language(
        "javascript", (".js", ".mjs", ".cjs", ".jsx"), "tree_sitter_javascript", aliases=("js",),
        part_of="tree_sitter_typescript", comments=_OF_SCRIPTS,
    ),
    Language(
        "typescript", (".ts", ".mts", ".cts"), "tree_sitter_typescript", "language_typescript", ("ts",),
        comments=_OF_SCRIPTS,
    ),
    Language("tsx", (".tsx",), "tree_sitter_typescript", "language_tsx", comments=_OF_SCRIPTS),
    Language("python", (".py", ".pyw"), "tree_sitter_python", aliases=("python3", "py")),
    Language(
        "powershell", (".ps1", ".psm1", ".psd1"), "tree_sitter_powershell", folds_case=True,
        comments=Comments(rb"(?<![\w$&'\"`])#[^\n]*", ((b"<#", b"#>"),)),
    ),
    Language("php", (".php", ".phtml"), "tree_sitter_php", function="language_php"),
    Language("go", (".go",), "tree_sitter_go", aliases=("golang",)),
    Language("ruby", (".rb",), "tree_sitter_ruby"),
    Language("rust", (".rs",), "tree_sitter_rust", aliases=("rs",), comments=Comments(rb"//[^\n]*", ((b"/*", b"*/"),))),
    Language(
        "shell", (".sh", ".bash", ".zsh"), "tree_sitter_bash", aliases=("bash", "sh"),
        comments=Comments(rb"(?<![\w$&'\"{])#[^\n]*", ()),
    ),
    Language("lua", (".lua", ".nse"), "tree_sitter_lua", comments=Comments(rb"--[^\n]*", ((b"--[[", b"]]"),))),
    Language("sql", (".sql",), "tree_sitter_sql", folds_case=True, comments=Comments(rb"--[^\n]*")),
    Language("html", (".html", ".htm", ".xhtml"), "tree_sitter_html"),
    Language("markdown", (".md", ".markdown"), "tree_sitter_markdown"),
    # Its grammar overflows the native stack on nested input, so YAML and Sigma are read as plain tokens.
    Language("yaml", (".yml", ".yaml"), aliases=("sigma",)),
    Language(
        "aspnet", (".aspx", ".ascx", ".ashx", ".asmx", ".asax", ".cshtml", ".master"),
        comments=Comments(rb"//[^\n]*", ((b"<%--", b"--%>"), *_USUAL.blocks)),
    ),
    Language(
        "vba", (".bas", ".vba", ".vbs", ".vb", ".frm"), aliases=("vbscript",), folds_case=True,
        comments=Comments(rb"'[^\n]*|(?<![\w.])[Rr][Ee][Mm][ \t][^\n]*", ()),
    ),
    Language("yara", (".yar", ".yara"), comments=Comments(rb"//[^\n]*", ((b"/*", b"*/"),))),
    Language("text", ()),
)  # fmt: skip

PLAIN_TEXT = LANGUAGES[-1]
"""What a text is read as in which nothing shows a language."""

_BY_NAME = {word: language for language in LANGUAGES for word in (language.name, *language.aliases)}
_BY_EXTENSION = {extension: language for language in LANGUAGES for extension in language.extensions}


@dataclass(frozen=True, slots=True)
class _Sign:
    """A pattern that speaks for a language in a file without a telling name; each match has `weight` votes."""

    language: str
    pattern: re.Pattern[str]
    weight: int


@cache
def _signs() -> tuple[_Sign, ...]:
    raw = files("waspglass.trace").joinpath("data", "signs.toml").read_text(encoding="utf-8")
    return tuple(
        _Sign(row["language"], re.compile(row["pattern"]), row["weight"]) for row in tomllib.loads(raw)["sign"]
    )


_SIGN_WINDOW = 16_384
_NUMBER = re.compile(r" \(\d+\)\Z")


@cache
def parser_for(language: Language) -> tree_sitter.Parser | None:
    """The parser of a language's grammar wheel; None for languages that are read as plain tokens."""
    if language.module is None:
        return None
    grammar = getattr(import_module(language.module), language.function)
    return tree_sitter.Parser(tree_sitter.Language(grammar()))


def language_named(name: str) -> Language | None:
    """The language of a name or a usual alias of it, whatever its case; None if it is not known."""
    return _BY_NAME.get(name.strip().lower())


@cache
def as_plain(language: Language, *, folds_case: bool) -> Language:
    """What a text of a language is read as where its grammar must not be used: plain text but for its comments."""
    return replace(PLAIN_TEXT, folds_case=folds_case, comments=language.comments)


def is_telling(name: str) -> bool:
    """Whether the name of a file shows its language."""
    return _by_extension(name) is not None


def unnumbered(name: str) -> str:
    """A name without the number that tells several files of one name apart: `a.py (2)` (`layers.layers_of`)."""
    return _NUMBER.sub("", name)


def _by_extension(name: str) -> Language | None:
    return _BY_EXTENSION.get(PurePosixPath(unnumbered(name).replace("\\", "/")).suffix.lower())


def detect(name: str, text: str) -> Language:
    """The language of a file by its extension, otherwise by signs in its first 16 kB; `text` if none shows."""
    by_extension = _by_extension(name)
    if by_extension is not None:
        return by_extension
    head = text[:_SIGN_WINDOW]
    votes = Counter({"text": 0})
    for sign in _signs():
        votes[sign.language] += sign.weight * sum(1 for _ in sign.pattern.finditer(head))
    return _BY_NAME[votes.most_common(1)[0][0]]
