"""Put the minutes of the profiles into the instructor's guide, or check that they are up to date (``--check``)."""

from __future__ import annotations

import sys

from sleepcot_utils.config import NOTEBOOK_PARAMETERS
from sleepcot_utils.errors import InputError, StudyError
from sleepcot_utils.paths import PROJECT_ROOT
from sleepcot_utils.study.profiles import Profile, load_profile

GUIDE = PROJECT_ROOT / "docs" / "instructors_guide.md"
START, END = "<!-- minutes -->", "<!-- /minutes -->"
#: Notebook that runs once for each arm and student seed; every other runs once.
STUDENTS = "03_distill_the_student"


def minutes_table(smoke: Profile, laptop: Profile) -> str:
    """Markdown table of the minutes of one execution, and of a whole run one notebook after the other.

    Parameters
    ----------
    smoke, laptop : Profile
        The two profiles that need no GPU.
    """
    lines = ["| notebook | `smoke`, min | `laptop`, min | executions in `laptop` |", "|---|---:|---:|---:|"]
    total_min = 0.0
    for name in NOTEBOOK_PARAMETERS:
        executions = len(laptop.arms) * len(laptop.student_seeds) if name == STUDENTS else 1
        total_min += executions * laptop.expected_minutes.get(name, 0.0)
        cells = [_cell(profile.expected_minutes.get(name)) for profile in (smoke, laptop)]
        times = str(executions) if name in laptop.expected_minutes else ""
        lines.append(f"| `{name}` | {cells[0]} | {cells[1]} | {times} |")
    lines.append(f"| all of `laptop`, one after the other | | {total_min:.0f} | |")
    return "\n".join(lines)


def _cell(minutes: float | None) -> str:
    return "" if minutes is None else f"{minutes:.1f}"


def with_minutes(guide: str, table: str) -> str:
    """The guide with its table replaced.

    Raises
    ------
    InputError
        If the markers are not there once each, in order.
    """
    before, start, rest = guide.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end) or START in rest or END in before + after:
        raise InputError(
            "the place of the minutes can't be found", where=GUIDE.name, expected=f"{START} and then {END}, once each"
        )
    return f"{before}{START}\n{table}\n{END}{after}"


def main(arguments: list[str]) -> int:
    """Write the guide, or compare it; returns the exit code: 1 for a difference, 2 for input that is at fault."""
    try:
        text = GUIDE.read_text(encoding="utf-8")
        wanted = with_minutes(text, minutes_table(load_profile("smoke"), load_profile("laptop")))
    except StudyError as error:
        print(error, file=sys.stderr)
        return 2
    if text == wanted:
        return 0
    if "--check" in arguments:
        print(
            "docs/instructors_guide.md has other minutes than the profiles: run tools/course_minutes.py",
            file=sys.stderr,
        )
        return 1
    GUIDE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
