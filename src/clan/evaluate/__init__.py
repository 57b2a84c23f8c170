"""How good a detector is: metrics, labelled data sets, and the protocols that split them."""

from clan.evaluate.datasets import DATASETS, Labelled, read_dataset
from clan.evaluate.metrics import auroc, auroc_by_class, macro, tpr_at_fpr
from clan.evaluate.protocols import CHOOSING, Split, benign_split

__all__ = [
    "CHOOSING",
    "DATASETS",
    "Labelled",
    "Split",
    "auroc",
    "auroc_by_class",
    "benign_split",
    "macro",
    "read_dataset",
    "tpr_at_fpr",
]
