"""Prompts of teachers: an instruction from Jinja2 files, worked exemplars, then the task."""

from __future__ import annotations

import hashlib
import json
from functools import cache

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.norms import fact_norms
from sleepcot_utils.tasks.build import FOLLOW_UP, GUIDE, KNOWLEDGE, RECOMMEND, Task
from sleepcot_utils.tasks.drivers import drivers
from sleepcot_utils.tasks.follow_up import follow_ups
from sleepcot_utils.tasks.guide.rules import rules
from sleepcot_utils.tasks.reading import ANSWER_MARK, REASONING_MARK
from sleepcot_utils.teach.exemplars import FIXED, Exemplar, choose, exemplars
from sleepcot_utils.teach.templates import rendered

Messages = list[dict[str, str]]
ZERO_SHOT, FEW_SHOT, COT, FEW_SHOT_COT = MODES = ("zero_shot", "few_shot", "cot", "few_shot_cot")
KINDS = (RECOMMEND, FOLLOW_UP, KNOWLEDGE, GUIDE)
SHOTS = 3


@cache
def system_prompt(kind: str = RECOMMEND, mode: str = FEW_SHOT_COT, topic: str = "") -> str:
    """Instruction of a teacher for one kind of task.

    Parameters
    ----------
    kind : str
        ``recommend``, ``follow_up``, ``knowledge`` or ``guide``.
    mode : str
        ``zero_shot``, ``few_shot``, ``cot`` (reasoning first) or ``few_shot_cot``.
    topic : str
        Kind of follow-up question, whose verdicts are then listed, right and wrong ones alike.
    """
    _require(mode, MODES, "mode")
    _require(kind, KINDS, "kind")
    oxygen = fact_norms()["lowest_oxygen"].act
    return rendered(
        mode,
        kind=kind,
        oxygen_limit=int(oxygen.low) - 1 if oxygen else "",
        drivers=[driver.phrase for driver in drivers().values()],
        rules=list(rules().values()),
        phrases=_verdict_phrases(topic) if kind == FOLLOW_UP and topic else [],
    )


def _verdict_phrases(topic: str) -> list[str]:
    _require(topic, tuple(follow_ups()), "topic")
    entry = follow_ups()[topic]
    return [phrases[0] for phrases in entry["verdicts"].values()]


def messages_for_teacher(task: Task, mode: str = FEW_SHOT_COT, exemplars: str = FIXED, shots: int = SHOTS) -> Messages:
    """Prompt of a task for a teacher: instruction, worked exemplars where the mode has them, then the task as it is.

    Parameters
    ----------
    mode : str
        As in ``system_prompt``.
    exemplars : str
        ``fixed`` or ``similar``, see ``teach.exemplars.choose``.
    shots : int
        Exemplars shown, in modes that show any.

    Raises
    ------
    ParameterError
        If the mode or the way of choosing is unknown, or the shots are negative.
    """
    chosen = choose(task, shots, exemplars)
    shown = chosen if mode in (FEW_SHOT, FEW_SHOT_COT) else []
    # Without an exemplar at hand the instruction must not promise one.
    said = mode if shown else {FEW_SHOT: ZERO_SHOT, FEW_SHOT_COT: COT}.get(mode, mode)
    messages = [{"role": "system", "content": system_prompt(task.kind, said, _topic(task))}]
    for one in shown:
        messages.append({"role": "user", "content": one.user})
        messages.append({"role": "assistant", "content": _worked(one, reasoned=mode == FEW_SHOT_COT)})
    return [*messages, task.messages[-1]]


def few_shot_messages(task: Task, shots: int = SHOTS) -> Messages:
    """Few-shot chain-of-thought prompt of a task, with fixed exemplars."""
    return messages_for_teacher(task, FEW_SHOT_COT, FIXED, shots)


def repair_messages(text: str, problem: str, mode: str = FEW_SHOT_COT) -> Messages:
    """What follows a prompt when an answer goes back once: the answer, and what is wrong with it.

    Parameters
    ----------
    problem : str
        What is wrong, as a clause without a final stop, in the program's words.
    """
    _require(mode, MODES, "mode")
    said = rendered("repair", problem=problem, reasoned=mode in (COT, FEW_SHOT_COT))
    return [{"role": "assistant", "content": text}, {"role": "user", "content": said}]


def prompt_hash(messages: Messages) -> str:
    """First 16 hexadecimal digits of the SHA-256 of a prompt."""
    return hashlib.sha256(json.dumps(messages, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def prompt_version(mode: str = FEW_SHOT_COT, kind: str = "") -> str:
    """Name and hash of the words of a mode, for one kind of task or for all; with other words it is another request.

    Examples
    --------
    >>> prompt_version("cot", "recommend").rpartition("-")[0]
    'cot-recommend'
    """
    kinds = (kind,) if kind else KINDS
    words = [
        [system_prompt(one, mode, topic) for one in kinds for topic in (follow_ups() if one == FOLLOW_UP else [""])],
        [
            [e.user, e.rationale, e.answer]
            for e in exemplars()
            if e.task.kind in kinds and mode in (FEW_SHOT, FEW_SHOT_COT)
        ],
    ]
    digest = hashlib.sha256(json.dumps(words).encode()).hexdigest()
    return f"{mode}-{kind or 'all'}-{digest[:12]}"


def _worked(one: Exemplar, *, reasoned: bool) -> str:
    reasoning = f"{REASONING_MARK}\n{one.rationale}\n" if reasoned else ""
    return f"{reasoning}{ANSWER_MARK}\n{one.answer}"


def _topic(task: Task) -> str:
    return task.topic if task.kind == FOLLOW_UP else ""


def _require(value: str, allowed: tuple[str, ...], name: str) -> None:
    if value not in allowed:
        raise ParameterError(f"there is no {name} {value!r}", where=name, expected=f"one of {', '.join(allowed)}")
