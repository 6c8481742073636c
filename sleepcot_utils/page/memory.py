"""What the page remembers of one reader while the page is open; the next reader starts with nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from sleepcot_utils.page.desk import Advice
from sleepcot_utils.page.visits import Visit
from sleepcot_utils.report.full import FullReport
from sleepcot_utils.serve.schemas import Checked

NAME, LANGUAGE = "memory", "language"


@dataclass(frozen=True)
class Turn:
    """A question and its answer.

    Attributes
    ----------
    topic : str
        Question of the page; empty where the words are the reader's.
    by_rules : str
        What the rules say to a question of the page.
    """

    topic: str
    question: str
    said: Checked
    by_rules: str


@dataclass
class Memory:
    """Everything of one reader.

    Attributes
    ----------
    visit : Visit or None
        The export, read; None before.
    uploads : int
        Files that were brought; each gets a control of its own, so that none is shown or held when it has been read.
    problem, message : str
        Said once at the place where the reader acted: what went wrong, and what was done.
    advice : dict
        Recommendation by person.
    rated : set of str
        People whose recommendation has been rated.
    turns : dict
        Questions and answers by person, oldest first.
    words : list of str
        Everything that the reader wrote, for red flags.
    is_deleting : bool
        Whether the reader is being asked to confirm.
    """

    visit: Visit | None = None
    uploads: int = 0
    problem: str = ""
    message: str = ""
    advice: dict[str, Advice] = field(default_factory=dict)
    rated: set[str] = field(default_factory=set)
    turns: dict[str, list[Turn]] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    is_deleting: bool = False

    @property
    def all_words(self) -> str:
        """Everything that the reader wrote."""
        return "\n".join(self.words)

    def report_of(self, person_id: str) -> FullReport | None:
        """Report of a person of the export."""
        fulls = self.visit.fulls if self.visit else []
        return next((full for full in fulls if full.report.person_id == person_id), None)


def memory() -> Memory:
    """Memory of the reader for whom the script runs."""
    if NAME not in st.session_state:
        st.session_state[NAME] = Memory()
    return st.session_state[NAME]


def start_over(message: str = "") -> None:
    """Forget everything of this reader but the language; what the controls hold goes too."""
    uploads = memory().uploads + 1
    for name in list(st.session_state):
        if name != LANGUAGE:
            del st.session_state[name]
    st.session_state[NAME] = Memory(uploads=uploads, message=message)
