"""The figure of a report: minutes add up, gaps are named, and no order in the night is invented."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.figures.report_nights import (
    KINDS,
    alt_text,
    caption_text,
    draw_bed_times,
    draw_report,
    draw_shares,
    report_picture,
    shares_of_nights,
)
from sleepcot_utils.figures.theme import new_figure
from sleepcot_utils.report.full import FullReport, full_report
from sleepcot_utils.report.wording import words_of


@pytest.fixture(autouse=True)
def no_open_figures() -> Iterator[None]:
    from matplotlib import pyplot

    yield
    pyplot.close("all")


@pytest.fixture
def nights(night_table) -> pd.DataFrame:
    """Nine dates from Tuesday, 2026-01-06, without the third; stages on the first five, no sleep known on the last."""
    known = np.array([1, 1, 1, 1, 1, 0, 0, 0, 0], dtype=bool)
    asleep = np.where(np.arange(9) == 8, np.nan, 430.0)
    stages = {
        f"{kind}_min": np.where(known, minutes, np.nan)
        for kind, minutes in (("deep", 70), ("light", 240), ("rem", 120))
    }
    table = night_table(9, skip=(2,), total_sleep_min=asleep, **stages)
    return table.assign(end_local=table["start_local"] + pd.Timedelta(minutes=480))


def report_of(nights: pd.DataFrame) -> FullReport:
    full = full_report(nights, person_id="p00001", window_nights=14)
    assert full is not None
    return full


def test_kinds_add_up_to_the_time_in_bed(nights) -> None:
    shares = shares_of_nights(nights)
    assert (shares.sum(axis=1) == 480).all() and list(shares) == list(KINDS)
    assert shares.iloc[0].to_dict() == {"deep": 70, "light": 240, "rem": 120, "asleep": 0, "awake": 50, "unknown": 0}
    assert shares.iloc[5].to_dict() == {"deep": 0, "light": 0, "rem": 0, "asleep": 430, "awake": 50, "unknown": 0}
    assert shares.iloc[-1].to_dict() == {"deep": 0, "light": 0, "rem": 0, "asleep": 0, "awake": 0, "unknown": 480}


def test_rounded_stages_leave_no_sliver(night_table) -> None:
    shares = shares_of_nights(night_table(1, deep_min=70.0, light_min=240.0, rem_min=119.5))
    assert shares.iloc[0]["asleep"] == 0
    partly = shares_of_nights(night_table(1, deep_min=70.0))
    assert partly.iloc[0]["asleep"] == 360
    unsure = shares_of_nights(night_table(1, deep_min=70.0, total_sleep_min=np.nan)).iloc[0]
    assert (unsure["unknown"], unsure.sum()) == (480, 480)


def test_each_kind_is_one_stretch_a_night(nights) -> None:
    # A hypnogram would have many stretches of a stage; this data can't say where they are.
    _, ax = new_figure()
    draw_shares(ax, nights, words_of("en"))
    bars = [bar for bar in ax.patches if bar.get_width() > 0]
    rows = [round(bar.get_y() + bar.get_height() / 2) for bar in bars]
    assert {row: rows.count(row) for row in set(rows)} == {0: 4, 1: 4, 3: 4, 4: 4, 5: 2, 6: 2, 7: 2, 8: 1}
    for row in set(rows):
        own = sorted((bar.get_x(), bar.get_width()) for bar, place in zip(bars, rows, strict=True) if place == row)
        ends = [0.0, *np.cumsum([width for _, width in own])]
        assert [start for start, _ in own] == ends[:-1] and ends[-1] == 480
    assert [text.get_text() for text in ax.texts] == ["no record"]
    assert "not known" in ax.get_xlabel()


def test_bed_times_lie_on_the_clock(nights) -> None:
    _, ax = new_figure()
    draw_bed_times(ax, nights, words_of("en"))
    bars = [bar for bar in ax.patches if bar.get_width() > 0]
    assert {(bar.get_x(), bar.get_width()) for bar in bars} == {(-1.0, 8.0)}
    # 2026-01-10 and 11, rows 4 and 5, are Saturday and Sunday: told by hatch and by color.
    hatched = sorted(round(bar.get_y() + bar.get_height() / 2) for bar in bars if bar.get_hatch())
    assert hatched == [4, 5] and len({bar.get_facecolor() for bar in bars}) == 2
    assert [text.get_text() for text in ax.texts] == ["no record"]
    assert [label.get_text() for label in ax.get_yticklabels()][:2] == ["Tue 01-06", "Wed 01-07"]


def test_a_night_without_clock_times_says_so(nights) -> None:
    changed = nights.copy()
    changed.loc[changed.index[1], ["start_local", "end_local"]] = pd.NaT
    _, ax = new_figure()
    draw_bed_times(ax, changed, words_of("en"))
    assert sorted(text.get_text() for text in ax.texts) == ["no clock time", "no record"]


def test_without_clock_times_only_the_minutes_are_drawn(night_table) -> None:
    full = report_of(night_table(5, bedtime=[None] * 5))
    assert len(draw_report(full).axes) == 1
    assert caption_text(full).startswith("This data gives no clock times.") and "no clock times" in alt_text(full)


def test_the_alt_text_states_the_numbers_of_the_report(nights) -> None:
    full = report_of(nights)
    assert len(draw_report(full).axes) == 2
    assert alt_text(full) == (
        "Nights from 2026-01-06 to 2026-01-14. Dates with a main night: 8; without a record: 1. Time in bed lies on "
        "average between 23:00 and 07:00. On average 480 min in bed and 430 min asleep. Stages are known for 4 nights."
    )
    for number in ("2026-01-06", "8", "23:00", "07:00", "480", "430", "4"):
        assert number in alt_text(full, "zh")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_picture_is_a_part_of_a_page(nights, language) -> None:
    picture = report_picture(report_of(nights), language)
    svg = picture.svg
    assert svg.startswith("<svg") and 'role="img"' in svg[: svg.index(">")] and "<metadata" not in svg
    assert not re.search(r' (?:width|height)="[^"]*pt"', svg[: svg.index(">")]), "the page sets the size"
    words = words_of(language)
    for key in ("clock_title", "share_title", "deep", "no_record", "weekend"):
        assert words.figure(key) in svg
    assert "#222222" not in svg and "var(--ink)" in svg, "letters follow the page, light or dark"
    drawn = re.findall(r">([^<>]*[A-Za-z][^<>]*)</text>", svg)
    assert language == "en" or set(drawn) == {"REM 睡眠"}
    assert picture == report_picture(report_of(nights), language), "the same every time"


def test_no_main_night_is_refused(nights) -> None:
    _, ax = new_figure()
    with pytest.raises(InputError, match="no main night"):
        draw_shares(ax, nights.assign(sleep_kind="nap"), words_of("en"))
