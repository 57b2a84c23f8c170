"""bfloat16 is chosen where the processor has matrix units for it, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from clan.train import hardware


@pytest.mark.parametrize(
    ("flags", "expected"), [("avx2 fma", False), ("avx512f avx512_bf16", False), ("amx_bf16 amx_tile", True)]
)
def test_processor_flags_decide(tmp_path: Path, flags: str, expected: bool) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"flags\t\t: fpu {flags}\n")
    assert hardware.cpu_has_amx(cpuinfo) is expected


def test_without_cpuinfo_float32_is_used(tmp_path: Path) -> None:
    assert hardware.cpu_has_amx(tmp_path / "none") is False


def test_precision_names_a_type(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    assert hardware.pick_dtype("float32", cpu) is torch.float32
    assert hardware.pick_dtype("bfloat16", cpu) is torch.bfloat16
    monkeypatch.setattr(hardware, "cpu_has_amx", lambda: True)
    assert hardware.pick_dtype("auto", cpu) is torch.bfloat16
