"""The embedded expert: right on every task, in the same words each time."""

from __future__ import annotations

from collections import Counter

import pytest

from sleepcot_utils.knowledge import is_right
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, RECOMMEND
from sleepcot_utils.tasks.drivers import drivers, find
from sleepcot_utils.tasks.follow_up import follow_ups, verdict
from sleepcot_utils.tasks.reading import cited_numbers, says
from sleepcot_utils.teach import expert
from sleepcot_utils.teach.verification import LONGEST_ANSWER_WORDS, check_answer, named_driver, named_verdict
from tests.plain_sums import without_plain_sums


def test_the_expert_passes_verification_on_every_task(study) -> None:
    failed = {
        task.task_id: problems
        for task in study.tasks
        if (problems := check_answer(task, *study.answers[task.task_id], study.cards))
    }
    assert failed == {}
    kinds = Counter(task.kind for task in study.tasks)
    assert min(kinds[RECOMMEND], kinds[FOLLOW_UP], kinds[KNOWLEDGE]) > 200


def test_the_expert_is_right_on_every_kind_of_question_and_report(study) -> None:
    """Not only the questions that a task drew: all kinds on all reports."""
    for report in study.report_of.values():
        for kind in follow_ups():
            assert named_verdict(kind, expert.follow_up(kind, report)[1]) == verdict(kind, report).name
        assert named_driver(expert.recommend(report)[1]) == find(report).main


def test_the_same_report_gives_the_same_words(study) -> None:
    report = study.reports[0]
    assert expert.recommend(report) == expert.recommend(report)
    assert all(len(answer.split()) < 0.75 * LONGEST_ANSWER_WORDS for _, answer in study.answers.values())


def test_a_recommendation_word_by_word(hand_report) -> None:
    report = hand_report(
        total_sleep=372, sleep_efficiency=82, sleep_latency=46, alcohol_nights=9, bedtime_spread=70, nights=13,
        weekend_shift=None, heart_rate_change=1, breathing_rate_change=-0.4,
    )  # fmt: skip
    rationale, answer = expert.recommend(report)
    assert rationale.splitlines() == [
        "time asleep 372 under 420: watch",
        "sleep efficiency 82 under 85: watch",
        "time to fall asleep 46 over 30: act",
        "awake in the night 30: ok",
        "bedtime varies by 70 over 60: watch",
        "resting heart rate change +1: ok",
        "breathing rate change -0.4: ok",
        "lowest oxygen 93: ok",
        "evenings with alcohol 9 over 3: act",
        "caffeine after 14:00 1: ok",
        "naps 5: ok",
        "problems: time asleep, sleep efficiency, time to fall asleep",
        "drivers: alcohol act, irregular bedtime watch",
        "main: alcohol, second: irregular bedtime",
        "red flags: none",
    ]
    finding = (
        "Finding: time asleep 372 min, below the norm of 420. sleep efficiency 82 %, below the norm of 85. "
        "time to fall asleep 46 min, above the norm of 30."
    )
    assert answer.splitlines() == [
        finding,
        "Likely driver: alcohol (evenings with alcohol 9 of 13 nights).",
        "Second driver: irregular bedtime (bedtime varies by 70 min).",
        "Do first: keep most evenings free of alcohol.",
        "Then: get up at the same time every day.",
        "Safety: no red flag in this data.",
    ]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({}, "Likely driver: none, your nights are in order."),
        ({}, "Do first: keep your routine."),
        ({"total_sleep": 560}, "Likely driver: no clear driver in this data."),
        ({"total_sleep": 560}, "Do first: keep a sleep diary for 2 weeks."),
        ({"total_sleep": 400}, "Do first: go to bed earlier by 30 min."),
        ({"total_sleep": 350}, "Do first: go to bed earlier by 60 min."),
        ({"lowest_oxygen": 86}, "Safety: lowest oxygen 86 % is a red flag, see a clinician."),
        ({"lowest_oxygen": None}, "Safety: no red flag in what was measured, oxygen was not measured."),
        (
            {"heart_rate_change": 9, "breathing_rate_change": 3.5},
            "Safety: resting heart rate change +9 bpm is a red flag, see a clinician.",
        ),
    ],
)
def test_lines_of_a_recommendation(hand_report, values: dict[str, float], line: str) -> None:
    assert line in expert.recommend(hand_report(**values))[1].splitlines()


@pytest.mark.parametrize("name", ["act", "watch"])
def test_every_driver_is_answered_with_its_own_action(hand_report, name: str) -> None:
    remarkable = {
        "lowest_oxygen": {"act": 80, "watch": 89},
        "heart_rate_change": {"act": 9, "watch": 6},
        "alcohol_nights": {"act": 9, "watch": 5},
        "late_caffeine_nights": {"act": 9, "watch": 5},
        "nap_mean": {"act": 70, "watch": 40},
        "bedtime_spread": {"act": 100, "watch": 70},
        "weekend_shift": {"act": 130, "watch": 70},
    }
    for fact, values in remarkable.items():
        report = hand_report(total_sleep=560, **{fact: values[name]})
        main = drivers()[find(report).main]
        assert fact in main.facts
        answer = expert.recommend(report)[1]
        assert any(says(answer, word) for word in main.action_words)
        assert not any(says(answer, phrase) for phrase in main.never)


def test_a_step_holds_value_limit_and_level(hand_report) -> None:
    facts = hand_report(total_sleep=350, weekend_shift=-30, breathing_rate_change=2.4).facts
    assert expert.step(facts["total_sleep"]) == "time asleep 350 under 420: act"
    assert expert.step(facts["weekend_shift"]) == "weekend sleep shift -30: ok"
    assert expert.step(facts["breathing_rate_change"]) == "breathing rate change +2.4 over 2: watch"


@pytest.mark.parametrize(
    ("kind", "values", "rationale", "answer"),
    [
        (
            "deep",
            {"deep_sleep": 50},
            "deep sleep 50 under 58: below typical",
            "Your deep sleep of 50 min is below the typical 58 to 92 min. A wearable only estimates it.",
        ),
        (
            "deep",
            {"deep_sleep": 95},
            "deep sleep 95 over 92: above typical",
            "Your deep sleep of 95 min is above the typical 58 to 92 min. A wearable only estimates it.",
        ),
        (
            "deep",
            {"deep_sleep": 58},
            "deep sleep 58 between 58 and 92: within typical",
            "Your deep sleep of 58 min is within the typical 58 to 92 min. A wearable only estimates it.",
        ),
        (
            "deep",
            {"deep_sleep": None},
            "deep sleep: not measured",
            "This data can't say: it has no measurement of deep sleep.",
        ),
        (
            "alcohol",
            {"alcohol": (82, 91)},
            "efficiency after alcohol 82, otherwise 91: clearly lower",
            "Yes, your efficiency is lower after alcohol: 82 %, otherwise 91 %.",
        ),
        (
            "danger",
            {"lowest_oxygen": 85},
            "lowest oxygen 85 under 90: act\nresting heart rate change +0: ok\nbreathing rate change +0.0: ok",
            "Show this to a clinician: lowest oxygen 85 %, below the norm of 90.",
        ),
        (
            "danger",
            {"lowest_oxygen": None, "heart_rate_change": None, "breathing_rate_change": None},
            "lowest oxygen: not measured\nresting heart rate change: not measured\nbreathing rate change: not measured",
            "This data can't say for all: oxygen was not measured.",
        ),
        (
            "weekend",
            {"weekend_shift": 75},
            "weekend sleep shift +75 over 60: watch",
            "Your weekends shift later: weekend sleep shift +75 min, above the norm of 60.",
        ),
        ("trend", {"trend": "falling"}, "trend of time asleep: falling", "Your time asleep is falling."),
        (
            "first",
            {"total_sleep": 400},
            "time asleep 400 under 420: watch\ndrivers: too little time in bed watch\nmain: too little time in bed, second: none",
            "Start with too little time in bed (time asleep 400 min): go to bed earlier by 30 min.",
        ),
        (
            "bedtime",
            {"total_sleep": 400, "sleep_efficiency": 80},
            "time asleep 400 under 420: watch\nsleep efficiency 80 under 85: watch",
            "Do not go to bed earlier: sleep efficiency 80 %, below the norm of 85. Lying longer would not bring sleep.",
        ),
    ],
)
def test_follow_ups_word_by_word(hand_report, kind: str, values: dict, rationale: str, answer: str) -> None:
    assert expert.follow_up(kind, hand_report(**values)) == (rationale, answer)


def test_the_rationale_stops_at_the_step_that_decides(hand_report) -> None:
    rationale, _ = expert.follow_up("tired", hand_report(total_sleep=350, wake_after_onset=70))
    assert rationale.splitlines() == [
        "lowest oxygen 93: ok",
        "resting heart rate change +0: ok",
        "time asleep 350 under 420: act",
    ]
    rationale, _ = expert.follow_up("bedtime", hand_report())
    assert rationale == "time asleep 450: ok"


def test_no_number_of_an_answer_is_made_up(study) -> None:
    for report in study.reports[:50]:
        own = {abs(fact.value) for fact in report.facts.values() if fact.known} | {30.0, 60.0, 1.0, 2.0, 15.0}
        own |= {side for fact in report.facts.values() for side in (fact.low, fact.high) if side is not None}
        own |= {float(fact.nights) for fact in report.facts.values()}
        own |= set((report.alcohol or {}).values()) | {report.age_y}
        for kind in follow_ups():
            steps = verdict(kind, report).steps
            computed = {abs(number) for step in steps for _, number in step.terms}
            for text in expert.follow_up(kind, report):
                assert {citation.value for citation in cited_numbers(without_plain_sums(text))} <= own | computed, text
        for text in expert.recommend(report):
            assert {citation.value for citation in cited_numbers(text)} <= own


def test_knowledge_is_answered_by_the_card(study) -> None:
    for card in study.cards.values():
        rationale, answer = expert.knowledge(card)
        assert (rationale, answer) == (card.why, card.statement) and is_right(card, answer)
