"""Advice for real people: what is verified, and warnings that do not wait for the model."""

from __future__ import annotations

from sleepcot_utils.score.coaching import advice_table, marked_answer, red_flag_notice
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import recommend_task
from sleepcot_utils.teach import expert


def answered(report, change=lambda text: text):
    task = recommend_task(report, "test")
    rationale, answer = expert.recommend(report)
    return task, Answer(task.task_id, "cot", 1, rationale, change(answer), "stop", 0, 0.0)


def test_a_red_flag_is_said_whatever_the_student_says(hand_report) -> None:
    report = hand_report(lowest_oxygen=85.0)
    notice = red_flag_notice(recommend_task(report, "test"), report)
    assert "clinician" in notice and "lowest oxygen" in notice
    calm = hand_report()
    assert red_flag_notice(recommend_task(calm, "test"), calm) == ""


def test_advice_is_verified_number_by_number(hand_report) -> None:
    report = hand_report(total_sleep=372.0, late_caffeine_nights=9.0)
    right, wrong = answered(report), answered(report, lambda text: text.replace("372", "449"))
    table = advice_table([right[0], wrong[0]], [right[1], wrong[1]])
    assert table["person_id"].tolist() == ["p00001", "p00001"]
    assert table["verified"].tolist() == [True, False]
    assert table.loc[0, "failed"] == "" and "numbers" in table.loc[1, "failed"]
    assert table["numbers"].tolist()[0] == table["numbers_right"].tolist()[0] == table["numbers"].tolist()[1] > 0
    assert table.loc[1, "numbers_right"] == table.loc[1, "numbers"] - right[1].answer.count("372")


def test_wrong_numbers_are_marked(hand_report) -> None:
    report = hand_report(total_sleep=372.0)
    task = recommend_task(report, "test")
    texts = [f"Finding: time asleep {number} min." for number in (372, 449)]
    right, wrong = (marked_answer(text, task.key) for text in texts)
    assert "372" in right and "449" in wrong
    assert right.replace("372", "N") != wrong.replace("449", "N"), "a right and a wrong number look different"
    assert "<script" not in marked_answer("<script>time asleep 372</script>", task.key)
