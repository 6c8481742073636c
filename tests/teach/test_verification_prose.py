"""Verification of free prose, as teachers write it that are not the expert: right ones pass, each fault is named."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from sleepcot_utils.tasks.build import Task, follow_up_task, recommend_task
from sleepcot_utils.teach.verification import CHECKS, check_answer, explain_failures

#: Values of a report, topic (empty for a recommendation), what it asks about, rationale and answer by name.
PROSE = yaml.safe_load((Path(__file__).parent / "prose.yaml").read_text(encoding="utf-8"))


def asked(hand_report, name: str) -> tuple[Task, str, str]:
    case = PROSE[name]
    report, topic = hand_report(**case["values"]), case["topic"]
    if topic:
        return follow_up_task(topic, report, "train", "?", about=case["about"]), case["rationale"], case["answer"]
    return recommend_task(report, "train"), case["rationale"], case["answer"]


@pytest.mark.parametrize("name", PROSE)
def test_right_prose_passes(hand_report, name: str) -> None:
    assert explain_failures(*asked(hand_report, name), {}, needs_rationale=True) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "check"),
    [
        ("recommend", "6.2 hours (372 min)", "6.8 hours (408 min)", "numbers"),
        ("recommend", "which is 48 min below", "which is 84 min below", "numbers"),
        ("recommend", "9 out of 14 evenings", "9 out of 13 evenings", "numbers"),
        ("recommend", "30 min earlier", "90 min earlier", "numbers"),
        ("recommend", "48 min below the 420 min that", "48 min above the norm of 420 min that", "comparisons"),
        ("recommend", "Likely driver: late caffeine", "Likely driver: alcohol", "main driver"),
        ("recommend", "not enough time in bed.", "alcohol.", "second driver"),
        ("recommend", "Nothing here is a red flag.", "Please see a doctor.", "red flag"),
        ("recommend", "earlier.", "earlier and take 3 mg of melatonin.", "dose"),
        ("recommend", "for two weeks", "because you have insomnia", "diagnosis"),
        ("recommend", "Have your last coffee", "A nightcap is fine. Have more coffee", "unsafe advice"),
        ("recommend", "6 h 12 min (372 min)", "6 h 12 min (382 min)", "rationale arithmetic"),
        ("recommend", "90%, comfortably above", "90%, well below", "rationale comparisons"),
        ("recommend", "about 15 minutes", "about 45 minutes", "rationale numbers"),
        ("recommend", "on 9 of 14 nights, far more than", "on 9 of 14 nights, fewer than", "rationale comparisons"),
        ("red flag", "Safety first:", "Go to bed earlier.", "red flag"),
        ("red flag", "and under 360: act", "and under 360: watch", "rationale steps"),
        ("red flag", "main driver is low oxygen at night", "main driver is alcohol", "rationale conclusion"),
        ("what_if", "leaves 6 h 45 min (405 min)", "leaves 6 h 55 min (415 min)", "arithmetic"),
        ("what_if", "leaves 6 h 45 min (405 min), which is 15 min below", "is not what you need, being below",
         "answer value"),
        ("what_if", "45 = 405 minutes", "45 = 415 minutes", "rationale arithmetic"),
        ("what_if", "405 is less than 420", "405 is more than 420", "rationale comparisons"),
        ("what_if", "no longer be enough", "still be enough", "verdict"),
        ("rise", "around 7:15 am", "around 7:25 am", "answer value"),
        ("rise", "07:15 is later than 07:00", "07:15 is earlier than 07:00", "rationale comparisons"),
        ("awake", "480 - 402 = 78", "480 - 402 = 88", "rationale arithmetic"),
        ("awake", "402/480 = 84 %", "402/480 = 74 %", "rationale arithmetic"),
        ("awake", "sleep efficiency is 84 %", "sleep efficiency is 402 min", "required facts"),
        ("awake", "78 min (1 h 18 min)", "60 min (1 h)", "answer value"),
        ("deep", "50 min a night is below the typical", "50 min a night is within the typical", "verdict"),
        ("deep", "of 58 to 92 min", "of 48 to 92 min", "numbers"),
        ("alcohol", "82 % versus 91 %", "88 % versus 91 %", "numbers"),
        ("alcohol", "91 - 82 = 9", "91 - 82 = 11", "rationale arithmetic"),
        ("ill", "+9 bpm, which is above", "+9 bpm, which is below", "comparisons"),
        ("caffeine", "9 of 14 nights, and your", "9 of 12 nights, and your", "numbers"),
        ("caffeine", "372 min is under 420", "372 min is over 420", "rationale comparisons"),
        ("first", "less -> act", "less -> watch", "rationale steps"),
        ("first", "Start with your naps", "Start with alcohol", "verdict"),
    ],
)  # fmt: skip
def test_each_fault_in_prose_is_named(hand_report, name: str, old: str, new: str, check: str) -> None:
    task, rationale, answer = asked(hand_report, name)
    assert (old in rationale) != (old in answer)
    damaged = rationale.replace(old, new), answer.replace(old, new)
    failed = check_answer(task, *damaged, {})
    assert check in failed
    assert failed == [one for one in CHECKS if one in failed]
    told = [one for one in explain_failures(task, *damaged, {}) if one.check == check]
    assert told and all(one.where == ("rationale" if old in rationale else "answer") for one in told)
    assert all(one.expected for one in told)


def test_a_failure_shows_the_text_and_what_would_be_right(hand_report) -> None:
    task, rationale, answer = asked(hand_report, "recommend")
    (failure,) = explain_failures(task, rationale.replace("90%", "79%"), answer, {})[:1]
    assert (failure.check, failure.where) == ("rationale numbers", "rationale")
    assert "79%" in failure.excerpt and failure.expected == "sleep efficiency 90 %"
    task, rationale, answer = asked(hand_report, "what_if")
    failures = explain_failures(task, rationale.replace("= 405 min", "= 415 min"), answer, {})
    sums = [one for one in failures if one.check == "rationale arithmetic"]
    assert ("450 \u2212 45 = 415 minutes", "the result 405") in [(one.excerpt, one.expected) for one in sums]


def test_a_missing_rationale_fails_only_where_one_is_needed(hand_report) -> None:
    task, _, answer = asked(hand_report, "recommend")
    assert check_answer(task, " ", answer, {}) == []
    assert check_answer(task, " ", answer, {}, needs_rationale=True) == ["format"]
