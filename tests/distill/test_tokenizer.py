"""Tokens: what is saved is what every loader reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from sleepcot_utils.distill.student import EMBEDDED, load_student
from sleepcot_utils.distill.tokenizer import TURN_END, report_phrases, train_tokenizer, vocabulary_texts
from sleepcot_utils.knowledge import load_cards
from sleepcot_utils.paths import reference_data
from sleepcot_utils.report.reports import report_text
from sleepcot_utils.tasks.follow_up import follow_ups

TALK = [
    {"role": "system", "content": "You are a sleep coach."},
    {"role": "user", "content": "time asleep: 372 min (norm 420 to 540)\nWhy?"},
    {"role": "assistant", "content": "Reasoning:\n372 under 420: watch\nAnswer:\nIt's short: 372 min, 11 % less."},
]


@pytest.fixture(scope="module")
def fresh():
    return train_tokenizer(vocabulary_texts(load_cards()), 700)


@pytest.fixture(scope="module")
def loaded(tiny_folder: Path):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny_folder)


def texts(study) -> list[str]:
    odd = [
        "  two  spaces\n\n\ntabs\t.",
        "caf\u00e9 cafe\u0301 \u201cquoted\u201d \u4e2d",
        "don't can't I'LL",
        "1,234.5%",
    ]
    answers = [text for pair in list(study.answers.values())[:60] for text in pair]
    return [*odd, *answers, *(report_text(report) for report in study.reports[:10])]


def test_ids_before_saving_are_those_after_loading(fresh, loaded, study) -> None:
    for text in texts(study):
        assert fresh(text)["input_ids"] == loaded(text)["input_ids"], text


def test_special_tokens_and_template_survive_saving(fresh, loaded) -> None:
    assert (loaded.eos_token, loaded.pad_token) == (fresh.eos_token, fresh.pad_token) == (TURN_END, "<|endoftext|>")
    assert loaded.chat_template == fresh.chat_template
    rendered = fresh.apply_chat_template(TALK, tokenize=False)
    assert rendered == loaded.apply_chat_template(TALK, tokenize=False)
    assert rendered.startswith("<|im_start|>system\nYou are a sleep coach.<|im_end|>\n<|im_start|>user\n")
    # A turn's mark is one token, so that the end of an answer is one decision.
    ids = loaded(rendered, add_special_tokens=False)["input_ids"]
    assert ids.count(loaded.eos_token_id) == len(TALK)


def test_a_conversation_comes_back_as_it_went_in(loaded) -> None:
    rendered = loaded.apply_chat_template(TALK, tokenize=False)
    assert loaded.decode(loaded(rendered, add_special_tokens=False)["input_ids"]) == rendered
    asked = loaded.apply_chat_template(TALK[:2], tokenize=False, add_generation_prompt=True)
    assert rendered.startswith(asked) and asked.endswith("<|im_start|>assistant\n")


def test_phrases_of_a_report_are_one_token_each_but_not_inside_of_words(loaded) -> None:
    for phrase in report_phrases():
        assert len(loaded(phrase)["input_ids"]) == 1, phrase
    bedrooms = [loaded.decode([token]) for token in loaded("time in bedrooms")["input_ids"]]
    assert "time in bed" not in bedrooms and "".join(bedrooms) == "time in bedrooms"


@pytest.mark.parametrize("number", ["372", "1075", "88.5"])
def test_each_digit_is_one_token(loaded, number: str) -> None:
    pieces = [loaded.decode([token]) for token in loaded(number)["input_ids"]]
    assert pieces == list(number)


def test_vocabulary_holds_no_held_out_question() -> None:
    seen = set(vocabulary_texts(load_cards()))
    held_out = {q for kind in follow_ups().values() for split in ("validation", "test") for q in kind[split]}
    held_out |= {q for card in load_cards() for split in ("validation", "test") for q in card.phrasings.of(split)}
    assert held_out and not held_out & seen
    assert {q for kind in follow_ups().values() for q in kind["train"]} <= seen


@pytest.fixture(scope="module")
def embedded():
    if not reference_data("embedded_student", "config.json").is_file():
        pytest.skip("data/embedded_student is not in this checkout")
    return load_student(EMBEDDED, device="cpu")


def test_the_shipped_base_loads_everywhere_as_qwen2_with_a_tied_output(embedded) -> None:
    model = embedded.model
    assert type(model).__name__ == "Qwen2ForCausalLM"
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
    assert model.config.vocab_size == len(embedded.tokenizer)
    assert model.config.eos_token_id == embedded.tokenizer.eos_token_id
    assert all(bool(parameter.isfinite().all()) for parameter in model.parameters())


def test_the_shipped_tokenizer_reads_reports_without_loss(embedded, study) -> None:
    for report in study.reports[:20]:
        text = report_text(report)
        ids = embedded.tokenizer(text, add_special_tokens=False)["input_ids"]
        assert embedded.tokenizer.decode(ids) == text
        assert len(ids) < len(text) / 2, "words of a report are in the vocabulary"


def test_the_shipped_base_has_learned_to_read(embedded, study) -> None:
    """It reads most single fields of reports that it never met exactly."""
    import numpy as np

    from sleepcot_utils.distill.exams import exam, examine

    asked = [
        (skill, talk) for skill, talk in exam(study.reports[:20], np.random.default_rng(0), 10) if skill == "read_field"
    ]
    assert examine(embedded.model, embedded.tokenizer, asked)["right"].item() >= 0.8
