"""The model file: safetensors with a JSON manifest in its metadata. Nothing in it is ever executed."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from safetensors import SafetensorError

from clan.encoder.foreign import found
from clan.errors import ModelFileError
from clan.files import write_whole

FORMAT_VERSION = 2
"""Raised whenever an older clan could not read the file any more. 2: calibrations by group, with tails."""

OLDEST_VERSION = 1
"""What this clan still reads."""

MAX_BYTES = 1 << 30
MAX_HEADER_BYTES = 1 << 24
KEY = "clan"
Array = NDArray[Any]


def write_model(path: str | Path, manifest: dict[str, Any], tensors: dict[str, Array]) -> None:
    """Write a model file; an existing file is replaced only once the new one is complete.

    Args:
        path: Where to.
        manifest: JSON values only; `format_version` and `sha256` are added.
        tensors: float32 or float64 arrays, finite.

    Raises:
        OSError: The file cannot be written; it names `path`, and what was there stays.
    """
    tensors = {name: np.ascontiguousarray(value) for name, value in sorted(tensors.items())}
    manifest = _versioned(manifest)
    text = json.dumps({"manifest": manifest, "sha256": _digest(manifest, tensors)}, sort_keys=True, allow_nan=False)
    data = safetensors.numpy.save(tensors, metadata={KEY: text})
    write_whole(path, data)


def model_digest(manifest: dict[str, Any], tensors: dict[str, Array]) -> str:
    """Give the SHA-256 that a model file of these parts has, or would have; 64 hexadecimal digits."""
    return _digest(_versioned(manifest), tensors)


def _versioned(manifest: dict[str, Any]) -> dict[str, Any]:
    return {**manifest, "format_version": FORMAT_VERSION}


def read_model(path: str | Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """Read a model file and check that nothing in it changed since it was written.

    Returns:
        Manifest (with `format_version` and `sha256`) and tensors.

    Raises:
        ModelFileError: No such file; not a clan model; newer than this clan; damaged.
    """
    data = _read_bytes(Path(path))
    content = _content(path, data)
    manifest, digest = content.get("manifest"), content.get("sha256")
    if not isinstance(manifest, dict) or not isinstance(digest, str):
        raise ModelFileError(f"{path} is damaged: its manifest is not complete; train or copy it again")
    version = manifest.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise ModelFileError(
            f"{path} has model format {version}, this clan reads up to {FORMAT_VERSION}; "
            "update clan, or train again with this one"
        )
    if not isinstance(version, int) or version < OLDEST_VERSION:
        raise ModelFileError(
            f"{path} has model format {version!r}, expected {OLDEST_VERSION} to {FORMAT_VERSION}; "
            "train again with this clan"
        )
    try:
        tensors = safetensors.numpy.load(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"{path} is damaged: {error}") from error
    if _digest(manifest, tensors) != digest:
        raise ModelFileError(f"{path} is damaged: its contents do not match its SHA-256; train or copy it again")
    for name, value in tensors.items():
        if value.dtype not in (np.float32, np.float64) or not np.isfinite(value).all():
            raise ModelFileError(f"{path}: tensor {name} must be finite float32 or float64, found {value.dtype}")
    return {**manifest, "sha256": digest}, tensors


def _read_bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ModelFileError(f"{path} has {size:,} bytes; a clan model has at most {MAX_BYTES:,}")
        return path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror or error}") from error


def _content(path: str | Path, data: bytes) -> dict[str, Any]:
    """Parse the metadata of a safetensors file: eight bytes of length, then JSON."""
    (length,) = struct.unpack("<Q", data[:8]) if len(data) >= 8 else (MAX_HEADER_BYTES + 1,)
    if length > MAX_HEADER_BYTES or data[8:9] not in (b"", b"{"):
        raise _foreign(path, found(data))
    if length > len(data) - 8:
        raise ModelFileError(
            f"{path} was cut off: its header should have {length:,} bytes, found {len(data) - 8:,}; "
            "train or copy it again"
        )
    try:
        header = json.loads(data[8 : 8 + length])
        content = json.loads(header["__metadata__"][KEY], parse_constant=_refuse)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _foreign(path, "a header that holds no manifest") from error
    if not isinstance(content, dict):
        raise _foreign(path, "a manifest that is no table")
    return content


def _foreign(path: str | Path, what: str) -> ModelFileError:
    return ModelFileError(
        f"{path} is not a clan model: expected a file that `clan train` or ClanDetector.save wrote, found {what}. "
        "The model goes behind -m, what is to be read behind -r"
    )


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _digest(manifest: dict[str, Any], tensors: dict[str, Array]) -> str:
    """SHA-256 over the manifest and every tensor's name, type, shape and bytes."""
    digest = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode())
    for name in sorted(tensors):
        value = tensors[name]
        digest.update(json.dumps([name, str(value.dtype), list(value.shape)]).encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    return digest.hexdigest()
