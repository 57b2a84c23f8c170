"""What reasons cost: an alert searched by itself, and an alert in a storm of 100,000, beside scoring.

    python benchmarks/speed/reasons.py [--alerts N]

Flows of the lab's mixed day that alert, drawn again and again with counts and times changed a little, in batches of
16,384 as a capture gives them. Time is that of the processor, over all threads. The first version compares every
feature with its benign range and names five.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl

from clan.alerts import Explanation
from clan.detect import ClanDetector
from clan.errors import ClanWarning
from clan.explain import Explainer
from clan.monitor.pipeline import SEARCHED
from clan.sources import read_flows

SAMPLES = Path(__file__).parents[2] / "samples"
BATCH = 16_384


def storm(alerts: pl.DataFrame, n: int) -> pl.DataFrame:
    """Draw alerts, each with its non-negative features changed by up to a tenth."""
    draw = np.random.default_rng(0)
    rows = alerts[draw.integers(0, alerts.height, n)]
    names = [c for c in rows.columns if rows[c].dtype.is_numeric() and c not in ("src_port", "dst_port", "protocol")]
    factor = pl.Series(draw.uniform(0.9, 1.1, n))
    return rows.with_columns((pl.col(c) * factor).round().cast(rows[c].dtype) for c in names)


def first_version(explainer: Explainer, flows: pl.DataFrame) -> list[tuple[object, ...]]:
    """Name five features of each flow by their distance from the benign range."""
    values = flows.select(pl.col(f.name).cast(pl.Float64) for f in explainer.features).to_numpy()
    beside = explainer.ranges.beside(explainer.scale, values)
    return [tuple(beside.reason(i, j) for j in beside.farthest(i, 5)) for i in range(len(values))]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--alerts", type=int, default=100_000)
    wanted = parser.parse_args()
    warnings.simplefilter("ignore", ClanWarning)
    benign, mixed = (read_flows(SAMPLES / f"alpha-{kind}.pcapng.zst") for kind in ("benign", "mixed"))
    detector = ClanDetector(fpr=0.01, random_state=0).fit(benign)
    alerts = mixed.filter(pl.Series(detector.predict(mixed) == -1))
    flows = storm(alerts, wanted.alerts)
    begun = time.process_time()
    scores = detector.anomaly_score(flows)
    scoring = time.process_time() - begun
    flows, scores = flows.filter(pl.Series(scores >= detector.threshold_)), scores[scores >= detector.threshold_]
    n = flows.height
    print(f"{n:,} alerts; scoring alone takes {1e6 * scoring / wanted.alerts:.0f} us a flow.\n")
    print("| reasons | CPU us an alert | rows scored an alert | checked with the model |\n|---|---|---|---|")
    for name, most, rows in (
        ("searched, all", None, 1000),
        (f"in a storm, {SEARCHED} of a batch searched", SEARCHED, n),
    ):
        explainer = Explainer(detector, most=most)
        found: Counter[str] = Counter()
        begun = time.process_time()
        for start in range(0, rows, BATCH):
            part: list[Explanation] = explainer.explain(
                flows[start : min(start + BATCH, rows)], scores[start : min(start + BATCH, rows)]
            )
            found.update(explanation.explained_by for explanation in part)
        cost = 1e6 * (time.process_time() - begun) / rows
        checked = 1 - found["range"] / rows
        print(f"| {name} | {cost:,.0f} | {explainer.evaluations / rows:.1f} | {checked:.1%} |", flush=True)
    begun = time.process_time()
    first_version(explainer, flows[:10_000])
    print(f"| first version | {1e6 * (time.process_time() - begun) / min(n, 10_000):,.0f} | 0 | 0.0% |")
    tracemalloc.start()
    explainer.explain(flows[:BATCH], scores[:BATCH])
    print(f"\nMost memory of a batch of {min(n, BATCH):,}: {tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB.")


if __name__ == "__main__":
    main()
