"""Figures of the monitor show the values that they are given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.figures import apply_theme, new_figure
from sleepcot_utils.figures.monitoring import draw_found_by_day, draw_rates, draw_trade_off, draw_watched


@pytest.fixture(autouse=True)
def _theme() -> None:
    apply_theme()


def test_a_watched_person_shows_the_alert_where_it_was_raised() -> None:
    dates = pd.date_range("2026-01-01", periods=4)
    table = pd.DataFrame(
        {"date": dates, "value": [1.0, 2, 3, 9], "baseline": 2.0, "threshold": 4.0, "alert": [False] * 3 + [True]}
    )
    _, ax = new_figure()
    draw_watched(ax, table, label="steps (a day)")
    lines = {line.get_label(): line for line in ax.lines}
    assert lines["measured"].get_ydata().tolist() == [1, 2, 3, 9]
    assert lines["alert"].get_ydata().tolist() == [9]
    with pytest.raises(InputError):
        draw_watched(ax, table.drop(columns="baseline"), label="steps")


def test_rates_stand_beside_each_other() -> None:
    table = pd.DataFrame(
        {
            "rule": ["a", "b", "a"], "source": ["simulated", "simulated", "real"],
            "per_person_month": [0.1, 0.0, 0.2], "low": [0.05, 0.0, 0.1], "high": [0.2, 0.1, 0.4],
        }
    )  # fmt: skip
    _, ax = new_figure()
    draw_rates(ax, table)
    drawn = [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 1]
    assert sorted(drawn) == [0.0, 0.1, 0.2]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["simulated", "real"]


def test_found_episodes_and_strictness() -> None:
    found = pd.DataFrame({"kind": ["illness"] * 3, "day": [0, 1, 2], "share": [0.0, 0.5, 0.75]})
    _, ax = new_figure()
    draw_found_by_day(ax, found)
    assert ax.lines[0].get_ydata().tolist() == [0.0, 0.5, 0.75]
    assert [text.get_text() for text in ax.texts] == ["illness"]
    curve = pd.DataFrame(
        {"rule": "a", "factor": [0.5, 1.0, 2.0], "per_person_month": [0.4, 0.2, 0.1], "share": [0.9, 0.8, 0.5]}
    )
    _, ax = new_figure()
    draw_trade_off(ax, curve, ["a"])
    filled = [line for line in ax.lines if line.get_markersize() == 9 and len(line.get_xdata())]
    assert np.ravel([line.get_xydata() for line in filled]).tolist() == [0.2, 0.8]
