"""Filtering: what is kept, what is dropped, and tables that add up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import RECOMMEND
from sleepcot_utils.teach.filtering import (
    FALSE_ALARM,
    MORE_THAN_ENOUGH,
    NEAR_DUPLICATE,
    caught_errors,
    filter_answers,
    keep_best,
    overlap,
    reasons_table,
)
from sleepcot_utils.teach.teachers import expert_answer, with_planted_errors


@pytest.fixture(scope="module")
def by_id(study):
    return {task.task_id: task for task in study.tasks}


@pytest.fixture(scope="module")
def honest(study) -> list[Answer]:
    return [Answer(name, "teacher", 0, *pair, "stop", 0, 0.0) for name, pair in study.answers.items()]


@pytest.fixture(scope="module")
def damaged(honest, by_id):
    return with_planted_errors(honest, by_id, 0.4, np.random.default_rng(6))


def test_nothing_of_an_honest_expert_is_dropped(honest, by_id, study) -> None:
    assert filter_answers(honest, by_id, study.cards) == (honest, {})


def test_kept_and_dropped_answers_are_all(damaged, by_id, study) -> None:
    answers, planted = damaged
    kept, failures = filter_answers(answers, by_id, study.cards)
    assert [a for a in answers if a.task_id not in failures] == kept
    assert len(kept) + len(failures) == len(answers)
    assert failures and set(failures) <= set(planted) and all(failures.values())


def test_reasons_add_up(damaged, by_id, study) -> None:
    answers, _ = damaged
    kept, failures = filter_answers(answers, by_id, study.cards)
    table = reasons_table(answers, failures, by_id)
    kinds = [name for name in table.columns if name != "all"]
    assert table["all"].equals(table[kinds].sum(axis=1))
    assert table.loc["answers", "all"] == len(answers) and table.loc["kept", "all"] == len(kept)
    for kind in kinds:
        assert table.loc["answers", kind] == sum(task.kind == kind for task in by_id.values())
        dropped = sum(by_id[name].kind == kind for name in failures)
        assert table.loc["answers", kind] - table.loc["kept", kind] == dropped
        assert table.filter(like="failed: ", axis="index")[kind].sum() >= dropped
    assert table.loc["failed: main driver"].drop([RECOMMEND, "all"]).sum() == 0


def test_caught_errors_add_up(damaged, by_id, study) -> None:
    answers, planted = damaged
    _, failures = filter_answers(answers, by_id, study.cards)
    table = caught_errors(failures, planted, list(by_id)).set_index("error")
    errors = table.drop(FALSE_ALARM)
    assert errors["planted"].sum() == len(planted) and set(errors.index) == set(planted.values())
    assert errors["caught"].sum() == len(set(failures) & set(planted))
    assert table.loc[FALSE_ALARM, ["planted", "caught"]].tolist() == [len(by_id) - len(planted), 0]
    assert np.allclose(table["share"], table["caught"] / table["planted"])
    assert (table["low"] <= table["share"] + 1e-12).all() and (table["share"] <= table["high"] + 1e-12).all()


def test_intervals_and_false_alarms_by_hand() -> None:
    """Wilson's interval of 1 of 2 is 0.0945 to 0.9055 (Wilson 1927)."""
    table = caught_errors({"a": ["format"], "d": ["numbers"]}, {"a": "empty", "b": "empty"}, ["a", "b", "c", "d"])
    rows = table.set_index("error")
    assert rows.loc["empty", ["planted", "caught", "share"]].tolist() == [2, 1, 0.5]
    assert rows.loc["empty", ["low", "high"]].tolist() == pytest.approx([0.0945, 0.9055], abs=1e-4)
    assert rows.loc[FALSE_ALARM, ["planted", "caught", "share"]].tolist() == [2, 1, 0.5]


def test_without_any_error_the_table_says_so() -> None:
    table = caught_errors({}, {}, [])
    assert table["error"].tolist() == [FALSE_ALARM]
    assert table.loc[0, ["share", "low", "high"]].tolist() == [0, 0, 1]


def test_only_training_answers_are_damaged_and_at_the_rate(honest, damaged, by_id) -> None:
    answers, planted = damaged
    assert [answer.task_id for answer in answers] == [answer.task_id for answer in honest]
    changed = {a.task_id for a, b in zip(answers, honest, strict=True) if a != b}
    assert changed == set(planted)
    assert {by_id[name].split for name in planted} == {"train"}
    trained = sum(task.split == "train" for task in by_id.values())
    # A drawn damage may change nothing, so the share lies a little below the rate.
    assert 0.25 < len(planted) / trained < 0.45
    again = with_planted_errors(honest, by_id, 0.4, np.random.default_rng(6))
    assert again == (answers, planted)
    assert with_planted_errors(honest, by_id, 0.0, np.random.default_rng(6)) == (honest, {})


def test_of_several_rationales_those_that_pass_and_differ_are_kept(study, by_id) -> None:
    task = next(task for task in by_id.values() if task.kind == RECOMMEND and task.key["values"].get("total_sleep"))
    samples = [
        expert_answer(task, study.report_of, study.cards, form="long", wording="varied", sample=n) for n in range(4)
    ]
    (own,) = task.key["values"]["total_sleep"]
    wrong = replace(samples[2], answer=f"{samples[2].answer} Your time asleep is {own + 17:.0f} min.")
    silent = replace(samples[2], rationale="")
    nearly = replace(samples[0], rationale=samples[0].rationale.replace("night", "nite", 1), seed=9)
    kept = keep_best([samples[0], nearly, wrong, silent, samples[1], samples[3]], by_id, study.cards, at_most=2)
    assert kept.answers == [samples[0], samples[1]]
    assert kept.failures == {task.task_id: [["numbers"], ["format"]]}
    assert kept.counts == {"numbers": 1, "format": 1, NEAR_DUPLICATE: 1, MORE_THAN_ENOUGH: 1, "kept": 2}
    assert keep_best([silent], by_id, study.cards, at_most=1, needs_rationale=False).answers == [silent]


def test_the_same_words_for_two_tasks_are_no_duplicates(study, by_id) -> None:
    tasks = [task for task in by_id.values() if task.topic == "trend" and task.key["verdict"] == "no_trend"][:3]
    answers = [expert_answer(task, study.report_of, study.cards) for task in tasks]
    assert len({answer.answer for answer in answers}) == 1
    assert keep_best(answers, by_id, study.cards, at_most=1).answers == answers


def test_overlap_is_the_share_of_the_smaller_text() -> None:
    a, b, c, d = (("x", str(n)) for n in range(4))
    assert overlap(frozenset([a, b, c, d]), frozenset([a, b])) == 1
    assert overlap(frozenset([a, b]), frozenset([b, c, d])) == 0.5
    assert overlap(frozenset([a]), frozenset([b])) == 0


def test_nothing_to_keep_is_refused(by_id, study) -> None:
    with pytest.raises(ParameterError, match="at_most"):
        keep_best([], by_id, study.cards, at_most=0)
