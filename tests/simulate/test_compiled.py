"""Compilation: a cache that belongs to exactly these sources, and none where it can't be written."""

from __future__ import annotations

from pathlib import Path

import numba
import pytest
from numba.core import config

from sleepcot_utils.simulate import compiled as room
from sleepcot_utils.simulate import hypnogram, randomness


def twice(x: int) -> int:
    return 2 * x


def test_the_hash_changes_with_any_source_and_only_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in room.HERE.glob("*.py"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    own = room._source_hash()
    monkeypatch.setattr(room, "HERE", tmp_path)
    assert room._source_hash() == own
    (tmp_path / "notes.txt").write_text("no source")
    assert room._source_hash() == own
    (tmp_path / "stages.py").write_text((tmp_path / "stages.py").read_text() + "\n")
    changed = room._source_hash()
    assert changed != own
    monkeypatch.setattr(numba, "__version__", "0.0")
    assert room._source_hash() not in (own, changed)


def test_compiled_functions_are_kept_in_the_folder_of_their_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "compiled-abc"
    monkeypatch.setattr(room, "CACHE", cache)
    before = config.CACHE_DIR
    function = room.compiled()(twice)
    assert config.CACHE_DIR == before, "the setting of other packages is left as it was"
    assert function(21) == 42
    assert any(path.suffix == ".nbc" for path in cache.rglob("*"))
    again = room.compiled()(twice)
    assert again(4) == 8 and sum(again.stats.cache_hits.values()) == 1


def test_without_a_place_for_the_cache_functions_work_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("in the way")
    monkeypatch.setattr(room, "CACHE", occupied / "compiled-abc")
    before = config.CACHE_DIR
    function = room.compiled(nogil=True)(twice)
    assert function(21) == 42 and sum(function.stats.cache_hits.values()) == 0
    assert config.CACHE_DIR == before


def test_the_inner_loops_are_compiled() -> None:
    for function in (randomness.bell, hypnogram.place_stages):
        assert isinstance(function, numba.core.registry.CPUDispatcher)
    assert hypnogram.place_stages.targetoptions["nogil"], "threads can run it side by side"
