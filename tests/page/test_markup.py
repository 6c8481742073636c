"""What a reader sees of an answer: each number and each sentence with its mark, and never markup of somebody else."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import pytest

from sleepcot_utils.figures.report_nights import report_picture
from sleepcot_utils.page import markup
from sleepcot_utils.page.texts import Texts
from sleepcot_utils.report.document import document
from sleepcot_utils.report.full import full_report
from sleepcot_utils.serve.coach import open_task
from sleepcot_utils.serve.verification import checked
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import messages_for, recommend_task

EN, ZH = Texts("en"), Texts("zh")


class Spans(HTMLParser):
    """Words of each span by its style, words for screen readers and signs left out."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.found: dict[str, list[str]] = {}
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        if tag in ("span", "sup", "div", "p"):
            self.stack.append(tag if tag == "sup" else dict(attrs).get("class") or "")

    def handle_endtag(self, tag) -> None:
        if tag in ("span", "sup", "div", "p"):
            self.stack.pop()

    def handle_data(self, data) -> None:
        if self.stack and self.stack[-1].startswith(("number", "tag")):
            self.found.setdefault(self.stack[-1], []).append(data)


def said(hand_report, text: str, *, has_key: bool = True, **facts):
    report = hand_report(total_sleep=372.0, **facts)
    task = recommend_task(report, "test") if has_key else open_task(messages_for("And naps?", report), report)
    return checked(task, Answer(task.task_id, "cot", 1, "", text, "stop", 9, 0.0), report, "", "en", {})


def test_each_number_and_sentence_is_marked(hand_report) -> None:
    answer = said(hand_report, "Time asleep is 372 min. Time asleep is 500 min.\nKeep the room dark from 22:30 on.")
    spans = Spans(markup.answer_html(answer, EN)).found
    assert spans["number right"] == ["372 min"] or spans["number right"] == ["372"]
    assert [words.split()[0] for words in spans["number wrong"]] == ["500"]
    assert spans["number open"] == ["22:30"]
    assert (spans["tag right"], spans["tag wrong"]) == (["\u2713 verified"], ["\u2715 wrong"])
    assert spans["tag open"] == ["? not verified"]
    assert markup.counts_text(answer, EN) == "Numbers: 1 of 3 verified, 1 wrong. Sentences: 1 of 3 not verified."
    assert "已核实" in markup.answer_html(answer, ZH) and "3 个中 1 个" in markup.counts_text(answer, ZH)


def test_words_of_an_answer_are_all_there_in_their_order(hand_report) -> None:
    text = "Finding: time asleep 372 min & more.\nDo first: <b>rest</b>. It is 9 < 10."
    shown = markup.answer_html(said(hand_report, text), EN)
    plain = re.sub(r'<sup.*?</sup>|<span class="unseen".*?</span>|<span class="tag.*?</span>', "", shown)
    plain = re.sub(r"<[^>]*>", "", plain.replace("<br>", "\n"))
    assert " ".join(plain.split()) == " ".join(
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").split()
    )
    assert "b" not in Spans(shown).tags, "markup of the student is shown, not obeyed"


def test_answer_without_a_key_is_not_verified(hand_report) -> None:
    answer = said(hand_report, "Naps are fine. Keep them short.", has_key=False)
    assert [passage.verdict for passage in markup.passages(answer)] == ["not verified"] * 2
    assert markup.counts_text(answer, EN) == "It names no number. Sentences: 2 of 2 not verified."


def test_withheld_answer_shows_nothing(hand_report) -> None:
    answer = said(hand_report, "Take 3 mg of melatonin.")
    assert answer.withheld and markup.answer_html(answer, EN) == "" and markup.passages(answer) == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_picture_is_an_image_with_its_words(night_table, language) -> None:
    full = full_report(night_table(10), person_id="p00001", window_nights=14)
    picture = report_picture(full, language)
    html = markup.picture_html(picture)
    (coded,) = re.findall(r"base64,([^\"]+)", html)
    drawn = base64.b64decode(coded).decode()
    assert drawn.startswith("<svg") and drawn.count("xmlns=") == 1 and drawn.count("var(--") > 3
    assert "prefers-color-scheme:dark" in drawn
    assert f'alt="{picture.alt}"' in html and "2026-01-06" in picture.alt and picture.caption in html


@pytest.mark.parametrize("language", ["en", "zh"])
def test_report_holds_every_value_and_escapes(night_table, language) -> None:
    full = full_report(night_table(10, total_sleep_min=372.0), person_id="p00001", window_nights=14)
    words = document(full, language)
    shown = "".join(markup.section_html(section, words) for section in words.sections)
    for section in words.sections:
        for item in section.items:
            assert '<p class="value">' in shown and item.value.replace("<", "&lt;") in shown
    assert "372" in shown
    assert "&lt;i&gt;" in markup.notice_html("t", "<i>") and "<i>" not in markup.notice_html("t", "<i>")


def test_script_can_not_be_left_by_a_text() -> None:
    script = markup.script_html(ZH, 64)
    assert script.count("</script>") == 1 and "GIVEN" not in script and "zh-Hans" in script
    assert ZH("file", limit=64) in script
