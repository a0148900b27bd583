r"""Two copies of one log that differ from their beginning: evidence of two servers in one folder.

Logs with the default fields do not name their server. If a collection holds `MX01\C\logs\a.log` and
`MX02\C\logs\a.log`, the first is read as `C:\logs\a.log` and the second under its own folder. Of one server, a copy
that was made earlier is the beginning of the later one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from waspglass.evidence.artefact import Artefact
from waspglass.evidence.formats.registry import is_line_format
from waspglass.evidence.windows_path import drive_of
from waspglass.examine.log_head import head_of

__all__ = ["folders_of_other_servers"]

_PAIRS = 50


def folders_of_other_servers(artefacts: Iterable[Artefact]) -> tuple[str, ...]:
    """The folders of two copies of a log that no single server wrote; empty if there are none.

    The beginnings of at most 50 pairs are compared.
    """
    for number, (one, other) in enumerate(_pairs(list(artefacts))):
        if number >= _PAIRS:
            break
        first, second = head_of(one), head_of(other)
        if first and second and not first.startswith(second) and not second.startswith(first):
            return tuple(artefact.file.path.rpartition("\\")[0] for artefact in (one, other))
    return ()


def _pairs(artefacts: list[Artefact]) -> Iterator[tuple[Artefact, Artefact]]:
    logs = [artefact for artefact in artefacts if is_line_format(artefact.format)]
    on_drive: dict[str, Artefact] = {}
    elsewhere: list[Artefact] = []
    for log in logs:
        drive, _, rest = log.file.path.partition("\\")
        if rest and drive_of(drive) is not None:
            on_drive[rest.lower()] = log
        else:
            elsewhere.append(log)
    for log in elsewhere:
        parts = log.file.path.lower().split("\\")
        tails = ("\\".join(parts[at:]) for at in range(1, len(parts)))
        if (same := next((on_drive[tail] for tail in tails if tail in on_drive), None)) is not None:
            yield same, log
