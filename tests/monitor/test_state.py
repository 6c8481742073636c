"""Adding days one by one gives what the whole record gives, whatever the order; and a crash loses nothing."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.monitor.alerts import Alert
from sleepcot_utils.monitor.observations import observe
from sleepcot_utils.monitor.rules import load_rules
from sleepcot_utils.monitor.state import MonitorState
from sleepcot_utils.monitor.watching import alerts_of
from sleepcot_utils.simulate.day_episodes import plant_episodes
from tests.monitor.conftest import Watched

PERSONS = 2


@pytest.fixture(scope="module")
def record(watched: Watched) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Nights and days of some people with an episode, so that there is something to say."""
    planted = plant_episodes(watched.nights, watched.days, "illness", 1, quiet_days=40)
    chosen = planted.truth["person_id"].unique()[:PERSONS]
    return tuple(table[table["person_id"].isin(chosen)] for table in (planted.nights, planted.days))


def as_stored(alerts: list[Alert]) -> list[dict]:
    """Alerts as a log holds them, sorted as ``MonitorState.alerts`` gives them."""
    return sorted(
        (json.loads(json.dumps(alert.as_dict())) for alert in alerts), key=lambda entry: (entry["date"], entry["rule"])
    )


def batch(observations: pd.DataFrame, person_id: str) -> list[dict]:
    own = observations[observations["person_id"] == person_id]
    return as_stored(alerts_of(own, load_rules(), {}))


def assert_same_as_batch(state: MonitorState, observations: pd.DataFrame) -> None:
    total = 0
    for person_id in observations["person_id"].unique():
        expected = batch(observations, person_id)
        assert state.alerts(person_id) == expected
        total += len(expected)
    assert total >= observations["person_id"].nunique()  # else nothing was compared


def test_day_by_day_equals_the_whole_record(record: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path) -> None:
    observations = observe(*record)
    state = MonitorState(tmp_path)
    told: list[Alert] = []
    for _, day in observations.groupby("date", sort=True):
        told += state.add(day).alerts
    assert_same_as_batch(state, observations)
    # What was told on the way is what stands in the end: nothing was told twice or withdrawn.
    whole = alerts_of(observations, load_rules(), {})
    assert sorted((alert.person_id, alert.date, alert.rule) for alert in told) == sorted(
        (alert.person_id, alert.date, alert.rule) for alert in whole
    )


def test_any_order_of_arrival_equals_the_whole_record(
    record: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    nights, days = (table[table["person_id"] == table["person_id"].min()] for table in record)
    observations = observe(nights, days)
    state = MonitorState(tmp_path)
    rng = np.random.default_rng(3)
    # Nights come in the morning and days in the evening; some chunks come weeks late and some twice.
    parts = [part for table in (observe(nights), observe(None, days)) for _, part in table.groupby("date", sort=True)]
    order = np.argsort([part["date"].iloc[0].value + rng.exponential(5e14) for part in parts])
    for place in order:
        state.add(parts[place])
    state.add(observations)
    assert_same_as_batch(state, observations)


def test_a_new_day_is_added_within_a_second_and_the_archive_is_not_read(
    record: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    observations = observe(*record)
    person_id = str(observations["person_id"].iloc[0])
    own = observations[observations["person_id"] == person_id]
    state, last = MonitorState(tmp_path), own["date"].max()
    state.add(own[own["date"] < last])
    archive = next(tmp_path.glob("*/days.jsonl"))
    # Whoever reads a line of this archive fails.
    kept = archive.read_bytes()
    archive.write_bytes(b"#" * (len(kept) - 1) + b"\n")
    started = time.perf_counter()
    added = state.add(own[own["date"] == last])
    assert added.new_days == 1 and time.perf_counter() - started < 1
    archive.write_bytes(kept + archive.read_bytes()[len(kept) :])
    assert state.alerts(person_id) == batch(observations, person_id)


def test_known_days_change_nothing(record: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path) -> None:
    observations = observe(*record)
    state = MonitorState(tmp_path)
    first = state.add(observations)
    log = next(tmp_path.glob("*/days.jsonl")).read_bytes()
    again = state.add(observations)
    assert (first.new_days, first.changed_days, first.known_days) == (len(observations), 0, 0)
    assert (again.new_days, again.changed_days, again.known_days) == (0, 0, len(observations))
    assert again.alerts == ()
    assert next(tmp_path.glob("*/days.jsonl")).read_bytes() == log


def test_lost_memory_and_a_cut_line_lose_nothing(record: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path) -> None:
    observations = observe(*record)
    days = [day for _, day in observations.groupby("date", sort=True)]
    state = MonitorState(tmp_path)
    state.add(pd.concat(days[:60]))
    for folder in tmp_path.iterdir():
        (folder / "memory.json").unlink()
        with (folder / "days.jsonl").open("a", encoding="utf-8") as log:
            log.write('{"person_id": "p0')  # the machine stopped in the middle of a line
    for day in days[60:]:
        state.add(day)
    assert_same_as_batch(state, observations)


def test_days_that_were_logged_but_not_judged_are_judged(
    record: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    observations = observe(*record)
    days = [day for _, day in observations.groupby("date", sort=True)]
    state = MonitorState(tmp_path)
    state.add(pd.concat(days[:50]))
    before = {path: path.read_text(encoding="utf-8") for path in tmp_path.glob("*/memory.json")}
    state.add(pd.concat(days[50:70]))
    for path, text in before.items():
        path.write_text(text, encoding="utf-8")  # as if the machine had stopped before the memory was written
    for day in days[70:]:
        state.add(day)
    assert_same_as_batch(state, observations)


def test_a_correction_withdraws_an_alert(tmp_path: Path) -> None:
    dates = pd.date_range("2026-01-01", periods=2)
    table = observe(None, _pressure_days(dates, [119.0, 190.0]))
    state = MonitorState(tmp_path)
    raised = state.add(table)
    assert [(alert.rule, alert.date) for alert in raised.alerts] == [("blood_pressure_crisis", "2026-01-02")]
    corrected = state.add(observe(None, _pressure_days(dates[1:2], [118.0])))
    assert corrected.withdrawn == (("someone", "2026-01-02", "blood_pressure_crisis"),)
    assert (corrected.new_days, corrected.changed_days) == (0, 1)
    assert state.alerts("someone") == []
    # Nothing is lost: both readings and both events stand in the logs.
    assert len((tmp_path / "someone" / "days.jsonl").read_text().splitlines()) == 3
    events = [json.loads(line)["event"] for line in (tmp_path / "someone" / "alerts.jsonl").read_text().splitlines()]
    assert events == ["raised", "withdrawn"]


def test_a_strange_id_stays_inside_of_the_folder(tmp_path: Path) -> None:
    days = _pressure_days(pd.date_range("2026-01-01", periods=1), [190.0]).assign(person_id="../../etc/passwd")
    state = MonitorState(tmp_path / "state")
    state.add(observe(None, days))
    assert [path.parent for path in tmp_path.rglob("days.jsonl")] == [next((tmp_path / "state").iterdir())]
    assert state.alerts("../../etc/passwd")[0]["rule"] == "blood_pressure_crisis"


def _pressure_days(dates: pd.DatetimeIndex, systolic: list[float]) -> pd.DataFrame:
    from sleepcot_utils import days as daily

    return daily.conform(
        pd.DataFrame(
            {
                "person_id": "someone",
                "date": dates,
                "systolic_mmhg": systolic,
                "diastolic_mmhg": 80.0,
                "highest_systolic_mmhg": systolic,
                "highest_diastolic_mmhg": 80.0,
                "source": "cuff",
            }
        )
    )


def test_state_is_its_users_alone(tmp_path: Path, record) -> None:
    state = MonitorState(tmp_path / "monitor")
    state.add(observe(*record))
    found = [state.folder, *state.folder.rglob("*")]
    assert len(found) > PERSONS
    for path in found:
        assert path.stat().st_mode & 0o077 == 0, path.name
