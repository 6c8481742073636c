"""Nothing that is taught or tested later is practiced: no answer of the teacher, no statement, no held-out question."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pytest

from sleepcot_utils.distill.exams import exam
from sleepcot_utils.distill.practice import turns_alone, turns_on
from sleepcot_utils.distill.practice.turns import words
from sleepcot_utils.distill.pretrain import practice_reports
from sleepcot_utils.knowledge import load_cards, normalize
from sleepcot_utils.report.reports import report_text
from sleepcot_utils.tasks.build import RECOMMEND_QUESTION
from sleepcot_utils.tasks.drivers import drivers
from sleepcot_utils.tasks.follow_up import follow_ups
from tests.plain_sums import without_plain_sums

RUN = 6  # words in a row that two independent texts hardly share


@pytest.fixture(scope="module")
def reports():
    return practice_reports(60, 11)


@pytest.fixture(scope="module")
def turns(reports):
    """Exercises as they are drawn for pretraining, about as many as fill a few hundred rows."""
    rng = np.random.default_rng(12)
    made = [turn for report in reports for turn in turns_on(report, 40, rng)]
    return made + [turn for _ in range(100) for turn in turns_alone(60, rng)]


@pytest.fixture(scope="module")
def practiced(turns) -> str:
    """All that is asked and answered, without the reports themselves."""
    return "\n".join(text for _, turn in turns for text in turn)


def runs(texts: Iterable[str], length: int = RUN) -> set[tuple[str, ...]]:
    """All runs of words in texts, numbers included, a text at a time."""
    found = set()
    for text in texts:
        plain = re.findall(r"[a-z']+|\d+(?:\.\d+)?", text.lower())
        found |= {tuple(plain[start : start + length]) for start in range(len(plain) - length + 1)}
    return found


def training_questions() -> list[str]:
    """Training questions on cards and on reports."""
    of_cards = [question for card in load_cards() for question in card.phrasings.train]
    return of_cards + [question for kind in follow_ups().values() for question in kind["train"]]


def test_runs_of_words_are_found() -> None:
    assert runs(["One two three four, five: six seven."]) == {
        ("one", "two", "three", "four", "five", "six"),
        ("two", "three", "four", "five", "six", "seven"),
    }


def test_everybody_practices_apart_from_every_study(reports, study) -> None:
    assert all(report.person_id.startswith("practice") for report in reports)
    assert not {report_text(r) for r in reports} & {report_text(r) for r in study.report_of.values()}


def test_no_line_or_sentence_of_a_teacher_is_practiced(practiced, study) -> None:
    # A report says "trend of time asleep: no clear trend" itself, and a rationale may repeat it, as may a reading.
    printed = {line for report in study.report_of.values() for line in report_text(report).splitlines()}
    printed |= {line.split(" (")[0].replace(": ", " ", 1) for line in printed} | {
        "not measured",
        "too few nights",
        "none",
    }
    lines = {line for pair in study.answers.values() for text in pair for line in text.splitlines()} - printed
    assert len(lines) > 1000
    # Whoever subtracts 8 from 16 on paper writes the same; such a line says nothing of anybody.
    lines = set(without_plain_sums("\n".join(lines)).splitlines())
    assert not lines & set(practiced.splitlines())
    sentences = {s for _, answer in study.answers.values() for s in re.split(r"(?<=[.])\s", answer) if len(s) > 20}
    assert not [sentence for sentence in sentences if sentence in practiced]


def test_no_run_of_words_of_a_teacher_is_practiced(turns, study) -> None:
    said = runs(without_plain_sums(text) for pair in study.answers.values() for text in pair)
    assert len(said) > 1000
    # Training questions may be practiced, and labels and values may be listed by both as the report prints them.
    shared = (said & runs(without_plain_sums(text) for _, turn in turns for text in turn)) - runs(training_questions())
    printed = {word for (word,) in runs((report_text(report) for report in study.report_of.values()), 1)}
    assert not {run for run in shared if not printed.issuperset(run)}


def test_no_run_of_words_of_a_statement_is_practiced(turns) -> None:
    cards = load_cards()
    statements = runs(text for card in cards for text in (card.statement, card.why))
    allowed = runs(training_questions())  # questions may be practiced; some share words with what answers them
    mine = runs(text for _, turn in turns for text in turn)
    assert not (statements - allowed) & mine
    plain = normalize("\n".join(text for _, turn in turns for text in turn))
    assert not [card.card_id for card in cards if normalize(card.statement).strip(".") in plain]


def test_the_glossary_and_the_invented_facts_are_no_cards() -> None:
    own = [text for meaning in words()["glossary"].values() for text in meaning]
    own += [form["statement"] for form in words()["invented"]]
    taught = runs((text for card in load_cards() for text in (card.statement, card.why)), 5)
    assert not runs(own, 5) & taught


def test_no_verdict_driver_advice_or_level_is_practiced(practiced) -> None:
    # The verdicts of these two name drivers ("wine", "strain"), which as words alone say nothing.
    kinds = {name: kind for name, kind in follow_ups().items() if name not in ("first", "second")}
    verdicts = {phrase for kind in kinds.values() for phrases in kind["verdicts"].values() for phrase in phrases}
    actions = {driver.action for driver in drivers().values()}
    marks = {"Answer:", "Reasoning:", "Finding:", "Likely driver", "red flag", "see a clinician"}
    questions = "\n".join(training_questions()).lower()
    # Words that the report itself prints ("no clear trend", "not measured") or that training questions hold say nothing.
    free = {"no clear trend", "not measured", "none"}
    text = practiced.lower()
    found = [
        p for p in verdicts | actions | marks if p.lower() in text and p.lower() not in questions and p not in free
    ]
    assert not found
    assert not re.search(r"\d+: (?:ok|watch|act)\b", practiced)


def test_no_question_of_the_study_is_practiced_but_training_wordings(practiced, reports) -> None:
    asked = {q for kind in follow_ups().values() for split in ("validation", "test") for q in kind[split]}
    held_out = {q for card in load_cards() for split in ("validation", "test") for q in card.phrasings.of(split)}
    assert len(held_out) > 700
    seen = (
        practiced
        + "\n"
        + "\n".join(m["content"] for _, talk in exam(reports, np.random.default_rng(5), 2) for m in talk)
    )
    assert not [question for question in asked | {RECOMMEND_QUESTION} if question in seen]
    assert not [question for question in held_out - set(training_questions()) if question in practiced]
    tests = {q for card in load_cards() for q in card.phrasings.test}
    assert not [question for question in tests if question in seen], "not even the exam asks a test question"
