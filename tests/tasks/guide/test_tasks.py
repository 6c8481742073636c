"""Guide tasks of simulated people, their requests and their twins."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.tasks.build import GUIDE
from sleepcot_utils.tasks.guide.decision import decide
from sleepcot_utils.tasks.guide.rules import conditions, goals, rules
from sleepcot_utils.tasks.guide.situation import Readiness, Request, Situation, check_request
from sleepcot_utils.tasks.guide.tasks import guide_key, guide_task, people_who_ask
from sleepcot_utils.tasks.guide.wishes import wishes

TRAINED = Readiness(weekly_min=200, done_min=100)


def test_held_out_people_are_all_asked_and_keep_their_words(study) -> None:
    people = {task.person_id: task.split for task in study.guide_tasks}
    assert sum(split == "train" for split in people.values()) == 30
    held_out = {person for person, split in study.splits.items() if split != "train"}
    assert held_out <= set(people) and all(study.splits[person] == split for person, split in people.items())
    notes = {split: set() for split in ("train", "validation", "test")}
    for task in study.guide_tasks:
        notes[task.split].add(task.key["situation"]["request"]["note"])
    assert notes["train"] & notes["test"] <= {""} and len(notes["test"]) > 4


def test_tasks_are_named_once_and_all_their_key_survives_a_file(study) -> None:
    tasks = study.guide_tasks
    assert len({task.task_id for task in tasks}) == len(tasks) and {task.kind for task in tasks} == {GUIDE}
    for task in tasks[:50]:
        kept = json.loads(json.dumps(task.key))
        again = guide_key(task.topic, Situation.from_dict(kept["situation"]), kept["condition"])
        assert json.loads(json.dumps(again)) == kept


def test_a_pair_has_one_question_and_two_right_answers(study) -> None:
    pairs: dict[str, list] = {}
    for task in study.guide_tasks:
        if task.pair_id and task.topic == "today":
            pairs.setdefault(task.pair_id, []).append(task)
    assert len(pairs) > 60
    for own, twin in pairs.values():
        assert own.key["level"] != twin.key["level"] and own.person_id == twin.person_id


def test_all_levels_and_most_rules_are_asked_about(study) -> None:
    keys = [task.key for task in study.guide_tasks if task.topic == "today"]
    assert {key["level"] for key in keys} == {"rest", "easy", "hard"}
    assert len({key["deciding"] for key in keys}) >= 12
    shares = [np.mean([key["level"] == level for key in keys]) for level in ("rest", "easy", "hard")]
    assert max(shares) < 0.65, "no level is right nearly always"


def test_a_plan_without_a_goal_asks_for_one() -> None:
    situation = Situation("p1", "Mon", 30, Request(), TRAINED)
    assert guide_task("week", situation, "train").key["asks_goal"]
    assert not guide_task("today", situation, "train").key["asks_goal"]
    assert "Goal: not given." in guide_task("week", situation, "train").messages[-1]["content"]


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (Request(goal="marathon in a week"), "there is no goal"),
        (Request(conditions=("gout",)), "there is no condition"),
        (Request(busy_days=("Funday",)), "there is no day"),
        (Request(day_minutes=5), "5 min a day leave no plan"),
        (Request(day_minutes=-30), "leave no plan"),
        (Request(conditions=("pregnancy",)), "pregnancy is given for a man"),
    ],
)
def test_a_request_that_can_not_be_is_refused(request_: Request, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        check_request(request_, sex="male")


def test_people_who_ask() -> None:
    splits = {f"p{number}": "train" for number in range(20)} | {"v": "validation", "t": "test"}
    asked = people_who_ask(splits, 5, np.random.default_rng(1))
    assert sum(split == "train" for split in asked.values()) == 5 and {"v", "t"} <= set(asked)
    assert people_who_ask(splits, 0, np.random.default_rng(1)) == {}
    assert len(people_who_ask(splits, 999, np.random.default_rng(1))) == 22


def test_the_file_of_wishes_names_what_there_is() -> None:
    assert set(wishes()["twins"]) <= set(rules())
    for kind in wishes()["notes"].values():
        assert not set(kind["train"]) & set(kind["test"]) and not set(kind["train"]) & set(kind["validation"])
    assert len(goals()) == 8 and {"hypertension", "type_2_diabetes", "pregnancy"} == set(conditions())


def test_notes_of_the_file_mean_what_their_kind_says() -> None:
    plain = Situation("p1", "Mon", 30, Request(), TRAINED)
    usual = decide(plain).deciding
    expected = {"harmless": usual, "instruction": usual, "warning": "warning_sign", "fever": "fever"}
    for kind, entry in wishes()["notes"].items():
        for note in (*entry["train"], *entry["validation"], *entry["test"]):
            assert decide(replace(plain, request=Request(note=note))).deciding == expected[kind], note
