"""Question bank and instructor's guide: tags that hold, folded answers, and durations that the profiles state."""

from __future__ import annotations

import importlib.util
import itertools
import json
import re
from types import ModuleType

import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.paths import PROJECT_ROOT
from sleepcot_utils.study.profiles import Profile

BANK = (PROJECT_ROOT / "docs" / "question_bank.md").read_text(encoding="utf-8")
QUESTION = re.compile(
    r"^\*\*Q(\d+)\*\* · (\d\d) · goal (\d) · (recall|reasoning|calculation)\. \S.*\n(.*)$", re.MULTILINE
)
#: Minutes of the 90-minute class and clock times of the two days.
ROW = re.compile(r"^\| (\d+(?::\d\d)?) \| (\d+(?::\d\d)?) \|", re.MULTILINE)


@pytest.fixture
def tool() -> ModuleType:
    path = PROJECT_ROOT / "tools" / "course_minutes.py"
    specification = importlib.util.spec_from_file_location("course_minutes", path)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_questions_are_numbered_tagged_and_answered_behind_a_fold() -> None:
    found = QUESTION.findall(BANK)
    assert [int(number) for number, *_ in found] == list(range(1, BANK.count("**Q") + 1))
    assert len(found) >= 60
    for number, *_, answer in found:
        assert re.fullmatch(r"<details><summary>Answer</summary>.{3,}</details>", answer), number
    assert {kind for *_, kind, _ in found} == {"recall", "reasoning", "calculation"}


def test_goals_of_questions_are_goals_of_their_notebooks() -> None:
    sources = {path.name[:2]: path for path in (PROJECT_ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")}
    for number, notebook, goal, *_ in QUESTION.findall(BANK):
        head = "".join(json.loads(sources[notebook].read_text(encoding="utf-8"))["cells"][0]["source"])
        goals = re.findall(r"\((\d)\)", head.partition("**You will learn**")[2])
        assert goal in goals, f"Q{number}"


def test_times_of_the_courses_leave_no_gap() -> None:
    guide = (PROJECT_ROOT / "docs" / "instructors_guide.md").read_text(encoding="utf-8")
    rows = ROW.findall(guide)
    for (_, end), (start, _) in itertools.pairwise(rows):
        assert start == end or start in ("0", "9:00")
    assert rows[0][0] == "0" and ("80", "90") in rows


def test_minutes_come_from_the_profiles(tool: ModuleType) -> None:
    sizes = {"description": "made up", "arms": ["cot", "answer_only"], "student_seeds": [1, 2, 3]}
    smoke = Profile(name="smoke", **sizes, expected_minutes={"03_distill_the_student": 0.5})
    minutes = {"01_simulate_wearable_nights": 1.25, "03_distill_the_student": 7.0}
    table = tool.minutes_table(smoke, Profile(name="laptop", **sizes, expected_minutes=minutes))
    assert "| `03_distill_the_student` | 0.5 | 7.0 | 6 |" in table
    assert table.splitlines()[-1] == "| all of `laptop`, one after the other | | 43 | |"  # 1.25 + 6 x 7


def test_a_guide_without_exactly_one_place_is_refused(tool: ModuleType) -> None:
    assert tool.with_minutes("a\n<!-- minutes -->\nold\n<!-- /minutes -->\nb", "new").splitlines()[2] == "new"
    with pytest.raises(InputError, match="the place of the minutes can't be found"):
        tool.with_minutes("<!-- /minutes --><!-- minutes -->", "new")


def test_the_guide_is_up_to_date(tool: ModuleType) -> None:
    assert tool.main(["--check"]) == 0
