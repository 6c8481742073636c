"""Worked exemplars: tasks of people in no run, each with the rationale and answer of a careful teacher."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

import yaml

from sleepcot_utils.errors import InputError, ParameterError
from sleepcot_utils.norms import fact_norms
from sleepcot_utils.paths import reference_data
from sleepcot_utils.report.facts import judged_fact
from sleepcot_utils.report.reports import FACTUAL, Report
from sleepcot_utils.tasks.build import (
    FOLLOW_UP,
    KNOWLEDGE,
    RECOMMEND,
    Task,
    choice_task,
    follow_up_task,
    knowledge_task,
    recommend_task,
)
from sleepcot_utils.tasks.follow_up import remarks

FIXED, SIMILAR = WAYS = ("fixed", "similar")
TRAIN = "train"  # exemplars use words that students may see
_AGE = re.compile(r"^Person: age (\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Exemplar:
    """One worked task.

    Attributes
    ----------
    name : str
        Its key in ``data/exemplars/worked.yaml``.
    task : Task
        With the key, so that rationale and answer can be checked as any teacher's.
    """

    name: str
    task: Task
    rationale: str
    answer: str

    @property
    def user(self) -> str:
        """What is asked: report and question."""
        return self.task.messages[-1]["content"]


@cache
def exemplars() -> tuple[Exemplar, ...]:
    """All exemplars, in the order of the file."""
    entries = yaml.safe_load(reference_data("exemplars", "worked.yaml").read_text(encoding="utf-8"))
    return tuple(
        Exemplar(name, _task(name, entry), entry["rationale"].strip(), entry["answer"].strip())
        for name, entry in entries["exemplars"].items()
    )


def _task(name: str, entry: dict[str, Any]) -> Task:
    if entry["kind"] == KNOWLEDGE:
        return _knowledge_task(entry)
    report = exemplar_report(name, entry["person"])
    if entry["kind"] == RECOMMEND:
        return recommend_task(report, TRAIN)
    about = str(entry.get("about", ""))
    if "remark" in entry:
        about = _remark_id(name, entry["remark"])
    return follow_up_task(entry["topic"], report, TRAIN, entry["question"], about=about)


def _knowledge_task(entry: dict[str, Any]) -> Task:
    if "options" in entry:
        question = SimpleNamespace(
            card_id=entry["card"],
            split=TRAIN,
            question=entry["question"],
            options=entry["options"],
            right=entry["right"],
        )
        return choice_task(question, 0)
    card: Any = SimpleNamespace(card_id=entry["card"])
    return knowledge_task(card, TRAIN, 0, entry["question"])


def _remark_id(name: str, text: str) -> str:
    for remark in remarks().values():
        if remark.text == text and remark.split == TRAIN:
            return remark.remark_id
    raise InputError(
        f"the remark {text!r} is not known",
        where=f"data/exemplars/worked.yaml, {name}",
        expected="a training remark of data/norms/remarks.yaml",
    )


def exemplar_report(name: str, person: dict[str, Any]) -> Report:
    """Report of an exemplar's person.

    Parameters
    ----------
    person : dict
        ``age_y``, ``sex`` (None where not given), ``nights``, ``bedtime`` as HH:MM, ``facts`` (value in the unit of the
        norm; what is left out was not measured), ``trend``, and ``alcohol`` with ``after_pct`` and ``otherwise_pct`` or
        nothing.
    """
    stray = set(person["facts"]) - set(fact_norms())
    if stray:
        raise InputError(
            f"there is no fact {min(stray)!r}",
            where=f"data/exemplars/worked.yaml, {name}",
            expected=f"some of {', '.join(fact_norms())}",
        )
    age_y, sex, nights = person["age_y"], person["sex"], person["nights"]
    facts = {
        fact: judged_fact(fact, float(person["facts"].get(fact, math.nan)), nights, age_y, sex) for fact in fact_norms()
    }
    trend = {"direction": person["trend"], "slope_min": None, "low_min": None, "high_min": None}
    person_id = f"exemplar-{name}"
    return Report(
        f"{person_id}-{FACTUAL}", person_id, FACTUAL, nights, nights, "", age_y, sex, person["bedtime"], facts,
        person.get("alcohol"), trend,
    )  # fmt: skip


def choose(task: Task, shots: int, way: str = FIXED) -> list[Exemplar]:
    """Exemplars for a task, the best one last, where it stands nearest to the question.

    Only those of the task's own kind are shown, and never one that is about the same report or card.

    Parameters
    ----------
    shots : int
        How many at most.
    way : str
        ``fixed``: the first of the kind, one of the same kind of question last. ``similar``: for reports those of
        which most facts are on the same side of their norms, questions of the same kind first; for knowledge those
        whose words resemble the question most. Ties keep the order of the file, so that the choice never varies. What
        decides is read off the prompt, not off the key, which is the teacher's to find.
    """
    if way not in WAYS:
        raise ParameterError(f"exemplars can't be {way!r}", where="exemplars", expected=" or ".join(WAYS))
    if shots < 0:
        raise ParameterError(f"{shots} shots are asked for", where="shots", expected="0 or more")
    others = [one for one in exemplars() if one.task.kind == task.kind and not _same(one.task, task)]
    order = {FIXED: _by_topic, SIMILAR: _by_words if task.kind == KNOWLEDGE else _by_levels}[way]
    return order(task, others)[:shots][::-1]


def _same(one: Task, other: Task) -> bool:
    """Whether two tasks are about one person, one report or one card."""
    if one.kind == KNOWLEDGE:
        return one.topic == other.topic
    return one.person_id == other.person_id or _printed(_said(one)) == _printed(_said(other))


def _said(task: Task) -> str:
    return task.messages[-1]["content"]


def _by_topic(task: Task, others: list[Exemplar]) -> list[Exemplar]:
    return sorted(others, key=lambda one: task.kind == FOLLOW_UP and one.task.topic != task.topic)


def _by_levels(task: Task, others: list[Exemplar]) -> list[Exemplar]:
    wanted = _levels(_said(task))

    def distance(one: Exemplar) -> tuple[bool, int]:
        levels = _levels(one.user)
        return task.kind == FOLLOW_UP and one.task.topic != task.topic, sum(levels[n] != wanted[n] for n in wanted)

    return sorted(others, key=distance)


def _by_words(task: Task, others: list[Exemplar]) -> list[Exemplar]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not others:
        return []
    texts = [_said(task), *(one.user for one in others)]
    vectors = TfidfVectorizer(stop_words="english", sublinear_tf=True).fit_transform(texts)
    nearness = (vectors[1:] @ vectors[0].T).toarray().ravel().round(9)
    return [others[i] for i in sorted(range(len(others)), key=lambda i: -nearness[i])]


def _printed(text: str) -> dict[str, float]:
    """Values of the facts as a report's text prints them; what is not measured is left out."""
    found = {}
    for name, norm in fact_norms().items():
        line = re.search(rf"^{re.escape(norm.label)}: ([+-]?\d+(?:\.\d+)?)", text, re.MULTILINE)
        if line:
            found[name] = float(line[1])
    return found


def _levels(text: str) -> dict[str, str]:
    """Level and direction of each fact of a report's text, or ``unknown``."""
    age = _AGE.search(text)
    nights = re.search(r"^Sleep report, (\d+) nights", text)
    values = _printed(text)
    return {
        name: " ".join(norm.judge(values[name], float(age[1]) if age else None, int(nights[1]) if nights else 0))
        if name in values
        else "unknown"
        for name, norm in fact_norms().items()
    }
