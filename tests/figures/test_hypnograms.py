"""Hypnograms as pictures: every stage at its place, nothing drawn where nothing was recorded."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.figures.hypnograms import draw_bout_survival, draw_hypnogram, draw_stage_raster, draw_trace
from sleepcot_utils.figures.theme import STAGES, new_figure

NIGHT = np.array([0, 0, 1, 2, 2, 3, 3, 4, 4, 0, -1, -1], dtype=np.int8)


@pytest.fixture
def ax():
    from matplotlib import pyplot

    figure, axes = new_figure()
    yield axes
    pyplot.close(figure)


def test_a_hypnogram_has_wake_on_top_and_deep_sleep_at_the_bottom(ax) -> None:
    assert draw_hypnogram(ax, NIGHT) is ax
    assert [label.get_text() for label in ax.get_yticklabels()] == ["awake", "REM", "N1", "N2", "N3"]
    places = dict(zip((label.get_text() for label in ax.get_yticklabels()), ax.get_yticks(), strict=True))
    assert places["awake"] > places["REM"] > places["N1"] > places["N2"] > places["N3"]
    (line,) = ax.get_lines()
    heights = line.get_ydata()[:-1]
    assert list(heights) == [
        places[name] for name in ("awake",) * 2 + ("N1", "N2", "N2", "N3", "N3", "REM", "REM", "awake")
    ]
    assert ax.get_xlim()[1] == pytest.approx(10 * 30 / 3600)  # the padding is not drawn


def test_a_device_has_light_sleep_only(ax) -> None:
    draw_hypnogram(ax, NIGHT, device=True)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["awake", "REM", "light", "deep"]


def test_a_night_without_epochs_is_refused(ax) -> None:
    with pytest.raises(InputError, match="no epoch"):
        draw_hypnogram(ax, np.full(5, -1))


def test_a_trace_spans_the_night_and_names_its_unit(ax) -> None:
    draw_trace(ax, np.linspace(60, 50, 240), "heart rate (beats/min)")
    assert ax.get_xlim()[1] == pytest.approx(2.0) and "beats/min" in ax.get_ylabel()


def test_a_raster_puts_each_night_at_its_clock_time(ax) -> None:
    draw_stage_raster(ax, np.stack([NIGHT, NIGHT]), np.array([22.5, 24.0]), ["Mon", "Tue"])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [look.label for look in STAGES.values()]
    paths = [path for part in ax.collections for path in part.get_paths()]
    left = min(path.vertices[:, 0].min() for path in paths)
    right = max(path.vertices[:, 0].max() for path in paths)
    assert left == pytest.approx(22.5) and right == pytest.approx(24 + 10 * 30 / 3600)
    with pytest.raises(InputError, match="2 nights, 1 bedtimes"):
        draw_stage_raster(ax, np.stack([NIGHT, NIGHT]), np.array([22.5]), ["Mon", "Tue"])


def test_bouts_are_drawn_for_the_stages_that_are_there(ax) -> None:
    table = pd.DataFrame(
        {"stage": ["n2"] * 3, "epochs": [1, 2, 4], "real": [0.8, 0.6, 0.4], "simulated": [0.7, 0.6, 0.5],
         "low": [0.7, 0.5, 0.3], "high": [0.9, 0.7, 0.5]}
    )  # fmt: skip
    draw_bout_survival(ax, table)
    dashed, solid = (line for line in ax.get_lines() if len(line.get_xdata()))
    assert {"simulated", "real, with interval"} <= set(ax.get_legend_handles_labels()[1])
    assert list(solid.get_xdata()) == [0.5, 1.0, 2.0] and list(solid.get_ydata()) == [0.7, 0.6, 0.5]
    assert dashed.get_linestyle() == "--" and list(dashed.get_ydata()) == [0.8, 0.6, 0.4]
    with pytest.raises(InputError, match="'low' is missing"):
        draw_bout_survival(ax, table.drop(columns="low"))
