"""Where real nights are found, and how a day's scoring becomes a night."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.simulate.stages import N1, N2, N3, REM, UNKNOWN, WAKE
from sleepcot_utils.simulate.yardsticks import sources

REAL = sources.real_data_folder("sleep_edf")


def test_the_folder_is_what_the_variable_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(sources.REAL_DATA_VARIABLE, raising=False)
    assert sources.real_data_folder() is None
    monkeypatch.setenv(sources.REAL_DATA_VARIABLE, str(tmp_path))
    assert sources.real_data_folder() == tmp_path
    assert sources.real_data_folder("lifesnaps") is None
    (tmp_path / "lifesnaps").mkdir()
    assert sources.real_data_folder("lifesnaps") == tmp_path / "lifesnaps"


def test_marks_become_codes_and_stage_4_is_n3():
    told = sources.read_marks("W\r1\r2\r3\r4\rR\r?\r", where="x.csv")
    assert told.dtype == np.int8
    assert told.tolist() == [WAKE, N1, N2, N3, N3, REM, UNKNOWN]


@pytest.mark.parametrize(("text", "problem"), [("W\r5\r", "epoch 2: '5' is no sleep stage"), ("\r", "no epoch")])
def test_damaged_scorings_are_refused(text: str, problem: str):
    with pytest.raises(InputError, match=problem):
        sources.read_marks(text, where="x.csv")


def test_the_night_is_the_block_with_most_sleep():
    nap, parting, night = "2" * 30, "W" * 121, "1" + "2" * 20 + "W" * 120 + "R" * 20
    codes = sources.read_marks(" ".join("WW" + nap + parting + night + "WWW"), where="x")
    told = sources.night_of(codes)
    assert len(told) == len(night)
    assert told[0] == N1 and told[-1] == REM
    assert (told == WAKE).sum() == 120  # an hour awake, and not more, lies within a night


def test_unscored_epochs_part_sleep_as_wake_does_and_stay_where_they_are():
    codes = sources.read_marks(" ".join("2?2" + "?" * 121 + "22"), where="x")
    assert sources.night_of(codes).tolist() == [N2, UNKNOWN, N2], "of two blocks alike, the earlier one"


def test_a_day_without_sleep_has_no_night():
    assert not len(sources.night_of(np.array([WAKE, UNKNOWN], dtype=np.int8)))


def test_files_are_named_by_person_and_night(tmp_path: Path):
    (tmp_path / "SC4072E0-PSG.csv").write_bytes(b"W\r2\rR\rW\r")
    (tmp_path / "SC4071E0-PSG.csv").write_bytes(b"1\r")
    (tmp_path / "notes.txt").write_text("no scoring")
    told = sources.sleep_edf_nights(tmp_path)
    assert [(night.person_id, night.night, night.epochs.tolist()) for night in told] == [
        ("sleep-edf-07", 1, [N1]),
        ("sleep-edf-07", 2, [N2, REM]),
    ]


def test_folders_without_nights_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match="no Sleep-EDF scoring"):
        sources.sleep_edf_nights(tmp_path)
    (tmp_path / "SC4071E0-PSG.csv").write_bytes(b"W\rW\r")
    with pytest.raises(InputError, match="SC4071E0-PSG.csv: there is no epoch of sleep"):
        sources.sleep_edf_nights(tmp_path)


@pytest.mark.skipif(REAL is None, reason=f"{sources.REAL_DATA_VARIABLE} names no folder with real hypnograms")
def test_real_hypnograms_are_whole_nights():
    assert REAL is not None
    told = sources.sleep_edf_nights(REAL)
    assert len(told) >= 18 and len({night.person_id for night in told}) >= 9
    for night in told:
        assert 3.5 < len(night.epochs) / 120 < 12.5, "hours of a night"
        assert (night.epochs != UNKNOWN).all()
        # The rule does not hang on its 60 minutes.
        again = sources.night_of(night.epochs, parting_min=30)
        assert len(again) == len(night.epochs)
