"""A desk over the tiny student, whose run lies in a folder of the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from sleepcot_utils.page.desk import Desk
from sleepcot_utils.page.opening import set_desk
from sleepcot_utils.paths import RunPaths
from sleepcot_utils.serve.settings import Settings
from sleepcot_utils.serve.worker import Worker, loaded, student_loader
from tests.one_thread import one_thread  # noqa: F401 - a fixture is found by its name here
from tests.tiny_student import save_tiny_student

RUN = "trial"


@pytest.fixture(scope="session")
def tiny_student(tmp_path_factory: pytest.TempPathFactory):
    """The tiny student, which answering does not change."""
    folder = save_tiny_student(tmp_path_factory.mktemp("models") / "tiny")
    return loaded(student_loader(str(folder), "cpu"))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder below which the run writes."""
    monkeypatch.setenv("SLEEPCOT_ROOT", str(tmp_path / "root"))
    return tmp_path / "root"


@pytest.fixture
def desk(tiny_student, root) -> Iterator[Desk]:
    """A desk that is open, and that the script of the page finds."""
    settings = replace(Settings(), max_new_tokens=8, max_upload_bytes=2**20, max_unpacked_bytes=2**21)
    worker = Worker(lambda: tiny_student, settings, source="cot", seed=1)
    built = Desk(worker, settings, RunPaths(RUN), source="cot", seed=1)
    built.open()
    set_desk(built)
    yield built
    set_desk(None)
    built.close()


@pytest.fixture(scope="session")
def plain_csv(night_table) -> Callable[..., bytes]:
    """An export as a table written by hand: nights of one person."""

    def build(count: int = 10, **columns: float) -> bytes:
        table = night_table(count, **columns)
        written = pd.DataFrame({"date": table["night_date"].dt.strftime("%Y-%m-%d"), "in_bed_from": "23:00"})
        written["in_bed_to"] = "07:00"
        for name in ("total_sleep_min", *columns):
            written[name] = table[name]
        return written.to_csv(index=False).encode()

    return build
