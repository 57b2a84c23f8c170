"""The own capture tool writes what libpcap would, from what the kernel gives it."""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from clan.sources.live import afpacket
from clan.sources.live.afpacket import PACKET_AUXDATA, SO_TIMESTAMPNS, SOL_PACKET, record

PROGRAM = Path(afpacket.__file__)
FRAME = bytes(range(60))
TIME = (socket.SOL_SOCKET, SO_TIMESTAMPNS, struct.pack("=qq", 1_700_000_000, 123_456_789))


def auxdata(status: int, wire: int, tag: int = 0, kind: int = 0) -> tuple[int, int, bytes]:
    """What the kernel says of a frame."""
    return SOL_PACKET, PACKET_AUXDATA, struct.pack("=IIIHHHH", status, wire, 60, 0, 14, tag, kind)


def test_a_record_has_the_kernels_time_and_the_length_on_the_wire() -> None:
    made = record(FRAME, [TIME, auxdata(1, 1500)])
    assert struct.unpack_from("=IIII", made) == (1_700_000_000, 123_456, 60, 1500)
    assert made[16:] == FRAME


@pytest.mark.parametrize(("status", "kind", "expected"), [(0x11, 0, 0x8100), (0x51, 0x88A8, 0x88A8)])
def test_the_tag_that_the_kernel_took_off_is_put_back(status: int, kind: int, expected: int) -> None:
    made = record(FRAME, [TIME, auxdata(status, 60, tag=100, kind=kind)])
    assert struct.unpack_from("=IIII", made)[2:] == (64, 64)
    assert made[16:] == FRAME[:12] + struct.pack(">HH", expected, 100) + FRAME[12:]


def test_a_frame_that_the_kernel_says_nothing_of_is_kept() -> None:
    made = record(FRAME, [])
    assert struct.unpack_from("=IIII", made)[2:] == (60, 60)


def test_it_needs_only_the_standard_library() -> None:
    code = (
        f"import runpy, sys; runpy.run_path({str(PROGRAM)!r}); print('clan' in sys.modules or 'numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(("arguments", "code", "said"), [([], 2, "usage"), (["no-such-if"], 1, "afpacket: ")])
def test_it_fails_with_a_reason(arguments: list[str], code: int, said: str) -> None:
    done = subprocess.run([sys.executable, "-I", str(PROGRAM), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert said in done.stderr
