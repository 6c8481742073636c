"""The middle of the page: red flags first, then the nights, the report, and what the model says of them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from sleepcot_utils.errors import StudyError
from sleepcot_utils.figures.report_nights import report_picture
from sleepcot_utils.page import markup
from sleepcot_utils.page.bringing import details
from sleepcot_utils.page.desk import Advice, Desk, notice
from sleepcot_utils.page.memory import Memory
from sleepcot_utils.page.texts import Texts
from sleepcot_utils.report.document import document
from sleepcot_utils.report.full import FullReport
from sleepcot_utils.report.page import page_html
from sleepcot_utils.safety.advice import wording
from sleepcot_utils.safety.triage import triage_all
from sleepcot_utils.serve.schemas import Checked

#: Checks of the student's reasoning, which the page does not show.
OF_THE_RATIONALE = "rationale"


def show_notice(place: DeltaGenerator, texts: Texts, full: FullReport | None, words: str) -> None:
    """What has to be read before anything else, by the report and by what the reader wrote, at a place of the page."""
    said = notice(full.report if full else None, words, texts.language)
    if said:
        place.html(markup.notice_html(texts("red_flag_title"), said))


def needs_help_now(full: FullReport, words: str) -> bool:
    """Whether nothing may stand between the reader and help, advice about sleep least of all."""
    return triage_all(words, full.report).urgency == "now"


def show_report(texts: Texts, full: FullReport) -> None:
    """The picture of the nights, and the report below it."""
    words = document(full, texts.language)
    picture = report_picture(full, texts.language)
    st.header(texts("nights_title"), anchor=False)
    st.html(markup.picture_html(picture))
    with st.expander(texts("picture_words")):
        st.html(markup.lines_html([picture.alt]))
    st.header(texts("report_title"), anchor=False)
    st.html(markup.summary_html(words))
    for section in words.sections:
        with st.expander(section.title):
            st.html(markup.section_html(section, words))
    with st.expander(texts("how_title")):
        st.html(markup.lines_html([*words.how, words.disclaimer]))
    st.download_button(
        texts("save_report"),
        page_html(full, texts.language, [picture]),
        file_name=f"nights-{texts.language}.html",
        mime="text/html",
        key="save_report",
        on_click="ignore",
    )


def show_advice(desk: Desk, texts: Texts, held: Memory, full: FullReport) -> Advice | None:
    """The student's recommendation, asked for once; None where there is no answer now."""
    st.header(texts("advice_title"), anchor=False)
    person = full.report.person_id
    if person not in held.advice:
        try:
            with st.spinner(texts("thinking")):
                held.advice[person] = desk.advise(full.report)
        except StudyError as problem:
            st.error(answer_problem(problem, texts))
            st.button(texts("try_again"), key="try_again")
            return None
    advice = held.advice[person]
    show_said(texts, advice.said)
    if advice.try_first:
        st.html(markup.paragraph_html(texts("try_first"), advice.try_first))
    with st.expander(texts("by_rules")):
        st.html(markup.english_html(advice.by_rules))
    return advice


def show_said(texts: Texts, said: Checked) -> None:
    """An answer with its marks, or that it is withheld."""
    if said.withheld:
        # Under an urgent flag nothing but the notice may be said.
        st.warning(texts("withheld_because") if "urgent" in said.reasons else wording(texts.language)["withheld"])
        return
    st.html(markup.answer_html(said, texts))
    if said.finish_reason == "length":
        st.caption(texts("cut_off"))
    st.caption(markup.counts_text(said, texts))
    failed = failed_names(said.failed_checks, texts)
    if failed:
        st.warning(texts("failed_checks", names=", ".join(failed)))


def show_legend(texts: Texts) -> None:
    """What the marks mean."""
    with st.expander(texts("legend_title"), expanded=True):
        st.html(markup.legend_html(texts))


def failed_names(failed: Sequence[str], texts: Texts) -> list[str]:
    """Checks of what is shown that it fails, in the language of the page."""
    return [texts(f"check_{name.replace(' ', '_')}") for name in failed if not name.startswith(OF_THE_RATIONALE)]


def answer_problem(problem: StudyError, texts: Texts) -> str:
    """Why there is no answer, and what to do."""
    return f"{texts('problem_student')} {details(problem, texts)} {texts('problem_try_again')}"
