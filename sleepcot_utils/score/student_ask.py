"""A student as the tests of faithfulness ask it: greedy, and going on from words that are put in its mouth."""

from __future__ import annotations

from collections.abc import Sequence

from sleepcot_utils.distill.decoding import continued
from sleepcot_utils.distill.encoding import render
from sleepcot_utils.distill.student import Student
from sleepcot_utils.score.faithfulness import StudentAsk


def student_asker(student: Student, *, max_new_tokens: int, batch_size: int = 64) -> StudentAsk:
    """What ``faithfulness`` calls for a trained student.

    Parameters
    ----------
    max_new_tokens : int
        Tokens that may be added to a beginning.
    batch_size : int
        Chats that are continued at once, sorted by length.

    Returns
    -------
    callable
        Takes chats and beginnings, and gives whole texts: each beginning with what the student likeliest adds to it.
    """
    tokenizer, end = student.tokenizer, student.tokenizer.eos_token_id

    def ask(chats: Sequence[list[dict[str, str]]], begun: Sequence[str]) -> list[str]:
        prompts = [
            tokenizer(render(tokenizer, chat, add_generation_prompt=True) + start, add_special_tokens=False)[
                "input_ids"
            ]
            for chat, start in zip(chats, begun, strict=True)
        ]
        texts = [""] * len(prompts)
        order = sorted(range(len(prompts)), key=lambda at: len(prompts[at]))
        for first in range(0, len(order), batch_size):
            places = order[first : first + batch_size]
            added = continued(
                student.model.eval(), [prompts[at] for at in places], places, end=end, max_new_tokens=max_new_tokens
            )
            for at, tokens in zip(places, added, strict=True):
                said = tokens[: tokens.index(end)] if end in tokens else tokens
                texts[at] = begun[at] + tokenizer.decode(said, skip_special_tokens=True)
        return texts

    return ask
