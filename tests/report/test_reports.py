"""Reports: every number of the text is a fact, and files survive a round trip."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from sleepcot_utils.errors import ArtifactError, ParameterError
from sleepcot_utils.norms import fact_norms
from sleepcot_utils.report.reports import (
    DETAILS,
    Report,
    as_shown,
    clock_minutes,
    clock_text,
    make_report,
    read_reports,
    report_text,
    rise_minutes,
    simulated_reports,
    write_reports,
)

NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


def numbers(text: str) -> list[float]:
    return [float(number) for number in NUMBER.findall(text)]


def line_of(report: Report, label: str) -> str:
    (line,) = [line for line in report_text(report).splitlines() if line.startswith(f"{label}:")]
    return line.removeprefix(f"{label}:").strip()


def test_every_number_of_the_text_is_the_reports_own(study) -> None:
    labels = {fact.label: name for name, fact in fact_norms().items()}
    for report in study.reports + study.twin_reports:
        head, person, *lines = report_text(report).splitlines()
        assert numbers(head) == [report.nights]
        assert numbers(person) == ([] if report.age_y is None else [report.age_y])
        stated = []
        for line in lines:
            label = next((label for label in labels if line.startswith(f"{label}: ")), None)
            if label is not None:
                fact = report.facts[labels[label]]
                stated.append(fact.name)
                expected = [fact.value] if fact.known else []
                if fact.known and fact.unit == "nights":
                    expected.append(fact.nights)
                expected += [side for side in (fact.low, fact.high) if fact.known and side is not None]
                assert numbers(line.removeprefix(f"{label}: ")) == expected, line
                assert fact.known != line.endswith(": not measured")
            elif line.startswith("average bedtime: "):
                assert line.removeprefix("average bedtime: ") == (report.bedtime or "not measured")
            elif line.startswith("efficiency after alcohol: "):
                contrast = report.alcohol
                assert numbers(line) == ([] if contrast is None else [contrast["after_pct"], contrast["otherwise_pct"]])
            else:
                assert line == f"trend of time asleep: {report.trend['direction']}"
        assert stated == list(fact_norms())


def test_a_line_reads_as_it_should(hand_report) -> None:
    report = hand_report(
        total_sleep=372, heart_rate_change=6, breathing_rate_change=-0.4, weekend_shift=-15, late_caffeine_nights=9,
        nap_mean=0, alcohol=(82, 91), nights=13,
    )  # fmt: skip
    assert report_text(report).splitlines() == [
        "Sleep report, 13 nights.",
        "Person: age 40, female.",
        "time asleep: 372 min (norm 420 to 540)",
        "time in bed: 500 min",
        "sleep efficiency: 90 % (norm 85 or more)",
        "time to fall asleep: 15 min (norm 30 or less)",
        "awake in the night: 30 min (norm 40 or less)",
        "deep sleep: 70 min (typical 58 to 92)",
        "REM sleep: 90 min (typical 71 to 115)",
        "average bedtime: 23:00",
        "bedtime varies by: 30 min (norm 60 or less)",
        "weekend sleep shift: -15 min (norm 60 or less)",
        "resting heart rate change: +6 bpm (norm 5 or less)",
        "breathing rate change: -0.4 a minute (norm 2 or less)",
        "lowest oxygen: 93 % (norm 90 or more)",
        "evenings with alcohol: 1 of 13 nights (norm 3 or less)",
        "efficiency after alcohol: 82 %, otherwise 91 %",
        "caffeine after 14:00: 9 of 13 nights (norm 3 or less)",
        "naps: 0 min a day (norm 30 or less)",
        "steps: 7000 a day",
        "trend of time asleep: no clear trend",
    ]


def test_less_detail_leaves_out_norms_and_what_can_be_computed(hand_report) -> None:
    report = replace(hand_report(total_sleep=402, time_in_bed=480), bedtime="23:40")
    full, without, raw = (report_text(report, detail).splitlines() for detail in DETAILS)
    assert full == report_text(report).splitlines()
    assert [line.partition(" (")[0] for line in full] == without
    gone = [line for line in without if line not in raw]
    assert gone == ["time in bed: 480 min", "sleep efficiency: 90 %"]
    assert [line for line in raw if line not in without] == ["average time of getting up: 07:40"]
    place = raw.index("average time of getting up: 07:40")
    assert raw[place - 1] == "average bedtime: 23:40"


def test_time_in_bed_is_printed_where_it_cannot_be_computed(hand_report) -> None:
    raw = report_text(replace(hand_report(), bedtime=None), "raw")
    assert "time in bed: 500 min" in raw and "getting up" not in raw and "sleep efficiency" not in raw
    raw = report_text(hand_report(time_in_bed=None), "raw")
    assert "time in bed: not measured" in raw and "getting up" not in raw


def test_clock_times_of_raw_detail_give_time_in_bed_back(study) -> None:
    seen = 0
    for report in study.reports:
        clocks = [
            line.rpartition(" ")[2] for line in report_text(report, "raw").splitlines() if line.startswith("average")
        ]
        if len(clocks) == 2:
            seen += 1
            bed, rise = (clock_minutes(clock) for clock in clocks)
            assert (rise - bed) % 1440 == report.facts["time_in_bed"].value
            assert clock_text(rise_minutes(report)) == clocks[1]
    assert seen > 60


def test_a_reader_of_raw_detail_knows_the_efficiency_of_the_printed_minutes(study, hand_report) -> None:
    changed = 0
    for report in study.reports:
        shown, facts = as_shown(report, "raw"), report.facts
        computed = 100 * facts["total_sleep"].value / facts["time_in_bed"].value
        assert abs(shown.facts["sleep_efficiency"].value - computed) <= 0.5
        assert abs(shown.facts["sleep_efficiency"].value - facts["sleep_efficiency"].value) <= 1
        changed += shown.facts["sleep_efficiency"] != facts["sleep_efficiency"]
        assert as_shown(report, "full") is report and as_shown(report, "no_norms") is report
    assert 0 < changed < 0.15 * len(study.reports)
    half = as_shown(hand_report(total_sleep=338, time_in_bed=400), "raw")  # 84.5 %
    assert (half.facts["sleep_efficiency"].value, half.facts["sleep_efficiency"].level) == (85, "ok")


def test_an_unknown_detail_is_refused(hand_report) -> None:
    with pytest.raises(ParameterError, match="there is no detail 'terse'"):
        report_text(hand_report(), "terse")


def test_what_is_not_known_is_said_as_not_measured(hand_report) -> None:
    report = hand_report(age_y=None, sex=None, lowest_oxygen=None, deep_sleep=None, alcohol_nights=None)
    assert report.missing == ("deep sleep", "lowest oxygen", "evenings with alcohol")
    assert line_of(report, "Person") == "age not given, sex not given."
    for label in report.missing:
        assert line_of(report, label) == "not measured"
    assert line_of(report, "REM sleep") == "90 min"  # no quartiles without age and sex
    assert line_of(report, "efficiency after alcohol") == "too few nights"
    assert report_text(report).count("not measured") == 3


def test_fewer_than_three_nights_make_no_report(night_table) -> None:
    two = night_table(2)
    assert make_report(two, person_id="p", window_nights=14) is None
    assert make_report(two.iloc[:0], person_id="p", window_nights=14) is None
    three = night_table(3)
    assert make_report(three, person_id="p", window_nights=14).nights == 3
    assert make_report(three.assign(sleep_kind="nap"), person_id="p", window_nights=14) is None
    unknown = night_table(4, total_sleep_min=[400, 400, None, None])
    assert make_report(unknown, person_id="p", window_nights=14) is None
    assert make_report(night_table(9, skip=range(2, 8)), person_id="p", window_nights=14).nights == 3
    assert make_report(night_table(9, skip=range(2, 8)), person_id="p", window_nights=7) is None


def test_one_report_equals_the_report_of_many(study) -> None:
    for person in study.people.head(12).itertuples():
        alone = make_report(
            study.table[study.table["person_id"] == person.person_id].sample(frac=1, random_state=1),
            person_id=person.person_id,
            window_nights=study.nights,
            age_y=person.age_y if person.gives_age else None,
            sex=person.sex if person.gives_age else None,
        )
        assert alone.as_dict() == study.report_of[f"{person.person_id}-factual"].as_dict()


def test_people_without_nights_get_no_report_and_age_is_left_out_where_it_is_not_given(study) -> None:
    first, second = study.people["person_id"][:2]
    table = study.table[study.table["person_id"] != first]
    reports = simulated_reports(study.people.head(2).assign(gives_age=False), table, 14, "factual")
    assert [report.person_id for report in reports] == [second]
    assert reports[0].age_y is None and reports[0].sex is None
    (older,) = simulated_reports(study.people.iloc[[1]].assign(gives_age=True, age_y=70.0), table, 14, "factual")
    assert older.age_y == 70 and older.facts["total_sleep"].high == 480


def test_a_report_survives_json(study, tmp_path: Path) -> None:
    reports = study.reports[:40] + study.twin_reports[:10]
    path = tmp_path / "deep" / "reports.jsonl"
    assert write_reports(path, reports) == 50
    again = list(read_reports(path))
    assert [report.as_dict() for report in again] == [report.as_dict() for report in reports]
    assert [report_text(report) for report in again] == [report_text(report) for report in reports]
    assert list(again[0].facts) == list(fact_norms())  # the text keeps the order of the facts
    assert any(report.missing for report in again)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert "NaN" not in lines[0] and json.loads(lines[0])["text"] == report_text(reports[0])


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        '{"report_id": "x"}',
        lambda entry: entry | {"facts": []},
        lambda entry: entry | {"facts": {"total_sleep": {"value": "many"}}},
        lambda entry: {key: value for key, value in entry.items() if key != "trend"},
    ],
)
def test_a_damaged_line_is_named(hand_report, tmp_path: Path, damage) -> None:
    path = tmp_path / "reports.jsonl"
    write_reports(path, [hand_report(person_id=f"p{number:05d}") for number in range(3)])
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[1] = damage if isinstance(damage, str) else json.dumps(damage(json.loads(lines[1])))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"reports\.jsonl, line 2: this line is not a report") as caught:
        list(read_reports(path))
    assert str(tmp_path) not in str(caught.value)


def test_the_window_ends_with_the_persons_own_last_night(night_table) -> None:
    table = night_table(20, total_sleep_min=[300.0] * 13 + [450.0] * 7)
    assert make_report(table, person_id="p", window_nights=7).facts["total_sleep"].value == 450
    later = pd.concat([table, table.tail(1).assign(person_id="q", night_date=pd.Timestamp("2027-01-01"))])
    own = later[later["person_id"] == "p00001"]
    assert make_report(own, person_id="p", window_nights=7).nights == 7
