"""Which device and number format training uses."""

from __future__ import annotations

from pathlib import Path

import torch

from clan.errors import ConfigError

_CPUINFO = Path("/proc/cpuinfo")


def pick_device(name: str) -> torch.device:
    """Turn ``"auto"`` into a GPU when there is one, else the CPU.

    Raises:
        ConfigError: No such device.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"device {name!r} cannot be used here: {error}") from error
    return device


def pick_dtype(precision: str, device: torch.device) -> torch.dtype:
    """Turn ``"auto"`` into bfloat16 where the hardware multiplies it, else float32."""
    if precision == "auto":
        has_bfloat16 = torch.cuda.is_bf16_supported() if device.type == "cuda" else cpu_has_bfloat16()
        return torch.bfloat16 if has_bfloat16 else torch.float32
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


def cpu_has_bfloat16(cpuinfo: Path = _CPUINFO) -> bool:
    """Whether the processor multiplies bfloat16 itself (AMX or AVX-512 BF16); elsewhere it would be slower."""
    try:
        flags = cpuinfo.read_text(encoding="ascii", errors="replace")
    except OSError:
        return False  # not Linux: float32 is always right
    return "amx_bf16" in flags or "avx512_bf16" in flags
