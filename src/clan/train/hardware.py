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
    """Turn ``"auto"`` into bfloat16 where the hardware multiplies it faster, else float32."""
    if precision == "auto":
        faster = torch.cuda.is_bf16_supported() if device.type == "cuda" else cpu_has_amx()
        return torch.bfloat16 if faster else torch.float32
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


def cpu_has_amx(cpuinfo: Path = _CPUINFO) -> bool:
    """Whether the processor has matrix units for bfloat16 (AMX).

    AVX-512 BF16 alone is not enough: there training this network took 1.1 to 2.2 times as long as in float32
    (`docs/method.md`).
    """
    try:
        return "amx_bf16" in cpuinfo.read_text(encoding="ascii", errors="replace")
    except OSError:
        return False  # not Linux: float32 is always right
