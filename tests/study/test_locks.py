"""Locks: one holder, and none that outlives its process."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from sleepcot_utils.errors import StudyError
from sleepcot_utils.paths import PROJECT_ROOT
from sleepcot_utils.study import locks
from sleepcot_utils.study.locks import exclusive

HOLD = """
import sys, time
from pathlib import Path
from sleepcot_utils.study.locks import exclusive
with exclusive(Path(sys.argv[1]), holder="the other"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_living_holder_is_named_and_a_killed_one_is_not_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "ORPHAN_LIFE_S", 0.3)
    path = tmp_path / "logs" / "study.lock"
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        said = f"the study is running already, as process {other.pid}"
        with pytest.raises(StudyError, match=said), exclusive(path, holder="the study"):
            pytest.fail("two hold one lock")
    finally:
        other.kill()
        other.wait()
    begin = time.monotonic()
    with exclusive(path, holder="the study"):
        assert time.monotonic() - begin >= 0.3, "what the killed process started needs time to end"
    begin = time.monotonic()
    with exclusive(path, holder="the study"):
        assert time.monotonic() - begin < 0.2, "a clean end leaves nothing to wait for"


def test_an_error_inside_is_a_clean_end(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    with pytest.raises(StudyError, match="inside"), exclusive(path, holder="a"):
        raise StudyError("inside")
    assert path.read_text() == ""
