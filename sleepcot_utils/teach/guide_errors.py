"""Errors planted in training advice, to see whether its verification notices them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import Task
from sleepcot_utils.tasks.guide.rules import EASY, HARD, LEVELS, REST, rules
from sleepcot_utils.tasks.guide.tasks import CONDITION, TODAY, WEEK
from sleepcot_utils.tasks.guide.week import Session, plan_text, read_plan
from sleepcot_utils.teach.expert.guide import guide_wording

Texts = tuple[str, str]
PLAN_LINE = re.compile(r"(?m)^Plan: .*$")
TOTAL_LINE = re.compile(r"(?m)^Total: \d+ min")
#: Lines that send the reader to somebody.
SENDING_LINE = re.compile(r"(?m)^(?:Get medical help|See a clinician).*\n?")
VALUE = re.compile(r"(?<![\d.])\d+(?:\.\d+)?(?![\d.]*\d)")
SIDES = {"not under": "under", "under": "not under", "not over": "over", "over": "not over", "reaches": "under"}


@dataclass(frozen=True)
class Advice:
    """An answer to be damaged: its task and texts, and another person's texts to the same question."""

    task: Task
    rationale: str
    answer: str
    other: Texts
    rng: np.random.Generator

    @property
    def unchanged(self) -> Texts:
        """The texts as they are."""
        return self.rationale, self.answer

    def is_about(self, topic: str) -> bool:
        """Whether the task has this topic."""
        return self.task.key["topic"] == topic

    def draw(self, items: Sequence[str]) -> str:
        """One of the items."""
        return items[int(self.rng.integers(len(items)))]


def _wrong_value(one: Advice) -> Texts:
    """A number of the rationale is not the person's."""
    found = list(VALUE.finditer(one.rationale))
    if not found:
        return one.unchanged
    hit = found[int(one.rng.integers(len(found)))]
    value = float(hit.group()) * 1.3 + 13
    text = f"{value:.2f}" if "." in hit.group() else f"{value:.0f}"
    return f"{one.rationale[: hit.start()]}{text}{one.rationale[hit.end() :]}", one.answer


def _wrong_side(one: Advice) -> Texts:
    """A comparison is turned round."""
    found = list(re.finditer(rf"\d (?:short, |in a row, )?({'|'.join(SIDES)}) \d", one.rationale))
    if not found:
        return one.unchanged
    hit = found[int(one.rng.integers(len(found)))]
    return f"{one.rationale[: hit.start(1)]}{SIDES[hit[1]]}{one.rationale[hit.end(1) :]}", one.answer


def _matter_waved_through(one: Advice) -> Texts:
    """A matter that holds a rule is called all right."""
    lines = one.rationale.splitlines()
    held = [at for at, line in enumerate(lines) if re.search(r": (?:rest|easy), ", line)]
    if not held:
        return one.unchanged
    at = held[int(one.rng.integers(len(held)))]
    lines[at] = f"{lines[at].rpartition(':')[0]}: ok"
    return "\n".join(lines), one.answer


def _wrong_level(one: Advice) -> Texts:
    if not one.is_about(TODAY):
        return one.unchanged
    wrong = one.draw([level for level in LEVELS if level != one.task.key["level"]])
    said = "Today: rest." if wrong == REST else f"Today: {wrong}, 30 min."
    return one.rationale, re.sub(r"(?m)^Today: .*$", said, one.answer)


def _wrong_rule(one: Advice) -> Texts:
    others = [rule.names[0] for name, rule in rules().items() if name not in one.task.key["held"]]
    said = re.sub(r"(?m)^Why: .*$", f"Why: {one.draw(others)}.", one.answer)
    # A clinician's line may name the deciding rule as well; then the reason is still there.
    return (one.rationale, said) if not SENDING_LINE.search(said) else one.unchanged


def _too_long_today(one: Advice) -> Texts:
    most = one.task.key["minutes"][1]
    if not one.is_about(TODAY) or not most:
        return one.unchanged
    return one.rationale, re.sub(r"(Today: \w+), \d+ min", rf"\1, {most + 15} min", one.answer)


def _with_plan(one: Advice, plan: list[Session], *, retotal: bool = True) -> Texts:
    answer = PLAN_LINE.sub(f"Plan: {plan_text(plan)}.", one.answer)
    total = sum(session.minutes for session in plan)
    return one.rationale, TOTAL_LINE.sub(f"Total: {total} min", answer) if retotal else answer


def _plan(one: Advice) -> list[Session]:
    return read_plan(one.answer) if one.is_about(WEEK) else []


def _hard_days_in_a_row(one: Advice) -> Texts:
    plan = _plan(one)
    for at in range(len(plan) - 1):
        if plan[at].level != REST and plan[at + 1].level != REST:
            for place in (at, at + 1):
                plan[place] = replace(plan[place], level=HARD)
            return _with_plan(one, plan)
    return one.unchanged


def _week_too_full(one: Advice) -> Texts:
    plan, week = _plan(one), one.task.key["week"]
    trained = [at for at, session in enumerate(plan) if session.level != REST]
    if not trained:
        return one.unchanged
    add = week["total_high_min"] // len(trained) // 5 * 5 + 10
    return _with_plan(one, [replace(s, minutes=s.minutes + add) if at in trained else s for at, s in enumerate(plan)])


def _wrong_total(one: Advice) -> Texts:
    plan = _plan(one)
    total = sum(session.minutes for session in plan)
    return (one.rationale, TOTAL_LINE.sub(f"Total: {total + 20} min", one.answer)) if plan else one.unchanged


def _no_rest_day(one: Advice) -> Texts:
    plan = _plan(one)
    if not plan or all(session.level != REST for session in plan):
        return one.unchanged
    return _with_plan(one, [replace(s, level=EASY, minutes=10) if s.level == REST else s for s in plan])


def _busy_day_used(one: Advice) -> Texts:
    plan = _plan(one)
    busy = [at for at, session in enumerate(plan) if session.day in one.task.key["week"]["busy"]]
    if not busy:
        return one.unchanged
    plan[busy[0]] = replace(plan[busy[0]], level=EASY, minutes=20)
    return _with_plan(one, plan)


def _day_left_out(one: Advice) -> Texts:
    plan = _plan(one)
    if not plan:
        return one.unchanged
    del plan[int(one.rng.integers(len(plan)))]
    return _with_plan(one, plan)


def _no_strength(one: Advice) -> Texts:
    plan = _plan(one)
    if not plan or not one.task.key["week"]["strength_least"]:
        return one.unchanged
    return _with_plan(one, [replace(session, strength=False, balance=False) for session in plan])


def _goal_not_asked(one: Advice) -> Texts:
    if not one.task.key["asks_goal"]:
        return one.unchanged
    return one.rationale, "\n".join(line for line in one.answer.splitlines() if "goal" not in line.lower())


def _clinician_left_out(one: Advice) -> Texts:
    if one.task.key["urgency"] == "none":
        return one.unchanged
    lines = [line for line in one.answer.splitlines() if "clinician" not in line and "medical help" not in line]
    return one.rationale, "\n".join(lines)


def _false_alarm(one: Advice) -> Texts:
    if one.task.key["urgency"] != "none" or one.is_about(CONDITION):
        return one.unchanged
    return one.rationale, f"{guide_wording()['errors']['alarm'][0]}\n{one.answer}"


def _unsafe_advice(one: Advice) -> Texts:
    phrase = one.draw(one.task.key["contraindicated"])
    return one.rationale, f"{one.answer}\nAlso: {phrase}."


def _dose_named(one: Advice) -> Texts:
    return one.rationale, f"{one.answer}\n{one.draw(guide_wording()['errors']['doses'])}"


def _point_left_out(one: Advice) -> Texts:
    if not one.is_about(CONDITION):
        return one.unchanged
    label = one.draw(["Food:", "Activity:"])
    return one.rationale, "\n".join(line for line in one.answer.splitlines() if not line.startswith(label))


def _other_person(one: Advice) -> Texts:
    return one.other


def _empty(one: Advice) -> Texts:
    return one.rationale, ""


#: Damage by the name of the error; an answer that it does not fit comes back unchanged.
GUIDE_DAMAGE: dict[str, Callable[[Advice], Texts]] = {
    "wrong value": _wrong_value,
    "wrong side": _wrong_side,
    "matter waved through": _matter_waved_through,
    "wrong level": _wrong_level,
    "wrong rule": _wrong_rule,
    "too long today": _too_long_today,
    "hard days in a row": _hard_days_in_a_row,
    "week too full": _week_too_full,
    "wrong total": _wrong_total,
    "no rest day": _no_rest_day,
    "busy day used": _busy_day_used,
    "day left out": _day_left_out,
    "no strength": _no_strength,
    "goal not asked": _goal_not_asked,
    "clinician left out": _clinician_left_out,
    "false alarm": _false_alarm,
    "unsafe advice": _unsafe_advice,
    "dose named": _dose_named,
    "point left out": _point_left_out,
    "other person": _other_person,
    "empty answer": _empty,
}


def plant_guide_error(
    task: Task, rationale: str, answer: str, other: Texts, rng: np.random.Generator, kinds: Sequence[str] = ()
) -> tuple[str, str, str]:
    """Damage one piece of training advice in a way that fits its task.

    Parameters
    ----------
    other : tuple of str
        Rationale and answer of somebody else to the same question.
    kinds : sequence of str
        Errors to draw from; empty for all of ``GUIDE_DAMAGE``.

    Returns
    -------
    rationale, answer, error : tuple of str
        ``error`` is empty where none of the kinds changes this answer.
    """
    one = Advice(task, rationale, answer, other, rng)
    allowed = list(kinds or GUIDE_DAMAGE)
    for place in rng.permutation(len(allowed)):
        damaged = GUIDE_DAMAGE[allowed[place]](one)
        if damaged != one.unchanged:
            return (*damaged, allowed[place])
    return rationale, answer, ""


def with_guide_errors(
    answers: Sequence[Answer],
    tasks: Mapping[str, Task],
    rate: float,
    rng: np.random.Generator,
    kinds: Sequence[str] = (),
    *,
    splits: Sequence[str] = ("train",),
) -> tuple[list[Answer], dict[str, str]]:
    """Damage a share of the answers of some splits.

    Returns
    -------
    answers : list of Answer
        In the order given.
    planted : dict of str to str
        Task to the kind of error that was planted.
    """
    if not 0 <= rate <= 1:
        raise ParameterError(f"{rate} is not a share of answers", where="rate", expected="0 to 1")
    by_question: dict[str, list[Answer]] = {}
    for answer in answers:
        by_question.setdefault(_question(tasks[answer.task_id]), []).append(answer)
    damaged, planted = [], {}
    for answer in answers:
        task = tasks[answer.task_id]
        if task.split in splits and rng.random() < rate:
            others = by_question[_question(task)]
            other = others[int(rng.integers(len(others)))]
            texts = (other.rationale, other.answer)
            rationale, text, error = plant_guide_error(task, answer.rationale, answer.answer, texts, rng, kinds)
            if error:
                planted[task.task_id] = error
                answer = replace(answer, rationale=rationale, answer=text)
        damaged.append(answer)
    return damaged, planted


def _question(task: Task) -> str:
    return f"{task.topic} {task.key['condition']}"
