"""A saved detector loads as the same detector, says what it is, and is refused when it does not hold together."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.detect.flow_tables import flow_table

from clan.detect import SCORERS, ClanDetector
from clan.encoder import read_model, write_model
from clan.errors import ModelFileError, SchemaError

SOURCE = {"kind": "packets", "settings": {"idle_timeout_s": 120}}


@pytest.fixture(scope="module")
def flows() -> pl.DataFrame:
    return flow_table()


@pytest.fixture(scope="module")
def detector(flows: pl.DataFrame) -> ClanDetector:
    return ClanDetector(alerts_per_day=10, epochs=1, random_state=0).fit(flows, source=SOURCE)


@pytest.fixture
def path(detector: ClanDetector, tmp_path: Path) -> Path:
    detector.save(tmp_path / "office.clan")
    return tmp_path / "office.clan"


@pytest.mark.parametrize("scorer", sorted(SCORERS))
def test_every_scorer_comes_back_with_the_same_scores(scorer: str, flows: pl.DataFrame, tmp_path: Path) -> None:
    detector = ClanDetector(fpr=0.05, scorer=scorer, epochs=1, random_state=0).fit(flows)
    detector.save(tmp_path / "m")
    again = ClanDetector.load(tmp_path / "m")
    assert (again.anomaly_score(flows) == detector.anomaly_score(flows)).all()
    assert (again.p_value(flows) == detector.p_value(flows)).all()
    assert (again.predict(flows) == detector.predict(flows)).all()


def test_everything_known_about_the_model_comes_back(detector: ClanDetector, path: Path, tmp_path: Path) -> None:
    again = ClanDetector.load(path)
    assert again.manifest_ == {**detector.manifest_} | {"calibration": again.manifest_["calibration"]}
    assert again.calibration_.prediction_interval(1000) == detector.calibration_.prediction_interval(1000)
    assert again.features_ == detector.features_
    assert (again.benign_quantiles_ == detector.benign_quantiles_).all()
    assert again.manifest_["source"] == SOURCE
    assert again.manifest_["calibration"]["budget"] == "10 alerts a day"
    assert {"clan", "numpy", "torch"} <= set(again.manifest_["versions"])
    again.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_loading_and_scoring_need_no_torch(
    path: Path, flows: pl.DataFrame, detector: ClanDetector, tmp_path: Path
) -> None:
    flows.write_parquet(tmp_path / "flows.parquet")
    script = (
        "import sys\n"
        "import polars, sklearn, scipy.stats\n"  # these ask whether torch could be imported, and cope
        "class NoTorch:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] == 'torch': raise ImportError('torch is not here')\n"
        "sys.meta_path.insert(0, NoTorch())\n"
        "import polars as pl, numpy as np\n"
        "from clan.detect import ClanDetector\n"
        "from clan.errors import MissingExtra\n"
        f"flows = pl.read_parquet({str(tmp_path / 'flows.parquet')!r})\n"
        f"np.save({str(tmp_path / 'scores.npy')!r}, ClanDetector.load({str(path)!r}).anomaly_score(flows))\n"
        "ClanDetector(fpr=0.05, scorer='feature_prototypes').fit(flows)\n"
        "try:\n    ClanDetector(fpr=0.05).fit(flows)\n"
        "except MissingExtra as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "torch is needed to train a model: pip install 'clan-ids[train]'" in done.stdout
    assert (np.load(tmp_path / "scores.npy") == detector.anomaly_score(flows)).all()


def test_flipped_bytes_are_noticed_or_harmless(path: Path, flows: pl.DataFrame, detector: ClanDetector) -> None:
    good, scores = path.read_bytes(), detector.anomaly_score(flows[:5])
    generator = np.random.default_rng(0)
    header = 8 + int.from_bytes(good[:8], "little")
    positions = [*range(8), *generator.integers(8, header, 150), *generator.integers(header, len(good), 20)]
    for position in positions:
        damaged = bytearray(good)
        damaged[position] ^= 1 << int(generator.integers(8))
        path.write_bytes(damaged)
        try:
            again = ClanDetector.load(path)
        except ModelFileError:
            continue
        assert (again.anomaly_score(flows[:5]) == scores).all()


def _rename(m: dict[str, Any], t: dict[str, Any]) -> None:
    m["features"][0]["unit"] = "furlongs"


def _other_hash(m: dict[str, Any], t: dict[str, Any]) -> None:
    m["schema_hash"] = "0" * 16


def _threshold(m: dict[str, Any], t: dict[str, Any]) -> None:
    m["calibration"]["threshold"] = 0.0


def _no_scaler(m: dict[str, Any], t: dict[str, Any]) -> None:
    del t["scaler.quantiles"]


def _short_scaler(m: dict[str, Any], t: dict[str, Any]) -> None:
    t["scaler.quantiles"] = t["scaler.quantiles"][:, 1:]


def _scorer(m: dict[str, Any], t: dict[str, Any]) -> None:
    m["scorer"] = "centroid"


def _prototypes(m: dict[str, Any], t: dict[str, Any]) -> None:
    t["scorer.features.centers"] = t["scorer.features.centers"][:, 1:]


def _type(m: dict[str, Any], t: dict[str, Any]) -> None:
    t["encoder.projection.bias"] = t["encoder.projection.bias"].astype(np.float64)


def _unsorted(m: dict[str, Any], t: dict[str, Any]) -> None:
    t["calibration.scores"] = t["calibration.scores"][::-1]


def _quantiles(m: dict[str, Any], t: dict[str, Any]) -> None:
    t["benign_quantiles"] = t["benign_quantiles"][1:]


def _no_training(m: dict[str, Any], t: dict[str, Any]) -> None:
    del m["training"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_rename, "flow_duration is in 'furlongs' there and in 'us' here"),
        (_other_hash, "schema hash 0000000000000000 is not that of its 75 features"),
        (_threshold, "threshold 0.0 is not the one of its calibration"),
        (_no_scaler, "does not hold together: KeyError"),
        (_short_scaler, "scaler does not fit 75 features"),
        (_scorer, "does not hold together"),
        (_prototypes, "do not fit 75 columns"),
        (_type, "projection.bias must be float32, found float64"),
        (_unsorted, "scores must ascend"),
        (_quantiles, "benign quantiles have shape"),
        (_no_training, "does not hold together: KeyError"),
    ],
)
def test_parts_that_contradict_each_other_are_refused(path: Path, spoil: Callable[..., None], message: str) -> None:
    manifest, tensors = read_model(path)
    del manifest["sha256"]
    spoil(manifest, tensors)
    write_model(path, manifest, tensors)  # with a right hash: the contents themselves have to be checked
    with pytest.raises(ModelFileError, match=message):
        ClanDetector.load(path)


def test_flows_with_another_schema_are_refused(path: Path) -> None:
    with pytest.raises(
        SchemaError, match=r"lacks 75 of the 75 .*: flow_duration.*read_flows\(\.\.\., features=\('flow',\)\)"
    ):
        ClanDetector.load(path).predict(pl.DataFrame({"a": [1.0]}))
