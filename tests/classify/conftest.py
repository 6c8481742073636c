"""A week of two people by hand, random cases, and a tiny BERT on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.classify.cases import DAYS_BEFORE
from sleepcot_utils.classify.measures import ago, measures
from tests.one_thread import one_thread  # noqa: F401 - a fixture is found by its name here


@pytest.fixture
def week() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Eight nights and days of two people; night and day number n hold values with n in them."""
    dates = pd.date_range("2026-03-02", periods=8)
    nights, days = [], []
    for person in ("a", "b"):
        for number, date in enumerate(dates):
            night = {"person_id": person, "night_date": date, "sleep_kind": "main"}
            night |= {name: 50.0 + number for name, measure in measures().items() if measure.table == "night"}
            nights.append(night | {"total_sleep_min": 400.0 + number})
            day = {"person_id": person, "date": date}
            days.append(day | {name: 100.0 + number for name, m in measures().items() if m.table == "day"})
    return pd.DataFrame(nights), pd.DataFrame(days)


@pytest.fixture
def cases() -> pd.DataFrame:
    """Random cases of twenty people, eight each, with every column that a case may have and no note."""
    rng = np.random.default_rng(5)
    rows = 160
    table = {
        "case_id": [f"case{row}" for row in range(rows)],
        "person_id": np.repeat([f"p{n:02d}" for n in range(20)], 8),
    }
    for name, measure in measures().items():
        low, high = measure.levels[0] * 0.8, measure.levels[-1] * 1.2
        for number in range(DAYS_BEFORE + 1 if measure.history else 1):
            table[ago(name, number)] = measure.rounded(rng.uniform(low, high, rows))
    return pd.DataFrame(table).assign(note="", note_kind="")


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a BERT with random weights: one layer, 32 wide."""
    import torch
    from transformers import BertConfig, BertForMaskedLM

    from sleepcot_utils.classify.tokenizer import train_tokenizer

    folder = tmp_path_factory.mktemp("models") / "tiny_bert"
    words = [f"{measure.label} {measure.short} {measure.unit}" for measure in measures().values()]
    tokenizer = train_tokenizer([*words * 3, "lowest low middle high highest, note: fever - 5.0 12"] * 2, 200)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
            max_position_embeddings=256, initializer_range=0.2,
        )  # fmt: skip
        BertForMaskedLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
