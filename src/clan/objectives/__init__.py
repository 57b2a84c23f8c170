"""What the encoder is trained to do, one loss per file: a module and a free function. Needs torch."""

from __future__ import annotations

import inspect

from clan.errors import ConfigError, UnknownNameError
from clan.objectives.autoencoder import Autoencoder, DenoisingAutoencoder
from clan.objectives.barlow_twins import BarlowTwins, barlow_twins_loss
from clan.objectives.base import Objective, Views
from clan.objectives.byol import BYOL, byol_loss
from clan.objectives.clad import CLAD, clad_loss
from clan.objectives.clan import ClanLoss, clan_loss
from clan.objectives.clan_linear import ClanLinearLoss, clan_linear_loss
from clan.objectives.clan_near import ClanNearLoss, clan_near_loss
from clan.objectives.cldnn import CLDNN
from clan.objectives.closr import CLOSR, closr_loss
from clan.objectives.conflow import ConFlow, supervised_contrast
from clan.objectives.cross_entropy import CrossEntropy
from clan.objectives.dagmm import DAGMM
from clan.objectives.deep_svdd import DeepSVDD, deep_svdd_loss
from clan.objectives.simclr import SimCLR, nt_xent
from clan.objectives.simsiam import SimSiam, negative_cosine
from clan.objectives.sscl_ids import SSCLIDS
from clan.objectives.vicreg import VICReg, vicreg_loss

OBJECTIVES: dict[str, type[Objective]] = {
    "autoencoder": Autoencoder,
    "barlow_twins": BarlowTwins,
    "byol": BYOL,
    "clad": CLAD,
    "clan": ClanLoss,
    "clan_linear": ClanLinearLoss,
    "clan_near": ClanNearLoss,
    "cldnn": CLDNN,
    "closr": CLOSR,
    "conflow": ConFlow,
    "cross_entropy": CrossEntropy,
    "dagmm": DAGMM,
    "deep_svdd": DeepSVDD,
    "denoising_autoencoder": DenoisingAutoencoder,
    "simclr": SimCLR,
    "simsiam": SimSiam,
    "sscl_ids": SSCLIDS,
    "vicreg": VICReg,
}
"""Objective name to module class; each is called with `Views`."""


def objective(name: str, *, margin: float | None = None, **params: float) -> Objective:
    """Build an objective by its name in the settings.

    Args:
        name: In `OBJECTIVES`.
        margin: Passed on to the objectives that have one.
        **params: The objective's own parameters.

    Raises:
        UnknownNameError: No objective has this name.
        ConfigError: It has no such parameter, or a value is out of range.

    Example:
        >>> objective("clan", margin=0.5)
        ClanLoss(margin=0.5)
    """
    if name not in OBJECTIVES:
        raise UnknownNameError("objective", name, OBJECTIVES)
    kind = OBJECTIVES[name]
    known = [key for key in inspect.signature(kind).parameters if key != "margin"]
    unknown = sorted(set(params) - set(known))
    if unknown:
        raise ConfigError(f"objective {name!r} has no parameter {unknown[0]!r} (known: {', '.join(known) or 'none'})")
    return kind(**params, **({"margin": margin} if margin is not None and kind.uses_margin else {}))


__all__ = [
    "BYOL",
    "CLAD",
    "CLDNN",
    "CLOSR",
    "DAGMM",
    "OBJECTIVES",
    "SSCLIDS",
    "Autoencoder",
    "BarlowTwins",
    "ClanLinearLoss",
    "ClanLoss",
    "ClanNearLoss",
    "ConFlow",
    "CrossEntropy",
    "DeepSVDD",
    "DenoisingAutoencoder",
    "Objective",
    "SimCLR",
    "SimSiam",
    "VICReg",
    "Views",
    "barlow_twins_loss",
    "byol_loss",
    "clad_loss",
    "clan_linear_loss",
    "clan_loss",
    "clan_near_loss",
    "closr_loss",
    "deep_svdd_loss",
    "negative_cosine",
    "nt_xent",
    "objective",
    "supervised_contrast",
    "vicreg_loss",
]
