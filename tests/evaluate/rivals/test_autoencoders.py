"""DUAD chooses the rows of tight clusters, and an autoencoder's score is its error."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from clan.evaluate.rivals.autoencoders import DUAD, Reconstruction


def test_duad_keeps_the_tight_cluster_before_the_wide_one() -> None:
    generator = np.random.default_rng(0)
    rows = np.concatenate([generator.normal(0, 0.1, (140, 3)), generator.normal(9, 3.0, (60, 3))])
    kept = DUAD()._ordinary(rows)
    assert len(kept) == 140
    assert (kept < 140).mean() > 0.95


def test_score_is_the_squared_error_of_the_decoded_code() -> None:
    x = np.random.default_rng(0).normal(size=(100, 20)).astype(np.float32)
    detector = Reconstruction(epochs=1)
    detector.fit_rows(x)
    with torch.no_grad():
        decoded = detector.trained.objective.decoder(torch.from_numpy(detector.codes(x))).numpy()  # type: ignore[operator]
    assert detector.score_rows(x) == pytest.approx(((decoded - x) ** 2).sum(axis=1), rel=1e-4)
