"""Deep SVDD equals its formula, its centre keeps away from zero, and ends at the origin."""

from __future__ import annotations

import pytest
import torch
from tests.objectives.compare import pair, same

from clan.encoder.network import Network
from clan.objectives import DeepSVDD, deep_svdd_loss


def test_value_and_gradients_equal_the_formula() -> None:
    z, _ = pair(0)
    center = torch.tensor([0.1, -0.2, 0.3, 2.0, 1.0], dtype=torch.float64)
    slow = torch.stack([sum((row[k] - center[k]) ** 2 for k in range(5)) for row in z]).mean()
    same(deep_svdd_loss(z, center), slow, z)


def test_centre_is_the_mean_of_the_untrained_embeddings_kept_from_zero() -> None:
    module, rows = DeepSVDD(), torch.tensor([[1.0, 0.02, -0.02], [3.0, 0.02, -0.02]])
    module.prepare(torch.nn.Identity(), rows)
    assert module.center.tolist() == pytest.approx([2.0, 0.1, -0.1])


def test_at_the_end_the_centre_is_the_origin() -> None:
    generator = torch.Generator().manual_seed(0)
    network = Network(4, width=8, n_blocks=1, dim=3, generator=generator, bias=False)
    rows = torch.randn(20, 4, generator=generator)
    module = DeepSVDD()
    module.prepare(network, rows)
    before = network(rows).detach()
    module.finish(network)
    torch.testing.assert_close(network(rows).detach(), before - module.center)
    assert network.blocks[0].bias.abs().sum() == 0  # type: ignore[operator]
