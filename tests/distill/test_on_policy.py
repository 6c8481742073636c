"""On-policy distillation: the divergence by hand, the student's own words, and a student that comes to its teacher."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from sleepcot_utils.distill.encoding import encode_conversation, pad_batch, render
from sleepcot_utils.distill.on_policy import generalized_divergence, prompts_of, said_rows, token_teacher
from sleepcot_utils.distill.packing import Row, pack
from sleepcot_utils.distill.student import Student
from sleepcot_utils.distill.training import Recipe, train
from sleepcot_utils.errors import ParameterError

HALF = (0.5, 0.5)
SURE = (0.8, 0.2)
#: Student SURE, teacher HALF; natural logarithms by hand. Forward: .5 ln(.5/.8) + .5 ln(.5/.2). Reverse: .8 ln(.8/.5) +
#: .2 ln(.2/.5). With beta .25 the mixture is (.725, .275).
FORWARD, REVERSE = 0.223144, 0.192745
MIXED = 0.25 * 0.1131366 + 0.75 * 0.0150613
RECIPE = Recipe(max_steps=8, batch_size=2, learning_rate=0.01, eval_every_steps=4, patience=9, seed=3)
QUESTIONS = ("Do naps count?", "Is caffeine late?", "Why am I tired?")


@pytest.mark.parametrize(("beta", "expected"), [(0.0, FORWARD), (1.0, REVERSE), (0.25, MIXED)])
def test_the_divergence_is_that_by_hand(beta: float, expected: float) -> None:
    found = generalized_divergence(torch.tensor([SURE, HALF]).log(), torch.tensor([HALF, HALF]).log(), beta)
    torch.testing.assert_close(found, torch.tensor([expected, 0.0]), rtol=0, atol=2e-6)


def test_logits_beyond_the_smaller_vocabulary_are_cut() -> None:
    padded = torch.cat([torch.tensor([HALF]).log(), torch.full((1, 3), 9.0)], dim=1)
    for beta, expected in ((0.0, FORWARD), (1.0, REVERSE)):
        found = generalized_divergence(torch.tensor([SURE]).log(), padded, beta)
        assert found.item() == pytest.approx(expected, abs=2e-6)


def rows(tokenizer, answer: str = "Yes, keep naps short.") -> list[Row]:
    """Two rows: one of two questions with a common beginning, one of a single question."""
    talks = [[{"role": "user", "content": q}, {"role": "assistant", "content": answer}] for q in QUESTIONS]
    encoded = [encode_conversation(tokenizer, talk, 200) for talk in talks]
    return [pack([encoded[:2]]), pack([encoded[2:]])]


def teacher_of(student: Student, tiny, *, beta: float = 0.5, shift: float = 0.2):
    """Another model with the same tokenizer: the tiny one with other weights in its last norm and embeddings."""
    other = tiny()
    with torch.no_grad():
        for parameter in other.model.parameters():
            parameter.add_(shift * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(5)))
    return token_teacher(student, Student("larger", other.model, other.tokenizer), beta=beta, max_new_tokens=6)


def test_prompts_are_read_back_from_a_row(tiny) -> None:
    tokenizer = tiny().tokenizer
    texts = [render(tokenizer, [{"role": "user", "content": q}], add_generation_prompt=True) for q in QUESTIONS]
    expected = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    assert [prompt for row in rows(tokenizer) for prompt in prompts_of(row)] == expected


def test_the_student_learns_from_its_own_words(tiny) -> None:
    student = tiny()
    teacher = teacher_of(student, tiny)
    torch.manual_seed(0)
    said = said_rows(student.model, rows(student.tokenizer), teacher)
    assert [prompts_of(row) for row in said] == [prompts_of(row) for row in rows(student.tokenizer)]
    assert all(0 < len(row.targets) <= 6 * len(prompts_of(row)) for row in said)
    assert [row.targets for row in said] != [row.targets for row in rows(student.tokenizer)]
    student.model.get_output_embeddings().weight.data[student.tokenizer.eos_token_id] = 0
    student.model.get_output_embeddings().weight.data[7] *= 30  # hardly anything but token 7, or its opposite
    torch.manual_seed(0)
    again = said_rows(student.model, rows(student.tokenizer), teacher)
    assert [row.targets for row in again] != [row.targets for row in said], "another student says other words"


@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
def test_the_loss_of_a_packed_row_is_that_of_its_conversations_one_by_one(tiny, tmp_path: Path, beta: float) -> None:
    """The first logged loss of held-out rows, against logits of padded conversations without any packing."""
    student = tiny()
    teacher = teacher_of(student, tiny, beta=beta)
    held = rows(student.tokenizer)
    talks = [
        [{"role": "user", "content": q}, {"role": "assistant", "content": "Yes, keep naps short."}] for q in QUESTIONS
    ]
    losses: dict[int, list[torch.Tensor]] = {0: [], 1: []}
    for number, talk in enumerate(talks):
        batch = pad_batch([encode_conversation(student.tokenizer, talk, 200)], 0)
        places = (batch["labels"][0] != -100).nonzero()[:, 0] - 1
        with torch.no_grad():
            p = student.model.eval()(batch["input_ids"]).logits[0, places].softmax(-1).double()
            q = teacher.model(batch["input_ids"]).logits[0, places].softmax(-1).double()
        mix = beta * q + (1 - beta) * p
        forward, reverse = (q * (q / p).log()).sum(-1), (p * (p / q).log()).sum(-1)
        between = beta * (q * (q / mix).log()).sum(-1) + (1 - beta) * (p * (p / mix).log()).sum(-1)
        losses[number // 2].append({0.0: forward, 1.0: reverse}.get(beta, between))
    expected = sum(float(torch.cat(of_row).mean()) for of_row in losses.values()) / 2
    still = dataclasses.replace(RECIPE, max_steps=1, eval_every_steps=1, learning_rate=1e-12)
    log = train(student, held, held, still, tmp_path, teacher=teacher).log
    assert log.loc[log["split"] == "validation", "loss"].item() == pytest.approx(expected, rel=1e-4)


def test_a_student_comes_to_its_teacher_and_one_seed_gives_one_training(tiny, tmp_path: Path) -> None:
    logs = []
    for name in ("a", "b"):
        student = tiny()
        set_ = rows(student.tokenizer)
        teacher = teacher_of(student, tiny, shift=0.1)
        before = {key: value.clone() for key, value in teacher.model.state_dict().items()}
        recipe = dataclasses.replace(RECIPE, max_steps=60)
        logs.append(train(student, set_, set_, recipe, tmp_path / name, teacher=teacher).log)
        assert all(value.equal(before[key]) for key, value in teacher.model.state_dict().items()), "a teacher stays"
    held_out = logs[0].loc[logs[0]["split"] == "validation", "loss"]
    assert held_out.iloc[-1] < 0.9 * held_out.iloc[0]
    assert logs[0].equals(logs[1])


def test_a_killed_on_policy_training_ends_as_if_nothing_had_happened(tiny, tmp_path: Path, monkeypatch) -> None:
    import transformers

    def run(name: str):
        student = tiny()
        set_ = rows(student.tokenizer)
        train(student, set_, set_, RECIPE, tmp_path / name, teacher=teacher_of(student, tiny))
        return student.model.state_dict()

    whole = run("whole")

    def interrupt(self, args, state, control, **_):
        if state.global_step == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(transformers.EarlyStoppingCallback, "on_save", interrupt, raising=False)
        run("killed")
    for name, value in run("killed").items():
        assert value.equal(whole[name]), name


def test_another_tokenizer_is_refused(tiny) -> None:
    student, teacher = tiny(), tiny()
    teacher.tokenizer.add_tokens(["circadian"])
    with pytest.raises(ParameterError, match=r"token_teacher: .* has another tokenizer"):
        token_teacher(student, teacher, beta=0.5, max_new_tokens=4)
