"""Validates a campaign pack: schema, facts, sources, rules, and that each rule fires on its samples and only there."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from waspglass.model.errors import PackError, WaspglassError
from waspglass.model.skip import Skipped
from waspglass.packs.check_facts import fact_issues
from waspglass.packs.check_files import file_issues
from waspglass.packs.check_globs import glob_issues
from waspglass.packs.check_rules import RuleSet, rule_issues
from waspglass.packs.check_titles import title_issues
from waspglass.packs.check_yara import yara_issues
from waspglass.packs.issue import PackIssue, Severity
from waspglass.packs.load import load_pack
from waspglass.packs.pack import Pack
from waspglass.packs.rule_documents import Samples, SigmaDocument, YaraDocument, sigma_documents, yara_documents
from waspglass.packs.yara_source import checked_yara

__all__ = ["Fires", "Unused", "check_pack"]

Fires = Callable[[Pack, Path], Mapping[str, str] | None]
"""Examines a sample (a file or a folder, as evidence) with all rules of a pack. Gives the rules of all findings, of any
effect, each with an empty text, and rules that were not run, with the reason; None if no kind of the pack knows any
file of the sample. A YARA rule is told as `yara:<name>`. Passed in, because the engine stands above this package."""
_LINE = re.compile(r"\bline ([0-9]+)")
_UNKNOWN = "no kind of artefacts.yml knows it (give the kind `content`, or lay the sample out like a server)"

Unused = Callable[[Pack], tuple[Skipped, ...]]
"""Reads all rules and indicators of a pack, and tells which of them the engine cannot use. Passed in like `Fires`."""


def check_pack(
    folder: Path, *, fires: Fires | None = None, unused: Unused | None = None, formats: frozenset[str] | None = None
) -> tuple[PackIssue, ...]:
    """All faults of a pack, by file and line.

    Args:
        folder: The pack.
        fires: Runs the rules over a sample; without it the samples are only looked for.
        unused: Tells which rules and indicators would be passed over in a hunt; without it nobody asks.
        formats: Names of the line formats and record readers that there are; None takes any name.
    """
    issues = list(file_issues(folder))
    if not any(issue.severity is Severity.ERROR for issue in issues):
        try:
            pack = load_pack(folder)
        except PackError as error:
            return (*issues, _load_issue(error, "schema", folder))
        issues += fact_issues(pack, formats)
        issues += glob_issues(pack)
        sound = not any(issue.severity is Severity.ERROR for issue in issues)  # else samples tell of the same again
        issues += _rule_issues(pack, fires if sound else None)
        # A rule that does not fire may be one of those that are passed over.
        sound = not any(one.severity is Severity.ERROR and one.check not in ("fires", "silent") for one in issues)
        if unused is not None and sound:
            issues += (_unused_issue(skip) for skip in unused(pack))
    return tuple(sorted(issues, key=lambda issue: (issue.file, issue.line or 0, issue.check, issue.message)))


def _load_issue(error: PackError, check: str, folder: Path) -> PackIssue:
    """A fault that ends the reading of a pack, where it is; parsers of JSON name the line in words."""
    place = error.location
    told = _LINE.search(error.message)
    line = place.line if place is not None else None
    return PackIssue(
        place.path.removeprefix(f"{folder}{os.sep}").replace(os.sep, "/") if place is not None else "pack.yml",
        int(told[1]) if line is None and told is not None else line,
        Severity.ERROR,
        check,
        error.message,
    )


def _unused_issue(skip: Skipped) -> PackIssue:
    message = f"{skip.count} of its entries are never looked for: {skip.detail or skip.reason.value}"
    return PackIssue(skip.source, None, Severity.WARNING, "unused", message)


def _rule_issues(pack: Pack, fires: Fires | None) -> Iterator[PackIssue]:
    documents: list[SigmaDocument] = []
    unread: list[PackIssue] = []
    for source in pack.sigma:
        read, faults = sigma_documents(source)
        documents += read
        unread += (PackIssue(source.path, line, Severity.ERROR, "sigma", message) for line, message in faults)
    found = [*unread, *rule_issues(RuleSet(pack, tuple(documents))), *yara_issues(pack)]
    yield from found
    if any(issue.severity is Severity.ERROR for issue in found):
        return
    yara = [rule for source in pack.yara for rule in yara_documents(source, checked_yara(source).rules)]
    yield from title_issues(pack, documents, yara)
    if fires is not None:
        yield from _sample_issues(pack, documents, yara, fires)


def _sample_issues(
    pack: Pack, sigma: list[SigmaDocument], yara: list[YaraDocument], fires: Fires
) -> Iterator[PackIssue]:
    """Each sample is examined once, with all rules."""
    rules: list[tuple[str, str, int, Samples]] = [
        *((one.file, one.name, one.line("waspglass", "samples"), one.samples) for one in sigma),
        *((one.file, f"yara:{one.name}", one.line, one.samples) for one in yara),
    ]
    known: dict[str, Mapping[str, str] | None] = {}
    for path in sorted({path for *_, samples in rules for path in (*samples.fires, *samples.silent)}):
        try:
            known[path] = fires(pack, Path(pack.root) / path)
        except PackError as error:  # of the pack, whatever the sample
            yield _load_issue(error, "unreadable", Path(pack.root))
            return
        except WaspglassError as error:
            yield PackIssue(path, None, Severity.ERROR, "sample", f"cannot be examined: {error.message}")
    for file, name, line, samples in rules:
        for path in samples.fires:
            fired = known.get(path)
            if path in known and (fired is None or fired.get(name, "no") != ""):
                why = f": {_UNKNOWN}" if fired is None else f": {fired[name]}" if name in fired else ""
                yield PackIssue(file, line, Severity.ERROR, "fires", f"{name} does not fire on {path}{why}")
        for path in samples.silent:
            if path in known and known[path] is None and (Path(pack.root) / path).is_file():
                yield PackIssue(file, line, Severity.WARNING, "silent", f"{path} shows nothing of {name}: {_UNKNOWN}")
            if (known.get(path) or {}).get(name) == "":
                yield PackIssue(file, line, Severity.ERROR, "silent", f"{name} fires on {path}")
