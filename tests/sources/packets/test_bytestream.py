"""Files, compressed files and pipes give the same bytes; damage and absence are told, by the errors of clan."""

from __future__ import annotations

import gzip
import io
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import zstandard

from clan.errors import SourceUnavailable
from clan.sources.packets import ByteStream

DATA = np.random.default_rng(0).integers(0, 64, 300_000, np.uint8).tobytes()


def compressed(kind: str, data: bytes = DATA) -> bytes:
    return gzip.compress(data, 1) if kind == "gzip" else zstandard.ZstdCompressor(write_checksum=True).compress(data)


def read_all(path: Path | str, size: int = 4096) -> tuple[bytes, str | None]:
    """Everything that the stream gives, and the damage that it tells of."""
    stream = ByteStream(str(path))
    try:
        buffer, out = np.empty(size, np.uint8), []
        while got := stream.readinto(buffer):
            out.append(buffer[:got].tobytes())
        assert stream.readinto(buffer) == 0
        return b"".join(out), stream.damage
    finally:
        stream.close()
        stream.close()


@pytest.fixture(params=["plain", "gzip", "zstd"])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "data"
    path.write_bytes(DATA if request.param == "plain" else compressed(request.param))
    return path  # type: ignore[return-value]


@pytest.mark.parametrize("size", [1 << 10, 99_991, 1 << 22])
def test_what_went_in_comes_out(stored: Path, size: int) -> None:
    assert read_all(stored, size) == (DATA, None)


def test_pipe_that_gives_byte_by_byte(stored: Path, tmp_path: Path) -> None:
    """The first bytes tell the compression, however slowly they come."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    content = stored.read_bytes()

    def write() -> None:
        with pipe.open("wb", buffering=0) as out:
            for i in range(8):
                out.write(content[i : i + 1])
            out.write(content[8:])

    writer = threading.Thread(target=write)
    writer.start()
    assert read_all(pipe) == (DATA, None)
    writer.join()


def test_standard_input(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where something else stands in for it, as in tests of command lines; it is left open."""
    stdin = io.TextIOWrapper(io.BytesIO(stored.read_bytes()))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert read_all("-") == (DATA, None)
    assert not stdin.buffer.closed


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_members_one_behind_the_other(tmp_path: Path, kind: str) -> None:
    """As parallel compressors and `cat` make them, with an empty one between."""
    path = tmp_path / "data"
    path.write_bytes(compressed(kind) + compressed(kind, b"") + compressed(kind, b"end"))
    assert read_all(path) == (DATA + b"end", None)


def test_zeros_behind_gzip_are_padding(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(compressed("gzip") + bytes(100_000) + compressed("gzip", b"end") + bytes(100_000))
    assert read_all(path) == (DATA + b"end", None)


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_every_cut_is_told_and_costs_only_what_is_missing(tmp_path: Path, kind: str) -> None:
    """A cut never looks like an end, whatever the size of the buffer, and what came before it is given."""
    whole, path, longest = compressed(kind), tmp_path / "data", 0
    for size in [*range(4, 40), *range(40, len(whole), 9973), *range(len(whole) - 12, len(whole))]:
        path.write_bytes(whole[:size])
        got, damage = read_all(path)
        assert DATA.startswith(got)
        assert damage is not None
        assert "ends inside" in damage
        assert len(got) >= longest
        longest = len(got)
        assert read_all(path, 1 << 20) == (got, damage)
    assert longest > 0.9 * len(DATA)


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_damage_gives_the_same_bytes_for_every_buffer(tmp_path: Path, kind: str) -> None:
    whole, path = compressed(kind), tmp_path / "data"
    rng = np.random.default_rng(3)
    damaged = 0
    for at in rng.integers(4, len(whole), 40):
        broken = bytearray(whole)
        broken[at] ^= 0x5A
        path.write_bytes(broken)
        got, damage = read_all(path)
        assert (got, damage) == read_all(path, 1 << 22)
        damaged += damage is not None
    assert damaged >= 38  # a flipped bit in gzip's header (time, name) harms nothing


@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_garbage_behind_the_data_is_damage(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "data"
    path.write_bytes(compressed(kind) + b"garbage, certainly no header")
    got, damage = read_all(path)
    assert got == DATA
    assert damage is not None


def test_window_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=28, enable_ldm=True)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    path = tmp_path / "data"
    path.write_bytes(compressor.compress(bytes(1 << 20)) + compressor.flush())
    got, damage = read_all(path)
    assert got == b""
    assert damage is not None
    assert "damaged compressed data" in damage


def test_paths_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(SourceUnavailable, match=f"cannot read {path}"):
            ByteStream(str(path))

    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "secret").write_bytes(DATA)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SourceUnavailable, match=r"cannot read .*secret: Permission denied"):
        ByteStream(str(tmp_path / "secret"))
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(SourceUnavailable, match="no standard input"):
        ByteStream("-")


def test_disk_that_fails_while_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(io.BytesIO):
        def readinto1(self, buffer: object, /) -> int:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Failing(DATA)))
    with pytest.raises(SourceUnavailable, match="cannot read -: Input/output error"):
        read_all("-")


def test_position_counts_bytes_of_the_file(stored: Path) -> None:
    stream = ByteStream(str(stored))
    try:
        while stream.readinto(np.empty(1 << 16, np.uint8)):
            pass
        assert stream.position() == stored.stat().st_size
    finally:
        stream.close()


@pytest.mark.parametrize("kind", ["plain", "gzip", "zstd"])
def test_a_slow_pipe_is_followed_as_it_comes(tmp_path: Path, kind: str) -> None:
    """Most of what was written is given while the writer still has the rest, and waits."""
    pipe, content = tmp_path / "pipe", DATA if kind == "plain" else compressed(kind)
    os.mkfifo(pipe)
    goes_on = threading.Event()

    def write() -> None:
        with pipe.open("wb", buffering=0) as out:
            out.write(content[:-5000])
            goes_on.wait(60)
            out.write(content[-5000:])

    writer = threading.Thread(target=write)
    writer.start()
    stream, buffer, out = ByteStream(str(pipe)), np.empty(1 << 22, np.uint8), b""
    try:
        while len(out) < 0.5 * len(DATA):
            out += buffer[: stream.readinto(buffer)].tobytes()
        assert not goes_on.is_set()
        goes_on.set()
        while got := stream.readinto(buffer):
            out += buffer[:got].tobytes()
    finally:
        goes_on.set()
        writer.join()
        stream.close()
    assert out == DATA
