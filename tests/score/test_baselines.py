"""Baselines: each is as good as it can be without understanding, and no better."""

from __future__ import annotations

import pytest

from sleepcot_utils.distill.training_set import Example
from sleepcot_utils.score.answers import score_answers
from sleepcot_utils.score.baselines import constant_answers, nearest_answers, template_answers
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, RECOMMEND


@pytest.fixture(scope="module")
def examples(study) -> list[Example]:
    return [Example.of(task, *study.answers[task.task_id]) for task in study.tasks if task.split == "train"]


@pytest.fixture(scope="module")
def baselines(study, held_out, examples):
    topics = {task.task_id: task.topic for task in study.tasks}
    return {
        "constant": constant_answers(held_out, examples, topics),
        "template": template_answers(held_out, study.report_of),
        "nearest": nearest_answers(held_out, examples),
    }


@pytest.fixture(scope="module")
def means(baselines, held_out, study):
    answers = [answer for group in baselines.values() for answer in group]
    return score_answers(answers, held_out, study.cards).groupby(["source", "kind", "metric"])["value"].mean()


def test_each_answers_every_task_in_order(baselines, held_out) -> None:
    for name, answers in baselines.items():
        assert [answer.task_id for answer in answers] == [task.task_id for task in held_out]
        assert {answer.source for answer in answers} == {name} and {answer.finish_reason for answer in answers} == {
            "stop"
        }


def test_constant_says_one_thing_to_everybody(baselines, held_out, examples) -> None:
    said: dict[tuple[str, str], set[str]] = {}
    for answer, task in zip(baselines["constant"], held_out, strict=True):
        said.setdefault((task.kind, "" if task.kind == KNOWLEDGE else task.topic), set()).add(answer.answer)
    assert {len(texts) for texts in said.values()} == {1}
    assert {text for texts in said.values() for text in texts} <= {example.answer for example in examples}


def test_constant_gets_verdicts_by_their_frequency_but_no_pair_and_no_numbers(means) -> None:
    assert 0.2 < means["constant", FOLLOW_UP, "verdict_right"] < 0.8
    assert means["constant", FOLLOW_UP, "pair_right"] == 0
    assert means["constant", RECOMMEND, "numbers_right"] < 0.4
    assert means["constant", KNOWLEDGE, "knowledge_right"] < 0.1


def test_template_cites_this_user_and_knows_nothing_else(means) -> None:
    assert means["template", RECOMMEND, "numbers_right"] == 1
    assert 0 < means["template", RECOMMEND, "facts_cited"] < 1
    assert means["template", RECOMMEND, "main_driver_right"] < 0.2
    assert means["template", KNOWLEDGE, "knowledge_right"] < 0.1
    assert means["template", FOLLOW_UP, "pair_right"] == 0


def test_nearest_copies_somebody_elses_answer(baselines, means, examples, held_out, study) -> None:
    pairs = {(example.kind, example.rationale, example.answer) for example in examples}
    for answer, task in zip(baselines["nearest"], held_out, strict=True):
        assert (task.kind, answer.rationale, answer.answer) in pairs
    assert means["nearest", RECOMMEND, "numbers_right"] < 0.6
    # Held-out wordings of a card resemble its training wordings: retrieval does find some.
    assert 0.2 < means["nearest", KNOWLEDGE, "knowledge_right"] < 1
    # With few people to copy from, word overlap of reports hardly finds the same driver.
    assert means["nearest", RECOMMEND, "main_driver_right"] < 0.5


def test_the_nearest_prompt_of_a_training_task_is_itself(study, examples) -> None:
    own = [task for task in study.tasks if task.split == "train" and task.kind == RECOMMEND][:10]
    assert [a.answer for a in nearest_answers(own, examples)] == [study.answers[t.task_id][1] for t in own]


def test_no_baseline_reaches_the_teacher(means) -> None:
    for metric in ("main_driver_right", "facts_cited", "all_checks_passed"):
        assert means.xs((RECOMMEND, metric), level=("kind", "metric")).max() < 1
    assert means.xs((FOLLOW_UP, "pair_right"), level=("kind", "metric")).max() < 1
