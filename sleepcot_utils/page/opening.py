"""The one desk of this process: Streamlit runs its script anew for each reader, and all of them share the student."""

from __future__ import annotations

from sleepcot_utils.errors import StudyError
from sleepcot_utils.page.desk import Desk

_desks: list[Desk] = []


def set_desk(desk: Desk | None) -> None:
    """Let the page work with this desk; None takes it away."""
    _desks[:] = [] if desk is None else [desk]


def the_desk() -> Desk:
    """The desk of this process.

    Raises
    ------
    StudyError
        If the script is run in another way than by ``python -m sleepcot_utils.page``.
    """
    if not _desks:
        raise StudyError("the page has no student", where="page", expected="`make page`")
    return _desks[0]
