"""What the schema says of the sources, and that the document shows it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from clan.schema import CONN_MEASURED, CONN_TOLD, KINDS, features_of


def test_every_column_is_told_by_some_source_and_every_source_is_known() -> None:
    for feature in features_of(["conn"]):
        assert feature.sources
        assert set(feature.sources) <= KINDS.keys()
        assert {kind for kind, _ in feature.approximate} <= set(feature.sources)


def test_what_follows_from_something_approximate_is_approximate() -> None:
    told = {feature.name: feature.told_by("suricata") for feature in features_of(["conn"])}
    assert told["conn_fwd_bytes"] == "approximate: counted from the link layer, less 14 bytes a packet"
    assert told["conn_bwd_share"] == "approximate: follows from conn_fwd_bytes and conn_bwd_bytes"
    assert (told["conn_fwd_packets"], told["conn_fwd_payload"]) == ("exact", None)


def test_measured_and_told_columns_are_of_the_group() -> None:
    names = [feature.name for feature in features_of(["conn"])]
    assert set(CONN_MEASURED) | set(CONN_TOLD) < set(names)
    assert len(names) == len(set(names))


def test_document_shows_what_the_schema_says() -> None:
    script = Path(__file__).parents[2] / "docs" / "figures.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
