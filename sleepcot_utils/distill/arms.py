"""The arms: which of the teacher's words a student learns from, all else being equal."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sleepcot_utils.tasks.build import FOLLOW_UP, GUIDE, KNOWLEDGE, RECOMMEND
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
    kinds : tuple of str
        Kinds of task that are learned; empty for all of them together. At equal steps a student of one kind sees each of
        its examples more often than the student of all kinds does.
    persons_share : float
        Share of the persons whose reports are learned from. Smaller shares are parts of larger ones; knowledge questions
        belong to nobody and stay.
    on_policy : bool
        Whether the last part of the steps goes to the student's own words, judged token by token by a larger model.
    adapter : str
        ``lora``, ``dora`` or ``full`` whatever the parameters say; empty for what they say.
    from_scratch : bool
        Whether the base's weights are thrown away and drawn at random.
    tokens_of : str
        The arm whose number of tokens this one gets instead of its number of steps; empty for equal steps.
    guide : bool
        Whether training advice is learned too. At equal steps the tasks on sleep are then seen less often.
    """

    says: str
    rationale: str = "before"
    forms: tuple[str, ...] = ("short",)
    filtered: bool = True
    samples: bool = False
    kinds: tuple[str, ...] = ()
    persons_share: float = 1.0
    on_policy: bool = False
    adapter: str = ""
    from_scratch: bool = False
    tokens_of: str = ""
    guide: bool = False


ARMS = {
    "answer_only": Arm("the answer alone", rationale="none"),
    "cot": Arm("rationale, then answer (SleepCoT)"),
    "answer_only_equal_tokens": Arm("the answer alone, for as many tokens as cot", rationale="none", tokens_of="cot"),
    "step_by_step": Arm("answer, and rationale as a second task", rationale="apart"),
    "cot_long": Arm("long rationale, then answer", forms=("long",)),
    "cot_mix": Arm("short and long rationales in turn, then answer", forms=("short", "long")),
    "cot_unfiltered": Arm("rationale, then answer, whether or not they passed verification", filtered=False),
    "cot_samples": Arm("several rationales to each task, each with its answer", samples=True),
    "cot_half": Arm("rationale, then answer, of half of the persons", persons_share=0.5),
    "cot_quarter": Arm("rationale, then answer, of a quarter of the persons", persons_share=0.25),
    "answer_only_half": Arm("the answer alone, of half of the persons", rationale="none", persons_share=0.5),
    "answer_only_quarter": Arm("the answer alone, of a quarter of the persons", rationale="none", persons_share=0.25),
    "cot_recommend_only": Arm("rationale, then answer, of recommendations alone", kinds=(RECOMMEND,)),
    "cot_follow_up_only": Arm("rationale, then answer, of questions about reports alone", kinds=(FOLLOW_UP,)),
    "cot_knowledge_only": Arm("rationale, then answer, of knowledge questions alone", kinds=(KNOWLEDGE,)),
    "cot_full": Arm("as cot, all weights trained", adapter="full"),
    "cot_lora": Arm("as cot, a LoRA adapter and the embeddings trained", adapter="lora"),
    "cot_dora": Arm("as cot, a DoRA adapter and the embeddings trained", adapter="dora"),
    "cot_from_scratch": Arm("as cot, all weights trained from random ones", adapter="full", from_scratch=True),
    "cot_with_guide": Arm("as cot, and the training advice too", guide=True),
    "on_policy": Arm("as cot, then its own words judged token by token by a larger model", on_policy=True),
}


def chosen_examples(examples: Sequence[Example], arm: str, *, of_every_kind: bool = False) -> list[Example]:
    """The examples that an arm learns from, in the order given.

    Whatever the arm, held-out examples are those of verified first rationales: the loss that stops a training is taken
    on good answers.

    Parameters
    ----------
    of_every_kind : bool
        Whether examples of kinds that the arm does not learn are given too.
    """
    rule = ARMS[arm]
    persons = persons_of_share(examples, rule.persons_share)
    tasks = {task_id: place for place, task_id in enumerate(dict.fromkeys(example.task_id for example in examples))}
    kept = []
    for example in examples:
        form = rule.forms[tasks[example.task_id] % len(rule.forms)]
        learned_from = example.split == "train"
        if (
            example.form == form
            and (rule.guide or example.kind != GUIDE)
            and (of_every_kind or not rule.kinds or example.kind in rule.kinds)
            and (not learned_from or example.kind == KNOWLEDGE or example.person_id in persons)
            and (example.verified or (learned_from and not rule.filtered))
            and (example.sample == 0 or (learned_from and rule.samples))
        ):
            kept.append(example)
    return kept


def persons_of_share(examples: Sequence[Example], share: float) -> set[str]:
    """A share of the persons with reports to learn from, at least one; the same ones whatever the order or seed.

    Persons stand in the order of a hash of their names, so that a smaller share is a part of a larger one.
    """
    persons = {e.person_id for e in examples if e.split == "train" and e.kind not in (KNOWLEDGE, GUIDE)}
    ordered = sorted(persons, key=lambda person: hashlib.sha256(person.encode()).hexdigest())
    return set(ordered[: math.ceil(share * len(ordered))])


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
