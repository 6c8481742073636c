"""Practice of the base: right answers, and nothing of what is taught or tested later."""

from __future__ import annotations

import re

import numpy as np
import pytest

from sleepcot_utils.distill.practice import drill_conversation, practice_conversation
from sleepcot_utils.distill.pretrain import practice_reports
from sleepcot_utils.knowledge import load_cards, normalize
from sleepcot_utils.report.reports import number_text, report_text
from sleepcot_utils.tasks.build import RECOMMEND_QUESTION
from sleepcot_utils.tasks.drivers import drivers
from sleepcot_utils.tasks.follow_up import follow_ups

CONVERSATIONS, TURNS = 200, 10


@pytest.fixture(scope="module")
def reports():
    return practice_reports(40, 11)


@pytest.fixture(scope="module")
def talks(reports):
    """Report (None for drills) and its exercises as pairs of question and answer."""
    rng = np.random.default_rng(12)
    made = []
    for number in range(CONVERSATIONS):
        report = reports[number % len(reports)] if number % 4 else None
        messages = practice_conversation(report, rng, TURNS) if report else drill_conversation(rng, TURNS)
        questions = [message["content"].rpartition("\n")[2] for message in messages[1::2]]
        if report:
            assert messages[1]["content"] == f"{report_text(report)}\n{questions[0]}"
        made.append((report, list(zip(questions, [m["content"] for m in messages[2::2]], strict=True))))
    return made


@pytest.fixture(scope="module")
def practiced(talks) -> str:
    """All that is asked and answered, without the reports themselves, in one form of spelling."""
    return "\n".join(text for _, turns in talks for turn in turns for text in turn)


def test_everybody_practices_apart_from_every_study(reports, study) -> None:
    assert all(report.person_id.startswith("practice") for report in reports)
    assert not {report_text(r) for r in reports} & {report_text(r) for r in study.report_of.values()}


def test_no_line_of_a_teacher_is_practiced(practiced, study) -> None:
    exercised = set(practiced.splitlines())
    # A report says "trend of time asleep: no clear trend" itself, and a rationale may repeat it.
    reported = {line for report in study.report_of.values() for line in report_text(report).splitlines()}
    lines = {line for pair in study.answers.values() for text in pair for line in text.splitlines()} - reported
    assert len(lines) > 1000
    assert not lines & exercised
    # Nor inside of a longer line: whole sentences of advice.
    sentences = {s for _, answer in study.answers.values() for s in re.split(r"(?<=[.])\s", answer) if len(s) > 20}
    assert not [sentence for sentence in sentences if sentence in practiced]


def test_no_level_is_practiced(practiced) -> None:
    assert not re.search(r"\b(?:ok|watch|act)\b", practiced)


def test_no_verdict_driver_advice_or_knowledge_is_practiced(practiced) -> None:
    text = practiced.lower()
    verdicts = {
        p for name, kind in follow_ups().items() if name != "first" for v in kind["verdicts"].values() for p in v
    }
    actions = {driver.action for driver in drivers().values()}
    # Drivers that are called like a line of the report ("naps", "alcohol") are read out there; their other names are not.
    named = {driver.phrase for driver in drivers().values() if driver.phrase != "alcohol"}
    marks = {"answer:", "reasoning:", "finding:", "driver", "red flag", "clinician"}
    found = [phrase for phrase in verdicts | actions | named | marks if phrase.lower() in text]
    assert not found
    plain = normalize(practiced)
    assert not [card.card_id for card in load_cards() if normalize(card.statement).strip(".") in plain]


def test_no_question_of_the_study_is_practiced(practiced) -> None:
    splits = ("train", "validation", "test")
    questions = {q for kind in follow_ups().values() for split in splits for q in kind[split]}
    questions |= {q for card in load_cards() for split in splits for q in card.phrasings.of(split)}
    questions.add(RECOMMEND_QUESTION)
    assert len(questions) > 100 and not [question for question in questions if question in practiced]


def test_readings_are_the_reports_own(talks) -> None:
    checked = 0
    for report, turns in talks:
        facts = {fact.label: fact for fact in report.facts.values()} if report else {}
        for question, answer in turns:
            if question.startswith("Read out: "):
                labels = question.removeprefix("Read out: ").split(", ")
                for label, line in zip(labels, answer.splitlines(), strict=True):
                    said = line.removeprefix(label).split()[0]
                    assert said == (number_text(facts[label]) if facts[label].known else "not")
                    checked += 1
            elif question.startswith("Place "):
                for line in answer.splitlines():
                    found = re.fullmatch(r"(.+?) ([+-]?[\d.]+)(?:: | is )(under \d+|over \d+|inside|no norm)", line)
                    assert found, line
                    fact = facts[found[1]]
                    assert found[2] == number_text(fact)
                    low, high = fact.low, fact.high
                    side = "inside" if (low, high) != (None, None) else "no norm"
                    side = f"under {low:.0f}" if low is not None and fact.value < low else side
                    side = f"over {high:.0f}" if high is not None and fact.value > high else side
                    assert found[3] == side, line
                    checked += 1
            elif question == "Which lines are not measured?":
                assert answer == (", ".join(label for label, fact in facts.items() if not fact.known) or "none")
                checked += 1
            elif question.startswith("Compare "):
                found = re.fullmatch(r"([+-]?[\d.]+) is (larger than|smaller than|equal to) ([+-]?[\d.]+)", answer)
                assert found, answer
                a, b = float(found[1]), float(found[3])
                assert found[2] == ("larger than" if a > b else "smaller than" if a < b else "equal to")
                checked += 1
    assert checked > 500


def test_lines_named_as_outside_are_those_that_the_report_judges_so(talks) -> None:
    checked = 0
    for report, turns in talks:
        for question, answer in turns:
            if question == "Which lines lie outside their range?":
                named = set() if answer == "none" else set(answer.split(", "))
                beyond = {
                    fact.label
                    for fact in report.facts.values()
                    if fact.known
                    and ((fact.low or float("-inf")) > fact.value or (fact.value > (fact.high or float("inf"))))
                }
                assert named == beyond
                checked += 1
    assert checked > 50


def test_drills_are_right(talks) -> None:
    checked = 0
    for report, turns in talks:
        if report is not None:
            continue
        for question, answer in turns:
            numbers = [int(n) for n in re.findall(r"\d+", question)]
            if "minus" in question:
                right = f"{numbers[0]} - {numbers[1]} = {numbers[0] - numbers[1]}"
            elif question.startswith("Sort"):
                right = ", ".join(str(n) for n in sorted(numbers))
            elif " to " in question:
                value, low, high = numbers
                side = f"under {low}" if value < low else f"over {high}" if value > high else "inside"
                right = f"{value} is {side}"
            else:
                a, b = numbers
                right = f"{a} {'over' if a > b else 'under' if a < b else 'equal to'} {b}"
            assert answer == right
            checked += 1
    assert checked == CONVERSATIONS // 4 * TURNS


def test_practice_hangs_on_the_generator_alone(reports) -> None:
    made = [practice_conversation(reports[0], np.random.default_rng(seed), TURNS) for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]
