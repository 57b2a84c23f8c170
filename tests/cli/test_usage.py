"""What a tired user types wrong gets a message that helps, and the right exit code."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import zstandard

from clan.cli import main

ARP_ONLY = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + struct.pack("<IIII", 1, 0, 42, 42)
ARP_ONLY += bytes(12) + b"\x08\x06" + bytes(28)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run the command; gives exit code, standard output and standard error on one line each."""
    code = main(list(arguments))
    said = capsys.readouterr()
    return code, said.out, " ".join(said.err.split())


def test_help_of_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("flows", "train", "detect", "info", "doctor"):
        code, out, _ = run(capsys, name, "--help")
        assert code == 0
        assert "Usage: clan" in out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version")[:2] == (0, "clan 0.1.0\n")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["flows"], 2, "nothing to read: name captures with -r"),
        (["flows", "-r", "nowhere.pcap"], 1, "nowhere.pcap does not exist"),
        (["flows", "-r", "*.nothing"], 1, "no file matches"),
        (["flows", "-r", "{junk}"], 1, "no capture and no record of flows: expected one of pcap"),
        (["flows", "-r", "{empty}"], 1, "is empty: expected one of pcap"),
        (["flows", "-r", "{folder}"], 1, "folder without a file"),
        (["flows", "-r", "{arp}"], 3, "no flows were read: 1 packet in 1 capture; 1 frame that carries no IP"),
        (["flows", "-r", "{arp}", "--profile", "lycoss"], 2, "did you mean 'lycos'?"),
        (["flows", "-r", "{arp}", "--features", "flwo"], 2, "did you mean 'flow'?"),
        (["flows", "-r", "{arp}", "--format", "zeeek"], 2, "unknown format"),
        (["flows", "-r", "{arp}", "--format", "suricata"], 2, "what is of that kind is eve"),
        (["flows", "-r", "{arp}", "-o", "flows.xlsx"], 2, "ends in .parquet, .csv or .ndjson"),
        (["flows", "-r", "{arp}", "--workers", "0"], 2, "workers must be between 1 and 256, got 0; this machine has"),
        (["flows", "-r", "{arp}", "--workers", "all"], 2, "Invalid value for '--workers'"),
        (["flows", "-r", "{arp}", "--worker", "2"], 2, "No such option: --worker"),
        (["flows", "-r", "{arp}", "--join", "--workers", "2"], 2, "--join makes one stream of its inputs"),
        (["flows", "-i", "lo", "--workers", "2"], 2, "--workers is for several files; with -i each interface"),
        (["train", "-r", "{arp}", "-o", "m.clan", "--workers", "-1"], 2, "workers must be between 1 and 256, got -1"),
        (["detect", "-m", "{arp}", "-r", "{arp}", "--workers", "0"], 1, "arp"),
        (["train", "-r", "{arp}", "-o", "{folder}"], 2, "is a folder; name a file"),
        (["train", "-r", "{arp}", "-o", "/nowhere/m.clan"], 1, "there is no folder /nowhere"),
        (["train", "-r", "{arp}", "-o", "{arp}"], 2, "is an input as well as the output"),
        (["train", "-r", "{arp}", "-o", "m.clan", "--fpr", "7"], 2, "fpr must be between 0 and 1"),
        (["train", "-r", "{arp}", "-o", "m.clan", "--fpr", "0.1", "--alerts-per-day", "3"], 2, "not both"),
        (["train", "-r", "{arp}", "-o", "m.clan", "--by", "protocols"], 2, "did you mean 'protocol'"),
        (["train", "-r", "{arp}", "-o", "m.clan", "--by", "hour", "--incidents-per-day", "3"], 2, "one threshold"),
        (["train", "-r", "{arp}", "-o", "m.clan", "--fdr", "1.5"], 2, "--fdr must be between 0 and 1"),
        (["train", "-r", "{arp}", "-o", "m.clan", "--preset", "papr"], 2, "did you mean 'paper'?"),
        (["detect", "-m", "m", "-r", "{arp}", "-o", "x", "--incidents", "./x"], 2, "-o and --incidents both name ./x"),
        (["detect", "-m", "{junk}", "-r", "{arp}", "-o", "/dev/null", "--incidents", "/dev/null"], 1, "junk"),
        (["detect", "-m", "{junk}", "-r", "{arp}"], 1, "junk"),
        (["detect", "-m", "nowhere.clan", "-r", "{arp}"], 1, "nowhere.clan"),
        (["detect", "-r", "{arp}"], 2, "--model"),
        (["info", "{junk}"], 1, "junk"),
        (["sniff"], 2, "No such command"),
    ],
)
def test_mistakes(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    places = {name: tmp_path / name for name in ("junk", "empty", "arp", "folder")}
    places["junk"].write_bytes(b"hello, this is no capture at all")
    places["empty"].touch()
    places["arp"].write_bytes(ARP_ONLY)
    places["folder"].mkdir()
    found, _, err = run(capsys, *(a.format(**places) for a in arguments))
    assert (found, message in err) == (code, True), err


def unpacked(path: str) -> bytes:
    """The bytes of a capture that is compressed with Zstandard."""
    return zstandard.ZstdDecompressor().decompressobj().decompress(Path(path).read_bytes())


def test_too_few_flows_say_how_many_are_needed(capsys: pytest.CaptureFixture[str], tmp_path: Path, benign: str) -> None:
    code, _, err = run(capsys, "train", "-r", benign, "-o", str(tmp_path / "m"), "--fpr", "0.0001")
    assert code == 1
    assert "needs at least 9,999 benign flows" in err


def test_bad_input_never_loses_good_input(capsys: pytest.CaptureFixture[str], tmp_path: Path, benign: str) -> None:
    (tmp_path / "cut.pcapng").write_bytes(unpacked(benign)[:-7])
    (tmp_path / "notes.txt").write_text("not a capture")
    out = tmp_path.parent / f"{tmp_path.name}.parquet"
    code, _, err = run(capsys, "flows", "-r", str(tmp_path), "-o", str(out))
    assert code == 0
    assert "passed over" in err
    assert "truncated: the last" in err
    assert pl.read_parquet(out).height > 1000


def test_strict_stops_at_damage(capsys: pytest.CaptureFixture[str], tmp_path: Path, benign: str) -> None:
    (tmp_path / "cut.pcapng").write_bytes(unpacked(benign)[:-7])
    code, _, err = run(capsys, "flows", "-r", str(tmp_path / "cut.pcapng"), "--strict", "-o", str(tmp_path / "f.csv"))
    assert code == 1
    assert "truncated" in err


def test_standard_input_and_output(benign: str) -> None:
    command = [sys.executable, "-m", "clan", "flows", "-r", "-", "-q"]
    done = subprocess.run(command, input=Path(benign).read_bytes(), capture_output=True, check=True)
    piped = pl.read_csv(io.BytesIO(done.stdout))
    assert piped.height > 1000
    assert piped["source"].unique().to_list() == ["-"]
    assert done.stderr == b""


def test_a_reader_that_leaves_is_no_crash(benign: str) -> None:
    command = f"{sys.executable} -m clan flows -r {benign} -q | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    assert done.stderr == b""
    assert done.stdout.startswith(b"uid,")


def test_info(capsys: pytest.CaptureFixture[str], model: str) -> None:
    code, out, _ = run(capsys, "info", model, "--json")
    manifest = json.loads(out)
    assert code == 0
    assert manifest["source"]["kind"] == "packets"
    assert {feature["group"] for feature in manifest["features"]} == {"flow", "context", "payload"}
    shown = run(capsys, "info", model)[1]
    assert "threshold" in shown
    assert not set("{}()[]") & set(shown[shown.index("calibration.threshold") : shown.index("earlier_versions")])


def test_doctor_finds_nothing_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "doctor", "--json")
    assert code == 0
    assert {row["check"]: row["state"] for row in json.loads(out)}["packet kernels"] == "ok"
