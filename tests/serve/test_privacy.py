"""Nothing that a person wrote or measured stands in a log or a metric, nothing is kept, and nothing calls out."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import textwrap

from fastapi.testclient import TestClient

from sleepcot_utils.paths import PROJECT_ROOT
from sleepcot_utils.serve.api import create_app
from sleepcot_utils.serve.worker import Worker

PLANTED = "Hildegard-Quux-4711"
NUMBER = 371.125


def test_logs_and_metrics_hold_no_health_data(opened, rows, lines, caplog, capfd, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    mine = [row | {"person_id": PLANTED, "total_sleep_min": NUMBER, "sleep_efficiency_pct": None} for row in rows]
    with caplog.at_level(logging.DEBUG), opened() as client:
        report = client.post("/v1/report", json={"nights": mine})
        assert PLANTED in report.text, "what is planted is there to be found"
        client.post("/v1/advice", json={"nights": mine})
        client.post("/v1/follow-up", json={"nights": mine, "question": f"I am {PLANTED}, why?"})
        client.post("/v1/knowledge", json={"question": PLANTED})
        client.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": PLANTED}]})
        # Faults quote what they are about, to the caller only.
        wrong = client.post("/v1/report", json={"nights": [mine[0], mine[0]]})
        assert wrong.status_code == 400
        client.post("/v1/report", json={"nights": [mine[0] | {"deep_min": PLANTED}]})
        client.post("/v1/report", files={"export": (f"{PLANTED}.csv", f"{PLANTED},{NUMBER}".encode())})
        client.post(f"/v1/{PLANTED}?name={PLANTED}", json={}, headers={"x-request-id": PLANTED, "x-api-key": PLANTED})
        metrics = client.get("/metrics").text
    assert len([line for line in lines if json.loads(line)["event"] == "request"]) == 10
    # The client of the test logs addresses that it calls; the server's process has no such client.
    others = [record.getMessage() for record in caplog.records if not record.name.startswith("http")]
    served = "\n".join([*lines, *others])
    spoken = capfd.readouterr()
    for place in (served, metrics, spoken.out, spoken.err):
        assert PLANTED not in place and str(NUMBER) not in place and "Hildegard" not in place
    assert list(tmp_path.iterdir()) == [], "uploads are gone"


def test_failure_within_is_logged_without_its_text(tiny_student, settings, rows, lines, caplog, monkeypatch) -> None:
    worker = Worker(lambda: tiny_student, settings)
    worker.start()

    def fails(*_, **__):
        raise KeyError(PLANTED)

    monkeypatch.setattr("sleepcot_utils.serve.coach.full_reports", fails)
    app = create_app(worker, settings)
    with caplog.at_level(logging.DEBUG), TestClient(app, base_url="http://127.0.0.1") as client:
        answer = client.post("/v1/report", json={"nights": rows})
    assert answer.status_code == 500 and answer.json()["error"]["code"] == "failed"
    assert PLANTED not in answer.text + caplog.text + "".join(lines)
    (line,) = [json.loads(text) for text in lines if '"request"' in text]
    assert (line["status"], line["code"]) == (500, "KeyError") and line["at"].startswith("test_privacy:")


def test_page_of_the_interface_loads_nothing(client) -> None:
    page = client.get("/docs")
    assert page.status_code == 200 and "/v1/follow-up" in page.text and "NightRow" in page.text
    for loads in ("<script", "http://", "https://", "src=", "@import", "url("):
        assert loads not in page.text
    assert "script" not in page.headers["content-security-policy"]
    assert client.get("/openapi.json").json()["components"]["schemas"]["NightRow"]["properties"]["deep_min"]


def test_nothing_calls_out(tiny_folder) -> None:
    """Imports of every room and a generation, in a process in which any connection or name look-up is an error."""
    program = textwrap.dedent("""
        import socket, sys
        tried = []

        def refuse(event, given):
            if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
                tried.append((event, given[1:] if event == "socket.connect" else given[:2]))
                raise OSError("blocked")

        sys.addaudithook(refuse)
        try:
            socket.create_connection(("127.0.0.1", 9), timeout=1)
        except OSError:
            pass
        assert tried, "the hook sees connections"
        tried.clear()
        import importlib, pkgutil, sleepcot_utils
        for room in pkgutil.iter_modules(sleepcot_utils.__path__, "sleepcot_utils."):
            importlib.import_module(room.name)
        import sleepcot_utils.serve.api, sleepcot_utils.ingest, sleepcot_utils.score.coaching
        from sleepcot_utils.distill.generation import ask
        from sleepcot_utils.distill.student import load_student
        from sleepcot_utils.knowledge import load_cards
        from sleepcot_utils.tasks.build import knowledge_task
        card = load_cards()[0]
        student = load_student(sys.argv[1], device="cpu")
        (answer,) = ask(student, [knowledge_task(card, "test", 1, card.phrasings.test[0])], source="t", seed=0,
                        max_new_tokens=4)
        assert answer.tokens
        assert not tried, tried
    """)
    done = subprocess.run(
        [sys.executable, "-c", program, str(tiny_folder)],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
