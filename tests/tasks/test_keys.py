"""Keys: from the report alone, and holding what an answer may and must say."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.report.reports import DETAILS, Report, report_text
from sleepcot_utils.tasks.drivers import drivers, find
from sleepcot_utils.tasks.follow_up import follow_ups, remarks
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
    assert knowledge_key("caffeine-half-life", "B") == {"card_id": "caffeine-half-life", "choice": "B"}


def test_keys_hold_the_limits_of_the_person(hand_report) -> None:
    limits = recommend_key(hand_report(lowest_oxygen=None))["limits"]
    assert limits["total_sleep"] == {"low": 420, "high": 540, "act_low": 360, "act_high": 600}
    assert limits["late_caffeine_nights"] == {"low": None, "high": 3, "act_low": None, "act_high": 7}
    assert limits["deep_sleep"] == {"low": 58, "high": 92, "act_low": None, "act_high": None}
    assert "steps_mean" not in limits and "lowest_oxygen" not in limits
    assert recommend_key(hand_report(age_y=70))["limits"]["total_sleep"]["high"] == 480


def test_a_recommendation_is_derived_from_problems_evidence_and_rank(hand_report) -> None:
    steps = recommend_key(hand_report(total_sleep=400, alcohol_nights=8, weekend_shift=70))["steps"]
    assert [(step["act"], step["fact"], step["level"]) for step in steps[:-2]] == [
        ("compare", "total_sleep", "watch"), ("compare", "alcohol_nights", "act"), ("compare", "weekend_shift", "watch"),
    ]  # fmt: skip
    assert steps[-2]["terms"] == [["alcohol", 2], ["weekend_shift", 1], ["short_time_in_bed", 1]]
    assert (steps[-2]["act"], steps[-2]["says"], steps[-1]["says"]) == ("rank", "alcohol", "alcohol")


def test_urgency_is_the_higher_of_report_and_remark(hand_report) -> None:
    by_urgency = {remark.urgency: remark.remark_id for remark in remarks().values()}
    for values, own in (({}, "none"), ({"lowest_oxygen": 87}, "soon")):
        report = hand_report(**values)
        assert recommend_key(report)["urgency"] == follow_up_key("deep", report)["urgency"] == own
        for urgency, remark_id in by_urgency.items():
            key = follow_up_key("remark", report, remark_id)
            assert key["urgency"] == max(own, urgency, key=["none", "soon", "now"].index)
            assert key["remark"]["id"] == remark_id and key["remark"]["urgency"] == urgency
    assert follow_up_key("deep", hand_report())["remark"] is None


def test_numbers_that_are_asked_for_stand_in_the_key_and_may_be_cited(hand_report) -> None:
    report = hand_report(time_in_bed=480, total_sleep=402)
    key = follow_up_key("awake", report)
    assert key["answer_value"] == 78 and {78, 402, 480} <= set(key["numbers"]["total_sleep"])
    key = follow_up_key("what_if", hand_report(total_sleep=450), "45")
    assert (key["answer_value"], key["about"]) == (405, "45") and {45, 405} <= set(key["numbers"]["total_sleep"])
    key = follow_up_key("rise", report, "07:00")
    assert key["answer_value"] == 7 * 60 and key["numbers"]["time_in_bed"] == [480]
    assert follow_up_key("rise", report)["about"] == "07:00" and follow_up_key("tired", report)["answer_value"] is None


def test_difficulty_is_that_of_the_kind_and_more_where_less_is_printed(hand_report) -> None:
    report = hand_report()
    assert [follow_up_key("deep", report, detail=detail)["difficulty"] for detail in DETAILS] == [1, 2, 2]
    assert [follow_up_key("what_if", report, detail=detail)["difficulty"] for detail in DETAILS] == [4, 4, 4]
    assert recommend_key(report)["difficulty"] == 4


def test_raw_keys_are_right_for_who_computes_from_what_is_printed(hand_report) -> None:
    report = hand_report(time_in_bed=480, total_sleep=403, sleep_efficiency=85)  # 403 of 480 are 83.96 %
    assert recommend_key(report)["flags"].keys() == {"total_sleep"}
    key = recommend_key(report, "raw")
    assert key["flags"]["sleep_efficiency"] == {"level": "watch", "direction": "low"}
    assert key["values"]["sleep_efficiency"] == [84]
    assert [step["terms"] for step in key["steps"][:2]] == [
        [["rise", 420], ["bedtime", 1380], ["result", 480]],
        [["total_sleep", 403], ["time_in_bed", 480], ["result", 84]],
    ]
    assert follow_up_key("awake", report, detail="raw")["verdict"] == "much"
    assert follow_up_key("awake", report)["verdict"] == "usual"
    assert [step["act"] for step in follow_up_key("deep", report, detail="raw")["steps"]] == ["compare", "rule"]
    unknown = replace(report, bedtime=None)
    assert recommend_key(unknown, "raw")["steps"][0]["says"] == "sleep_efficiency"


def test_without_norms_the_key_is_the_same(study) -> None:
    for report in study.reports[:40]:
        full, without = recommend_key(report), recommend_key(report, "no_norms")
        assert without.pop("detail") == "no_norms" and full.pop("detail") == "full" and full == without


def test_an_unknown_detail_is_refused(hand_report) -> None:
    with pytest.raises(ParameterError, match="detail.*full, no_norms, raw"):
        recommend_key(hand_report(), "terse")
