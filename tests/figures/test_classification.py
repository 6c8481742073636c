"""Figures of the day classifiers: every source in its place, and its own look."""

from __future__ import annotations

import pandas as pd
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.figures.classification import draw_changes, draw_curves, draw_metrics, draw_reliability, style_of
from sleepcot_utils.figures.theme import VERMILLION, new_figure

SCORES = pd.DataFrame(
    [("boosting", "Brier", 0.1, 0.05, 0.15), ("text", "Brier", 0.2, 0.15, 0.25), ("text", "F1", 0.8, 0.7, 0.9)],
    columns=["source", "metric", "value", "low", "high"],
)


def test_rows_are_sources_and_panels_are_metrics() -> None:
    _, axs = new_figure(1, 2)
    draw_metrics(axs, SCORES, ("Brier", "F1"))
    assert [label.get_text() for label in axs[0].get_yticklabels()] == ["boosting", "text"]
    bars = [line.get_xdata().tolist() for line in axs[0].lines if len(line.get_xdata()) == 2]
    assert bars == [[0.05, 0.15], [0.15, 0.25]]
    assert len(axs[1].lines) == 2, "a source without the metric has no mark"


def test_a_change_that_is_clear_of_zero_has_another_mark() -> None:
    _, ax = new_figure()
    table = SCORES[SCORES["metric"] == "Brier"].assign(low=[-0.1, 0.15], advice=["", "warm-up"])
    draw_changes(ax, table, band=(-0.01, 0.01), x_label="change")
    marks = [(line.get_marker(), line.get_color()) for line in ax.lines if line.get_marker() not in ("None", "")]
    assert marks[0][0] == "o" and marks[1] == ("D", VERMILLION)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["boosting", "warm-up: text"]


def test_curves_and_reliability_name_their_sources() -> None:
    _, (left, right) = new_figure(1, 2)
    curve = pd.DataFrame({"source": ["text", "text"], "days": [10, 100], "value": [0.5, 0.7]})
    draw_curves(left, curve, "days", x_label="days", y_label="score", log=True)
    draw_reliability(right, {"text": pd.DataFrame({"said": [0.2], "happened": [0.3], "cases": [4]})})
    assert left.get_legend_handles_labels()[1] == ["text"]
    assert right.get_legend_handles_labels()[1] == ["honest", "text"]
    with pytest.raises(InputError):
        draw_curves(left, curve.drop(columns="value"), "days", x_label="", y_label="")


def test_longer_names_have_looks_of_their_own() -> None:
    looks = [style_of(name) for name in ("text", "text, LoRA", "text, student", "text, ensemble", "boosting", "oracle")]
    assert len({(look.color, look.marker) for look in looks}) == len(looks)
    assert style_of("boosting and words") == style_of("boosting")
