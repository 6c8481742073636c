"""Real nights to hold the simulator against: where they lie, and the hypnograms of Sleep-EDF.

The nights are other people's and are no part of the project. They are found through the environment variable
``SLEEPCOT_REAL_DATA``, which names a folder with one sub-folder a source; nothing here copies a row of them anywhere.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sleepcot_utils.errors import InputError
from sleepcot_utils.simulate.stages import EPOCHS_A_MINUTE, N1, N2, N3, REM, UNKNOWN, WAKE

REAL_DATA_VARIABLE = "SLEEPCOT_REAL_DATA"

#: Marks of the Sleep-EDF scorings (Rechtschaffen and Kales): stages 3 and 4 are N3 since the AASM manual of 2007.
SLEEP_EDF_MARKS = {"W": WAKE, "1": N1, "2": N2, "3": N3, "4": N3, "R": REM, "?": UNKNOWN}
#: Sleep that is parted by more than this from the night's sleep is a nap or an early doze, not part of the night. A
#: choice; in the 19 nights nothing depends on it between 30 and 130 minutes.
PARTING_MIN = 60
#: SC4ssN: two digits of the person, one of the night (PhysioNet Sleep-EDF Expanded, "sleep cassette" file names).
SLEEP_EDF_NAME = re.compile(r"SC4(?P<person>\d\d)(?P<night>\d)")


class Hypnogram(NamedTuple):
    """One scored night.

    Attributes
    ----------
    person_id : str
        Who slept; one person may have several nights.
    night : int
        Number of the night within the source.
    epochs : numpy.ndarray
        int8 codes of ``stages.py``, one an epoch of 30 s, from the first to the last epoch of sleep.
    """

    person_id: str
    night: int
    epochs: np.ndarray


def real_data_folder(source: str = "") -> Path | None:
    """Folder of real nights, or of one source in it; None if the variable is unset or the folder is not there."""
    named = os.environ.get(REAL_DATA_VARIABLE)
    if not named:
        return None
    folder = Path(named) / source if source else Path(named)
    return folder if folder.is_dir() else None


def read_marks(text: str, *, where: str) -> np.ndarray:
    """Stage codes of a Sleep-EDF scoring: one mark an epoch, parted by carriage returns or other white space.

    Raises
    ------
    InputError
        On an unknown mark; the message names the epoch, counted from 1. On a file without any mark.
    """
    marks = text.split()
    if not marks:
        raise InputError("there is no epoch", where=where, expected="one mark an epoch, parted by line ends")
    for position, mark in enumerate(marks, start=1):
        if mark not in SLEEP_EDF_MARKS:
            raise InputError(
                f"{mark!r} is no sleep stage",
                where=f"{where}, epoch {position}",
                expected=f"one of {', '.join(SLEEP_EDF_MARKS)}",
            )
    return np.array([SLEEP_EDF_MARKS[mark] for mark in marks], dtype=np.int8)


def night_of(recording: np.ndarray, *, parting_min: float = PARTING_MIN) -> np.ndarray:
    """The night of a recording of a day or so: from the first to the last epoch of its longest block of sleep.

    Sleep belongs to one block as long as no more than `parting_min` minutes without sleep (wake or not scored) lie
    between two epochs of it; the longest block is the one with most epochs of sleep, the earlier of two alike.
    Recordings have no mark of lights out, so latency and efficiency can't be had from them.

    Parameters
    ----------
    recording : numpy.ndarray
        (epochs,) codes of ``stages.py``.
    parting_min : float
        Minutes without sleep that end a block.

    Returns
    -------
    numpy.ndarray
        Part of `recording`; empty if there is no sleep in it.
    """
    asleep = np.flatnonzero(recording > WAKE)
    if not len(asleep):
        return recording[:0]
    parted = np.flatnonzero(np.diff(asleep) - 1 > parting_min * EPOCHS_A_MINUTE)
    block = max(np.split(asleep, parted + 1), key=len)
    return recording[block[0] : block[-1] + 1]


def sleep_edf_nights(folder: Path) -> list[Hypnogram]:
    """Hypnograms of Sleep-EDF (PhysioNet, Kemp et al., ODC-By 1.0), whole days cut to the night by ``night_of``.

    Raises
    ------
    InputError
        If the folder has no such file, or a file is damaged or holds no sleep.
    """
    files = sorted(path for path in folder.iterdir() if path.suffix == ".csv" and SLEEP_EDF_NAME.match(path.name))
    if not files:
        raise InputError(
            "there is no Sleep-EDF scoring", where=folder.name, expected="files named like SC4001E0-PSG.csv"
        )
    nights = []
    for file in files:
        named = SLEEP_EDF_NAME.match(file.name)
        assert named is not None  # the list above holds nothing else
        epochs = night_of(read_marks(file.read_text(encoding="ascii", errors="replace"), where=file.name))
        if not len(epochs):
            raise InputError("there is no epoch of sleep", where=file.name, expected="a night's scoring")
        nights.append(Hypnogram(f"sleep-edf-{named['person']}", int(named["night"]), epochs))
    return nights
