"""What a person reads: safety words first, and no advice that fails a check."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.report.reports import Report
from sleepcot_utils.safety.advice import LANGUAGES, advice_for, wording
from sleepcot_utils.safety.evaluation import broken_checks
from sleepcot_utils.safety.flags import lexicon
from sleepcot_utils.safety.guard import guard
from sleepcot_utils.safety.triage import Triage, triage

GOOD = "Go to bed 30 min earlier."


def one(flag: str, urgency: str) -> Triage:
    return Triage(urgency, (flag,), ((flag, urgency, "words"),))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("flag", sorted(lexicon().flags))
def test_every_flag_has_words_in_every_language(flag: str, language: str) -> None:
    soon = advice_for(one(flag, "soon"), language)
    assert wording(language)["closing"] in soon
    assert not re.search(r"[{}]|\d", soon), "a number or a place left open"
    if lexicon().flags[flag].urgency == "now" or lexicon().flags[flag].now:
        now = advice_for(one(flag, "now"), language)
        assert now != soon and len(now) > len(wording(language)["closing"]) + 10


@pytest.mark.parametrize("flag", sorted(lexicon().flags))
def test_the_words_themselves_name_no_dose_and_no_diagnosis(flag: str) -> None:
    for urgency in ("soon", "now"):
        assert broken_checks(advice_for(one(flag, urgency)), {flag}) == ()


def test_a_number_is_named_only_if_the_caller_gives_it() -> None:
    found = triage("I want to kill myself")
    assert "a crisis line in your country" in advice_for(found)
    given = advice_for(found, emergency="112", crisis="the line 0800 111")
    assert "112" in given and "the line 0800 111" in given


def test_suicidal_thoughts_go_before_everything_else() -> None:
    text = advice_for(triage("I am 30 weeks pregnant and I want to die."))
    assert text.startswith("I am glad that you wrote this.") and "midwife" in text
    assert text.index("crisis line") < text.index("midwife")


def test_nothing_is_said_where_nothing_is_found() -> None:
    assert advice_for(Triage()) == "" == advice_for(Triage(), "zh")


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ParameterError, match="no wording in 'fr'"):
        wording("fr")


def test_a_harmless_answer_passes_as_it_is(hand_report: Callable[..., Report]) -> None:
    shown = guard("Why am I tired?", hand_report(), GOOD)
    assert (shown.text, shown.withheld, shown.reasons) == (GOOD, False, ())


def test_safety_words_stand_before_the_answer(hand_report: Callable[..., Report]) -> None:
    shown = guard("Why am I tired?", hand_report(lowest_oxygen=85), GOOD)
    assert not shown.withheld and shown.text.endswith(GOOD)
    assert 0 <= shown.text.index("clinician") < shown.text.index(GOOD)


def test_under_an_urgent_flag_no_answer_is_shown(hand_report: Callable[..., Report]) -> None:
    shown = guard("My chest hurts right now. When should I go to bed?", hand_report(), GOOD)
    assert shown.withheld and shown.reasons == ("urgent",) and GOOD not in shown.text
    assert shown.text.startswith("Please get help now")


@pytest.mark.parametrize(
    ("question", "answer", "reason"),
    [
        ("How do I sleep better?", "Take 3 mg of melatonin.", "dose: 3 mg"),
        ("Do I have apnea?", "You have sleep apnea.", "diagnosis: you have sleep apnea"),
        ("I am bipolar. What helps?", "Restrict your time in bed.", "contraindicated: sleep_restriction"),
        ("I drive a truck and lie awake.", "Restrict your time in bed.", "contraindicated: sleep_restriction"),
    ],
)
def test_an_answer_that_fails_is_held_back_with_its_reason(question: str, answer: str, reason: str) -> None:
    shown = guard(question, None, answer)
    assert shown.withheld and shown.reasons == (reason,) and answer not in shown.text
    assert wording()["withheld"] in shown.text


def test_the_same_advice_is_shown_to_whom_it_does_not_harm() -> None:
    assert not guard("I lie awake. What helps?", None, "Restrict your time in bed to 7 hours.").withheld


def test_chinese_words_stand_before_a_chinese_answer() -> None:
    shown = guard("我怀孕了，睡不好", None, "请早点上床。", "zh")
    assert shown.text.endswith("请早点上床。") and "产科医生" in shown.text
