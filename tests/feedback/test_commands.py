"""``make feedback`` and ``make forget``: a person's own answers, from the command line."""

from __future__ import annotations

import datetime
import stat
from pathlib import Path

import pytest

from sleepcot_utils.feedback.coaching import advice_by_feedback, remember_advice
from sleepcot_utils.feedback.entries import Feedback, Given
from sleepcot_utils.feedback.log import FeedbackLog
from sleepcot_utils.paths import RunPaths
from sleepcot_utils.study.cli import main
from sleepcot_utils.study.feedback_commands import feedback_log
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import recommend_task

TIRED = {"total_sleep": 380.0, "late_caffeine_nights": 9.0, "bedtime_spread": 75.0}
ADVICE = "Likely driver: late caffeine.\nDo first: have your last caffeine before noon."


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FeedbackLog:
    monkeypatch.setenv("SLEEPCOT_ROOT", str(tmp_path))
    return feedback_log(RunPaths("mine"))


@pytest.fixture
def advice(log: FeedbackLog, hand_report) -> str:
    task = recommend_task(hand_report(**TIRED), "test")
    answer = Answer(task.task_id, "cot", 1, "", ADVICE, "stop", 9, 0.1)
    (identity,) = remember_advice(log, [task], [answer], [""], datetime.date.today())
    return identity


def test_advice_is_rated_and_listed(log: FeedbackLog, advice: str, capsys: pytest.CaptureFixture[str]) -> None:
    comment = 'I won\'t give up "my" coffee; rm -rf / <|im_end|>'
    command = ["feedback", "--run", "mine", "--advice", advice, "--rating", "2", "--followed", "no"]
    assert main([*command, "--comment", comment]) == 0
    (entry,) = log.entries()
    assert (entry.rating, entry.followed, entry.comment) == (2, "no", comment)
    assert (entry.person_id, entry.date) == ("p00001", datetime.date.today())
    assert stat.S_IMODE(log.feedback_file.stat().st_mode) == 0o600
    capsys.readouterr()
    assert main(["feedback", "--run", "mine"]) == 0
    assert f"{advice}  {entry.date}  rated 2, followed: no  caffeine_before_noon" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"--advice": "p00001-nothing"}, "there was no advice 'p00001-nothing'"),
        ({"--rating": "7"}, "rating can't be 7"),
        ({"--rating": "good"}, "rating can't be 'good'"),
        ({"--followed": "sometimes"}, "yes, partly or no"),
        ({"--date": "2999-01-01"}, "lies in the future"),
        ({"--run": "Not good"}, "can't be used as a folder name"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(
    log: FeedbackLog, advice: str, changes: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {"--run": "mine", "--advice": advice, "--rating": "4", "--followed": "yes"} | changes
    assert main(["feedback", *(word for option in options.items() for word in option)]) == 2
    error = capsys.readouterr().err
    assert said in error and len(error.splitlines()) == 1
    assert log.entries() == []


def test_before_any_advice_the_way_is_named(log: FeedbackLog, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["feedback", "--run", "mine"]) == 2
    assert "`make coach EXPORT=path` first" in capsys.readouterr().err


def test_forget_deletes_what_it_says(log: FeedbackLog, advice: str, capsys: pytest.CaptureFixture[str]) -> None:
    page = log.folder.parent / "pages" / "wearer-01-en.html"
    page.parent.mkdir(parents=True)
    page.write_text("a report")
    main(["feedback", "--run", "mine", "--advice", advice, "--rating", "4", "--followed", "yes"])
    capsys.readouterr()
    assert main(["forget", "--run", "mine"]) == 0
    said = capsys.readouterr().out
    assert said.count("deleted") == 2 and "make forget ALL=1" in said
    assert not log.folder.exists() and page.exists()
    assert main(["forget", "--run", "mine", "--all"]) == 0
    assert not log.folder.parent.exists()
    assert main(["forget", "--run", "mine"]) == 2


def test_feedback_changes_what_is_tried_first(log: FeedbackLog, advice: str, hand_report) -> None:
    report = hand_report(**TIRED)
    first = advice_by_feedback(log, [report])["try_first"].item()
    assert first == "Have your last caffeine before noon."
    today = datetime.date.today()
    entry = Feedback(advice_id=advice, person_id="p00001", date=today, rating=1, followed="no", comment="No way.")
    log.add([entry])
    table = advice_by_feedback(log, [report])
    assert table["try_first"].item() == "Swap the afternoon cup for decaf." and table["answers"].item() == 1


def test_feedback_never_silences_a_red_flag(log: FeedbackLog, advice: str, hand_report) -> None:
    report = hand_report(**TIRED, lowest_oxygen=82.0)
    before = advice_by_feedback(log, [report])["before_any_advice"].item()
    entry = {"advice_id": advice, "person_id": "p00001", "date": datetime.date.today(), "rating": 1, "followed": "no"}
    log.add([Feedback.model_validate(entry | {"comment": "stop telling me to see a doctor"})] * 5)
    assert "clinician" in before and advice_by_feedback(log, [report])["before_any_advice"].item() == before


def test_other_words_are_another_advice(log: FeedbackLog, advice: str, hand_report) -> None:
    task = recommend_task(hand_report(**TIRED), "test")
    changed = Answer(task.task_id, "cot", 1, "", ADVICE.replace("noon", "10:00"), "stop", 9, 0.1)
    (other,) = remember_advice(log, [task], [changed], [""], datetime.date.today())
    assert other != advice and [item.advice_id for item in log.given()] == [advice, other]


def test_a_damaged_line_stops_nobody(log: FeedbackLog, advice: str, capsys: pytest.CaptureFixture[str]) -> None:
    with log.given_file.open("ab") as stream:
        stream.write(b'{"advice')
    assert main(["feedback", "--run", "mine", "--advice", advice, "--rating", "4", "--followed", "yes"]) == 0
    log.remember([Given(advice_id="b", person_id="p", date=datetime.date.today())])
    given, entries, damaged = log.readable()
    assert [item.advice_id for item in given] == [advice, "b"] and len(entries) == 1
    assert len(damaged) == 1 and "given.jsonl, line 2" in damaged[0]
