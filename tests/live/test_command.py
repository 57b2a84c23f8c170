"""`-i` on the command line: what does not fit together is said, the state is one line, Ctrl-C flushes and exits 0."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from clan.cli import live, main
from clan.sources import LiveStatus
from clan.sources.live import reader as reader_module

Install = Callable[..., None]

STATUS = LiveStatus(
    seconds=60, packets=1_234_567, packets_per_s=5000.4, bits_per_s=4e7, flows=1200, open_flows=300,
    kernel_dropped=0, sampled_out=0, one_in=1, behind_s=0.1,
)  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["-i", "lo", "-r", "x.pcap"], 2, "-i captures live and -r reads files: use one of them"),
        (["-r", "x.pcap", "--bpf", "tcp"], 2, "--bpf and --capture-tool are for live capture: name an interface"),
        (["-i", "lo", "--join"], 2, "--join and --strict are for files"),
        (["-i", "no-such-if"], 1, "there is no interface 'no-such-if'; there are:"),
        (["-i", "lo", "--capture-tool", "tcpdum"], 2, "did you mean 'tcpdump'?"),
        (["-i", "lo", "--profile", "lycos"], 2, "profile lycos has no idle timeouts"),
    ],
)
def test_wrong_usage(arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["flows", *arguments]) == code
    assert message in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("arguments", [["-r", "x.pcap", "--stats-every", "5"], ["-i", "lo", "--stats-every", "-1"]])
def test_statistics_where_there_are_none(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", "-m", "x.clan", *arguments]) == 2
    assert "--stats-every is for live capture (-i) or --listen, in seconds" in " ".join(capsys.readouterr().err.split())


def test_a_report_of_an_endless_run_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", "-m", "x.clan", "-i", "lo", "--report", "x.html"]) == 2
    assert "with -i and --listen use --scores" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_flushes_and_exits_0(
    number: signal.Signals,
    install: Install,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    install("burst")
    monkeypatch.setattr(reader_module, "STATUS_EVERY_S", 0)
    monkeypatch.setattr(live, "LOG_EVERY_S", 0)
    before, said = signal.getsignal(number), live.line

    def line(status: LiveStatus) -> str:
        if status.packets == 4004:
            signal.raise_signal(number)
        return said(status)

    monkeypatch.setattr(live, "line", line)
    out = tmp_path / "flows.parquet"
    assert main(["flows", "-i", "lo", "-o", str(out)]) == 0
    assert pl.read_parquet(out).height == 2001
    assert signal.getsignal(number) is before
    told = capsys.readouterr().err
    assert "capturing on lo (burst); Ctrl-C ends it" in told
    assert "4,004 packets" in told
    assert "not in any flow: 7 packets that the kernel dropped" in told


def test_an_interface_that_goes_away_is_a_failure_with_all_flows(
    install: Install, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install("dies")
    out = tmp_path / "flows.ndjson"
    assert main(["flows", "-i", "lo", "-o", str(out)]) == 1
    assert "The interface disappeared" in capsys.readouterr().err
    assert len(out.read_text().splitlines()) > 900


def test_the_line_of_a_capture_that_keeps_up() -> None:
    assert live.line(STATUS) == (
        "1,234,567 packets (5,000/s, 40.0 Mbit/s), 1,200 flows, 300 open, dropped by kernel 0, sampled out 0"
    )


def test_the_line_of_one_that_does_not() -> None:
    said = live.line(replace(STATUS, kernel_dropped=None, sampled_out=5000, one_in=8, behind_s=7.4))
    assert "dropped by kernel unknown, sampled out 5,000, following 1 new flow in 8, behind for 7 s" in said
