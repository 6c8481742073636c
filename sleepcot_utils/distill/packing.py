"""Examples that start alike, packed into one row: what they share is read once, and none sees another's words.

Eight questions about one report are eight conversations that begin with the same tokens. A row holds that beginning once
and each conversation's remainder behind it, as branches of a tree: a token attends to what stands before it in its own
conversation and to nothing else, and its position is the one that it has there. So loss and gradients are those of
the conversations one by one, for a fraction of the tokens and without padding.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sleepcot_utils.distill.encoding import IGNORED, Encoded


@dataclass(frozen=True)
class Row:
    """Several conversations in one row of tokens.

    Attributes
    ----------
    input_ids, position_ids : list of int
        Tokens, and the place of each in its own conversation.
    trees, branches : list of int
        The tree that a token belongs to, and its branch there; branch 0 is the beginning that the tree's conversations
        share.
    predicted_from : list of int
        For each learned token, the place in the row of the token before it in its own conversation.
    targets : list of int
        The learned tokens, in the same order.
    targets_at : list of int
        Their places in the row.
    """

    input_ids: list[int]
    position_ids: list[int]
    trees: list[int]
    branches: list[int]
    predicted_from: list[int]
    targets: list[int]
    targets_at: list[int]


def pack(trees: Sequence[Sequence[Encoded]]) -> Row:
    """Pack conversations into one row.

    Parameters
    ----------
    trees : sequence of sequence of Encoded
        Conversations that share a beginning stand together; of different trees nothing is shared.
    """
    row = Row([], [], [], [], [], [], [])
    for number, conversations in enumerate(trees):
        shared = _shared_length(conversations)
        root = len(row.input_ids)
        _append(row, conversations[0], 0, shared, number, 0, root)
        for branch, one in enumerate(conversations, start=1):
            _append(row, one, shared, len(one.input_ids), number, branch, root)
    return row


def _shared_length(conversations: Sequence[Encoded]) -> int:
    """Tokens at the beginning that all conversations share and none has to learn."""
    shared = len(os.path.commonprefix([one.input_ids for one in conversations]))
    learned = [next((i for i, label in enumerate(one.labels) if label != IGNORED), shared) for one in conversations]
    return min(shared, *learned)


def _append(row: Row, one: Encoded, start: int, stop: int, tree: int, branch: int, root: int) -> None:
    offset = len(row.input_ids) - start
    for place in range(start, stop):
        label = one.labels[place]
        if label != IGNORED:
            # The first token of a branch follows the last one of the shared beginning, not its neighbor in the row.
            row.predicted_from.append(place - 1 + (offset if place > start else root))
            row.targets.append(label)
            row.targets_at.append(place + offset)
        row.input_ids.append(one.input_ids[place])
        row.position_ids.append(place)
        row.trees.append(tree)
        row.branches.append(branch)


def split_row(row: Row, pieces: int) -> list[Row]:
    """The conversations of a row in several shorter rows, for a machine on which the whole row does not fit.

    Each piece repeats the shared beginnings that its conversations need, so losses and gradients of the pieces add up to
    those of the row. A row can't have more pieces than conversations.
    """
    branches = sorted({key for key in zip(row.trees, row.branches, strict=True) if key[1] > 0})
    pieces = min(pieces, len(branches))
    if pieces <= 1:
        return [row]
    bounds = [round(number * len(branches) / pieces) for number in range(pieces + 1)]
    return [_part(row, set(branches[start:stop])) for start, stop in pairwise(bounds)]


def _part(row: Row, branches: set[tuple[int, int]]) -> Row:
    """The row of some of its branches, with the shared beginnings of their trees."""
    wanted = branches | {(tree, 0) for tree, _ in branches}
    keys = zip(row.trees, row.branches, strict=True)
    places = [place for place, key in enumerate(keys) if key in wanted]
    moved = {place: new for new, place in enumerate(places)}
    learned = [number for number, place in enumerate(row.targets_at) if place in moved]
    return Row(
        input_ids=[row.input_ids[place] for place in places],
        position_ids=[row.position_ids[place] for place in places],
        trees=[row.trees[place] for place in places],
        branches=[row.branches[place] for place in places],
        predicted_from=[moved[row.predicted_from[number]] for number in learned],
        targets=[row.targets[number] for number in learned],
        targets_at=[moved[row.targets_at[number]] for number in learned],
    )


def row_tensors(row: Row) -> dict[str, Any]:
    """Tensors of one row for a causal language model.

    Returns
    -------
    dict
        ``input_ids`` and ``position_ids`` of shape (1, length); ``attention_mask`` of shape (1, 1, length, length), true
        where the token of the row may look at the token of the column; ``logits_to_keep`` and ``labels``, of shape
        (learned,) and (1, learned): the places whose logits are computed at all, and the tokens that they must give;
        ``shift_labels``, the same again, for whoever counts them.
    """
    import torch

    tree, branch = torch.tensor(row.trees), torch.tensor(row.branches)
    before = torch.ones(len(tree), len(tree), dtype=torch.bool).tril()
    own = (tree[:, None] == tree[None, :]) & ((branch[None, :] == 0) | (branch[:, None] == branch[None, :]))
    return {
        "input_ids": torch.tensor([row.input_ids]),
        "position_ids": torch.tensor([row.position_ids]),
        "attention_mask": (before & own)[None, None],
        "logits_to_keep": torch.tensor(row.predicted_from),
        "labels": torch.tensor([row.targets]),
        # Trainer counts these over an optimizer step; of plain labels it would leave out the first, as never predicted.
        "shift_labels": torch.tensor([row.targets]),
    }


def row_loss(model: Any, tensors: dict[str, Any], *, learned: int | Any | None = None) -> Any:
    """Cross entropy of the learned tokens of a row.

    Parameters
    ----------
    tensors : dict
        What ``row_tensors`` gave, on the device of the model.
    learned : int or tensor, optional
        By what the sum is divided: the learned tokens of all rows of an optimizer step. Those of this row if left out.
    """
    import torch

    inputs = {name: value for name, value in tensors.items() if name not in ("labels", "shift_labels")}
    logits = model(**inputs, use_cache=False).logits[0].float()
    labels = tensors["labels"][0]
    total = torch.nn.functional.cross_entropy(logits, labels, reduction="sum")
    return total / (len(labels) if learned is None else learned)


def summed_loss(model: Any, conversations: Sequence[Encoded]) -> float:
    """Cross entropy summed over the learned tokens of conversations that share a beginning, without gradients."""
    import torch

    with torch.no_grad():
        tensors = {name: value.to(model.device) for name, value in row_tensors(pack([conversations])).items()}
        return float(row_loss(model, tensors, learned=1))
