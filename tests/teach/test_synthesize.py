"""A server that imagines people and nights, its mishaps, and what is left of them."""

from __future__ import annotations

import json
import ssl
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

# Under `--import-mode=importlib` a test folder is on no path, so that its helpers need this.
sys.path.insert(0, str(Path(__file__).parent))

from loopback import KEY, Received, Step, completion, error, records
from stand_in_synthesizer import imagined, is_repair, question, says

from sleepcot_utils import nights as nightly
from sleepcot_utils.errors import ParameterError, TeacherError
from sleepcot_utils.report.reports import FACTUAL, report_text, simulated_reports
from sleepcot_utils.teach.budget import Budget, BudgetStop
from sleepcot_utils.teach.synthesize import (
    Synthesis,
    ask_synthesizer,
    draw_personas,
    prompt_version,
    sampling,
    synthesize,
)
from sleepcot_utils.teach.synthesize_reading import answer_schema

NIGHTS = 7


@pytest.fixture
def ask(teach) -> Callable[..., Synthesis]:
    """Has the server imagine some persons, over a cache that all calls of a test share."""
    pytest.importorskip("openai")

    def run(persons: int = 3, **options) -> Synthesis:
        teacher = teach(**({"settings": sampling(NIGHTS), "prompt_version": prompt_version()} | options))
        return synthesize(teacher, draw_personas(persons, np.random.default_rng(1)), NIGHTS)

    return run


def answers(synthesis: Synthesis) -> list[tuple[str, str]]:
    rows = synthesis.outcomes[synthesis.outcomes["unit"] == "answer"]
    return list(zip(rows["outcome"], rows["reason"], strict=True))


def for_first(server, step: Callable[[Received], Step]) -> None:
    """The server mistreats whom it is asked for first, and imagines well for the others."""
    first: list[str] = []

    def play(received: Received) -> Step:
        first.append(question(received))
        return step(received) if question(received) == first[0] else says()(received)

    server.default = play


def test_people_and_nights_have_the_form_of_simulated_ones(server, ask, tmp_path) -> None:
    server.default = says()
    synthesis = ask(4)
    assert answers(synthesis) == [("accepted", "")] * 4
    nightly.validate(synthesis.nights)
    assert set(synthesis.nights["device"]) == {"imagined by stand-in"} == set(synthesis.people["device"])
    assert (synthesis.nights.groupby("person_id").size() == NIGHTS).all()
    first = synthesis.nights.iloc[0]
    said = imagined(server.received[0].body["messages"][1]["content"])["nights"]
    by_question = {question(received): imagined(question(received)) for received in server.received}
    assert first["night_date"] == pd.Timestamp("2026-01-06") and first["night_date"].day_name() == said[0]["weekday"]
    asleep = {given["total_sleep_min"] for answer in by_question.values() for given in answer["nights"]}
    assert set(synthesis.nights["total_sleep_min"]) == asleep
    span = (synthesis.nights["end_local"] - synthesis.nights["start_local"]) / pd.Timedelta(minutes=1)
    assert (span == synthesis.nights["time_in_bed_min"]).all()
    reports = simulated_reports(synthesis.people, synthesis.nights, NIGHTS, FACTUAL)
    assert len(reports) == 4
    person = synthesis.people.iloc[0]
    assert f"Person: age {person['age_y']:.0f}, {person['sex']}." in report_text(reports[0])
    # Mid-sleep on free days by hand: nights 5 and 6 end on Saturday and Sunday.
    mine = synthesis.nights[synthesis.nights["person_id"] == person["person_id"]].iloc[4:6]
    middles = [(s + (e - s) / 2 - d).total_seconds() / 3600 for s, e, d in
               zip(mine["start_local"], mine["end_local"], mine["night_date"], strict=True)]  # fmt: skip
    assert person["chronotype_msf_h"] == pytest.approx(np.mean(middles))
    # Both tables survive their file.
    for name, table in {"people": synthesis.people, "nights": synthesis.nights}.items():
        table.to_parquet(tmp_path / f"{name}.parquet")
        assert pd.read_parquet(tmp_path / f"{name}.parquet").shape == table.shape


def test_the_request_says_who_and_holds_the_server_to_the_schema(server, ask) -> None:
    server.default = says()
    ask(2)
    personas = draw_personas(2, np.random.default_rng(1))
    sent = {question(received): received.body for received in server.received}
    assert len(sent) == 2
    for persona in personas:
        (body,) = [body for asked, body in sent.items() if f"{persona.sex} person of {persona.age_y} years" in asked]
        assert persona.timing in body["messages"][1]["content"]
        assert body["response_format"]["json_schema"] == {
            "name": "imagined_person",
            "strict": True,
            "schema": answer_schema(),
        }
        assert body["temperature"] == 1.0 and body["seed"] == 0 and body["max_tokens"] > 300 * NIGHTS
        assert json.dumps(answer_schema()) in body["messages"][0]["content"]


def test_every_night_that_was_asked_for_is_counted_once(server, ask) -> None:
    def spoil(answer) -> None:
        answer["nights"][0]["rem_min"] += 30
        answer["nights"][1]["spo2_min_pct"] = 20
        answer["nights"][2]["weekday"] = "Sunday"
        answer["nights"].append(dict(answer["nights"][3]))
        del answer["nights"][6]

    server.default = says(spoil)
    synthesis = ask(3)
    counted = {(row.unit, row.outcome, row.reason): row.count for row in synthesis.counts().itertuples(index=False)}
    assert counted == {
        ("answer", "accepted", ""): 3,
        ("extra night", "rejected", "repeated"): 3,
        ("night", "accepted", ""): 9,
        ("night", "rejected", "missing"): 3,
        ("night", "rejected", "parts of sleep"): 3,
        ("night", "rejected", "spo2_min_pct is out of range"): 3,
        ("night", "rejected", "weekday"): 3,
    }
    asked = synthesis.outcomes[synthesis.outcomes["unit"] == "night"]
    assert not asked.duplicated(["person_id", "night"]).any() and len(asked) == 3 * NIGHTS
    assert len(synthesis.nights) == 9


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"person": {"occupation": "nurse", "body_mass_in', "no JSON"),
        ("Of course! Here are the nights you asked for.", "no JSON"),
        ('{"person": {}, "nights": []}', "wrong schema"),
        ("[" * 100_000, "no JSON"),
        ("half a character: \ud800", "no JSON"),
    ],
    ids=["cut off", "prose", "empty objects", "deep", "surrogate"],
)
def test_a_malformed_answer_goes_back_once(server, ask, text: str, reason: str) -> None:
    for_first(server, lambda received: says()(received) if is_repair(received) else completion(text))
    synthesis = ask()
    assert sorted(answers(synthesis)) == sorted([("accepted", ""), ("accepted", ""), ("repaired", reason)])
    assert len(synthesis.people) == 3 and len(synthesis.nights) == 3 * NIGHTS
    assert len(server.received) == 4
    (sent_back,) = [received for received in server.received if is_repair(received)]
    messages = sent_back.body["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[2]["content"] == text.encode("utf-8", "replace").decode()
    detail = synthesis.outcomes.loc[synthesis.outcomes["outcome"] == "repaired", "detail"].item()
    assert messages[3]["content"].startswith(f"This can't be used: {detail}. Send")


def test_an_answer_that_stays_malformed_fails_the_person(server, ask) -> None:
    for_first(server, lambda received: completion("Sorry, still prose."))
    synthesis = ask()
    assert sorted(answers(synthesis)) == sorted([("accepted", ""), ("accepted", ""), ("failed", "no JSON")])
    assert len(server.received) == 4 and len(synthesis.people) == 2
    counts = synthesis.counts().set_index(["unit", "outcome", "reason"])["count"]
    assert counts["night", "rejected", "answer failed"] == NIGHTS
    assert counts["night"].sum() == 3 * NIGHTS


@pytest.mark.parametrize(
    ("step", "reason", "detail"),
    [
        (completion(None, refusal="I can't imagine patients."), "refused", "I can't imagine patients."),
        (completion("", finish_reason="content_filter"), "refused", "content filter"),
        (completion("  "), "empty", ""),
        (completion('{"person": {"occu', finish_reason="length"), "truncated", ""),
        (Step(200, b'{"choices": ['), "malformed", "the body is not JSON"),
        (error(400, message="response_format is not supported"), "failed", "response_format is not supported"),
    ],
)
def test_what_can_not_be_mended_by_asking_is_not_asked_again(server, ask, step, reason, detail) -> None:
    for_first(server, lambda received: step)
    synthesis = ask()
    failed = synthesis.outcomes[synthesis.outcomes["outcome"] == "failed"]
    assert failed["reason"].tolist() == [reason] and detail in failed["detail"].item()
    assert len(server.received) == 3 and len(synthesis.people) == 2


def test_words_with_half_a_character_can_be_written(server, ask, tmp_path) -> None:
    server.default = says(lambda answer: answer["person"].update(story="A \ud800 story.", occupation="\udfff"))
    people = ask(1).people
    people.to_parquet(tmp_path / "people.parquet")
    assert (people["story"].item(), people["occupation"].item()) == ("A ? story.", "?")


def test_nobody_left_is_still_a_table(server, ask) -> None:
    server.default = lambda _: completion(None, refusal="No.")
    synthesis = ask(2)
    assert synthesis.people.empty and synthesis.nights.empty
    assert list(synthesis.nights.columns) == list(nightly.COLUMNS)
    assert simulated_reports(synthesis.people, synthesis.nights, NIGHTS, FACTUAL) == []


def test_a_run_that_was_stopped_pays_only_for_the_rest(server, ask, tmp_path) -> None:
    server.default = says()
    with pytest.raises(BudgetStop, match="budget of 3 requests"):
        ask(5, budget=Budget(max_requests=3), concurrency=1)
    assert len(server.received) == 3
    resumed = ask(5, budget=Budget(max_requests=2))
    assert len(server.received) == 5 and len(records(tmp_path)) == 5
    again = ask(5, replay_only=True)
    for name in ("people", "nights", "outcomes"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(resumed, name))
    # Further persons are added to those who are paid for already.
    more = ask(6, budget=Budget(max_requests=1))
    pd.testing.assert_frame_equal(more.people.head(5), resumed.people)


def test_repairs_are_replayed_too(server, ask) -> None:
    for_first(server, lambda received: says()(received) if is_repair(received) else completion("prose"))
    before, asked = ask(), len(server.received)
    after = ask(replay_only=True)
    assert len(server.received) == asked == 4
    pd.testing.assert_frame_equal(after.outcomes, before.outcomes)


def test_a_hopeless_server_stops_the_run(server, ask) -> None:
    server.default = lambda _: error(401, message="bad key")
    with pytest.raises(TeacherError, match="refused the API key"):
        ask()


def test_leaving_the_machine_takes_consent(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    personas = draw_personas(1, np.random.default_rng(1))
    with pytest.raises(TeacherError, match="would leave this machine.*allow_remote=True"):
        ask_synthesizer("openai", "gpt-4o", personas, 3, tmp_path / "cache.jsonl", allow_remote=False, max_requests=5)


def test_one_call_does_it_all(server, tmp_path, monkeypatch) -> None:
    pytest.importorskip("openai")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_, **__: None)
    server.default = says()
    cache = tmp_path / "cache.jsonl"
    personas = draw_personas(3, np.random.default_rng(1))

    def ask(**options) -> Synthesis:
        given = {"allow_remote": False, "max_requests": 3, "answer_format": "json_object"}
        return ask_synthesizer("openai", "stand-in", personas, 5, cache, **(given | options))

    synthesis = ask()
    assert len(synthesis.nights) == 15 and len(server.received) == 3
    assert {json.dumps(received.body["response_format"]) for received in server.received} == {'{"type": "json_object"}'}
    assert len(ask(max_requests=0).nights) == 15, "everything is in the cache"
    with pytest.raises(BudgetStop):
        ask(seed=1, max_requests=2)
    assert KEY not in cache.read_text(encoding="utf-8")
    assert {record["request"]["prompt_version"] for record in records(tmp_path)} == {prompt_version()}


def test_a_synthesizer_is_chosen_by_name(server, tmp_path, monkeypatch) -> None:
    pytest.importorskip("openai")
    monkeypatch.setenv("SLEEPCOT_TEACHER_BASE_URL", server.url)
    monkeypatch.setenv("SLEEPCOT_TEACHER_MODEL", "stand-in")
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_, **__: None)
    server.default = says()
    personas = draw_personas(2, np.random.default_rng(1))
    caps = {"allow_remote": False, "max_requests": 3}
    synthesis = ask_synthesizer("custom", "", personas, 5, tmp_path / "cache.jsonl", **caps)
    assert len(synthesis.nights) == 10
    # Of an unknown server nothing is assumed, so that no form is asked for.
    assert all(received.body["model"] == "stand-in" for received in server.received)
    assert all("response_format" not in received.body for received in server.received)
    with pytest.raises(ParameterError, match="dashscope-qwen-max is no synthesizer"):
        ask_synthesizer("dashscope-qwen-max", "", personas, 5, tmp_path / "cache.jsonl", **caps)


def test_an_open_model_on_this_machine_is_asked_alike(tmp_path, monkeypatch) -> None:
    from sleepcot_utils.teach.local import LocalTeacher

    asked: list[str] = []

    def bodies(_: LocalTeacher, prompts) -> list[tuple[str, float]]:
        # Instead of a checkpoint, which would have to be large to know JSON; the real one is tested on its own.
        asked.extend(prompt[1]["content"] for prompt in prompts)
        said = [json.dumps(imagined(prompt[1]["content"])) for prompt in prompts]
        return [(completion(text).body.decode(), 0.1) for text in said]

    monkeypatch.setattr(LocalTeacher, "_bodies", bodies)
    (tmp_path / "open-model").mkdir()
    personas = draw_personas(2, np.random.default_rng(1))
    for _ in range(2):
        synthesis = ask_synthesizer(
            "local", str(tmp_path / "open-model"), personas, 4, tmp_path / "c.jsonl", allow_remote=False, max_requests=0
        )
    assert len(asked) == 2 and len(synthesis.nights) == 8
    assert set(synthesis.nights["device"]) == {"imagined by open-model"}


def test_two_persons_of_one_id_are_refused(teach) -> None:
    with pytest.raises(ParameterError, match="two personas have one person_id"):
        synthesize(teach(), draw_personas(1, np.random.default_rng(1)) * 2, NIGHTS)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: sampling(0), "nights is 0. Expected: 1 to 30"),
        (lambda: sampling(31), "nights is 31"),
        (lambda: sampling(7, answer_format="xml"), "answer_format is 'xml'. Expected: one of json_schema, json_object"),
        (
            lambda: ask_synthesizer("gpt", "m", [], 7, Path("c"), allow_remote=False, max_requests=1),
            "there is no teacher 'gpt'",
        ),
    ],
)
def test_wrong_parameters_say_what_is_right(call, said) -> None:
    with pytest.raises(ParameterError, match=said):
        call()
