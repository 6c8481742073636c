from __future__ import annotations

import itertools

from matplotlib import colors

from sleepcot_utils.figures.theme import INK, SOFT_INK, SOURCES, STAGES, apply_theme, order_sources, source_style


def contrast_on_white(color: str) -> float:
    """WCAG 2.1 contrast ratio."""
    channels = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in colors.to_rgb(color)
    ]
    return 1.05 / (0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2] + 0.05)


def test_no_two_sources_share_color_and_marker_or_look_alike_by_marker_alone():
    for first, second in itertools.combinations(SOURCES.values(), 2):
        assert (first.color, first.marker) != (second.color, second.marker)
    drawn_together = ["constant", "template", "nearest", "base", "answer_only", "cot", "teacher"]
    looks = [(SOURCES[name].color, SOURCES[name].marker) for name in drawn_together]
    assert len({color for color, _ in looks}) == len(drawn_together)


def test_stages_are_told_apart_without_color():
    assert list(STAGES) == ["wake", "rem", "light", "deep"]
    assert len({stage.hatch for stage in STAGES.values()}) == len(STAGES)


def test_text_inks_can_be_read_on_white():
    assert contrast_on_white(INK) > 7 and contrast_on_white(SOFT_INK) > 4.5


def test_sources_keep_their_order_and_an_unknown_one_stands_before_the_teacher():
    assert order_sources(["teacher", "my_arm", "cot", "constant", "cot"]) == ["constant", "cot", "my_arm", "teacher"]


def test_an_unknown_source_always_looks_the_same():
    assert source_style("my_arm") == source_style("my_arm")


def test_theme_uses_a_font_that_is_everywhere():
    from matplotlib import rcParams

    apply_theme()
    assert rcParams["font.sans-serif"] == ["DejaVu Sans"]
