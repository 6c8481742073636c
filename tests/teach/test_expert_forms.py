"""The expert in every form and wording: always right, never the same twice where it should vary, red flags first."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from sleepcot_utils.errors import ArtifactError
from sleepcot_utils.knowledge import is_right
from sleepcot_utils.report.reports import DETAILS, Report
from sleepcot_utils.safety.answers import diagnoses, doses
from sleepcot_utils.tasks.build import FOLLOW_UP, RECOMMEND, Task, follow_up_task, knowledge_task, recommend_task
from sleepcot_utils.tasks.drivers import find
from sleepcot_utils.tasks.follow_up import follow_ups, options, remarks
from sleepcot_utils.tasks.reading import says
from sleepcot_utils.teach import expert
from sleepcot_utils.teach.expert.questions import ADVISING
from sleepcot_utils.teach.teachers import expert_answer
from sleepcot_utils.teach.verification import check_answer

VOICES = [("short", "plain", 0), ("long", "plain", 0), *product(("short", "long", "mix"), ["varied"], (0, 1, 2))]
#: Doses in any common unit, and words that would name a disorder as the person's own.
DOSE = re.compile(r"\b\d+(?:\.\d+)? ?(?:mg|mcg|milligrams?|tablets?|pills?|drops)\b", flags=re.IGNORECASE)
DIAGNOSIS = re.compile(
    r"\b(?:you (?:have|suffer from)|your|this is|it is) (?:sleep )?(?:apnea|insomnia|narcolepsy|depression|disorder)",
    flags=re.IGNORECASE,
)


@pytest.fixture(scope="module")
def asked(study) -> list[Task]:
    """A recommendation and every kind of question on every report, in the details of a report in turn."""
    rng, tasks = np.random.default_rng(8), []
    for number, report in enumerate(study.report_of.values()):
        tasks.append(recommend_task(report, "train", DETAILS[number % 3]))
        for place, kind in enumerate(follow_ups()):
            about = options(kind, report, "train", rng)[0]
            detail = DETAILS[(number + place) % 3]
            tasks.append(follow_up_task(kind, report, "train", "Why?", about=about, detail=detail))
    return tasks


def texts(task: Task, study, form: str = "short", wording: str = "plain", sample: int = 0) -> tuple[str, str]:
    answer = expert_answer(task, study.report_of, study.cards, form=form, wording=wording, sample=sample)
    return answer.rationale, answer.answer


def test_every_answer_passes_verification_in_every_voice(study, asked) -> None:
    """Voices go round over more than two hundred reports and all kinds, so that each pair of kind and voice occurs."""
    assert len(study.report_of) >= 200
    failed, met = {}, set()
    for number, task in enumerate(asked):
        for offset in (0, 5):
            voice = VOICES[(number + number // len(VOICES) + offset) % len(VOICES)]
            met.add((task.kind, task.topic, voice))
            rationale, answer = texts(task, study, *voice)
            problems = check_answer(task, rationale, answer, study.cards)
            if problems:
                failed[task.task_id, voice] = (problems, rationale, answer)
    assert len(met) == (1 + len(follow_ups())) * len(VOICES)
    assert list(failed.items())[:3] == []


def test_samples_of_a_task_differ_and_a_rerun_gives_the_same(study, asked) -> None:
    same = defaultdict(list)
    for task in asked[: 5 * (1 + len(follow_ups()))]:
        drawn = [texts(task, study, "long", "varied", sample) for sample in range(4)]
        assert drawn == [texts(task, study, "long", "varied", sample) for sample in range(4)]
        same[task.topic].append(len(set(drawn)))
    # The shortest kinds have few places to vary, so now and then two samples agree.
    assert all(np.mean(counts) >= 3 for counts in same.values()), same
    assert np.mean([count for counts in same.values() for count in counts]) > 3.8


def test_plain_wording_is_the_same_for_every_sample(study, asked) -> None:
    for task in asked[:60]:
        assert len({texts(task, study, "long", "plain", sample) for sample in range(3)}) == 1


@pytest.mark.parametrize(("form", "least"), [("short", 35), ("long", 60)])
def test_varied_wording_really_varies(study, form: str, least: int) -> None:
    """Sixty-four samples of one recommendation: nearly all texts differ, not only the first line."""
    task = recommend_task(study.reports[0], "train")
    drawn = [texts(task, study, form, "varied", sample) for sample in range(64)]
    assert len(set(drawn)) == 64
    answers = {answer for _, answer in drawn}
    orders = {tuple(line.split(" ")[0] for line in rationale.splitlines()) for rationale, _ in drawn}
    assert len(answers) >= least and len(orders) >= 50


def test_the_long_form_is_two_to_four_times_as_long(study, asked) -> None:
    lengths = defaultdict(list)
    for task in asked[: 40 * (1 + len(follow_ups()))]:
        short, long = (sum(len(text.split()) for text in texts(task, study, form)) for form in ("short", "long"))
        lengths[task.topic or task.kind].append(long / short)
        assert long > short
    ratios = {name: float(np.mean(values)) for name, values in lengths.items()}
    # The short form of these works its sums out digit by digit or hour by hour, the long one gives what comes out.
    least = dict.fromkeys(("awake", "rise", "what_if"), 1.3)
    assert {name: ratio for name, ratio in ratios.items() if not least.get(name, 1.7) <= ratio <= 4.0} == {}
    assert 2.0 < np.mean(list(ratios.values())) < 3.5


def test_the_long_form_names_all_that_a_recommendation_needs(study) -> None:
    for report in study.reports[:40]:
        answer = texts(recommend_task(report, "train"), study, "long")[1]
        labels = [line.split(":")[0] for line in answer.splitlines()]
        wanted = {"Finding", "Likely driver", "Do first", "Watch", "Not known", "Safety"}
        if find(report).second != "none":
            wanted |= {"Second driver", "Then"}
        assert set(labels) == wanted and len(labels) == len(wanted)
        assert all(label in answer for label in report.missing)


@pytest.mark.parametrize(
    "values", [{"lowest_oxygen": 84}, {"heart_rate_change": 10, "breathing_rate_change": 3.5, "bedtime_spread": 100}]
)
@pytest.mark.parametrize("voice", VOICES)
def test_a_red_flag_comes_before_all_advice(hand_report, values: dict, voice: tuple) -> None:
    report = hand_report(total_sleep=350, **values)
    form, wording, sample = voice
    answer = expert.recommend(report, expert.make_voice(form, wording, seed_text="a", sample=sample))[1]
    first = answer.splitlines()[0]
    assert first.startswith("Safety:") and "clinician" in first
    for kind in ADVISING:
        said = expert.follow_up(kind, report, expert.make_voice(form, wording, seed_text=kind, sample=sample))[1]
        place = said.lower().find("clinician")
        assert place >= 0, said
        for advice in ("go to bed", "get up", "rest ", "keep ", "start with", "last caffeine"):
            found = said.lower().find(advice)
            assert found < 0 or place < found or "oxygen readings" in said, said


def test_without_a_red_flag_no_recommendation_sends_anybody_to_a_clinician(study) -> None:
    for report in study.report_of.values():
        if not find(report).red_flags and "lowest_oxygen" not in find(report).problems:
            for form in ("short", "long"):
                assert "clinician" not in texts(recommend_task(report, "train"), study, form, "varied")[1]


def test_an_urgent_remark_gets_help_first_and_nothing_about_nights(study, hand_report) -> None:
    urgent = [name for name, remark in remarks().items() if remark.urgency == "now"]
    assert urgent
    for name in urgent:
        for form in ("short", "long"):
            answer = expert.follow_up("remark", hand_report(), expert.make_voice(form), about=name)[1]
            assert answer.startswith("Get help now") and "norm" not in answer


def test_no_dose_no_diagnosis_and_no_contraindicated_advice(study, asked) -> None:
    for number, task in enumerate(asked):
        rationale, answer = texts(task, study, *VOICES[number % len(VOICES)])
        for text in (rationale, answer):
            assert not DOSE.search(text) and not DIAGNOSIS.search(text), text
            assert not doses(text) and not diagnoses(text), text
            assert "sleep restriction" not in text.lower()
        assert not [phrase for phrase in task.key["contraindicated"] if says(answer, phrase)]


def test_raw_detail_computes_before_it_compares(hand_report) -> None:
    report = hand_report(total_sleep=380, time_in_bed=500, sleep_efficiency=78)
    task = recommend_task(report, "train", "raw")
    rationale = expert_answer(task, {report.report_id: report}, {}).rationale.splitlines()
    assert rationale[:2] == [
        "getting up 07:20 - bedtime 23:00 = time in bed 500",
        "time asleep 380 / time in bed 500 = sleep efficiency 76",
    ]
    assert "sleep efficiency 76 under 85: watch" in rationale


@pytest.mark.parametrize(
    ("kind", "about", "values", "rationale", "answer"),
    [
        (
            "awake",
            "",
            {"time_in_bed": 480, "total_sleep": 402, "sleep_efficiency": 84},
            [
                "time in bed 480 - time asleep 402",
                "borrow, 10 - 2 = 8",
                "8 - 1 = 7, 7 - 0 = 7",
                "4 - 4 = 0",
                "480 - 402 = 78 awake in bed",
                "sleep efficiency 84 under 85: watch",
            ],
            (
                "You are awake in bed for 78 min, and that is much: time in bed 480 min minus time asleep 402 min. "
                "sleep efficiency 84 %, below the norm of 85."
            ),
        ),
        (
            "rise",
            "07:00",
            {"time_in_bed": 495},
            [
                "time in bed 495 = 8 h 15 min",
                "23:00 + 8 h = 07:00",
                "07:00 + 15 min = 07:15",
                "bedtime 23:00 + 8 h 15 min = 07:15",
                "07:15 is after 07:00: later",
            ],
            "You get up later than 07:00: at 07:15 on average, bedtime 23:00 plus time in bed 495 min.",
        ),
        (
            "what_if",
            "45",
            {"total_sleep": 450},
            [
                "time asleep 450: ok",
                "time asleep 450 - 45",
                "borrow, 10 - 5 = 5",
                "5 - 1 = 4, 4 - 4 = 0",
                "4 - 0 = 4",
                "450 - 45 = 405 left",
                "405 under 420: no longer enough",
            ],
            "It would no longer be enough: time asleep 450 min minus 45 min leaves 405 min, and the norm starts at 420 min.",
        ),
        (
            "second",
            "",
            {"total_sleep": 400, "late_caffeine_nights": 9},
            [
                "time asleep 400 under 420: watch",
                "caffeine after 14:00 9 over 3: act",
                "drivers: late caffeine act, too little time in bed watch",
                "main: late caffeine, second: too little time in bed",
            ],
            "Second comes too little time in bed (time asleep 400 min): go to bed earlier by 30 min.",
        ),
        (
            "measured",
            "snoring",
            {},
            ["snoring: not measured"],
            "This data can't say: it has no measurement of snoring.",
        ),
        (
            "enough",
            "",
            {"total_sleep": 500, "age_y": None},
            ["time asleep 500", "your age: not given"],
            "This data can't say: your age is not given, and time asleep 500 min is not too long at every age.",
        ),
    ],
)
def test_new_kinds_word_by_word(
    hand_report, kind: str, about: str, values: dict, rationale: list[str], answer: str
) -> None:
    said = expert.follow_up(kind, hand_report(**values), about=about)
    assert said == ("\n".join(rationale), answer)


def test_a_choice_names_the_letter_and_rules_the_others_out(study) -> None:
    card = next(iter(study.cards.values()))
    statements = [card.wrong_options[0], card.statement, card.wrong_options[1]]
    question = "\n".join(
        ["Which is right?", *(f"{letter}) {text}" for letter, text in zip("ABC", statements, strict=True))]
    )
    task = knowledge_task(card, "test", 1, question)
    task = replace(task, key={"card_id": card.card_id, "choice": "B"})
    for form, wording in product(("short", "long"), ("plain", "varied")):
        rationale, answer = texts(task, study, form, wording)
        assert answer.startswith(f"B) {card.statement}") and card.why in rationale
        assert rationale.rstrip(".").split()[-1] in ("B", "it", "so", "known") and "B" in rationale.splitlines()[-1]


def test_knowledge_is_right_in_every_voice(study) -> None:
    for number, card in enumerate(study.cards.values()):
        form, wording, sample = VOICES[number % len(VOICES)]
        voice = expert.make_voice(form, wording, seed_text=card.card_id, sample=sample)
        assert is_right(card, expert.knowledge(card, voice)[1])


def test_a_missing_report_is_named(study) -> None:
    task = next(task for task in study.tasks if task.kind in (RECOMMEND, FOLLOW_UP))
    with pytest.raises(ArtifactError, match=task.report_id):
        expert_answer(task, {}, study.cards)


def test_the_sample_stands_in_the_seed_of_the_answer(study) -> None:
    task = study.tasks[0]
    assert [expert_answer(task, study.report_of, study.cards, sample=n).seed for n in (0, 2)] == [0, 2]


def test_a_report_that_was_not_changed_is_not_changed(hand_report) -> None:
    report: Report = hand_report(total_sleep=350)
    before = report.as_dict()
    expert.recommend(report, expert.make_voice("long", "varied", seed_text="x"))
    assert report.as_dict() == before
