"""What is drawn and where; how it looks is for eyes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib import colors

from sleepcot_utils.errors import InputError
from sleepcot_utils.figures.analyses import draw_multiverse, draw_power, draw_score_against_cost
from sleepcot_utils.figures.theme import SOURCES, VERMILLION


def marks(ax):
    """Points that carry a marker: their place and look."""
    return [line for line in ax.lines if line.get_marker() not in ("None", "", None)]


def test_power_has_a_line_for_each_number_of_persons(ax):
    curve = pd.DataFrame(
        {
            "persons": [20, 20, 50, 50],
            "effect": [0.2, 0.1, 0.1, 0.2],
            "power": [0.9, 0.4, 0.8, 1.0],
            "low": 0.3,
            "high": 1.0,
        }
    )
    assert draw_power(ax, curve) is ax
    lines = marks(ax)
    assert [line.get_label() for line in lines] == ["20 persons", "50 persons"]
    assert lines[0].get_xydata().tolist() == [[0.1, 0.4], [0.2, 0.9]]
    assert lines[0].get_linestyle() != lines[1].get_linestyle() and lines[0].get_marker() != lines[1].get_marker()
    assert any(set(line.get_ydata()) == {0.8} for line in ax.lines if line not in lines)
    assert "units of the score" in ax.get_xlabel()


@pytest.fixture
def choices():
    return pd.DataFrame(
        {
            "choice": ["as planned", "sign test", "seed 1 alone", "tasks as if independent"],
            "estimate": [0.1, 0.6, 0.2, 0.1],
            "low": [-0.05, 0.2, 0.1, 0.05],
            "high": [0.25, 0.9, 0.3, 0.15],
            "says": ["no difference shown", "no difference shown", "a better", "a better"],
            "reasonable": [True, True, True, False],
            "scale": ["score", "persons", "score", "score"],
            "agrees": [True, True, False, False],
        }
    )


def test_multiverse_marks_what_is_in_units_of_the_score_and_words_all(ax, choices):
    assert draw_multiverse(ax, choices) is ax
    drawn = marks(ax)
    assert [tuple(line.get_xydata()[0]) for line in drawn] == [(0.1, 0), (0.2, 2), (0.1, 3)]
    assert drawn[1].get_marker() != drawn[0].get_marker() and drawn[1].get_color() == VERMILLION
    assert colors.same_color(drawn[2].get_markerfacecolor(), "white")
    assert [text.get_text() for text in ax.texts] == [
        "no difference shown",
        "no difference shown",
        "a better",
        "a better (too sure)",
    ]
    low, high = ax.get_xlim()
    assert low < -0.05 and 0.3 < high < 0.6


def test_cost_figure_grows_on_axes_that_stay(ax):
    table = pd.DataFrame(
        {
            "source": ["teacher", "cot", "constant"],
            "mean": [0.9, 0.5, 0.2],
            "low": [0.8, 0.4, np.nan],
            "high": [1.0, 0.6, np.nan],
            "tokens an answer": [900.0, 60.0, 0.0],
        }
    )
    draw_score_against_cost(ax, table, "tokens an answer", shown=["cot"])
    drawn = marks(ax)
    # Sources stand in their fixed order; constant costs nothing and has no place on a logarithmic axis.
    assert [(float(line.get_xdata()[0]), line.get_alpha()) for line in drawn] == [(60.0, 1.0), (900.0, 0.0)]
    assert drawn[0].get_color() == SOURCES["cot"].color and ax.get_xscale() == "log"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["cot"]
    grown, full = ax.get_xlim(), ax.figure.add_subplot()
    draw_score_against_cost(full, table, "tokens an answer")
    assert grown == pytest.approx(full.get_xlim())


@pytest.mark.parametrize(
    "draw", [draw_power, draw_multiverse, lambda ax, table: draw_score_against_cost(ax, table, "s")]
)
def test_a_table_without_its_columns_is_refused(ax, draw):
    with pytest.raises(InputError, match="is missing"):
        draw(ax, pd.DataFrame({"source": ["cot"]}))
