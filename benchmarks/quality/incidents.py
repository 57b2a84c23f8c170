"""How many incidents the alerts of scans, floods and password guessing make, and whether different actors are merged.

    CLAN_TEST_DATA=... python benchmarks/quality/incidents.py [--quick]

A detector learns from benign captures alone (false-positive rate 1 %), then scores every capture of scans, floods
and guessing; the alerts go through the same rule as in `clan detect`. Three checks of the truth about actors:

1. In a capture that is no flood, an incident of more than one originator has merged actors.
2. All captures at once: their alerts are laid over each other in time, all of them against one and the same target,
   each capture with originators of its own; an incident with alerts of two captures has merged actors.
3. The lab's mixed day (`samples`): an incident of several originators whose alerts are not all of one labelled attack
   has merged actors.

The rival groups by source, destination and signature within an hour, as alert consoles do.
"""

from __future__ import annotations

import argparse
import os
from collections import defaultdict
from pathlib import Path

import numpy as np
import polars as pl

from clan import ClanDetector, read_flows
from clan.alerts import group_flows
from clan.errors import NoFlows, SourceError
from clan.sources.tabular import label_flows, read_labels

ROOT = Path(__file__).parents[2]
FEATURES = ["flow", "context"]
KINDS = {
    "SYN, ACK and UDP scans": (
        "scan_tcp_syn", "scan_tcp_ack", "scan_udp", "scan_icmp", "scan_ip_protocol", "scan_version",
    ),
    "floods of many sources": ("ddos_syn_flood", "ddos_reflection"),
    "floods of one source": ("dos_ipv6", "dos_other"),
    "password guessing": ("bruteforce_ftp", "bruteforce_ssh"),
    "IoT botnet scan": ("botnet_iot_scan",),
}  # fmt: skip
FLOODS = {"ddos_syn_flood", "ddos_reflection", "dos_other"}
HOUR_US = 3_600_000_000


def console(flows: pl.DataFrame) -> int:
    """Count the rows that a console shows: source and destination (its one signature is clan's), within an hour."""
    hours = pl.col("ts_end").dt.epoch("us") // HOUR_US
    return flows.select("source", "src_ip", "dst_ip", "protocol", hours).n_unique()


def several_actors(flows: pl.DataFrame, numbers: np.ndarray, column: str = "src_ip") -> int:
    """Count incidents that hold more than one value of a column."""
    held = flows.with_columns(pl.Series("incident", numbers)).filter(pl.col("incident") >= 0)
    return held.group_by("incident").agg(pl.col(column).n_unique()).filter(pl.col(column) > 1).height


def judged(detector: ClanDetector, path: str) -> pl.DataFrame:
    """Give the flows of a capture with `alert`; a capture without flows gives none."""
    try:
        flows = read_flows([path], features=FEATURES)
    except (NoFlows, SourceError):
        return pl.DataFrame()
    return flows.with_columns(alert=pl.Series(detector.anomaly_score(flows) >= detector.threshold_))


def overlaid(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Lay captures over each other: one stream, one start, one target, originators of their own."""
    moved = []
    for number, part in enumerate(parts):
        ends = pl.coalesce("ts_end", "ts_start")
        moved.append(
            part.with_columns(
                capture=pl.lit(number),
                source=pl.lit("all"),
                ts_end=pl.datetime(2024, 1, 1, time_unit="us", time_zone="UTC") + (ends - ends.min()),
                src_ip=pl.format("{}#{}", pl.lit(number), pl.col("src_ip")),
                dst_ip=pl.lit("target"),
            ).select("capture", "source", "ts_end", "src_ip", "dst_ip", "protocol", "src_port", "dst_port")
        )
    return pl.concat(moved).sort("ts_end", maintain_order=True)


def captures(data: Path, *, quick: bool) -> None:
    """Print the tables of the captures."""
    benign = sorted(str(path) for path in (data / "captures" / "benign").iterdir())
    flows = read_flows(benign[::8] if quick else benign, features=FEATURES)
    detector = ClanDetector(fpr=0.01, random_state=0, epochs=2 if quick else None).fit(flows)
    index = pl.read_csv(data / "captures" / "index.csv", infer_schema=False).filter(label="attack")
    found: list[tuple[str, str, pl.DataFrame]] = []
    everything: list[tuple[str, str, pl.DataFrame]] = []
    for kind, classes in KINDS.items():
        for file, attack in index.filter(pl.col("attack_class").is_in(classes)).select("file", "attack_class").rows():
            part = judged(detector, str(data / "captures" / file))
            if part.height:
                everything.append((kind, attack, part))
                found.append((kind, attack, part.filter("alert")))
    found = [each for each in found if each[2].height]
    print(f"trained on {flows.height:,} benign flows of {len(benign):,} captures\n")
    table("captures", "files with alerts", found)
    print("\nThe same captures if every flow of them raised an alert, for what the detector misses:\n")
    table("captures", "files", everything)


def table(title: str, files_title: str, found: list[tuple[str, str, pl.DataFrame]]) -> None:
    """Print how many incidents the alerts of captures make, and how many all of them at once."""
    print(f"| {title} | {files_title} | alerts | console rows | incidents | alerts an incident | merged actors |")
    print("|---|---|---|---|---|---|---|")
    total: dict[str, list[int]] = defaultdict(lambda: [0] * 5)
    for kind, attack, part in found:
        numbers = group_flows(part)
        merged = 0 if attack in FLOODS else several_actors(part, numbers)
        row = [1, part.height, console(part), int(numbers.max()) + 1, merged]
        for name in (kind, "all"):
            total[name] = [a + b for a, b in zip(total[name], row, strict=True)]
    for name in (*KINDS, "all"):
        files, alerts, rows, incidents, merged = total[name]
        if files:
            each = f"{alerts / incidents:,.0f}"
            print(f"| {name} | {files} | {alerts:,} | {rows:,} | {incidents:,} | {each} | {merged} |")
    together = overlaid([part for _, _, part in found])
    numbers = group_flows(together)
    mixed = several_actors(together, numbers, "capture")
    incidents = int(numbers.max()) + 1
    print(
        f"| all at once, one target | {len(found)} | {together.height:,} | {console(together):,} | {incidents:,} "
        f"| {together.height / incidents:,.0f} | {mixed} |"
    )


def lab(site: str, *, quick: bool) -> None:
    """Print the line of one mixed day of the lab."""
    samples = ROOT / "samples"
    detector = ClanDetector(alerts_per_day=10, days=1.0, random_state=0, epochs=2 if quick else None)
    detector.fit(read_flows([str(samples / f"{site}-benign.pcapng.zst")], features=FEATURES))
    part = judged(detector, str(samples / f"{site}-mixed.pcapng.zst")).filter("alert")
    names = label_flows(part, read_labels(samples / f"{site}-labels.csv"))[0]
    numbers = group_flows(part)
    held = part.with_columns(name=names.fill_null("benign"), incident=pl.Series(numbers)).group_by("incident")
    counts = held.agg(pl.col("src_ip", "name").n_unique())
    merged = counts.filter((pl.col("src_ip") > 1) & (pl.col("name") > 1)).height
    incidents = int(numbers.max()) + 1
    print(
        f"| {site}, mixed day | {part.height:,} | {console(part):,} | {incidents} | {part.height / incidents:,.0f} | "
        f"{merged} |"
    )


def main() -> None:
    """Run and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two epochs, few benign captures: does it run")
    quick = parser.parse_args().quick
    if data := os.environ.get("CLAN_TEST_DATA"):
        captures(Path(data), quick=quick)
    print(
        "\n| lab | alerts | console rows | incidents | alerts an incident | merged actors |\n|---|---|---|---|---|---|"
    )
    for site in ("alpha", "beta"):
        lab(site, quick=quick)


if __name__ == "__main__":
    main()
