"""Keys: from the report alone, and holding what an answer may and must say."""

from __future__ import annotations

import json

from sleepcot_utils.report.reports import Report, report_text
from sleepcot_utils.tasks.drivers import drivers, find
from sleepcot_utils.tasks.follow_up import follow_ups
from sleepcot_utils.tasks.keys import EARLIER_MIN, allowed_numbers, follow_up_key, knowledge_key, recommend_key


def through_json(report: Report) -> Report:
    return Report.from_dict(json.loads(json.dumps(report.as_dict(), sort_keys=True)))


def test_keys_are_the_same_after_the_report_went_through_a_file(study) -> None:
    for report in study.reports[:60]:
        again = through_json(report)
        assert report_text(again) == report_text(report)
        assert recommend_key(again) == recommend_key(report)
        for kind in follow_ups():
            assert follow_up_key(kind, again) == follow_up_key(kind, report)


def test_keys_are_plain_json(study) -> None:
    for task in study.tasks:
        assert json.loads(json.dumps(task.key)) == task.key


def test_the_key_of_a_report_by_hand(hand_report) -> None:
    key = recommend_key(
        hand_report(
            total_sleep=350,
            sleep_latency=40,
            late_caffeine_nights=9,
            lowest_oxygen=None,
            alcohol=(80, 90),
            nights=13,
            trend="falling",
            weekend_shift=-20,
        )
    )
    assert key["required_facts"] == ["total_sleep", "sleep_latency", "late_caffeine_nights"]
    assert key["flags"] == {
        "total_sleep": {"level": "act", "direction": "low"},
        "sleep_latency": {"level": "watch", "direction": "high"},
        "late_caffeine_nights": {"level": "act", "direction": "high"},
    }
    assert (key["main_driver"], key["second_driver"]) == ("late_caffeine", "short_time_in_bed")
    assert key["contraindicated"] == [*drivers()["late_caffeine"].never, *drivers()["short_time_in_bed"].never]
    assert key["red_flags"] == [] and key["verdict"] is None and key["trend"] == "falling"
    assert key["unknown"] == ["lowest oxygen"] and key["report_id"] == "p00001-factual"
    assert key["numbers"]["total_sleep"] == [350, 420, 540]
    assert key["numbers"]["late_caffeine_nights"] == [3, 9, 13]
    assert key["numbers"]["weekend_shift"] == [20, 60]  # the size: an answer may say "20 min earlier"
    assert key["numbers"]["efficiency_after_alcohol"] == [80, 90]
    assert "lowest_oxygen" not in key["numbers"] and "lowest_oxygen" not in key["values"]
    assert key["values"]["total_sleep"] == [350] and key["values"]["weekend_shift"] == [20]
    assert key["values"]["late_caffeine_nights"] == [9] and key["values"]["efficiency_after_alcohol"] == [80, 90]


def test_a_report_in_order_must_still_cite_time_asleep(hand_report) -> None:
    key = recommend_key(hand_report())
    assert key["required_facts"] == ["total_sleep"] and key["flags"] == {} and key["contraindicated"] == []
    assert (key["main_driver"], key["second_driver"]) == ("none", "none")


def test_who_lies_awake_is_never_to_be_sent_to_bed_earlier(hand_report) -> None:
    key = recommend_key(hand_report(total_sleep=350, sleep_efficiency=74, wake_after_onset=70))
    assert key["main_driver"] == "wakeful_in_bed" and "go to bed earlier" in key["contraindicated"]


def test_allowed_numbers_stand_in_the_text(study) -> None:
    for report in study.reports[:60]:
        text = report_text(report)
        for name, numbers in allowed_numbers(report).items():
            for number in numbers:
                assert f"{number:.1f}" in text or f"{number:.0f}" in text, (report.report_id, name, number)


def test_own_values_are_among_the_numbers_that_may_be_cited(study) -> None:
    for task in study.tasks:
        for name, values in task.key.get("values", {}).items():
            assert set(values) <= set(task.key["numbers"][name])


def test_follow_up_keys_hold_verdict_and_the_facts_that_carry_it(hand_report) -> None:
    report = hand_report(total_sleep=350)
    key = follow_up_key("bedtime", report)
    assert (key["verdict"], key["required_facts"]) == ("earlier_60", ["total_sleep"])
    assert key["numbers"] == recommend_key(report)["numbers"]
    assert key["main_driver"] == find(report).main
    assert EARLIER_MIN == {"watch": 30, "act": 60}


def test_the_key_of_a_knowledge_question_is_its_card() -> None:
    assert knowledge_key("caffeine-half-life") == {"card_id": "caffeine-half-life"}
