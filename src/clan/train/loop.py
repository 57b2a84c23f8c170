"""The training loop, read top to bottom."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from clan.augment import augmentation
from clan.encoder import Encoder
from clan.encoder.network import Dropout, Network
from clan.errors import ConfigError, DataError, TrainingError, TrainingWarning
from clan.objectives import Objective, Views, objective
from clan.train.hardware import pick_device, pick_dtype
from clan.train.progress import TrainProgress
from clan.train.settings import TrainSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Trained:
    """What training gives.

    Attributes:
        encoder: The network.
        objective: With the modules of its own (decoder, predictor) as they were trained, on the CPU.
    """

    encoder: Encoder
    objective: Objective


def train_encoder(
    x: NDArray[np.float32],
    settings: TrainSettings,
    *,
    seed: int,
    y: NDArray[np.int64] | None = None,
    progress: Callable[[TrainProgress], None] | None = None,
    interrupted: Callable[[int], None] | None = None,
) -> Encoder:
    """Train an encoder, on benign flows unless the objective needs other classes too.

    Two runs with the same rows, settings, seed and thread count on the same machine give the same weights.
    Interrupting (KeyboardInterrupt) keeps the best weights so far and warns; before the first epoch is done there is
    nothing to keep, and the interrupt goes through.

    Args:
        x: Scaled features of benign flows. Shape `(n, n_features)`, finite, n >= 2.
        settings: See `TrainSettings`.
        seed: Seeds weights, batches and augmented views.
        y: Class of each row, 0 = benign; for the objectives that need it. Shape `(n,)`.
        progress: Called after each epoch; it may raise KeyboardInterrupt.
        interrupted: Called with the epochs done when training was interrupted.

    Raises:
        TrainingError: The loss is not finite, or all embeddings point the same way.
        UnknownNameError: An objective or augmentation that does not exist.
        ConfigError: A parameter that it does not have, or out of range; an objective that needs classes has none.
        DataError: Not one class for each row.
    """
    return train(x, settings, seed=seed, y=y, progress=progress, interrupted=interrupted).encoder


def train(  # noqa: C901, PLR0915 - one loop, read top to bottom
    x: NDArray[np.float32],
    settings: TrainSettings,
    *,
    seed: int,
    y: NDArray[np.int64] | None = None,
    start: Encoder | None = None,
    progress: Callable[[TrainProgress], None] | None = None,
    interrupted: Callable[[int], None] | None = None,
) -> Trained:
    """Train as `train_encoder` does, and give the objective too; takes and raises the same.

    `start` has the weights to begin with, in place of drawn ones; of the shape that the settings say, or ConfigError.
    """
    device = pick_device(settings.device)
    dtype = pick_dtype(settings.precision, device)
    on_cpu = torch.Generator().manual_seed(seed)  # weights and batches: the same on every device
    on_device = torch.Generator(device).manual_seed(seed)  # augmented views and dropout
    loss_of = objective(settings.objective, margin=settings.margin, **settings.objective_params)
    _check_labels(y, len(x), loss_of, settings)
    anchor, augment = _augmentations(settings, loss_of, on_device)
    rows, held, classes, held_classes = _hold_back(x, y, settings.n_held(len(x)), on_cpu, device)
    held_anchor, held_augmented = anchor(held), augment(held)  # fixed, so that epochs compare
    network = Network(
        x.shape[1],
        width=settings.width,
        n_blocks=settings.n_blocks,
        dim=settings.dim,
        generator=on_cpu,
        dropout=Dropout(loss_of.dropout, on_device) if loss_of.dropout else None,
        bias=loss_of.bias,
    ).to(device)
    if start is not None:
        network.take(start)
    loss_of.bind(network, n_features=x.shape[1], dim=settings.dim, generator=on_cpu)
    loss_of.to(device)
    loss_of.prepare(network, rows)
    learned = [parameter for parameter in (*network.parameters(), *loss_of.parameters()) if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learned, weight_decay=settings.weight_decay, fused=True)
    n_epochs = settings.epochs_for(len(x))
    n_steps = n_epochs * math.ceil(len(rows) / settings.batch_size)
    modules = torch.nn.ModuleList([network, loss_of])
    step, best, best_epoch, best_weights = 0, math.inf, 0, _copy(modules)

    def loss_on(first: torch.Tensor, second: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=dtype is torch.bfloat16):
            z = network(torch.cat([first, second])).float()  # (rows of both, dim)
        n = len(first)
        return loss_of(Views(x=first, x_augmented=second, z=z[:n], z_augmented=z[n:], y=labels))

    try:
        for epoch in range(1, n_epochs + 1):
            total = torch.zeros((), device=device)
            order = _order(len(rows), classes if loss_of.balanced else None, on_cpu)
            for batch in order.to(device).split(settings.batch_size):  # type: ignore[no-untyped-call]
                _set_rate(optimizer, learning_rate(step, n_steps, settings))
                chosen = rows[batch]  # (b, n_features)
                loss = loss_on(anchor(chosen), augment(chosen), None if classes is None else classes[batch])
                optimizer.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                loss_of.after_step(network)
                total += loss.detach() * len(chosen)
                step += 1
            with torch.no_grad():
                current = float(loss_on(held_anchor, held_augmented, held_classes) if len(held) else total / len(rows))
            _check_finite(current, epoch, settings)
            if current < best:
                best, best_epoch, best_weights = current, epoch, _copy(modules)
            if progress is not None:
                progress(TrainProgress(epoch=epoch, n_epochs=n_epochs, loss=current, best=best))
            if len(held) and epoch - best_epoch >= settings.patience:
                break
    except KeyboardInterrupt:
        if best_epoch == 0:
            raise
        if interrupted is not None:
            interrupted(best_epoch)
        message = f"training was interrupted in epoch {epoch} of {n_epochs}; the weights of epoch {best_epoch} are kept"
        warnings.warn(message, TrainingWarning, stacklevel=2)
        modules.load_state_dict(best_weights)
    if len(held):  # without held rows the last weights are taken, as published
        modules.load_state_dict(best_weights)
    modules.eval()
    _check_not_collapsed(network, rows[: settings.batch_size], augment(rows[: settings.batch_size]))
    loss_of.finish(network)
    return Trained(encoder=network.to_numpy(), objective=loss_of.to("cpu"))


def _augmentations(
    settings: TrainSettings, loss_of: Objective, generator: torch.Generator
) -> tuple[Callable[[torch.Tensor], torch.Tensor], Callable[[torch.Tensor], torch.Tensor]]:
    """Make the first and the second view of rows, as the objective asks."""

    def view(share: float) -> Callable[[torch.Tensor], torch.Tensor]:
        params = {"probability": share * settings.probability, "bound": settings.bound, **settings.augmentation_params}
        changed = augmentation(settings.augmentation, **params)
        return lambda x: changed(x, generator)

    second = view(1.0)
    if loss_of.n_augmented == 2:
        return view(loss_of.anchor_share), second
    return (lambda x: x), second if loss_of.n_augmented else (lambda x: x[:0])


def _check_labels(y: NDArray[np.int64] | None, n: int, loss_of: Objective, settings: TrainSettings) -> None:
    if y is None and loss_of.needs_labels:
        raise ConfigError(f"objective {settings.objective!r} needs the class of each training row: pass y")
    if y is not None and len(y) != n:
        raise DataError(f"expected one class for each of the {n:,} rows, found {len(y):,}")


def _hold_back(
    x: NDArray[np.float32],
    y: NDArray[np.int64] | None,
    n_held: int,
    generator: torch.Generator,
    device: torch.device,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
    """Shuffle the rows and split off those that early stopping looks at.

    Returns:
        Rows to train on, rows held back, and the classes of both where they are known.
    """
    order = torch.randperm(len(x), generator=generator)
    rows = torch.from_numpy(x)[order].to(device)  # (n, n_features)
    if y is None:
        return rows[n_held:], rows[:n_held], None, None
    classes = torch.from_numpy(np.asarray(y, dtype=np.int64))[order].to(device)  # (n,)
    return rows[n_held:], rows[:n_held], classes[n_held:], classes[:n_held]


def _order(n: int, classes: torch.Tensor | None, generator: torch.Generator) -> torch.Tensor:
    """Draw an epoch of n rows: each once, or with their classes, each class about equally often, with repetition."""
    if classes is None:
        return torch.randperm(n, generator=generator)
    weights = 1 / torch.bincount(classes)[classes].double()
    return torch.multinomial(weights.cpu(), n, replacement=True, generator=generator)


def _set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


def _check_finite(loss: float, epoch: int, settings: TrainSettings) -> None:
    if not math.isfinite(loss):
        raise TrainingError(
            f"the loss became {loss} in epoch {epoch}; lower the learning rate "
            f"({settings.learning_rate}) or train with precision='float32'"
        )


def learning_rate(step: int, n_steps: int, settings: TrainSettings) -> float:
    """Linear rise over the first `warmup_fraction` of the steps, then half a cosine down.

    Example:
        >>> settings = TrainSettings(learning_rate=1.0, min_learning_rate=0.0, warmup_fraction=0.5)
        >>> [round(learning_rate(step, 5, settings), 2) for step in range(5)]
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    low, high = settings.min_learning_rate, settings.learning_rate
    last = max(n_steps - 1, 1)
    top = settings.warmup_fraction * last
    if step < top:
        return low + (high - low) * step / top
    return low + (high - low) * 0.5 * (1 + math.cos(math.pi * (step - top) / max(last - top, 1)))


def _copy(modules: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in modules.state_dict().items()}


@torch.no_grad()
def _check_not_collapsed(network: Network, benign: torch.Tensor, augmented: torch.Tensor) -> None:
    """Raise when benign and augmented flows all have the same embedding although they differ."""
    x = torch.cat([benign, augmented])
    z = network(x)
    if not torch.isfinite(z).all():
        raise TrainingError("the encoder gives values that are not finite; lower the learning rate")
    spread = 1 - F.normalize(z.double(), dim=1).mean(dim=0).norm()
    if float(spread) < 1e-12 and bool((x != x[0]).any()):
        raise TrainingError(
            "the embedding collapsed: benign and augmented flows all point the same way; "
            "train with another random_state, a larger margin or more rows"
        )
