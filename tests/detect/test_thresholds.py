"""What a budget or groups need of a table is known before the training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from clan.calibrate import Budget
from clan.detect.thresholds import check_table
from clan.errors import ClanError, ConfigError, DataError, SchemaError
from clan.sources import empty_flows

INCIDENTS = Budget(incidents_per_day=5)


@pytest.mark.parametrize(
    ("table", "budget", "by", "error", "message"),
    [
        (empty_flows(), INCIDENTS, ["server"], ConfigError, "goes with one threshold"),
        (empty_flows().drop("dst_ip"), Budget(), ["server"], SchemaError, "dst_ip"),
        (empty_flows().drop("src_ip"), INCIDENTS, [], DataError, "without the columns src_ip"),
        (np.zeros((3, 2)), Budget(), ["hour"], SchemaError, "need a flow table"),
        (np.zeros((3, 2)), INCIDENTS, [], DataError, "needs a flow table"),
    ],
)
def test_what_a_table_lacks_is_told(
    table: object, budget: Budget, by: Sequence[str], error: type[ClanError], message: str
) -> None:
    with pytest.raises(error, match=message):
        check_table(table, budget, by)


def test_a_flow_table_has_it_all() -> None:
    check_table(empty_flows(), Budget(fpr=0.1), ["protocol", "server", "weekday"])
    check_table(empty_flows().lazy(), INCIDENTS, [])
    check_table(np.zeros((3, 2)), Budget(), [])
