"""The nightly table: one row a person and sleep period, the same from the simulator and from every vendor.

Missing is missing (null), never 0. Clock times are the person's local clock; ``utc_offset_min`` keeps the offset.
"""

from __future__ import annotations

import pandas as pd

from sleepcot_utils.columns import Column, check_columns, conform_to, names_of, refuse

DAY_MIN = 24 * 60.0

#: Ranges are limits of the possible, not norms: a night is at most a day; heart rate 20-220 bpm spans athletes'
#: nights to maximal effort; consumer RMSSD is reported up to about 300 ms; SpO2 below 40 % is a lost contact.
COLUMNS: dict[str, Column] = {
    "person_id": Column("text", "who slept", required=True),
    "night_date": Column("time", "local date on which the sleep ended, at 00:00", required=True),
    "sleep_kind": Column("text", "'main' (longest sleep that ends that day) or 'nap'", required=True),
    "device": Column("text", "source device or vendor", required=True),
    "start_local": Column("time", "start of the time in bed on the local clock"),
    "end_local": Column("time", "end of the time in bed on the local clock"),
    "utc_offset_min": Column("number", "offset of the local clock from UTC at the start", -840, 840),
    "time_in_bed_min": Column("number", "from the start to the end of the sleep period", 0, DAY_MIN),
    "total_sleep_min": Column("number", "minutes asleep (TST)", 0, DAY_MIN),
    "sleep_onset_latency_min": Column("number", "lights out to first sleep (SOL)", 0, DAY_MIN),
    "wake_after_sleep_onset_min": Column("number", "awake between first sleep and final waking (WASO)", 0, DAY_MIN),
    "awakenings": Column("number", "wake bouts after sleep onset", 0, 200),
    "light_min": Column("number", "N1 and N2, or the vendor's 'light'", 0, DAY_MIN),
    "deep_min": Column("number", "N3, or the vendor's 'deep'", 0, DAY_MIN),
    "rem_min": Column("number", "REM sleep", 0, DAY_MIN),
    "sleep_efficiency_pct": Column("number", "asleep over in bed, never the vendor's score", 0, 100),
    "resting_heart_rate_bpm": Column("number", "resting heart rate of the night", 20, 220),
    "hrv_rmssd_ms": Column("number", "RMSSD during sleep", 0, 400),
    "respiratory_rate_brpm": Column("number", "breaths a minute during sleep", 4, 60),
    "spo2_mean_pct": Column("number", "mean oxygen saturation during sleep", 40, 100),
    "spo2_min_pct": Column("number", "lowest oxygen saturation during sleep", 40, 100),
    "skin_temperature_delta_c": Column("number", "skin temperature against the person's own baseline", -10, 10),
    "steps": Column("number", "steps on the day before the night", 0, 200_000),
    "exercise_min": Column("number", "minutes of moderate or vigorous activity on the day before", 0, DAY_MIN),
    "caffeine_after_14h": Column("number", "1 if caffeine was logged after 14:00 on the day before, else 0", 0, 1),
    "alcohol_units": Column("number", "standard drinks logged on the evening before", 0, 60),
    "nap_min": Column("number", "minutes napped on the day before", 0, DAY_MIN),
    "quality": Column("text", "'ok', or why the row is less than that", required=True),
}

NUMBERS, TIMES, TEXTS = (names_of(COLUMNS, kind) for kind in ("number", "time", "text"))
ORDER = ("person_id", "night_date", "sleep_kind", "start_local")


def conform(table: pd.DataFrame) -> pd.DataFrame:
    """Give a table the columns, order and types of the nightly table; columns that it lacks become null.

    Parameters
    ----------
    table : pandas.DataFrame
        At least the required columns.

    Returns
    -------
    pandas.DataFrame
        New frame with exactly the columns of ``COLUMNS``, sorted by person, date, kind and start.

    Raises
    ------
    InputError
        On a column that the nightly table does not have, or a value that is no number or no time; the message names
        the row (counted from 1 in the order given) and the column.
    """
    return conform_to(table, COLUMNS, what="nightly table", order=ORDER)


def validate(table: pd.DataFrame, *, where: str = "nightly table") -> pd.DataFrame:
    """Check a conformed nightly table and return it.

    Raises
    ------
    InputError
        On a missing column, a null in a required column, a value out of its possible range, time asleep above time
        in bed, an efficiency that is not asleep over in bed, or two main nights of one person on one date. The
        message names the row (counted from 1, without header) and the column.
    """
    check_columns(table, COLUMNS, where=where)
    too_long = table["total_sleep_min"] > table["time_in_bed_min"] + 1e-6
    refuse(too_long, table, where, "total_sleep_min", "exceeds the time in bed", "asleep at most as long as in bed")
    computed = 100 * table["total_sleep_min"] / table["time_in_bed_min"].where(table["time_in_bed_min"] > 0)
    wrong = (table["sleep_efficiency_pct"] - computed).abs() > 0.5
    refuse(wrong, table, where, "sleep_efficiency_pct", "is not asleep over in bed", "100 * asleep / in bed")
    refuse(~table["sleep_kind"].isin(["main", "nap"]), table, where, "sleep_kind", "is unknown", "'main' or 'nap'")
    twice = table.duplicated(["person_id", "night_date", "sleep_kind"]) & (table["sleep_kind"] == "main")
    refuse(twice, table, where, "night_date", "is a second main night of one date", "one main night a date")
    return table
