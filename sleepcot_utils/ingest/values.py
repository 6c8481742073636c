"""Values of days, and who recorded them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sleepcot_utils import nights as nightly
from sleepcot_utils.days import COLUMNS as DAY_COLUMNS
from sleepcot_utils.ingest.ledger import RecordError


@dataclass(frozen=True, slots=True)
class Source:
    """Who recorded a value.

    Attributes
    ----------
    vendor : str
        ``VENDOR`` of the module.
    device : str
        Kind of device in a word or two, such as ``apple watch``. Never a device's own name or number: people name
        devices after themselves.
    person : str
        Who it belongs to, in an export of several people; empty for the one person of a personal export. It is
        replaced by a made-up name and leaves the package in no table and no message.
    """

    vendor: str
    device: str
    person: str = ""


#: Measures that only the day table has. Readings of blood pressure, glucose and weight stand here one by one.
DAY_ONLY = (
    *("light_activity_min", "moderate_activity_min", "vigorous_activity_min"),
    *("mean_heart_rate_bpm", "max_heart_rate_bpm", "systolic_mmhg", "diastolic_mmhg", "glucose_mg_dl", "weight_kg"),
)
#: Measures of a day: column of the nightly table (null: it has none), days from the measured day to the night's date,
#: and the closed range of the possible, as in `sleepcot_utils.nights` where there is a column.
#: SDNN and RMSSD are different statistics, so SDNN has no column: it never fills the one of RMSSD.
MEASURES: dict[str, tuple[str | None, int, float, float]] = {
    "steps": ("steps", 1, 0, 200_000),
    "exercise_min": ("exercise_min", 1, 0, nightly.DAY_MIN),
    "caffeine_after_14h": ("caffeine_after_14h", 1, 0, 1),
    "alcohol_units": ("alcohol_units", 1, 0, 60),
    "nap_min": ("nap_min", 1, 0, nightly.DAY_MIN),
    "resting_heart_rate_bpm": ("resting_heart_rate_bpm", 0, 20, 220),
    "hrv_rmssd_ms": ("hrv_rmssd_ms", 0, 0, 400),
    "respiratory_rate_brpm": ("respiratory_rate_brpm", 0, 4, 60),
    "spo2_mean_pct": ("spo2_mean_pct", 0, 40, 100),
    "spo2_min_pct": ("spo2_min_pct", 0, 40, 100),
    "skin_temperature_delta_c": ("skin_temperature_delta_c", 0, -10, 10),
    "hrv_sdnn_ms": (None, 0, 0, 400),
    "sleeping_heart_rate_bpm": (None, 0, 20, 220),
    **{name: (None, 0, DAY_COLUMNS[name].low, DAY_COLUMNS[name].high) for name in DAY_ONLY},
    "fasting_glucose_mg_dl": (None, 0, DAY_COLUMNS["glucose_mg_dl"].low, DAY_COLUMNS["glucose_mg_dl"].high),
    "not_fasting_glucose_mg_dl": (None, 0, DAY_COLUMNS["glucose_mg_dl"].low, DAY_COLUMNS["glucose_mg_dl"].high),
}


@dataclass(frozen=True, slots=True)
class DayValue:
    """One value of one local day.

    Attributes
    ----------
    source : Source
        Who recorded it.
    origin : str
        Name of the file it comes from.
    date : date
        Local date. Values of a sleep carry the date on which the sleep ended.
    measure : str
        A key of `MEASURES`.
    value : float
        In the unit that the name ends with.
    window : str
        Over what it was measured, in words, such as ``sleep`` or ``the last 5 minutes of deep sleep``.

    Raises
    ------
    RecordError
        If the value is out of the possible range.
    """

    source: Source
    origin: str
    date: date
    measure: str
    value: float
    window: str = ""

    def __post_init__(self) -> None:
        low, high = MEASURES[self.measure][2:]
        if not low <= self.value <= high:
            raise RecordError(self.measure, f"{self.value:g} is out of range", f"{low:g} to {high:g}")
