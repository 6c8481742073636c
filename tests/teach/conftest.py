"""Fixtures of the tests that talk to a stand-in for a teacher's server."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

# Under `--import-mode=importlib` a test folder is on no path, so that its helpers need this.
sys.path.insert(0, str(Path(__file__).parent))

from loopback import KEY, Loopback

from sleepcot_utils.teach.cache import ReplyCache
from sleepcot_utils.teach.client import OpenAITeacher


@pytest.fixture
def server() -> Iterator[Loopback]:
    """A scripted server on a loopback port."""
    with Loopback().running() as running:
        yield running


@pytest.fixture
def told() -> list[str]:
    """The sentences that the teacher and its cache said to the user."""
    return []


@pytest.fixture
def teach(
    server: Loopback, tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., OpenAITeacher]:
    """Builds teachers that talk to the server, each over the same cache file read anew."""
    pytest.importorskip("openai")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    # The stand-in speaks plain http: reading all root certificates for each client would take most of the tests' time.
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_, **__: None)

    def build(**options: Any) -> OpenAITeacher:
        cache = ReplyCache(tmp_path / "cache.jsonl", report=told.append)
        return OpenAITeacher("stand-in", cache=cache, base_url=server.url, report=told.append, **options)

    return build
