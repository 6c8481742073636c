"""Episodes check themselves; hypnograms are painted; rows are computed from them."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from sleepcot_utils.ingest.clocks import Moment
from sleepcot_utils.ingest.episodes import DayValue, Episode, Source, Totals
from sleepcot_utils.ingest.hypnograms import Segment, Stage, paint
from sleepcot_utils.ingest.ledger import RecordError
from sleepcot_utils.ingest.rows import sleep_columns

SOURCE = Source("vendor", "device")
START = Moment.from_local(datetime(2024, 3, 1, 23), 0)
END = Moment.from_local(datetime(2024, 3, 2, 7), 0)


def episode(**more) -> Episode:
    return Episode(SOURCE, "file", **({"start": START, "end": END} | more))


def spans(segments) -> list[tuple[float, float, str]]:
    return [(part.start_s, part.end_s, part.stage.value) for part in segments]


@pytest.mark.parametrize(
    "more",
    [
        {"end": START},
        {"start": END, "end": START},
        {"end": None},
        {"end": Moment.from_local(datetime(2024, 3, 3, 7), 0)},
        {"start": None, "end": None},
        {"start": Moment.from_utc(datetime(2024, 3, 1, 23)), "end": Moment.from_utc(datetime(2024, 3, 2, 7))},
        {"totals": Totals(asleep_min=483)},
        {"totals": Totals(asleep_min=-1)},
        {"totals": Totals(light_min=300, deep_min=100, rem_min=100)},
        {"totals": Totals(asleep_min=300, light_min=200, deep_min=110)},
        {"totals": Totals(awakenings=201)},
        {"segments": [Segment(0, 29_000, Stage.LIGHT)]},
        {"vitals": {"spo2_min_pct": 20.0}},
        {"end": Moment(datetime(2024, 3, 2, 7), datetime(2024, 3, 1, 16))},
    ],
)
def test_an_episode_that_can_not_be_is_refused(more):
    with pytest.raises(RecordError):
        episode(**more)


def test_a_value_of_a_day_that_can_not_be_is_refused():
    with pytest.raises(RecordError):
        DayValue(SOURCE, "file", date(2024, 3, 1), "hrv_rmssd_ms", 401)


def test_a_length_stated_by_the_vendor_goes_before_local_clocks_but_not_before_instants():
    assert episode(in_bed_min=470).duration_min == 480
    local = {"start": Moment.from_local(START.local), "end": Moment.from_local(END.local)}
    assert episode(**local, in_bed_min=420).duration_min == 420
    assert episode(start=None, end=None, night_date=date(2024, 3, 2), in_bed_min=400).duration_min == 400


def test_later_layers_lie_on_top():
    base = [Segment(0, 100, Stage.LIGHT), Segment(100, 300, Stage.DEEP)]
    top = [Segment(90, 110, Stage.WAKE), Segment(280, 400, Stage.WAKE)]
    assert spans(paint(base, top, length_s=350)) == [
        (0, 90, "light"),
        (90, 110, "wake"),
        (110, 280, "deep"),
        (280, 350, "wake"),
    ]


def test_painting_sorts_joins_equals_and_keeps_gaps():
    parts = [
        Segment(50, 60, Stage.REM),
        Segment(0, 10, Stage.REM),
        Segment(10, 20, Stage.REM),
        Segment(5, 5, Stage.WAKE),
    ]
    assert spans(paint(parts)) == [(0, 20, "rem"), (50, 60, "rem")]
    assert paint([]) == ()


def test_columns_of_a_course():
    # Minutes: wake 10, light 60, gap of 20 that nobody knows, wake 5, light 100, wake 30, REM 60, wake 15 at the end.
    minutes = ((0, 10, "wake"), (10, 70, "light"), (90, 95, "wake"), (95, 195, "light"), (195, 225, "wake"))
    minutes += ((225, 285, "rem"), (285, 300, "wake"))
    segments = [Segment(60 * start, 60 * end, Stage(stage)) for start, end, stage in minutes]
    columns = sleep_columns(episode(segments=segments))
    assert columns["total_sleep_min"] == 60 + 100 + 60
    assert columns["sleep_onset_latency_min"] == 10
    assert (columns["wake_after_sleep_onset_min"], columns["awakenings"]) == (5 + 30, 2)
    # Beside REM, no deep sleep is a measured 0.
    assert (columns["light_min"], columns["deep_min"], columns["rem_min"]) == (160, 0, 60)
    assert columns["sleep_efficiency_pct"] == pytest.approx(100 * 220 / 480)


def test_a_device_that_tells_only_light_and_deep_knows_no_rem():
    segments = [Segment(0, 3600, Stage.LIGHT), Segment(3600, 7200, Stage.DEEP)]
    assert sleep_columns(episode(segments=segments))["rem_min"] is None
    assert sleep_columns(episode(segments=segments, totals=Totals(rem_min=0)))["rem_min"] == 0


def test_sleep_of_unknown_stage_has_no_stages():
    columns = sleep_columns(episode(segments=[Segment(600, 7200, Stage.ASLEEP)]))
    assert (columns["total_sleep_min"], columns["sleep_onset_latency_min"]) == (110, 10)
    assert (columns["light_min"], columns["deep_min"], columns["rem_min"]) == (None, None, None)


def test_without_a_time_in_bed_or_an_effort_to_sleep_there_is_no_latency():
    segments = [Segment(600, 7200, Stage.LIGHT)]
    assert sleep_columns(episode(segments=segments, bed_known=False))["sleep_onset_latency_min"] is None
    assert sleep_columns(episode(segments=segments, latency_known=False))["sleep_onset_latency_min"] is None


def test_roundings_of_a_minute_do_not_make_an_efficiency_above_100():
    columns = sleep_columns(episode(totals=Totals(asleep_min=481)))
    assert (columns["time_in_bed_min"], columns["sleep_efficiency_pct"]) == (481, 100)


def test_quality_says_what_is_less_than_ok():
    assert sleep_columns(episode())["quality"] == "time in bed only; sleep was not recorded"
    assert sleep_columns(episode(totals=Totals(asleep_min=0)))["quality"] == "no minute asleep was recorded"
    assert sleep_columns(episode(totals=Totals(asleep_min=400)))["quality"] == "ok"
    assert sleep_columns(episode(totals=Totals(asleep_min=400), quality="by hand"))["quality"] == "by hand"
