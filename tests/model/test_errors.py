"""Errors of ours cross from worker processes to their parent as they are."""

from __future__ import annotations

import pickle
import pkgutil
from collections.abc import Iterator
from importlib import import_module

import pytest

import waspglass
from waspglass.evidence.errors import EvidenceReadError
from waspglass.model.errors import Location, WaspglassError
from waspglass.model.skip import SkipReason


def kinds_of(kind: type[WaspglassError]) -> Iterator[type[WaspglassError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from kinds_of(below)


for module in pkgutil.walk_packages(waspglass.__path__, "waspglass."):
    if module.name.endswith((".errors", ".executor")):
        import_module(module.name)
KINDS = sorted({kind for kind in kinds_of(WaspglassError) if kind.__module__.startswith("waspglass.")}, key=repr)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_is_the_same_on_the_other_side(kind: type[WaspglassError]) -> None:
    told = {"reason": SkipReason.TRUNCATED} if issubclass(kind, EvidenceReadError) else {}
    error = kind("it broke", location=Location("x.log", 3, "date"), **told)
    error.hint = "Collect it again"
    crossed = pickle.loads(pickle.dumps(error))
    assert (type(crossed), str(crossed), vars(crossed)) == (type(error), str(error), vars(error))


def test_errors_of_several_kinds_were_tried() -> None:
    assert {"EvidenceReadError", "StoreError", "ClusterError", "PackError"} <= {kind.__name__ for kind in KINDS}


@pytest.mark.parametrize(
    ("location", "hint", "text"),
    [
        (None, None, "it broke"),
        (None, "Mend it", "it broke. Mend it"),
        (Location("x.log"), None, "x.log: it broke"),
        (Location("x.log", 3), "Mend it", "x.log:3: it broke. Mend it"),
        (Location("x.log", 3, "date"), None, "x.log:3 (date): it broke"),
    ],
)
def test_an_error_says_where_and_what_to_do(location: Location | None, hint: str | None, text: str) -> None:
    assert str(WaspglassError("it broke", location=location, hint=hint)) == text
