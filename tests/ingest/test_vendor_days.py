"""Days of vendors' exports: small files in the true format of each vendor, with values worked out by hand.

Where each format is described stands at the head of the module that reads it.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import read_export
from sleepcot_utils.ingest.day_rows import day_table
from sleepcot_utils.ingest.result import IngestResult
from sleepcot_utils.paths import reference_data

SAMPLES = reference_data("samples")
REAL_DATA = os.environ.get("SLEEPCOT_REAL_DATA")
MIDNIGHT = datetime(2024, 3, 3, 23, tzinfo=UTC)  # of 2024-03-04 in Madrid


def result_of(path: Path, *, strict: bool = True) -> IngestResult:
    return read_export(path, strict=strict, need_sleep=False)


def days_of(path: Path) -> pd.DataFrame:
    return day_table(result_of(path)).set_index("date")


def in_ms(hour: float) -> int:
    """Instant of an hour of the local day 2024-03-04."""
    return int((MIDNIGHT + timedelta(hours=hour)).timestamp() * 1000)


def written(path: Path, document: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


# Health Connect ----------------------------------------------------------------------------------------------------

INSTANT = "row_id INTEGER PRIMARY KEY, app_info_id INTEGER, time INTEGER, zone_offset INTEGER, local_date INTEGER"
HEALTH_CONNECT_TABLES = f"""
CREATE TABLE blood_pressure_record_table ({INSTANT}, measurement_location TEXT NOT NULL, systolic REAL,
  diastolic REAL, body_position TEXT NOT NULL);
CREATE TABLE blood_glucose_record_table ({INSTANT}, specimen_source TEXT NOT NULL, level REAL,
  relation_to_meal TEXT NOT NULL, meal_type TEXT NOT NULL);
CREATE TABLE weight_record_table ({INSTANT}, weight REAL);
CREATE TABLE heart_rate_record_table (row_id INTEGER PRIMARY KEY, app_info_id INTEGER, start_time INTEGER,
  start_zone_offset INTEGER, end_time INTEGER, end_zone_offset INTEGER, local_date INTEGER);
CREATE TABLE heart_rate_record_series_table (parent_key INTEGER, beats_per_minute INTEGER, epoch_millis INTEGER);
"""
PRESSURE_ROW = "INSERT INTO blood_pressure_record_table VALUES (?, ?, ?, 3600, 19786, '1', ?, ?, '2')"
GLUCOSE_ROW = "INSERT INTO blood_glucose_record_table VALUES (?, 1, ?, 3600, 19786, '2', ?, ?, '0')"
WEIGHT_ROW = "INSERT INTO weight_record_table VALUES (?, 1, ?, 3600, 19786, ?)"
HEART_ROW = "INSERT INTO heart_rate_record_series_table VALUES (1, ?, ?)"


@pytest.fixture
def health_connect(tmp_path: Path) -> Callable[..., Path]:
    """Write rows into a copy of the sample and return its path."""

    def write(**rows: Sequence[tuple]) -> Path:
        path = Path(shutil.copy(SAMPLES / "health_connect" / "health_connect_export.db", tmp_path))
        statements = {"pressures": PRESSURE_ROW, "glucoses": GLUCOSE_ROW, "weights": WEIGHT_ROW, "beats": HEART_ROW}
        with closing(sqlite3.connect(path)) as database:
            database.executescript(HEALTH_CONNECT_TABLES)
            database.execute("INSERT INTO heart_rate_record_table VALUES (1, 1, 0, 3600, 0, 3600, 19786)")
            for name, listed in rows.items():
                database.executemany(statements[name], listed)
            database.commit()
        return path

    return write


def test_health_connect(health_connect: Callable[..., Path]) -> None:
    path = health_connect(
        # The second app handed on the reading of the morning; one of 0/0 was not measured.
        pressures=[(1, 1, in_ms(8), 128.0, 82.0), (2, 2, in_ms(8), 128.0, 82.0), (3, 1, in_ms(20), 134.0, 86.0),
                   (4, 1, in_ms(21), 0.0, 0.0)],
        # mmol/L: 5.5 fasting, 7.8 after a meal. 5.5 x 18.016 = 99.1.
        glucoses=[(1, in_ms(7), 5.5, "2"), (2, in_ms(13), 7.8, "4")],
        weights=[(1, in_ms(7), 71_400.0)],
        # 60 in each hour from midnight to noon but 120 twelve times within the last: the mean of the hours is 65.
        beats=[(60, in_ms(hour)) for hour in range(11)] + [(120, in_ms(11 + minute / 60)) for minute in range(12)],
    )  # fmt: skip
    result = result_of(path)
    day = day_table(result).set_index("date").loc["2024-03-04"]
    assert (day["systolic_mmhg"], day["highest_diastolic_mmhg"], day["blood_pressure_readings"]) == (131, 86, 2)
    assert (day["glucose_mg_dl"], day["glucose_fasting"]) == (99.1, 1)
    assert day["highest_glucose_mg_dl"] == pytest.approx(7.8 * 18.016, abs=0.05)
    assert day["weight_kg"] == 71.4
    assert (day["mean_heart_rate_bpm"], day["max_heart_rate_bpm"]) == (65, 120)
    account = next(item for item in result.files if "blood_pressure" in item.file)
    assert (account.rows, account.kept, account.duplicates, account.ignored) == (4, 2, 1, 1)


def test_health_connect_heart_rate_of_a_workout_is_not_that_of_the_day(health_connect: Callable[..., Path]) -> None:
    path = health_connect(beats=[(150, in_ms(18 + minute / 60)) for minute in range(60)])
    assert days_of(path)["mean_heart_rate_bpm"].isna().all()


@pytest.mark.parametrize(
    ("rows", "column", "words"),
    [
        ({"glucoses": [(1, in_ms(7), 99.0, "2")]}, "level", "looks like mg/dL"),
        ({"pressures": [(1, 1, in_ms(8), 82.0, 128.0)]}, "diastolic", "is not below"),
        ({"pressures": [(1, 1, in_ms(8), 128.0, 0.0)]}, "diastolic", "has no value"),
        ({"pressures": [(1, 1, in_ms(8), 16.0, 10.0)]}, "systolic", "can't be"),
        ({"weights": [(1, in_ms(7), 71.4)]}, "weight", "can't be"),
        ({"beats": [(400, in_ms(7))]}, "beats_per_minute", "can't be"),
    ],
)
def test_health_connect_names_what_cannot_be(
    health_connect: Callable[..., Path], rows: dict[str, list], column: str, words: str
) -> None:
    path = health_connect(**rows)
    result = result_of(path, strict=False)
    assert result.skipped["column"].tolist() == [column]
    assert words in result.skipped["reason"].iloc[0]
    with pytest.raises(InputError, match=f"field {column}"):
        result_of(path)


# Apple Health ------------------------------------------------------------------------------------------------------


def test_apple_health_heart_rate_is_that_of_the_local_day(tmp_path: Path) -> None:
    record = '<Record type="HKQuantityTypeIdentifierHeartRate" sourceName="Watch" unit="count/min" startDate="{at}" '
    record += 'endDate="{at}" value="{bpm}"/>'
    # From 00:30 to 23:30 at UTC-05:00; in UTC the last five are of the next day.
    times = [(f"2024-01-15 {hour:02d}:30:00 -0500", 60 if hour < 18 else 100) for hour in range(24)]
    body = "".join(record.format(at=at, bpm=bpm) for at, bpm in times)
    written(tmp_path / "export.xml", f'<?xml version="1.0"?><HealthData locale="en_US">{body}</HealthData>')
    days = days_of(tmp_path)
    # 18 hours of 60 and 6 of 100.
    assert days["mean_heart_rate_bpm"].to_dict() == {pd.Timestamp("2024-01-15"): 70}
    assert days["max_heart_rate_bpm"].tolist() == [100]


# Samsung Health ----------------------------------------------------------------------------------------------------

SAMSUNG_PRESSURE = "com.samsung.shealth.blood_pressure"
SAMSUNG_GLUCOSE = "com.samsung.shealth.blood_glucose"
SAMSUNG_WEIGHT = "com.samsung.health.weight"
SAMSUNG_HEART = "com.samsung.shealth.tracker.heart_rate"


def samsung(folder: Path, table: str, columns: str, *rows: str) -> Path:
    """One table as the app writes it: its name first, columns with or without prefix, a comma at the end of rows."""
    prefix = "" if table == SAMSUNG_WEIGHT else f"com.samsung.health.{table.rsplit('.', 1)[1]}."
    header = ",".join(prefix + column for column in columns.split(","))
    lines = [f"{table},6313007,11", header, *(f"{row}," for row in rows)]
    return written(folder / f"{table}.20240306120000.csv", "\n".join(lines) + "\n")


def test_samsung(tmp_path: Path) -> None:
    samsung(tmp_path, SAMSUNG_PRESSURE, "start_time,time_offset,systolic,diastolic,pulse",
            "2024-03-04 07:05:00.000,UTC+0100,128.0,82.0,61", "2024-03-04 19:00:00.000,UTC+0100,134.0,86.0,64",
            # 23:30 UTC is the next day on the clock.
            "2024-03-04 23:30:00.000,UTC+0100,120.0,80.0,60", "2024-03-04 09:00:00.000,UTC+0100,0.0,0.0,")  # fmt: skip
    samsung(tmp_path, SAMSUNG_GLUCOSE, "start_time,time_offset,glucose,meal_type",
            "2024-03-04 06:00:00.000,UTC+0100,5.5,80001", "2024-03-05 12:00:00.000,UTC+0100,7.8,80006")  # fmt: skip
    samsung(tmp_path, SAMSUNG_WEIGHT, "start_time,weight,time_offset,body_fat",
            "2024-03-04 06:10:00.000,71.4,UTC+0100,22")  # fmt: skip
    hours = [f"2024-03-04 {hour:02d}:00:00.000,2024-03-04 {hour:02d}:59:59.000,UTC+0100,{60 + hour},{70 + hour}"
             for hour in range(6, 18)]  # fmt: skip
    samsung(tmp_path, SAMSUNG_HEART, "start_time,end_time,time_offset,heart_rate,max", *hours)
    days = days_of(tmp_path)
    first, second = days.loc["2024-03-04"], days.loc["2024-03-05"]
    assert (first["systolic_mmhg"], first["highest_systolic_mmhg"], first["blood_pressure_readings"]) == (131, 134, 2)
    assert (second["systolic_mmhg"], second["diastolic_mmhg"]) == (120, 80)
    assert (first["glucose_mg_dl"], first["glucose_fasting"]) == (99.1, 1)
    assert second["glucose_fasting"] == 0
    assert first["weight_kg"] == 71.4
    # Twelve hourly means of 66 to 77, the highest value 87.
    assert (first["mean_heart_rate_bpm"], first["max_heart_rate_bpm"]) == (71.5, 87)


@pytest.mark.parametrize(
    ("table", "columns", "row", "words"),
    [
        (SAMSUNG_GLUCOSE, "start_time,time_offset,glucose", "2024-03-04 06:00:00.000,UTC+0100,99", "looks like mg/dL"),
        (SAMSUNG_PRESSURE, "start_time,time_offset,systolic,diastolic", "2024-03-04 06:00:00.000,UTC+0100,80,120",
         "is not below"),
        (SAMSUNG_PRESSURE, "start_time,time_offset,systolic,diastolic", "2024-03-04 06:00:00.000,,120,80", "no value"),
        (SAMSUNG_WEIGHT, "start_time,weight,time_offset", "2024-03-04 06:00:00.000,7.1,UTC+0100", "can't be"),
    ],
)  # fmt: skip
def test_samsung_names_what_cannot_be(tmp_path: Path, table: str, columns: str, row: str, words: str) -> None:
    samsung(tmp_path, table, columns, row)
    with pytest.raises(InputError, match=words):
        result_of(tmp_path)


# Garmin ------------------------------------------------------------------------------------------------------------

GARMIN_PRESSURES = {
    "from": "2024-05-06",
    "measurementSummaries": [
        {
            "startDate": "2024-05-06",
            "measurements": [
                {"systolic": 128, "diastolic": 82, "pulse": 61, "measurementTimestampLocal": "2024-05-06T07:05:00.0"},
                {"systolic": 134, "diastolic": 86, "pulse": 64, "measurementTimestampLocal": "2024-05-06T20:30:00.0"},
            ],
        }
    ],
}
WEIGH_IN = {"samplePk": 1, "calendarDate": "2024-05-06", "weight": 71400.0, "timestampGMT": 1714975200000}


def test_garmin_connect(tmp_path: Path) -> None:
    written(tmp_path / "pressure.json", GARMIN_PRESSURES)
    written(tmp_path / "weight.json", {"dailyWeightSummaries": [{"allWeightMetrics": [WEIGH_IN]}]})
    # The older call lists the same weighing once more.
    written(tmp_path / "weights.json", {"startDate": "2024-05-06", "dateWeightList": [WEIGH_IN]})
    shutil.copy(SAMPLES / "garmin" / "connect" / "day.json", tmp_path)
    day = days_of(tmp_path).loc["2024-05-06"]
    assert (day["systolic_mmhg"], day["diastolic_mmhg"], day["blood_pressure_readings"]) == (131, 84, 2)
    assert day["weight_kg"] == 71.4
    assert (day["moderate_activity_min"], day["vigorous_activity_min"], day["exercise_min"]) == (25, 10, 35)


def test_garmin_data_export(tmp_path: Path) -> None:
    entries = [
        {"metaData": {"calendarDate": "2024-05-06T06:00:00.0", "sequence": 1}, "weight": {"weight": 71400.0}},
        {"metaData": {"calendarDate": "2024-05-07T06:00:00.0", "sequence": 2}, "height": {"height": 178.0}},
    ]
    written(tmp_path / "DI_CONNECT" / "DI-Connect-Wellness" / "10000001_userBioMetrics.json", entries)
    assert days_of(tmp_path)["weight_kg"].to_dict() == {pd.Timestamp("2024-05-06"): 71.4}


@pytest.mark.parametrize(
    ("change", "words"),
    [({"diastolic": 140}, "is not below"), ({"systolic": 20}, "can't be"), ({"diastolic": None}, "no value")],
)
def test_garmin_names_what_cannot_be(tmp_path: Path, change: dict, words: str) -> None:
    body = json.loads(json.dumps(GARMIN_PRESSURES))
    body["measurementSummaries"][0]["measurements"][0] |= change
    with pytest.raises(InputError, match=words):
        result_of(written(tmp_path / "pressure.json", body))


@pytest.mark.skipif(not REAL_DATA, reason="SLEEPCOT_REAL_DATA names no folder of real data")
def test_garmin_recorded_heart_rate() -> None:
    day = days_of(Path(str(REAL_DATA)) / "garmin").loc["2026-01-07"]
    # Garmin states the highest itself; the mean of all 707 readings is within 1 of the mean of the hours.
    assert day["max_heart_rate_bpm"] == 115
    bodies = json.loads((Path(str(REAL_DATA)) / "garmin" / "test_daily_heart_rate_get.json").read_text("utf-8"))
    beats = [beat for _, beat in bodies[0]["body"]["heartRateValues"] if beat is not None]
    assert day["mean_heart_rate_bpm"] == pytest.approx(sum(beats) / len(beats), abs=1)


# Fitbit ------------------------------------------------------------------------------------------------------------


def takeout_with_profile(folder: Path) -> Path:
    """The sample's profile, which gives the time zone of Madrid."""
    (folder / "Your Profile").mkdir(parents=True)
    shutil.copy(SAMPLES / "fitbit" / "takeout" / "Your Profile" / "Profile.csv", folder / "Your Profile")
    return folder / "Global Export Data"


def test_fitbit_takeout(tmp_path: Path) -> None:
    data = takeout_with_profile(tmp_path)
    log = {"logId": 1709500000000, "date": "03/04/24", "time": "07:05:00", "source": "Aria"}
    # 157.4 lb at 1.78 m: an index of 22.5. An account in kilograms gives the index too, so its unit is seen.
    written(data / "weight-2024-03-04.json", [log | {"weight": 157.4, "bmi": 22.53}])
    written(data / "weight-2024-04-03.json", [log | {"weight": 71.4, "bmi": 22.53, "date": "04/03/24"}])
    grams = "timestamp,weight grams,data source\n2024-03-09T23:30:00Z,70900,Some Scale\n"
    written(tmp_path / "Physical Activity_GoogleData" / "weight.csv", grams)
    for name, minutes in (("very", 10), ("moderately", 25), ("lightly", 200)):
        entry = {"dateTime": "03/04/24 00:00:00", "value": str(minutes)}
        written(data / f"{name}_active_minutes-2024-03-04.json", [entry])
    # From 00:00 to 11:59 in Madrid, of which the first hour is still the day before in UTC.
    beats = [
        {"dateTime": f"{MIDNIGHT + timedelta(minutes=10 * step):%m/%d/%y %H:%M:%S}", "value": {"bpm": bpm, "confidence": 2}}
        for step in range(72)
        for bpm in [60 if step < 66 else 120]
    ]  # fmt: skip
    written(data / "heart_rate-2024-03-04.json", beats)
    days = days_of(tmp_path)
    day = days.loc["2024-03-04"]
    assert day["weight_kg"] == pytest.approx(157.4 * 0.45359237, abs=0.001)
    assert days.loc["2024-04-03", "weight_kg"] == 71.4
    assert days.loc["2024-03-10", "weight_kg"] == 70.9, "half past midnight in Madrid"
    assert (day["vigorous_activity_min"], day["moderate_activity_min"], day["exercise_min"]) == (10, 25, 35)
    assert day["light_activity_min"] == 200
    assert (day["mean_heart_rate_bpm"], day["max_heart_rate_bpm"]) == (65, 120)


def test_fitbit_heart_rate_in_utc_without_a_time_zone_is_no_day(tmp_path: Path) -> None:
    beats = [{"dateTime": f"03/04/24 {hour:02d}:00:00", "value": {"bpm": 60, "confidence": 2}} for hour in range(24)]
    written(tmp_path / "heart_rate-2024-03-04.json", beats)
    shutil.copy(SAMPLES / "fitbit" / "web_api" / "steps.json", tmp_path)
    assert days_of(tmp_path)["mean_heart_rate_bpm"].isna().all()


def test_fitbit_web_api(tmp_path: Path) -> None:
    log = {
        "bmi": 22.53,
        "date": "2024-03-04",
        "logId": 1330991999000,
        "source": "API",
        "time": "23:59:59",
        "weight": 71.4,
    }
    written(tmp_path / "weight.json", {"weight": [log]})
    assert days_of(tmp_path)["weight_kg"].tolist() == [71.4]
    written(tmp_path / "weight.json", {"weight": [log | {"weight": 250.0}]})
    with pytest.raises(InputError, match="neither kg nor lb"):
        result_of(tmp_path)


# Withings ----------------------------------------------------------------------------------------------------------

WITHINGS_GROUPS = [
    # 07:05 in Berlin: 71.4 kg. 23:30: 131/84. A goal of 65 kg is no weight, a height no reading.
    {"grpid": 1, "date": 1709532300, "category": 1, "measures": [{"value": 71400, "type": 1, "unit": -3}]},
    {"grpid": 2, "date": 1709591400, "category": 1, "measures": [
        {"value": 84, "type": 9, "unit": 0}, {"value": 131, "type": 10, "unit": 0}, {"value": 61, "type": 11, "unit": 0}]},
    {"grpid": 3, "date": 1709532300, "category": 2, "measures": [{"value": 65000, "type": 1, "unit": -3}]},
    {"grpid": 4, "date": 1709532300, "category": 1, "measures": [{"value": 178, "type": 4, "unit": -2}]},
]  # fmt: skip


def withings(folder: Path, groups: list[dict], zone: object = "Europe/Berlin") -> Path:
    return written(folder / "getmeas.json", {"status": 0, "body": {"timezone": zone, "measuregrps": groups}})


def test_withings_api(tmp_path: Path) -> None:
    result = result_of(withings(tmp_path, WITHINGS_GROUPS))
    day = day_table(result).set_index("date").loc["2024-03-04"]
    assert (day["weight_kg"], day["systolic_mmhg"], day["diastolic_mmhg"]) == (71.4, 131, 84)
    assert (result.files[0].rows, result.files[0].kept, result.files[0].ignored) == (4, 2, 2)


def test_withings_names_what_cannot_be(tmp_path: Path) -> None:
    alone = [WITHINGS_GROUPS[0], {**WITHINGS_GROUPS[1], "measures": [{"value": 131, "type": 10, "unit": 0}]}]
    with pytest.raises(InputError, match="without the other"):
        result_of(withings(tmp_path, alone))
    in_grams = [{**WITHINGS_GROUPS[0], "measures": [{"value": 71400, "type": 1, "unit": 0}]}]
    with pytest.raises(InputError, match="can't be"):
        result_of(withings(tmp_path, in_grams))
    with pytest.raises(InputError, match="no time zone"):
        result_of(withings(tmp_path, WITHINGS_GROUPS, None))


# Google Fit --------------------------------------------------------------------------------------------------------


def test_google_fit(tmp_path: Path) -> None:
    header = (
        "Date,Step count,Heart Minutes,Average heart rate (bpm),Max heart rate (bpm),Average weight (lb),"
        "Average systolic blood pressure (mmHg),Average diastolic blood pressure (mmHg)"
    )
    rows = "2024-03-04,8200,35,70.1,130.0,157.4,131.0,84.0\n2024-03-05,,,,,,128.0,82.0\n2024-03-06,0,,,,,,\n"
    written(tmp_path / "Takeout" / "Fit" / "Daily activity metrics.csv", f"{header}\n{rows}")
    days = days_of(tmp_path)
    first = days.loc["2024-03-04"]
    assert (first["mean_heart_rate_bpm"], first["max_heart_rate_bpm"], first["steps"]) == (70.1, 130, 8200)
    assert (first["systolic_mmhg"], first["diastolic_mmhg"]) == (131, 84)
    assert first["weight_kg"] == pytest.approx(71.395, abs=0.001)
    # A day with a cuff and without a phone has no steps, not 0 steps.
    assert days.loc["2024-03-05", "systolic_mmhg"] == 128
    assert pd.isna(days.loc["2024-03-05", "steps"])
    assert pd.Timestamp("2024-03-06") not in days.index
