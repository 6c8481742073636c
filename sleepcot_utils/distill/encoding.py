"""Conversations to token ids with labels on the assistant's turns only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sleepcot_utils.errors import InputError

IGNORED = -100  # the label that torch's cross entropy leaves out


@dataclass(frozen=True)
class Encoded:
    """Token ids of one conversation and their labels, equally long; ``IGNORED`` where nothing is learned."""

    input_ids: list[int]
    labels: list[int]


def encode_conversation(tokenizer: Any, messages: Sequence[dict[str, str]], max_tokens: int) -> Encoded:
    """Encode a conversation; what the assistant says and its end-of-turn token are learned, nothing else.

    The chat template is rendered turn by turn and the assistant's part is what each turn adds, so that any template
    works, with generation marks or without.

    Raises
    ------
    InputError
        If the template does not render turn by turn, or the conversation is longer than ``max_tokens``: cutting a
        rationale before its answer would teach to never answer.
    """
    ids: list[int] = []
    labels: list[int] = []
    done = ""
    for position, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        prompt = render(tokenizer, messages[:position], add_generation_prompt=True)
        whole = render(tokenizer, messages[: position + 1], add_generation_prompt=False)
        if not prompt.startswith(done) or not whole.startswith(prompt):
            raise InputError(
                "the chat template changes earlier turns when later ones are added",
                where="tokenizer",
                expected="a template such as ChatML, in which a turn only adds text",
            )
        _extend(ids, labels, tokenizer, prompt[len(done) :], learn=False)
        end = whole[len(prompt) :]
        content, mark, rest = end.partition(tokenizer.eos_token)
        _extend(ids, labels, tokenizer, content + mark, learn=True)
        _extend(ids, labels, tokenizer, rest, learn=False)
        done = whole
    if len(ids) > max_tokens:
        raise InputError(
            f"a conversation has {len(ids)} tokens", where="training set", expected=f"at most {max_tokens} (max_tokens)"
        )
    return Encoded(ids, labels)


def render(tokenizer: Any, messages: Sequence[dict[str, str]], *, add_generation_prompt: bool) -> str:
    """Text of a conversation in the tokenizer's chat template."""
    return tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=add_generation_prompt)


def _extend(ids: list[int], labels: list[int], tokenizer: Any, text: str, *, learn: bool) -> None:
    piece = tokenizer(text, add_special_tokens=False)["input_ids"] if text else []
    ids.extend(piece)
    labels.extend(piece if learn else [IGNORED] * len(piece))


def pad_batch(batch: Sequence[Encoded], pad_id: int) -> dict[str, Any]:
    """Right-padded tensors ``input_ids``, ``attention_mask`` and ``labels``, each of shape (batch, longest)."""
    import torch

    longest = max(len(example.input_ids) for example in batch)

    def padded(name: str, value: int) -> Any:
        return torch.tensor([getattr(e, name) + [value] * (longest - len(e.input_ids)) for e in batch])

    ids = padded("input_ids", pad_id)
    mask = torch.tensor([[1] * len(e.input_ids) + [0] * (longest - len(e.input_ids)) for e in batch])
    return {"input_ids": ids, "attention_mask": mask, "labels": padded("labels", IGNORED)}
