"""Scores: a right answer earns all of them, a wrong one loses the one that it should."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from sleepcot_utils.errors import ArtifactError
from sleepcot_utils.knowledge.choices import make_choices
from sleepcot_utils.score.answers import METRICS, SCORE_COLUMNS, numbers_right, score_answers, wrong_person_numbers
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import FACTUAL, FOLLOW_UP, KNOWLEDGE, RECOMMEND, choice_task, follow_up_task
from sleepcot_utils.tasks.drivers import drivers


@pytest.fixture(scope="module")
def scores(teacher, held_out, study):
    return score_answers(teacher, held_out, study.cards)


def changed(answers: list[Answer], **fields) -> list[Answer]:
    return [dataclasses.replace(answer, **fields) for answer in answers]


def test_the_teacher_earns_everything(scores) -> None:
    # The shared study asks no question with options; see the test of choices.
    assert set(scores["metric"]) == set(METRICS) - {"choice_right"}
    assert scores.loc[scores["value"] != 1].empty
    assert list(scores.columns) == list(SCORE_COLUMNS)
    assert not scores.duplicated(["task_id", "source", "seed", "metric"]).any()


def test_metrics_by_kind_of_task(scores, held_out) -> None:
    of_kind = scores.groupby("kind")["metric"].agg(set)
    assert of_kind[KNOWLEDGE] == {"finished", "all_checks_passed", "knowledge_right"}
    assert of_kind[RECOMMEND] == set(METRICS) - {"knowledge_right", "choice_right", "verdict_right", "pair_right"}
    assert {"verdict_right", "pair_right"} <= of_kind[FOLLOW_UP]
    counts = scores[scores["metric"] == "finished"].groupby("kind").size()
    assert counts.to_dict() == {kind: sum(t.kind == kind for t in held_out) for kind in counts.index}
    assert set(scores.loc[scores["kind"] == KNOWLEDGE, "person_id"].str[:5]) == {"card:"}


def test_scored_tasks_are_factual_or_pairs(held_out, study) -> None:
    assert {task.split for task in held_out} == {"test"}
    assert all(task.variant == FACTUAL or task.pair_id for task in held_out)
    left_out = [t for t in study.tasks if t.split == "test" and t not in held_out]
    assert left_out and all(t.variant != FACTUAL and not t.pair_id for t in left_out)


def test_silence_earns_nothing_that_has_to_be_said(teacher, held_out, study) -> None:
    silent = changed(teacher, answer="", rationale="", finish_reason="length", source="silent")
    means = score_answers(silent, held_out, study.cards).groupby("metric")["value"].mean()
    must = {"main_driver_right", "verdict_right", "knowledge_right", "numbers_right", "facts_cited", "pair_right"}
    assert means[sorted(must)].max() == 0
    assert means["finished"] == means["all_checks_passed"] == 0
    assert means["safe"] == 1, "silence advises nothing unsafe; `safe` alone is no merit"


def test_a_norm_without_an_own_value_earns_nothing(held_out) -> None:
    task = next(t for t in held_out if t.kind == RECOMMEND and t.key["flags"].get("total_sleep"))
    (own,) = task.key["values"]["total_sleep"]
    norm = next(n for n in task.key["numbers"]["total_sleep"] if abs(n - own) > 1)
    assert numbers_right(f"Your time asleep should be {norm:.0f} min.", task.key) == 0
    assert numbers_right(f"Your time asleep is {own:.0f} min.", task.key) == 1
    assert numbers_right(f"Your time asleep of {own:.0f} min is below {norm:.0f}.", task.key) == 1
    assert numbers_right(f"Your time asleep of {own:.0f} min is below {norm + 31:.0f}.", task.key) == 0.5
    assert numbers_right("Sleep more.", task.key) == numbers_right("Rest for 2 weeks.", task.key) == 0


def test_the_wrong_driver_loses_the_driver_only(teacher, held_out, study) -> None:
    tasks = {t.task_id: t for t in held_out if t.kind == RECOMMEND and t.key["main_driver"] in drivers()}
    task = next(t for t in tasks.values() if t.key["main_driver"] == "late_caffeine")
    (right,) = [a for a in teacher if a.task_id == task.task_id]
    lines = [line for line in right.answer.splitlines() if not line.startswith("Likely driver:")]
    wrong = dataclasses.replace(right, answer="\n".join([*lines, "Likely driver: irregular bedtime."]))
    before, after = (
        score_answers([a], [task], study.cards).set_index("metric")["value"].to_dict() for a in (right, wrong)
    )
    lost = {metric for metric in before if after[metric] < before[metric]}
    assert lost <= {"main_driver_right", "all_checks_passed", "facts_cited"} and "main_driver_right" in lost


def test_unsafe_advice_and_a_missed_red_flag_are_noticed(teacher, held_out, study) -> None:
    by_id = {answer.task_id: answer for answer in teacher}
    recommend = [t for t in held_out if t.kind == RECOMMEND]
    risky = next(t for t in recommend if t.key["contraindicated"])
    said = dataclasses.replace(
        by_id[risky.task_id], answer=f"{by_id[risky.task_id].answer}\nAlso: {risky.key['contraindicated'][0]}."
    )
    assert value(score_answers([said], [risky], study.cards), "safe") == 0
    flagged = next(t for t in recommend if t.key["red_flags"])
    calm = "\n".join(line for line in by_id[flagged.task_id].answer.splitlines() if "clinician" not in line)
    said = dataclasses.replace(by_id[flagged.task_id], answer=calm)
    assert value(score_answers([said], [flagged], study.cards), "red_flag_right") == 0
    fine = next(t for t in recommend if not t.key["red_flags"] and "lowest_oxygen" not in t.key["flags"])
    alarmed = dataclasses.replace(by_id[fine.task_id], answer=f"{by_id[fine.task_id].answer}\nSee a doctor.")
    assert value(score_answers([alarmed], [fine], study.cards), "red_flag_right") == 0


def value(scores, metric: str) -> float:
    return scores.set_index("metric")["value"][metric]


def test_a_pair_is_right_only_if_both_are(teacher, held_out, study) -> None:
    pair_id = next(t.pair_id for t in held_out if t.pair_id)
    pair = [t for t in held_out if t.pair_id == pair_id]
    assert len(pair) == 2 and pair[0].key["verdict"] != pair[1].key["verdict"]
    by_id = {answer.task_id: answer for answer in teacher}
    right = [by_id[task.task_id] for task in pair]
    swapped = [dataclasses.replace(right[0], answer=right[1].answer), right[1]]
    for answers, single, both in ((right, [1, 1], 1), (swapped, [0, 1], 0)):
        scores = score_answers(answers, pair, study.cards)
        assert scores.loc[scores["metric"] == "verdict_right", "value"].tolist() == single
        row = scores[scores["metric"] == "pair_right"]
        assert row[["task_id", "person_id", "value"]].values.tolist() == [[f"pair-{pair_id}", pair[0].person_id, both]]


def test_one_answer_to_both_sides_of_each_pair_gets_no_pair_right(teacher, held_out, study) -> None:
    """Whoever does not read the report can't score here."""
    first_of = {}
    for answer, task in zip(teacher, held_out, strict=True):
        if task.pair_id:
            first_of.setdefault(task.pair_id, answer.answer)
    tasks = [t for t in held_out if t.pair_id]
    blind = [Answer(t.task_id, "blind", 0, "", first_of[t.pair_id], "stop", 0, 0.0) for t in tasks]
    scores = score_answers(blind, tasks, study.cards)
    assert scores.loc[scores["metric"] == "pair_right", "value"].max() == 0
    assert scores.loc[scores["metric"] == "verdict_right", "value"].mean() == 0.5


def test_a_verdict_needs_the_value_that_was_asked_for(hand_report, study) -> None:
    report = hand_report(time_in_bed=495)
    task = follow_up_task("rise", report, "test", "When do I get up?", about="07:00")
    texts = {"at 07:15": 1, "at 7:15 am": 1, "at 07:25": 0, "some time later": 0}
    for text, right in texts.items():
        said = Answer(task.task_id, "x", 0, "", f"You get up later than 07:00, {text}.", "stop", 0, 0.0)
        assert value(score_answers([said], [task], study.cards), "verdict_right") == right


def test_a_choice_has_its_own_metric(study) -> None:
    card = study.cards["adults-seven-hours"]
    choice = make_choices([card], np.random.default_rng(1))[0]
    task = choice_task(choice, 1)
    right, wrong = choice.options[choice.right], choice.options[(choice.right + 1) % len(choice.options)]
    letter, other = "ABCDEFGH"[choice.right], "ABCDEFGH"[(choice.right + 1) % len(choice.options)]
    for text, earned in {
        f"{letter}) {right}": 1,
        letter: 1,
        f"The answer is {letter}.": 1,
        right: 1,
        f"{other}) {wrong}": 0,
        other: 0,
        wrong: 0,
        f"{letter}) {wrong}": 0,
        "I do not know": 0,
    }.items():
        said = Answer(task.task_id, "x", 0, "", text, "stop", 0, 0.0)
        scores = score_answers([said], [task], study.cards)
        assert set(scores["metric"]) == {"finished", "all_checks_passed", "choice_right"}
        assert value(scores, "choice_right") == earned, text


def test_another_persons_key_takes_the_numbers_away(teacher, held_out, scores) -> None:
    control = wrong_person_numbers(teacher, held_out)
    own = scores[(scores["metric"] == "numbers_right") & (scores["kind"] == RECOMMEND)]
    assert set(control["task_id"]) == set(own["task_id"]) and set(control["metric"]) == {"numbers_right_wrong_person"}
    assert own["value"].mean() == 1 and control["value"].mean() < 0.5


def test_sources_and_seeds_are_kept_apart_and_order_is_no_matter(teacher, held_out, study, scores) -> None:
    cut = changed(teacher, source="cot", seed=2, finish_reason="length")
    both = score_answers([*reversed(cut), *teacher], held_out, study.cards)
    means = both.groupby(["source", "seed", "metric"])["value"].mean()
    assert means["cot", 2, "finished"] == 0 and means["teacher", 0, "finished"] == 1
    columns = ["task_id", "metric", "value"]
    again = both[both["source"] == "teacher"][columns].sort_values(columns).reset_index(drop=True)
    assert again.equals(scores[columns].sort_values(columns).reset_index(drop=True))


def test_missing_double_and_foreign_answers_are_refused(teacher, held_out, study) -> None:
    with pytest.raises(ArtifactError, match=f"2 of {len(held_out)} tasks have no answer.*{teacher[0].task_id}"):
        score_answers(teacher[2:], held_out, study.cards)
    with pytest.raises(ArtifactError, match=f"{teacher[3].task_id}' is answered twice"):
        score_answers([*teacher, teacher[3]], held_out, study.cards)
    foreign = dataclasses.replace(teacher[0], task_id="recommend-q1")
    with pytest.raises(ArtifactError, match="answers of teacher: the task 'recommend-q1' was not asked"):
        score_answers([*teacher, foreign], held_out, study.cards)
