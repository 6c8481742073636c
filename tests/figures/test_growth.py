"""What is drawn and where; how it looks is for eyes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib import colors

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.figures.growth import draw_costs, draw_curve, draw_growth, draw_reliability
from sleepcot_utils.figures.theme import MUTED, VERMILLION, new_figure


def marks(ax):
    """Points that carry a marker."""
    return [line for line in ax.lines if line.get_marker() not in ("None", "", None)]


@pytest.fixture
def scores() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "source": ["teacher", "cot", "base", "answer_only"],
            "mean": [1.0, 0.5, 0.1, 0.4],
            "low": [0.9, 0.4, 0.0, 0.3],
            "high": [1.0, 0.6, 0.2, np.nan],
            "tokens": [0.0, 90.0, 40.0, 30.0],
            "seconds": [0.0, 0.2, 0.1, 0.1],
        }
    )


def test_the_plot_grows_by_one_source_a_panel_and_the_new_one_is_in_color(scores) -> None:
    _, axs = new_figure(2, 2)
    assert draw_growth(axs, scores, "tokens", "share right") == ["base", "answer_only", "cot"]
    flat = axs.ravel()
    assert [len(marks(ax)) for ax in flat[:3]] == [1, 2, 3] and not flat[3].get_visible()
    last = marks(flat[2])
    assert [colors.same_color(line.get_color(), MUTED) for line in last] == [True, True, False]
    assert last[2].get_xydata().tolist() == [[90.0, 0.5]] and colors.same_color(last[2].get_color(), VERMILLION)
    assert flat[2].get_title(loc="left") == "+ cot" and flat[0].get_xlim() == flat[2].get_xlim()
    with pytest.raises(ParameterError, match="do not fit"):
        draw_growth(new_figure(1, 2)[1], scores, "tokens", "share right")


def test_each_cost_has_its_axes_and_one_legend(scores) -> None:
    _, axs = new_figure(1, 2)
    draw_costs(axs, scores, ["tokens", "seconds"], "share right")
    assert [ax.get_legend() is not None for ax in axs] == [False, True]
    assert "seconds" in axs[1].get_xlabel() and axs[0].get_ylabel() == "share right"


def test_a_curve_joins_a_family_and_names_its_arms(ax) -> None:
    curve = pd.DataFrame(
        {"metric": "verdict_right", "family": "cot", "source": ["cot_half", "cot"], "x": [0.5, 1.0], "mean": [0.4, 0.6],
         "low": [0.3, 0.5], "high": [0.5, 0.7]}
    )  # fmt: skip
    draw_curve(ax, curve, x_label="share of persons")
    assert {text.get_text() for text in ax.texts} == {"cot_half", "cot"}
    assert ax.lines[0].get_xydata().tolist() == [[0.5, 0.4], [1.0, 0.6]]


def test_reliability_has_the_diagonal_and_one_point_a_bin(ax) -> None:
    bins = pd.DataFrame(
        {
            "source": "cot",
            "certainty": [0.4, 0.9],
            "right": [0.3, 0.5],
            "low": [0.1, 0.3],
            "high": [0.5, 0.7],
            "answers": 9,
        }
    )
    draw_reliability(ax, bins)
    assert ax.lines[0].get_xydata().tolist() == [[0, 0], [1, 1]]
    assert marks(ax)[0].get_xydata().tolist() == [[0.4, 0.3], [0.9, 0.5]] and "18 verdicts" in ax.get_title(loc="left")
    with pytest.raises(ParameterError, match="do not fit"):
        draw_reliability(ax, pd.concat([bins, bins.assign(source="base")]))
