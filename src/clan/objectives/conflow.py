"""ConFlow: two passes of a flow through a network with dropout attract each other; classes join in where known."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch.nn import functional as F

from clan.objectives.base import Views
from clan.objectives.simclr import SimCLR


def supervised_contrast(a: torch.Tensor, b: torch.Tensor, y: torch.Tensor, *, temperature: float) -> torch.Tensor:
    """Attract all views of one class, push away those of the others.

    Cost: O(n^2 x dim) time and O(n^2) memory.

    Args:
        a: View one. Shape `(n, dim)`, any scale.
        b: View two; row i of `a` and `b` are the same flow.
        y: Class of each flow. Shape `(n,)`. With all classes different it is `nt_xent`.
        temperature: Divides the cosine. In (0, inf).

    Returns:
        Mean over the 2n views of the mean over their positives of -log softmax; >= 0, in nats.

    Source:
        Khosla et al. 2020, eq. 2 (L_out), https://arxiv.org/abs/2004.11362.
    """
    z = F.normalize(torch.cat([a, b]), dim=1)  # (2n, dim)
    classes = torch.cat([y, y])
    myself = torch.eye(len(z), dtype=torch.bool, device=z.device)
    log_share = F.log_softmax((z @ z.T / temperature).masked_fill(myself, -torch.inf), dim=1)  # (2n, 2n)
    positive = (classes[:, None] == classes) & ~myself
    return -(log_share.masked_fill(~positive, 0).sum(dim=1) / positive.sum(dim=1)).mean()


class ConFlow(SimCLR):
    """Contrast of two dropout views; supervised where classes are given. Meant for `augmentation="identity"`.

    Args:
        temperature: Divides the cosine, and multiplies the loss. In (0, inf).

    Source:
        Liu et al. 2023, doi 10.1007/978-3-031-73699-5_9: dropout 0.3, temperature 0.07. Differs: no cross-entropy term,
        and without classes each flow is its own class.
    """

    n_augmented: ClassVar[int] = 1
    dropout: ClassVar[float] = 0.3

    def __init__(self, temperature: float = 0.07) -> None:
        super().__init__(temperature)

    def forward(self, views: Views) -> torch.Tensor:
        """Return the scalar loss."""
        if views.y is None:
            return self.temperature * super().forward(views)
        return self.temperature * supervised_contrast(views.z, views.z_augmented, views.y, temperature=self.temperature)
