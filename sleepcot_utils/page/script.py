"""The script that Streamlit runs for each reader, from top to bottom, each time that the reader does something."""

from __future__ import annotations

import streamlit as st

from sleepcot_utils.page.answering import show_deletion, show_questions, show_rating
from sleepcot_utils.page.bringing import show_bringing, show_brought, show_head
from sleepcot_utils.page.desk import Desk
from sleepcot_utils.page.memory import Memory, memory
from sleepcot_utils.page.opening import the_desk
from sleepcot_utils.page.showing import show_advice, show_legend, show_notice, show_report
from sleepcot_utils.page.texts import Texts
from sleepcot_utils.page.visits import Visit


def show(desk: Desk) -> None:
    """The whole page."""
    texts = show_head(desk)
    held = memory()
    # Each part in a place of its own: the part that is over is emptied at once, not when the student has answered.
    before, after = st.empty(), st.empty()
    if held.visit is None:
        after.empty()
        with before.container():
            show_notice(texts, None, held.all_words)
            show_bringing(desk, texts)
    else:
        before.empty()
        with after.container():
            show_visit(desk, texts, held, held.visit)
    show_deletion(desk, texts, held)


def show_visit(desk: Desk, texts: Texts, held: Memory, visit: Visit) -> None:
    """Everything about an export that has been read."""
    full = held.report_of(show_brought(texts, held, visit))
    assert full is not None, "the control offers people of the visit only"
    show_notice(texts, full, held.all_words)
    show_report(texts, full)
    advice = show_advice(desk, texts, held, full)
    show_legend(texts)
    if advice is not None and not advice.said.withheld:
        show_rating(desk, texts, held, advice)
    show_questions(desk, texts, held, full)


show(the_desk())
