"""Figures are drawn without a display and written below the test's own folder."""

from __future__ import annotations

import matplotlib
import pytest

from sleepcot_utils.paths import RunPaths

matplotlib.use("Agg")


@pytest.fixture
def run_paths(tmp_path, monkeypatch) -> RunPaths:
    monkeypatch.setenv("SLEEPCOT_ROOT", str(tmp_path))
    return RunPaths("made-up")


@pytest.fixture
def ax():
    from matplotlib import pyplot

    from sleepcot_utils.figures.theme import new_figure

    fig, axes = new_figure()
    yield axes
    pyplot.close(fig)
