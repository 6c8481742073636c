"""Scores of training advice against the keys of its tasks, a baseline that says the same to all, and a control."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import GUIDE, Task
from sleepcot_utils.tasks.guide.rules import EASY, REST, conditions, rules
from sleepcot_utils.tasks.guide.situation import DAYS
from sleepcot_utils.tasks.guide.tasks import CONDITION, TODAY, WEEK
from sleepcot_utils.tasks.guide.week import PLAN_RULES, Session, plan_text
from sleepcot_utils.teach.verify.guide import (
    clinician_is_right,
    level_of,
    minutes_are_right,
    missing_points,
    names_rule,
    plan_is_broken,
    unsafe_training_phrases,
)

#: What each metric asks. All lie between 0 and 1 and more is better.
GUIDE_METRICS = {
    "level_right": "today: the level that the key allows",
    "minutes_right": "today: minutes in the range of the key",
    "rule_named": "today and week: the rule that decides is named",
    "plan_right": "week: a plan that keeps to every rule",
    "plan_kept": "week: share of the rules that the plan keeps; 0 if there is no plan of seven days",
    "clinician_right": "a clinician is named where one is needed, first and soon enough, and nowhere else",
    "points_covered": "condition: share of the points of guidance that are said",
    "safe": "nothing is advised that this person must not get",
}
CONSTANT = "constant"
#: A plan that says the same to all: five easy days of 30 min, the 150 min of the guideline, strength on two of them.
CONSTANT_DAYS, CONSTANT_MIN = 5, 30
CONTROL = "_wrong_person"


def guide_scores(task: Task, answer: str) -> dict[str, float]:
    """Values of the metrics that apply to one answer, by metric."""
    key = task.key
    values = {
        "clinician_right": float(clinician_is_right(key, answer)),
        "safe": float(not unsafe_training_phrases(key, answer)),
    }
    if key["topic"] == CONDITION:
        points = conditions()[key["condition"]]["points"]
        return values | {"points_covered": 1 - len(missing_points(key, answer)) / len(points)}
    values["rule_named"] = float(names_rule(answer, key["deciding"]))
    if key["topic"] == TODAY:
        given = level_of(answer)
        is_right = given is not None and given[0] == key["level"]
        return values | {
            "level_right": float(is_right),
            "minutes_right": float(is_right and minutes_are_right(key, answer)),
        }
    broken = plan_is_broken(key, answer)
    kept = 0.0 if "days" in broken else 1 - len(broken) / len(PLAN_RULES)
    return values | {"plan_right": float(not broken), "plan_kept": kept}


def constant_guide_answers(tasks: Iterable[Task], training: Sequence[Task]) -> list[Answer]:
    """The commonest level and rule of the training tasks to everybody, and one plan for all.

    Parameters
    ----------
    tasks : iterable of Task
        Guide tasks that are answered.
    training : sequence of Task
        Guide tasks from which the commonest level and rule are taken; at least one of the topic ``today``.
    """
    asked = [task.key for task in training if task.topic == TODAY]
    level = Counter(key["level"] for key in asked).most_common(1)[0][0]
    rule = Counter(key["deciding"] for key in asked if key["level"] == level).most_common(1)[0][0]
    why = f"Why: {rules()[rule].names[0]}."
    today = f"Today: {level}" + (f", {CONSTANT_MIN} min." if level != REST else ".")
    answers = []
    for task in tasks:
        if task.topic == TODAY:
            text = f"{today}\n{why}"
        elif task.topic == WEEK:
            text = (
                f"Plan: {_constant_plan(task.key['week']['days'])}.\nTotal: {CONSTANT_DAYS * CONSTANT_MIN} min.\n{why}"
            )
        else:
            entry = conditions()[task.key["condition"]]
            text = f"Food: {entry['food']}.\nActivity: {entry['activity']}.\nMedicine: {entry['medicine']}."
        answers.append(Answer(task.task_id, CONSTANT, 0, "", text, "stop", 0, 0.0))
    return answers


def _constant_plan(days: Sequence[str]) -> str:
    weekend = DAYS[CONSTANT_DAYS:]
    return plan_text(
        [
            Session(day, REST, 0)
            if day in weekend
            else Session(day, EASY, CONSTANT_MIN, strength=day in ("Mon", "Thu"))
            for day in days
        ]
    )


def wrong_person_guide(answers: Iterable[Answer], tasks: Sequence[Task]) -> pd.DataFrame:
    """Negative control: each answer held against the key of the next person's task of the same topic.

    Returns
    -------
    pandas.DataFrame
        ``task_id, kind, person_id, source, seed, metric, value`` with metrics named ``..._wrong_person``; the right
        advice for somebody else may also be right here, so the control does not go to 0.
    """
    own = {task.task_id: task for task in tasks if task.kind == GUIDE}
    following: dict[str, Task] = {}
    for topic in (TODAY, WEEK):
        of_topic = [task for task in own.values() if task.topic == topic]
        for at, task in enumerate(of_topic):
            others = [*of_topic[at + 1 :], *of_topic[:at]]
            other = next((one for one in others if one.person_id != task.person_id), None)
            if other is not None:
                following[task.task_id] = other
    rows: list[dict[str, Any]] = []
    for answer in answers:
        if answer.task_id in following:
            task = own[answer.task_id]
            for metric, value in guide_scores(following[answer.task_id], answer.answer).items():
                rows.append(_row(task, answer, f"{metric}{CONTROL}", value))
    return pd.DataFrame(rows, columns=["task_id", "kind", "person_id", "source", "seed", "metric", "value"])


def _row(task: Task, answer: Answer, metric: str, value: float) -> dict[str, Any]:
    said: Mapping[str, Any] = {"source": answer.source, "seed": answer.seed, "metric": metric, "value": value}
    return {"task_id": task.task_id, "kind": task.kind, "person_id": task.person_id, **said}
