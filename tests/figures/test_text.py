from __future__ import annotations

import pytest

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.figures.text import Span, rationale_html

TEXT = "You slept 6.4 h, woke 9 times."


def test_right_and_wrong_differ_in_sign_and_color():
    html = rationale_html(TEXT, [Span(22, 23, False, "report says 3"), (10, 15, True)])
    right, wrong = html.split("woke")
    assert "6.4 h&nbsp;\N{CHECK MARK}</mark>" in right and 'title="right"' in right
    assert "9&nbsp;\N{MULTIPLICATION X}</mark>" in wrong and 'title="wrong: report says 3"' in wrong
    assert right.split("color:")[2][:7] != wrong.split("color:")[1][:7]


def test_markup_in_the_text_is_shown_and_not_obeyed():
    html = rationale_html('<script>alert("1")</script>', [Span(8, 13, True, '"><b>')])
    assert "<script>" not in html and "<b>" not in html
    assert "&lt;script&gt;<mark" in html and ">alert&nbsp;" in html


def test_a_text_without_spans_stays_whole():
    assert TEXT in rationale_html(TEXT, [])


@pytest.mark.parametrize("spans", [[(5, 5, True)], [(25, 99, True)], [(0, 6, True), (5, 8, True)], [(-3, 2, True)]])
def test_spans_that_can_not_be_marked_are_refused(spans):
    with pytest.raises(ParameterError, match="span"):
        rationale_html(TEXT, spans)
