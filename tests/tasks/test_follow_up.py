"""Follow-up questions: each verdict is reached by a report, and phrasings are kept apart by split."""

from __future__ import annotations

from typing import Any

import pytest

from sleepcot_utils.knowledge import SPLITS
from sleepcot_utils.tasks.drivers import NONE, UNEXPLAINED, drivers
from sleepcot_utils.tasks.follow_up import ALCOHOL_DIFFERENCE_PCT, CANNOT_SAY, follow_ups, verdict

#: Kind of question, what differs from a report in order, right verdict, and the facts that carry it.
CASES: list[tuple[str, dict[str, Any], str, tuple[str, ...]]] = [
    ("tired", {}, CANNOT_SAY, ("total_sleep",)),
    ("tired", {"lowest_oxygen": 87, "heart_rate_change": 9, "total_sleep": 300}, "breathing", ("lowest_oxygen",)),
    ("tired", {"lowest_oxygen": 89}, CANNOT_SAY, ("total_sleep",)),
    ("tired", {"heart_rate_change": 6, "total_sleep": 300}, "strain", ("heart_rate_change",)),
    ("tired", {"total_sleep": 419, "sleep_latency": 60}, "short", ("total_sleep",)),
    ("tired", {"total_sleep": 600}, CANNOT_SAY, ("total_sleep",)),
    ("tired", {"sleep_efficiency": 80, "sleep_latency": 40}, "broken", ("sleep_efficiency",)),
    ("tired", {"sleep_latency": 31, "wake_after_onset": 60}, "broken", ("sleep_latency",)),
    ("tired", {"wake_after_onset": 41}, "broken", ("wake_after_onset",)),
    ("deep", {"deep_sleep": 57}, "below", ("deep_sleep",)),
    ("deep", {"deep_sleep": 58}, "within", ("deep_sleep",)),
    ("deep", {"deep_sleep": 92}, "within", ("deep_sleep",)),
    ("deep", {"deep_sleep": 93}, "above", ("deep_sleep",)),
    ("deep", {"deep_sleep": None}, CANNOT_SAY, ()),
    ("deep", {"age_y": None}, CANNOT_SAY, ()),
    ("deep", {"sex": None}, CANNOT_SAY, ()),
    ("alcohol", {}, CANNOT_SAY, ()),
    ("alcohol", {"alcohol": (87, 90)}, "lower", ("efficiency_after_alcohol",)),
    ("alcohol", {"alcohol": (88, 90)}, "no_difference", ("efficiency_after_alcohol",)),
    ("alcohol", {"alcohol": (95, 90)}, "no_difference", ("efficiency_after_alcohol",)),
    ("first", {}, NONE, ()),
    ("first", {"total_sleep": 600}, UNEXPLAINED, ()),
    ("first", {"lowest_oxygen": 87}, "breathing", ("lowest_oxygen",)),
    ("first", {"breathing_rate_change": 4}, "body_strain", ("breathing_rate_change",)),
    ("first", {"sleep_latency": 40, "alcohol_nights": 8}, "alcohol", ("alcohol_nights",)),
    ("first", {"sleep_latency": 40, "late_caffeine_nights": 8}, "late_caffeine", ("late_caffeine_nights",)),
    ("first", {"sleep_latency": 40, "nap_mean": 61}, "naps", ("nap_mean",)),
    ("first", {"total_sleep": 600, "bedtime_spread": 70}, "irregular_bedtime", ("bedtime_spread",)),
    ("first", {"total_sleep": 600, "weekend_shift": 70}, "weekend_shift", ("weekend_shift",)),
    ("first", {"total_sleep": 400}, "short_time_in_bed", ("total_sleep",)),
    ("first", {"sleep_efficiency": 80, "sleep_latency": 40}, "wakeful_in_bed", ("sleep_efficiency",)),
    ("danger", {}, "no_red_flag", ("lowest_oxygen",)),
    ("danger", {"lowest_oxygen": 87}, "see_clinician", ("lowest_oxygen",)),
    ("danger", {"lowest_oxygen": 89}, "no_red_flag", ("lowest_oxygen",)),
    ("danger", {"lowest_oxygen": None}, CANNOT_SAY, ()),
    (
        "danger",
        {"lowest_oxygen": None, "heart_rate_change": 9, "breathing_rate_change": 4},
        "see_clinician",
        ("heart_rate_change",),
    ),
    ("weekend", {"weekend_shift": 61}, "later", ("weekend_shift",)),
    ("weekend", {"weekend_shift": 60}, "same", ("weekend_shift",)),
    ("weekend", {"weekend_shift": None}, CANNOT_SAY, ()),
    ("trend", {"trend": "falling"}, "falling", ()),
    ("trend", {"trend": "rising"}, "rising", ()),
    ("trend", {"trend": "no clear trend"}, "no_trend", ()),
    ("trend", {"trend": "too few nights"}, CANNOT_SAY, ()),
    ("bedtime", {}, "not_needed", ("total_sleep",)),
    ("bedtime", {"total_sleep": 600, "sleep_efficiency": 70}, "not_needed", ("total_sleep",)),
    ("bedtime", {"total_sleep": 400}, "earlier_30", ("total_sleep",)),
    ("bedtime", {"total_sleep": 359}, "earlier_60", ("total_sleep",)),
    ("bedtime", {"total_sleep": 400, "sleep_efficiency": 84}, "not_earlier", ("sleep_efficiency",)),
]


@pytest.mark.parametrize(("kind", "values", "name", "facts"), CASES)
def test_the_verdict_follows_from_the_report(hand_report, kind: str, values, name: str, facts: tuple[str, ...]) -> None:
    right = verdict(kind, hand_report(**values))
    assert (right.name, right.facts) == (name, facts)


def test_every_verdict_of_every_kind_is_reached() -> None:
    for kind, entry in follow_ups().items():
        assert {name for case, _, name, _ in CASES if case == kind} == set(entry["verdicts"]), kind
    assert set(follow_ups()["first"]["verdicts"]) == {*drivers(), NONE, UNEXPLAINED}


def test_a_difference_after_alcohol_is_called_one_from_three_points_on() -> None:
    assert ALCOHOL_DIFFERENCE_PCT == 3


def test_simulated_people_meet_every_kind_of_verdict_but_rare_ones(study) -> None:
    met = {(kind, verdict(kind, report).name) for kind in follow_ups() for report in study.report_of.values()}
    possible = {(kind, name) for kind, entry in follow_ups().items() for name in entry["verdicts"]}
    assert met <= possible
    assert len(met) >= len(possible) - 3, possible - met


def test_each_split_has_phrasings_that_no_other_split_or_kind_has() -> None:
    owner: dict[str, tuple[str, str]] = {}
    for kind, entry in follow_ups().items():
        assert len(entry["train"]) >= 3
        for split in SPLITS:
            assert entry[split], (kind, split)
            for phrasing in entry[split]:
                assert phrasing.endswith(("?", ".")), phrasing
                key = phrasing.lower().strip()
                assert owner.setdefault(key, (kind, split)) == (kind, split), phrasing
