"""What unpacking costs: every packed byte is paid for once, however little or much it stands for."""

from __future__ import annotations

import gzip
import io
import random
import time
from collections.abc import Callable, Iterator

import pytest
import zstandard

from waspglass.evidence.compressed import decompressed
from waspglass.evidence.errors import EvidenceReadError
from waspglass.evidence.forward_stream import ForwardStream
from waspglass.evidence.limits import DEFAULT_LIMITS
from waspglass.evidence.signature import Signature
from waspglass.model.skip import SkipReason

MIB = 1024 * 1024
KINDS = [
    pytest.param(Signature.GZIP, gzip.compress, gzip.decompress, id="gzip"),
    pytest.param(Signature.ZSTD, zstandard.compress, zstandard.decompress, id="zstd"),
]
Change = Callable[[bytes], bytes]


def cost(action: Callable[[], object]) -> float:
    begun = time.process_time()
    action()
    return time.process_time() - begun


def given(packed: bytes, kind: Signature, step: int = MIB) -> int:
    total = 0
    with decompressed(io.BytesIO(packed), kind, DEFAULT_LIMITS, "x.log") as stream:
        while piece := stream.read(step):
            total += len(piece)
    return total


@pytest.mark.parametrize(("kind", "pack", "unpack"), KINDS)
def test_few_bytes_that_give_many_cost_what_the_many_cost(kind: Signature, pack: Change, unpack: Change) -> None:
    size = 128 * MIB
    packed = pack(bytes(size))
    at_once = cost(lambda: unpack(packed))
    assert cost(lambda: given(packed, kind)) < 15 * (at_once + 0.02)  # 50 if the rest is cut off anew for each piece


def test_all_frames_of_a_stream_share_one_context(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    real = zstandard.ZstdDecompressor

    def counted(*, max_window_size: int) -> zstandard.ZstdDecompressor:
        made.append(max_window_size)
        return real(max_window_size=max_window_size)

    monkeypatch.setattr("waspglass.evidence.compressed.zstandard.ZstdDecompressor", counted)
    assert given(zstandard.compress(b"") * 5000 + zstandard.compress(b"x"), Signature.ZSTD) == 1
    assert len(made) == 1


@pytest.mark.parametrize(("kind", "pack", "unpack"), KINDS)
@pytest.mark.parametrize("step", [1, 4095, MIB])
def test_pieces_of_any_size_are_the_content(kind: Signature, pack: Change, unpack: Change, step: int) -> None:
    content = bytes(n * n % 251 for n in range(3 * MIB if step > 1 else 3000))
    packed = pack(content[:1000]) + pack(b"") + pack(content[1000:])
    pieces = []
    with decompressed(io.BytesIO(packed), kind, DEFAULT_LIMITS, "x.log") as stream:
        while piece := stream.read(step):
            pieces.append(piece)
    assert b"".join(pieces) == content
    assert pieces[0] == unpack(pack(content))[:step]


def test_all_is_given_that_was_packed_before_its_source_breaks_off() -> None:
    content = random.Random(1).randbytes(MIB)  # no shorter when it is packed
    packed = gzip.compress(content)[:500_000]

    def broken() -> Iterator[bytes]:
        yield packed
        raise EvidenceReadError("the archive was cut", reason=SkipReason.TRUNCATED)

    pieces: list[bytes] = []
    with (
        decompressed(ForwardStream(broken()), Signature.GZIP, DEFAULT_LIMITS, "x.log") as stream,
        pytest.raises(EvidenceReadError, match="the archive was cut"),
    ):
        pieces.extend(iter(lambda: stream.read(1000), b""))
    found = b"".join(pieces)
    assert content.startswith(found)
    assert len(found) > len(packed) - 1000
