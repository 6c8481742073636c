"""Drawings of advice over rounds."""

from __future__ import annotations

import pandas as pd
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.figures import new_figure
from sleepcot_utils.figures.feedback import WAYS, draw_against, draw_over_rounds

ROUNDS = pd.DataFrame(
    [
        (arm, number, 0.1 * number + place, 0.0, 1.0)
        for place, arm in enumerate(("bandit", "oracle"))
        for number in (1, 2)
    ],
    columns=["arm", "round", "value", "low", "high"],
)


def test_every_way_is_named_at_its_end_and_told_apart_without_color() -> None:
    _, ax = new_figure()
    draw_over_rounds(ax, ROUNDS, "share of advice")
    assert {text.get_text() for text in ax.texts} == {"bandit", "oracle"}
    drawn = {tuple(line.get_ydata()) for line in ax.lines}
    assert drawn == {(0.1, 0.2), (1.1, 1.2)}
    looks = {(style.marker, style.line) for style in WAYS.values()}
    assert len(looks) == len({style.marker for style in WAYS.values()}) == len(WAYS)


def test_differences_stand_in_the_fixed_order() -> None:
    table = pd.DataFrame({"arm": ["oracle", "bandit"], "value": [2.0, 1.0], "low": [1.0, 0.5], "high": [3.0, 1.5]})
    _, ax = new_figure()
    draw_against(ax, table, "time asleep (min)", "no adaptation")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["bandit", "oracle"]
    assert ax.get_xlabel() == "time asleep (min),\nagainst no adaptation"
    points = [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 1]
    assert points == [1.0, 2.0]


def test_a_table_without_values_is_refused() -> None:
    _, ax = new_figure()
    with pytest.raises(InputError, match="'value' is missing"):
        draw_over_rounds(ax, ROUNDS.drop(columns="value"), "share")
