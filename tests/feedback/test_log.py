"""The log: validated, private, append-only, and nothing is lost by a crash or a damaged line."""

from __future__ import annotations

import datetime
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sleepcot_utils.errors import ArtifactError, InputError
from sleepcot_utils.feedback.entries import Feedback, Given, advice_id, checked
from sleepcot_utils.feedback.log import FeedbackLog, read_entries

DAY = datetime.date(2026, 3, 1)
GIVEN = Given(advice_id="a-1", person_id="wearer-01", date=DAY, actions=("same_rise",))
OTHER = Given(advice_id="b-2", person_id="wearer-02", date=DAY)
ENTRY = {"advice_id": "a-1", "person_id": "wearer-01", "date": "2026-03-04", "rating": 4, "followed": "yes"}


@pytest.fixture
def log(tmp_path: Path) -> FeedbackLog:
    made = FeedbackLog(tmp_path / "feedback")
    made.remember([GIVEN, OTHER])
    return made


def entry(**changes: object) -> Feedback:
    return checked(Feedback, ENTRY | changes)


def test_what_is_written_is_read(log: FeedbackLog) -> None:
    odd = "I can't.\nSecond line “quoted” 我睡不好"
    log.add([entry(), entry(comment=odd, rating=1, followed="no")])
    assert [(e.rating, e.followed, e.comment) for e in log.entries()] == [(4, "yes", ""), (1, "no", odd)]
    assert log.given() == [GIVEN, OTHER]
    assert len(log.feedback_file.read_text(encoding="utf-8").splitlines()) == 2


def test_files_are_private(log: FeedbackLog) -> None:
    log.add([entry()])
    log.feedback_file.chmod(0o644)
    log.add([entry()])
    for path in (log.feedback_file, log.given_file):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.folder.stat().st_mode) == 0o700


def test_nothing_earlier_is_rewritten(log: FeedbackLog) -> None:
    log.add([entry()])
    before = log.feedback_file.read_bytes()
    log.add([entry(rating=1)])
    assert log.feedback_file.read_bytes().startswith(before)
    assert log.remember([GIVEN]) == 0 and len(log.given()) == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rating": 6}, "rating can't be 6. Expected: a whole number from 1"),
        ({"rating": "4"}, "rating can't be '4'"),
        ({"rating": True}, "rating can't be True"),
        ({"rating": None}, "rating can't be None"),
        ({"followed": "maybe"}, "followed can't be 'maybe'. Expected: yes, partly or no"),
        ({"date": "yesterday"}, "date can't be 'yesterday'"),
        ({"comment": "x" * 601}, "Expected: a text of at most 600 characters"),
        ({"advice_id": "../a"}, "advice_id can't be '../a'"),
        ({"mood": 3}, "mood is no field"),
    ],
)
def test_wrong_entries_are_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(InputError) as caught:
        entry(**changes)
    assert said in str(caught.value)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(InputError, match="followed is missing"):
        checked(Feedback, {name: value for name, value in ENTRY.items() if name != "followed"})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"advice_id": "never-was"}, "there was no advice 'never-was'"),
        ({"person_id": "wearer-02"}, "was given to 'wearer-01', not to 'wearer-02'"),
        ({"date": "2026-02-28"}, "lies before the advice"),
        ({"date": "2999-01-01"}, "lies in the future"),
    ],
)
def test_feedback_that_does_not_fit_leaves_the_log_as_it_was(
    log: FeedbackLog, changes: dict[str, object], said: str
) -> None:
    log.add([entry()])
    before = log.feedback_file.read_bytes()
    with pytest.raises(InputError) as caught:
        log.add([entry(), entry(**changes)])
    assert said in str(caught.value)
    assert log.feedback_file.read_bytes() == before


def test_a_log_without_advice_says_what_comes_first(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="`make coach` first"):
        FeedbackLog(tmp_path).add([entry()])


def test_half_a_line_of_a_crash_is_named_and_costs_nothing_else(log: FeedbackLog) -> None:
    log.add([entry(), entry(rating=2)])
    with log.feedback_file.open("ab") as stream:
        stream.write(b'{"advice_id": "a-1", "rat')
    log.add([entry(rating=5)])
    kept, damaged = read_entries(log.feedback_file, Feedback)
    assert [e.rating for e in kept] == [4, 2, 5]
    assert len(damaged) == 1 and "feedback.jsonl, line 3" in damaged[0]
    with pytest.raises(ArtifactError, match="line 3"):
        log.entries()


@pytest.mark.parametrize("line", [b"\xff\xfe\n", b"[1, 2]\n", b"3\n", b'{"advice_id": 3}\n', b"null\n"])
def test_lines_that_are_no_entry_are_named(log: FeedbackLog, line: bytes) -> None:
    log.add([entry()])
    with log.feedback_file.open("ab") as stream:
        stream.write(line)
    kept, damaged = read_entries(log.feedback_file, Feedback)
    assert len(kept) == 1 and len(damaged) == 1 and "line 2" in damaged[0]


def test_processes_that_write_at_once_lose_nothing(log: FeedbackLog) -> None:
    code = (
        "import sys; from pathlib import Path; from sleepcot_utils.feedback.log import FeedbackLog;"
        "from sleepcot_utils.feedback.entries import Feedback, checked; import json;"
        "log = FeedbackLog(Path(sys.argv[1]));"
        "[log.add([checked(Feedback, json.loads(sys.argv[2]) | {'comment': f'{sys.argv[3]} {i}'})]) for i in range(20)]"
    )
    import json

    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(log.folder), json.dumps(ENTRY), name]) for name in "ab"
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]
    assert sorted(e.comment for e in log.entries()) == sorted(f"{name} {i}" for name in "ab" for i in range(20))


def test_forget_deletes_what_it_says(log: FeedbackLog) -> None:
    log.add([entry()])
    files = [log.feedback_file, log.given_file]
    assert log.forget() == files
    assert not log.folder.exists()
    assert log.forget() == [] and log.entries() == []


def test_forget_leaves_what_is_not_its_own(log: FeedbackLog) -> None:
    (log.folder / "notes.txt").write_text("mine")
    log.forget()
    assert [path.name for path in log.folder.iterdir()] == ["notes.txt"]


def test_ids_tell_people_and_words_apart() -> None:
    ids = {advice_id("p1", "a", "b"), advice_id("p1", "ab"), advice_id("p2", "a", "b"), advice_id("p1", "a", "c")}
    assert len(ids) == 4 and advice_id("p1", "a", "b") in ids
