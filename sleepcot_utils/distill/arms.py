"""The arms: which of the teacher's words a student learns from, all else being equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sleepcot_utils.tasks.reading import ANSWER_MARK, REASONING_MARK

if TYPE_CHECKING:
    from sleepcot_utils.distill.training_set import Example

#: Asks for the rationale as a task of its own, as in "Distilling step-by-step" (Hsieh et al. 2023, arXiv 2305.02301).
EXPLAIN = "Explain step by step, without the answer."


@dataclass(frozen=True)
class Arm:
    """How the examples of one arm are chosen and told.

    Attributes
    ----------
    says : str
        What the arm is, for tables.
    rationale : str
        ``none``, ``before`` (rationale, then answer) or ``apart`` (the rationale is a second task).
    forms : tuple of str
        Forms of the rationale; with several, the tasks take turns.
    filtered : bool
        Whether answers that failed verification are left out.
    samples : bool
        Whether all rationales of a task are learned from, and not the first alone.
    tokens_of : str
        The arm whose number of tokens this one gets instead of its number of steps; empty for equal steps.
    """

    says: str
    rationale: str = "before"
    forms: tuple[str, ...] = ("short",)
    filtered: bool = True
    samples: bool = False
    tokens_of: str = ""


ARMS = {
    "answer_only": Arm("the answer alone", rationale="none"),
    "cot": Arm("rationale, then answer (SleepCoT)"),
    "answer_only_equal_tokens": Arm("the answer alone, for as many tokens as cot", rationale="none", tokens_of="cot"),
    "step_by_step": Arm("answer, and rationale as a second task", rationale="apart"),
    "cot_long": Arm("long rationale, then answer", forms=("long",)),
    "cot_mix": Arm("short and long rationales in turn, then answer", forms=("short", "long")),
    "cot_unfiltered": Arm("rationale, then answer, whether or not they passed verification", filtered=False),
    "cot_samples": Arm("several rationales to each task, each with its answer", samples=True),
}


def chosen_examples(examples: Sequence[Example], arm: str) -> list[Example]:
    """The examples that an arm learns from, in the order given.

    Whatever the arm, held-out examples are those of verified first rationales: the loss that stops a training is taken
    on good answers.
    """
    rule = ARMS[arm]
    tasks = {task_id: place for place, task_id in enumerate(dict.fromkeys(example.task_id for example in examples))}
    kept = []
    for example in examples:
        form = rule.forms[tasks[example.task_id] % len(rule.forms)]
        learned_from = example.split == "train"
        if (
            example.form == form
            and (example.verified or (learned_from and not rule.filtered))
            and (example.sample == 0 or (learned_from and rule.samples))
        ):
            kept.append(example)
    return kept


def targets(example: Example, arm: str) -> list[tuple[str, str]]:
    """What a student of an arm learns to say to one example: pairs of an addition to the prompt, and a text.

    Examples
    --------
    >>> from sleepcot_utils.distill.training_set import Example
    >>> example = Example("t", "knowledge", "card:x", "train", "", [], "372 is under 420.", "Sleep more.")
    >>> targets(example, "cot")
    [('', 'Reasoning:\\n372 is under 420.\\nAnswer:\\nSleep more.')]
    >>> targets(example, "answer_only")
    [('', 'Answer:\\nSleep more.')]
    >>> [addition for addition, _ in targets(example, "step_by_step")]
    ['', 'Explain step by step, without the answer.']
    """
    answer = f"{ANSWER_MARK}\n{example.answer}"
    reasoning = f"{REASONING_MARK}\n{example.rationale}"
    return {
        "none": [("", answer)],
        "before": [("", f"{reasoning}\n{answer}")],
        "apart": [("", answer), (EXPLAIN, reasoning)],
    }[ARMS[arm].rationale]
