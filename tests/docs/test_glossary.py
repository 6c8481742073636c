"""The glossary: no term twice, the indispensable ones there, and notebooks that do use what they are named for."""

from __future__ import annotations

import json
import re

import pytest

from sleepcot_utils.paths import PROJECT_ROOT

GLOSSARY = (PROJECT_ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
SOURCES = {path.name[:2]: path for path in (PROJECT_ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")}
NOT_IN_A_NOTEBOOK = "reports"
#: Written down apart from the glossary: without these a reader from either field can't follow notebooks 01 to 04.
INDISPENSABLE = {
    "hypnogram", "polysomnography", "total sleep", "sleep onset latency", "wake after sleep onset", "sleep efficiency",
    "time in bed", "REM sleep", "deep sleep", "HRV", "RMSSD", "red flag", "main driver", "sleep pressure",
    "teacher", "student", "distillation", "chain of thought", "rationale", "key", "arm", "token", "loss", "prompt",
    "held-out", "LoRA", "negative control", "identity", "bootstrap", "non-inferiority", "calibration", "bandit",
}  # fmt: skip


def tables() -> list[list[list[str]]]:
    """Rows of each table, without its head."""
    blocks = re.findall(r"(?:^\|.*\n)+", GLOSSARY, re.MULTILINE)
    return [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()[2:]] for block in blocks
    ]


def names(table: list[list[str]]) -> list[str]:
    return [name for row in table for name in row[0].split(", ")]


def test_no_term_stands_twice() -> None:
    words, sleep, models = tables()
    for terms in (names(words), [name.lower() for name in names(sleep) + names(models)]):
        assert sorted(set(terms)) == sorted(terms)


def test_every_row_is_complete_and_in_order() -> None:
    for table in tables():
        assert all(len(row) == 3 and all(row) for row in table)
    for table in tables()[1:]:
        assert [row[0].lower() for row in table] == sorted(row[0].lower() for row in table)


def test_indispensable_terms_are_there() -> None:
    assert INDISPENSABLE - set(names([row for table in tables() for row in table])) == set()


@pytest.mark.parametrize("number", sorted(SOURCES))
def test_notebooks_hold_the_terms_that_they_are_named_for(number: str) -> None:
    cells = json.loads(SOURCES[number].read_text(encoding="utf-8"))["cells"]
    text = re.sub(r"\s+", " ", "\n".join("".join(cell["source"]) for cell in cells)).lower()
    rows = [row for table in tables()[1:] for row in table if row[2] == "all" or number in row[2].split(", ")]
    assert len(rows) > 10
    lost = [row[0] for row in rows if not any(name.lower() in text for name in row[0].split(", "))]
    assert lost == []


def test_named_notebooks_exist() -> None:
    places = {place for table in tables()[1:] for row in table for place in row[2].split(", ")}
    assert places - set(SOURCES) <= {"all", NOT_IN_A_NOTEBOOK}
