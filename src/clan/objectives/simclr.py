"""SimCLR: the two views of a flow attract each other, every other view of the batch is pushed away (NT-Xent)."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch.nn import functional as F

from clan.errors import ConfigError
from clan.objectives.base import Objective, Views


def nt_xent(a: torch.Tensor, b: torch.Tensor, *, temperature: float = 0.5) -> torch.Tensor:
    """Contrast two views of each flow against all other views of the batch.

    Cost: O(n^2 x dim) time and O(n^2) memory.

    Args:
        a: View one. Shape `(n, dim)`, any scale.
        b: View two; row i of `a` and `b` are the same flow.
        temperature: Divides the cosine. In (0, inf).

    Returns:
        Mean over both views of -log softmax of the cosine to the other view, among the 2n - 1 other views. In nats,
        >= 0.

    Source:
        Chen et al. 2020, eq. 1, https://arxiv.org/abs/2002.05709.

    Example:
        >>> views = torch.eye(2)
        >>> round(nt_xent(views, views, temperature=1.0).item(), 4)
        0.5514
    """
    n = len(a)
    z = F.normalize(torch.cat([a, b]), dim=1)  # (2n, dim)
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)  # (2n, 2n)
    other = torch.arange(2 * n, device=a.device).roll(n)
    return F.cross_entropy(logits, other)


class SimCLR(Objective):
    """`nt_xent` of two augmented views, on the embedding itself.

    Args:
        temperature: Divides the cosine. In (0, inf).

    Raises:
        ConfigError: The temperature is not above 0.
    """

    n_augmented: ClassVar[int] = 2

    def __init__(self, temperature: float = 0.5) -> None:
        super().__init__()
        self.temperature = check_positive("temperature", temperature)

    def forward(self, views: Views) -> torch.Tensor:
        """Return the scalar loss."""
        return nt_xent(views.z, views.z_augmented, temperature=self.temperature)

    def extra_repr(self) -> str:
        """Show the temperature."""
        return f"temperature={self.temperature}"


def check_positive(name: str, value: float) -> float:
    """Return the value, or raise ConfigError when it is not above 0 and finite."""
    if not 0 < value < float("inf"):
        raise ConfigError(f"{name} must be above 0, got {value}")
    return value
