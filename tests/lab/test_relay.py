"""The slow link delays, keeps order on each path, loses what it is told to, and is the same for the same seed."""

from __future__ import annotations

from lab.relay import Line, paths_of
from lab.site import Path
from lab.sites import SITES

FAR, NEAR = bytes([198, 51, 100, 10]), bytes([10, 77, 10, 101])


def frame(number: int, *, source: bytes = NEAR, target: bytes = FAR) -> bytes:
    return bytes(12) + b"\x08\x00" + bytes(12) + source + target + bytes([number])


def sent(line: Line, n: int) -> list[tuple[float, int]]:
    """When each frame arrives, and its number; one is sent each millisecond."""
    for number in range(n):
        line.put(frame(number), to=1, now=number / 1000)
    arrived = []
    for step in range(20 * n):
        arrived += [(step / 1000, found[-1]) for _, found in line.due(step / 1000)]
    return arrived


def test_frames_are_late_and_in_order() -> None:
    arrived = sent(Line({FAR: Path(delay_ms=30, jitter_ms=10)}, 1), 100)
    assert [number for _, number in arrived] == list(range(100))
    assert min(at - number / 1000 for at, number in arrived) > 0.015
    mean = sum(at - number / 1000 for at, number in arrived) / 100
    assert 0.03 < mean < 0.08  # later than the mean of the delay, as order is kept


def test_some_are_lost_and_the_seed_says_which() -> None:
    lossy = {FAR: Path(delay_ms=1, loss=0.2)}
    first, again, other = (sent(Line(lossy, seed), 200) for seed in (1, 1, 2))
    assert first == again != other
    assert 120 < len(first) < 190


def test_other_traffic_passes_at_once() -> None:
    line = Line({FAR: Path(delay_ms=30)}, 1)
    line.put(bytes(12) + b"\x08\x06" + bytes(28), to=1, now=5.0)
    assert len(line.due(5.0)) == 1
    assert line.wait_s(5.0) == 1.0
    line.put(frame(1, source=FAR, target=NEAR), to=0, now=5.0)
    assert 0.02 < line.wait_s(5.0) < 0.0301


def test_paths_are_those_of_the_hosts() -> None:
    paths = paths_of(SITES["alpha"], "outside")
    assert paths[FAR] == SITES["alpha"].hosts["world"].path
    assert len(paths) == sum(len(host.addresses) for host in SITES["alpha"].segment("outside").hosts)
