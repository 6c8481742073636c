from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sleepcot_utils.errors import ArtifactError
from sleepcot_utils.paths import PROJECT_ROOT
from sleepcot_utils.teach.cache import ReplyCache

REQUEST = {"model": "m", "messages": [{"role": "user", "content": "Schlaf gut, 睡眠"}]}


def filled(path: Path, *keys: str) -> ReplyCache:
    cache = ReplyCache(path)
    for key in keys:
        cache.add_response(key, REQUEST, f"body of {key}", latency_s=1.0)
    return cache


def bodies(cache: ReplyCache, key: str) -> list[str]:
    return [response.body for response in cache.responses(key)]


def test_what_is_added_is_there_at_once_and_for_the_next_reader(tmp_path):
    path = tmp_path / "new" / "cache.jsonl"
    cache = ReplyCache(path)
    cache.add_response("k", REQUEST, 'raw { "not json\n \u2028', latency_s=1.23456)
    for reader in (cache, ReplyCache(path)):
        (response,) = reader.responses("k")
        assert (response.body, response.latency_s) == ('raw { "not json\n \u2028', 1.235)
        assert len(reader) == 1 and reader.responses("other") == ()
    (line,) = path.read_text().splitlines()
    assert json.loads(line)["request"] == REQUEST


def test_failures_are_recorded_but_never_hits(tmp_path):
    path = tmp_path / "c.jsonl"
    ReplyCache(path).add_failure("k", REQUEST, "status 500")
    cache = ReplyCache(path)
    assert cache.responses("k") == () and cache.failures == 1
    assert json.loads(path.read_text())["error"] == "status 500"
    cache.add_response("k", REQUEST, "b", latency_s=0)
    cache.add_failure("k", REQUEST, "status 500")
    assert bodies(ReplyCache(path), "k") == ["b"]


@pytest.mark.parametrize("lost", [1, 2, 20, 150])
def test_torn_last_line_is_skipped_said_and_does_not_spoil_the_next(tmp_path, lost):
    path = tmp_path / "c.jsonl"
    filled(path, "a", "b")
    whole = path.read_bytes()
    path.write_bytes(whole[:-lost])
    told: list[str] = []
    cache = ReplyCache(path, report=told.append)
    assert bodies(cache, "a") == ["body of a"]
    # With only the line's end missing, the record is whole and counts.
    assert bodies(cache, "b") == (["body of b"] if lost == 1 else [])
    assert len(told) == (0 if lost == 1 else 1)
    cache.add_response("c", REQUEST, "body of c", latency_s=0)
    assert bodies(cache, "c") == ["body of c"] and len(cache) == (3 if lost == 1 else 2)
    again = ReplyCache(path, report=told.append)
    assert bodies(again, "a") == ["body of a"] and bodies(again, "c") == ["body of c"]


def test_writer_that_is_killed_in_a_line_costs_that_line_only(tmp_path):
    path = tmp_path / "c.jsonl"
    first, second = filled(path, "a"), ReplyCache(path)
    with path.open("ab") as file:
        file.write(b'{"schema":1,"kind":"respo')
    first.add_response("b", REQUEST, "body of b", latency_s=0)
    second.add_response("c", REQUEST, "body of c", latency_s=0)
    for cache in (first, second, ReplyCache(path)):
        cache.refresh()
        assert [bodies(cache, key) for key in "abc"] == [["body of a"], ["body of b"], ["body of c"]]


def test_refresh_shows_what_others_added(tmp_path):
    mine, theirs = filled(tmp_path / "c.jsonl"), filled(tmp_path / "c.jsonl")
    theirs.add_response("k", REQUEST, "b", latency_s=0)
    assert mine.responses("k") == ()
    mine.refresh()
    mine.refresh()
    assert bodies(mine, "k") == ["b"]


def test_two_processes_and_many_threads_lose_and_mix_nothing(tmp_path):
    path = tmp_path / "c.jsonl"
    program = (
        "import sys, pathlib; from sleepcot_utils.teach.cache import ReplyCache\n"
        "cache = ReplyCache(pathlib.Path(sys.argv[1]))\n"
        "for n in range(40): cache.add_response(f'{sys.argv[2]}-{n}', {}, sys.argv[2] * 5000, latency_s=0)"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program, str(path), name], cwd=PROJECT_ROOT) for name in ("x", "y")
    ]
    cache = ReplyCache(path)

    def add(name: str) -> None:
        for number in range(20):
            cache.add_response(f"{name}-{number}", {}, name * 5000, latency_s=0)

    threads = [threading.Thread(target=add, args=(name,)) for name in ("t", "u")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait(timeout=30) for process in processes] == [0, 0]
    cache.refresh()
    for reader in (cache, ReplyCache(path)):
        assert len(reader) == 120 and reader.torn_lines == 0
        assert all(bodies(reader, f"{name}-{n}") == [name * 5000] for name in "tu" for n in range(20))
        assert all(bodies(reader, f"{name}-{n}") == [name * 5000] for name in "xy" for n in range(40))


def test_append_waits_for_another_writer(tmp_path):
    fcntl = pytest.importorskip("fcntl")
    path = tmp_path / "c.jsonl"
    cache = filled(path, "a")
    adding = threading.Thread(target=cache.add_response, args=("b", REQUEST, "b"), kwargs={"latency_s": 0})
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        adding.start()
        adding.join(timeout=0.2)
        assert adding.is_alive() and path.read_text().count("\n") == 1
    adding.join(timeout=5)
    assert bodies(ReplyCache(path), "b") == ["b"]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("person,night\na,1\nb,2\n", "line 1"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n", "line 1"),
        ('{"task_id": "a", "answer": "b"}\n', "line 1"),
        ('{"schema": 99, "kind": "response", "key": "k", "body": "b", "latency_s": 0}\n', "line 1"),
        ('\n{"schema": 1, "kind": "response", "key": "k", "latency_s": 0}\n', "line 1"),
    ],
)
def test_foreign_file_is_refused_and_left_alone(tmp_path, content, place):
    path = tmp_path / "c.jsonl"
    path.write_text(content)
    with pytest.raises(ArtifactError, match=rf"c\.jsonl, {place}.*a teacher cache") as caught:
        ReplyCache(path)
    assert path.read_text() == content
    assert str(tmp_path) not in str(caught.value)


def test_unusable_path_is_one_clear_error(tmp_path):
    with pytest.raises(ArtifactError, match="can't be read"):
        ReplyCache(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(ArtifactError, match="can't be written"):
        ReplyCache(tmp_path / "file" / "c.jsonl").add_failure("k", {}, "e")
