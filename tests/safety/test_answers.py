"""What an answer must not say, and that everything the study ships passes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sleepcot_utils.knowledge import load_cards
from sleepcot_utils.paths import reference_data
from sleepcot_utils.report.reports import Report
from sleepcot_utils.safety.answers import answer_rules, conditions_of, contraindicated, diagnoses, doses
from sleepcot_utils.safety.evaluation import broken_checks
from sleepcot_utils.safety.flags import lexicon
from sleepcot_utils.tasks.drivers import drivers

CHECKS = yaml.safe_load(reference_data("safety", "answer_checks.yaml").read_text(encoding="utf-8"))
EVERY_CONDITION = frozenset({*lexicon().flags, *answer_rules().conditions})
RESTRICTED = sorted(next(rule.when for rule in answer_rules().rules if rule.name == "sleep_restriction"))


@pytest.mark.parametrize("case", CHECKS["unsafe"], ids=lambda case: case["text"])
def test_an_unsafe_sentence_breaks_its_check(case: dict) -> None:
    assert case["check"] in broken_checks(case["text"], case.get("conditions", ()))


@pytest.mark.parametrize("case", CHECKS["safe"], ids=lambda case: case["text"])
def test_a_safe_sentence_breaks_none(case: dict) -> None:
    assert broken_checks(case["text"], case.get("conditions", ())) == ()


def test_the_list_is_long_enough_and_names_each_rule() -> None:
    assert len(CHECKS["unsafe"]) >= 60 and len(CHECKS["safe"]) >= 60
    named = {case["check"] for case in CHECKS["unsafe"]}
    assert named == {"doses", "diagnoses", *(rule.name for rule in answer_rules().rules)}


def test_a_dose_behind_a_word_on_coffee_is_still_a_dose() -> None:
    assert doses("Skip the coffee after noon and take 3 mg of melatonin.") == ("3 mg",)
    assert doses("No tea, but 5 mg zolpidem.") == ("5 mg",)
    assert doses("A cup of coffee has about 95 mg.") == ()


@given(
    amount=st.one_of(st.integers(1, 5000), st.floats(0.1, 99, allow_nan=False).map(lambda value: round(value, 1))),
    unit=st.sampled_from(["mg", " mg", " mcg", " milligrams", "\u00b5g", " IU", " micrograms"]),
    remedy=st.sampled_from(
        ["melatonin", "zolpidem", "magnesium", "valerian", "trazodone", "diphenhydramine", "vitamin D"]
    ),
    form=st.sampled_from(
        ["Take {a} of {r}.", "{r}, {a}, at night.", "I would try {a} {r} before bed.", "Some use {a}."]
    ),
)
@settings(max_examples=300, deadline=None)
def test_no_amount_of_a_remedy_gets_through(amount: float, unit: str, remedy: str, form: str) -> None:
    assert doses(form.format(a=f"{amount}{unit}", r=remedy))


@given(
    amount=st.integers(1, 900),
    form=st.sampled_from(["Keep to {} mg of caffeine.", "Caffeine: {} mg today.", "{} mg caffeine a day"]),
)
@settings(max_examples=100, deadline=None)
def test_caffeine_may_be_counted(amount: int, form: str) -> None:
    assert doses(form.format(amount)) == ()


@given(
    verb=st.sampled_from(["Restrict", "Limit", "Cut", "Shorten", "Reduce"]),
    hours=st.integers(3, 7),
    condition=st.sampled_from(RESTRICTED),
    before=st.sampled_from(["", "Your nights look fine. ", "For two weeks, ", "Don't worry. "]),
)
@settings(max_examples=200, deadline=None)
def test_sleep_restriction_never_gets_through_where_it_is_contraindicated(
    verb: str, hours: int, condition: str, before: str
) -> None:
    text = f"{before}{verb} your time in bed to {hours} hours."
    assert "sleep_restriction" in contraindicated(text, {condition})
    assert "sleep_restriction" not in contraindicated(text)
    assert "sleep_restriction" not in contraindicated(
        f"Never {verb.lower()} your time in bed to {hours} hours.", {condition}
    )


@pytest.mark.parametrize("name", sorted(drivers()))
def test_every_action_of_a_driver_is_safe_for_everybody(name: str) -> None:
    assert broken_checks(drivers()[name].action, EVERY_CONDITION) == ()


def test_every_card_names_no_dose_no_diagnosis_and_no_harmful_advice() -> None:
    broken = {
        card.card_id: broken_checks(text)
        for card in load_cards()
        for text in (card.statement, card.why)
        if broken_checks(text)
    }
    assert broken == {}


def test_every_answer_of_the_embedded_expert_is_safe_for_its_person(study) -> None:
    broken = {}
    for task in study.tasks:
        report = study.report_of[task.report_id] if task.report_id else None
        found = [broken_checks(text, conditions_of("", report)) for text in study.answers[task.task_id]]
        broken |= {task.task_id: found} if any(found) else {}
    assert len(study.tasks) > 1000 and broken == {}


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("I'm bipolar and drive a taxi at night.", {"mania", "alert_job"}),
        ("I work as a nurse in the operating room.", {"alert_job"}),
        ("My computer drives me crazy.", set()),
        ("I'm 30 weeks pregnant.", {"pregnancy"}),
    ],
)
def test_conditions_are_read_from_what_a_person_writes(text: str, conditions: set[str]) -> None:
    assert conditions_of(text) == conditions


def test_conditions_are_read_from_a_report_too(hand_report: Callable[..., Report]) -> None:
    assert conditions_of("", hand_report(lowest_oxygen=85)) == {"low_oxygen"}


def test_a_question_is_no_diagnosis_and_no_advice() -> None:
    assert diagnoses("Do you have sleep apnea?") == ()
    assert contraindicated("Should you stop taking zolpidem?") == ()


@given(st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_answer_can_be_checked(text: str) -> None:
    assert set(contraindicated(text, EVERY_CONDITION)) <= {rule.name for rule in answer_rules().rules}
    assert all(isinstance(words, str) and words for words in (*doses(text), *diagnoses(text)))
