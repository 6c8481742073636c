"""JSON lines come back as they were written, and a damaged line is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from sleepcot_utils.errors import ArtifactError
from sleepcot_utils.jsonlines import read_lines, write_lines


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    entries = [{"b": 1, "a": "é\u2028x"}, {"a": "", "b": None}]
    path = tmp_path / "new" / "entries.jsonl"
    assert write_lines(path, iter(entries)) == 2
    assert read_lines(path, dict, what="an entry", written_by="a test") == entries
    assert path.read_text(encoding="utf-8").startswith('{"a"')
    write_lines(path, entries, sort_keys=False)
    assert path.read_text(encoding="utf-8").startswith('{"b"')


@pytest.mark.parametrize("damage", ["{", "[1, 2]", '{"other": 1}', "", "3"])
def test_a_damaged_line_is_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "entries.jsonl"
    path.write_text(f'{{"a": 1}}\n{damage}\n{{"a": 2}}\n', encoding="utf-8")
    with pytest.raises(ArtifactError, match=r"entries.jsonl, line 2: this line is not an entry .*as a test writes it"):
        read_lines(path, lambda entry: entry["a"], what="an entry", written_by="a test")
