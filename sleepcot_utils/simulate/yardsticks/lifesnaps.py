"""Nights of LifeSnaps: the daily table of 71 users of a Fitbit Sense, with the traps of that table taken care of.

Source: Yfantidou et al. 2022 (doi 10.1038/s41597-022-01764-x), Zenodo 7229547, CC BY 4.0.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sleepcot_utils.errors import InputError
from sleepcot_utils.nights import COLUMNS, NUMBERS
from sleepcot_utils.simulate.yardsticks.stage_minutes import recover

FILE = "daily_fitbit_sema_df_unprocessed.csv"
MS_A_MINUTE = 60_000

#: Column of the file -> column here. Numbers in the second group are 0 where the vendor had none.
AS_GIVEN = {
    "minutesAsleep": "total_sleep_min",
    "sleep_deep_ratio": "deep_ratio",
    "sleep_light_ratio": "light_ratio",
    "sleep_rem_ratio": "rem_ratio",
    "resting_hr": "resting_heart_rate_bpm",
    "spo2": "spo2_mean_pct",
    "nightly_temperature": "skin_temperature_c",
}
ZERO_IS_MISSING = {
    "rmssd": "hrv_rmssd_ms",
    "nremhr": "nrem_heart_rate_bpm",
    "full_sleep_breathing_rate": "respiratory_rate_brpm",
}
OTHERS = ("id", "date", "sleep_duration", "steps", "moderately_active_minutes", "very_active_minutes", "age", "gender")
SEXES = {"FEMALE": "female", "MALE": "male"}
STAGED, NOT_STAGED = "ok", "no stages: a short or old-style record"


def lifesnaps_nights(folder: Path) -> pd.DataFrame:
    """One row a person and night, named as in the nightly table where that has the column.

    What the traps of the file become here:

    * A row of the file is a day, with the sleep that ended on it: ``night_date`` is that day; ``steps`` and
      ``exercise_min`` (moderate and vigorous) come from the day before, and are null if that day has no step.
    * Nights without stages (a record of under three hours, or the old kind of log) measure wake otherwise than
      others and are often naps. They are kept, with a ``quality`` other than "ok".
    * Stage minutes are recovered from ratios (``stage_minutes``). Wake in bed is time in bed less time asleep; how
      it divides into latency and later wake was not measured. The vendor's efficiency score is not used.
    * 0 is missing for RMSSD, heart rate in NREM sleep and breathing, and so is any number outside the possible range
      of the nightly table (one breathing rate of 0.4); a night with 0 minutes asleep is left out.
    * ``skin_temperature_delta_c`` is the night's temperature less the person's median over all nights.

    Beside columns of the nightly table there are ``nrem_heart_rate_bpm``, ``skin_temperature_c``, ``sex`` (female,
    male or null) and ``age_group`` (<30, >=30 or null: no more is given). The vendor's identifiers do not leave this
    function: persons are ``lifesnaps-01`` and so on.

    Raises
    ------
    InputError
        If the file or a column of it is missing, or a person has two rows of one date.
    """
    file = folder / FILE
    if not file.is_file():
        raise InputError("there is no LifeSnaps table", where=folder.name, expected=FILE)
    days = pd.read_csv(file, low_memory=False)
    for name in (*OTHERS, *AS_GIVEN, *ZERO_IS_MISSING):
        if name not in days:
            raise InputError(f"the column {name!r} is missing", where=FILE, expected="the daily table of LifeSnaps")
    days["night_date"] = pd.to_datetime(days["date"], format="%Y-%m-%d").astype("datetime64[ms]")
    twice = days.duplicated(["id", "night_date"])
    if twice.any():
        raise InputError(
            "a person has a second row of one date", where=f"{FILE}, row {twice.idxmax() + 1}", expected="one row a day"
        )
    ids = sorted(days["id"].unique())
    days["person_id"] = days["id"].map({person: f"lifesnaps-{number:02d}" for number, person in enumerate(ids, 1)})
    days["sex"] = days["gender"].map(SEXES)
    days["age_group"] = days["age"]
    days[list(ZERO_IS_MISSING)] = days[list(ZERO_IS_MISSING)].mask(days[list(ZERO_IS_MISSING)] == 0)
    days = days.rename(columns={**AS_GIVEN, **ZERO_IS_MISSING})
    days["time_in_bed_min"] = days["sleep_duration"] / MS_A_MINUTE
    slept = days[days["total_sleep_min"] > 0].drop(columns="steps")
    nights = slept.merge(_day_before(days), on=["person_id", "night_date"], how="left")
    nights = nights.join(recover(nights)[["deep_min", "light_min", "rem_min"]])
    nights["sleep_efficiency_pct"] = 100 * nights["total_sleep_min"] / nights["time_in_bed_min"]
    usual = nights.groupby("person_id")["skin_temperature_c"].transform("median")
    nights["skin_temperature_delta_c"] = nights["skin_temperature_c"] - usual
    for name in nights.columns.intersection(NUMBERS):
        nights[name] = nights[name].where(nights[name].between(COLUMNS[name].low, COLUMNS[name].high))
    nights["quality"] = NOT_STAGED
    nights.loc[nights["deep_ratio"].notna(), "quality"] = STAGED
    nights["sleep_kind"], nights["device"] = "main", "fitbit"
    beside = ["nrem_heart_rate_bpm", "skin_temperature_c", "sex", "age_group"]
    nights = nights[[*(name for name in COLUMNS if name in nights), *beside]]
    return nights.sort_values(["person_id", "night_date"]).reset_index(drop=True)


def _day_before(days: pd.DataFrame) -> pd.DataFrame:
    """Activity, dated by the night that follows it."""
    stepped = days["steps"].where(days["steps"] > 0)
    exercised = days["moderately_active_minutes"] + days["very_active_minutes"]
    return pd.DataFrame(
        {
            "person_id": days["person_id"],
            "night_date": days["night_date"] + pd.Timedelta(days=1),
            "steps": stepped,
            "exercise_min": exercised.where(stepped.notna()),
        }
    )
