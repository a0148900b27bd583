"""Shared settings of the test suite."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from waspglass.model.skip import Skipped, detail_words

settings.register_profile("default", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(autouse=True, scope="session")
def _interruptible() -> None:
    """Shells let programs in the background ignore Ctrl-C, and so would all that the tests start and interrupt."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache of compiled rules."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(autouse=True)
def _details_can_be_said_in_german(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a test makes the program pass over; a broken rule is told in the words of the library that parses it.

    On Linux only: elsewhere the system says in words of its own, perhaps in German, what it refused.
    """
    make, unsaid = Skipped.__init__, set[str]()

    def noted(self: Skipped, /, **fields: object) -> None:
        make(self, **fields)
        ours = sys._getframe(1).f_globals["__name__"].startswith("waspglass.") and self.reason != "invalid rule"
        if sys.platform == "linux" and ours and self.detail and detail_words(self.detail, "de") == self.detail:
            unsaid.add(self.detail)

    monkeypatch.setattr(Skipped, "__init__", noted)
    yield
    assert not unsaid, "give these sentences to src/waspglass/model/lang/detail.de.toml"


@pytest.fixture
def links(tmp_path_factory: pytest.TempPathFactory) -> None:
    """For tests that make symbolic links: Windows lets only some users, and Wine makes none without saying so."""
    link = tmp_path_factory.mktemp("links") / "link"
    with suppress(OSError):
        link.symlink_to("nowhere")
    if not link.is_symlink():
        pytest.skip("this system makes no links")


@pytest.fixture
def shared_data() -> Path:
    """Real data beside the project; checks that need it are skipped where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data, which is not beside this checkout")
    return folder
