"""The script that Streamlit runs for each reader, from top to bottom, each time that the reader does something."""

from __future__ import annotations

from sleepcot_utils.page.answering import show_deletion, show_questions, show_rating
from sleepcot_utils.page.bringing import show_bringing, show_brought, show_head
from sleepcot_utils.page.desk import Desk
from sleepcot_utils.page.memory import memory
from sleepcot_utils.page.opening import the_desk
from sleepcot_utils.page.showing import show_advice, show_legend, show_notice, show_report


def show(desk: Desk) -> None:
    """The whole page."""
    texts = show_head(desk)
    held = memory()
    if held.visit is None:
        show_notice(texts, None, held.all_words)
        show_bringing(desk, texts)
    else:
        person = show_brought(texts, held, held.visit)
        full = held.report_of(person)
        assert full is not None, "the control offers people of the visit only"
        show_notice(texts, full, held.all_words)
        show_report(texts, full)
        advice = show_advice(desk, texts, held, full)
        show_legend(texts)
        if advice is not None and not advice.said.withheld:
            show_rating(desk, texts, held, advice)
        show_questions(desk, texts, held, full)
    show_deletion(desk, texts, held)


show(the_desk())
