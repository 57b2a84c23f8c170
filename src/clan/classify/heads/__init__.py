"""How class probabilities come from the columns of a flow: one head a file."""

from clan.classify.heads.base import Examples, Head
from clan.classify.heads.fine_tuned import FineTuned
from clan.classify.heads.forest import Forest
from clan.classify.heads.linear import Linear
from clan.classify.heads.prototypes import ClassPrototypes
from clan.classify.heads.trees import Trees
from clan.errors import ConfigError, UnknownNameError

HEADS: dict[str, type[Head]] = {"linear": Linear, "prototypes": ClassPrototypes, "trees": Trees}
"""Head name to class."""


def head_class(name: str | None, *, frozen: bool = True) -> type[Head]:
    """Look up a head; None is the best of its kind.

    Args:
        name: In `HEADS`, or None.
        frozen: Whether the encoder stays as it is; without, there is one head: a linear layer.

    Raises:
        UnknownNameError: No head has this name.
        ConfigError: It cannot be trained together with the encoder.
    """
    if name is not None and name not in HEADS:
        raise UnknownNameError("head", name, HEADS)
    if frozen:
        return HEADS[name or "trees"]
    if name not in (None, "linear"):
        raise ConfigError(f"the whole network is trained with a linear head, not with {name!r}")
    return FineTuned


__all__ = ["HEADS", "ClassPrototypes", "Examples", "FineTuned", "Forest", "Head", "Linear", "Trees", "head_class"]
