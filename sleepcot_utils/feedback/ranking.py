"""A language model as a judge of which safe advice suits a person: likelihoods of fixed texts, never free words.

A small student may name a wrong driver in words of its own. So it is not asked to write advice here, only to order texts
that are safe already: what it adds is taste, and a mistake of it costs liking and not health.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from sleepcot_utils.feedback.actions import Action
from sleepcot_utils.feedback.entries import Feedback, Given
from sleepcot_utils.feedback.gate import Offer
from sleepcot_utils.feedback.profile import Profile, learn, profile_text
from sleepcot_utils.tasks.build import SYSTEM_PROMPT
from sleepcot_utils.tasks.drivers import drivers

QUESTION = "What should I do first?"
BATCH = 64


class Model(Protocol):
    """A causal language model with its tokenizer, as ``distill.student.Student`` is one."""

    @property
    def model(self) -> Any: ...
    @property
    def tokenizer(self) -> Any: ...


def advice_prompt(driver: str = "", memory: str = "") -> list[dict[str, str]]:
    """Messages before the advice: what lies behind, what is known of the person, the question."""
    said = [f"Likely driver: {drivers()[driver].phrase}." if driver in drivers() else "", memory, QUESTION]
    return [
        {"role": "system", "content": SYSTEM_PROMPT},
        {"role": "user", "content": "\n".join(line for line in said if line)},
    ]


def log_likelihoods(student: Model, asked: Sequence[tuple[list[dict[str, str]], str]]) -> np.ndarray:
    """Sum of the log likelihoods of each text's tokens, the end of the turn included, after its prompt.

    Parameters
    ----------
    student : Model
        A causal language model with a chat template.
    asked : sequence of (messages, text)
        Prompt and the text that follows it.
    """
    import torch

    tokenizer, model = student.tokenizer, student.model.eval()
    encoded = []
    for messages, text in asked:
        prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        before = tokenizer(prompt, add_special_tokens=False)["input_ids"]
        encoded.append((before, tokenizer(text + tokenizer.eos_token, add_special_tokens=False)["input_ids"]))
    order = sorted(range(len(encoded)), key=lambda i: len(encoded[i][0]) + len(encoded[i][1]))
    found = np.empty(len(encoded))
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        longest = max(len(encoded[i][0]) + len(encoded[i][1]) for i in chosen)
        ids = torch.full((len(chosen), longest), tokenizer.pad_token_id)
        learned = torch.zeros((len(chosen), longest), dtype=torch.bool)
        for row, i in enumerate(chosen):
            before, text = encoded[i]
            ids[row, : len(before) + len(text)] = torch.tensor(before + text)
            learned[row, len(before) : len(before) + len(text)] = True
        ids, learned = ids.to(model.device), learned.to(model.device)
        with torch.inference_mode():
            # Padding stands at the end, where a causal model does not see it.
            logits = model(input_ids=ids).logits[:, :-1].float()
        said = torch.log_softmax(logits, dim=-1).gather(2, ids[:, 1:, None])[..., 0]
        found[chosen] = (said * learned[:, 1:]).sum(dim=1).cpu().numpy()
    return found


class MemoryInPrompt:
    """The profile of the log in the prompt: the action whose likelihood it raises most.

    The likelihood without a profile is taken off, because a text that the student saw often is likely after any prompt.
    Where nothing is known of a person, the expert's order holds.

    Parameters
    ----------
    student : Model
        Who reads the prompt.
    """

    def __init__(self, student: Model) -> None:
        self.profiles: dict[str, Profile] = {}
        self._student = student
        self._known: dict[tuple[str, str, str], float] = {}

    def choose(self, offers: Sequence[Offer], number: int) -> list[Action]:
        """The action that gains most by what is known of the person."""
        memories = [profile_text(self.profiles.get(offer.person_id)) for offer in offers]
        wanted = {
            (offer.main_driver, text, action.text)
            for offer, memory in zip(offers, memories, strict=True)
            for action in offer.safe
            for text in ("", memory)
        }
        new = sorted(wanted - set(self._known))
        found = log_likelihoods(self._student, [(advice_prompt(driver, memory), text) for driver, memory, text in new])
        self._known |= dict(zip(new, found.tolist(), strict=True))
        return [
            max(offer.safe, key=lambda action: self._lift(offer.main_driver, memory, action))
            for offer, memory in zip(offers, memories, strict=True)
        ]

    def learn(self, given: Given, entry: Feedback) -> None:
        """Take one entry into the person's profile."""
        learn(self.profiles.setdefault(entry.person_id, Profile()), given, entry)

    def _lift(self, driver: str, memory: str, action: Action) -> float:
        return self._known[driver, memory, action.text] - self._known[driver, "", action.text]
