"""The drawing of triage: one row a flag, both measures, and nothing where nothing was measured."""

from __future__ import annotations

import pandas as pd
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.figures.safety import draw_triage


@pytest.fixture
def table() -> pd.DataFrame:
    rows = [
        ("any flag", "recall", 45, 50, 0.9, 0.79, 0.96),
        ("any flag", "false alarms", 4, 40, 0.1, 0.04, 0.23),
        ("chest_pain", "recall", 0, 0, float("nan"), 0.0, 1.0),
        ("chest_pain", "false alarms", 1, 90, 0.011, 0.002, 0.06),
    ]
    return pd.DataFrame(rows, columns=["flag", "measure", "hits", "of", "share", "low", "high"])


def test_every_flag_has_a_row_with_its_counts(ax, table: pd.DataFrame) -> None:
    assert draw_triage(ax, table) is ax
    assert [text.get_text() for text in ax.get_yticklabels()] == ["any flag (45 of 50)", "chest pain (0 of 0)"]
    recall, alarms = (line for line in ax.lines if line.get_marker() in ("o", "X"))
    assert list(recall.get_xdata()) == pytest.approx([90]) and list(alarms.get_xdata()) == pytest.approx([10, 1.1])
    assert "%" in ax.get_xlabel() and len(ax.get_legend().get_texts()) == 2


def test_an_unknown_measure_or_a_missing_column_is_refused(ax, table: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="is missing"):
        draw_triage(ax, table.drop(columns="low"))
    with pytest.raises(InputError, match="'accuracy' is unknown"):
        draw_triage(ax, table.assign(measure="accuracy"))
