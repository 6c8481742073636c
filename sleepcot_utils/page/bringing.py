"""The first part of the page: what this is, in which language, and the export that is brought."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from sleepcot_utils.errors import StudyError
from sleepcot_utils.page.desk import Desk
from sleepcot_utils.page.markup import script_html
from sleepcot_utils.page.memory import LANGUAGE, Memory, memory, start_over
from sleepcot_utils.page.texts import LANGUAGES, Texts, language_of
from sleepcot_utils.page.visits import MEGABYTE, EmptyFile, LargeFile, Visit, example_visit
from sleepcot_utils.report.facts import MIN_NIGHTS

STYLE = Path(__file__).parent / "page.css"
WINDOWS = (7, 14, 30)
OLDEST_Y = 120
#: Letters that mean something in Markdown, as which Streamlit reads messages.
MARKDOWN = re.compile(r"[\\`*_{}\[\]()#+\-.!|<>~$:&]")


def show_head(desk: Desk) -> Texts:
    """Title and language.

    Returns
    -------
    Texts
        Of the language that the reader chose; the first time it is that of the browser, or of ``?lang=`` in the address.
    """
    if LANGUAGE not in st.session_state:
        st.session_state[LANGUAGE] = language_of(st.query_params.get("lang") or st.context.locale)
    texts = Texts(st.session_state[LANGUAGE])
    st.set_page_config(page_title=texts("title"), page_icon=None, layout="centered")
    st.html(STYLE)
    st.html(script_html(texts, desk.settings.max_upload_bytes // MEGABYTE), unsafe_allow_javascript=True)
    st.title(texts("title"), anchor=False)
    st.radio(texts("language"), list(LANGUAGES), format_func=LANGUAGES.__getitem__, key=LANGUAGE, horizontal=True)
    return texts


def show_caution(texts: Texts) -> None:
    """What this is and what it is not, and that nothing leaves the machine."""
    st.markdown(texts("what_it_is"))
    st.warning(f"**{texts('not_medical_title')}** {texts('not_medical')} {texts('emergency')}")
    st.caption(texts("stays_here"))


def show_bringing(desk: Desk, texts: Texts) -> None:
    """The export: a control that takes it, and what went wrong with the one before."""
    held = memory()
    st.header(texts("your_export"), anchor=False)
    said = st.empty()  # there whether anything is said or not, so that nothing below it changes its place
    if held.message:
        said.success(held.message)
    elif held.problem:
        said.error(held.problem)
    limit_mb = desk.settings.max_upload_bytes // MEGABYTE
    with st.expander(texts("about_you")):
        age_y = st.number_input(texts("age"), min_value=0, max_value=OLDEST_Y, value=None, step=1, key="age")
        sex: Any = st.selectbox(
            texts("sex"), [None, "female", "male"], format_func=lambda one: texts(one or "not_given"), key="sex"
        )
        window: Any = st.selectbox(texts("window"), WINDOWS, index=1, key="window")
    uploaded = st.file_uploader(texts("file", limit=limit_mb), max_upload_size=limit_mb, key=f"upload-{held.uploads}")
    st.caption(texts("file_help"))
    wants_example = st.button(texts("example"), key="example")
    if uploaded is None and not wants_example:
        return
    held.message = held.problem = ""
    with st.spinner(texts("reading")):
        if wants_example:
            held.visit = example_visit(window)
        else:
            assert uploaded is not None
            data = uploaded.getvalue()
            let_go_of_files()
            try:
                held.visit = desk.read(data, uploaded.name, window_nights=window, age_y=age_y, sex=sex)
            except StudyError as problem:
                held.problem = problem_text(problem, texts)
    held.uploads += 1
    if held.visit is not None and not held.visit.fulls:
        held.problem = texts("too_few", nights=held.visit.nights, needed=MIN_NIGHTS)
        held.visit = None
    st.rerun()


def show_brought(texts: Texts, held: Memory, visit: Visit) -> str:
    """What was read, and whose report is shown; returns that person's id."""
    if visit.reading is None:
        st.info(texts("simulated_person"))
    else:
        said = [
            texts(
                "read_summary",
                vendor=visit.reading.vendor.replace("_", " "),
                nights=visit.nights,
                skipped=visit.reading.skipped_records,
            )
        ]
        if visit.reading.unread_files:
            said.append(texts("unread_files", count=visit.reading.unread_files))
        if visit.too_few:
            said.append(texts("too_few_some", names=", ".join(visit.too_few)))
        st.success(" ".join(said))
    if st.button(texts("another"), key="another"):
        start_over()
        st.rerun()
    people = [full.report.person_id for full in visit.fulls]
    return st.selectbox(texts("person"), people, key="person") if len(people) > 1 else people[0]


def problem_text(problem: StudyError, texts: Texts) -> str:
    """What is wrong with a file, and how to go on."""
    if isinstance(problem, EmptyFile):
        said = texts("problem_empty")
    elif isinstance(problem, LargeFile):
        said = texts("problem_size", size=f"{problem.size_mb:,.0f}", limit=f"{problem.limit_mb:,.0f}")
    else:
        said = f"{texts('problem_file')} {details(problem, texts)}"
    return f"{said} {texts('problem_next')}"


def details(problem: object, texts: Texts) -> str:
    """What a message of the package says; it may quote a file, whose words are shown and mean nothing to the page."""
    return texts("details", text=MARKDOWN.sub(r"\\\g<0>", str(problem)))


def let_go_of_files() -> None:
    """Take what the reader brought out of the server's memory; else it would stay there until the page is closed."""
    context = get_script_run_ctx()
    if context is not None:
        context.uploaded_file_mgr.remove_session_files(context.session_id)
