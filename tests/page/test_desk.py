"""What the page does: it reads exports as the package does, keeps what it is told to keep, and deletes what it kept."""

from __future__ import annotations

import datetime
import io
import json
import stat
import tempfile
import zipfile

import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.feedback.coaching import remember_advice
from sleepcot_utils.fencing import MAX_CHARACTERS
from sleepcot_utils.page.desk import notice
from sleepcot_utils.page.visits import EmptyFile, LargeFile, example_visit
from sleepcot_utils.paths import RunPaths
from sleepcot_utils.study.feedback_commands import feedback_log
from sleepcot_utils.tasks.answers import Answer

NO_CARE = {"window_nights": 14, "age_y": None, "sex": None}


def bomb() -> bytes:
    """An archive that unpacks to 200 times its size and more."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export.csv", b"0" * 30_000_000)
    return written.getvalue()


def test_export_is_read_and_leaves_nothing(desk, plain_csv, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = set(tmp_path.rglob("*"))
    visit = desk.read(plain_csv(10, total_sleep_min=371.0), "my.csv", window_nights=14, age_y=40, sex="female")
    (full,) = visit.fulls
    assert full["total_sleep"].value == 371.0 and full.report.age_y == 40 and full.report.sex == "female"
    assert (visit.nights, visit.too_few) == (10, []) and visit.reading.skipped_records == 0
    assert set(tmp_path.rglob("*")) == before, "neither the upload nor anything of it is on the disk"


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"", EmptyFile, "empty"),
        (b"x" * (2**20 + 1), LargeFile, "at most 1 MB"),
        (b"\x00\xff not an export", InputError, ""),
        (bomb(), InputError, "at most 2 MiB"),
        (b"PK\x03\x04 cut off", InputError, ""),
        (b"date,total_sleep_min\n", InputError, ""),
    ],
    ids=["empty", "large", "noise", "bomb", "half an archive", "no rows"],
)
def test_bad_files_are_refused_in_one_sentence(desk, plain_csv, data, kind, words) -> None:
    with pytest.raises(kind) as caught:
        desk.read(data, "export.zip" if data[:2] == b"PK" else "export.csv", **NO_CARE)
    said = str(caught.value)
    assert words in said and "\n" not in said and "/tmp" not in said
    assert desk.read(plain_csv(), "export.csv", **NO_CARE).fulls, "the next one is read"


def test_rating_is_kept_privately_under_the_id_that_make_coach_gives(desk, root, plain_csv) -> None:
    (full,) = desk.read(plain_csv(total_sleep_min=330.0), "my.csv", **NO_CARE).fulls
    advice = desk.advise(full.report)
    assert not root.exists(), "nothing is kept before a rating"
    desk.rate(advice, 4, "partly", "Not every day.")
    log = feedback_log(RunPaths("trial"))
    (given,), (entry,), damaged = log.readable()
    assert (entry.rating, entry.followed, entry.comment, damaged) == (4, "partly", "Not every day.", [])
    assert entry.advice_id == given.advice_id and given.date == datetime.date.today()
    answer = Answer(advice.task.task_id, "cot", 1, "", advice.said.answer, "stop", 0, 0.0)
    (same,) = remember_advice(log, [advice.task], [answer], [advice.try_first], given.date)
    assert same == given.advice_id and len(log.given()) == 1
    for path in (log.feedback_file, log.given_file):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.folder.stat().st_mode) == 0o700
    assert set(json.loads(log.given_file.read_text())) == {"actions", "advice_id", "date", "person_id"}
    assert sorted(path.name for path in root.rglob("*") if path.is_file()) == ["feedback.jsonl", "given.jsonl"]


def test_refused_rating_writes_nothing(desk, root, plain_csv) -> None:
    (full,) = desk.read(plain_csv(), "my.csv", **NO_CARE).fulls
    advice = desk.advise(full.report)
    for rating, followed, comment in ((6, "yes", ""), (4, "never", ""), (4, "yes", "x" * (MAX_CHARACTERS + 1))):
        with pytest.raises(InputError):
            desk.rate(advice, rating, followed, comment)
    assert not root.exists()


def test_deleting_deletes(desk, root, plain_csv) -> None:
    (full,) = desk.read(plain_csv(), "my.csv", **NO_CARE).fulls
    desk.rate(desk.advise(full.report), 5, "yes", "Good.")
    folder = RunPaths("trial").data / "coach"
    (folder / "pages").mkdir()
    (folder / "pages" / "wearer-01-en.html").write_text("a report of make coach")
    other = RunPaths("other").data / "coach" / "feedback"
    other.mkdir(parents=True)
    (other / "feedback.jsonl").write_text("{}")
    assert len(desk.forget()) == 3
    assert not folder.exists()
    assert [path.name for path in root.rglob("*") if path.is_file()] == ["feedback.jsonl"], "another run's stays"
    assert desk.forget() == []


def test_help_comes_before_the_student(desk, plain_csv) -> None:
    (full,) = desk.read(plain_csv(spo2_min_pct=80.0), "my.csv", **NO_CARE).fulls
    assert notice(full.report, "", "en") and notice(full.report, "", "zh")
    asked = desk._worker.counts.answers
    for words in ("I have crushing chest pain right now", "我现在胸口剧痛，胸痛"):
        said = desk.answer(full.report, words, "", words)
        assert said.urgency == "now" and said.withheld and said.answer == ""
        assert notice(full.report, words, "zh") != notice(full.report, "", "zh")
    assert desk._worker.counts.answers == asked, "the student was not asked"
    # What was said once holds on: a harmless question after it gets no answer about sleep either.
    later = desk.answer(full.report, "", "tired", "I have crushing chest pain right now\nWhat about naps?")
    assert later.withheld
    assert notice(None, "How long should I sleep?", "en") == ""


def test_questions_of_a_topic_can_be_judged_and_free_ones_not(desk, plain_csv) -> None:
    (full,) = desk.read(plain_csv(), "my.csv", **NO_CARE).fulls
    free = desk.answer(full.report, "What about naps?", "", "What about naps?")
    assert free.failed_checks == [] and free.claims == []
    topic = desk.answer(full.report, "", "tired", "")
    assert topic.withheld or topic.failed_checks, "the tiny student's noise fails the checks of that question"


def test_example_is_a_whole_report() -> None:
    visit = example_visit(14)
    (full,) = visit.fulls
    assert visit.reading is None and full.report.nights == 14
    assert full["lowest_oxygen"].status == "known" and full.clinician == ()
