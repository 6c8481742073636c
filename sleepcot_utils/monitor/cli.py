"""Command line of the monitor: add nights and days of a person, and print what is out of the ordinary.

    python -m sleepcot_utils.monitor --export PATH         # an export of any vendor, or a plain table of nights
    python -m sleepcot_utils.monitor --days days.csv       # a plain table of days

What was read before is known: only new and changed days are judged. The state holds personal data; it lies below
``data/runs/monitor``, never leaves the machine, and ``--forget`` deletes it (``make clean`` too).
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from sleepcot_utils.errors import ParameterError, StudyError
from sleepcot_utils.monitor.alerts import Alert
from sleepcot_utils.monitor.intake import take_in
from sleepcot_utils.monitor.readiness import AS_PLANNED, EASY, readiness
from sleepcot_utils.monitor.rules import LEVELS
from sleepcot_utils.monitor.state import MonitorState
from sleepcot_utils.paths import RUN_NAME, output_root, relative_name

#: Alerts of so many days before the latest one are printed in full; older ones are counted.
SHOWN_DAYS = 14
MOST_NAMED = 20
CONDITIONS = ("hypertension", "type_2_diabetes")
IN_WORDS = {
    AS_PLANNED: "HRV lies in your usual range or above: train as planned, if you feel well",
    EASY: "HRV of this week lies below your usual range: easy training or rest today",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code is 0, or 1 with one sentence on what is wrong."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except StudyError as problem:
        print(problem, file=sys.stderr)
        return 1


def _run(options: argparse.Namespace) -> int:
    folder = state_folder(options.name)
    if options.forget:
        shutil.rmtree(folder, ignore_errors=True)
        print(f"Deleted {relative_name(folder)}.")
        return 0
    paths = [Path(path) for path in (*options.export, *options.days)]
    if not paths:
        raise ParameterError("nothing to read is named", where="monitor", expected="--export PATH or --days PATH")
    conditions = [name.strip() for name in options.conditions.split(",") if name.strip()]
    for name in conditions:
        if name not in CONDITIONS:
            raise ParameterError(f"{name!r} is not known", where="--conditions", expected=", ".join(CONDITIONS))
    today = _date(options.today)
    intake = take_in(paths, today)
    persons = intake.observations["person_id"].unique()
    state = MonitorState(folder)
    added = state.add(intake.observations, known_conditions=dict.fromkeys(persons, "+".join(conditions)))
    print(
        f"Read {intake.nights} nights and {intake.days} days of {len(persons)} person(s): {added.new_days} new, "
        f"{added.changed_days} changed, {added.known_days} known before."
    )
    _print_left_out(intake.left_out)
    for person_id in persons:
        own = [alert for alert in added.alerts if alert.person_id == person_id]
        _print_person(str(person_id), own, state, several=len(persons) > 1)
    for person_id, day, rule in added.withdrawn:
        print(f"Withdrawn after a correction: {rule} of {day} ({person_id}).")
    print(f"Private state: {relative_name(folder)}; --forget deletes it.")
    return 0


def state_folder(name: str) -> Path:
    """Folder of the state of one user.

    Raises
    ------
    ParameterError
        If the name can't be a folder's.
    """
    if not RUN_NAME.fullmatch(name):
        raise ParameterError(f"{name!r} can't be used", where="--name", expected="a-z, 0-9, '.', '_' and '-'")
    return output_root() / "data" / "runs" / "monitor" / name


def _print_person(person_id: str, alerts: list[Alert], state: MonitorState, *, several: bool) -> None:
    if several:
        print(f"\n{person_id}")
    recent = state.recent(person_id)
    last = recent["date"].max().date()
    shown = [alert for alert in alerts if date.fromisoformat(alert.date) > last - timedelta(days=SHOWN_DAYS)]
    for alert in sorted(shown, key=lambda alert: (-LEVELS.index(alert.level), alert.date)):
        print(f"\n{alert.text}")
    if len(shown) < len(alerts):
        print(f"\n{len(alerts) - len(shown)} new alerts of days before stand in the state's log.")
    if not alerts:
        print("Nothing new is out of the ordinary, as far as these numbers tell.")
    ready = readiness(recent)
    if len(ready) and ready["date"].max().date() == last:
        print(f"\nReadiness on {last}: {IN_WORDS.get(ready.iloc[-1]['readiness'], 'not known yet: too few nights')}.")


def _print_left_out(left_out: Sequence[str]) -> None:
    for sentence in left_out[:MOST_NAMED]:
        print(f"Left out: {sentence}")
    if len(left_out) > MOST_NAMED:
        print(f"Left out: {len(left_out) - MOST_NAMED} more.")


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text) if text else date.today()
    except ValueError:
        raise ParameterError(f"{text!r} is no date", where="--today", expected="year-month-day") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sleepcot_utils.monitor",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--export", action="append", default=[], help="export of a wearable; may stand repeatedly")
    parser.add_argument("--days", action="append", default=[], help="plain table of days; may stand repeatedly")
    parser.add_argument("--name", default="me", help="whose state this is, to keep people apart (default: me)")
    parser.add_argument("--conditions", default="", help=f"what the person lives with: {', '.join(CONDITIONS)}")
    parser.add_argument("--today", default="", help="date of today, year-month-day (default: the machine's)")
    parser.add_argument("--forget", action="store_true", help="delete the state of --name")
    return parser
