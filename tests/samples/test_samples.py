"""The shipped samples are what their README says: small, readable, labelled, confined, with both directions."""

from __future__ import annotations

import csv
import io
import ipaddress
import json
from collections import Counter
from functools import cache
from pathlib import Path

import dpkt
import polars as pl
import pytest
import zstandard
from lab.packets import KEPT_PAYLOAD, header_bytes
from lab.sites import SITES

import clan
from clan.sources.tabular import label_flows, read_labels

SAMPLES = Path(__file__).parents[2] / "samples"
both = pytest.mark.parametrize("site", SITES)


@cache
def frames(name: str) -> list[tuple[float, bytes]]:
    """Time and kept bytes of every frame of a sample."""
    data = zstandard.ZstdDecompressor().decompressobj().decompress((SAMPLES / f"{name}.pcapng.zst").read_bytes())
    return [(float(at), frame) for at, frame in dpkt.pcapng.Reader(io.BytesIO(data))]


@cache
def flows(name: str) -> pl.DataFrame:
    return clan.read_flows(SAMPLES / f"{name}.pcapng.zst")


def labels(site: str) -> pl.Series:
    return label_flows(flows(f"{site}-mixed"), read_labels(SAMPLES / f"{site}-labels.csv"))[0].fill_null("benign")


def recorded(name: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = json.loads((SAMPLES / f"{name}.json").read_text())
    return found


def test_samples_are_small() -> None:
    shipped = [path for path in SAMPLES.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in shipped) <= 25_000_000


def test_there_is_enough_to_learn_from_and_to_find() -> None:
    reports = [recorded(f"{site}-{kind}")["flows"] for site in SITES for kind in ("benign", "mixed")]
    assert sum(report["benign"] for report in reports) >= 8000
    assert all(len(report.keys() - {"benign", "side_effect"}) >= 15 for report in reports[1::2])


@both
def test_labels_mean_the_flows_that_the_recorder_counted(site: str) -> None:
    found = {str(name): n for name, n in labels(site).value_counts().rows()}
    assert found == recorded(f"{site}-mixed")["flows"]
    _, unused = label_flows(flows(f"{site}-mixed"), read_labels(SAMPLES / f"{site}-labels.csv"))
    assert unused == 0


@both
def test_only_the_sites_hosts_are_in_it(site: str) -> None:
    for kind in ("benign", "mixed"):
        table = flows(f"{site}-{kind}")
        assert set(table["src_ip"]) | set(table["dst_ip"]) <= SITES[site].addresses


@both
def test_the_quiet_day_never_saw_an_attacker(site: str) -> None:
    attackers = {host.address for host in SITES[site].segment("outside").hosts if not host.profile and not host.names}
    nest = set(SITES[site].running("command").addresses)
    table = flows(f"{site}-benign")
    assert (attackers | nest) & (set(table["src_ip"]) | set(table["dst_ip"])) == set()
    mixed = flows(f"{site}-mixed").filter(labels(site) == "benign")
    assert attackers & (set(mixed["src_ip"]) | set(mixed["dst_ip"])) == set()


@both
def test_payload_is_kept_to_a_kilobyte_and_packets_once(site: str) -> None:
    kept: Counter[bytes] = Counter()
    seen: Counter[bytes] = Counter()
    for _, frame in frames(f"{site}-benign"):
        headers = header_bytes(frame)
        if headers is None or frame[23] != 6:
            continue
        opened = frame[47] & 0x02
        if opened:
            kept.pop(frame[26:38], None)
        kept[frame[26:38]] += len(frame) - headers
        assert kept[frame[26:38]] <= KEPT_PAYLOAD
        seen[frame[14:22] + frame[26:54]] += frame[18:20] != b"\x00\x00"  # by its identification, ends and numbers
    assert sum(n - 1 for n in seen.values() if n > 1) <= sum(seen.values()) // 1000


@both
def test_services_of_every_kind_are_used(site: str) -> None:
    ports = set(flows(f"{site}-benign")["dst_port"])
    assert {21, 22, 25, 53, 80, 123, 443, 445, 873, 1883, 5432, 8080, 9418} <= ports


@both
def test_labels_name_hosts_times_and_classes(site: str) -> None:
    with (SAMPLES / f"{site}-labels.csv").open(newline="") as source:
        rows = list(csv.DictReader(source))
    for row in rows:
        assert {row["src_ip"], row["dst_ip"]} <= SITES[site].addresses
        assert row["ts_start"] < row["ts_end"]
        assert ipaddress.ip_address(row["src_ip"]).is_private
    first = frames(f"{site}-mixed")[0][0]
    assert read_labels(SAMPLES / f"{site}-labels.csv")["ts_start"].min().timestamp() > first  # type: ignore[union-attr]


@both
@pytest.mark.parametrize(
    ("attack", "least", "most"),
    [
        ("syn_scan", 400, 800),
        ("http_flood", 390, 420),
        ("syn_flood", 790, 810),
        ("beacon", 20, 30),
        ("slow_scan", 20, 30),
    ],
)
def test_attacks_did_what_is_written(site: str, attack: str, least: int, most: int) -> None:
    assert least <= recorded(f"{site}-mixed")["flows"][attack] <= most
