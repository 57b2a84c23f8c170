"""The NumPy forward pass equals torch's, and arrays that do not fit are refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from clan.encoder import Encoder
from clan.encoder.network import Network


def network(n_features: int = 20, width: int = 32, n_blocks: int = 3) -> Network:
    return Network(n_features, width=width, n_blocks=n_blocks, dim=8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("n_features", "width", "n_blocks"), [(20, 32, 3), (32, 32, 1), (75, 256, 3), (72, 1024, 4)])
def test_numpy_forward_equals_torch_within_1e_5(n_features: int, width: int, n_blocks: int) -> None:
    net = network(n_features, width, n_blocks)
    x = torch.randn(200, n_features, generator=torch.Generator().manual_seed(1)) * 3
    expected = F.normalize(net(x), dim=1).detach().numpy()
    assert np.abs(net.to_numpy().embed(x.numpy()) - expected).max() <= 1e-5


def test_tensors_and_back_is_the_same_encoder() -> None:
    encoder = network().to_numpy()
    again = Encoder.from_tensors(encoder.tensors())
    x = np.ones((3, 20), dtype=np.float32)
    assert (again.embed(x) == encoder.embed(x)).all()
    assert (again.dim, again.n_features) == (8, 20)


@pytest.mark.parametrize(
    "name", ["block.0.weight", "block.1.weight", "block.0.bias", "block.0.skip", "projection.weight"]
)
def test_arrays_that_do_not_fit_together_are_refused(name: str) -> None:
    tensors = network().to_numpy().tensors()
    tensors[name] = tensors[name][:-1]
    with pytest.raises(ValueError, match=r"block|projection"):
        Encoder.from_tensors(tensors)


def test_unknown_arrays_are_refused() -> None:
    tensors = network().to_numpy().tensors() | {"block.9.weight": np.zeros((2, 2), dtype=np.float32)}
    with pytest.raises(ValueError, match=r"unknown encoder arrays: \['block.9.weight'\]"):
        Encoder.from_tensors(tensors)


def test_building_a_network_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    network()
    assert torch.equal(before, torch.get_rng_state())
