"""The exam: what metrics have to notice is noticed, what they can't see is shown, and a blind metric does not pass."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.errors import InputError, ParameterError
from sleepcot_utils.knowledge.choices import make_choices
from sleepcot_utils.score import exam
from sleepcot_utils.score.candidates import Candidates, right_answers
from sleepcot_utils.score.exam import (
    AS_DECLARED,
    BLIND,
    CLEAN,
    EXAM_COLUMNS,
    NOT_EXAMINED,
    SEES,
    TOO_BLIND,
    exam_table,
    expectations,
    failures,
    rate_table,
)
from sleepcot_utils.score.measures import MEASURES
from sleepcot_utils.score.shares import share_of
from sleepcot_utils.score.spoiling import ABSTENTION, SPOILING, VERBOSE, spoiled
from sleepcot_utils.tasks.build import FACTUAL, KNOWLEDGE, RECOMMEND, choice_task, follow_up_task, recommend_task
from sleepcot_utils.teach.planted_errors import ERRORS
from sleepcot_utils.teach.teachers import expert_answer


@dataclasses.dataclass
class Asked:
    """What the exam is held on."""

    tasks: list
    clean: list
    examples: dict
    reports: dict
    cards: dict

    def held(self, function=exam_table, **options) -> pd.DataFrame:
        return function(self.tasks, self.clean, self.examples, reports=self.reports, cards=self.cards, **options)


@pytest.fixture(scope="module")
def asked(study, hand_report) -> Asked:
    """The study's tasks, with red flags, trends and choices, which are rare in a small study."""
    flagged = [
        hand_report(lowest_oxygen=80.0 + at % 8, total_sleep=330.0 + 7 * at, person_id=f"h{at:02d}") for at in range(30)
    ]
    reports = study.report_of | {report.report_id: report for report in flagged}
    tasks = [task for task in study.tasks if task.variant == FACTUAL]
    known = {task.task_id for task in tasks}
    trends = (follow_up_task("trend", report, "test", "Is my sleep getting shorter?") for report in study.reports[:40])
    tasks += [task for task in trends if task.task_id not in known]
    tasks += [recommend_task(report, "test") for report in flagged]
    choices = make_choices(list(study.cards.values())[:40], np.random.default_rng(1))
    tasks += [choice_task(choice, number) for number, choice in enumerate(choices)]
    clean, examples = right_answers(tasks, reports, study.cards)
    return Asked(tasks, clean, examples, reports, study.cards)


@pytest.fixture(scope="module")
def table(asked) -> pd.DataFrame:
    return asked.held(at_most=12)


def test_examples_are_right_answers_in_other_words(asked) -> None:
    differ = [
        asked.examples[answer.task_id] != answer.answer
        for task, answer in zip(asked.tasks, asked.clean, strict=True)
        if task.kind == RECOMMEND
    ]
    assert np.mean(differ) > 0.95 and len(differ) > 100
    assert [answer.task_id for answer in asked.clean] == [task.task_id for task in asked.tasks]


def row(table: pd.DataFrame, score: str, damage: str) -> pd.Series:
    (found,) = table[(table["score"] == score) & (table["damage"] == damage)].to_dict("records")
    return pd.Series(found)


def test_every_score_comes_out_as_declared(table) -> None:
    assert list(table.columns) == list(EXAM_COLUMNS)
    assert failures(table).empty, failures(table)[["score", "damage", "n", "sensitivity", "declared"]].to_string()
    declared = sum(len(shares) for sides in expectations().values() for shares in sides.values())
    assert (table["declared"] != "").sum() == declared > 150
    assert (table["verdict"] == AS_DECLARED).sum() == declared, table[table["verdict"] == NOT_EXAMINED].to_string()


def test_each_score_of_each_metric_is_examined_and_each_damage_is_seen_by_one(table) -> None:
    scores = [(name, score) for name, measure in MEASURES.items() for score in measure.scores]
    assert list(dict.fromkeys(zip(table["metric"], table["score"], strict=True))) == scores
    seen = {damage for sides in expectations().values() for damage in sides.get(SEES, {})}
    assert seen | {"shuffled steps"} == set(SPOILING), "order is free where no step needs another"
    assert set(ERRORS) < set(SPOILING)


def test_overlap_of_words_is_blind_to_a_wrong_number_and_own_numbers_are_not(table) -> None:
    for score in ("rouge_l", "similarity"):
        blind = row(table, score, "wrong number")
        assert blind["n"] > 80 and blind["high"] < 0.25
        # It does fall a little most of the time, which nobody can tell from another wording by the score alone.
        assert blind["fell"] > 0.6 and -0.1 < blind["mean_change"] < 0
        assert row(table, score, "generic text")["sensitivity"] > 0.9
    assert row(table, "numbers_right", "wrong number")["low"] > 0.85


def test_right_answers_are_seldom_blamed(table) -> None:
    clean = table[table["damage"] == CLEAN]
    assert len(clean) == sum(len(measure.scores) for measure in MEASURES.values())
    assert clean["sensitivity"].max() < 0.12
    exact = clean[~clean["metric"].isin(["readability", "length", "rouge_l", "similarity", "personalization"])]
    assert exact["noticed"].sum() == 0


def test_intervals_are_those_of_wilson() -> None:
    """Newcombe 1998, Stat Med 17:857-872, table I, method 3: 81 of 263 is 0.2553 to 0.3662; 15 of 148 0.0624 to 0.1605;
    0 of 20 is 0 to 0.1611; 1 of 29 is 0.0061 to 0.1718."""
    for hits, of, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611),
                                (1, 29, 0.0061, 0.1718)):  # fmt: skip
        assert share_of(np.arange(of) < hits) == pytest.approx((of, hits, hits / of, low, high), abs=5e-5)


def test_a_metric_that_sees_nothing_does_not_pass(asked, monkeypatch) -> None:
    def praise(texts, references):
        return {score: [1.0] * len(texts) for score in MEASURES["knowledge"].scores}

    monkeypatch.setitem(MEASURES, "knowledge", dataclasses.replace(MEASURES["knowledge"], compute=praise))
    found = asked.held(at_most=4, metrics=["knowledge"], damages=["wrong card", "verbose text"])
    missed = failures(found)
    assert set(missed["score"]) == set(MEASURES["knowledge"].scores) and set(missed["verdict"]) == {TOO_BLIND}
    assert set(missed["damage"]) == {"wrong card"}


def test_a_metric_that_moves_at_random_is_not_credited_for_falling(asked, monkeypatch) -> None:
    rng = np.random.default_rng(3)

    def guess(texts, references):
        return {"rouge_l": rng.random(len(texts)).tolist()}

    monkeypatch.setitem(MEASURES, "rouge_l", dataclasses.replace(MEASURES["rouge_l"], compute=guess))
    found = row(asked.held(at_most=10, metrics=["rouge_l"], damages=["empty"]), "rouge_l", "empty")
    assert 0.35 < found["fell"] < 0.65, "half fall below their own clean value by chance"
    assert found["sensitivity"] < 0.15 and found["verdict"] == TOO_BLIND


def test_errors_are_found_at_the_rate_at_which_they_were_planted(asked, monkeypatch) -> None:
    few = {("personalization", "numbers_right"): {SEES: {"wrong number": 0.9}},
           ("reasoning", "order_right"): {SEES: {"step order": 0.95}}}  # fmt: skip
    monkeypatch.setattr(exam, "expectations", lambda: few)
    found = asked.held(rate_table, at_most=10, rates=(0.0, 0.25, 1.0))
    for one in found.itertuples():
        assert one.planted / one.n == pytest.approx(one.rate, abs=0.12) and one.n > 40
        assert one.noticed <= one.planted and one.noticed >= 0.85 * one.planted
    assert set(found["rate"]) == {0.0, 0.25, 1.0} and len(found) == 6


def test_an_exam_repeats_itself_and_other_seeds_draw_otherwise(asked) -> None:
    options = {"at_most": 3, "metrics": ["length"], "damages": ["wrong number", "verbose text"]}
    first, again, other = (asked.held(seed=seed, **options) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)
    alone = asked.held(seed=1, **options | {"damages": ["verbose text"]})
    both = first[first["damage"] != "wrong number"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, both)


@pytest.mark.parametrize("kind", SPOILING)
def test_damage_changes_what_it_says_it_changes(kind, asked) -> None:
    groups: dict[tuple, list[int]] = {}
    for at, task in enumerate(asked.tasks):
        flags = bool(task.key.get("red_flags"))
        groups.setdefault((task.kind, task.topic if task.kind != KNOWLEDGE else "", flags), []).append(at)
    places = [at for group in groups.values() for at in group[:6]]
    tasks, clean = [asked.tasks[at] for at in places], [asked.clean[at] for at in places]
    by_id = {task.task_id: task for task in tasks}
    done = spoiled(kind, clean, by_id, np.random.default_rng(1), reports=asked.reports, cards=asked.cards)
    differ = {
        old.task_id
        for old, new in zip(clean, done.answers, strict=True)
        if (old.rationale, old.answer) != (new.rationale, new.answer)
    }
    assert differ == set(done.changed) and differ
    assert [answer.task_id for answer in done.answers] == [task.task_id for task in tasks]
    if kind in ("shuffled steps", "no rationale", "wrong step", "step order", "step left out", "wrong trend"):
        same = [old.answer == new.answer for old, new in zip(clean, done.answers, strict=True)]
        assert all(same), "the answer is left alone"


def test_damage_of_the_exams_own(hand_report, study) -> None:
    report = hand_report(deep_sleep=None, total_sleep=372.0)
    unknown = follow_up_task("deep", report, "test", "Is my deep sleep fine?")
    known = follow_up_task("enough", report, "test", "Do I sleep enough?")
    advice = recommend_task(report, "test")
    tasks = {task.task_id: task for task in (unknown, known, advice)}
    clean = [expert_answer(task, {report.report_id: report}, study.cards) for task in tasks.values()]

    def done(kind: str) -> dict:
        found = spoiled(kind, clean, tasks, np.random.default_rng(1))
        return {answer.task_id: answer for answer in found.answers if answer.task_id in found.changed}

    assert {name: answer.answer for name, answer in done("needless abstention").items()} == {known.task_id: ABSTENTION}
    assert set(done("abstention left out")) == {unknown.task_id}
    assert set(done("false alarm")) == {advice.task_id}
    assert all(answer.answer.endswith(VERBOSE) for answer in done("verbose text").values())
    assert "372 hours" in done("wrong unit")[advice.task_id].answer
    swapped = done("swapped numbers")[advice.task_id].answer
    assert sorted(swapped) == sorted(clean[2].answer) and swapped != clean[2].answer


def test_declared_shares_are_checked(tmp_path) -> None:
    for text, problem in {
        "safety: {no_harm: {sees: {empty: 0.9}}}": "no such score",
        "safety: {no_dose: {sees: {typo: 0.9}}}": "typo",
        "safety: {no_dose: {sees: {dose named: 9}}}": "9",
        "safety: {no_dose: {hears: {dose named: 0.9}}}": "hears",
    }.items():
        path = tmp_path / "declared.yaml"
        path.write_text(text, encoding="utf-8")
        expectations.cache_clear()
        with pytest.raises(InputError, match=problem):
            expectations(path)
    expectations.cache_clear()
    assert set(expectations()[("rouge_l", "rouge_l")]) == {SEES, BLIND}


def test_what_can_not_be_examined_is_named(asked) -> None:
    with pytest.raises(ParameterError, match="1 tasks of a kind"):
        asked.held(at_most=1)
    with pytest.raises(InputError, match="no task has both"):
        exam_table(asked.tasks, [], {}, reports={}, cards={})
    with pytest.raises(InputError, match="same order"):
        Candidates(asked.tasks[:2], asked.clean[1:3], ["a", "b"])
    with pytest.raises(InputError, match="1 examples for 2"):
        Candidates(asked.tasks[:2], asked.clean[:2], ["a"])
