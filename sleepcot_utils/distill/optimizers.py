"""What moves the weights: AdamW, or Muon for the matrices inside the layers and AdamW for all else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch.optim import AdamW, Muon, Optimizer

from sleepcot_utils.config import OPTIMIZERS
from sleepcot_utils.errors import ParameterError

ADAMW, MUON = OPTIMIZERS
#: Of AdamW on embeddings and norms. Gradients of rare words are noisy, and a shorter memory of their size follows
#: them faster; a common choice for pretraining, not tuned.
BETAS = (0.9, 0.98)
#: Of the matrices; common for Muon and AdamW alike, not tuned.
WEIGHT_DECAY = 0.01


class SideBySide(Optimizer):
    """Several optimizers, each with weights of its own, that step side by side as if they were one.

    Parameters
    ----------
    optimizers : sequence of torch.optim.Optimizer
        No two of them may hold the same weight.
    """

    def __init__(self, optimizers: Sequence[Optimizer]) -> None:  # the parent's would want to own the weights itself
        self.optimizers = tuple(optimizers)
        self.defaults: dict[str, Any] = {}

    @property
    def param_groups(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """Groups of all of them: the very same, so that a scheduler's rates reach their owners."""
        return [group for one in self.optimizers for group in one.param_groups]

    @property
    def state(self) -> dict[Any, Any]:  # type: ignore[override]
        """State of all of them."""
        return {weight: held for one in self.optimizers for weight, held in one.state.items()}

    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step of each."""
        loss = closure() if closure else None
        for one in self.optimizers:
            one.step()
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all."""
        for one in self.optimizers:
            one.zero_grad(set_to_none=set_to_none)

    def state_dict(self) -> dict[str, Any]:
        """States in the order of the optimizers."""
        return {"side_by_side": [one.state_dict() for one in self.optimizers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take in what `state_dict` gave."""
        for one, held in zip(self.optimizers, state_dict["side_by_side"], strict=True):
            one.load_state_dict(held)


def matrices_by_muon(model: Any, lr: float) -> SideBySide:
    """Muon for the matrices inside the layers, AdamW for embeddings, norms and biases.

    Muon (Jordan et al. 2024, kellerjordan.github.io/posts/muon) makes each update of a matrix nearly orthogonal, so that
    all its directions move alike; its updates are scaled to the size that AdamW's have, so one rate serves both.

    Raises
    ------
    ParameterError
        If nothing that is trained is a matrix inside a layer.
    """
    matrices: list[Any] = []
    others: list[Any] = []
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            (matrices if weight.ndim == 2 and "embed" not in name else others).append(weight)
    if not matrices:
        raise ParameterError(
            "no matrix inside a layer is trained", where="optimizer", expected=f"{ADAMW!r} for these weights"
        )
    made: list[Optimizer] = [Muon(matrices, lr=lr, weight_decay=WEIGHT_DECAY, adjust_lr_fn="match_rms_adamw")]
    return SideBySide([*made, AdamW(others, lr=lr, weight_decay=0.0, betas=BETAS)] if others else made)


def trainer_option(optimizer: str, learning_rate: float) -> tuple[Any, dict[str, Any]] | None:
    """What ``transformers.Trainer`` takes as ``optimizer_cls_and_kwargs``; None for its own AdamW.

    Raises
    ------
    ParameterError
        If the optimizer is not one of ``OPTIMIZERS``.
    """
    if optimizer not in OPTIMIZERS:
        raise ParameterError(
            f"there is no optimizer {optimizer!r}", where="optimizer", expected=f"one of {', '.join(OPTIMIZERS)}"
        )
    # Trainer calls a factory once for the function that it then gives the model.
    return None if optimizer == ADAMW else ((lambda: matrices_by_muon), {"lr": learning_rate})
