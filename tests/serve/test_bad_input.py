"""What must not come in gets a clear status and a reason, and the server goes on."""

from __future__ import annotations

import io
import json
import time
import zipfile

import pytest

from sleepcot_utils.serve.rates import Rates

QUESTION = {"question": "How long should adults sleep?"}
KEY = "k" * 40
BOUNDARY = "border"


def code(answer, status: int) -> str:
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["message"] and error["request_id"] == answer.headers["x-request-id"]
    return error["code"]


@pytest.fixture(autouse=True)
def goes_on(client):
    """After each test the shared server still answers."""
    yield
    assert client.post("/v1/knowledge", json=QUESTION).status_code == 200
    assert client.worker.counts.crashes == 0


def post(client, path: str, content: bytes, kind: str = "application/json"):
    return client.post(path, content=content, headers={"content-type": kind})


def upload(client, content: bytes, name: str = "export.zip"):
    return client.post("/v1/report", files={"export": (name, content, "application/octet-stream")})


def test_body_of_a_hundred_megabytes(client) -> None:
    assert code(post(client, "/v1/knowledge", b" " * (3 * 2**20)), 413) == "too_large"
    declared = client.post(
        "/v1/report", content=b"x", headers={"content-type": "application/json", "content-length": str(100 * 2**20)}
    )
    assert code(declared, 413) == "too_large"
    # Without a declared length it is refused as it comes, not after a hundred megabytes.
    sent = 0

    def endless():
        nonlocal sent
        while sent < 100:
            sent += 1
            yield b" " * 2**20

    assert code(post(client, "/v1/report", endless()), 413) == "too_large"


@pytest.mark.parametrize("path", ["/v1/report", "/v1/knowledge", "/v1/chat/completions"])
def test_bodies_that_are_no_json(client, path) -> None:
    for body in (b'{"question": "\xff\xfe"}', b"{", b"", b"[" * 100_000):
        assert code(post(client, path, body), 400) == "bad_json"
    assert code(post(client, path, b"[]"), 422) == "invalid"
    assert code(post(client, path, b"x", "text/plain"), 415) == "wrong_content_type"
    assert code(client.post(path), 415) == "wrong_content_type"


def test_values_that_no_text_or_table_can_hold(client, rows) -> None:
    assert code(post(client, "/v1/knowledge", b'{"question": "\\ud800"}'), 422) == "invalid"
    for wrong in ({"deep_min": -1}, {"deep_min": "many"}, {"no_such_column": 1}, {"person_id": None}):
        answer = client.post("/v1/report", json={"nights": [rows[0] | wrong]})
        assert code(answer, 422) == "invalid" and next(iter(wrong)) in answer.json()["error"]["where"]
    nan = json.dumps({"nights": [rows[0] | {"deep_min": float("nan")}]}).encode()
    assert code(post(client, "/v1/report", nan), 422) == "invalid"
    impossible = rows[0] | {"total_sleep_min": 900, "time_in_bed_min": 400}
    assert code(client.post("/v1/report", json={"nights": [impossible]}), 400) == "bad_input"
    assert code(client.post("/v1/report", json={"nights": [rows[0], rows[0]]}), 400) == "bad_input"
    assert code(client.post("/v1/report", json={"nights": []}), 422) == "no_nights"


def test_archives_that_mean_harm(client) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("nights.csv", b"0" * 30 * 2**20)
    answer = upload(client, bomb.getvalue())
    assert code(answer, 400) == "bad_input" and "zip bomb" in answer.json()["error"]["message"]
    assert code(upload(client, bomb.getvalue()[:2000]), 400) == "bad_input"
    assert code(upload(client, b"PK\x03\x04 no archive"), 400) == "bad_input"
    assert code(upload(client, b"\x00\x01\x02", "../../etc/passwd"), 400) == "bad_input"


def test_archive_that_unpacks_to_more_than_is_read_here(opened) -> None:
    large = io.BytesIO()
    with zipfile.ZipFile(large, "w") as archive:
        archive.writestr("nights.csv", b"0123456789" * 1000)
    with opened(max_unpacked_bytes=5000) as client:
        answer = upload(client, large.getvalue())
    assert code(answer, 400) == "bad_input" and "unpacks" in answer.json()["error"]["message"]


def test_half_an_upload(client) -> None:
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    begun = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="export"; filename="a.csv"\r\n\r\nperson_id,'.encode()
    )
    assert code(post(client, "/v1/report", begun, kind), 400) in ("no_export", "bad_body", "bad_input")
    assert code(post(client, "/v1/report", b"no border at all", kind), 400)
    assert code(post(client, "/v1/report", b"", "multipart/form-data"), 400)


def test_prompt_of_a_million_tokens(client) -> None:
    for words in ("sleep " * 3_000, "sleep " * 170_000):
        body = {"messages": [{"role": "user", "content": words}]}
        began = time.perf_counter()
        answer = client.post("/v1/chat/completions", json=body)
        assert time.perf_counter() - began < 5, "refused before anybody reads it"
        assert code(answer, 400) == "prompt_too_long" and "tokens" in answer.json()["error"]["expected"]
    assert code(client.post("/v1/chat/completions", json={"messages": []}), 422) == "invalid"


def test_paths_and_methods_that_are_not_there(client) -> None:
    assert code(client.get("/v1/nothing"), 404) == "no_such_path"
    assert code(client.get("/v1/report"), 405) == "wrong_method"
    assert client.get("/health", headers={"host": "evil.example"}).status_code == 400, "names of strangers"


def test_key_is_asked_for_where_there_is_one(opened) -> None:
    other = "o" * 40
    with opened(keys=(KEY, other)) as client:
        for headers in (
            {},
            {"authorization": f"Bearer {KEY[:-1]}"},
            {"x-api-key": b"\xe9\xe9"},
            {"authorization": KEY},
        ):
            answer = client.post("/v1/knowledge", json=QUESTION, headers=headers)
            assert code(answer, 401) == "no_key" and answer.headers["www-authenticate"] == "Bearer"
        assert client.get("/metrics").status_code == 401
        for headers in ({"authorization": f"Bearer {other}"}, {"x-api-key": KEY}):
            assert client.post("/v1/knowledge", json=QUESTION, headers=headers).status_code == 200
        assert client.get("/health").status_code == client.get("/ready").status_code == 200


def test_rate_of_each_key(opened) -> None:
    with opened(keys=(KEY, "o" * 40), requests_per_minute=2) as client:
        mine, other = {"x-api-key": KEY}, {"x-api-key": "o" * 40}
        assert [client.get("/v1/models", headers=mine).status_code for _ in range(3)] == [200, 200, 429]
        answer = client.get("/v1/models", headers=mine)
        assert code(answer, 429) == "too_many_requests" and 1 <= int(answer.headers["retry-after"]) <= 30
        assert client.get("/v1/models", headers=other).status_code == 200


def test_rates_fill_up_again() -> None:
    now = [0.0]
    rates = Rates(60, clock=lambda: now[0])
    assert [rates.wait_s("a") for _ in range(61)] == [0] * 60 + [1]
    now[0] = 2.0
    assert [rates.wait_s("a") for _ in range(3)] == [0, 0, 1], "two seconds give two back"
