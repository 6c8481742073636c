"""Who is asked what: pairs first, every kind in its turn, as hard as was wished."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.tasks.asking import DIFFICULTIES, FREE
from sleepcot_utils.tasks.build import FOLLOW_UP, Task, build_tasks
from sleepcot_utils.tasks.follow_up import follow_ups
from sleepcot_utils.tasks.keys import follow_up_key


def follow_ups_of(study, count: int, **options) -> list[Task]:
    rng = np.random.default_rng(1)
    tasks = build_tasks(study.reports, study.twin_reports, [], study.splits, count, rng, **options)
    return [task for task in tasks if task.kind == FOLLOW_UP]


def test_questions_whose_answers_differ_are_asked_first(study) -> None:
    """Look-ups and remarks apart, which half of the time ask about whatever was drawn."""
    everything = follow_ups_of(study, len(follow_ups()))
    own = [task for task in everything if task.topic not in FREE and task.variant == "factual"]
    differing = Counter(task.person_id for task in own if task.pair_id)
    for person, topics in kinds_asked(follow_ups_of(study, 3)).items():
        unpaired = [task for task in topics if not task.pair_id and task.topic not in FREE]
        assert not unpaired or differing[person] < 3
    assert len(differing) > 0.75 * study.persons


def kinds_asked(tasks: list[Task]) -> dict[str, list[Task]]:
    by_person: dict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        if task.variant == "factual":
            by_person[task.person_id].append(task)
    return by_person


def test_all_kinds_get_their_turn_and_most_have_counterfactual_pairs(crowd) -> None:
    asked = crowd.follow_ups(3)
    counts = Counter(task.topic for task in asked)
    assert set(counts) == set(follow_ups())
    assert max(counts.values()) <= 0.15 * len(asked)
    paired = Counter(task.topic for task in asked if task.pair_id)
    assert set(paired) == set(follow_ups())
    assert sum(number >= 2 * 25 for number in paired.values()) >= 18, paired


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_no_verdict_is_right_in_nearly_all_questions_of_a_kind(crowd, difficulty: str) -> None:
    given: dict[str, Counter[str]] = defaultdict(Counter)
    for task in crowd.follow_ups(3, difficulty=difficulty):
        given[task.topic][task.key["verdict"]] += 1
    for topic, counts in given.items():
        assert max(counts.values()) <= 0.8 * sum(counts.values()), (topic, counts)


def test_what_cannot_be_known_is_asked_for_in_lookups_too(study) -> None:
    asked = [task for task in follow_ups_of(study, 4) if task.topic == "measured"]
    unknown = [task for task in asked if task.key["verdict"] == "cannot_say"]
    assert 0.15 < len(unknown) / len(asked) < 0.7
    assert any(task.key["about"] in follow_ups()["measured"]["absent"] for task in unknown)


def test_easy_sets_ask_easy_kinds_of_whole_reports(study) -> None:
    tasks = follow_ups_of(study, 4, difficulty="easy")
    assert {task.topic for task in tasks} == {kind for kind, e in follow_ups().items() if e["difficulty"] <= 2}
    assert {task.key["detail"] for task in tasks} == {"full"}
    assert {task.key["difficulty"] for task in tasks} == {1, 2}


def test_hard_sets_ask_hard_kinds_more_often_and_print_less(study) -> None:
    mixed, hard = follow_ups_of(study, 4), follow_ups_of(study, 4, difficulty="hard")
    share = [sum(follow_ups()[task.topic]["difficulty"] > 2 for task in tasks) / len(tasks) for tasks in (mixed, hard)]
    assert share[1] > share[0] + 0.1
    details = Counter(task.key["detail"] for task in hard)
    assert set(details) == {"no_norms", "raw"} and min(details.values()) > 0.3 * len(hard)
    for task in hard:
        text = task.messages[1]["content"]
        assert "(norm" not in text and "(typical" not in text
        assert ("\naverage time of getting up: " in text) <= (task.key["detail"] == "raw")
        assert task.topic != "rise" or task.key["detail"] == "no_norms"
        assert task.key == follow_up_key(
            task.topic, study.report_of[task.report_id], task.key["about"], task.key["detail"]
        )


def test_an_unknown_difficulty_is_refused(study) -> None:
    with pytest.raises(ParameterError, match="difficulty.*easy, mixed, hard"):
        build_tasks([], [], [], {}, 1, np.random.default_rng(1), difficulty="tricky")
