"""The command line: what a run would cost before anything is sent, then the run, with the budget's stop."""

from __future__ import annotations

import json
import re
import ssl
import sys
from pathlib import Path

import pytest

# Under `--import-mode=importlib` a test folder is on no path, so that its helpers need this.
sys.path.insert(0, str(Path(__file__).parent))

from loopback import KEY, completion, error
from loopback_batches import BatchDesk

from sleepcot_utils.tasks.answers import read_answers
from sleepcot_utils.tasks.build import KNOWLEDGE, write_tasks
from sleepcot_utils.teach.budget import most_of, rough_prompt_tokens
from sleepcot_utils.teach.cli import main
from sleepcot_utils.teach.exemplars import exemplars
from sleepcot_utils.teach.prompts import messages_for_teacher
from sleepcot_utils.teach.registry import MODEL_VARIABLE, URL_VARIABLE
from sleepcot_utils.teach.structured import messages_in_form


@pytest.fixture(scope="module")
def tasks(study):
    """Six knowledge tasks."""
    return sorted((task for task in study.tasks if task.kind == KNOWLEDGE), key=lambda task: task.task_id)[:6]


@pytest.fixture
def tasks_file(tasks, tmp_path) -> Path:
    write_tasks(tmp_path / "tasks.jsonl", tasks)
    return tmp_path / "tasks.jsonl"


@pytest.fixture
def served(server, monkeypatch):
    """The loopback server as the teacher ``custom``."""
    pytest.importorskip("openai")
    for variable in ("OPENAI_API_KEY", "DASHSCOPE_API_KEY", "DEEPSEEK_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(URL_VARIABLE, server.url)
    monkeypatch.setenv(MODEL_VARIABLE, "stand-in")
    monkeypatch.setenv("SLEEPCOT_TEACHER_API_KEY", KEY)
    # The stand-in speaks plain http: reading all root certificates would take most of the test's time.
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_, **__: None)
    server.default = lambda received: completion("Reasoning:\na\nAnswer:\nb", usage=(400, 60))
    return server


def run(tasks_file: Path, *more: str, teacher: str = "custom") -> int:
    return main(["--teacher", teacher, "--tasks", str(tasks_file), *more])


def test_a_dry_run_needs_no_key_and_says_count_cost_and_budget(served, tasks, tasks_file, capsys) -> None:
    assert run(tasks_file, "--dry-run", "--max-cost", "2", teacher="openai-gpt-4o") == 0
    said = capsys.readouterr().out
    assert served.received == []
    prompts = [messages_in_form(messages_for_teacher(task), "json_schema") for task in tasks]
    rough = sum(rough_prompt_tokens(prompt) for prompt in prompts)
    most = sum(most_of(prompt, 1024).prompt_tokens for prompt in prompts)
    # No reply is known yet, so that each is taken to be as long as the worked exemplars of its kind, four characters a
    # token, with both marks; GPT-4o at 2.5 and 10 USD a million.
    worked = [one for one in exemplars() if one.task.kind == KNOWLEDGE]
    sizes = [len(f"Reasoning:\n{one.rationale}\nAnswer:\n{one.answer}") / 4 for one in worked]
    expected = (rough * 2.5 + 6 * sum(sizes) / len(sizes) * 10) / 1e6
    highest = (most * 2.5 + 6 * 1024 * 10) / 1e6
    assert "gpt-4o at api.openai.com for 6 replies" in said
    about, at_most = re.search(r"about ([\d.]+) USD, at most ([\d.]+)", said).groups()
    assert float(about) == pytest.approx(expected, abs=1e-4) and float(at_most) == pytest.approx(highest, abs=1e-4)
    assert "Budget: 2.0000 USD." in said
    assert re.search(r"Prices of \d{4}-\d\d-\d\d \(recalled\)", said)
    assert list(tasks_file.parent.iterdir()) == [tasks_file], "a dry run writes nothing"


def test_a_batch_costs_half(served, tasks_file, capsys) -> None:
    costs = []
    for more in ([], ["--batch"]):
        assert run(tasks_file, "--dry-run", *more, teacher="openai-gpt-4o") == 0
        costs.append(float(re.search(r"about ([\d.]+) USD", capsys.readouterr().out)[1]))
    assert costs[1] == pytest.approx(costs[0] / 2, abs=1e-4)


def test_each_listed_teacher_has_a_dry_run(served, tasks_file, capsys) -> None:
    from sleepcot_utils.teach.registry import teachers

    for name in teachers():
        assert run(tasks_file, "--dry-run", teacher=name) == 0, name
        assert "for 6 replies" in capsys.readouterr().out
    assert run(tasks_file, "--dry-run", "--model", "some/folder", teacher="local") == 0
    assert "some/folder on this machine for 6 replies, which cost nothing" in capsys.readouterr().out


def test_a_run_writes_answers_and_the_next_asks_what_is_left(served, tasks, tasks_file, capsys) -> None:
    assert run(tasks_file, "--limit", "4") == 0
    assert "4 answers: 4 could be used at once" in capsys.readouterr().out
    assert run(tasks_file, "--dry-run") == 0
    # The replies so far had 60 tokens, so that the rest is expected to be as long.
    assert (
        "for 2 replies (4 more are in the cache or equal to one of these)" in (said := capsys.readouterr().out)
        and "120 completion" in said
    )
    assert run(tasks_file) == 0
    answers = read_answers(tasks_file.with_name("answers_custom.jsonl"))
    assert [answer.task_id for answer in answers] == [task.task_id for task in tasks]
    assert {(answer.rationale, answer.answer) for answer in answers} == {("a", "b")}
    assert all(answer.prompt_version.startswith("few_shot_cot-knowledge-") for answer in answers)
    assert len(served.received) == 6


def test_the_budget_stops_before_it_is_passed(served, tasks_file, capsys) -> None:
    assert run(tasks_file, "--max-requests", "3", "--concurrency", "1") == 1
    said = capsys.readouterr()
    assert len(served.received) == 3 and "budget of 3 requests" in said.err and "Traceback" not in said.err
    assert not tasks_file.with_name("answers_custom.jsonl").exists()
    assert run(tasks_file) == 0 and len(served.received) == 6


def test_repairs_count_against_the_budget(served, tasks_file, capsys) -> None:
    served.default = lambda _: completion("no mark")
    assert run(tasks_file, "--max-requests", "8", "--concurrency", "1") == 1
    assert len(served.received) == 8


def test_no_key_in_any_file_log_or_error(served, tasks_file, capsys) -> None:
    assert run(tasks_file) == 0
    served.default = lambda _: error(401, message=f"Incorrect API key provided: {KEY}")
    assert run(tasks_file, "--mode", "cot") == 1
    said = capsys.readouterr()
    assert "refused the API key" in said.err and "SLEEPCOT_TEACHER_API_KEY" in said.err
    assert all(received.headers["authorization"] == f"Bearer {KEY}" for received in served.received)
    assert KEY not in said.out + said.err
    files = [path for path in tasks_file.parent.rglob("*") if path.is_file()]
    assert len(files) >= 3
    assert all(KEY.encode() not in path.read_bytes() for path in files)


def test_a_missing_key_is_named_by_its_variable(served, tasks_file, capsys) -> None:
    assert run(tasks_file, "--allow-remote", teacher="deepseek-chat") == 1
    assert "DEEPSEEK_API_KEY is not set" in capsys.readouterr().err


def test_nothing_leaves_the_machine_without_consent(served, tasks_file, capsys) -> None:
    assert run(tasks_file, teacher="openai-gpt-4o") == 1
    assert "they would leave this machine" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--batch"], "custom has no batch API"),
        (["--max-cost", "1"], "prices of custom are not known"),
        (["--samples", "0"], "samples is 0"),
        (["--concurrency", "0"], "concurrency is 0"),
    ],
)
def test_what_a_teacher_can_not_do_is_one_sentence(served, tasks_file, capsys, more, said) -> None:
    assert run(tasks_file, *more) == 1
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1 and served.received == []


def test_files_that_are_no_tasks_are_one_sentence(served, tmp_path, capsys) -> None:
    assert run(tmp_path / "none.jsonl") == 1
    assert "none.jsonl: there is no such file" in capsys.readouterr().err
    (tmp_path / "empty.jsonl").write_text("")
    assert run(tmp_path / "empty.jsonl") == 1
    assert "no task" in capsys.readouterr().err
    (tmp_path / "bad.jsonl").write_text("{}\n")
    assert run(tmp_path / "bad.jsonl") == 1
    assert "line 1" in capsys.readouterr().err


def test_a_prompt_without_room_is_refused_before_it_is_paid(served, tasks_file, monkeypatch, capsys) -> None:
    from sleepcot_utils.teach import instructor, registry

    small = registry.teachers()["custom"].model_copy(
        update={"base_url": served.url, "model": "stand-in", "context_tokens": 1100}
    )
    monkeypatch.setattr(instructor, "teacher_named", lambda *_, **__: small)
    assert run(tasks_file) == 1
    assert "has room for 1,100" in capsys.readouterr().err and served.received == []


def test_a_batch_from_the_command_line(served, tasks, tasks_file, monkeypatch, capsys) -> None:
    from sleepcot_utils.teach import instructor, registry

    able = registry.teachers()["custom"].model_copy(
        update={"base_url": served.url, "model": "stand-in", "batch": True, "structured": "json_schema"}
    )
    monkeypatch.setattr(instructor, "teacher_named", lambda *_, **__: able)
    good = json.dumps({"rationale": ["a"], "answer": "b"})
    wrong = tasks[2].messages[-1]["content"]
    desk = served.desk = BatchDesk(answer=lambda received: completion("words" if received.prompt == wrong else good))
    assert run(tasks_file, "--batch", "--poll-s", "0.01") == 0
    said = capsys.readouterr().out
    # The one that is no JSON goes back in a second batch.
    assert "5 could be used at once, 1 after a repair, 0 failed" in said
    assert len(desk.batches) == 2 and len(desk.asked) == 7 and served.received == []


def test_single_requests_do_not_pay_for_a_batch_that_is_out(served, tasks_file, monkeypatch, capsys) -> None:
    from sleepcot_utils.teach import instructor, registry

    able = registry.teachers()["custom"].model_copy(update={"base_url": served.url, "model": "stand-in", "batch": True})
    monkeypatch.setattr(instructor, "teacher_named", lambda *_, **__: able)
    served.desk = BatchDesk(looks=1000)
    assert run(tasks_file, "--batch", "--poll-s", "0.01", "--longest-wait-s", "0.05") == 1
    assert "still in progress" in capsys.readouterr().err
    assert run(tasks_file) == 1
    assert "1 batch(es) of this cache are still out" in capsys.readouterr().err and served.received == []
