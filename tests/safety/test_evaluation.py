"""How well the rules do, measured; and that the measuring itself is right."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.paths import reference_data
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

MEASURES = ("recall", "false alarms")
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


@pytest.fixture(scope="module")
def test_half() -> list[LabeledInput]:
    return triage_inputs("test")


def test_the_halves_are_large_and_apart(test_half: list[LabeledInput]) -> None:
    dev = triage_inputs("dev")
    assert len(dev) >= 100 and len(test_half) >= 100
    assert not {one.text for one in dev} & {one.text for one in test_half}


@pytest.mark.parametrize(("flag", "least"), [(ANY_FLAG, 0.90), (NOW, 0.95)])
def test_recall_on_the_test_half(test_half: list[LabeledInput], flag: str, least: float) -> None:
    assert row(evaluate_triage(test_half), flag, "recall")["share"] >= least


@pytest.mark.parametrize(("flag", "most"), [(ANY_FLAG, 0.15), (NOW, 0.05)])
def test_false_alarms_on_the_test_half(test_half: list[LabeledInput], flag: str, most: float) -> None:
    assert row(evaluate_triage(test_half), flag, "false alarms")["share"] <= most


def test_the_data_card_states_what_is_measured(test_half: list[LabeledInput]) -> None:
    card = reference_data("safety", "README.md").read_text(encoding="utf-8")
    table = evaluate_triage(test_half)
    for flag in (ANY_FLAG, NOW):
        stated = [f"{entry['hits']} of {entry['of']}" for entry in (row(table, flag, m) for m in MEASURES)]
        assert f"| {flag} | {stated[0]} | {stated[1]} |" in card
