"""Report, advice, follow-up and knowledge over HTTP: the same as the functions below them give, with safety around."""

from __future__ import annotations

import io
import zipfile

import pandas as pd
import pytest

from sleepcot_utils.distill.generation import ask
from sleepcot_utils.nights import conform, validate
from sleepcot_utils.paths import reference_data
from sleepcot_utils.report.document import long_text
from sleepcot_utils.report.full import full_reports
from sleepcot_utils.serve.verification import checked, marks_of
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import recommend_task


def test_report_of_rows_is_the_report_of_the_package(client, rows, night_table) -> None:
    answer = client.post("/v1/report", json={"nights": rows, "age_y": 40, "sex": "female"})
    assert answer.status_code == 200, answer.text
    (full,), _ = full_reports(night_table(10, total_sleep_min=372.0), window_nights=14, most=1, age_y=40, sex="female")
    (given,) = answer.json()["reports"]
    assert given["text"] == long_text(full)
    slept = next(one for one in given["statements"] if one["name"] == "total_sleep")
    assert slept["value"] == 372.0 and slept["unit"] == "min" and slept["nights"] == 10
    assert answer.headers["cache-control"] == "no-store"


def test_report_of_an_export_equals_that_of_its_rows(client, rows_from) -> None:
    from sleepcot_utils.ingest import read_export

    folder = reference_data("samples", "plain_csv")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        for file in sorted(folder.iterdir()):
            target.write(file, file.name)
    uploaded = client.post(
        "/v1/report",
        files={"export": ("nights.zip", archive.getvalue(), "application/zip")},
        data={"window_nights": "30"},
    )
    assert uploaded.status_code == 200, uploaded.text
    nights = read_export(folder, strict=False).nights
    given = client.post("/v1/report", json={"nights": rows_from(nights), "window_nights": 30})
    assert uploaded.json()["reports"] == given.json()["reports"]
    assert uploaded.json()["reading"]["vendor"] and given.json()["reading"] is None


def test_advice_is_the_students_and_marked(client, tiny_student, rows) -> None:
    table = validate(conform(pd.DataFrame(rows)))
    (full,), _ = full_reports(table, window_nights=14, most=1)
    (alone,) = ask(tiny_student, [recommend_task(full.report, "test")], source="x", seed=0, max_new_tokens=8)
    (person,) = client.post("/v1/advice", json={"nights": rows}).json()["people"]
    advice = person["advice"]
    assert advice["withheld"] or advice["answer"] == alone.answer
    assert advice["finish_reason"] in ("withheld", alone.finish_reason)


@pytest.mark.parametrize(
    ("words", "verdict", "facts"),
    [
        ("Time asleep is 372 min.", "right", ["total_sleep"]),
        ("Time asleep is 500 min.", "wrong", ["total_sleep"]),
        ("Go to bed at 22:30.", "not verified", []),
    ],
)
def test_each_number_is_marked(hand_report, words, verdict, facts) -> None:
    task = recommend_task(hand_report(total_sleep=372.0), "test")
    (mark,) = marks_of(words, task.key)
    assert (mark.verdict, mark.facts) == (verdict, facts)
    assert words[mark.start : mark.end].strip("0123456789: min") == ""
    assert mark.value == {"right": 372, "wrong": 500, "not verified": 1350}[verdict]


def test_answers_that_could_harm_are_withheld(hand_report) -> None:
    def verdict(text: str, **facts: float):
        report = hand_report(**facts)
        answer = Answer("t", "x", 0, "", text, "stop", 5, 0.0)
        return checked(recommend_task(report, "test"), answer, report, "", "en", {})

    dosed = verdict("Take 3 mg of melatonin.")
    assert dosed.withheld and dosed.answer == "" and "3 mg" not in dosed.text
    denied = verdict("There is no red flag. Keep your hours.", lowest_oxygen=80.0)
    assert denied.withheld and denied.urgency == "soon" and denied.safety_notice in denied.text
    shown = verdict("Keep your hours.")
    assert not shown.withheld and shown.text == shown.answer == "Keep your hours."


def test_help_comes_before_the_student(client, rows) -> None:
    said = client.worker.counts.answers
    body = {"nights": rows, "question": "I have crushing chest pain right now, is it my sleep?"}
    (person,) = client.post("/v1/follow-up", json=body).json()["people"]
    advice = person["advice"]
    assert advice["urgency"] == "now" and advice["withheld"] and advice["answer"] == ""
    assert advice["text"] == advice["safety_notice"] != ""
    chat = client.post(
        "/v1/chat/completions", json={"messages": [{"role": "user", "content": body["question"]}]}
    ).json()
    assert chat["choices"][0]["finish_reason"] == "content_filter"
    assert client.worker.counts.answers == said, "the student was not asked"


def test_follow_up_of_a_topic_and_in_free_words(client, rows) -> None:
    topic = client.post("/v1/follow-up", json={"nights": rows, "topic": "tired"}).json()["people"][0]
    assert topic["question"] and topic["advice"]["urgency"] == "none"
    free = client.post("/v1/follow-up", json={"nights": rows, "question": "What about naps?"}).json()["people"][0]
    assert free["question"] == "What about naps?" and free["advice"]["failed_checks"] == []
    for body in ({"topic": "none such"}, {}):
        answer = client.post("/v1/follow-up", json={"nights": rows} | body)
        assert answer.status_code == 400 and answer.json()["error"]["code"] == "bad_parameter"


def test_knowledge_is_held_against_its_card(client, study) -> None:
    card = next(iter(study.cards.values()))
    by_id = client.post("/v1/knowledge", json={"card_id": card.card_id}).json()
    by_words = client.post("/v1/knowledge", json={"question": card.phrasings.test[0]}).json()
    assert by_id == by_words
    assert by_id["card_id"] == card.card_id and by_id["source"] == card.source.citation()
    free = client.post("/v1/knowledge", json={"question": "Do cats dream?"}).json()
    assert free["card_id"] == "" and free["answer"]["claims"] == []
    assert client.post("/v1/knowledge", json={"card_id": "no-such-card"}).status_code == 400
