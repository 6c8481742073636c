"""Asking a student: batches change nothing, order stays, cut answers say so."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

from sleepcot_utils.distill import generation
from sleepcot_utils.distill.decoding import continued
from sleepcot_utils.distill.encoding import render
from sleepcot_utils.distill.generation import ask
from sleepcot_utils.distill.student import load_student
from sleepcot_utils.errors import ParameterError
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, RECOMMEND


@pytest.fixture(scope="module")
def tasks(study):
    """A few tasks of every kind, kinds mixed."""
    chosen = {kind: [t for t in study.tasks if t.kind == kind][:2] for kind in (RECOMMEND, KNOWLEDGE, FOLLOW_UP)}
    return [task for group in zip(*chosen.values(), strict=True) for task in group]


def told(answers):
    return [(a.task_id, a.rationale, a.answer, a.finish_reason, a.tokens) for a in answers]


def test_batches_answer_as_one_by_one_and_in_order(tiny, tasks) -> None:
    student = tiny()
    batched = ask(student, tasks, source="cot", seed=2, max_new_tokens=10)
    alone = [ask(student, [task], source="cot", seed=2, max_new_tokens=10)[0] for task in tasks]
    assert told(batched) == told(alone)
    assert told(ask(student, tasks, source="cot", seed=2, max_new_tokens=10, batch_size=2)) == told(alone)
    assert [answer.task_id for answer in batched] == [task.task_id for task in tasks]
    assert {(answer.source, answer.seed) for answer in batched} == {("cot", 2)}
    assert len({answer.answer for answer in batched}) > 1, "equal answers to all would show nothing"


def test_answers_are_the_most_likely_tokens(tiny, tasks) -> None:
    """Token by token, without generate, cache, padding or batches."""
    import torch

    student = tiny()
    task = tasks[1]
    prompt = render(student.tokenizer, task.messages, add_generation_prompt=True)
    ids = student.tokenizer(prompt, add_special_tokens=False)["input_ids"]
    begin = len(ids)
    with torch.no_grad():
        for _ in range(8):
            ids.append(int(student.model.eval()(torch.tensor([ids])).logits[0, -1].argmax()))
    (answer,) = ask(student, [task], source="cot", seed=0, max_new_tokens=8)
    assert answer.answer == student.tokenizer.decode(ids[begin:], skip_special_tokens=True).strip()


def encode(student, tasks):
    prompts = [render(student.tokenizer, task.messages, add_generation_prompt=True) for task in tasks]
    return [student.tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]


@pytest.fixture(scope="module")
def about_reports(study):
    """Questions about three reports, several to each."""
    reports = list(dict.fromkeys(t.report_id for t in study.tasks if t.kind == FOLLOW_UP))[:3]
    return [t for t in study.tasks if t.kind == FOLLOW_UP and t.report_id in reports]


def test_what_is_said_equals_what_the_library_generates(tiny, about_reports) -> None:
    """Shared beginnings, room in the cache and rows that leave the batch change no token."""
    import torch

    student = tiny()
    prompts = encode(student, about_reports)
    end = student.tokenizer.eos_token_id
    new = 80  # more than the cache has room for at once
    with torch.no_grad():
        expected = [
            student.model.eval().generate(
                torch.tensor([p]), max_new_tokens=new, do_sample=False, eos_token_id=end, pad_token_id=0
            )[0, len(p) :].tolist()
            for p in prompts
        ]  # fmt: skip
    families = [task.report_id for task in about_reports]
    assert len(set(families)) == 3 < len(families)
    assert continued(student.model, prompts, families, end=end, max_new_tokens=new) == expected
    assert continued(student.model, prompts, list(range(len(prompts))), end=end, max_new_tokens=new) == expected
    # A word that ends some continuations early takes their rows out of the batch and leaves the others as they were.
    early = expected[0][7]
    cut = [row[: row.index(early) + 1] if early in row else row for row in expected]
    assert len({len(row) for row in cut}) > 1
    assert continued(student.model, prompts, families, end=early, max_new_tokens=new) == cut


def test_a_report_is_read_once_for_all_questions_about_it(tiny, about_reports, monkeypatch) -> None:
    student = tiny()
    prompts = encode(student, about_reports)
    read = 0
    forward = student.model.forward

    def counted(**inputs):
        nonlocal read
        read += inputs["input_ids"].numel()
        return forward(**inputs)

    monkeypatch.setattr(student.model, "forward", counted)
    end = student.tokenizer.eos_token_id
    continued(student.model, prompts, [task.report_id for task in about_reports], end=end, max_new_tokens=1)
    assert read < 0.75 * sum(map(len, prompts))


def test_drawn_tokens_come_with_their_probabilities(tiny, about_reports) -> None:
    import torch

    student = tiny()
    (prompt,) = encode(student, about_reports[:1])
    with torch.no_grad():
        wanted = student.model.eval()(torch.tensor([prompt])).logits[0, -1].softmax(-1)
    torch.manual_seed(1)
    drawn = continued(
        student.model, [prompt] * 4000, [0] * 4000, end=student.tokenizer.eos_token_id, max_new_tokens=1, sample=True
    )
    best = int(wanted.argmax())
    share = sum(row == [best] for row in drawn) / 4000
    p = float(wanted[best])
    assert abs(share - p) < 4 * (p * (1 - p) / 4000) ** 0.5 + 1e-9
    assert len({row[0] for row in drawn}) > 5


def test_layers_that_look_back_over_a_window_answer_rightly(tiny, tmp_path, about_reports) -> None:
    import torch

    student = tiny()
    student.model.config.update(
        {"use_sliding_window": True, "sliding_window": 16, "layer_types": ["sliding_attention"] * 2}
    )
    student.model.save_pretrained(tmp_path)
    student.tokenizer.save_pretrained(tmp_path)
    windowed = load_student(str(tmp_path), device="cpu")
    prompts = encode(windowed, about_reports[:2])
    end = windowed.tokenizer.eos_token_id
    with torch.no_grad():
        expected = [
            windowed.model.eval().generate(
                torch.tensor([p]), max_new_tokens=12, do_sample=False, eos_token_id=end, pad_token_id=0
            )[0, len(p) :].tolist()
            for p in prompts
        ]  # fmt: skip
    whole = tiny().model
    assert continued(whole, prompts, [0, 0], end=end, max_new_tokens=12) != expected, "the window matters"
    assert continued(windowed.model, prompts, [0, 0], end=end, max_new_tokens=12) == expected


def test_a_cut_answer_says_so_and_an_ended_one_does_not(tiny, tasks, monkeypatch) -> None:
    student = tiny()
    rows = ["Reasoning:\n372 under 420\nAnswer:\nSleep more.<|im_end|>", "Reasoning:\n372 under 420"]
    said = [student.tokenizer(row, add_special_tokens=False)["input_ids"] for row in rows]
    monkeypatch.setattr(generation, "continued", lambda *_, **__: said)
    # Two knowledge tasks with prompts of one length keep their order within the batch.
    ended, cut = ask(student, [tasks[1], tasks[1]], source="cot", seed=0, max_new_tokens=len(said[1]))
    assert (ended.finish_reason, ended.rationale, ended.answer) == ("stop", "372 under 420", "Sleep more.")
    assert ended.tokens == len(said[0]) - 1
    assert (cut.finish_reason, cut.tokens) == ("length", len(said[1]))


def test_an_engine_that_is_not_there_is_named(tiny, tasks, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ParameterError, match="engine: vLLM is not installed"):
        ask(tiny(), tasks, source="cot", seed=0, max_new_tokens=4, engine="vllm")
    with pytest.raises(ParameterError, match="'onnx' is no engine"):
        ask(tiny(), tasks, source="cot", seed=0, max_new_tokens=4, engine="onnx")


def test_vllm_is_asked_greedily_and_read_like_the_other_engine(tiny, tasks, monkeypatch) -> None:
    """A stand-in with vLLM's interface, which answers with what transformers say to the tokens that it is given."""
    student = tiny()
    end = student.tokenizer.eos_token_id
    module, seen = ModuleType("vllm"), {}

    class Model:
        def __init__(self, model: str, **options) -> None:
            self.loaded = load_student(model, device="cpu").model.eval()

        def generate(self, prompts, rules):
            seen.update(rules.__dict__)
            ids = [prompt["prompt_token_ids"] for prompt in prompts]
            said = continued(self.loaded, ids, range(len(ids)), end=end, max_new_tokens=rules.max_tokens)
            return [SimpleNamespace(outputs=[SimpleNamespace(token_ids=tuple(tokens))]) for tokens in said]

    module.SamplingParams, module.LLM = SimpleNamespace, Model
    module.__spec__ = SimpleNamespace(name="vllm")
    monkeypatch.setitem(sys.modules, "vllm", module)
    found = ask(student, tasks, source="cot", seed=2, max_new_tokens=10, engine="vllm")
    assert told(found) == told(ask(student, tasks, source="cot", seed=2, max_new_tokens=10))
    assert seen == {"temperature": 0.0, "max_tokens": 10, "stop_token_ids": [end]}
