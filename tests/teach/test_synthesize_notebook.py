"""Notebook 01 with a language model that imagines nights, over a server on this machine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from loopback import KEY
from stand_in_synthesizer import says

from sleepcot_utils.study.runner import run_notebook

SIMULATE = "01_simulate_wearable_nights"


def test_the_notebook_shows_what_was_imagined_beside_what_was_simulated(
    server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openai")
    monkeypatch.setenv("SLEEPCOT_ROOT", str(tmp_path))
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("SLEEPCOT_REAL_DATA", raising=False)
    server.default = says()
    settings = {
        "synthesizer": "openai",
        "synthesizer_model": "stand-in",
        "imagined_persons": 4,
        "persons": 12,
        "nights": 14,
    }
    executed = run_notebook(SIMULATE, settings).read_text(encoding="utf-8")
    assert "stand-in was asked for 4 persons" in executed and KEY not in executed
    assert len(server.received) == 4  # one request a person, and none for the rest of the notebook
