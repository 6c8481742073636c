"""Several devices of one person become one log. All episodes here are made by hand, and so are the expected values."""

from __future__ import annotations

import json
from datetime import date, datetime

import pandas as pd
import pytest

from sleepcot_utils.ingest import describe, read_export
from sleepcot_utils.ingest.clocks import Moment
from sleepcot_utils.ingest.episodes import DayValue, Episode, Source, Totals
from sleepcot_utils.ingest.hypnograms import Segment, Stage
from sleepcot_utils.ingest.integration import integrate
from sleepcot_utils.paths import reference_data

WATCH, RING, PHONE = (Source("garmin", "watch"), Source("oura", "ring"), Source("apple_health", "iphone"))
ORDER = ("garmin", "oura", "apple_health")


def moment(text: str, offset_min: float | None = 0) -> Moment:
    return Moment.from_local(datetime.fromisoformat(f"2024-{text}"), offset_min)


def sleep(start: str, end: str, source: Source = WATCH, **more) -> Episode:
    offset = more.pop("offset_min", 0)
    begins, ends = moment(start, offset), moment(end, more.pop("end_offset_min", offset))
    if "asleep" in more:
        more["totals"] = Totals(asleep_min=more.pop("asleep"), **more.pop("stages", {}))
    return Episode(source, f"{source.vendor}.json", begins, ends, **more)


def merged(*episodes: Episode, values: tuple[DayValue, ...] = ()):
    return integrate(episodes, values, ORDER)


def main_of(nights) -> dict[str, float]:
    return {str(night.episode.ended_on): night.values["total_sleep_min"] for night in nights if night.kind == "main"}


def test_the_longest_sleep_of_a_date_is_main_and_the_others_are_naps():
    nights, _, _ = merged(
        sleep("03-01T23:00", "03-02T06:00", asleep=400),
        sleep("03-02T09:30", "03-02T13:00", asleep=200),
        sleep("03-02T23:30", "03-03T07:00", asleep=420),
    )
    assert main_of(nights) == {"2024-03-02": 400, "2024-03-03": 420}
    assert [night.kind for night in nights].count("nap") == 1


def test_a_shift_worker_has_the_main_sleep_by_day():
    nights, _, _ = merged(
        sleep("03-02T08:00", "03-02T15:00", asleep=390), sleep("03-01T22:00", "03-02T00:30", asleep=140)
    )
    assert main_of(nights) == {"2024-03-02": 390}


def test_a_short_sleep_in_the_daytime_is_no_night_even_if_it_is_alone():
    nights, _, _ = merged(sleep("03-02T14:00", "03-02T15:00", asleep=50))
    assert [night.kind for night in nights] == ["nap"]
    nights, _, _ = merged(sleep("03-02T01:00", "03-02T03:00", asleep=110))
    assert [night.kind for night in nights] == ["main"]
    nights, _, _ = merged(sleep("03-02T14:00", "03-02T15:00", asleep=50, kind="main"))
    assert [night.kind for night in nights] == ["main"]


def test_what_the_vendor_calls_a_nap_is_never_main():
    nights, _, _ = merged(sleep("03-01T23:00", "03-02T07:00", asleep=450, kind="nap"))
    assert [night.kind for night in nights] == ["nap"]


def test_naps_count_for_the_night_after_and_zero_is_measured():
    nights, _, _ = merged(
        sleep("03-01T23:00", "03-02T07:00", asleep=450),
        sleep("03-02T14:00", "03-02T15:00", asleep=50),
        sleep("03-02T23:00", "03-03T07:00", asleep=440),
        sleep("03-03T23:00", "03-04T07:00", asleep=430),
    )
    given = {str(night.episode.ended_on): night.values.get("nap_min") for night in nights if night.kind == "main"}
    # Nothing is known of the day before the first night.
    assert given == {"2024-03-02": None, "2024-03-03": 50, "2024-03-04": 0}


def test_someone_without_any_nap_has_no_measured_naps():
    nights, _, _ = merged(
        sleep("03-01T23:00", "03-02T07:00", asleep=450), sleep("03-02T23:00", "03-03T07:00", asleep=440)
    )
    assert all(night.values.get("nap_min") is None for night in nights)


@pytest.mark.parametrize(("end", "joined"), [("03-02T02:00", 1), ("03-02T02:01", 1), ("03-02T01:59", 0)])
def test_gaps_of_up_to_an_hour_are_joined(end, joined):
    first, second = sleep("03-01T23:00", end, asleep=150), sleep("03-02T03:00", "03-02T07:00", asleep=230)
    nights, _, done = merged(first, second)
    assert done.joined == joined
    assert len(nights) == 2 - joined
    if joined:
        values = nights[0].values
        # 8 h from start to end, the gap among them.
        assert (values["time_in_bed_min"], values["total_sleep_min"]) == (480, 380)


def test_a_joined_night_has_the_gap_as_a_waking():
    deep = [Segment(0, 7200, Stage.DEEP)]
    light = [Segment(0, 600, Stage.WAKE), Segment(600, 9000, Stage.LIGHT)]
    nights, _, _ = merged(
        sleep("03-01T23:00", "03-02T01:00", segments=deep), sleep("03-02T01:30", "03-02T04:00", segments=light)
    )
    values = nights[0].values
    # The gap of 30 min and the 10 min of wake after it are one bout.
    assert (values["deep_min"], values["light_min"], values["wake_after_sleep_onset_min"]) == (120, 140, 40)
    assert values["time_in_bed_min"] == 300


def test_naps_other_sources_and_nights_beyond_16_hours_are_not_joined():
    first = sleep("03-01T23:00", "03-02T06:00", asleep=400)
    assert merged(first, sleep("03-02T06:30", "03-02T07:30", asleep=50, kind="nap"))[2].joined == 0
    assert merged(first, sleep("03-02T06:30", "03-02T07:30", RING, asleep=50))[2].joined == 0
    assert merged(first, sleep("03-02T06:30", "03-02T15:30", asleep=500))[2].joined == 0


def test_of_overlapping_sleeps_stages_go_before_length():
    staged = sleep("03-01T23:30", "03-02T06:30", RING, asleep=400, stages={"deep_min": 80.0, "rem_min": 90.0})
    longer = sleep("03-01T23:00", "03-02T07:00", asleep=470)
    nights, _, done = merged(longer, staged)
    assert [(night.episode.source, night.values["total_sleep_min"]) for night in nights] == [(RING, 400)]
    assert done.outranked == 1


def test_a_fragment_with_stages_does_not_outrank_a_whole_night():
    fragment = sleep("03-01T23:30", "03-02T01:00", RING, asleep=80, stages={"deep_min": 40.0, "rem_min": 0.0})
    nights, _, _ = merged(fragment, sleep("03-01T23:00", "03-02T07:00", asleep=470))
    assert main_of(nights) == {"2024-03-02": 470}


def test_two_sleeps_under_one_outranked_recording_are_both_kept():
    parts = [
        sleep("03-01T23:00", "03-02T03:00", RING, asleep=220, stages={"rem_min": 30.0}),
        sleep("03-02T04:30", "03-02T07:00", RING, asleep=140, stages={"rem_min": 30.0}),
    ]
    nights, _, done = merged(*parts, sleep("03-01T23:00", "03-02T07:00", asleep=400))
    assert sorted(night.values["total_sleep_min"] for night in nights) == [140, 220]
    assert done.outranked == 1


def test_the_outranked_device_gives_the_vital_signs_that_are_missing():
    leading = sleep(
        "03-01T23:00", "03-02T07:00", asleep=450, stages={"rem_min": 90.0}, vitals={"respiratory_rate_brpm": 14.0}
    )
    other = sleep(
        "03-01T23:00", "03-02T07:00", RING, asleep=440, vitals={"respiratory_rate_brpm": 15.0, "hrv_rmssd_ms": 40.0}
    )
    night = merged(leading, other)[0][0]
    assert (night.values["respiratory_rate_brpm"], night.values["hrv_rmssd_ms"]) == (14, 40)
    assert (night.given_by["respiratory_rate_brpm"], night.given_by["hrv_rmssd_ms"]) == (WATCH, RING)


def test_time_in_bed_of_another_device_is_lent():
    watch = sleep("03-01T23:20", "03-02T06:50", bed_known=False, segments=[Segment(0, 27000, Stage.LIGHT)])
    nights, _, _ = merged(watch, sleep("03-01T23:00", "03-02T07:00", PHONE))
    values = nights[0].values
    assert (values["time_in_bed_min"], values["total_sleep_min"], values["sleep_onset_latency_min"]) == (480, 450, 20)
    assert nights[0].given_by["time_in_bed_min"] == PHONE
    # A device that knows the time in bed keeps its own.
    known = sleep("03-01T23:20", "03-02T06:50", asleep=440)
    assert merged(known, sleep("03-01T23:00", "03-02T07:00", PHONE))[0][0].values["time_in_bed_min"] == 450


def test_exact_duplicates_are_dropped_and_reported():
    seen = []
    night = sleep("03-01T23:00", "03-02T07:00", asleep=450)
    value = DayValue(WATCH, "a", date(2024, 3, 1), "steps", 5000)
    nights, values, done = integrate([night, night], [value, value], ORDER, seen.append)
    assert (len(nights), len(values)) == (1, 1)
    assert (done.duplicate_episodes, done.duplicate_values) == (1, 1)
    assert seen == ["garmin.json"]


def test_values_of_days_go_to_the_night_after_and_of_sleeps_to_their_own():
    values = (
        DayValue(WATCH, "a", date(2024, 3, 1), "steps", 5000),
        DayValue(WATCH, "a", date(2024, 3, 2), "steps", 7000),
        DayValue(WATCH, "a", date(2024, 3, 2), "hrv_rmssd_ms", 42),
    )
    nights, _, _ = merged(
        sleep("03-01T23:00", "03-02T07:00", asleep=450), sleep("03-02T23:00", "03-03T07:00", asleep=440), values=values
    )
    rows = {str(night.episode.ended_on): night.values for night in nights}
    assert (rows["2024-03-02"]["steps"], rows["2024-03-03"]["steps"]) == (5000, 7000)
    assert rows["2024-03-02"]["hrv_rmssd_ms"] == 42
    assert rows["2024-03-03"].get("hrv_rmssd_ms") is None


def test_steps_of_two_devices_are_not_added_and_the_device_of_the_night_goes_first():
    values = (
        DayValue(WATCH, "a", date(2024, 3, 1), "steps", 5000),
        DayValue(RING, "b", date(2024, 3, 1), "steps", 4000),
    )
    night = merged(sleep("03-01T23:00", "03-02T07:00", RING, asleep=450), values=values)[0][0]
    assert (night.values["steps"], night.given_by["steps"]) == (4000, RING)
    night = merged(sleep("03-01T23:00", "03-02T07:00", PHONE, asleep=450), values=values)[0][0]
    assert (night.values["steps"], night.given_by["steps"]) == (5000, WATCH)


def test_length_is_that_between_instants_when_clocks_go_back():
    # 23:00 at +2 h to 07:00 at +1 h: 9 hours, the local clock kept.
    night = merged(sleep("10-26T23:00", "10-27T07:00", offset_min=120, end_offset_min=60, asleep=500))[0][0]
    assert night.values["time_in_bed_min"] == 540
    assert str(night.values["end_local"]) == "2024-10-27 07:00:00"
    assert night.values["utc_offset_min"] == 120


def test_a_journey_over_the_date_line_of_the_night_keeps_the_local_date_of_waking():
    # Asleep at 23:00 in New York (-5 h), awake at 10:30 in Lisbon (0 h): 6.5 hours.
    night = merged(sleep("03-01T23:00", "03-02T10:30", offset_min=-300, end_offset_min=0, asleep=300))[0][0]
    assert night.values["time_in_bed_min"] == 390
    assert night.episode.ended_on == date(2024, 3, 2)


def test_clocks_that_can_not_be_compared_overlap_if_they_end_on_one_date():
    instants = Episode(
        *(WATCH, "a", Moment.from_utc(datetime(2024, 3, 2, 3)), Moment.from_utc(datetime(2024, 3, 2, 10))),
        night_date=date(2024, 3, 2),
        totals=Totals(asleep_min=400),
    )
    local = sleep("03-01T23:00", "03-02T06:30", RING, offset_min=None, end_offset_min=None, asleep=420)
    nights, _, done = merged(instants, local)
    assert [(night.kind, night.values["total_sleep_min"]) for night in nights] == [("main", 420)]
    assert done.outranked == 1


def test_persons_are_kept_apart():
    one, two = Source("plain", "x", "a"), Source("plain", "x", "b")
    nights, _, done = merged(
        sleep("03-01T23:00", "03-02T07:00", one, asleep=450), sleep("03-01T23:30", "03-02T07:00", two, asleep=400)
    )
    assert sorted(night.values["total_sleep_min"] for night in nights) == [400, 450]
    assert done.outranked == 0


def test_a_short_time_in_bed_without_sleep_is_left_out_and_counted():
    nights, _, done = merged(sleep("03-01T23:00", "03-02T01:00", PHONE))
    assert (nights, done.without_sleep) == ([], 1)
    nights, _, done = merged(sleep("03-01T23:00", "03-02T03:00", PHONE))
    assert (len(nights), done.without_sleep) == (1, 0)
    assert nights[0].values.get("total_sleep_min") is None
    assert nights[0].values["quality"] == "time in bed only; sleep was not recorded"


def test_exports_of_several_vendors_in_one_folder_are_one_log(tmp_path):
    garmin = json.loads(reference_data("samples", "garmin", "connect", "sleep.json").read_text(encoding="utf-8"))
    log = json.loads(
        reference_data("samples", "fitbit", "takeout", "Global Export Data", "sleep-2024-03-01.json").read_text(
            encoding="utf-8"
        )
    )
    # The Fitbit night of March 2 is moved to that of the Garmin night.
    moved = json.dumps(log[:1]).replace("2024-03-01", "2024-05-06").replace("2024-03-02", "2024-05-07")
    (tmp_path / "garmin.json").write_text(json.dumps(garmin), encoding="utf-8")
    (tmp_path / "fitbit.json").write_text(moved, encoding="utf-8")
    for name in ("sleepDay_merged.csv", "dailyActivity_merged.csv"):
        (tmp_path / name).write_bytes(reference_data("samples", "fitabase", name).read_bytes())
    (tmp_path / "broken.json").write_text('{"dailySleepDTO": {', encoding="utf-8")
    result = read_export(tmp_path, strict=False)
    assert set(result.vendor.split(" + ")) == {"fitabase", "fitbit", "garmin"}
    assert [item.file for item in result.unread] == ["broken.json"]
    own = result.nights[result.nights["person_id"] == "wearer-01"]
    # Both have stages; Fitbit knows the time in bed (480 min), Garmin's sleep is longer (510 of 540 min).
    assert own["time_in_bed_min"].tolist() == [480]
    assert own["device"].tolist() == ["fitbit"]
    given = result.provenance[result.provenance["person_id"] == "wearer-01"].set_index("column")["vendor"]
    assert given["total_sleep_min"] == "fitbit"
    assert given["spo2_mean_pct"] == "garmin"
    assert result.nights["person_id"].nunique() == 3
    assert "1 episode left out" in describe(result)
    assert pd.api.types.is_datetime64_any_dtype(result.nights["start_local"])
    assert set(result.not_given_by_vendor) == {"fitabase", "fitbit", "garmin"}
