"""How good a detector is: metrics, labelled data sets, and the protocols that split them."""

from clan.evaluate.datasets import DATASETS, Labelled, read_dataset
from clan.evaluate.metrics import (
    alerts_a_day,
    auprc,
    auroc,
    auroc_by_class,
    can_tell,
    macro,
    precision_at_prevalence,
    threshold_at_fpr,
    tpr_at_fpr,
)
from clan.evaluate.protocols import CHOOSING, Split, benign_split
from clan.evaluate.statistics import Paired, Summary, holm, paired, summarise

__all__ = [
    "CHOOSING",
    "DATASETS",
    "Labelled",
    "Paired",
    "Split",
    "Summary",
    "alerts_a_day",
    "auprc",
    "auroc",
    "auroc_by_class",
    "benign_split",
    "can_tell",
    "holm",
    "macro",
    "paired",
    "precision_at_prevalence",
    "read_dataset",
    "summarise",
    "threshold_at_fpr",
    "tpr_at_fpr",
]
