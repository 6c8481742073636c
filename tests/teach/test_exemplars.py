"""Worked exemplars: right by the same checks as any teacher, of nobody in a run, and chosen in a way that never varies."""

from __future__ import annotations

import re

import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.report.reports import report_text
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, RECOMMEND, follow_up_task, knowledge_task, recommend_task
from sleepcot_utils.tasks.follow_up import follow_ups
from sleepcot_utils.teach.exemplars import FIXED, SIMILAR, WAYS, choose, exemplar_report, exemplars
from sleepcot_utils.teach.verification import check_answer

EVERY = pytest.mark.parametrize("exemplar", exemplars(), ids=lambda exemplar: exemplar.name)
ON_A_REPORT = pytest.mark.parametrize(
    "exemplar", [one for one in exemplars() if one.task.kind != KNOWLEDGE], ids=lambda exemplar: exemplar.name
)


@EVERY
def test_an_exemplar_passes_every_check_of_verification(study, exemplar) -> None:
    assert check_answer(exemplar.task, exemplar.rationale, exemplar.answer, study.cards) == []


@EVERY
def test_the_checks_can_fail_an_exemplar(study, exemplar) -> None:
    """With the answer of another exemplar of its kind each fails, so that the test above is no formality.

    But for those that can't be answered from the data: that can be said of one question in the words of another.
    """
    verdict = exemplar.task.key.get("verdict")
    others = [one for one in exemplars() if one.task.kind == exemplar.task.kind and one is not exemplar]
    others = [one for one in others if verdict != "cannot_say" or one.task.key["verdict"] != verdict]
    assert others and all(check_answer(exemplar.task, one.rationale, one.answer, study.cards) for one in others)


@EVERY
def test_an_exemplar_reasons_before_it_answers_and_names_no_dose(exemplar) -> None:
    assert exemplar.rationale and exemplar.answer and exemplar.rationale != exemplar.answer
    assert not re.search(r"\d\s*(?:mg|mcg|µg|g|ml|drops|tablets?)\b", exemplar.rationale + exemplar.answer)


@ON_A_REPORT
def test_the_minutes_of_an_exemplar_add_up(exemplar) -> None:
    values = {name: fact["value"] for name, fact in _facts(exemplar).items()}
    in_bed = values["total_sleep"] + values["sleep_latency"] + values["wake_after_onset"]
    assert in_bed == values["time_in_bed"]
    assert values["sleep_efficiency"] == round(100 * values["total_sleep"] / in_bed)


def _facts(exemplar) -> dict[str, dict]:
    import yaml

    from sleepcot_utils.paths import reference_data

    entries = yaml.safe_load(reference_data("exemplars", "worked.yaml").read_text(encoding="utf-8"))["exemplars"]
    report = exemplar_report(exemplar.name, entries[exemplar.name]["person"])
    return {name: fact.as_dict() for name, fact in report.facts.items()}


def test_the_exemplars_cover_what_a_teacher_must_be_shown() -> None:
    keys = [one.task.key for one in exemplars() if one.task.kind != KNOWLEDGE]
    assert sum(one.task.kind == RECOMMEND for one in exemplars()) >= 4
    assert len({one.task.topic for one in exemplars() if one.task.kind == FOLLOW_UP}) >= 10
    assert sum(key["verdict"] == "cannot_say" for key in keys) >= 3
    assert {key["urgency"] for key in keys} == {"none", "soon", "now"}
    assert any(key["red_flags"] for key in keys) and any(key["unknown"] for key in keys)
    assert {bool(one.task.key.get("choice")) for one in exemplars() if one.task.kind == KNOWLEDGE} == {False, True}
    people = re.findall(r"Person: (.+)\.", "\n".join(one.user for one in exemplars()))
    ages = [int(age) for age in re.findall(r"age (\d+)", " ".join(people))]
    assert min(ages) < 25 and max(ages) >= 70 and len(set(people)) == len(people) > 12
    assert {person.rpartition(", ")[2] for person in people} == {"female", "male", "sex not given"}


def test_exemplars_are_of_nobody_in_a_run(study) -> None:
    texts = {report_text(report) for report in study.report_of.values()}
    assert not {one.user.split("\n<<")[0].rpartition("\n")[0] for one in exemplars()} & texts
    assert not {one.task.person_id for one in exemplars()} & {
        task.person_id for task in study.tasks if task.kind != KNOWLEDGE
    }


def test_exemplars_ask_no_held_out_question(study) -> None:
    held_out = {q for kind in follow_ups().values() for split in ("validation", "test") for q in kind[split]}
    held_out |= {q for c in study.cards.values() for split in ("validation", "test") for q in c.phrasings.of(split)}
    lines = {line for one in exemplars() for line in one.user.splitlines()}
    assert not lines & held_out
    trained = {q for kind in follow_ups().values() for q in kind["train"] if "{" not in q}
    trained |= {q for card in study.cards.values() for q in card.phrasings.of("train")}
    assert len(lines & trained) > 10


@pytest.mark.parametrize("way", WAYS)
def test_only_the_own_kind_is_shown_and_the_own_question_stands_last(study, way: str) -> None:
    shown = {one.task.topic for one in exemplars()}
    for task in study.tasks[::5]:
        chosen = choose(task, 3, way)
        assert len(chosen) >= 2 and all(one.task.kind == task.kind for one in chosen)
        assert [one.name for one in choose(task, 3, way)] == [one.name for one in chosen]
        assert choose(task, 1, way) == chosen[-1:]
        if task.kind == FOLLOW_UP and task.topic in shown:
            assert chosen[-1].task.topic == task.topic


@EVERY
@pytest.mark.parametrize("way", WAYS)
def test_an_exemplar_is_never_shown_for_its_own_task(exemplar, way: str) -> None:
    assert exemplar.name not in {one.name for one in choose(exemplar.task, 99, way)}


def test_the_most_similar_report_stands_nearest(hand_report) -> None:
    awake = hand_report(
        total_sleep=370.0, time_in_bed=500.0, sleep_efficiency=76.0, sleep_latency=50.0, wake_after_onset=70.0
    )
    apneic = hand_report(lowest_oxygen=85.0, sleep_efficiency=82.0, wake_after_onset=70.0, alcohol_nights=5.0)
    assert choose(recommend_task(awake, "test"), 1, SIMILAR)[0].name == "awake_in_bed"
    assert choose(recommend_task(apneic, "test"), 1, SIMILAR)[0].name == "low_oxygen_before_all_else"
    assert choose(recommend_task(awake, "test"), 3, FIXED) == choose(recommend_task(apneic, "test"), 3, FIXED)


def test_among_two_of_one_question_the_similar_report_wins(hand_report) -> None:
    from sleepcot_utils.tasks.follow_up import default_option

    task = follow_up_task("remark", hand_report(), "train", "Is that dangerous?", about=default_option("remark"))
    assert choose(task, 1, SIMILAR)[0].task.topic == "remark"


def test_knowledge_is_chosen_by_words_and_never_the_same_card(study) -> None:
    card = study.cards["caffeine-six-hours-before-bed"]
    task = knowledge_task(card, "test", 1, "How long is the caffeine of a coffee active in the body?")
    assert choose(task, 1, SIMILAR)[0].name == "how_long_caffeine_stays"
    own = knowledge_task(study.cards["caffeine-half-life"], "test", 1, "How long does caffeine stay in the body?")
    assert "how_long_caffeine_stays" not in {one.name for one in choose(own, 9, SIMILAR)}


def test_a_fact_that_is_none_is_named() -> None:
    person = {"age_y": 30, "sex": "female", "nights": 7, "bedtime": "23:00", "trend": "falling", "facts": {"luck": 7}}
    with pytest.raises(
        InputError, match=r"worked\.yaml, somebody: there is no fact 'luck'\. Expected: some of total_s"
    ):
        exemplar_report("somebody", person)
