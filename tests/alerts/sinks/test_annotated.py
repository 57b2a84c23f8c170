"""Records are written on byte for byte, with three more columns or one more object."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from clan.alerts import AnnotatedLog
from clan.alerts.json_line import LARGEST
from clan.errors import SinkError

HEADER = "#separator \\x09\n#path\tconn\n#fields\tts\tuid\n#types\ttime\tstring"


def scored(records: list[str], headers: list[str | None]) -> pl.DataFrame:
    n = len(records)
    return pl.DataFrame(
        {
            "record": records,
            "record_header": headers,
            "anomaly_score": [1.5] * n,
            "p_value": [0.001] * n,
            "alert": [True] * n,
        },
        schema_overrides={"record_header": pl.String()},
    )


def test_text_gets_columns_and_a_header_that_names_them(tmp_path: Path) -> None:
    with AnnotatedLog(str(tmp_path / "out")) as log:
        log.write(scored(["1\tC1", "2\tC2"], [HEADER, HEADER]))
        log.write(scored(["3\tC3"], [HEADER]))
    lines = (tmp_path / "out").read_text().splitlines()
    assert lines[2:4] == [
        "#fields\tts\tuid\tclan_score\tclan_p_value\tclan_verdict",
        "#types\ttime\tstring\tdouble\tdouble\tstring",
    ]
    assert lines[4:] == [f"{i}\tC{i}\t1.5\t0.001\tanomalous" for i in (1, 2, 3)]


def test_another_header_is_written_when_it_comes(tmp_path: Path) -> None:
    other = HEADER.replace("uid", "id")
    with AnnotatedLog(str(tmp_path / "out")) as log:
        log.write(scored(["1\ta", "2\tb"], [HEADER, other]))
    assert (tmp_path / "out").read_text().count("#fields") == 2


def test_json_gets_an_object_and_stays_as_it_was(tmp_path: Path) -> None:
    record = '{"a" : 1.50, "b":{"c":"\\u00e9}"} }'
    with AnnotatedLog(str(tmp_path / "out")) as log:
        log.write(scored([record], [None]))
    line = (tmp_path / "out").read_text()
    assert line.startswith(record[:-1].rstrip())
    assert json.loads(line) == json.loads(record) | {"clan": {"score": 1.5, "p_value": 0.001, "verdict": "anomalous"}}


@pytest.mark.parametrize(
    ("score", "written"), [(float("nan"), None), (float("inf"), LARGEST), (float("-inf"), -LARGEST), (1e-300, 1e-300)]
)
@pytest.mark.parametrize("record", ["{}", " { } ", '{"a":"{"}'])
def test_any_object_and_any_score_are_json(tmp_path: Path, record: str, score: float, written: float | None) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    with AnnotatedLog(str(tmp_path / "out")) as log:
        log.write(scored([record], [None]).with_columns(anomaly_score=pl.lit(score)))
    line = json.loads((tmp_path / "out").read_text(), parse_constant=refuse)
    assert line == json.loads(record) | {"clan": {"score": written, "p_value": 0.001, "verdict": "anomalous"}}


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="records cannot be written"):
        AnnotatedLog(str(tmp_path / "no" / "out"))
    log = AnnotatedLog(str(tmp_path / "out"))
    log.close()
    log.close()
    with pytest.raises(SinkError, match="it is closed"):
        log.write(scored(["{}"], [None]))
