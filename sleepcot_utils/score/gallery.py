"""The worst and the best answers of a source, chosen by a rule and shown with what the key says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from sleepcot_utils.knowledge import Card
from sleepcot_utils.score.first_wrong import NOTHING, WrongStep, first_wrong_step, right_answer
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import KNOWLEDGE, Task
from sleepcot_utils.teach.verification import check_answer

WORST, BEST = "worst", "best"
#: Checks whose failure could do harm to a reader.
HARM = ("red flag", "unsafe advice", "dose", "diagnosis")
#: Answers of one kind of question in a list, so that one weakness does not fill it.
MOST_OF_A_KIND = 2
RULES = {
    WORST: (
        "of the first seed: what could do harm first (a red flag missed or invented, unsafe advice, a dose, a diagnosis), then "
        "most failed checks, then by task id; one answer a person or card, two at most of a kind of question"
    ),
    BEST: (
        "of the first seed: only what passes every check, hardest question first, then most steps in its key, then by task "
        "id; one answer a person or card, two at most of a kind of question"
    ),
}


@dataclass(frozen=True)
class Shown:
    """One answer of the gallery.

    Attributes
    ----------
    task, answer : Task, Answer
        What was asked and said.
    failed : tuple of str
        Checks that the answer fails.
    first_wrong : WrongStep
        Where it first goes wrong.
    key : str
        What the key says, in a line.
    """

    task: Task
    answer: Answer
    failed: tuple[str, ...]
    first_wrong: WrongStep
    key: str


def gallery(
    tasks: Sequence[Task],
    answers: Sequence[Answer],
    cards: Mapping[str, Card],
    *,
    source: str,
    side: str,
    count: int = 10,
) -> list[Shown]:
    """The worst or the best answers of one source by the rule in ``RULES``.

    Parameters
    ----------
    tasks, answers : sequence
        In any order; answers of other sources are left aside.
    cards : mapping of str to Card
        Knowledge cards by id.
    source, side : str
        Whose answers, and ``worst`` or ``best``.
    count : int
        Answers at most; fewer where the rule lets fewer through.
    """
    by_id = {task.task_id: task for task in tasks}
    own = [answer for answer in answers if answer.source == source]
    first_seed = min((answer.seed for answer in own), default=0)
    rows = []
    for answer in own:
        if answer.seed == first_seed:
            task = by_id[answer.task_id]
            failed = tuple(check_answer(task, answer.rationale, answer.answer, cards))
            if bool(failed) == (side == WORST):
                rows.append((_place(task, failed), task, answer, failed))
    chosen: list[Shown] = []
    persons: set[str] = set()
    kinds: Counter[tuple[str, str]] = Counter()
    for _, task, answer, failed in sorted(rows, key=lambda row: row[0]):
        kind = (
            (task.kind, "choice" if task.key.get("choice") else "")
            if task.kind == KNOWLEDGE
            else (task.kind, task.topic)
        )
        if len(chosen) == count:
            break
        if task.person_id in persons or kinds[kind] == MOST_OF_A_KIND:
            continue
        persons.add(task.person_id)
        kinds[kind] += 1
        first = first_wrong_step(task, answer.rationale, answer.answer, cards)
        chosen.append(Shown(task, answer, failed, first, right_answer(task, cards)))
    return chosen


def _place(task: Task, failed: Sequence[str]) -> tuple[Any, ...]:
    if failed:
        return (-int(any(name in HARM for name in failed)), -len(failed), task.task_id)
    return (-int(task.key.get("difficulty", 1)), -len(task.key.get("steps", ())), task.task_id)


def gallery_html(shown: Sequence[Shown]) -> str:
    """The answers as one HTML block, each folded under a line that says what it is about."""
    return "\n".join(_one(number, one) for number, one in enumerate(shown, start=1))


def _one(number: int, one: Shown) -> str:
    report, _, question = one.task.messages[-1]["content"].rpartition("\n")
    if one.task.key.get("choice"):
        report, question = "", one.task.messages[-1]["content"]
    wrong = one.first_wrong
    about = one.task.topic or one.task.kind
    place = f", line {wrong.line}" if wrong.line else ""
    head = f"{number}. {about} · {one.task.task_id} · " + (
        f"first wrong: {wrong.step}{place}" if wrong.step != NOTHING else "passes every check"
    )
    parts = [("asked", question), ("key", one.key), ("rationale", one.answer.rationale or "(none)")]
    parts.append(("answer", one.answer.answer))
    if wrong.step != NOTHING:
        parts.append(("wrong", f"{wrong.excerpt or '(missing)'}  →  right: {wrong.expected}"))
        parts.append(("failed", ", ".join(one.failed) or "none of the checks; the step alone is wrong"))
    cells = "".join(
        f'<tr><th style="text-align:left;vertical-align:top">{name}</th>'
        f'<td style="text-align:left;white-space:pre-wrap">{escape(text)}</td></tr>'
        for name, text in parts
    )
    prompt = (
        f'<details><summary>the report that it was shown</summary><pre style="margin:0">{escape(report)}</pre></details>'
        if report
        else ""
    )
    return f"<details><summary>{escape(head)}</summary><table>{cells}</table>{prompt}</details>"
