"""How class probabilities come from the columns of a flow: one head a file."""

from clan.classify.heads.base import Examples, Head
from clan.classify.heads.forest import Forest
from clan.classify.heads.linear import Linear
from clan.classify.heads.prototypes import ClassPrototypes
from clan.classify.heads.trees import Trees
from clan.errors import UnknownNameError

HEADS: dict[str, type[Head]] = {"linear": Linear, "prototypes": ClassPrototypes, "trees": Trees}
"""Head name to class."""


def head_class(name: str) -> type[Head]:
    """Look up a head.

    Raises:
        UnknownNameError: No head has this name.
    """
    if name not in HEADS:
        raise UnknownNameError("head", name, HEADS)
    return HEADS[name]


__all__ = ["HEADS", "ClassPrototypes", "Examples", "Forest", "Head", "Linear", "Trees", "head_class"]
