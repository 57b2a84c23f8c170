"""A model that was trained on the benign sample through the command line, once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from clan.cli import main

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(scope="session")
def benign() -> str:
    return str(SAMPLES / "alpha-benign.pcapng.zst")


@pytest.fixture(scope="session")
def mixed() -> str:
    return str(SAMPLES / "alpha-mixed.pcapng.zst")


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory, benign: str) -> str:
    path = str(tmp_path_factory.mktemp("model") / "sample.clan")
    assert main(["train", "-r", benign, "-o", path, "--fpr", "0.01", "--seed", "0"]) == 0
    return path
