"""The command: days are added, alerts printed, bad rows named, and the state is private and can be deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from sleepcot_utils.monitor.cli import main
from sleepcot_utils.paths import reference_data

TODAY = ["--today", "2024-03-06"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLEEPCOT_ROOT", str(tmp_path))
    return tmp_path


def test_days_are_added_and_red_flags_told_first(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "days.csv"
    table.write_text(
        "date,systolic_mmhg,diastolic_mmhg,lowest\n".replace(",lowest", "")
        + "2024-03-04,140,90\n2024-03-05,141,91\n2024-03-06,190,95\n2024-03-07,5,90\n2031-01-01,120,80\n",
        encoding="utf-8",
    )
    export = str(reference_data("samples", "plain_days"))
    assert main(["--export", export, "--days", str(table), *TODAY]) == 0
    said = capsys.readouterr().out
    assert "5 mmHg can't be" in said and "2031-01-01 lies in the future" in said
    assert said.index("[urgent]") < said.index("[clinician]")
    assert "not a diagnosis" in said and "emergency services" in said
    assert main(["--export", export, "--days", str(table), *TODAY]) == 0
    assert "Nothing new is out of the ordinary" in capsys.readouterr().out


def test_the_state_lies_below_the_runs_and_is_deleted(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--days", str(reference_data("samples", "plain_days", "template.csv")), "--name", "ann", *TODAY]) == 0
    assert list((home / "data" / "runs" / "monitor" / "ann").rglob("days.jsonl"))
    assert str(home) not in capsys.readouterr().out
    assert main(["--forget", "--name", "ann"]) == 0
    assert not (home / "data" / "runs" / "monitor" / "ann").exists()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "nothing to read"),
        (["--export", "no-such-folder"], "no such folder"),
        (["--days", "x.csv", "--conditions", "gout"], "'gout' is not known"),
        (["--days", "x.csv", "--name", "../x"], "can't be used"),
        (["--days", "x.csv", "--today", "soon"], "is no date"),
    ],
)
def test_bad_arguments_give_one_sentence(
    home: Path, arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    assert problem in capsys.readouterr().err


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("2024-03-05,80,120,,", "is not below"),
        ("2024-03-05,1200,80,,", "out of range"),
        ("2024-03-05,,,5.6,", "looks like mmol/L"),
        ("2024-03-05,,,95,mmol/L", "contradicts the column"),
        ("2031-03-05,128,82,,", "lies in the future"),
    ],
)
def test_what_cannot_be_is_named_and_every_other_day_is_kept(
    home: Path, tmp_path: Path, row: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "days.csv"
    header = "date,systolic_mmhg,diastolic_mmhg,glucose_mg_dl,glucose_unit\n"
    table.write_text(f"{header}2024-03-04,120,80,99,\n{row}\n2024-03-06,190,95,,\n", encoding="utf-8")
    assert main(["--days", str(table), *TODAY]) == 0
    said = capsys.readouterr().out
    assert "Left out: " in said and words in said
    assert "0 nights and 2 days" in said and "[urgent]" in said


def test_days_in_the_future_alone_are_nothing_to_watch(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--days", str(reference_data("samples", "plain_days", "template.csv")), "--today", "2020-01-01"]
    assert main(arguments) == 1
    assert "in the future" in capsys.readouterr().err
