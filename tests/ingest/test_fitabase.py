"""The Fitabase adapter: what a sound export becomes, and what each kind of damage says."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sleepcot_utils import nights as nightly
from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import describe, read_export

SLEEP = "sleepDay_merged.csv"
ACTIVITY = "dailyActivity_merged.csv"
VENDOR_IDS = ("9000000002", "8000000001")


def night(result, person: str, date: str) -> pd.Series:
    table = result.nights
    rows = table[(table["person_id"] == person) & (table["night_date"] == pd.Timestamp(date))]
    assert len(rows) == 1
    return rows.iloc[0]


def refusal(path: Path, *, strict: bool = True) -> str:
    with pytest.raises(InputError) as caught:
        read_export(path, strict=strict)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 700
    assert not any(vendor_id in message for vendor_id in VENDOR_IDS)
    return message


def test_sound_export_becomes_the_nightly_table(export):
    result = read_export(export)
    assert result.vendor == "fitabase"
    assert list(result.nights.columns) == list(nightly.COLUMNS)
    assert len(result.nights) == 5
    assert result.skipped.empty
    sleep, activity = result.files
    assert (sleep.rows, sleep.kept, sleep.duplicates, sleep.skipped) == (6, 5, 1, 0)
    assert (activity.rows, activity.kept, activity.duplicates, activity.skipped) == (4, 4, 0, 0)
    first = night(result, "fitabase-02", "2016-04-12")
    assert (first.total_sleep_min, first.time_in_bed_min) == (420, 450)
    assert first.sleep_efficiency_pct == pytest.approx(100 * 420 / 450)
    assert (first.sleep_kind, first.device, first.quality) == ("main", "fitbit", "ok")


def test_columns_not_given_are_exactly_those_that_are_null(export):
    result = read_export(export)
    null = {name for name in nightly.COLUMNS if result.nights[name].isna().all()}
    assert {missing.column for missing in result.not_given} == null
    assert all(missing.reason for missing in result.not_given)


def test_activity_comes_from_the_day_before_the_night(export):
    result = read_export(export)
    assert night(result, "fitabase-02", "2016-04-12").steps == 11111
    assert night(result, "fitabase-02", "2016-04-12").exercise_min == 30
    assert night(result, "fitabase-01", "2016-05-02").steps == 7654
    assert pd.isna(night(result, "fitabase-01", "2016-05-01").steps)


def test_a_day_off_the_wrist_is_missing_and_not_zero(export):
    not_worn = night(read_export(export), "fitabase-02", "2016-04-13")
    assert pd.isna(not_worn.steps)
    assert pd.isna(not_worn.exercise_min)


def test_hand_entered_activity_keeps_its_minutes_without_steps(export):
    by_hand = night(read_export(export), "fitabase-02", "2016-04-14")
    assert pd.isna(by_hand.steps)
    assert by_hand.exercise_min == 33


def test_several_sleep_records_are_said_in_quality(export):
    assert "2 sleep records" in night(read_export(export), "fitabase-02", "2016-04-13").quality


def test_a_date_without_a_minute_asleep_is_not_ok(damaged):
    result = read_export(damaged("420,450", "0,450"))
    assert night(result, "fitabase-02", "2016-04-12").sleep_efficiency_pct == 0
    assert night(result, "fitabase-02", "2016-04-12").quality != "ok"


def test_persons_are_masked_in_the_order_of_their_identifiers(export):
    result = read_export(export)
    assert result.nights["person_id"].unique().tolist() == ["fitabase-01", "fitabase-02"]
    assert night(result, "fitabase-01", "2016-05-01").time_in_bed_min == 400
    everything = result.nights.to_csv() + result.skipped.to_csv() + describe(result) + repr(result)
    assert not any(vendor_id in everything for vendor_id in VENDOR_IDS)


def test_row_order_does_not_matter(export):
    before = read_export(export).nights
    header, *rows = (export / SLEEP).read_text(encoding="utf-8").splitlines()
    random.Random(3).shuffle(rows)
    (export / SLEEP).write_text("\n".join([header, *rows]), encoding="utf-8")
    pd.testing.assert_frame_equal(read_export(export).nights, before)


def test_the_sleep_file_alone_has_no_steps_and_says_so(export):
    result = read_export(export / SLEEP)
    assert len(result.nights) == 5
    assert result.nights["steps"].isna().all()
    assert {"steps", "exercise_min"} <= {missing.column for missing in result.not_given}


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_byte_order_mark_line_ends_and_renaming_change_nothing(export, ending):
    before = read_export(export).nights
    for name, new in ((SLEEP, "my nights.csv"), (ACTIVITY, "my days.csv")):
        text = (export / name).read_text(encoding="utf-8").replace("\n", ending)
        (export / name).unlink()
        (export / new).write_bytes(b"\xef\xbb\xbf" + text.encode("utf-8"))
    pd.testing.assert_frame_equal(read_export(export).nights, before)


@pytest.mark.parametrize(
    ("old", "new", "column", "words"),
    [
        ("4/13/2016 12:00:00 AM", "13/4/2016", "SleepDay", "day first"),
        ("4/13/2016 12:00:00 AM", "2/30/2016", "SleepDay", "calendar"),
        ("4/13/2016 12:00:00 AM", "2016-04-13", "SleepDay", "month/day/year"),
        ("4/13/2016 12:00:00 AM", "4/13/2016 25:00", "SleepDay", "time of day"),
        ("4/13/2016 12:00:00 AM", "4/13/0016", "SleepDay", "2000 to 2100"),
        ("4/13/2016 12:00:00 AM", "", "SleepDay", "no value"),
        ("4/13/2016 12:00:00 AM", "4/12/2016", "SleepDay", "contradicts row 1"),
        ("2,400,500", "2,-400,500", "TotalMinutesAsleep", "negative"),
        ("2,400,500", "2,400,-500", "TotalTimeInBed", "negative"),
        ("2,400,500", "2,501,500", "TotalMinutesAsleep", "exceed"),
        ("2,400,500", "2,400,1441", "TotalTimeInBed", "1 to 1440"),
        ("2,400,500", "2,0,0", "TotalTimeInBed", "1 to 1440"),
        ("2,400,500", "2,nan,500", "TotalMinutesAsleep", "not a plain number"),
        ("2,400,500", "2,4e2,500", "TotalMinutesAsleep", "not a plain number"),
        ("2,400,500", "2,\u0664\u0660\u0660,500", "TotalMinutesAsleep", "not a plain number"),
        ("2,400,500", '2,"1,000",500', "TotalMinutesAsleep", "not a plain number"),
        ("2,400,500", "2,,500", "TotalMinutesAsleep", "no value"),
        ("2,400,500", "0,400,500", "TotalSleepRecords", "1 to 24"),
        ("2,400,500", "1.5,400,500", "TotalSleepRecords", "whole"),
        ("2,400,500", "2,9000000002,500", "TotalMinutesAsleep", "'########' is out of range"),
        ("2,400,500", "2,400", "", "4 fields"),
        ("2,400,500", "2,400,500,9", "", "6 fields"),
        ("2,400,500", '2,"400,500', "", "quotation marks"),
        ("2,400,500", '2,"400"x,500', "", "quotation marks"),
        ("2,400,500", "2,400," + "5" * 10_000_000, "", "10,000,0"),
        ("9000000002,4/13", ",4/13", "Id", "no value"),
        ("9000000002,4/13", "9E+09,4/13", "Id", "rounded by a spreadsheet"),
        ("9000000002,4/13", "9\u200b" + "0" * 80 + ",4/13", "Id", "too long"),
    ],
)
def test_one_bad_row_is_named_when_strict_and_skipped_when_not(damaged, old, new, column, words):
    folder = damaged(old, new)
    started = time.monotonic()
    message = refusal(folder)
    assert message.startswith(f"{SLEEP}, row 2 (line 3)" + (f", column {column}:" if column else ":"))
    assert words in message
    result = read_export(folder, strict=False)
    assert time.monotonic() - started < 3
    assert len(result.nights) == 4
    assert result.skipped[["file", "row", "line", "column"]].values.tolist() == [[SLEEP, 2, 3, column]]
    assert words in result.skipped["reason"].iloc[0]
    assert "Skipped rows by column at fault" in describe(result)


def test_other_bad_rows_are_counted(damaged):
    damaged("1,390,400", "1,-1,400")
    damaged("1,300,400", "x,300,400")
    folder = damaged("1,360,480", "1,360,,480")
    message = refusal(folder)
    assert message.startswith(f"{SLEEP}, row 3 (line 4), column TotalMinutesAsleep")
    assert "2 other rows of this file are bad too" in message
    sleep = read_export(folder, strict=False).files[0]
    assert sleep.rows == sleep.kept + sleep.duplicates + sleep.skipped == 6
    assert sleep.skipped == 3


def test_blank_lines_are_no_rows_but_keep_the_line_numbers(damaged):
    folder = damaged("\n9000000002,4/13/2016 12:00:00 AM,2,400,500", "\n\n \n9000000002,4/13/2016,2,400,-500")
    assert refusal(folder).startswith(f"{SLEEP}, row 2 (line 5), column TotalTimeInBed")


def test_a_bad_activity_row_is_treated_alike(damaged):
    folder = damaged("11111", "-11111", ACTIVITY)
    assert refusal(folder).startswith(f"{ACTIVITY}, row 1 (line 2), column TotalSteps")
    result = read_export(folder, strict=False)
    assert len(result.nights) == 5
    assert pd.isna(night(result, "fitabase-02", "2016-04-12").steps)
    assert result.skipped["file"].tolist() == [ACTIVITY]


def test_active_minutes_of_more_than_a_day_are_refused(damaged):
    assert "add up to more than a day" in refusal(damaged("20,10,200,", "700,700,200,", ACTIVITY))


def test_no_usable_row_is_an_error_in_both_ways(export):
    (export / SLEEP).write_text("Id,SleepDay,TotalSleepRecords,TotalMinutesAsleep,TotalTimeInBed\n1,2,3,4,5\n")
    assert "no usable row is left" in refusal(export)
    assert "no usable row is left" in refusal(export, strict=False)


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("file", [SLEEP, ACTIVITY])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \n\n", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "git-lfs pointer"),
        (b"<!DOCTYPE html><html><title>404</title></html>", "web page"),
        ("Id,SleepDay".encode("utf-16"), "UTF-16"),
        (b"Id,SleepDay\n1,\0\n", "binary or damaged (a null byte in line 2)"),
        (b"Id,SleepDay\n1,\xff\n", "line 2 is not text in UTF-8"),
        (b"Id;SleepDay;TotalSleepRecords\n", "semicolons"),
        (b"Id\tSleepDay\tTotalSleepRecords\n", "tabs"),
        (b'"Id,SleepDay\n', "quotation marks"),
        (b"9000000002,4/12/2016,1,400,450,3,3\n", "the first line holds values"),
        (b"I" * 10_000_000 + b"\n", "10,000,000 characters"),
        (b"colour\nred\n", "are missing (found 'colour')"),
    ],
)
def test_a_file_damaged_as_a_whole_stops_either_way(export, file, content, words, strict):
    (export / file).write_bytes(content)
    message = refusal(export, strict=strict)
    assert message.startswith(file)
    assert words in message


def test_a_damaged_archive_in_place_of_a_file_is_named(export):
    (export / ACTIVITY).write_bytes(b"PK\x03\x04rest")
    assert refusal(export).startswith(f"{ACTIVITY}: the zip archive is damaged")
    kept = read_export(export, strict=False)
    assert len(kept.nights) == 5
    assert [item.file for item in kept.unread] == [ACTIVITY]
    (export / SLEEP).write_bytes(b"PK\x03\x04rest")
    assert "the zip archive is damaged" in refusal(export, strict=False)


@pytest.mark.parametrize("column", ["Id", "SleepDay", "TotalSleepRecords", "TotalMinutesAsleep", "TotalTimeInBed"])
def test_a_missing_column_is_named_with_those_found(damaged, column):
    message = refusal(damaged(column, "Other"))
    assert f"the column {column} is missing" in message
    assert "found 'Other'" in message or ", 'Other'" in message


def test_a_missing_column_is_named_in_a_renamed_file_too(damaged):
    folder = damaged("TotalTimeInBed", "InBed")
    (folder / SLEEP).rename(folder / "nights.csv")
    assert "the column TotalTimeInBed is missing" in refusal(folder)
    assert "the column TotalTimeInBed is missing" in refusal(folder / "nights.csv")


def test_a_header_alone_and_a_column_twice_are_refused(export):
    header = "Id,SleepDay,TotalSleepRecords,TotalMinutesAsleep,TotalTimeInBed"
    (export / SLEEP).write_text(header + "\n")
    assert "no rows" in refusal(export)
    (export / SLEEP).write_text(header + ",Id\n1,4/1/2016,1,2,3,4\n")
    assert "the column Id stands there 2 times" in refusal(export)


def test_two_sleep_files_are_not_guessed_between(export):
    text = (export / SLEEP).read_text()
    (export / SLEEP).unlink()
    (export / "april.csv").write_text(text)
    (export / "may.csv").write_text(text)
    message = refusal(export)
    assert "april.csv" in message
    assert "may.csv" in message


def test_a_file_that_can_not_be_opened_is_named(export, monkeypatch):
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert refusal(export).startswith(f"{SLEEP}: can't be read (Permission denied)")


def test_a_file_above_the_size_limit_is_not_read(export, monkeypatch):
    monkeypatch.setattr("sleepcot_utils.ingest.delimited.MAX_FILE_BYTES", 100)
    assert "MiB" in refusal(export)


def test_masks_grow_with_the_number_of_persons(tmp_path):
    rows = [f"{1000 + person},4/1/2016,1,400,450" for person in range(120)]
    (tmp_path / SLEEP).write_text("Id,SleepDay,TotalSleepRecords,TotalMinutesAsleep,TotalTimeInBed\n" + "\n".join(rows))
    persons = read_export(tmp_path).nights["person_id"]
    assert (persons.iloc[0], persons.iloc[-1]) == ("fitabase-001", "fitabase-120")


@settings(
    max_examples=100,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_any_damage_gives_one_input_error_or_a_valid_table(export, data):
    file = data.draw(st.sampled_from([SLEEP, ACTIVITY]))
    sound = (export / file).read_bytes()
    content = data.draw(_damage(sound))
    (export / file).write_bytes(content)
    strict = data.draw(st.booleans())
    try:
        result = read_export(export, strict=strict)
    except InputError as error:
        assert str(error).startswith((SLEEP, ACTIVITY))
        assert "Expected:" in str(error)
        assert not any(vendor_id in str(error) for vendor_id in VENDOR_IDS)
    else:
        nightly.validate(result.nights)
        assert len(result.nights) == result.files[0].kept
        for account in result.files:
            assert account.rows == account.kept + account.duplicates + account.skipped
            assert account.skipped == (result.skipped["file"] == account.file).sum()
        assert not (strict and len(result.skipped))
        describe(result)
    finally:
        (export / file).write_bytes(sound)


def _damage(sound: bytes) -> st.SearchStrategy[bytes]:
    place = st.integers(0, len(sound) - 1)
    nasty = st.sampled_from([b'"', b",", b"\n", b"\r", b"\0", b"-", b"\xff", b"/", b"9" * 400, "\u2028".encode(), b"."])

    def put(position: int, inserted: bytes, dropped: int) -> bytes:
        return sound[:position] + inserted + sound[position + dropped :]

    def without_column(index: int) -> bytes:
        rows = (line.split(b",") for line in sound.splitlines())
        return b"\n".join(b",".join(cells[:index] + cells[index + 1 :]) for cells in rows)

    return st.one_of(
        place.map(lambda end: sound[:end]),
        st.integers(0, 4).map(without_column),
        st.builds(put, place, st.binary(min_size=1, max_size=3), st.just(1)),
        st.builds(put, place, nasty, st.integers(0, 30)),
        st.builds(put, place, st.text(max_size=5).map(lambda text: text.encode("utf-8", "ignore")), st.just(0)),
    )


WEIGHTS_HEADER = "Id,Date,WeightKg,WeightPounds,Fat,BMI,IsManualReport,LogId"
#: 2016-05-02 23:59 and 2016-04-13 01:08 UTC, as the spreadsheet rounds them.
MAY_2, APRIL_13 = "1.46223E+12", "1.46051E+12"


def with_weights(export: Path, *rows: str) -> Path:
    text = "\n".join([WEIGHTS_HEADER, *rows]) + "\n"
    (export / "weightLogInfo_merged.csv").write_text(text, encoding="utf-8")
    return export


def test_weights_have_the_day_of_their_id_whichever_way_the_date_is_written(export: Path) -> None:
    result = read_export(with_weights(
        export,
        f"9000000002,02/05/2016 11:59 PM,70.0,154.3236,,24.2,TRUE,{MAY_2}",
        f"9000000002,4/13/2016 1:08:52 AM,71.0,156.5282,,24.5,FALSE,{APRIL_13}",
        f"9000000002,4/13/2016 1:08:52 AM,71.0,156.5282,,24.5,FALSE,{APRIL_13}",
        f"7000000007,4/13/2016 1:08:52 AM,99.0,218.2576,,30.0,FALSE,{APRIL_13}",
    ))  # fmt: skip
    weighed = result.day_values[result.day_values["measure"] == "weight_kg"].set_index("date")["value"]
    assert weighed.to_dict() == {pd.Timestamp("2016-05-02"): 70.0, pd.Timestamp("2016-04-13"): 71.0}
    account = result.files[2]
    assert (account.rows, account.kept, account.duplicates, account.ignored) == (4, 2, 1, 1)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (f"9000000002,02/07/2016 11:59 PM,70.0,154.3236,,24.2,TRUE,{MAY_2}", "not the day of LogId"),
        (f"9000000002,02/05/2016 11:59 PM,154.3,154.3,,24.2,TRUE,{MAY_2}", "154.3 lb are not 154.3 kg"),
        (f"9000000002,02/05/2016 11:59 PM,7.0,15.4,,24.2,TRUE,{MAY_2}", "can't be"),
        ("9000000002,02/05/2016 11:59 PM,70.0,154.3236,,24.2,TRUE,never", "is no instant"),
    ],
)
def test_a_weight_that_cannot_be_is_named(export: Path, row: str, words: str) -> None:
    assert words in refusal(with_weights(export, row))


@pytest.mark.skipif(not os.environ.get("SLEEPCOT_REAL_DATA"), reason="SLEEPCOT_REAL_DATA names no folder of real data")
def test_real_export_is_read_without_losing_a_row():
    result = read_export(Path(os.environ["SLEEPCOT_REAL_DATA"]) / "fitabase")
    sleep, activity, weights = result.files
    assert (sleep.rows, sleep.kept, sleep.duplicates, sleep.skipped) == (413, 410, 3, 0)
    # Dates that a spreadsheet turned round and others that it did not all lie in the weeks of the study.
    assert (weights.rows, weights.skipped) == (67, 0)
    weighed = result.day_values[result.day_values["measure"] == "weight_kg"]
    assert weighed["date"].between("2016-04-12", "2016-05-12").all() and len(weighed) == weights.kept == 41
    assert (activity.rows, activity.kept, activity.duplicates, activity.skipped) == (940, 940, 0, 0)
    nights = result.nights
    assert len(nights) == 410
    assert nights["person_id"].nunique() == 24
    assert nights["person_id"].str.fullmatch(r"fitabase-\d\d").all()
    # Bounds of the plausible: adults' mean efficiency by wrist tracker lies near 90 %, and no total is far below half.
    assert 85 < nights["sleep_efficiency_pct"].mean() < 97
    assert nights["sleep_efficiency_pct"].between(40, 100).all()
    assert 360 < nights["total_sleep_min"].median() < 480
    assert nights["steps"].notna().mean() > 0.9
    assert (nights["steps"] > 0).sum() == nights["steps"].notna().sum()
    assert str(nights["night_date"].min().date()) == "2016-04-12"
    assert str(nights["night_date"].max().date()) == "2016-05-12"
