"""Teachers by name: what the list must hold, and what it must never hold."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import pytest
import yaml

# Under `--import-mode=importlib` a test folder is on no path, so that its helpers need this.
sys.path.insert(0, str(Path(__file__).parent))

from loopback import KEY

from sleepcot_utils.errors import InputError, ParameterError
from sleepcot_utils.paths import reference_data
from sleepcot_utils.teach.budget import Prices
from sleepcot_utils.teach.endpoint import Endpoint
from sleepcot_utils.teach.registry import MODEL_VARIABLE, URL_VARIABLE, openai_teacher, teacher_named, teachers

GOOD = {
    "base_url": "https://teacher.example.org/v1",
    "model": "some-model",
    "key_variable": "SOME_API_KEY",
    "roles": ["instructor"],
    "prices": {
        "prompt_per_million": 2,
        "completion_per_million": 4,
        "currency": "EUR",
        "dated": date(2026, 1, 2),
        "source": "recalled",
    },
    "batch_discount": 0.25,
    "context_tokens": 1000,
    "max_output_tokens": 100,
    "structured": "json_object",
    "batch": True,
}


@pytest.fixture
def listed(tmp_path):
    """Writes a list of teachers and reads it back."""
    numbers = iter(range(1000))

    def write(entries) -> Path:
        path = tmp_path / f"teachers{next(numbers)}.yaml"
        path.write_text(entries if isinstance(entries, str) else yaml.safe_dump(entries), encoding="utf-8")
        return path

    return write


def test_the_shipped_list_has_the_papers_teachers_and_local_servers() -> None:
    known = teachers()
    assert {"openai-gpt-4o", "dashscope-qwen-max", "deepseek-chat", "vllm", "ollama", "transformers-serve"} < set(known)
    assert "synthesizer" in known["openai-gpt-4o"].roles and known["openai-gpt-4o"].model == "gpt-4o"
    assert "instructor" in known["dashscope-qwen-max"].roles and known["dashscope-qwen-max"].model == "qwen-max"
    for name in ("vllm", "ollama", "transformers-serve"):
        assert Endpoint.of(known[name].base_url).on_this_machine
        assert known[name].known_prices() == Prices(0, 0)


def test_each_price_says_when_and_how_it_was_found() -> None:
    for entry in teachers().values():
        if entry.prices is not None:
            assert entry.prices.dated >= date(2026, 1, 1)
            assert entry.prices.source in ("recalled", "own machine")


def test_no_key_stands_in_the_shipped_list() -> None:
    raw = yaml.safe_load(reference_data("teachers", "teachers.yaml").read_text(encoding="utf-8"))
    assert {fields["key_variable"] for fields in raw.values()} == {
        "OPENAI_API_KEY",
        "DASHSCOPE_API_KEY",
        "DEEPSEEK_API_KEY",
        "VLLM_API_KEY",
        "OLLAMA_API_KEY",
        "TRANSFORMERS_SERVE_API_KEY",
        "SLEEPCOT_TEACHER_API_KEY",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("base_url", "teacher.example.org"),
        ("base_url", "https://user:hunter2@teacher.example.org/v1"),
        ("base_url", None),
        ("base_url", 7),
        ("model", None),
        ("model", ["a"]),
        ("key_variable", "lower_api_key"),
        ("key_variable", "PATH"),
        ("key_variable", None),
        ("roles", []),
        ("roles", ["judge"]),
        ("prices", {"prompt_per_million": 1}),
        ("prices", GOOD["prices"] | {"prompt_per_million": -1}),
        ("prices", GOOD["prices"] | {"completion_per_million": "cheap"}),
        ("prices", GOOD["prices"] | {"currency": "dollars"}),
        ("prices", GOOD["prices"] | {"dated": "some day"}),
        ("prices", GOOD["prices"] | {"source": ""}),
        ("batch_discount", 1.0),
        ("batch_discount", -0.1),
        ("context_tokens", 0),
        ("max_output_tokens", "many"),
        ("structured", "xml"),
        ("batch", "sometimes"),
        ("api_key", "anything"),
    ],
)
def test_each_wrong_field_is_one_clear_error(listed, field, value) -> None:
    path = listed({"mine": GOOD | {field: value}})
    with pytest.raises(InputError) as wrong:
        teachers(path)
    said = str(wrong.value)
    assert "'mine'" in said and field.split(".")[0] in said and path.name in said and "\n" not in said
    assert "hunter2" not in said and "Expected: " in said


@pytest.mark.parametrize("field", sorted(GOOD))
def test_each_missing_field_is_named(listed, field) -> None:
    path = listed({"mine": {name: value for name, value in GOOD.items() if name != field}})
    with pytest.raises(InputError, match=f"'mine'.*{field}"):
        teachers(path)


@pytest.mark.parametrize("text", ["", "[]", "just words", "mine: 3", "mine: {", "a: b: c", "\ttab: 1"])
def test_a_file_that_is_no_list_is_one_clear_error(listed, text) -> None:
    with pytest.raises(InputError, match=r"teachers\d+\.yaml"):
        teachers(listed(text))


def test_a_missing_file_is_one_clear_error(tmp_path) -> None:
    with pytest.raises(InputError, match="none.yaml: the file can't be read"):
        teachers(tmp_path / "none.yaml")


@pytest.mark.parametrize("field", ["key_variable", "model", "base_url", "api_key", "prices", "roles"])
def test_a_pasted_key_is_refused_without_being_shown(listed, field) -> None:
    for key in (KEY, "hf_AbCdEfGhIjKlMnOpQr", "gsk_AbCdEfGhIjKlMnOp"):
        with pytest.raises(InputError) as refused:
            teachers(listed({"mine": GOOD | {field: key}}))
        assert key not in str(refused.value) and "looks like an API key" in str(refused.value)


def test_a_key_without_a_known_beginning_fits_no_field_for_a_name(listed) -> None:
    key = "A7F3C9D1E5B8A7F3C9D1E5B8A7F3C9D1"
    with pytest.raises(InputError) as refused:
        teachers(listed({"mine": GOOD | {"key_variable": key}}))
    assert key not in str(refused.value) and "key_variable" in str(refused.value)


def test_a_key_in_a_broken_line_is_not_quoted(listed) -> None:
    with pytest.raises(InputError, match=r"line \d") as refused:
        teachers(listed(f"mine:\n  model: {{ {KEY}\n"))
    assert KEY not in str(refused.value)


def test_prices_and_discount_become_a_budget(listed) -> None:
    entry = teachers(listed({"mine": GOOD}))["mine"]
    assert entry.known_prices() == Prices(2, 4, "EUR")
    assert entry.known_prices(batch=True) == Prices(1.5, 3, "EUR")
    assert entry.budget(max_cost=1.0).caps() == "1.0000 EUR"


def test_a_cap_in_money_needs_prices(listed) -> None:
    entry = teachers(listed({"mine": GOOD | {"prices": None}}))["mine"]
    assert entry.budget(max_tokens=5).caps() == "5 tokens"
    with pytest.raises(ParameterError, match="prices of mine are not known"):
        entry.budget(max_cost=1.0)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ParameterError, match="no teacher 'gpt4'.*openai-gpt-4o.*ollama"):
        teacher_named("gpt4")


def test_a_role_that_a_teacher_has_not_is_refused() -> None:
    assert teacher_named("dashscope-qwen-max", role="instructor").model == "qwen-max"
    with pytest.raises(ParameterError, match="dashscope-qwen-max is no synthesizer.*openai-gpt-4o"):
        teacher_named("dashscope-qwen-max", role="synthesizer")


def test_another_model_has_no_known_price_unless_it_runs_here() -> None:
    other = teacher_named("openai-gpt-4o", model="some-other")
    assert (other.model, other.prices, other.context_tokens) == ("some-other", None, None)
    here = teacher_named("vllm", model="some-other")
    assert here.model == "some-other" and here.known_prices() == Prices(0, 0)


def test_custom_is_read_from_the_environment(monkeypatch) -> None:
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    with pytest.raises(ParameterError, match=URL_VARIABLE):
        teacher_named("custom")
    monkeypatch.setenv(URL_VARIABLE, "http://localhost:1234/v1")
    monkeypatch.setenv(MODEL_VARIABLE, "mine")
    entry = teacher_named("custom")
    assert (entry.base_url, entry.model, entry.prices) == ("http://localhost:1234/v1", "mine", None)
    assert teacher_named("custom", model="another").model == "another"


def test_openai_follows_its_variable_and_assumes_little_of_other_servers(monkeypatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    listed = openai_teacher("gpt-4o")
    assert listed.prices == teachers()["openai-gpt-4o"].prices and listed.structured == "json_schema"
    monkeypatch.setenv("OPENAI_BASE_URL", "https://proxy.example.org/v1")
    elsewhere = openai_teacher("gpt-4o")
    assert (elsewhere.prices, elsewhere.structured, elsewhere.batch) == (None, "none", False)
    assert elsewhere.base_url == "https://proxy.example.org/v1"
    with pytest.raises(ParameterError, match="no model"):
        teacher_named("openai")
