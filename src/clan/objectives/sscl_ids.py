"""SSCL-IDS: two corrupted views of a flow attract each other, the anchor being corrupted half as much."""

from __future__ import annotations

from typing import ClassVar

from clan.objectives.simclr import SimCLR


class SSCLIDS(SimCLR):
    """`nt_xent` with an anchor that is corrupted too; meant for `augmentation="marginal"`, `probability=0.4`.

    Source:
        Golchin et al. 2024, doi 10.23919/IFIPNetworking62109.2024.10619725: temperature 0.5, corruption rates 0.4 and
        0.2, values drawn from other flows. Differs: each value is corrupted with that probability, rather than a fixed
        number of values; the loss is on the embedding, without a further head.
    """

    anchor_share: ClassVar[float] = 0.5
