"""How-to pages are followed to the letter in a copy of the package; then more is checked than the page checks."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import pytest

# Under `--import-mode=importlib` a test folder is on no path, so that its helpers need this.
HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "teach")]

from how_to import PAGES, Page, apply, copy_of_package, read_page, run
from loopback import Loopback, completion

from sleepcot_utils.tasks.build import RECOMMEND, write_tasks

NAMES = sorted(path.stem for path in PAGES.glob("add_*.md"))


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory):
    """Gives the copy in which a page was followed, made on first use."""
    made: dict[str, tuple[Page, Path]] = {}

    def follow(name: str) -> tuple[Page, Path]:
        if name not in made:
            page, folder = read_page(name), copy_of_package(tmp_path_factory.mktemp(name))
            before = run(page.check, folder)
            assert before.returncode != 0, "the check passes without what the page adds"
            apply(page, folder)
            made[name] = page, folder
        return made[name]

    return follow


def test_every_page_is_in_the_list() -> None:
    listed = (PAGES / "README.md").read_text(encoding="utf-8")
    assert NAMES == ["add_a_metric", "add_a_teacher", "add_a_vendor", "add_an_arm"]
    assert all(f"]({name}.md)" in listed for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_page_works_and_prints_what_it_says(name: str, followed) -> None:
    page, folder = followed(name)
    assert page.new_files or page.additions
    done = run(page.check, folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout == page.prints


def test_the_new_vendor_reads_what_its_rows_say(followed) -> None:
    _, folder = followed("add_a_vendor")
    done = run(
        """
from sleepcot_utils.ingest import read_export
from sleepcot_utils.paths import reference_data
found = read_export(reference_data("samples", "night_owl"))
nights = found.nights.sort_values("night_date")
print([str(day)[:10] for day in nights["night_date"]], nights["resting_heart_rate_bpm"].tolist())
print(nights["total_sleep_min"].tolist(), nights["time_in_bed_min"].tolist(), nights["hrv_rmssd_ms"].isna().all())
print(found.vendor, [gap.reason for gap in found.not_given if gap.column == "hrv_rmssd_ms"])
""",
        folder,
    )
    assert done.stdout.splitlines() == [
        "['2026-03-02', '2026-03-03', '2026-03-04'] [52.0, 55.0, 51.0]",
        "[432.0, 378.0, 431.0] [480.0, 420.0, 480.0] True",
        "night_owl ['the Night Owl measures no heart rate variability']",
    ], done.stderr


def test_the_new_metric_passes_the_exam_that_was_declared(followed) -> None:
    _, folder = followed("add_a_metric")
    done = run(
        """
import doctest, importlib.util
from sleepcot_utils.knowledge import load_cards
from sleepcot_utils.report.reports import simulated_reports
from sleepcot_utils.score.candidates import right_answers
from sleepcot_utils.score.exam import exam_table
from sleepcot_utils.score.metrics import metric_folder
from sleepcot_utils.simulate.nights import simulate_nights
from sleepcot_utils.simulate.people import simulate_people
from sleepcot_utils.tasks.build import recommend_task

people = simulate_people(40, 1)
reports = {r.report_id: r for r in simulated_reports(people, simulate_nights(people, 14, 3)[0], 14, "factual")}
cards = {card.card_id: card for card in load_cards()}
tasks = [recommend_task(report, "test") for report in reports.values()]
clean, examples = right_answers(tasks, reports, cards)
damages = ["empty", "generic text", "wrong number"]
table = exam_table(tasks, clean, examples, reports=reports, cards=cards, metrics=["amounts"], damages=damages)
for row in table.itertuples():
    print(row.damage, row.verdict, row.n > 10)
spec = importlib.util.spec_from_file_location("amounts", metric_folder("amounts") / "amounts.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
print(doctest.testmod(module))
""",
        folder,
    )
    assert done.stdout.splitlines() == [
        "none (false alarms) as declared True",
        "empty as declared True",
        "generic text as declared True",
        "wrong number as declared True",
        "TestResults(failed=0, attempted=4)",
    ], done.stdout + done.stderr


def test_the_new_arm_learns_from_the_persons_that_it_says(followed) -> None:
    _, folder = followed("add_an_arm")
    done = run(
        """
from sleepcot_utils.config import ARMS as NAMES
from sleepcot_utils.distill.arms import ARMS, chosen_examples
from sleepcot_utils.distill.training_set import Example
assert tuple(ARMS) == NAMES
of = lambda n, split, kind: Example(f"{kind}{n}", kind, f"p{n:03d}", split, "", [], "r", "a")
examples = [of(n, "train", "recommend") for n in range(40)] + [of(99, "validation", "recommend"), of(7, "train", "knowledge")]
print(sorted(e.task_id for e in chosen_examples(examples, "cot_eighth")))
""",
        folder,
    )
    ordered = sorted(range(40), key=lambda n: hashlib.sha256(f"p{n:03d}".encode()).hexdigest())
    expected = sorted([f"recommend{n}" for n in ordered[:5]] + ["recommend99", "knowledge7"])
    assert done.stdout.strip() == str(expected), done.stderr


def test_the_new_teacher_is_asked_at_its_address(study, followed, tmp_path: Path) -> None:
    pytest.importorskip("openai")
    _, folder = followed("add_a_teacher")
    tasks = [task for task in study.tasks if task.kind == RECOMMEND][:3]
    write_tasks(tmp_path / "tasks.jsonl", tasks)
    said = json.dumps({"rationale": ["It is short."], "answer": "Finding: short nights."})
    listed = folder / "data" / "teachers" / "teachers.yaml"
    with Loopback().running() as server:
        server.default = lambda received: completion(said)
        # The test's server gets a free port; nothing else of the page's entry is changed.
        listed.write_text(listed.read_text().replace("http://localhost:8731/v1", server.url))
        code = f"""
from pathlib import Path
from sleepcot_utils.teach.cli import main
raise SystemExit(main(["--teacher", "reading-room", "--tasks", {str(tmp_path / "tasks.jsonl")!r}]))
"""
        done = run(code, folder, READING_ROOM_API_KEY="none")
        assert done.returncode == 0, done.stderr
        assert len(server.received) == 3
        assert {received.body["model"] for received in server.received} == {"qwen2.5-32b-instruct"}
        assert {received.headers["authorization"] for received in server.received} == {"Bearer none"}
    answers = [json.loads(line) for line in (tmp_path / "answers_reading-room.jsonl").read_text().splitlines()]
    assert {answer["task_id"] for answer in answers} == {task.task_id for task in tasks}
    assert {answer["answer"] for answer in answers} == {"Finding: short nights."}
