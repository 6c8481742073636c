"""The script that Streamlit runs for each reader, from top to bottom, each time that the reader does something."""

from __future__ import annotations

import streamlit as st

from sleepcot_utils.page.answering import show_deletion, show_questions, show_rating
from sleepcot_utils.page.bringing import show_bringing, show_brought, show_caution, show_head
from sleepcot_utils.page.desk import Desk
from sleepcot_utils.page.memory import Memory, memory
from sleepcot_utils.page.opening import the_desk
from sleepcot_utils.page.showing import needs_help_now, show_advice, show_legend, show_notice, show_report
from sleepcot_utils.page.texts import Texts
from sleepcot_utils.report.full import FullReport


def show(desk: Desk) -> None:
    """The whole page."""
    texts = show_head(desk)
    held = memory()
    first = st.empty()  # red flags, above all else, as soon as it is known whose
    show_caution(texts)
    # Each part in a place of its own: the part that is over is emptied at once, not when the student has answered.
    before, after = st.empty(), st.empty()
    if held.visit is None:
        after.empty()
        show_notice(first, texts, None, held.all_words)
        with before.container():
            show_bringing(desk, texts)
    else:
        before.empty()
        with after.container():
            full = held.report_of(show_brought(texts, held, held.visit))
            assert full is not None, "the control offers people of the visit only"
            show_notice(first, texts, full, held.all_words)
            show_visit(desk, texts, held, full)
    show_deletion(desk, texts, held)


def show_visit(desk: Desk, texts: Texts, held: Memory, full: FullReport) -> None:
    """The report of one person, and what can be said and asked about it."""
    show_report(texts, full)
    if needs_help_now(full, held.all_words):
        st.warning(texts("withheld_because"))
    else:
        advice = show_advice(desk, texts, held, full)
        show_legend(texts)
        if advice is not None and not advice.said.withheld:
            show_rating(desk, texts, held, advice)
    show_questions(desk, texts, held, full)


show(the_desk())
