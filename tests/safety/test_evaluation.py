"""How well the rules do, measured; and that the measuring itself is right."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.safety import evaluation
from sleepcot_utils.safety.evaluation import (
    ANY_FLAG,
    NOW,
    TRIAGE_COLUMNS,
    LabeledInput,
    evaluate_answer_checks,
    evaluate_triage,
    triage_inputs,
    urgency_confusion,
)
from sleepcot_utils.safety.triage import Triage

INPUTS = [
    LabeledInput("a", "now", ("chest_pain",), "dev"),
    LabeledInput("b", "now", ("chest_pain", "child"), "dev"),
    LabeledInput("c", "soon", ("child",), "dev"),
    LabeledInput("d", "none", (), "dev"),
    LabeledInput("e", "none", (), "dev"),
]
#: What a scripted triage answers to them: one flag missed, one wrong, one false alarm.
ANSWERS = {
    "a": Triage("now", ("chest_pain",)),
    "b": Triage("soon", ("child",)),
    "c": Triage("soon", ("pregnancy",)),
    "d": Triage("soon", ("child",)),
    "e": Triage(),
}


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "triage", ANSWERS.__getitem__)


def row(table: pd.DataFrame, flag: str, measure: str) -> pd.Series:
    (found,) = [entry for _, entry in table.iterrows() if (entry["flag"], entry["measure"]) == (flag, measure)]
    return found


@pytest.mark.parametrize(
    ("flag", "measure", "hits", "of"),
    [
        (ANY_FLAG, "recall", 3, 3),
        (ANY_FLAG, "false alarms", 1, 2),
        (NOW, "recall", 1, 2),
        (NOW, "false alarms", 0, 3),
        ("chest_pain", "recall", 1, 2),
        ("chest_pain", "false alarms", 0, 3),
        ("child", "recall", 1, 2),
        ("child", "false alarms", 1, 3),
        ("pregnancy", "recall", 0, 0),
        ("pregnancy", "false alarms", 1, 5),
    ],
)
def test_hits_are_counted_by_flag(scripted: None, flag: str, measure: str, hits: int, of: int) -> None:
    found = row(evaluate_triage(INPUTS), flag, measure)
    assert (found["hits"], found["of"]) == (hits, of)
    assert found["low"] <= (hits / of if of else 0.5) <= found["high"]


def test_intervals_are_wilsons(scripted: None) -> None:
    found = row(evaluate_triage(INPUTS), "child", "false alarms")
    # (p + z^2 / 2n +- z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n) for p = 1/3, n = 3
    assert (found["low"], found["high"]) == pytest.approx((0.0615, 0.7923), abs=1e-4)


def test_confusion_counts_each_input_once(scripted: None) -> None:
    table = urgency_confusion(INPUTS)
    assert table.to_numpy().tolist() == [[1, 1, 0], [0, 1, 0], [0, 1, 1]]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{text: a, urgency: none, flags: []}", "'split' is missing"),
        ("{text: a, urgency: late, flags: [], split: dev}", "is unknown"),
        ("{text: a, urgency: none, flags: [hunger], split: dev}", "is unknown"),
    ],
)
def test_a_wrong_input_is_named(tmp_path: Path, entry: str, problem: str) -> None:
    path = tmp_path / "inputs.yaml"
    path.write_text(f"inputs:\n  - {{text: a, urgency: none, flags: [], split: dev}}\n  - {entry}\n", encoding="utf-8")
    with pytest.raises(InputError, match=problem) as error:
        triage_inputs("dev", path)
    assert "input 2" in str(error.value)


def test_an_unknown_half_is_refused() -> None:
    with pytest.raises(InputError, match="no half 'train'"):
        triage_inputs("train")


def test_the_checks_of_answers_notice_what_they_should() -> None:
    table = evaluate_answer_checks()
    assert tuple(table.columns) == TRIAGE_COLUMNS
    assert row(table, "any check", "recall")["share"] >= 0.95
    assert row(table, "any check", "false alarms")["share"] <= 0.05
