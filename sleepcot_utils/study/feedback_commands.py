"""The commands by which a person answers to advice of ``make coach``: ``feedback`` and ``forget``."""

from __future__ import annotations

import argparse
import datetime
import shutil
from pathlib import Path

from sleepcot_utils.errors import ArtifactError, InputError
from sleepcot_utils.feedback.entries import FOLLOWED, Feedback, checked
from sleepcot_utils.feedback.log import FeedbackLog
from sleepcot_utils.paths import RunPaths, relative_name


def feedback_log(paths: RunPaths) -> FeedbackLog:
    """The log of the people whom a run's student coached; it lies in that run's private folder."""
    return FeedbackLog(paths.data / "coach" / "feedback")


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add ``feedback`` and ``forget`` to a command line."""
    feedback = commands.add_parser("feedback", help="rate advice that `make coach` gave; without an id, list the ids")
    feedback.add_argument("--run", default="laptop", help="run whose student gave the advice (default: laptop)")
    feedback.add_argument("--advice", help="id of the advice")
    feedback.add_argument("--rating", help="1 (bad) to 5 (good)")
    feedback.add_argument("--followed", help="yes, partly or no")
    feedback.add_argument("--comment", default="", help="what you want to say about it; kept on this machine")
    feedback.add_argument("--date", help="day on which you say so, such as 2026-03-01 (default: today)")
    feedback.set_defaults(command=_feedback)

    forget = commands.add_parser("forget", help="delete the feedback of a run")
    forget.add_argument("--run", default="laptop", help="run (default: laptop)")
    forget.add_argument("--all", action="store_true", help="also delete reports and advice of `make coach`")
    forget.set_defaults(command=_forget)


def _feedback(options: argparse.Namespace) -> None:
    log = feedback_log(RunPaths(options.run))
    if not options.advice:
        _list(log)
        return
    given = {entry.advice_id: entry for entry in log.readable()[0]}
    advice = given.get(options.advice)
    rating = options.rating
    entry = checked(
        Feedback,
        {
            "advice_id": options.advice,
            "person_id": advice.person_id if advice else "nobody",
            "date": options.date or datetime.date.today().isoformat(),
            "rating": int(rating) if rating and rating.isdecimal() and rating.isascii() else rating,
            "followed": options.followed,
            "comment": options.comment,
        },
        where="--advice" if not advice else "feedback",
    )
    log.add([entry])
    print(f"Kept in {relative_name(log.feedback_file)}, which only you can read; `make forget` deletes it.")


def _list(log: FeedbackLog) -> None:
    given, entries, damaged = log.readable()
    if not given:
        raise ArtifactError(
            "there is no advice yet", where=relative_name(log.given_file), expected="`make coach EXPORT=path` first"
        )
    rated = {entry.advice_id: entry for entry in entries}
    for advice in given:
        last = rated.get(advice.advice_id)
        said = f"rated {last.rating}, followed: {last.followed}" if last else "not rated"
        print(f"{advice.advice_id}  {advice.date}  {said}  {', '.join(advice.actions) or 'no single action'}")
    print(f"make feedback ADVICE={given[-1].advice_id} RATING=4 FOLLOWED={'|'.join(FOLLOWED)} COMMENT='...'")
    for problem in damaged:
        print(problem)


def forget(paths: RunPaths, *, everything: bool) -> list[Path]:
    """Delete the feedback of a run, and return the files that were deleted.

    Parameters
    ----------
    everything : bool
        Whether reports, advice, figure and executed notebook of ``make coach`` go too.
    """
    folder = paths.data / "coach"
    files = feedback_log(paths).forget()
    if everything and folder.exists():
        files += [path for path in sorted(folder.rglob("*")) if path.is_file()]
        shutil.rmtree(folder)
    return files


def _forget(options: argparse.Namespace) -> None:
    paths = RunPaths(options.run)
    folder = paths.data / "coach"
    files = forget(paths, everything=options.all)
    if not files:
        raise InputError(f"run '{options.run}' holds nothing to forget", where=relative_name(folder))
    for path in files:
        print(f"deleted  {relative_name(path)}")
    if folder.exists() and any(folder.rglob("*.*")):
        print(f"Reports and advice stay in {relative_name(folder)}; `make forget ALL=1` deletes them too.")
