"""The training loop, read top to bottom."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from clan.augment import augmentation
from clan.encoder import Encoder
from clan.encoder.network import Network
from clan.errors import TrainingError, TrainingWarning
from clan.objectives import objective
from clan.train.hardware import pick_device, pick_dtype
from clan.train.progress import TrainProgress
from clan.train.settings import MIN_VALIDATION_ROWS, TrainSettings


def train_encoder(  # noqa: C901, PLR0915 - one loop, read top to bottom
    x: NDArray[np.float32],
    settings: TrainSettings,
    *,
    seed: int,
    progress: Callable[[TrainProgress], None] | None = None,
    interrupted: Callable[[int], None] | None = None,
) -> Encoder:
    """Train an encoder on benign flows.

    Two runs with the same rows, settings, seed and thread count on the same machine give the same weights.
    Interrupting (KeyboardInterrupt) keeps the best weights so far and warns; before the first epoch is done there is
    nothing to keep, and the interrupt goes through.

    Args:
        x: Scaled features of benign flows. Shape `(n, n_features)`, finite, n >= 2.
        settings: See `TrainSettings`.
        seed: Seeds weights, batches and negative views.
        progress: Called after each epoch; it may raise KeyboardInterrupt.
        interrupted: Called with the epochs done when training was interrupted.

    Raises:
        TrainingError: The loss is not finite, or all embeddings point the same way.
        UnknownNameError: An objective or augmentation that does not exist.
    """
    device = pick_device(settings.device)
    dtype = pick_dtype(settings.precision, device)
    on_cpu = torch.Generator().manual_seed(seed)  # weights and batches: the same on every device
    on_device = torch.Generator(device).manual_seed(seed)  # negative views
    loss_of = objective(settings.objective, margin=settings.margin)
    augment = partial(
        augmentation(settings.augmentation),
        generator=on_device,
        probability=settings.probability,
        bound=settings.bound,
    )
    rows, held = _hold_back(torch.from_numpy(x), settings.validation_fraction, on_cpu, device)
    held_augmented = augment(held)  # fixed, so that epochs compare
    network = Network(
        x.shape[1], width=settings.width, n_blocks=settings.n_blocks, dim=settings.dim, generator=on_cpu
    ).to(device)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=settings.weight_decay, fused=True)
    n_epochs = settings.epochs_for(len(x))
    n_steps = n_epochs * math.ceil(len(rows) / settings.batch_size)
    step, best, best_epoch, best_weights = 0, math.inf, 0, _copy(network)

    def loss_on(benign: torch.Tensor, augmented: torch.Tensor) -> torch.Tensor:
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=dtype is torch.bfloat16):
            z = network(torch.cat([benign, augmented]))  # (2 b, dim)
        return loss_of(z[: len(benign)].float(), z[len(benign) :].float())

    try:
        for epoch in range(1, n_epochs + 1):
            total = torch.zeros((), device=device)
            for batch in torch.randperm(len(rows), generator=on_cpu).to(device).split(settings.batch_size):  # type: ignore[no-untyped-call]
                _set_rate(optimizer, learning_rate(step, n_steps, settings))
                benign = rows[batch]  # (b, n_features)
                loss = loss_on(benign, augment(benign))
                optimizer.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                total += loss.detach() * len(benign)
                step += 1
            with torch.no_grad():
                current = float(loss_on(held, held_augmented) if len(held) else total / len(rows))
            _check_finite(current, epoch, settings)
            if current < best:
                best, best_epoch, best_weights = current, epoch, _copy(network)
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
        network.load_state_dict(best_weights)
    if len(held):  # without held rows the last weights are taken, as published
        network.load_state_dict(best_weights)
    _check_not_collapsed(network, rows[: settings.batch_size], augment(rows[: settings.batch_size]))
    return network.to_numpy()


def _hold_back(
    x: torch.Tensor, fraction: float, generator: torch.Generator, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Shuffle the rows and split off those that early stopping looks at; none when they would be too few."""
    n_held = int(fraction * len(x))
    n_held = n_held if n_held >= MIN_VALIDATION_ROWS else 0
    rows = x[torch.randperm(len(x), generator=generator)].to(device)  # (n, n_features)
    return rows[n_held:], rows[:n_held]


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


def _copy(network: Network) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


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
