"""Reads files of Sigma: each document by what it is, and a skip with its reason for each that cannot be used."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from waspglass.hunt.rules.condition import matches
from waspglass.hunt.rules.errors import UnsupportedRuleError
from waspglass.hunt.rules.reading import Reading
from waspglass.hunt.rules.sigma_rules import Filter, read_correlation, read_filter, read_rule
from waspglass.hunt.rules.sigma_sizes import comparisons
from waspglass.model.skip import SkipReason
from waspglass.packs.pack import RuleSource
from waspglass.packs.sigma_documents import sigma_texts
from waspglass.packs.sigma_source import NOT_SIGMA, SigmaError

__all__ = ["read_sigma"]

_ADDRESS = re.compile(r" object at 0x[0-9a-f]+")
"""In memory: another one in each run."""
_PLACE = re.compile(r"^(?P<fault>.*)  \(at char \d+\), \(line:\d+, col:\d+\)$", re.DOTALL)
"""Where in a condition its fault is, as if that were the file."""

_MOST_COMPARISONS = 500_000
"""Of all rules and filters together; a comparison takes half a kilobyte. 3,752 rules of SigmaHQ have 47,000, the
largest 4,432."""
_MOST_ABSENT = 5
"""Rules that a filter asks for and that are not here: these many are named."""


def read_sigma(sources: Sequence[RuleSource], reading: Reading) -> None:
    """Filters first, since they may stand in another file than the rules that they are for.

    Those of a pack before a user's, which must not use up what all may compare.
    """
    filters: list[Filter] = []
    left = _MOST_COMPARISONS
    for one in sorted(
        _documents(sources, reading), key=lambda one: (one.source.origin != "pack", one.sort != "filter")
    ):
        path, origin = one.source.path, one.source.origin
        with _faults(one, reading):
            asked = comparisons(one.content.get(one.sort))
            if asked > left:
                raise UnsupportedRuleError(
                    f"compares {asked:,} values; all rules together, a filter once for each of its rules, may compare"
                    f" {_MOST_COMPARISONS:,}: give fewer rules, and long lists as indicators"
                )
            left -= asked
            match one.sort:
                case "filter":
                    filters.append(read_filter(one.content, path, origin))
                case "correlation":
                    reading.correlations.append(read_correlation(one.content, path, unnamed=one.unnamed))
                case _:
                    own = [known for known in filters if known.origin == origin]
                    rule = read_rule(one.content, path, unnamed=one.unnamed, filters=own)
                    left -= max(sum(1 for _ in matches(rule.condition)) - asked, 0)  # those of its filters
                    reading.rules.append(rule)
    for sieve in filters:
        _tell_absent(sieve, reading)


def _tell_absent(one: Filter, reading: Reading) -> None:
    """Whoever misspells the name of a rule would wonder why it still fires."""
    absent = sorted((one.rules or set()) - one.met)
    if absent:
        named = ", ".join(absent[:_MOST_ABSENT]) + (", ..." if len(absent) > _MOST_ABSENT else "")
        fault = f"names rules that are not here, or for another log: {named}"
    elif not one.met:
        fault = "is for no rule that is here"
    else:
        return
    detail = f"the filter {one.title!r} {fault} (a user's filter leaves the pack's rules alone)"
    reading.skip(one.source, SkipReason.UNSUPPORTED_RULE, detail, max(1, len(absent)))


@dataclass(frozen=True, slots=True)
class _Document:
    """A rule before it is read; `unnamed` is its name if it has none."""

    source: RuleSource
    unnamed: str
    content: dict[str, object]

    def said(self, fault: str) -> str:
        """The fault behind its title, to find it in a file of many."""
        title = str(self.content.get("title", ""))[:100]
        return f"{title}: {fault}" if title else fault

    @property
    def sort(self) -> str:
        """`filter`, `correlation` or `detection`; a rule with a remark of such a name stays a rule."""
        said = [part for part in ("filter", "correlation", "detection") if part in self.content]
        return next((part for part in said if isinstance(self.content[part], dict)), (*said, "detection")[0])


def _documents(sources: Iterable[RuleSource], reading: Reading) -> Iterator[_Document]:
    for source in sources:
        listed = list(sigma_texts(source.text))
        for number, one in enumerate(listed, 1):
            if isinstance(one.content, str):
                reading.broken(source, SkipReason.INVALID_RULE, one.content)
            else:
                yield _Document(source, source.path if len(listed) == 1 else f"{source.path}#{number}", one.content)


@contextlib.contextmanager
def _faults(one: _Document, reading: Reading) -> Iterator[None]:
    """Whatever is wrong with a rule becomes a skip."""
    try:
        with warnings.catch_warnings(action="ignore", category=FutureWarning):  # of sets in expressions
            yield
    except UnsupportedRuleError as error:
        reading.broken(one.source, SkipReason.UNSUPPORTED_RULE, one.said(str(error)))
    except NOT_SIGMA as error:
        detail = str(error) if isinstance(error, SigmaError) else f"{type(error).__name__}: {error}"
        detail = _PLACE.sub(r"a condition that cannot be read: \g<fault>", _ADDRESS.sub("", detail))
        reading.broken(one.source, SkipReason.INVALID_RULE, one.said(detail))
