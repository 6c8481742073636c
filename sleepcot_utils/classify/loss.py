"""The loss of a classifier, written out: what is lowered is the *negative* log probability of the one right label."""

from __future__ import annotations

from typing import Any


def cross_entropy(logits: Any, labels: Any) -> Any:
    """Mean over texts of minus the log probability that the model gives to the text's one label.

    Parameters
    ----------
    logits : torch.Tensor
        Shape (texts, labels).
    labels : torch.Tensor
        Shape (texts,): the number of the right label of each text, whole numbers.

    Returns
    -------
    torch.Tensor
        A number of at least 0; the log of the number of labels for a model that knows nothing.

    Raises
    ------
    InputError
        If there is not exactly one label a text.
    """
    from sleepcot_utils.errors import InputError

    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise InputError(
            f"{tuple(labels.shape)} labels can't belong to {tuple(logits.shape)} logits",
            where="cross_entropy",
            expected="logits of shape (texts, labels) and one label a text",
        )
    # The largest logit is taken out first, or its exponential could be too large for a number.
    shifted = logits - logits.max(dim=-1, keepdim=True).values
    log_probability = shifted - shifted.exp().sum(dim=-1, keepdim=True).log()
    right = log_probability.gather(1, labels[:, None]).squeeze(1)
    return -right.mean()


def descend(logits: Any, labels: Any, *, sign: float, steps: int, rate: float = 0.5) -> list[tuple[float, float]]:
    """Lower ``sign`` times the cross entropy by gradient descent on the logits themselves.

    Parameters
    ----------
    sign : float
        1 for the loss as it should be; -1 for the same formula with its minus forgotten.
    steps : int
        Steps of gradient descent.
    rate : float
        Length of a step for each text.

    Returns
    -------
    list of tuple of float
        After each step, the one before the first included: what was lowered, and the mean probability of the right
        label.
    """
    import torch

    free = logits.detach().clone().requires_grad_(True)
    path = []
    for _ in range(steps + 1):
        lowered = sign * cross_entropy(free, labels)
        right = torch.softmax(free.detach(), dim=-1).gather(1, labels[:, None]).mean()
        path.append((float(lowered.detach()), float(right)))
        (gradient,) = torch.autograd.grad(lowered, free)
        free = (free - rate * len(labels) * gradient).detach().requires_grad_(True)
    return path
