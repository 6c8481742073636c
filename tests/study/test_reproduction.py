"""A run beside the reference run: planted differences are named, what the tolerances allow is not."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sleepcot_utils.errors import ArtifactError, ParameterError
from sleepcot_utils.study.cli import main
from sleepcot_utils.study.reproduction import compare_runs, load_tolerances
from sleepcot_utils.study.reproduction.tolerances import CopyRule, NumberRule, Tolerances

SIMULATE, COMPARE = "01_simulate_wearable_nights", "04_compare_student_and_baselines"
STUDENT = "03_distill_the_student__cot-s1"
PRINTED = "**1,000 people slept 354.5 min; 45% of nights.**"


def record(name: str, run: str, **metrics: Any) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "run": run,
        "profile": "laptop",
        "notebook": name.partition("__")[0],
        "parameters": {"run": run, "seed": 4, "persons": 1000},
        "seed": 4,
        "commit": "abc",
        "dirty": False,
        "device": "cpu",
        "versions": {"python": "3.11.7"},
        "inputs": {},
        "outputs": {f"data/runs/{run}/people.parquet": "sha256:1"},
        "metrics": metrics,
        "wall_time_s": 12.0,
    }


def copy_of(printed: str, run: str) -> dict[str, Any]:
    said = {"output_type": "display_data", "data": {"text/markdown": [printed], "text/plain": ["<Markdown>"]}}
    versions = {"output_type": "stream", "name": "stdout", "text": ["run laptop; python 3.11.7"]}
    finished = {"output_type": "stream", "name": "stdout", "text": [f"ab12 data/runs/{run}/people.parquet"]}
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Is it the same?"]},
        {"cell_type": "code", "metadata": {}, "source": ["print(session.versions())"], "outputs": [versions]},
        {"cell_type": "code", "metadata": {}, "source": ["say(people)  # a comment"], "outputs": [said]},
        {"cell_type": "code", "metadata": {}, "source": ["session.finish(metrics)"], "outputs": [finished]},
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def write_run(root: Path, run: str) -> None:
    notebooks = root / "papermill_runs" / run
    notebooks.mkdir(parents=True)
    metrics = {
        SIMULATE: {"nights": 26459, "gap_pct": 3.75, "auc": None},
        STUDENT: {"validation_loss": 0.1, "tokens": 1000, "tokens_per_s": {"whole": 200.0}},
        COMPARE: {"differences": {"verdict_right: cot - answer_only": 0.11}, "sources": 12},
    }
    for name, values in metrics.items():
        (notebooks / f"{name}_result.json").write_text(json.dumps(record(name, run, **values)))
        (notebooks / f"{name}.ipynb").write_text(json.dumps(copy_of(PRINTED, run)))
    row = {"role": "primary", "metric": "verdict_right", "a": "cot", "b": "answer_only", "difference": 0.11}
    with open(notebooks / "comparison.csv", "w", newline="") as stream:
        writer = csv.DictWriter(stream, [*row, "p", "n_persons", "claim"])
        writer.writeheader()
        writer.writerow({**row, "p": 0.01, "n_persons": 50, "claim": "a better"})
    mean = {"metric": "verdict_right", "source": "cot", "mean": 0.48, "low": 0.4, "high": 0.5}
    mean |= {"n_persons": 50, "n_tasks": 529, "n_seeds": 1}
    (notebooks / "comparison.json").write_text(json.dumps({"summary": [mean]}))


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two equal runs, ``reference`` and ``again``; the folder of the second."""
    monkeypatch.setenv("SLEEPCOT_ROOT", str(tmp_path))
    for run in ("reference", "again"):
        write_run(tmp_path, run)
    return tmp_path / "papermill_runs" / "again"


def change(path: Path, edit: Callable[[Any], None]) -> None:
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def set_metric(runs: Path, name: str, **metrics: Any) -> None:
    change(runs / f"{name}_result.json", lambda record: record["metrics"].update(metrics))


def said(runs: Path, name: str, printed: str) -> None:
    change(
        runs / f"{name}.ipynb", lambda copy: copy["cells"][2]["outputs"][0]["data"].update({"text/markdown": printed})
    )


def bad(table: pd.DataFrame) -> list[tuple[str, str, str]]:
    rows = table[table["status"].isin(["outside", "other", "missing"])]
    return list(rows[["file", "name", "status"]].itertuples(index=False, name=None))


def test_two_equal_runs_are_equal_to_the_last_digit(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--run", "again", "--exact"]) == 0
    out = capsys.readouterr().out
    assert "No difference beyond the tolerances." in out
    table = pd.read_csv(runs / "differences.csv")
    assert set(table["status"]) == {"equal"}
    assert {"metric", "result", "code", "output", "parameter", "version", "hash"} >= set(table["kind"])


def test_a_planted_difference_is_named_and_fails(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_metric(runs, SIMULATE, nights=26460)
    assert main(["compare", "--run", "again"]) == 1
    said = capsys.readouterr()
    line = f"{SIMULATE}, metric nights: 26460, in the reference 26459 (apart 1, allowed 0.02646)"
    assert line in said.out
    assert "run 'again' is not run 'reference' again" in said.err


@pytest.mark.parametrize(
    ("name", "metrics", "expected"),
    [
        (SIMULATE, {"gap_pct": 3.75 * (1 + 9e-7)}, []),
        (SIMULATE, {"gap_pct": 3.76}, ["gap_pct"]),
        (SIMULATE, {"auc": 0.5}, ["auc"]),
        (STUDENT, {"tokens_per_s": {"whole": 20.0}, "validation_loss": 0.114}, []),
        (STUDENT, {"validation_loss": 0.116, "tokens": 1001}, ["tokens", "validation_loss"]),
        (COMPARE, {"differences": {"verdict_right: cot - answer_only": 0.01}}, []),
        (
            COMPARE,
            {"differences": {"verdict_right: cot - answer_only": 0.0}},
            ["differences/verdict_right: cot - answer_only"],
        ),
        (COMPARE, {"new": 1}, []),
    ],
)
def test_tolerances_of_metrics(runs: Path, name: str, metrics: dict[str, Any], expected: list[str]) -> None:
    set_metric(runs, name, **metrics)
    assert [item for _, item, _ in bad(compare_runs("again"))] == expected


def test_with_exact_nothing_is_allowed(runs: Path) -> None:
    set_metric(runs, COMPARE, differences={"verdict_right: cot - answer_only": 0.11 + 1e-12})
    assert bad(compare_runs("again")) == []
    ((file, _, status),) = bad(compare_runs("again", tolerances=load_tolerances(exact=True)))
    assert (file, status) == (COMPARE, "outside")


def test_a_lost_metric_record_or_parameter_is_a_difference(runs: Path) -> None:
    change(runs / f"{SIMULATE}_result.json", lambda record: record["metrics"].pop("nights"))
    change(runs / f"{COMPARE}_result.json", lambda record: record["parameters"].update(seed=5))
    (runs / f"{STUDENT}_result.json").unlink()
    assert bad(compare_runs("again")) == [
        (SIMULATE, "nights", "missing"),
        (STUDENT, "record", "missing"),
        (COMPARE, "seed", "other"),
    ]


def test_versions_and_hashes_are_noted_only(runs: Path) -> None:
    def elsewhere(record: dict[str, Any]) -> None:
        record["versions"]["python"] = "3.13.1"
        record["outputs"] = {"data/runs/again/people.parquet": "sha256:2"}
        record["wall_time_s"] = 99.0

    change(runs / f"{SIMULATE}_result.json", elsewhere)
    table = compare_runs("again")
    assert bad(table) == []
    assert set(table.loc[table["status"] == "noted", "name"]) == {"python", "outputs with equal bytes"}


@pytest.mark.parametrize(
    ("printed", "status"),
    [
        ("**1,000 people slept 354.6 min; 46% of nights.**", None),
        ("**1,000 people slept 354.7 min; 45% of nights.**", "outside"),
        ("**1,001 people slept 354.5 min; 45% of nights.**", "outside"),
        ("**1,000 people lay 354.5 min; 45% of nights.**", "other"),
    ],
)
def test_printed_words_and_numbers(runs: Path, printed: str, status: str | None) -> None:
    said(runs, SIMULATE, printed)
    expected = [] if status is None else [(SIMULATE, "cell 2", status)]
    assert bad(compare_runs("again")) == expected


def test_words_behind_a_training_are_counted(runs: Path) -> None:
    said(runs, STUDENT, "**Something else.**")
    table = compare_runs("again")
    assert bad(table) == []
    ((reference, run, status),) = table.loc[
        (table["file"] == STUDENT) & (table["name"] == "cells that print the same"), ["reference", "run", "status"]
    ].itertuples(index=False, name=None)
    assert (reference, run, status) == ("3", "2", "noted")


def test_code_counts_and_comments_do_not(runs: Path) -> None:
    def comment(copy: dict[str, Any]) -> None:
        copy["cells"][2]["source"] = ["say(\n    people\n)"]

    def other(copy: dict[str, Any]) -> None:
        copy["cells"][2]["source"] = ["say(nights)"]

    change(runs / f"{STUDENT}.ipynb", comment)
    assert bad(compare_runs("again")) == []
    change(runs / f"{STUDENT}.ipynb", other)
    assert bad(compare_runs("again")) == [(STUDENT, "cell 2", "other")]


def test_a_warning_is_a_difference_even_where_words_are_counted(runs: Path) -> None:
    warning = {"output_type": "stream", "name": "stderr", "text": ["FutureWarning"]}
    change(runs / f"{STUDENT}.ipynb", lambda copy: copy["cells"][2]["outputs"].append(warning))
    assert (STUDENT, "cell 2", "other") in bad(compare_runs("again"))


def test_another_claim_is_a_difference_and_another_p_is_not(runs: Path) -> None:
    table = runs / "comparison.csv"
    table.write_text(table.read_text().replace("0.01", "0.04"))
    assert bad(compare_runs("again")) == []
    table.write_text(table.read_text().replace("a better", "no difference shown").replace(",50,", ",49,"))
    start = "primary/verdict_right/cot - answer_only"
    assert bad(compare_runs("again")) == [
        ("comparison.csv", f"{start}/claim", "other"),
        ("comparison.csv", f"{start}/n_persons", "outside"),
    ]


def test_a_run_that_is_not_there_and_a_broken_file_are_named(runs: Path) -> None:
    with pytest.raises(ArtifactError, match="no record of a run named 'absent'"):
        compare_runs("absent")
    (runs / f"{COMPARE}.ipynb").unlink()
    with pytest.raises(ArtifactError, match=f"{COMPARE}.ipynb"):
        compare_runs("again")


def test_a_wrong_key_in_a_file_of_tolerances_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("numbers: [{file: '*', name: '*', why: because, absolut: 1}]\ncopies: []\n")
    with pytest.raises(ParameterError, match="numbers.0.absolut"):
        load_tolerances(path)


def test_the_first_rule_that_fits_counts() -> None:
    rules = Tolerances(
        numbers=(
            NumberRule(file="04_*", name="pair_right", absolute=0.2, why="wide"),
            NumberRule(file="*", name="*_right", absolute=0.1, relative=0.5, why="narrow"),
        ),
        copies=(CopyRule(file="*", text="counted"),),
    )
    assert rules.width("04_x", "pair_right", 1.0) == 0.2
    assert rules.width("05_x", "pair_right", 0.1) == 0.1
    assert rules.width("05_x", "pair_right", 0.4) == 0.2
    assert rules.width("05_x", "anything", 5.0) == 0.0


def test_the_tracked_reference_run_is_itself_and_each_metric_has_a_rule() -> None:
    table = compare_runs("reference", tolerances=load_tolerances(exact=True))
    assert set(table["status"]) == {"equal"} and len(table) > 1000
    rules = load_tolerances()
    metrics = table[table["kind"] == "metric"]
    last = rules.numbers[-1]
    numbers = {
        (file, name)
        for file, name, value in metrics[["file", "name", "reference"]].itertuples(index=False)
        if rules.of_number(file, name) is last and "." in value
    }
    assert numbers == set(), "a metric with decimals needs a stated tolerance"
