"""The drawing functions: what they draw, where, and with which units. How it looks is for eyes, not for tests."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib import colors, pyplot

from sleepcot_utils.errors import InputError, ParameterError
from sleepcot_utils.figures.comparison import draw_forest, draw_scores
from sleepcot_utils.figures.nights import draw_age_slope, draw_driver_effects, draw_person_nights
from sleepcot_utils.figures.theme import SOURCES, new_figure
from sleepcot_utils.figures.training import draw_loss_curves


def legend_texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.fixture
def nights():
    dates = pd.to_datetime(["2025-03-05", "2025-03-06", "2025-03-08", "2025-03-08"])  # Wednesday to Saturday
    starts = pd.to_datetime(["2025-03-04 23:00", "2025-03-06 00:30", "2025-03-08 00:00", "2025-03-08 14:00"])
    hours = pd.to_timedelta([8, 6, 9, 1], unit="h")
    return pd.DataFrame(
        {
            "person_id": "p1",
            "night_date": dates,
            "sleep_kind": ["main", "main", "main", "nap"],
            "start_local": starts,
            "end_local": starts + hours,
        }
    )


def test_nights_stand_at_their_clock_times(ax, nights):
    assert draw_person_nights(ax, nights) is ax
    bars = sorted(
        (round(bar.get_x(), 3), round(bar.get_width(), 3), round(bar.get_y() + bar.get_height() / 2))
        for bar in ax.patches
    )
    assert bars == [(-1.0, 8.0, 0), (0.0, 9.0, 3), (0.5, 6.0, 1), (14.0, 1.0, 3)]
    assert legend_texts(ax) == ["ends on a weekday", "ends on Saturday or Sunday", "nap"]
    assert [text.get_text() for text in ax.texts] == ["no record"]
    assert "local clock" in ax.get_xlabel() and "23:00" not in ax.get_xlabel()
    assert "00:00" in [text.get_text() for text in ax.get_xticklabels()]


def test_a_date_without_clock_times_is_no_record(ax, nights):
    nights.loc[1, ["start_local", "end_local"]] = pd.NaT
    draw_person_nights(ax, nights)
    assert len(ax.texts) == 2


def test_nights_of_two_persons_or_without_clock_times_are_refused(ax, nights):
    with pytest.raises(InputError, match="rows of one person"):
        draw_person_nights(ax, nights.assign(person_id=["p1", "p2", "p1", "p1"]))
    with pytest.raises(InputError, match="no night has clock times"):
        draw_person_nights(ax, nights.assign(start_local=pd.NaT))


def test_age_slope_shows_means_over_persons_not_nights(ax):
    people = pd.DataFrame({"person_id": list("abcde"), "age_y": [31.0, 33, 35, 37, 39], "total_sleep_min": [400.0] * 5})
    # One person with very many short nights must count once.
    many = pd.DataFrame({"person_id": "f", "age_y": 35.0, "total_sleep_min": [340.0] * 50})
    assert draw_age_slope(ax, pd.concat([people, many]), "total_sleep_min") is ax
    (line,) = (container.lines[0] for container in ax.containers)
    assert line.get_ydata() == pytest.approx([390.0]) and line.get_xdata() == pytest.approx([35.0])
    assert ax.get_xlabel() == "age (years)" and ax.get_ylabel() == "total sleep time (min)"
    assert len(ax.collections[0].get_offsets()) == 6


def test_age_slope_names_the_norm_and_skips_small_decades(ax):
    people = pd.DataFrame({"person_id": list("abc"), "age_y": [31.0, 33, 35], "deep_min": [60.0, 70, 80]})
    norm = pd.DataFrame({"age_y": [20.0, 60.0], "value": [90.0, 60.0], "low": [60.0, 30.0], "high": [120.0, 90.0]})
    draw_age_slope(ax, people, "deep_min", norm, norm_label="norm of X")
    assert legend_texts(ax) == ["one person", "norm of X"]


def test_driver_effects_carry_the_unit_and_what_was_planted(ax):
    effects = pd.DataFrame(
        {"driver": ["late_caffeine", "alcohol"], "estimate": [-20.0, -5], "low": [-30.0, -9], "high": [-10.0, -1]}
    )
    assert draw_driver_effects(ax, effects) is ax
    assert ax.get_xlabel() == "change in total sleep time (min)" and "planted" not in legend_texts(ax)
    ax.clear()
    draw_driver_effects(ax, effects.assign(planted=[-25.0, np.nan]))
    assert legend_texts(ax) == ["95% interval", "found", "planted"]


@pytest.fixture
def log():
    rows = [
        (source, seed, step, split, loss / (1 + step) + 0.5)
        for source, loss in (("cot", 3.0), ("answer_only", 2.0))
        for seed in (1, 2)
        for step in (0, 10, 20)
        for split in ("train", "validation")
    ]
    return pd.DataFrame(rows, columns=["source", "seed", "step", "split", "loss"])


def test_loss_curves_have_a_line_a_seed_and_split_and_a_name_a_source(ax, log):
    assert draw_loss_curves(ax, log) is ax
    curves = [line for line in ax.lines if len(line.get_xdata()) == 3]
    assert len(curves) == 8 and {line.get_linestyle() for line in curves} == {":", "-"}
    assert {text.get_text() for text in ax.texts} == {"cot (2 seeds)", "answer_only (2 seeds)"}
    assert ax.get_xlabel() == "optimizer step" and "nats a token" in ax.get_ylabel()
    rings = [line for line in ax.lines if len(line.get_xdata()) == 1]
    assert len(rings) == 4 and all(line.get_xdata()[0] == 20 for line in rings)


def test_loss_axis_has_ticks_however_narrow_the_range(ax, log):
    draw_loss_curves(ax, log.assign(loss=0.80 + 0.001 * log["step"]))
    low, high = ax.get_ylim()
    assert sum(low <= tick <= high for tick in ax.get_yticks()) >= 3


@pytest.mark.parametrize("wrong", [{"split": "test"}, {"loss": 0.0}])
def test_a_log_that_can_not_be_drawn_is_refused(ax, log, wrong):
    with pytest.raises(InputError, match="training log"):
        draw_loss_curves(ax, log.assign(**wrong))


@pytest.fixture
def summary():
    rows = [
        (metric, source, mean, mean - 0.1, mean + 0.1)
        for metric in ("faithful", "words")
        for source, mean in (("teacher", 0.85), ("cot", 0.6), ("constant", 0.2))
    ]
    table = pd.DataFrame(rows, columns=["metric", "source", "mean", "low", "high"])
    numbers = ["mean", "low", "high"]
    table.loc[table["metric"] == "words", numbers] *= 100
    return table


def test_scores_have_one_axes_a_metric_and_the_fixed_order(summary):
    fig, axs = new_figure(1, 2)
    persons = pd.DataFrame(
        {"metric": "faithful", "source": "cot", "person_id": ["a", "b", "c"], "value": [0.5, 0.6, 0.7]}
    )
    assert draw_scores(axs, summary, persons) is axs
    assert [text.get_text() for text in axs[0].get_yticklabels()] == ["constant", "cot", "teacher"]
    assert axs[0].get_xlabel() == "mean over persons (0 to 1)" and "words" in axs[1].get_xlabel()
    assert len(axs[0].collections) == 1 and len(axs[0].collections[0].get_offsets()) == 3
    marks = {line.get_marker() for line in axs[0].lines if len(line.get_xdata()) == 1}
    assert marks == {SOURCES[name].marker for name in ("constant", "cot", "teacher")}
    pyplot.close(fig)


def test_scores_draw_no_interval_where_there_is_none(ax, summary):
    one = summary[summary["metric"] == "faithful"].assign(low=np.nan, high=np.nan)
    draw_scores(ax, one)
    assert all(len(line.get_xdata()) == 1 for line in ax.lines)


def test_scores_need_as_many_axes_as_metrics(ax, summary):
    with pytest.raises(ParameterError, match="2 metrics can't be drawn on 1 axes"):
        draw_scores(ax, summary)


@pytest.fixture
def comparison():
    return pd.DataFrame(
        {
            "metric": ["faithful", "invented", "driver"],
            "a": ["cot", "cot", "cot"],
            "b": ["teacher", "answer_only", "base"],
            "role": ["primary", "secondary", "secondary"],
            "difference": [-0.05, -0.2, np.nan],
            "low": [-0.1, -0.3, np.nan],
            "high": [0.02, -0.1, np.nan],
            "margin": [0.1, np.nan, np.nan],
            "claim": ["no difference shown", "a better", "not computable"],
            "decision": ["inconclusive", None, None],
            "higher_is_better": [True, False, True],
        }
    )


def test_forest_shows_every_contrast_with_its_numbers(ax, comparison):
    assert draw_forest(ax, comparison) is ax
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert labels[0] == "faithful\ncot \N{MINUS SIGN} teacher" and "lower is better" in labels[1]
    texts = [text.get_text() for text in ax.texts]
    assert texts[0] == "\N{MINUS SIGN}0.050 [\N{MINUS SIGN}0.100, +0.020]\nno difference shown; inconclusive"
    assert texts[1].endswith("cot better") and texts[2] == "not computable"
    assert legend_texts(ax) == ["95% interval", "primary", "secondary", "within the margin"]
    low, high = ax.get_xlim()
    assert low < -0.3 and high > 0.02 and "units of the score" in ax.get_xlabel()


def test_forest_fills_primary_contrasts_and_shades_the_margin(ax, comparison):
    draw_forest(ax, comparison)
    marks = [line for line in ax.lines if len(line.get_xdata()) == 1]
    fills = [colors.to_hex(line.get_markerfacecolor()) for line in marks]
    assert fills == [SOURCES["cot"].color.lower(), "#ffffff"]
    (band,) = ax.patches
    assert (band.get_x(), band.get_width()) == pytest.approx((-0.1, 0.2))


@pytest.mark.parametrize("draw", [draw_forest, draw_scores, draw_loss_curves, draw_person_nights, draw_driver_effects])
def test_a_table_without_its_columns_is_refused(ax, draw):
    with pytest.raises(InputError, match="is missing"):
        draw(ax, pd.DataFrame({"other": [1.0]}))
