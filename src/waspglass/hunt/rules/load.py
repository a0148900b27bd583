"""Gathers what is hunted for into one `RuleSet`: read once, then kept in the user's cache."""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from waspglass.evidence.skip_log import skip_of
from waspglass.hunt.cache import Cache, digest
from waspglass.hunt.rules.languages import language_of
from waspglass.hunt.rules.rule import Correlation, Indicator, Rule, RuleSet
from waspglass.hunt.rules.stored import rules_from_json, rules_to_json
from waspglass.hunt.rules.unanswered import unanswered
from waspglass.model.errors import PackError
from waspglass.model.skip import Skipped, SkipReason
from waspglass.packs.pack import Pack, RuleSource

__all__ = ["load_rules", "read_rule_sources"]

_SUFFIXES = frozenset(
    (".yml", ".yaml", ".yar", ".yara", ".json", ".stix", ".stix2", ".csv", ".tsv", ".md5", ".sha1", ".sha256", ".txt")
)
"""What is looked at in a folder; a file that is named itself may be called as it likes."""
_PROSE = ".txt"
"""In a folder, such a file is only taken if it holds rules or values: others are licences and read-mes."""
_NOT_HUNTED = (
    (
        re.compile(r"(?<![a-z])(?:trusted|false[-_]?positive)s?[-_]hash.*\.(?:csv|txt)$", re.IGNORECASE),
        "a list of hashes that are trusted",
    ),
    (re.compile(r"(?<![a-z])rule[-_]references\.txt$", re.IGNORECASE), "a list of what rules refer to"),
)
"""Lists known by their names: of LOKI and THOR (THOR's manual, "Custom Signatures"), and of SigmaHQ (`tests`)."""
_LARGEST = 32 << 20
_LINK = "a link to a folder is not followed; name the folder itself"


def read_rule_sources(places: Iterable[Path]) -> tuple[tuple[RuleSource, ...], tuple[Skipped, ...]]:
    """The texts of all rule files in folders (or single files) given with `--rules`.

    Raises:
        PackError: If a place does not exist, or nobody may look there.
    """
    sources: list[RuleSource] = []
    skipped: list[Skipped] = []
    taken: set[Path] = set()
    for place in places:
        found = list(_files(place, skipped))
        prose = 0
        if not found:
            skipped.append(skip_of(str(place), SkipReason.EMPTY, "no rules are there"))
        for path in found:
            if known := next((what for name, what in _NOT_HUNTED if name.search(path.name)), None):
                skipped.append(skip_of(str(path), SkipReason.UNSUPPORTED_RULE, known))
                continue
            read = _read(path)
            if isinstance(read, Skipped):
                skipped.append(read)
                continue
            whole, text = read
            if whole in taken:
                continue  # in a folder that was named too
            taken.add(whole)
            if path != place and path.suffix.lower() == _PROSE and language_of(text) is None:
                prose += 1
                continue
            sources.append(RuleSource(path=str(path), text=text, origin="user"))
        if prose:
            detail = "text files that hold neither rules nor a value a line"
            skipped.append(skip_of(str(place), SkipReason.NOT_RECOGNISED, detail, prose))
    return tuple(sources), tuple(skipped)


def _files(place: Path, skipped: list[Skipped]) -> Iterator[Path]:
    """The file itself, or what may be rules in a folder; folders in it that are not listed are told."""
    try:
        folder = stat.S_ISDIR(place.stat().st_mode)
    except OSError as fault:
        hint = "Name a file or a folder that exists"
        raise PackError(f"no rules at {place} ({fault.strerror})", hint=hint) from fault
    if not folder:
        yield place
        return
    walk = os.walk(place, onerror=lambda fault: skipped.append(_unreadable(fault.filename, fault)))
    listed: list[Path] = []
    for parent, folders, names in walk:
        listed += (Path(parent, name) for name in names)
        links = (path for name in folders if (path := Path(parent, name)).is_symlink())
        skipped += (skip_of(str(path), SkipReason.UNREADABLE, _LINK) for path in links)
    yield from (path for path in sorted(listed) if path.suffix.lower() in _SUFFIXES)


def _read(path: Path) -> tuple[Path, str] | Skipped:
    """Where the file is, whatever links lead there, and its text; or why it is not read."""
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):
            return skip_of(str(path), SkipReason.SPECIAL_FILE)
        if state.st_size > _LARGEST:
            return skip_of(str(path), SkipReason.TOO_LARGE)
        return path.resolve(), _decoded(path.read_bytes())
    except OSError as fault:
        return _unreadable(path, fault)


def _unreadable(place: Path | str, fault: OSError) -> Skipped:
    return skip_of(str(place), SkipReason.UNREADABLE, fault.strerror or "")


def _decoded(raw: bytes) -> str:
    """UTF-8, or what the byte order mark says: spreadsheets and PowerShell write UTF-16."""
    utf16 = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return raw.decode("utf-16" if utf16 else "utf-8-sig", errors="replace")


def load_rules(pack: Pack, added: Sequence[RuleSource] = (), *, cache: Cache | None = None) -> RuleSet:
    """Everything to hunt for: the pack's rules and indicators, and those that the user added.

    Args:
        pack: The campaign pack; its kinds say which logs a rule is for.
        added: Further sources, see `read_rule_sources`.
        cache: Where read rules are kept, so that an unchanged set is not parsed again.

    Raises:
        PackError: If a rule of the pack itself is broken (a user's broken rule is a skip).
    """
    own = (*pack.sigma, *pack.yara, *pack.indicators)
    added = _told_apart(added, {source.path for source in own})
    sources = (*own, *added)
    key = digest("rules", *(part for source in sources for part in (source.origin, source.path, source.text)))
    stored = cache.get(key) if cache is not None else None
    table = rules_from_json(stored) if stored is not None else None
    if table is None:
        from waspglass.hunt.rules.rule_texts import read_rules  # with YAML, pySigma and YARA

        table = read_rules(sources)
        if cache is not None:
            cache.put(key, rules_to_json(table))
            if table.compiled:
                cache.put(digest("yara", key), table.compiled)
    elif cache is not None and table.yara:
        table = replace(table, compiled=cache.get(digest("yara", key)) or b"")
    yara = [source for source in sources if source.path in table.yara]
    user = {source.path for source in added}
    read: tuple[Rule | Correlation | Indicator, ...] = (*table.rules, *table.correlations, *table.indicators)
    return RuleSet(
        rules=table.rules,
        correlations=table.correlations,
        indicators=table.indicators,
        yara=tuple(yara),
        yara_compiled=table.compiled,
        kinds={kind.kind: kind for kind in pack.kinds},
        web_roots=pack.web_roots,
        skipped=(*table.skipped, *unanswered(table.rules, pack.kinds)),
        brought=frozenset(rule.id for rule in table.rules if rule.source in user),
        added=sum(one.source in user for one in read) + sum(source.origin == "user" for source in yara),
    )


def _told_apart(added: Sequence[RuleSource], taken: Collection[str]) -> tuple[RuleSource, ...]:
    """Paths of a pack begin at its folder, those of a user where that is: both may be `yara/pages.yar`."""
    return tuple(
        one.model_copy(update={"path": f"{Path.cwd() / one.path}"}) if one.path in taken else one for one in added
    )
