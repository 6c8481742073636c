"""On-policy distillation: the student writes, and at each of its tokens it learns what a larger model thinks comes next.

Generalized knowledge distillation (Agarwal et al. 2024, arXiv 2306.13649) as a few lines over the trainer of packed rows.
The teacher has to share the student's tokenizer, because its probabilities are taken token by token. Both read a report
once for all questions about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

from sleepcot_utils.distill.decoding import continued
from sleepcot_utils.distill.encoding import IGNORED, Encoded
from sleepcot_utils.distill.packing import Row, pack, row_tensors
from sleepcot_utils.distill.row_trainer import finite, row_batch, row_trainer
from sleepcot_utils.distill.student import Student
from sleepcot_utils.errors import ParameterError


@dataclass(frozen=True)
class TokenTeacher:
    """Whom the student learns from, token by token.

    Attributes
    ----------
    model : Any
        A causal language model.
    beta : float
        0 for the forward divergence of the teacher from the student, 1 for the reverse one; the generalized
        Jensen-Shannon divergence in between.
    end : int
        Token that ends a turn.
    max_new_tokens : int
        Longest text that the student writes.
    """

    model: Any
    beta: float
    end: int
    max_new_tokens: int


def token_teacher(student: Student, teacher: Student, *, beta: float, max_new_tokens: int) -> TokenTeacher:
    """The teacher of a student, whose tokens have to mean the same.

    Raises
    ------
    ParameterError
        If the two have different tokenizers.
    """
    own, other = student.tokenizer.get_vocab(), teacher.tokenizer.get_vocab()
    if own != other:
        differing = sum(other.get(token) != number for token, number in own.items())
        raise ParameterError(
            f"{teacher.name!r} has another tokenizer than {student.name!r}: {differing:,} of {len(own):,} tokens differ",
            where="token_teacher",
            expected="a larger model of the student's own family, such as Qwen2.5-3B for Qwen2.5-1.5B",
        )
    teacher.model.eval().requires_grad_(False)
    return TokenTeacher(teacher.model, beta, student.tokenizer.eos_token_id, max_new_tokens)


def generalized_divergence(student_logits: Any, teacher_logits: Any, beta: float) -> Any:
    """Divergence of two distributions over the next token, at each place; equation 1 of arXiv 2306.13649.

    Of the logits of a larger vocabulary, those beyond the smaller one are cut: they are padding of the output layer.

    Parameters
    ----------
    student_logits, teacher_logits : torch.Tensor
        Of shape (places, vocabulary).
    beta : float
        0 for KL(teacher || student), 1 for KL(student || teacher); in between, with m the mixture
        beta teacher + (1 - beta) student, beta KL(teacher || m) + (1 - beta) KL(student || m).

    Returns
    -------
    torch.Tensor
        Of shape (places,), in nats.
    """
    import torch

    width = min(student_logits.shape[-1], teacher_logits.shape[-1])
    student = student_logits[..., :width].float().log_softmax(dim=-1)
    teacher = teacher_logits[..., :width].float().log_softmax(dim=-1)
    if beta == 0:
        return _kl(teacher, student)
    if beta == 1:
        return _kl(student, teacher)
    weights = torch.tensor([beta, 1 - beta], device=student.device).log()
    mixture = torch.logaddexp(teacher + weights[0], student + weights[1])
    return beta * _kl(teacher, mixture) + (1 - beta) * _kl(student, mixture)


def _kl(one: Any, other: Any) -> Any:
    """KL(one || other) of log-probabilities."""
    return (one.exp() * (one - other)).sum(dim=-1)


def prompts_of(row: Row) -> list[list[int]]:
    """Prompts of the conversations in a row: what stands before the first learned token of each."""
    prompts = []
    for tree, branch in sorted({key for key in zip(row.trees, row.branches, strict=True) if key[1] > 0}):
        own = [i for i, t in enumerate(row.trees) if t == tree and row.branches[i] in (0, branch)]
        learned = set(row.targets_at)
        first = next(number for number, i in enumerate(own) if i in learned)
        prompts.append([row.input_ids[i] for i in own[:first]])
    return prompts


def said_rows(model: Any, rows: Sequence[Row], teacher: TokenTeacher) -> list[Row]:
    """Rows with the same prompts, and what the student itself says to them in place of the answers."""
    prompts = [prompts_of(row) for row in rows]
    families = [number for number, of_row in enumerate(prompts) for _ in of_row]
    said = iter(
        continued(
            model,
            [prompt for of_row in prompts for prompt in of_row],
            families,
            end=teacher.end,
            max_new_tokens=teacher.max_new_tokens,
            sample=True,
        )
    )
    return [
        pack(
            [[Encoded(prompt + new, [IGNORED] * len(prompt) + new) for prompt, new in zip(of_row, said, strict=False)]]
        )
        for of_row in prompts
    ]


@cache
def on_policy_trainer() -> Any:
    """The trainer of packed rows, with rows that the student writes and the teacher's distributions as the goal."""

    class OnPolicyTrainer(row_trainer()):  # type: ignore[misc]
        """Held-out rows keep the words of the training set: there the loss is taken on one text all the time."""

        def __init__(self, teacher: TokenTeacher, *places: Any, **options: Any) -> None:
            super().__init__(*places, **options)
            self.token_teacher = teacher

        def get_batch_samples(self, epoch_iterator: Any, num_batches: int, device: Any) -> tuple[list[Any], Any]:
            rows = [batch["row"] for batch in islice(epoch_iterator, num_batches)]
            model = self.accelerator.unwrap_model(self.model).eval()
            batches = [row_batch(row) for row in said_rows(model, rows, self.token_teacher)] if rows else []
            return batches, self._get_num_items_in_batch(batches, device)

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            import torch

            tensors = {name: value.to(self.args.device) for name, value in row_tensors(inputs["row"]).items()}
            given = {name: value for name, value in tensors.items() if name not in ("labels", "shift_labels")}
            with torch.no_grad():
                wanted = self.token_teacher.model(**given, use_cache=False).logits[0]
            found = model(**given, use_cache=False).logits[0]
            total = generalized_divergence(found, wanted, self.token_teacher.beta).sum()
            learned = len(inputs["row"].targets) if num_items_in_batch is None else num_items_in_batch
            shares = 1 if num_items_in_batch is None else self.accelerator.num_processes
            loss = finite(total / learned * shares, self.state.global_step + 1, self.args.learning_rate)
            return (loss, {}) if return_outputs else loss

    return OnPolicyTrainer
