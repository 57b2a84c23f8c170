"""Figures that papers published, to stand beside ours; copied from their tables, never computed."""

from __future__ import annotations

from dataclasses import dataclass

from clan.evaluate.table import cells


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """The published tables of one paper.

    Attributes:
        source: The paper.
        dataset: Name in `DATASETS`.
        detectors: Columns of `auroc_by_class`.
        auroc_by_class: Class to AUROC of each detector; a script that takes the larger of AUROC and 1 - AUROC.
        mean_auroc: Mean of the anomaly detectors that have no figures by class.
        macro_f1: Labelled rows a class to macro F1 of the method, that of its best rival, and its name.
    """

    source: str
    dataset: str
    detectors: tuple[str, ...]
    auroc_by_class: dict[str, tuple[float, ...]]
    mean_auroc: dict[str, float]
    macro_f1: dict[int, tuple[float, float, str]]


PUBLISHED = Published(
    source="Wilkie et al. 2025, arXiv 2509.06550",
    dataset="lycos",
    detectors=("CLAN", "CLDNN", "SSCL-IDS", "ConFlow", "Barlow Twins", "SimSiam", "BYOL", "VICReg"),
    auroc_by_class={
        "bot": (0.9155, 0.9517, 0.9535, 0.9279, 0.9770, 0.9962, 0.9859, 0.9461),
        "ddos": (0.9966, 0.9893, 0.9729, 0.9254, 0.9992, 0.9992, 0.9998, 0.9994),
        "dos_goldeneye": (0.9317, 0.9799, 0.8411, 0.7329, 0.8961, 0.8998, 0.9052, 0.9247),
        "dos_hulk": (0.9779, 0.9795, 0.9823, 0.9109, 0.9949, 0.9977, 0.9908, 0.9972),
        "dos_slowhttptest": (0.9918, 0.6135, 0.5233, 0.5221, 0.6339, 0.5423, 0.5089, 0.5220),
        "dos_slowloris": (0.9925, 0.8736, 0.9660, 0.9538, 0.9904, 0.9825, 0.9957, 0.9843),
        "ftp_patator": (0.9442, 0.9966, 0.9966, 0.9978, 0.9938, 0.9997, 0.9985, 0.9961),
        "portscan": (0.9893, 0.8498, 0.9943, 0.9933, 0.9793, 0.9900, 0.9974, 0.9851),
        "ssh_patator": (0.9563, 0.9580, 0.7843, 0.9037, 0.9146, 0.8642, 0.9051, 0.8401),
        "webattack_bruteforce": (0.9078, 0.7849, 0.7211, 0.8175, 0.6783, 0.7860, 0.7553, 0.6546),
        "webattack_xss": (0.9634, 0.8492, 0.8001, 0.8807, 0.7537, 0.7658, 0.7282, 0.6904),
        "heartbleed": (0.9976, 0.9425, 0.9933, 0.9888, 0.9999, 0.9993, 0.9997, 0.9999),
        "webattack_sql_injection": (0.8972, 0.9490, 0.9669, 0.9104, 0.9163, 0.9634, 0.9546, 0.9518),
    },
    mean_auroc={
        "DUAD": 0.9272,
        "DAE-LR": 0.8914,
        "Deep SVDD": 0.8873,
        "isolation forest": 0.8388,
        "autoencoder": 0.8331,
        "AutoSVM": 0.8262,
        "one-class SVM": 0.8211,
        "DAGMM": 0.7757,
    },
    macro_f1={
        8: (0.496, 0.483, "SimSiam"),
        16: (0.538, 0.521, "BYOL"),
        32: (0.545, 0.540, "BYOL"),
        64: (0.589, 0.583, "BYOL"),
        128: (0.629, 0.626, "BYOL"),
        256: (0.655, 0.658, "BYOL"),
        512: (0.710, 0.706, "ConFlow"),
        1024: (0.739, 0.735, "ConFlow"),
    },
)


def published_table() -> str:
    """Write the two published tables of detection as Markdown."""
    by_class = [[name, *(f"{value:.4f}" for value in row)] for name, row in PUBLISHED.auroc_by_class.items()]
    columns = zip(*PUBLISHED.auroc_by_class.values(), strict=True)
    by_class.append(["mean", *(f"{sum(column) / len(column):.4f}" for column in columns)])
    means = [[name, f"{value:.4f}"] for name, value in PUBLISHED.mean_auroc.items()]
    return "\n\n".join(
        [
            f"#### As published ({PUBLISHED.source}); the larger of AUROC and 1 - AUROC",
            cells(["AUROC by class", *PUBLISHED.detectors], by_class),
            cells(["detector", "mean AUROC"], means),
        ]
    )


def published_naming_table() -> str:
    """Write the published table of fine-tuning as Markdown."""
    f1 = [[str(k), f"{ours:.3f}", f"{best:.3f} ({who})"] for k, (ours, best, who) in PUBLISHED.macro_f1.items()]
    title = f"#### As published ({PUBLISHED.source})"
    return f"{title}\n\n{cells(['labelled rows a class', 'CLAN, macro F1', 'best rival'], f1)}"
