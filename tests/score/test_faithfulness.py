"""Faithfulness of scripted students, each of which is faithful to one thing."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest

from sleepcot_utils.distill import generation
from sleepcot_utils.distill.student import load_student
from sleepcot_utils.distill.tokenizer import save_tokenizer, train_tokenizer, vocabulary_texts
from sleepcot_utils.errors import ArtifactError
from sleepcot_utils.knowledge import load_cards
from sleepcot_utils.score import student_ask
from sleepcot_utils.score.faithfulness import (
    ASKS,
    DECISIVE,
    FILLER,
    FOREIGN,
    HALF,
    IRRELEVANT,
    NO_REASONS,
    TIED,
    claim,
    faithfulness,
    faithfulness_summary,
    probes,
    right_claim,
)
from sleepcot_utils.score.measures import full_text
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, RECOMMEND
from sleepcot_utils.tasks.drivers import drivers
from sleepcot_utils.tasks.follow_up import follow_ups
from sleepcot_utils.tasks.reading import split_answer

SEED = 5


@pytest.fixture(scope="module")
def asked(held_out) -> list:
    recommend = [task for task in held_out if task.kind == RECOMMEND][:20]
    topics = ("deep", "rem", "awake", "regular", "weekend", "ill", "apnea")
    return recommend + [task for task in held_out if task.kind == FOLLOW_UP and task.topic in topics][:20]


@pytest.fixture(scope="module")
def pairs(asked, study):
    return probes(asked, study.report_of, np.random.default_rng(SEED))


@pytest.fixture(scope="module")
def table_of(asked, study, pairs):
    """Runs the experiments on a student that reads its conclusion off the report or off the rationale it goes on from."""
    keyed = {p.task.messages[-1]["content"]: p.task for p in pairs}
    keyed |= {p.changed.messages[-1]["content"]: p.changed for p in pairs}

    def says(task, conclusion: str) -> str:
        if task.kind == RECOMMEND:
            phrase = drivers()[conclusion].phrase if conclusion in drivers() else {"unexplained": "no clear driver"}.get(
                conclusion, conclusion
            )  # fmt: skip
            return f"Likely driver: {phrase}."
        return f"{follow_ups()[task.topic]['verdicts'][conclusion][0]}."

    def run(*, reads_report: bool, reads_rationale: bool):
        fixed: dict[tuple[str, str], str] = {}

        def ask(chats, begun):
            texts = []
            for chat, start in zip(chats, begun, strict=True):
                task = keyed[chat[-1]["content"]]
                conclusion = right_claim(task)
                if not reads_report:
                    conclusion = fixed.setdefault((task.kind, task.topic), conclusion)
                noted = re.search(r"so: (\w+)", start)
                if reads_rationale and start:
                    guess = "none" if task.kind == RECOMMEND else "cannot_say"
                    conclusion = noted[1] if noted else guess
                rationale = f"first step\nso: {conclusion}"
                texts.append(
                    f"{start} {says(task, conclusion)}" if start else full_text(rationale, says(task, conclusion))
                )
            return texts

        return faithfulness(ask, asked, study.report_of, np.random.default_rng(SEED))

    return run


def shares(table) -> dict[str, float]:
    found = faithfulness_summary(table)
    assert list(found["probe"]) == list(ASKS) and (found["n"] > 0).all()
    return dict(zip(found["probe"], found["share"], strict=True))


def test_one_number_is_changed_and_the_key_with_it(pairs, study) -> None:
    assert {probe.probe for probe in pairs} == {DECISIVE, IRRELEVANT} and len(pairs) > 40
    for probe in pairs:
        before, after = (one.messages[-1]["content"].splitlines() for one in (probe.task, probe.changed))
        differ = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
        label = study.report_of[probe.task.report_id].facts[probe.fact].label
        assert len(differ) == 1 and differ[0][0].startswith(label) and probe.fact not in TIED
        moved = right_claim(probe.task) != right_claim(probe.changed)
        assert moved == (probe.probe == DECISIVE)
        assert probe.task.task_id == probe.changed.task_id and before[-1] == after[-1]


def test_a_student_that_reads_report_and_rationale_is_faithful_to_both(table_of) -> None:
    found = shares(table_of(reads_report=True, reads_rationale=True))
    assert found[DECISIVE] == found[IRRELEVANT] == found[FOREIGN] == 1
    assert found[NO_REASONS] < 0.5 and found[FILLER] < 0.5 and found[HALF] < 0.5, "it needs its reasoning"


def test_a_student_whose_reasoning_is_for_show_is_found_out(table_of) -> None:
    found = shares(table_of(reads_report=True, reads_rationale=False))
    assert found[DECISIVE] == found[IRRELEVANT] == 1
    assert found[FOREIGN] == 0 and found[NO_REASONS] == found[HALF] == found[FILLER] == 1


def test_a_student_that_does_not_read_the_report_is_found_out(table_of) -> None:
    table = table_of(reads_report=False, reads_rationale=False)
    found = faithfulness_summary(table).set_index("probe")
    assert found.loc[DECISIVE, "share"] == 0 and found.loc[DECISIVE, "stayed"] == 1
    assert found.loc[IRRELEVANT, "share"] == 1, "who never moves stays where it should"
    assert 0 < table["right"].mean() < 1 and found.loc[DECISIVE, "n"] < (table["probe"] == DECISIVE).sum()
    assert found.loc[FOREIGN, "n"] == 0 and np.isnan(found.loc[FOREIGN, "share"])


def test_the_teachers_conclusions_are_read(asked, study) -> None:
    for task in asked:
        assert claim(task, full_text(*study.answers[task.task_id])) == right_claim(task)


def test_what_does_not_fit_is_named(asked, study, held_out) -> None:
    knowledge = [task for task in held_out if task.kind == KNOWLEDGE][:2]
    assert probes(knowledge, {}, np.random.default_rng(1)) == []
    with pytest.raises(ArtifactError, match=f"{asked[0].report_id}.*is missing"):
        probes(asked, {}, np.random.default_rng(1))
    other = {asked[0].report_id: study.report_of[asked[5].report_id]}
    with pytest.raises(ArtifactError, match="does not print the report"):
        probes(asked[:1], other, np.random.default_rng(1))
    with pytest.raises(ArtifactError, match="1 texts to"):
        faithfulness(lambda chats, begun: ["x"], asked[:8], study.report_of, np.random.default_rng(1))


class Counting:
    """A tokenizer and model whose greedy text is known: each token is the next letter of the alphabet."""

    eos_token_id = 0

    def apply_chat_template(self, chat, tokenize, add_generation_prompt):
        assert not tokenize and add_generation_prompt
        return f"{chat[-1]['content']}|"

    def __call__(self, text, add_special_tokens):
        assert not add_special_tokens
        return {"input_ids": [ord(letter) for letter in text]}

    def decode(self, tokens, skip_special_tokens):
        return "".join(chr(token) for token in tokens)


def test_a_student_goes_on_from_the_words_put_in_its_mouth(monkeypatch) -> None:
    batches = []

    def count_up(model, prompts, families, *, end, max_new_tokens):
        batches.append([len(prompt) for prompt in prompts])
        assert len(set(families)) == len(prompts), "no beginning is taken to be shared"
        following = [[prompt[-1] + step for step in range(1, max_new_tokens + 1)] for prompt in prompts]
        return [
            [*row[:1], end] if prompt[-1] == ord("x") else row for prompt, row in zip(prompts, following, strict=True)
        ]

    monkeypatch.setattr(student_ask, "continued", count_up)
    student = SimpleNamespace(tokenizer=Counting(), model=SimpleNamespace(eval=lambda: None))
    ask = student_ask.student_asker(student, max_new_tokens=3, batch_size=2)
    chats = [[{"role": "user", "content": text}] for text in ("a long question", "b", "cc")]
    assert ask(chats, ["so a", "x", ""]) == ["so abcd", "xy", "}~\x7f"]
    assert batches == [[3, 3], [20]], "in batches of like length, and given back in order"


def test_the_asker_of_a_trained_student_is_the_one_that_answers(held_out, tmp_path) -> None:
    """The same model, asked as in the study and as here, says the same."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    tokenizer = train_tokenizer(vocabulary_texts(load_cards()), 700)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2,
                 "num_key_value_heads": 2, "max_position_embeddings": 2048, "initializer_range": 0.3}  # fmt: skip
        ends = {"bos_token_id": None, "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
        model = Qwen2ForCausalLM(Qwen2Config(vocab_size=len(tokenizer), **sizes, **ends))
    model.save_pretrained(tmp_path)
    save_tokenizer(tokenizer, tmp_path)
    student = load_student(str(tmp_path), device="cpu")
    tasks = [task for task in held_out if task.kind == RECOMMEND][:3]
    texts = student_ask.student_asker(student, max_new_tokens=12)([task.messages for task in tasks], [""] * 3)
    answers = generation.ask(student, tasks, source="tiny", seed=0, max_new_tokens=12)
    assert [split_answer(text) for text in texts] == [(answer.rationale, answer.answer) for answer in answers]
    assert len(set(texts)) > 1
