"""Pretraining in miniature: what it leaves behind, and what its texts must not hold."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from sleepcot_utils.classify import pretrain as pretraining
from sleepcot_utils.classify.encoder import load_encoder
from sleepcot_utils.classify.notes import note_kinds
from sleepcot_utils.classify.pretraining_texts import LONG, SHORT, draw_pairs, pretraining_cases
from sleepcot_utils.classify.wording import numbers_in


@pytest.fixture(scope="module")
def people_of_pretraining():
    return pretraining_cases(6)


def test_people_are_nobody_of_a_run_and_no_test_note_is_told(people_of_pretraining) -> None:
    assert people_of_pretraining["person_id"].str.startswith("pretraining").all()
    told = " ".join(
        text for pair in draw_pairs(people_of_pretraining, 400, LONG, np.random.default_rng(1)) for text in pair
    )
    for kind in note_kinds().values():
        assert not [note for note in kind.test if f"note: {note}" in told]
        assert [note for note in kind.train if f"note: {note}" in told]


def test_short_texts_come_first_and_both_tell_the_same(people_of_pretraining) -> None:
    rng = np.random.default_rng(1)
    short, long = (draw_pairs(people_of_pretraining, 200, stage, rng) for stage in (SHORT, LONG))
    assert max(len(numbers_in(text)) for pair in short for text in pair) <= 3
    assert max(len(numbers_in(text)) for pair in long for text in pair) > 12
    twice = [pair for pair in short if all(numbers_in(text) for text in pair)]
    assert twice and all(numbers_in(first) == numbers_in(second) for first, second in twice)


def test_what_is_left_behind(tmp_path, monkeypatch, people_of_pretraining) -> None:
    monkeypatch.setattr(pretraining, "pretraining_cases", lambda persons: people_of_pretraining)
    for name, value in {"TOKENIZER_PAIRS": 60, "EXAM_PAIRS": 8, "BATCH": 4}.items():
        monkeypatch.setattr(pretraining, name, value)
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 16}
    pretraining.pretrain(tmp_path / "one", tmp_path / "work", 3, shape=shape)
    encoder = load_encoder(str(tmp_path / "one"), 1)
    assert encoder.tokenizer.tokenize("105") == ["1", "##0", "##5"] and encoder.model.config.hidden_size == 16
    log = json.loads((tmp_path / "one" / "pretraining.json").read_text(encoding="utf-8"))
    card = (tmp_path / "one" / "README.md").read_text(encoding="utf-8")
    assert log["pairs"] == 12 and log["persons"] == 4 and "--steps 3" in card
    assert set(log["exam"]) == {"level", "digit", "other"}
    pretraining.pretrain(tmp_path / "early", tmp_path / "work", 3, minutes=0.0, shape=shape)
    early = (tmp_path / "early" / "README.md").read_text(encoding="utf-8")
    assert "--steps 3`, stopped early after 1 of them" in early


def test_positions_start_as_waves() -> None:
    from transformers import BertConfig, BertForMaskedLM

    model = BertForMaskedLM(BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=1,
                                       intermediate_size=8, max_position_embeddings=16))  # fmt: skip
    pretraining.start_with_waves(model)
    table = model.bert.embeddings.position_embeddings.weight
    size = pretraining.FIRST_SPREAD * 2**0.5
    assert table[0].tolist() == pytest.approx([0, size] * 4)
    assert torch.isclose(table[3, 0], size * torch.sin(torch.tensor(3.0)))


def test_values_are_digits_and_levels() -> None:
    assert [pretraining.is_value(token) for token in ("##7", "3", "lowest", "steps", ",")] == [True] * 3 + [False] * 2
