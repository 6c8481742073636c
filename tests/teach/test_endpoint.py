from __future__ import annotations

import pytest

from sleepcot_utils.errors import ParameterError, TeacherError
from sleepcot_utils.teach.endpoint import Endpoint, Secret


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "TEACHER_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:11434/v1", True),
        ("http://127.0.0.1:8000/v1/", True),
        ("http://127.9.9.9/v1", True),
        ("http://[::1]:8000/v1", True),
        ("https://LOCALHOST/v1", True),
        ("https://api.openai.com/v1", False),
        ("http://192.168.1.7:8000/v1", False),
        ("http://0.0.0.0:8000/v1", False),
        ("https://localhost.evil.example/v1", False),
        ("https://127.0.0.1.nip.example/v1", False),
        ("https://notlocalhost/v1", False),
    ],
)
def test_only_loopback_is_this_machine(url, local):
    endpoint = Endpoint.of(url)
    assert endpoint.on_this_machine is local
    if local:
        endpoint.require_consent(False)
    else:
        endpoint.require_consent(True)
        with pytest.raises(TeacherError, match="leave this machine"):
            endpoint.require_consent(False)


def test_address_is_what_records_hold(monkeypatch):
    assert Endpoint.of("HTTPS://API.example:8443/v1/").address == "api.example:8443/v1"
    assert Endpoint.of(None).address == "api.openai.com/v1"
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:1/v1")
    assert Endpoint.of(None).address == "localhost:1/v1"
    assert Endpoint.of("http://[::1]:2/v1").address == "[::1]:2/v1"


@pytest.mark.parametrize(
    "url",
    [
        "api.openai.com/v1",
        "ftp://host/v1",
        "https://",
        "https://host:port/v1",
        "https://user:hunter22@host/v1",
        "https://host/v1?key=hunter22",
        "https://host/v1#hunter22",
    ],
)
def test_address_that_is_none_or_holds_a_secret_is_refused(url):
    with pytest.raises(ParameterError, match="base_url.*Expected: such as") as caught:
        Endpoint.of(url)
    assert "hunter22" not in str(caught.value)


def test_key_comes_from_the_named_variable(monkeypatch):
    monkeypatch.setenv("TEACHER_KEY", " secret-of-mine\n")
    assert Endpoint.of("https://host.example/v1").key("TEACHER_KEY").reveal() == "secret-of-mine"
    with pytest.raises(TeacherError, match=r"host\.example: the environment variable OPENAI_API_KEY is not set"):
        Endpoint.of("https://host.example/v1").key("OPENAI_API_KEY")


def test_server_on_this_machine_or_network_needs_no_key():
    assert Endpoint.of("http://localhost:1/v1").key("TEACHER_KEY").reveal()
    assert Endpoint.of("http://gpu.lan:1/v1").key("TEACHER_KEY").reveal()


def test_key_does_not_travel_unencrypted(monkeypatch):
    monkeypatch.setenv("TEACHER_KEY", "secret-of-mine")
    with pytest.raises(TeacherError, match="unencrypted"):
        Endpoint.of("http://gpu.lan:1/v1").key("TEACHER_KEY")


@pytest.mark.parametrize("value", ["two words", "schlüssel-12345", "a\nb-12345678"])
def test_what_can_be_no_key_is_refused_without_showing_it(monkeypatch, value):
    monkeypatch.setenv("TEACHER_KEY", value)
    with pytest.raises(TeacherError, match="TEACHER_KEY holds characters") as caught:
        Endpoint.of("https://host.example/v1").key("TEACHER_KEY")
    assert value not in str(caught.value)


def test_secret_hides_itself_and_is_taken_out_of_texts():
    secret = Secret("0123456789abcdef")
    assert "0123456789abcdef" not in repr(secret) + str(secret) + repr(vars(secret)) + f"{[secret]}"
    assert secret.hidden_in("x 0123456789abcdef y") == "x [key] y"
    assert secret.safe_message("bad\n key  sk-ab***yz0, " + "z" * 500).startswith("bad key [key], zzz")
    assert len(secret.safe_message("z" * 5000)) < 310
    # Placeholders such as "EMPTY", which vLLM's manual uses, are ordinary words.
    assert Secret("EMPTY").hidden_in("an EMPTY bed") == "an EMPTY bed"
