from __future__ import annotations

import time

import pytest

from waspglass.trace.languages import detect


@pytest.mark.parametrize("unit", ["\n", " \n", "\t", "private ", "function ", "<script ", "'"])
def test_recognition_takes_little_time_whatever_the_text(unit: str) -> None:
    begin = time.process_time()
    detect("", unit * 16_384)
    assert time.process_time() - begin < 2
