"""A process that writes alerts into a store until it is killed, and says after each commit how many it has written."""

from __future__ import annotations

import itertools
import sys

import numpy as np
from tests.alerts.attacks import port_scan

from clan.alerts.store import FeatureRows, Store


def main(path: str, first: int) -> None:
    """Write batches from number `first` on, for ever."""
    with Store(path, create=True) as store:
        for number in itertools.count(first, 40):
            alerts = port_scan(40, first=number)
            assert store.write(alerts, features=FeatureRows(names=("a",), values=np.full((40, 1), float(number))))
            print(number + 40, flush=True)  # noqa: T201 - what the test reads


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
