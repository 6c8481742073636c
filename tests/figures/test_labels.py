from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Text

from sleepcot_utils.errors import InputError
from sleepcot_utils.figures.labels import EndLabel, column_label, place_end_labels, spread
from sleepcot_utils.nights import NUMBERS

UNSHOWN = {"nap_min", "utc_offset_min"}


@pytest.mark.parametrize("column", [name for name in NUMBERS if name not in UNSHOWN])
def test_every_nightly_quantity_has_a_label_with_its_unit(column):
    label = column_label(column)
    assert label.endswith(")") and "(" in label and "_" not in label


def test_a_column_without_a_unit_is_not_drawn():
    with pytest.raises(InputError, match="unit of the column 'score'"):
        column_label("score")


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_labels_are_spread_apart_within_the_axes(places):
    gap = 0.1
    found = spread(sorted(places), gap)
    assert all(later - earlier >= gap - 1e-9 for earlier, later in itertools.pairwise(found))
    assert min(found) >= -1e-9 and max(found) <= 1 + 1e-9


def test_labels_that_do_not_touch_stay():
    assert spread([0.1, 0.5, 0.9], 0.1) == pytest.approx([0.1, 0.5, 0.9])


def test_end_labels_do_not_overlap_when_drawn(ax):
    ax.plot([0, 1], [0, 1])
    place_end_labels(ax, [EndLabel(1, 0.5 + 0.001 * number, f"line {number}", "black") for number in range(5)])
    ax.figure.canvas.draw()
    boxes = sorted((Text.get_window_extent(text) for text in ax.texts), key=lambda box: box.y0)
    assert all(upper.y0 >= lower.y1 - 1 for lower, upper in itertools.pairwise(boxes))
    assert np.all([box.x0 > ax.get_window_extent().x1 for box in boxes])
