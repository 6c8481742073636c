"""The script of the page, run as Streamlit runs it, without a browser."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest

from sleepcot_utils.page.__main__ import main
from sleepcot_utils.page.bringing import MARKDOWN, details
from sleepcot_utils.page.server import HEADERS, SCRIPT, Headers, failed, options
from sleepcot_utils.page.texts import Texts
from sleepcot_utils.paths import RunPaths
from sleepcot_utils.serve.observing import LOGGER
from sleepcot_utils.serve.questions import Refused
from sleepcot_utils.serve.settings import Settings
from sleepcot_utils.study.feedback_commands import feedback_log

EN, ZH = Texts("en"), Texts("zh")
LONGEST_WAIT_S = 120
NOTICE = '<section class="notice" role="alert">'


@pytest.fixture
def page(desk) -> AppTest:
    return AppTest.from_file(str(SCRIPT), default_timeout=LONGEST_WAIT_S).run()


@pytest.fixture
def visited(page, plain_csv) -> AppTest:
    page.file_uploader[0].set_value(("nights.csv", plain_csv(total_sleep_min=371.0), "text/csv"))
    return page.run()


def html_of(page: AppTest) -> str:
    return "".join(element.proto.body for element in page.get("html"))


def button(page: AppTest, key: str):
    return next(one for one in page.button if one.key == key)


def headers(page: AppTest) -> list[str]:
    return [header.value for header in page.header]


def test_page_begins_with_what_it_is(page) -> None:
    assert not page.exception
    assert page.title[0].value == EN("title") and headers(page) == [EN("your_export"), EN("delete_title")]
    assert EN("not_medical_title") in page.warning[0].value and EN("emergency") in page.warning[0].value


def test_page_in_chinese(page) -> None:
    page.radio[0].set_value("zh").run()
    assert page.title[0].value == ZH("title") and headers(page) == [ZH("your_export"), ZH("delete_title")]
    assert ZH("not_medical_title") in page.warning[0].value and "zh-Hans" in html_of(page)


def test_visit_shows_everything_in_its_order_and_in_both_languages(visited) -> None:
    for texts, said in ((EN, "371 min"), (ZH, "371")):
        visited.radio(key="language").set_value(texts.language).run()
        assert not visited.exception
        names = ("nights_title", "report_title", "advice_title")
        assert headers(visited)[:3] == [texts(name) for name in names]
        assert headers(visited)[-2:] == [texts("ask_title"), texts("delete_title")]
        assert said in html_of(visited) and "data:image/svg+xml" in html_of(visited)
        assert NOTICE not in html_of(visited), "there is no red flag"


def test_red_flag_stands_before_the_nights(page, plain_csv) -> None:
    page.file_uploader[0].set_value(("nights.csv", plain_csv(spo2_min_pct=80.0), "text/csv"))
    page.run()
    shown = html_of(page)
    assert 0 < shown.index(NOTICE) < shown.index("data:image/svg+xml")


def test_bad_file_gets_one_message_and_the_page_goes_on(page, plain_csv) -> None:
    for data in (b"", b"\x00\xff nothing", plain_csv(2)):
        page.file_uploader[0].set_value(("nights.csv", data, "text/csv"))
        page.run()
        assert len(page.error) == 1 and not page.exception and headers(page)[0] == EN("your_export")
    assert page.error[0].value == EN("too_few", nights=2, needed=3)
    page.file_uploader[0].set_value(("nights.csv", plain_csv(), "text/csv"))
    page.run()
    assert not page.error and headers(page)[0] == EN("nights_title")


def test_file_is_not_held_after_it_was_read(page, plain_csv, monkeypatch) -> None:
    left: list[int] = []
    remove = MemoryUploadedFileManager.remove_session_files

    def seen(manager: MemoryUploadedFileManager, session_id: str) -> None:
        assert manager.file_storage[session_id], "it was there"
        remove(manager, session_id)
        left.append(len(manager.file_storage))

    monkeypatch.setattr(MemoryUploadedFileManager, "remove_session_files", seen)
    page.file_uploader[0].set_value(("nights.csv", plain_csv(total_sleep_min=371.0), "text/csv"))
    visited = page.run()
    assert left == [0]
    assert not visited.file_uploader, "the control went with its file"
    assert "371" in html_of(visited)
    button(visited, "another").click().run()
    assert headers(visited)[0] == EN("your_export") and visited.session_state["memory"].visit is None
    assert visited.file_uploader[0].value is None


def test_questions_are_answered_and_kept_on_the_page(visited) -> None:
    button(visited, "ask_tired").click().run()
    assert EN("ask_tired") in html_of(visited)
    (turn,) = visited.session_state["memory"].turns["wearer-01"]
    assert turn.topic == "tired" and "371 min" in turn.by_rules, "the rules speak of this person's hours"
    visited.text_input(key="question").set_value("I have crushing chest pain right now")
    next(one for one in visited.button if one.label == EN("ask")).click().run()
    assert EN("advice_title") not in headers(visited), "nothing stands between a person and help"
    assert html_of(visited).count(NOTICE) == 2, "on top, and where the question was asked"
    assert len(visited.session_state["memory"].turns["wearer-01"]) == 2


def test_several_people_of_one_export(page, plain_csv) -> None:
    rows = plain_csv(5, total_sleep_min=371.0).decode().splitlines()
    other = plain_csv(5, total_sleep_min=402.0).decode().splitlines()
    few = plain_csv(2).decode().splitlines()
    lines = [f"person,{rows[0]}", *(f"a,{row}" for row in rows[1:]), *(f"b,{row}" for row in other[1:])]
    lines += [f"c,{row}" for row in few[1:]]
    page.file_uploader[0].set_value(("nights.csv", "\n".join(lines).encode(), "text/csv"))
    page.run()
    people = page.selectbox(key="person")
    assert len(people.options) == 2 and any("Too few nights" in one.value for one in page.success)
    assert "371 min" in html_of(page) and "402 min" not in html_of(page)
    people.set_value(people.options[1]).run()
    assert "402 min" in html_of(page) and "371 min" not in html_of(page)


def test_student_that_can_not_answer(desk, page, plain_csv, monkeypatch) -> None:
    def refuses(_):
        raise Refused(503, "not_ready", "the student is being loaded again")

    monkeypatch.setattr(desk, "advise", refuses)
    page.file_uploader[0].set_value(("nights.csv", plain_csv(), "text/csv"))
    page.run()
    assert page.error[0].value.startswith(EN("problem_student")) and not page.exception
    assert headers(page)[:2] == [EN("nights_title"), EN("report_title")], "the report holds without it"
    monkeypatch.undo()
    button(page, "try_again").click().run()
    assert not page.error


def test_rating_and_deletion(visited, root) -> None:
    page = visited
    save = next(one for one in page.button if one.label == EN("save_rating"))
    save.click().run()
    assert page.error[0].value == EN("rating_missing") and not root.exists()
    page.radio(key="rating").set_value(2)
    page.radio(key="followed").set_value("no")
    page.text_area(key="comment").set_value("Too early for me.")
    next(one for one in page.button if one.label == EN("save_rating")).click().run()
    log = feedback_log(RunPaths("trial"))
    assert [(entry.rating, entry.comment) for entry in log.entries()] == [(2, "Too early for me.")]
    assert EN("rating_saved") in [one.value for one in page.success]
    button(page, "delete").click().run()
    assert log.entries(), "one question first"
    button(page, "delete_no").click().run()
    button(page, "delete").click().run()
    button(page, "delete_yes").click().run()
    assert not (RunPaths("trial").data / "coach").exists()
    assert page.success[0].value == EN("deleted", count=2) and headers(page)[0] == EN("your_export")
    held = page.session_state["memory"]
    assert held.visit is None and held.words == [] and held.advice == {}


def test_message_shows_the_words_of_a_file_and_obeys_none() -> None:
    shown = details("row 2: '![x](http://a.invalid/b.png)' is no number", EN)
    assert "![" not in shown and "](" not in shown and "invalid" in shown
    assert MARKDOWN.sub("", shown).replace("\\", "") == MARKDOWN.sub("", EN("details", text="")) + MARKDOWN.sub(
        "", "row 2: '![x](http://a.invalid/b.png)' is no number"
    )


def test_failure_is_logged_without_its_words(monkeypatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr(LOGGER, "info", lines.append)
    try:
        raise KeyError("Hildegard")
    except KeyError as problem:
        assert failed(problem), "Streamlit would show it otherwise"
    (line,) = lines
    assert "KeyError" in line and "test_script:" in line and "Hildegard" not in line


def test_options_keep_the_page_to_itself() -> None:
    chosen = options(Settings())
    assert chosen["browser.gatherUsageStats"] is False and chosen["server.address"] == "127.0.0.1"
    assert chosen["server.allowedHosts"] == ["127.0.0.1", "localhost", "::1"]
    assert chosen["client.showErrorDetails"] == "none" and chosen["server.maxUploadSize"] == 64


def test_no_cache_keeps_what_is_a_readers() -> None:
    def kept(_) -> PlainTextResponse:
        return PlainTextResponse("x", headers={"Cache-Control": "max-age=60"})

    app = Headers(Starlette(routes=[Route("/media/a", kept), Route("/static/a", kept)]), HEADERS)
    with TestClient(app) as client:
        assert client.get("/media/a").headers["cache-control"] == "no-store"
        library = client.get("/static/a").headers
    assert library["cache-control"] == "max-age=60" and "default-src 'self'" in library["content-security-policy"]


def test_page_is_not_opened_to_others(capsys) -> None:
    assert main(["--host", "0.0.0.0"]) == 2
    assert "could be read by others" in capsys.readouterr().err
    assert main(["--run", "no-such-run"]) == 2
    assert "there is no student here" in capsys.readouterr().err
