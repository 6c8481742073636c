"""The nights that a report stands on, as plain arrays: many small reports are made, and frames are slow to cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sleepcot_utils.nights import NUMBERS

BED_CLOCK_SHIFT_MIN = 12 * 60  # bedtimes are averaged from noon on, so that midnight does not split them
DAY_MIN = 24 * 60
EPOCH_WEEKDAY = 3  # 1970-01-01, day 0, was a Thursday; Monday is 0


@dataclass(frozen=True)
class Window:
    """Main nights of one person in order of their dates; every array has one entry a night.

    Attributes
    ----------
    values : dict of str to numpy.ndarray
        The number columns of the nightly table; ``nan`` where a value is missing.
    day : numpy.ndarray
        Date on which the night ended, in whole days since 1970-01-01.
    bedtime_min : numpy.ndarray
        Start of the time in bed in minutes after noon of the evening before; ``nan`` where the device gives no clock.
    device : str
        Device of the last night.
    """

    values: dict[str, np.ndarray]
    day: np.ndarray
    bedtime_min: np.ndarray
    device: str

    def __getitem__(self, name: str) -> np.ndarray:
        """One number column."""
        return self.values[name]

    @property
    def weekday(self) -> np.ndarray:
        """Day of the week on which the night ended; Monday is 0."""
        return (self.day + EPOCH_WEEKDAY) % 7

    @property
    def nights_with_data(self) -> int:
        """Nights whose time asleep is known."""
        return int((~np.isnan(self["total_sleep_min"])).sum())


class NightArrays:
    """A nightly table as arrays, taken apart once for all the windows that are cut from it.

    Parameters
    ----------
    nights : pandas.DataFrame
        Conformed nightly table of any number of persons.
    """

    def __init__(self, nights: pd.DataFrame) -> None:
        self._values = {name: nights[name].to_numpy(dtype="float64") for name in NUMBERS}
        self._day = nights["night_date"].to_numpy().astype("datetime64[D]").astype("int64")
        self._bedtime_min = _bedtimes(nights["start_local"].to_numpy())
        self._is_main = (nights["sleep_kind"] == "main").to_numpy(dtype=bool)
        self._device = nights["device"].to_numpy(dtype=object)

    def last_nights(self, rows: np.ndarray, window_nights: int) -> Window | None:
        """Main nights of one person on the last dates.

        Parameters
        ----------
        rows : numpy.ndarray
            Positions of the person's rows in the table, in any order.
        window_nights : int
            Dates that the window spans, up to the person's last main night.

        Returns
        -------
        Window or None
            None where the person has no main night.
        """
        main = rows[self._is_main[rows]]
        if not len(main):
            return None
        day = self._day[main]
        order = np.argsort(day, kind="stable")
        chosen = main[order[day[order] > day.max() - window_nights]]
        return Window(
            values={name: column[chosen] for name, column in self._values.items()},
            day=self._day[chosen],
            bedtime_min=self._bedtime_min[chosen],
            device=str(self._device[chosen[-1]]),
        )


def _bedtimes(start: np.ndarray) -> np.ndarray:
    clock_min = start.astype("datetime64[m]").astype("int64") % DAY_MIN
    minutes = ((clock_min + DAY_MIN - BED_CLOCK_SHIFT_MIN) % DAY_MIN).astype("float64")
    return np.where(np.isnat(start), np.nan, minutes)
