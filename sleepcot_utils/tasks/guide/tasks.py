"""Guide tasks: what to train today, a plan for the week, and food and activity under a condition, with their keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.tasks.build import COUNTERFACTUAL, FACTUAL, GUIDE, SYSTEM_PROMPT, Task
from sleepcot_utils.tasks.guide.decision import decide, is_pregnant
from sleepcot_utils.tasks.guide.readiness import readiness_of
from sleepcot_utils.tasks.guide.reasons import reasons
from sleepcot_utils.tasks.guide.rules import DIABETES, HYPERTENSION, PREGNANCY, conditions, never, rules
from sleepcot_utils.tasks.guide.situation import DAYS, Readiness, Situation, situation_text
from sleepcot_utils.tasks.guide.week import week_limits
from sleepcot_utils.tasks.guide.wishes import draw_request, twin_of

TODAY, WEEK, CONDITION = TOPICS = ("today", "week", "condition")
QUESTIONS = {TODAY: "What should I train today?", WEEK: "Plan my training for these seven days."}
#: Conditions that have a question of their own.
ASKED_CONDITIONS = (HYPERTENSION, DIABETES)
#: Mornings over which the people are spread, so that plans begin on all days of the week.
MORNINGS = len(DAYS)


def guide_key(topic: str, situation: Situation, condition: str = "") -> dict[str, Any]:
    """Key of a guide task, computed from what its text prints.

    Parameters
    ----------
    topic : str
        ``today``, ``week`` or ``condition``.
    condition : str
        Condition that is asked about, for that topic.

    Returns
    -------
    dict
        ``situation`` (all that is printed), ``held`` and ``deciding`` (rules), ``level``, ``tier``, ``urgency``, ``signs``,
        ``minutes`` (fewest and most today), ``left_min``, ``reasons`` (fact, words, rule and numbers, one a matter),
        ``numbers`` (fact to the numbers that may be said of it), ``week`` (limits of the week), ``asks_goal``,
        ``condition``, ``contraindicated`` (phrases) and ``red_flags`` (rules that need a clinician).
    """
    found = decide(situation)
    matters = reasons(situation, found)
    limits = week_limits(situation, found)
    held = list(situation.request.conditions)
    held += [PREGNANCY] if is_pregnant(situation) and PREGNANCY not in held else []
    held += ["injury"] if situation.request.injury else []
    return {
        "situation": situation.as_dict(),
        "topic": topic,
        "condition": condition,
        "held": list(found.held),
        "deciding": found.deciding,
        "level": found.level,
        "tier": found.tier,
        "urgency": found.urgency,
        "signs": list(found.signs),
        "minutes": list(found.minutes),
        "left_min": found.left_min,
        "reasons": [
            {"fact": one.fact, "says": one.says, "rule": one.rule, "numbers": list(one.numbers)} for one in matters
        ],
        "numbers": {one.fact: sorted(set(one.numbers)) for one in matters if one.numbers},
        "week": limits.as_dict(),
        "asks_goal": topic == WEEK and not situation.request.goal,
        "contraindicated": never(found.tier, tuple(held)),
        "red_flags": [name for name in found.held if _needs_clinician(name)],
        "required_facts": [],
        "values": {},
        "flags": {},
    }


def _needs_clinician(name: str) -> bool:
    return rules()[name].urgency != "none"


def question_of(topic: str, condition: str = "") -> str:
    """What is asked."""
    return str(conditions()[condition]["question"]) if topic == CONDITION else QUESTIONS[topic]


def guide_task(
    topic: str, situation: Situation, split: str, *, variant: str = FACTUAL, pair_id: str = "", condition: str = ""
) -> Task:
    """One guide task.

    Parameters
    ----------
    variant : str
        ``factual``, or ``counterfactual`` for the second situation of a person.
    """
    place = f"guide-{situation.person_id}-{variant}"
    name = f"{topic}-{condition}" if condition else topic
    body = f"{situation_text(situation)}\n{question_of(topic, condition)}"
    messages = [{"role": "system", "content": SYSTEM_PROMPT}, {"role": "user", "content": body}]
    return Task(
        f"{place}-{name}", GUIDE, topic, situation.person_id, split, variant, place, pair_id, messages,
        guide_key(topic, situation, condition),
    )  # fmt: skip


def guide_tasks_of(situation: Situation, split: str, *, variant: str = FACTUAL, pair_id: str = "") -> list[Task]:
    """All guide tasks of a situation: today, the week, and one for each condition that has a question."""
    asked = [name for name in situation.request.conditions if name in ASKED_CONDITIONS]
    return [
        guide_task(TODAY, situation, split, variant=variant, pair_id=pair_id),
        guide_task(WEEK, situation, split, variant=variant),
        *(guide_task(CONDITION, situation, split, variant=variant, condition=name) for name in asked),
    ]


def simulated_situations(
    people: pd.DataFrame,
    nights: pd.DataFrame,
    days: pd.DataFrame,
    told: Mapping[str, str],
    splits: Mapping[str, str],
    rng: np.random.Generator,
) -> list[Situation]:
    """Situations of simulated people, on one of the last seven mornings of their nights.

    Parameters
    ----------
    people, nights, days : pandas.DataFrame
        As the simulator makes them.
    told : mapping of str to str
        Person to condition as ``simulate_conditions`` names it: ``none``, or conditions with a plus between them.
    splits : mapping of str to str
        Persons who ask, with their split.
    """
    asking = people[people["person_id"].isin(splits)].sort_values("person_id")
    last = nights.loc[nights["sleep_kind"] == "main", "night_date"].max()
    mornings = [last - pd.Timedelta(days=int(ago)) for ago in rng.integers(MORNINGS, size=len(asking))]
    ages = {row.person_id: float(row.age_y) if row.gives_age else None for row in asking.itertuples()}
    ready: dict[str, Readiness] = {}
    for morning in sorted(set(mornings)):
        persons = {name: ages[name] for name, own in zip(ages, mornings, strict=True) if own == morning}
        ready |= readiness_of(nights, days, morning, persons)
    made = []
    for row, morning in zip(asking.itertuples(), mornings, strict=True):
        names = tuple(name for name in told.get(row.person_id, "none").split("+") if name != "none")
        request = draw_request(ages[row.person_id], row.sex, names, splits[row.person_id], rng)
        age = ages[row.person_id]
        made.append(
            Situation(
                row.person_id,
                DAYS[morning.day_of_week],
                None if age is None else int(age),
                request,
                ready[row.person_id],
            )
        )
    return made


def build_guide_tasks(
    situations: Iterable[Situation], splits: Mapping[str, str], rng: np.random.Generator
) -> list[Task]:
    """Guide tasks of people: of their situation, and of one in which one thing differs and another rule decides.

    What to train today is asked in both, with a ``pair_id``: one question with two right answers.
    """
    tasks = []
    for situation in situations:
        split = splits[situation.person_id]
        twin = twin_of(situation, split, rng)
        pair_id = f"{situation.person_id}-guide" if twin else ""
        tasks += guide_tasks_of(situation, split, pair_id=pair_id)
        if twin is not None:
            tasks += guide_tasks_of(twin, split, variant=COUNTERFACTUAL, pair_id=pair_id)
    return tasks


def people_who_ask(splits: Mapping[str, str], train_persons: int, rng: np.random.Generator) -> dict[str, str]:
    """Persons who ask for training advice, with their split: all held-out ones, and so many who train."""
    if train_persons == 0:
        return {}
    train = [person for person, split in splits.items() if split == "train"]
    chosen = {train[i] for i in rng.permutation(len(train))[:train_persons]}
    return {person: split for person, split in splits.items() if split != "train" or person in chosen}
