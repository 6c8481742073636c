"""``transformers.Trainer`` with the loss of packed rows; all else is the library's."""

from __future__ import annotations

from functools import cache
from typing import Any

from sleepcot_utils.distill.packing import Row, row_loss, row_tensors, split_row
from sleepcot_utils.errors import TrainingError


def row_batch(row: Row) -> dict[str, Any]:
    """A row as Trainer's batch, with its learned tokens under the names that Trainer counts them by."""
    import torch

    targets = torch.tensor([row.targets])
    return {"row": row, "labels": targets, "shift_labels": targets}


def finite(loss: Any, step: int, learning_rate: float) -> Any:
    """The loss of a step, if it is a number.

    Raises
    ------
    TrainingError
        If it is none any more.
    """
    if not loss.isfinite():
        raise TrainingError(
            f"the loss became {loss.item()} at step {step}",
            where=f"training with learning rate {learning_rate:g}",
            expected="a lower learning_rate; the checkpoints up to here are kept",
        )
    return loss


@cache
def row_trainer() -> Any:
    """``transformers.Trainer`` with the loss of packed rows; all else is the library's."""
    from transformers import Trainer

    class RowTrainer(Trainer):
        """Trainer whose batches are rows, each worked through in one or several pieces."""

        loss_is_scaled_for_ga = True  # the sum is divided by the learned tokens of the whole optimizer step

        def __init__(self, pieces: int, speed: Any, **options: Any) -> None:
            super().__init__(**options)
            self.pieces, self.speed = pieces, speed

        def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> Any:
            row = inputs["row"]
            *first, last = split_row(row, self.pieces)
            loss = 0.0
            # Processes exchange gradients once a row, however many pieces each of them makes of its own.
            with self.accelerator.no_sync(model):
                for piece in first:
                    loss = loss + super().training_step(model, row_batch(piece), num_items_in_batch)
            loss = loss + super().training_step(model, row_batch(last), num_items_in_batch)
            self.speed.add(len(row.input_ids) * self.accelerator.num_processes)
            return loss

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            tensors = {name: value.to(self.args.device) for name, value in row_tensors(inputs["row"]).items()}
            loss = row_loss(model, tensors, learned=num_items_in_batch)
            if num_items_in_batch is not None:
                # The tokens are counted over all processes, and gradients are then averaged over them.
                loss = loss * self.accelerator.num_processes
            loss = finite(loss, self.state.global_step + 1, self.args.learning_rate)
            return (loss, {}) if return_outputs else loss

    return RowTrainer


def be_quiet(trainer: Any) -> None:
    """Take out the callback that prints every log entry; curves are drawn instead.

    Warnings of the library are silenced too: it calls the output layer missing, which is tied to the embedding.
    """
    from transformers.trainer_callback import PrinterCallback
    from transformers.utils import logging

    logging.set_verbosity_error()
    trainer.remove_callback(PrinterCallback)
