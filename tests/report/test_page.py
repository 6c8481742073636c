"""The page: whole, alone, safe to open, and readable in light and dark."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from sleepcot_utils.report.page import STYLE, page_html


@dataclass(frozen=True)
class Picture:
    svg: str = '<svg viewBox="0 0 1 1" role="img" aria-label="nights"></svg>'
    alt: str = "nights"
    caption: str = "A <caption> & more"


@pytest.mark.parametrize(("language", "tag"), [("en", "en"), ("zh", "zh-Hans")])
def test_the_page_stands_alone(rich_report, language, tag) -> None:
    page = page_html(rich_report(), language, [Picture()])
    assert page.startswith(f'<!DOCTYPE html>\n<html lang="{tag}">')
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page
    assert "default-src 'none'" in page
    assert not re.search(r"<script|<link|<iframe|\ssrc=|\shref=|https?:|@import|url\(|\son\w+=", page)
    assert page.count("<h1>") == 1 and page.count("<main>") == 1 and page.count('aria-label="nights"') == 1


def test_what_comes_from_an_export_is_escaped(rich_report) -> None:
    page = page_html(rich_report(device="<script>alert('x')</script> & \"watch\""), "en", [Picture()])
    assert "<script" not in page and "&lt;script&gt;" in page
    assert "A &lt;caption&gt; &amp; more" in page


def test_a_call_to_a_clinician_stands_before_everything_else(rich_report) -> None:
    page = page_html(rich_report(spo2_min_pct=85.0))
    assert page.index('class="call"') < page.index("In short")
    assert 'class="call"' not in page_html(rich_report())


def test_levels_are_told_by_sign_and_word_too(rich_report) -> None:
    page = page_html(rich_report(total_sleep_min=300.0))
    block = page[page.index('id="total_sleep"') : page.index('id="time_in_bed"')]
    assert "\N{BLACK DIAMOND}" in block and "well below the range" in block
    stage = page[page.index('id="deep_sleep"') : page.index('id="rem_sleep"')]
    assert "aria-hidden" not in stage


def luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_text_can_be_read_in_light_and_dark() -> None:
    light, dark = (dict(re.findall(r"--(\w+): (#\w{6})", part)) for part in STYLE.split("prefers-color-scheme")[:2])
    assert set(light) == set(dark) and luminance(light["card"]) > 0.9 and luminance(dark["card"]) < 0.1
    for colors in (light, dark):
        for ink in ("ink", "soft", "ok", "watch", "act"):
            for ground in ("card", "ground"):
                assert contrast(colors[ink], colors[ground]) >= 4.5, (ink, ground)
        assert contrast(colors["ink"], colors["call"]) >= 4.5
