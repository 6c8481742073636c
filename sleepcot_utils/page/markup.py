"""Parts of the page as HTML: an answer with its marks, a report section, the picture. Every text in them is escaped."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from sleepcot_utils.page.texts import Texts
from sleepcot_utils.report.document import Document, Item, Section
from sleepcot_utils.report.page import LANGUAGE_TAGS, MARKS, Drawing
from sleepcot_utils.score.claims import OPEN, RIGHT, WRONG, sentences
from sleepcot_utils.serve.schemas import Checked, Mark

SCRIPT = Path(__file__).parent / "page.js"
#: Verdict to the name of its style and to the sign that says the same as its color.
LOOKS = {RIGHT: ("right", "\N{CHECK MARK}"), WRONG: ("wrong", "\N{MULTIPLICATION X}"), OPEN: ("open", "?")}
#: Grays of the picture for a light and a dark page, in place of the variables that it names (WCAG 2.1, level AA).
PICTURE_STYLE = (
    "<style>:root{--ink:#222222;--soft:#595959;--line:#d5d7db;--card:#ffffff}"
    "@media (prefers-color-scheme:dark){:root{--ink:#ececec;--soft:#b4b8bd;--line:#3d4349;--card:#1f2327}}"
    'text{font-family:system-ui,"Noto Sans","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif!important}'
    "</style>"
)


@dataclass(frozen=True)
class Passage:
    """A sentence of an answer, where it stands, and what could be found out about it."""

    start: int
    end: int
    verdict: str


def passages(said: Checked) -> list[Passage]:
    """Sentences of an answer in their order; without a key to judge by, none is verified."""
    judged = [(claim.sentence, str(claim.verdict)) for claim in said.claims]
    found, place = [], 0
    for sentence, verdict in judged or [(sentence, OPEN) for sentence in sentences(said.answer)]:
        start = said.answer.index(sentence, place)
        place = start + len(sentence)
        found.append(Passage(start, place, verdict))
    return found


def answer_html(said: Checked, texts: Texts) -> str:
    """An answer with each number and each sentence marked; empty where it is withheld."""
    if said.withheld:
        return ""
    parts, place = [], 0
    for passage in passages(said):
        parts.append(_gap(said.answer[place : passage.start]))
        inside = [mark for mark in said.marks if passage.start <= mark.start < passage.end]
        look, sign = LOOKS[passage.verdict]
        words = _marked(said.answer, passage, inside, texts)
        parts.append(f'<span class="sentence {look}">{words} {_tag(look, sign, texts)}</span>')
        place = passage.end
    return f'<div class="answer" lang="en">{"".join(parts)}</div>'


def counts_text(said: Checked, texts: Texts) -> str:
    """How much of an answer could be verified, in one sentence."""
    verdicts = [str(mark.verdict) for mark in said.marks]
    found = passages(said)
    numbers = (
        texts("count_numbers", right=verdicts.count(RIGHT), numbers=len(verdicts), wrong=verdicts.count(WRONG))
        if verdicts
        else texts("count_no_numbers")
    )
    unverified = sum(passage.verdict == OPEN for passage in found)
    return f"{numbers} {texts('count_sentences', open=unverified, sentences=len(found))}"


def legend_html(texts: Texts) -> str:
    """What the marks mean."""
    entries = "".join(
        f"<li>{_tag(look, sign, texts, spoken=False)} {escape(texts(f'legend_{look}'))}</li>"
        for look, sign in LOOKS.values()
    )
    return f'<ul class="legend" aria-label="{escape(texts("legend_title"))}">{entries}</ul>'


def notice_html(title: str, text: str) -> str:
    """Words that come before all others; screen readers say them at once."""
    return f'<section class="notice" role="alert"><h2>{escape(title)}</h2><p>{escape(text)}</p></section>'


def picture_html(picture: Drawing) -> str:
    """A picture with its description and caption, as an image, so that nothing of it is lost when HTML is cleaned."""
    end = picture.svg.index(">") + 1
    head = picture.svg[:end]
    if "xmlns=" not in head:
        head = head.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    image = base64.b64encode(f"{head}{PICTURE_STYLE}{picture.svg[end:]}".encode()).decode()
    return (
        f'<figure class="picture"><img src="data:image/svg+xml;base64,{image}" alt="{escape(picture.alt)}">'
        f"<figcaption>{escape(picture.caption)}</figcaption></figure>"
    )


def summary_html(document: Document) -> str:
    """Whose report this is, and what stands out."""
    basis = "".join(f'<p class="soft">{escape(line)}</p>' for line in document.basis)
    lines = "".join(f"<p>{escape(line)}</p>" for line in document.summary)
    return f'<div class="report"><p>{escape(document.subtitle)}</p>{basis}{lines}</div>'


def section_html(section: Section, document: Document) -> str:
    """One dimension of a report: its values, what is missing, what has to be known of the measurement."""
    parts = [f'<p class="soft">{escape(section.about)}</p>', *(_item(item, document) for item in section.items)]
    if section.missing:
        parts.append(f'<p class="soft">{escape(section.missing)}</p>')
    if section.caveats:
        listed = "".join(f"<li>{escape(caveat)}</li>" for caveat in section.caveats)
        parts.append(f'<p class="soft">{escape(document.words.phrase("caveats"))}</p><ul class="soft">{listed}</ul>')
    return f'<div class="report">{"".join(parts)}</div>'


def lines_html(lines: Sequence[str]) -> str:
    """Paragraphs of small print."""
    return f'<div class="report">{"".join(f"<p>{escape(line)}</p>" for line in lines)}</div>'


def english_html(text: str) -> str:
    """Text that is English on a page of any language, its lines kept."""
    return f'<div class="answer" lang="en"><p>{_gap(text)}</p></div>'


def question_html(text: str) -> str:
    """A question of the reader, above its answer."""
    return f'<p class="question" role="status">{escape(text)}</p>'


def paragraph_html(label: str, english: str) -> str:
    """A label in the language of the page and what it labels, which is English."""
    return f'<p>{escape(label)} <span lang="en"><strong>{escape(english)}</strong></span></p>'


def script_html(texts: Texts, limit_mb: int) -> str:
    """The script that gives Streamlit's page and its upload control the language of the reader."""
    names = ("choose_file", "drop_file", "remove_file", "skip")
    given = {name: texts(name) for name in names} | {
        name: texts(name, limit=limit_mb) for name in ("file", "file_refused")
    }
    given["language_tag"] = LANGUAGE_TAGS[texts.language]
    # No text of a reader is among them; "<" would end the script all the same.
    written = json.dumps(given, ensure_ascii=False).replace("<", "\\u003c")
    return f"<script>{SCRIPT.read_text(encoding='utf-8').replace('GIVEN', written, 1)}</script>"


def _item(item: Item, document: Document) -> str:
    sign = f'<span class="{item.level}" aria-hidden="true">{MARKS[item.level]}</span> ' if item.level else ""
    remarks = escape(document.words.entries["separator"].join(item.remarks))
    source = (
        f'<p class="source">{escape(document.words.phrase("source", source=item.source))}</p>' if item.source else ""
    )
    return (
        f'<div class="item"><p class="label">{escape(item.label)}</p><p class="value">{sign}{escape(item.value)}</p>'
        f'<p class="soft">{remarks}</p>{source}</div>'
    )


def _marked(answer: str, passage: Passage, marks: Sequence[Mark], texts: Texts) -> str:
    parts, place = [], passage.start
    for mark in marks:
        look, sign = LOOKS[str(mark.verdict)]
        end = min(mark.end, passage.end)
        parts.append(escape(answer[place : mark.start]))
        parts.append(f'<span class="number {look}">{escape(answer[mark.start : end])}{_sign(look, sign, texts)}</span>')
        place = end
    return "".join([*parts, escape(answer[place : passage.end])])


def _sign(look: str, sign: str, texts: Texts) -> str:
    said = escape(texts(f"mark_{look}"))
    return f'<sup aria-hidden="true">{sign}</sup><span class="unseen" lang="{texts.language}"> ({said})</span>'


def _tag(look: str, sign: str, texts: Texts, *, spoken: bool = True) -> str:
    hidden = "" if spoken else ' aria-hidden="true"'
    said = escape(texts(f"mark_{look}"))
    return f'<span class="tag {look}" lang="{texts.language}"{hidden}>{sign} {said}</span>'


def _gap(text: str) -> str:
    return escape(text).replace("\n", "<br>")
