"""The last part of the page: what the reader says to it: a rating, questions, and that all of it is to be deleted."""

from __future__ import annotations

import streamlit as st

from sleepcot_utils.errors import StudyError
from sleepcot_utils.feedback.entries import FOLLOWED
from sleepcot_utils.fencing import MAX_CHARACTERS
from sleepcot_utils.page import markup
from sleepcot_utils.page.bringing import details
from sleepcot_utils.page.desk import Advice, Desk, by_rules
from sleepcot_utils.page.memory import Memory, Turn, start_over
from sleepcot_utils.page.showing import answer_problem, show_notice, show_said
from sleepcot_utils.page.texts import Texts
from sleepcot_utils.report.full import FullReport
from sleepcot_utils.serve.schemas import LONGEST_QUESTION_LETTERS

RATINGS = (1, 2, 3, 4, 5)
#: Questions of the page; their answers can be held against the rules.
TOPICS = ("tired", "first", "danger", "trend", "enough", "weekend")


def show_rating(desk: Desk, texts: Texts, held: Memory, advice: Advice) -> None:
    """Rating, whether it was done, and a comment; kept only when the reader says so."""
    st.header(texts("rate_title"), anchor=False)
    person = advice.task.person_id
    if person in held.rated:
        st.success(texts("rating_saved"))
        return
    with st.form("rating_form"):
        rating = st.radio(texts("rating"), RATINGS, index=None, horizontal=True, key="rating")
        followed = st.radio(
            texts("followed"),
            FOLLOWED,
            index=None,
            horizontal=True,
            format_func=lambda one: texts(f"followed_{one}"),
            key="followed",
        )
        comment = st.text_area(texts("comment"), max_chars=MAX_CHARACTERS, key="comment")
        is_sent = st.form_submit_button(texts("save_rating"))
    if not is_sent:
        return
    if comment.strip():
        held.words.append(comment)
    if rating is None or followed is None:
        st.error(texts("rating_missing"))
        return
    try:
        desk.rate(advice, rating, followed, comment)
    except StudyError as problem:
        st.error(details(problem, texts))
        return
    held.rated.add(person)
    st.rerun()


def show_questions(desk: Desk, texts: Texts, held: Memory, full: FullReport) -> None:
    """Questions and answers about the report."""
    person = full.report.person_id
    st.header(texts("ask_title"), anchor=False)
    st.caption(texts("english_only"))
    for turn in held.turns.get(person, []):
        question = texts(f"ask_{turn.topic}") if turn.topic else turn.question
        st.html(markup.question_html(texts("you_asked", question=question)))
        show_notice(st.empty(), texts, None, turn.question)
        show_said(texts, turn.said)
        if turn.by_rules and not turn.said.withheld:
            with st.expander(texts("by_rules")):
                st.html(markup.english_html(turn.by_rules))
    st.markdown(texts("ask_choose"))
    topic = ""
    with st.container(horizontal=True):
        for name in TOPICS:
            if st.button(texts(f"ask_{name}"), key=f"ask_{name}"):
                topic = name
    with st.form("question_form", clear_on_submit=True):
        question = st.text_input(texts("ask_own"), max_chars=LONGEST_QUESTION_LETTERS, key="question")
        st.caption(texts("ask_own_help"))
        is_sent = st.form_submit_button(texts("ask"))
    if is_sent and not question.strip():
        st.error(texts("question_missing"))
    elif topic or is_sent:
        _ask(desk, texts, held, full, topic, "" if topic else question)


def show_deletion(desk: Desk, texts: Texts, held: Memory) -> None:
    """Delete everything, after one question."""
    st.divider()
    st.header(texts("delete_title"), anchor=False)
    st.markdown(texts("delete_about", run=desk.paths.run))
    if not held.is_deleting:
        if st.button(texts("delete"), key="delete"):
            held.is_deleting = True
            st.rerun()
        return
    st.warning(texts("delete_sure"))
    with st.container(horizontal=True):
        is_sure = st.button(texts("delete_yes"), key="delete_yes", type="primary")
        keeps = st.button(texts("delete_no"), key="delete_no")
    if keeps:
        held.is_deleting = False
        st.rerun()
    if is_sure:
        try:
            files = desk.forget()
        except OSError as problem:
            st.error(f"{texts('delete_failed')} {details(problem.strerror, texts)}")
            return
        start_over(texts("deleted", count=len(files)))
        st.rerun()


def _ask(desk: Desk, texts: Texts, held: Memory, full: FullReport, topic: str, question: str) -> None:
    if question:
        held.words.append(question)
    try:
        with st.spinner(texts("thinking")):
            said = desk.answer(full.report, question, topic, held.all_words)
    except StudyError as problem:
        st.error(answer_problem(problem, texts))
        return
    rules = by_rules(full.report, topic) if topic else ""
    held.turns.setdefault(full.report.person_id, []).append(Turn(topic, question, said, rules))
    st.rerun()
