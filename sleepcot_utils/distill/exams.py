"""Exams of the base: each skill on held-out exercises, right only if every token of the answer is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.distill.encoding import encode_conversation, render
from sleepcot_utils.distill.packing import pack, row_tensors
from sleepcot_utils.distill.practice import ALONE, ON_REPORT, conversations
from sleepcot_utils.distill.practice.lexicon import cards
from sleepcot_utils.distill.practice.memory import remember_in_other_words
from sleepcot_utils.distill.practice.turns import Turn, pick, question
from sleepcot_utils.report.reports import Report

MAX_TOKENS = 2048


def other_words_held_out(rng: np.random.Generator) -> Turn:
    """A validation wording of a question, to be asked in its first wording; practice has seen neither as a question."""
    card = pick(cards(), rng)
    return question("other_words", rng, text=pick(card.phrasings.validation, rng)), card.phrasings.train[0]


#: Questions that practice kept back: another wording of what it has taught.
KEPT_BACK: dict[str, Callable[[np.random.Generator], Turn]] = {
    "remember, new wording": remember_in_other_words,
    "other_words, new wording": other_words_held_out,
}


def exam(reports: Sequence[Report], rng: np.random.Generator, items: int) -> list[tuple[str, list[dict[str, str]]]]:
    """Exercises of every skill with their right answers.

    Parameters
    ----------
    reports : sequence of Report
        Of people whom practice has not met.
    items : int
        Exercises a skill.

    Returns
    -------
    list of (str, list of dict)
        Skill and conversation.
    """
    made: list[tuple[str, list[dict[str, str]]]] = []
    for name, (read, _) in ON_REPORT.items():
        for _ in range(items):
            report = pick(reports, rng)
            made.append((name, conversations([read(report, rng)], report)[0]))
    drills = {name: drill for name, (drill, _) in ALONE.items()} | KEPT_BACK
    for name, drill in drills.items():
        made += [(name, conversations([drill(rng)])[0]) for _ in range(items)]
    return made


def examine(model: Any, tokenizer: Any, exercises: Sequence[tuple[str, list[dict[str, str]]]]) -> pd.DataFrame:
    """Accuracy by skill.

    An answer counts as right if the model would say exactly it: each token, the end of the turn too, is the likeliest
    after those before it, which is what greedy generation would then write.

    Returns
    -------
    pandas.DataFrame
        ``skill, items, right`` (share of answers), ``tokens_right`` (share of tokens, given the right ones before).
    """
    import torch

    rows = []
    model.eval()
    for skill, messages in exercises:
        tensors = row_tensors(pack([[encode_conversation(tokenizer, messages, MAX_TOKENS)]]))
        labels = tensors.pop("labels")[0]
        tensors.pop("shift_labels")
        with torch.no_grad():
            said = model(**{name: tensor.to(model.device) for name, tensor in tensors.items()}, use_cache=False)
        hit = said.logits[0].argmax(-1).cpu() == labels
        rows.append((skill, bool(hit.all()), float(hit.float().mean())))
    table = pd.DataFrame(rows, columns=["skill", "right", "tokens_right"])
    grouped = table.groupby("skill", sort=False)
    return grouped.agg(
        items=("right", "size"), right=("right", "mean"), tokens_right=("tokens_right", "mean")
    ).reset_index()


def greedy_answer(model: Any, tokenizer: Any, messages: list[dict[str, str]], max_new_tokens: int = 600) -> str:
    """What the model writes after the question of one exercise, word by word the likeliest."""
    import torch

    prompt = render(tokenizer, messages[:-1], add_generation_prompt=True)
    asked = tokenizer(prompt, add_special_tokens=False, return_tensors="pt").to(model.device)
    with torch.no_grad():
        said = model.generate(**asked, do_sample=False, max_new_tokens=max_new_tokens)
    return str(tokenizer.decode(said[0, asked["input_ids"].shape[1] :], skip_special_tokens=True))
