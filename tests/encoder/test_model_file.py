"""A model file that is damaged, foreign or newer gets a message; nothing else is ever raised."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from clan.encoder import FORMAT_VERSION, model_file, read_model, write_model
from clan.errors import ModelFileError

TENSORS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array([1.5])}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "model.clan"
    write_model(file, {"note": "x", "n": 1}, TENSORS)
    return file


def test_reads_back_what_was_written(path: Path) -> None:
    manifest, tensors = read_model(path)
    assert (manifest["note"], manifest["n"], manifest["format_version"]) == ("x", 1, FORMAT_VERSION)
    assert all((tensors[name] == value).all() for name, value in TENSORS.items())
    assert not list(path.parent.glob("*.partial"))


def test_same_content_gives_the_same_bytes(path: Path, tmp_path: Path) -> None:
    write_model(tmp_path / "again", {"n": 1, "note": "x"}, dict(reversed(TENSORS.items())))
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_every_flipped_byte_is_noticed_or_harmless(path: Path) -> None:
    good, original = path.read_bytes(), read_model(path)
    for position in range(len(good)):
        damaged = bytearray(good)
        damaged[position] ^= 1 << (position % 8)
        path.write_bytes(damaged)
        try:
            manifest, tensors = read_model(path)
        except ModelFileError:
            continue
        assert manifest == original[0]  # white space in the header, at most
        assert all((tensors[name] == value).all() for name, value in TENSORS.items())


def test_every_truncation_is_noticed(path: Path) -> None:
    good = path.read_bytes()
    for length in range(len(good)):
        path.write_bytes(good[:length])
        with pytest.raises(ModelFileError, match=str(path)):
            read_model(path)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "nothing: it is empty"),
        (b"hello", "text that begins 'hello'"),
        (b"uid,ts_start,src_ip\r\nC1,2,10.0.0.1\r\n" * 9, "text that begins 'uid,ts_start,src_ip'"),
        (b"\xd4\xc3\xb2\xa1\x02\0\x04\0" + bytes(100), "a capture (pcap)"),
        (b"\x0a\x0d\x0d\x0a\x1c\0\0\0" + bytes(100), "a capture (pcapng)"),
        (b"\x80\x04\x95" + bytes(100), "bytes 80 04 95 00"),
        (bytes(200), "bytes 00 00 00 00"),
        (b"\x10" + bytes(7) + b"[" * 16, "bytes 10 00 00 00"),
        (b"\x10" + bytes(7) + b"{" * 16, "a header that holds no manifest"),
        (b"\xff" * 64, "bytes ff ff ff ff"),
    ],
)
def test_foreign_files_are_refused_as_what_they_are(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "{f}").write_bytes(content)
    expected = f"f}} is not a clan model: expected a file that `clan train` or ClanDetector.save wrote, found {what}. "
    with pytest.raises(ModelFileError, match=re.escape(expected + "The model goes behind -m")):
        read_model(tmp_path / "{f}")


def test_a_model_that_was_cut_off_in_its_header_says_so(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ModelFileError, match=r"was cut off: its header should have \d+ bytes, found 32"):
        read_model(path)


def test_other_safetensors_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(safetensors.numpy.save({"w": np.ones(3)}, metadata={"format": "pt"}))
    with pytest.raises(ModelFileError, match="is not a clan model"):
        read_model(tmp_path / "f")


def _write(path: Path, manifest: dict[str, object], tensors: dict[str, np.ndarray]) -> None:
    text = json.dumps({"manifest": manifest, "sha256": model_file._digest(manifest, tensors)})
    path.write_bytes(safetensors.numpy.save(tensors, metadata={model_file.KEY: text}))


def test_newer_and_unknown_formats_are_named(tmp_path: Path) -> None:
    _write(tmp_path / "f", {"format_version": FORMAT_VERSION + 1}, TENSORS)
    with pytest.raises(ModelFileError, match=f"format {FORMAT_VERSION + 1}, this clan reads up to {FORMAT_VERSION}"):
        read_model(tmp_path / "f")
    _write(tmp_path / "f", {"format_version": "1"}, TENSORS)
    with pytest.raises(ModelFileError, match="has model format '1', expected 1"):
        read_model(tmp_path / "f")


@pytest.mark.parametrize("bad", [np.array([np.nan]), np.array([np.inf], dtype=np.float32), np.array([1])])
def test_tensors_that_are_not_finite_floats_are_refused(tmp_path: Path, bad: np.ndarray) -> None:
    _write(tmp_path / "f", {"format_version": FORMAT_VERSION}, {"w": bad})
    with pytest.raises(ModelFileError, match="tensor w must be finite float32 or float64"):
        read_model(tmp_path / "f")


def test_missing_and_oversized_files(tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelFileError, match="cannot be read: No such file"):
        read_model(tmp_path / "none")
    monkeypatch.setattr(model_file, "MAX_BYTES", 10)
    with pytest.raises(ModelFileError, match="at most 10"):
        read_model(path)
