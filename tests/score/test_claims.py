"""Sentences of an answer: right, wrong, or beyond what can be verified."""

from __future__ import annotations

import pytest

from sleepcot_utils.score.claims import OPEN, RIGHT, WRONG, claims_table, judged, sentences, shown_answer
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import follow_up_task, knowledge_task, recommend_task
from sleepcot_utils.teach import expert


@pytest.mark.parametrize(
    ("sentence", "verdict"),
    [
        ("Finding: time asleep 372 min, below the norm of 420.", RIGHT),
        ("Finding: time asleep 449 min, below the norm of 420.", WRONG),
        ("Likely driver: late caffeine.", RIGHT),
        ("Likely driver: long naps.", WRONG),
        ("Sleep well and enjoy the morning.", OPEN),
        ("Drink more coffee in the evening.", WRONG),
    ],
)
def test_recommendations(hand_report, sentence, verdict) -> None:
    task = recommend_task(hand_report(total_sleep=372.0, late_caffeine_nights=9.0), "test")
    assert judged(task, sentence, {})[0] == verdict


def test_follow_ups(hand_report) -> None:
    report = hand_report(total_sleep=372.0, trend="falling")
    trend = follow_up_task("trend", report, "test", "Is my sleep falling?")
    assert judged(trend, "Your time asleep is falling.", {})[0] == RIGHT
    assert judged(trend, "There is no clear trend.", {})[0] == WRONG
    assert judged(trend, "Ask me again next month.", {})[0] == OPEN


def test_knowledge(study) -> None:
    card = study.cards["adults-seven-hours"]
    task = knowledge_task(card, "test", 1, card.phrasings.test[0])
    assert judged(task, card.statement, study.cards)[0] == RIGHT
    assert judged(task, f"Adults need {card.contradictions[0]}.", study.cards)[0] == WRONG
    assert judged(task, "The moon was bright.", study.cards)[0] == OPEN


def test_every_sentence_of_the_teacher_is_right_or_open(study) -> None:
    # The teacher's answers pass all checks as a whole, so no sentence of them may be called wrong.
    tasks = study.tasks[:300]
    answers = [Answer(task.task_id, "teacher", 1, *study.answers[task.task_id], "stop", 0, 0.0) for task in tasks]
    table = claims_table(tasks, answers, study.cards)
    assert set(table["verdict"]) == {RIGHT, OPEN}, table[table["verdict"] == WRONG]["sentence"].head().to_list()
    assert len(table) == sum(len(sentences(answer.answer)) for answer in answers)
    assert set(table["task_id"]) == {task.task_id for task in tasks}


def answer_to(task, text: str, rationale: str = "") -> Answer:
    return Answer(task.task_id, "cot", 1, rationale, text, "stop", 0, 0.0)


def test_a_denied_red_flag_is_wrong_and_withheld(hand_report) -> None:
    report = hand_report(lowest_oxygen=80.0)
    danger = follow_up_task("danger", report, "test", "Is there anything to worry about?")
    tired = follow_up_task("tired", report, "test", "Why am I tired?")
    denial = "There is no red flag in this data."
    for task in (danger, tired, recommend_task(report, "test")):
        assert judged(task, denial, {})[0] == WRONG
        shown = shown_answer(task, answer_to(task, f"Sleep well. {denial}"), {})
        assert "withheld" in shown and "Sleep well" not in shown
    calm = hand_report()
    task = follow_up_task("danger", calm, "test", "Is there anything to worry about?")
    rationale, text = expert.follow_up("danger", calm)
    assert shown_answer(task, answer_to(task, text, rationale), {}).count("<p>") == 0


def test_unsafe_advice_and_false_alarms_are_withheld(hand_report) -> None:
    short = recommend_task(hand_report(total_sleep=372.0, late_caffeine_nights=9.0), "test")
    assert "withheld" in shown_answer(short, answer_to(short, "Drink more coffee."), {})
    calm = recommend_task(hand_report(), "test")
    assert "withheld" in shown_answer(calm, answer_to(calm, "Please see a doctor."), {})


def test_what_fails_another_check_is_shown_with_a_notice(hand_report) -> None:
    report = hand_report(total_sleep=372.0)
    task = recommend_task(report, "test")
    rationale, text = expert.recommend(report)
    shown = shown_answer(task, answer_to(task, text.replace("372", "301"), rationale), {})
    assert shown.startswith("<p><em>Not verified: numbers") and "301" in shown and "withheld" not in shown


def test_planted_numbers_are_found(hand_report) -> None:
    report = hand_report(total_sleep=372.0)
    task = recommend_task(report, "test")
    rationale, text = expert.recommend(report)
    answer = Answer(task.task_id, "cot", 1, rationale, text.replace("372", "301"), "stop", 0, 0.0)
    table = claims_table([task], [answer], {})
    assert (table["verdict"] == WRONG).any() and not (claims_table([task], [answer], {}).empty)
    assert claims_table([], [], {}).empty


def test_a_decimal_point_ends_no_sentence() -> None:
    assert sentences("Breathing rate change +2.4 a minute. Rest.") == ["Breathing rate change +2.4 a minute.", "Rest."]
