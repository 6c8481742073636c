"""Teachers behind one door: the expert, a server, and a model on this machine, all end as answers."""

from __future__ import annotations

import json
import ssl
import sys
from dataclasses import replace
from pathlib import Path

import pytest

# Under `--import-mode=importlib` a test folder is on no path, so that its helpers need this.
sys.path.insert(0, str(Path(__file__).parent))

from loopback import KEY, completion, error

from sleepcot_utils.errors import TeacherError
from sleepcot_utils.tasks.answers import read_answers, write_answers
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, RECOMMEND
from sleepcot_utils.teach.exchange import Sampling
from sleepcot_utils.teach.filtering import filter_answers
from sleepcot_utils.teach.prompts import few_shot_messages
from sleepcot_utils.teach.teachers import SOURCE, ask_model, expert_answer


@pytest.fixture(scope="module")
def tasks(study):
    """One task of each kind, in the order of their ids."""
    chosen = [next(task for task in study.tasks if task.kind == kind) for kind in (RECOMMEND, FOLLOW_UP, KNOWLEDGE)]
    return sorted(chosen, key=lambda task: task.task_id)


@pytest.fixture
def served(server, monkeypatch):
    """The scripted server as the environment's address, with a key that opens nothing."""
    pytest.importorskip("openai")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    # The stand-in speaks plain http: reading all root certificates would take most of the test's time.
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_, **__: None)
    return server


def asked(kind: str, model: str, tasks, cache: Path, **options):
    return ask_model(kind, model, tasks, cache, **({"allow_remote": False, "max_requests": 50} | options))


def test_the_expert_answers_every_kind(study) -> None:
    for task in study.tasks[::7]:
        answer = expert_answer(task, study.report_of, study.cards)
        assert (answer.rationale, answer.answer) == study.answers[task.task_id]
        assert (answer.task_id, answer.source, answer.finish_reason) == (task.task_id, SOURCE, "stop")


def test_answers_of_earlier_runs_are_still_read(study, tmp_path) -> None:
    answer = expert_answer(study.tasks[0], study.report_of, study.cards)
    write_answers(tmp_path / "answers.jsonl", [answer, replace(answer, prompt_version="cot-all-0123")])
    old, new = (json.loads(line) for line in (tmp_path / "answers.jsonl").read_text(encoding="utf-8").splitlines())
    assert (old.pop("prompt_version"), new["prompt_version"]) == ("", "cot-all-0123")
    (tmp_path / "answers.jsonl").write_text(json.dumps(old) + "\n", encoding="utf-8")
    assert read_answers(tmp_path / "answers.jsonl") == [answer]


def test_a_server_gets_few_shot_messages_and_its_words_are_split(served, tasks, study, tmp_path) -> None:
    by_question = {task.messages[-1]["content"]: task for task in tasks}

    def expert_says(received):
        rationale, answer = study.answers[by_question[received.prompt].task_id]
        return completion(f"Reasoning:\n{rationale}\nAnswer:\n{answer}", usage=(500, 70))

    served.default = expert_says
    answers = asked("openai", "stand-in", tasks, tmp_path / "cache.jsonl")
    assert [answer.task_id for answer in answers] == [task.task_id for task in tasks]
    for answer in answers:
        rationale, text = study.answers[answer.task_id]
        assert (answer.rationale, answer.answer) == (rationale.strip(), text.strip())
        assert (answer.source, answer.seed, answer.finish_reason, answer.tokens) == (SOURCE, 0, "stop", 70)
        assert answer.latency_s > 0
    # A server on this machine is sent the prompt as it is: instruction, exemplars, task.
    sent = {received.prompt: received.body["messages"] for received in served.received}
    assert sent == {task.messages[-1]["content"]: few_shot_messages(task) for task in tasks}
    assert {received.body["model"] for received in served.received} == {"stand-in"}
    by_id = {task.task_id: task for task in tasks}
    assert filter_answers(answers, by_id, study.cards) == (answers, {})
    assert KEY not in (tmp_path / "cache.jsonl").read_text(encoding="utf-8")


def test_what_was_paid_for_is_not_asked_again(served, tasks, tmp_path) -> None:
    served.default = lambda received: completion(f"Reasoning:\n1\nAnswer:\n{len(received.prompt)}")
    first = asked("openai", "stand-in", tasks[:2], tmp_path / "cache.jsonl")
    again = asked("openai", "stand-in", tasks, tmp_path / "cache.jsonl")
    assert len(served.received) == 3
    assert [(a.task_id, a.answer) for a in again[:2]] == [(a.task_id, a.answer) for a in first]


def test_reasoning_of_its_own_channel_is_the_rationale(served, tasks, tmp_path) -> None:
    served.script = [completion("Answer:\nSleep more.", reasoning_content="372 is under 420.")]
    (answer,) = asked("openai", "stand-in", tasks[:1], tmp_path / "cache.jsonl")
    assert (answer.rationale, answer.answer) == ("372 is under 420.", "Sleep more.")


def test_cut_and_refused_answers_do_not_pass_the_filter(served, tasks, study, tmp_path) -> None:
    refused = tasks[1].messages[-1]["content"]
    cut = completion("Reasoning:\n372", finish_reason="length")
    served.default = lambda received: completion(None, refusal="I can't.") if received.prompt == refused else cut
    told: list[str] = []
    answers = asked("openai", "stand-in", tasks[:2], tmp_path / "cache.jsonl", report=told.append)
    assert [answer.finish_reason for answer in answers] == ["length", "stop"]
    assert [(answer.rationale, answer.answer) for answer in answers] == [("", "")] * 2
    # The cut one went back once, the refusal did not.
    assert len(served.received) == 3
    assert "2 failed (1 refused, 0 without a reply). Sent back once: 1 truncated." in told[-1]
    kept, failures = filter_answers(answers, {task.task_id: task for task in tasks}, study.cards)
    assert kept == [] and set(failures) == {task.task_id for task in tasks[:2]}


def test_requests_are_capped_and_a_refused_key_is_said(served, tasks, tmp_path) -> None:
    with pytest.raises(TeacherError):
        asked("openai", "stand-in", tasks, tmp_path / "capped.jsonl", max_requests=1)
    assert len(served.received) == 1
    served.default = lambda _: error(401, code="invalid_api_key")
    with pytest.raises(TeacherError, match="key") as refused:
        asked("openai", "stand-in", tasks, tmp_path / "refused.jsonl")
    assert KEY not in str(refused.value)


def test_nothing_leaves_the_machine_without_consent(monkeypatch, tasks, tmp_path) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://teacher.example.org/v1")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(TeacherError, match="allow_remote|consent"):
        asked("openai", "stand-in", tasks, tmp_path / "cache.jsonl")


@pytest.fixture(scope="module")
def tiny_teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Qwen2 checkpoint with random weights, two layers, 32 wide."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    from sleepcot_utils.distill.tokenizer import save_tokenizer, train_tokenizer, vocabulary_texts
    from sleepcot_utils.knowledge import load_cards

    folder = tmp_path_factory.mktemp("models") / "tiny-teacher"
    tokenizer = train_tokenizer(vocabulary_texts(load_cards()), 700)
    save_tokenizer(tokenizer, folder)
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Qwen2ForCausalLM(
            Qwen2Config(
                vocab_size=len(tokenizer),
                num_key_value_heads=2,
                max_position_embeddings=8192,
                initializer_range=0.3,
                bos_token_id=None,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id,
                **sizes,
            )
        )
    model.save_pretrained(folder)
    return folder


def test_a_model_on_this_machine_answers_and_is_not_asked_twice(
    tiny_teacher: Path, tasks, study, tmp_path, monkeypatch
) -> None:
    from sleepcot_utils.teach import local

    # Few tokens: random weights say nothing worth waiting for.
    monkeypatch.setattr(local, "Sampling", lambda: Sampling(max_output_tokens=6))
    cache = tmp_path / "cache.jsonl"
    answers = asked("local", str(tiny_teacher), tasks, cache)
    assert [answer.task_id for answer in answers] == [task.task_id for task in tasks]
    # Six tokens can't hold an answer: each goes back once and fails again, and both attempts are counted.
    assert all(answer.source == SOURCE and 6 < answer.tokens <= 12 and not answer.answer for answer in answers)
    kept, _ = filter_answers(answers, {task.task_id: task for task in tasks}, study.cards)
    assert kept == [], "random weights pass no check"
    assert str(tiny_teacher.parent) not in cache.read_text(encoding="utf-8")
    monkeypatch.setattr(local.LocalTeacher, "_load", lambda self: pytest.fail("asked again"))
    again = asked("local", str(tiny_teacher), tasks, cache)
    assert [(a.task_id, a.answer) for a in again] == [(a.task_id, a.answer) for a in answers]
