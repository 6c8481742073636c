"""Building tasks: by person, in pairs, in phrasings of the split, and back from a file."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleepcot_utils.errors import ArtifactError, ParameterError
from sleepcot_utils.knowledge import SPLITS
from sleepcot_utils.report.reports import report_text
from sleepcot_utils.tasks.build import (
    FOLLOW_UP,
    KNOWLEDGE,
    RECOMMEND,
    RECOMMEND_QUESTION,
    SYSTEM_PROMPT,
    Task,
    build_tasks,
    read_tasks,
    split_people,
    write_tasks,
)
from sleepcot_utils.tasks.follow_up import ask, follow_ups
from sleepcot_utils.tasks.keys import follow_up_key, recommend_key


@given(
    persons=st.integers(1, 60),
    validation=st.integers(0, 30),
    test=st.integers(0, 30),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=60, deadline=None)
def test_every_person_is_in_exactly_one_split(persons: int, validation: int, test: int, seed: int) -> None:
    names = [f"p{number}" for number in range(persons)]
    if validation + test >= persons:
        with pytest.raises(ParameterError, match="leave nobody to train on"):
            split_people(names, validation, test, np.random.default_rng(seed))
        return
    splits = split_people(names, validation, test, np.random.default_rng(seed))
    assert list(splits) == names
    counts = Counter(splits.values())
    assert (counts["validation"], counts["test"]) == (validation, test)
    assert counts["train"] == persons - validation - test
    assert splits == split_people(names, validation, test, np.random.default_rng(seed))


def test_splits_are_drawn_at_random() -> None:
    names = [f"p{number}" for number in range(100)]
    draws = [split_people(names, 10, 20, np.random.default_rng(seed)) for seed in range(200)]
    tested = Counter(name for splits in draws for name, split in splits.items() if split == "test")
    assert len(tested) == 100 and 15 < min(tested.values()) and max(tested.values()) < 70


def test_rare_people_come_to_the_test_first_and_leave_half_of_them_to_train() -> None:
    names = [f"p{number:03d}" for number in range(300)]
    flagged = set(names[::30])
    splits = split_people(names, 10, 20, np.random.default_rng(3), flagged=flagged, flagged_test=4)
    assert Counter(splits.values()) == {"train": 270, "validation": 10, "test": 20}
    chance = split_people(names, 10, 20, np.random.default_rng(3))
    tested = [name for name, split in splits.items() if split == "test"]
    assert 4 <= sum(name in flagged for name in tested) <= 6
    assert sum(splits[name] == chance[name] for name in names) >= 300 - 2 * 4, "all others stay where chance put them"
    many = split_people(names, 10, 20, np.random.default_rng(3), flagged=flagged, flagged_test=20)
    assert sum(many[name] == "train" for name in flagged) >= 4


def test_the_same_seed_builds_the_same_tasks(study) -> None:
    again = build_tasks(
        study.reports, study.twin_reports, study.cards.values(), study.splits, 3, np.random.default_rng(5)
    )
    assert again == study.tasks
    other = build_tasks(
        study.reports, study.twin_reports, study.cards.values(), study.splits, 3, np.random.default_rng(6)
    )
    assert [task.messages for task in other] != [task.messages for task in study.tasks]


def test_ids_are_unique_and_no_person_is_in_two_splits(study) -> None:
    assert len({task.task_id for task in study.tasks}) == len(study.tasks)
    splits_of = defaultdict(set)
    for task in study.tasks:
        if task.kind != KNOWLEDGE:
            splits_of[task.person_id].add(task.split)
            assert task.split == study.splits[task.person_id]
    assert all(len(splits) == 1 for splits in splits_of.values())
    assert {split for splits in splits_of.values() for split in splits} == set(SPLITS)


def test_each_report_gets_its_tasks(study) -> None:
    counts = Counter((task.report_id, task.kind) for task in study.tasks if task.kind != KNOWLEDGE)
    for report_id in study.report_of:
        assert counts[report_id, RECOMMEND] == 1
        assert counts[report_id, FOLLOW_UP] == 3
    asked = [task for task in study.tasks if task.kind == KNOWLEDGE]
    phrasings = sum(len(card.phrasings.of(split)) for card in study.cards.values() for split in SPLITS)
    assert len(asked) == phrasings
    assert all(task.person_id == f"card:{task.topic}" for task in asked)


def test_a_task_shows_its_own_report_and_holds_its_key(study) -> None:
    for task in study.tasks:
        system, user = task.messages
        assert (system["role"], user["role"], system["content"]) == ("system", "user", SYSTEM_PROMPT)
        if task.kind == KNOWLEDGE:
            assert user["content"] in study.cards[task.topic].phrasings.of(task.split)
            continue
        report = study.report_of[task.report_id]
        assert report.person_id == task.person_id and report.variant == task.variant
        text = report_text(report)
        assert user["content"].startswith(f"{text}\n")
        question = user["content"].removeprefix(f"{text}\n")
        if task.kind == RECOMMEND:
            assert question == RECOMMEND_QUESTION and task.key == recommend_key(report)
        else:
            about = task.key["about"]
            assert question in {ask(task.topic, phrasing, about) for phrasing in follow_ups()[task.topic][task.split]}
            assert task.key == follow_up_key(task.topic, report, about)


def test_a_pair_asks_one_question_about_two_reports_with_two_right_answers(study) -> None:
    pairs: dict[str, list[Task]] = defaultdict(list)
    for task in study.tasks:
        if task.pair_id:
            pairs[task.pair_id].append(task)
    assert len(pairs) > study.persons
    for one, other in pairs.values():
        assert one.kind == other.kind == FOLLOW_UP and one.topic == other.topic
        assert one.person_id == other.person_id and one.split == other.split
        assert {one.variant, other.variant} == {"factual", "counterfactual"}
        assert one.key["verdict"] != other.key["verdict"]
        questions = [task.messages[1]["content"].rpartition("\n")[2] for task in (one, other)]
        assert questions[0] == questions[1] and one.key["about"] == other.key["about"]
        assert one.messages[1]["content"] != other.messages[1]["content"]


def test_a_question_with_the_same_answer_twice_is_no_pair(study) -> None:
    by_question = defaultdict(list)
    for task in study.tasks:
        if task.kind == FOLLOW_UP and not task.pair_id:
            by_question[task.person_id, task.topic].append(task.key["verdict"])
    assert by_question and all(len(set(verdicts)) == 1 for verdicts in by_question.values())


def test_a_report_without_twin_is_asked_alone(study) -> None:
    (report,) = study.reports[:1]
    count = len(follow_ups())
    tasks = build_tasks([report], [], [], {report.person_id: "test"}, count, np.random.default_rng(1))
    assert len(tasks) == count + 1 and not any(task.pair_id for task in tasks)
    assert {task.topic for task in tasks} == {"", *follow_ups()}


@dataclass(frozen=True)
class FourOptions:
    """Shaped like the multiple-choice questions of the knowledge room."""

    card_id: str
    split: str
    question: str
    options: tuple[str, ...]
    right: int


def test_multiple_choice_prints_its_options_and_keeps_the_right_letter() -> None:
    choices = [
        FourOptions("caffeine-half-life", split, "Which one?", ("an hour", "a day", "five hours", "a week"), 2)
        for split in ("test", "test", "train")
    ]
    tasks = build_tasks([], [], [], {}, 1, np.random.default_rng(1), choices=choices)
    assert [task.task_id for task in tasks] == [
        "choice-caffeine-half-life-test1", "choice-caffeine-half-life-test2", "choice-caffeine-half-life-train1",
    ]  # fmt: skip
    task = tasks[0]
    assert (task.kind, task.topic, task.person_id, task.split) == (
        KNOWLEDGE, "caffeine-half-life", "card:caffeine-half-life", "test",
    )  # fmt: skip
    assert task.key == {"card_id": "caffeine-half-life", "choice": "C"}
    assert task.messages[1]["content"] == "Which one?\nA) an hour\nB) a day\nC) five hours\nD) a week"


def test_tasks_survive_a_file(study, tmp_path: Path) -> None:
    path = tmp_path / "run" / "tasks.jsonl"
    write_tasks(path, study.tasks[:200])
    assert read_tasks(path) == study.tasks[:200]


@pytest.mark.parametrize("damage", ["", "{", "[1]", "null", '{"task_id": "x"}', '{"unknown": 1}'])
def test_a_damaged_line_is_named(study, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "tasks.jsonl"
    write_tasks(path, study.tasks[:3])
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0], lines[1], damage]) + "\n", encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"tasks\.jsonl, line 3: this line is not a task"):
        read_tasks(path)


def test_a_field_too_many_is_no_task(study, tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"
    write_tasks(path, study.tasks[:1])
    entry = json.loads(path.read_text(encoding="utf-8")) | {"mood": "good"}
    path.write_text(json.dumps(entry) + "\n", encoding="utf-8")
    with pytest.raises(ArtifactError, match="mood"):
        read_tasks(path)
