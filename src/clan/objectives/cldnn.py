"""Masked views: a flow and a copy with some features set to 0 attract each other."""

from __future__ import annotations

from typing import ClassVar

from clan.objectives.simclr import SimCLR


class CLDNN(SimCLR):
    """`nt_xent` of a flow and a masked copy; meant for `augmentation="zero_out"`.

    Source:
        Taken to be the DNN of Yue et al. 2022, "Contrastive Learning Enhanced Intrusion Detection", IEEE
        TNSM: random masking of a few features, temperature 0.2. That the CLAN paper means this
        one by "CLDNN" is a guess. Differs: one masked view instead of six, and no classification loss, as there are no
        labels.
    """

    n_augmented: ClassVar[int] = 1

    def __init__(self, temperature: float = 0.2) -> None:
        super().__init__(temperature)
