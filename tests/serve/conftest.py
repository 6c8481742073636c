"""A server over the tiny student: as an app that is called in this process, and as one that listens on loopback."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import pytest
import uvicorn
from fastapi.testclient import TestClient

from sleepcot_utils.distill.student import Student, load_student
from sleepcot_utils.serve.api import create_app
from sleepcot_utils.serve.observing import LOGGER
from sleepcot_utils.serve.settings import Settings
from sleepcot_utils.serve.worker import Worker
from tests.one_thread import one_thread  # noqa: F401 - a fixture is found by its name here
from tests.tiny_student import save_tiny_student

#: Short enough for a test to wait for, long enough for a busy machine.
SMALL = Settings(max_new_tokens=8, requests_per_minute=100_000, restart_wait_s=0.05, answer_timeout_s=20.0)


class Lines(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


@pytest.fixture(autouse=True)
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the server logs in a test."""
    handler = Lines()
    monkeypatch.setattr(LOGGER, "handlers", [handler])
    monkeypatch.setattr(LOGGER, "propagate", False)
    monkeypatch.setattr(LOGGER, "level", logging.INFO)
    LOGGER.manager._clear_cache()  # type: ignore[attr-defined]
    return handler.texts


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory):
    """Folder of the tiny student."""
    return save_tiny_student(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def tiny_student(tiny_folder) -> Student:
    """The tiny student, which answering does not change."""
    return load_student(str(tiny_folder), device="cpu")


@pytest.fixture(scope="session")
def settings() -> Settings:
    """Limits of the servers of these tests."""
    return SMALL


@contextmanager
def _open(student: Student, settings: Settings, load: Callable[[], Student] | None) -> Iterator[TestClient]:
    worker = Worker(load or (lambda: student), settings, source="tiny")
    worker.start()
    with TestClient(create_app(worker, settings, model="sleepcot/tiny"), base_url="http://127.0.0.1") as client:
        client.worker = worker  # type: ignore[attr-defined]
        yield client


@pytest.fixture(scope="session")
def opened(tiny_student) -> Callable[..., AbstractContextManager[TestClient]]:
    """Opens a server with other limits: ``with opened(max_queue=1) as client``."""

    def build(load: Callable[[], Student] | None = None, **limits: Any) -> AbstractContextManager[TestClient]:
        return _open(tiny_student, replace(SMALL, **limits), load)

    return build


@pytest.fixture(scope="module")
def client(opened) -> Iterator[TestClient]:
    """A server that the tests of a module share."""
    with opened() as client:
        yield client


@pytest.fixture(scope="session")
def listening(tiny_student) -> Callable[..., AbstractContextManager[tuple[str, Worker, uvicorn.Server]]]:
    """Starts a server on a free port of loopback, for what only a real connection shows."""

    @contextmanager
    def build(**limits: Any) -> Iterator[tuple[str, Worker, uvicorn.Server]]:
        settings = replace(SMALL, port=0, **limits)
        worker = Worker(lambda: tiny_student, settings, source="tiny")
        worker.start()
        app = create_app(worker, settings, model="sleepcot/tiny")
        server = uvicorn.Server(
            uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=20)
        )
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}", worker, server
        finally:
            server.should_exit = True
            thread.join(30)

    return build


@pytest.fixture(scope="session")
def rows(night_table) -> list[dict[str, Any]]:
    """A nightly table as rows of JSON: short nights of one person."""
    return rows_of(night_table(10, total_sleep_min=372.0))


@pytest.fixture(scope="session")
def rows_from() -> Callable[..., list[dict[str, Any]]]:
    """Makes rows of JSON of a nightly table."""
    return rows_of


def rows_of(table: Any) -> list[dict[str, Any]]:
    entries = []
    for entry in table.astype("object").where(table.notna(), None).to_dict("records"):
        entries.append(
            {name: value if isinstance(value, int | float | str) else str(value) for name, value in entry.items() if value is not None}
        )  # fmt: skip
    return entries
