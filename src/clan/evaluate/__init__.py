"""How good a detector is: metrics, labelled data sets, and the protocols that split them."""

from clan.evaluate.captures import ClassResult, Evaluation, evaluate
from clan.evaluate.datasets import DATASETS, Dataset, Labelled, common_columns, dataset, find_datasets, read_dataset
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
from clan.evaluate.protocols import (
    CHOOSING,
    Split,
    benign_split,
    cross_split,
    dirty_split,
    stratified_split,
    thin_out,
    time_split,
)
from clan.evaluate.statistics import Paired, Summary, holm, paired, summarise

__all__ = [
    "CHOOSING",
    "DATASETS",
    "ClassResult",
    "Dataset",
    "Evaluation",
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
    "common_columns",
    "cross_split",
    "dataset",
    "dirty_split",
    "evaluate",
    "find_datasets",
    "holm",
    "macro",
    "paired",
    "precision_at_prevalence",
    "read_dataset",
    "stratified_split",
    "summarise",
    "thin_out",
    "threshold_at_fpr",
    "time_split",
    "tpr_at_fpr",
]
