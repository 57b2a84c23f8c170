"""One meaning: the same packets by the flow engine, an exporter, its collector's files and a Zeek-style log agree."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from tests.sources.agreement import assert_agree, pair
from tests.sources.zeek.logs import CONN, text

from clan.sources import NetflowReader, Place, read_flows

MILLISECONDS_US = 2_000
"""NetFlow tells times in milliseconds, start and end rounded on their own."""


def program(name: str) -> str:
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture(scope="module")
def capture(test_data: Path) -> Path:
    return next((test_data / "captures" / "attack" / "c2_beacon").glob("*test-cc-capture-1.pcap"))


@pytest.fixture(scope="module")
def packets(capture: Path) -> pl.DataFrame:
    return read_flows(capture, features=["conn"])


def export(capture: Path, port: int, version: str) -> None:
    command = [program("softflowd"), "-a", "-r", str(capture), "-n", f"127.0.0.1:{port}", "-v", version]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def heard(send: Callable[[int], None]) -> pl.DataFrame:
    """Flows of what is sent to a port, until nothing has come for a while after something came."""
    reader = NetflowReader([Place("127.0.0.1", 0)])
    sender = threading.Thread(target=send, args=(reader.listeners[0].place.port,))
    seen: list[int] = []

    def look(status: object) -> None:
        seen.append(status.packets)  # type: ignore[attr-defined]
        if not sender.is_alive() and seen[-2:] == [seen[-1]] * 2:
            reader.stop()

    reader.on_status = look
    sender.start()
    flows = pl.concat(list(reader.batches()))
    sender.join()
    assert not reader.report.losses()
    return flows


@pytest.mark.parametrize("version", ["5", "9", "10"])
def test_an_exporter_says_what_the_packets_say(version: str, capture: Path, packets: pl.DataFrame) -> None:
    exported = heard(lambda port: export(capture, port, version))
    told = assert_agree(pair(packets, exported, share=0.95), duration_us=MILLISECONDS_US)
    assert {"conn_fwd_bytes", "conn_bwd_packets", "conn_fwd_syn", "conn_established", "conn_duration"} <= set(told)
    assert exported["conn_fwd_payload"].null_count() == exported.height  # records do not tell it


def test_the_files_of_a_collector_say_what_the_packets_say(
    capture: Path, packets: pl.DataFrame, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program("nfdump")
    command = [program("nfcapd"), "-p", str(port), "-b", "127.0.0.1", "-w", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as collector:
        assert collector.stderr is not None
        while b"Startup" not in (line := collector.stderr.readline()):
            assert line, "nfcapd ended"
        export(capture, port, "9")
        size = -1
        while size != (size := sum(path.stat().st_size for path in tmp_path.iterdir())):
            time.sleep(0.5)  # until what was sent has been taken
        collector.terminate()
        collector.stderr.read()
    told = assert_agree(pair(packets, read_flows(tmp_path, features=["conn"]), share=0.95), duration_us=MILLISECONDS_US)
    assert {"conn_fwd_bytes", "conn_bwd_packets", "conn_fwd_syn", "conn_established", "conn_duration"} <= set(told)


def zeek_line(flow: dict[str, object]) -> dict[str, object]:
    """What Zeek would write of a flow: seconds, IP bytes, payload, and a history of the flags that each side sent."""
    letters = {"syn": "s", "fin": "f", "rst": "r"}
    sides = {"fwd": str.upper, "bwd": str.lower}
    history = "".join(
        "h" if (side, flag) == ("bwd", "syn") else case(letter)
        for flag, letter in letters.items()
        for side, case in sides.items()
        if flow[f"conn_{side}_{flag}"]
    )
    names = {1: "icmp", 58: "icmp", 6: "tcp", 17: "udp"}
    return {
        "ts": f"{flow['ts_start'].timestamp():.6f}",  # type: ignore[attr-defined]
        "uid": flow["uid"],
        "id.orig_h": flow["src_ip"],
        "id.orig_p": flow["src_port"] if flow["src_port"] is not None else 0,
        "id.resp_h": flow["dst_ip"],
        "id.resp_p": flow["dst_port"] if flow["dst_port"] is not None else 0,
        "proto": names.get(int(str(flow["protocol"])), "unknown_transport"),
        "duration": f"{int(str(flow['conn_duration'])) / 1e6:.6f}",
        "orig_bytes": flow["conn_fwd_payload"],
        "resp_bytes": flow["conn_bwd_payload"],
        "conn_state": "SF",
        "missed_bytes": 0,
        "history": history or "-",
        "orig_pkts": flow["conn_fwd_packets"],
        "orig_ip_bytes": flow["conn_fwd_bytes"],
        "resp_pkts": flow["conn_bwd_packets"],
        "resp_ip_bytes": flow["conn_bwd_bytes"],
    }


def test_a_zeek_style_log_says_what_the_packets_say(packets: pl.DataFrame, tmp_path: Path) -> None:
    known = packets.filter(pl.col("protocol").is_in([1, 6, 17, 58]))
    log = tmp_path / "conn.log"
    log.write_text(text([zeek_line(flow) for flow in known.iter_rows(named=True)], fields=CONN))
    read = read_flows(log)
    told = assert_agree(pair(known, read, share=1.0), duration_us=1)
    assert len(told) == known.width - len([c for c in known.columns if not c.startswith("conn_")]) - sum(
        known[c].null_count() > 0 for c in known.columns if c.startswith("conn_")
    )
    same = ["community_id", "ts_start", "ts_end"]
    both = known.join(read, on="uid", how="inner", suffix="_other")
    assert all(both[name].equals(both[f"{name}_other"], check_names=False) for name in same)
