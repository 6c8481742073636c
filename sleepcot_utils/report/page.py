"""The full report as one HTML page that needs nothing else: no file beside it, no network, no script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Protocol

from sleepcot_utils.report.document import Document, Item, Section, document
from sleepcot_utils.report.full import FullReport

#: Tag of the written language for browsers and screen readers (BCP 47).
LANGUAGE_TAGS = {"en": "en", "zh": "zh-Hans"}
#: Sign before a judged value, which says the same as its color.
MARKS = {"ok": "\N{BLACK CIRCLE}", "watch": "\N{WHITE DIAMOND}", "act": "\N{BLACK DIAMOND}"}
#: The page may use its own styles and embedded images, and load nothing at all.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

#: Colors have a contrast above 4.5:1 against their background (WCAG 2.1, level AA), light and dark.
STYLE = """
:root { color-scheme: light dark; --ground: #f4f5f7; --card: #ffffff; --ink: #222222; --soft: #595959;
  --line: #d5d7db; --ok: #00563f; --watch: #7a4a00; --act: #9c2a00; --call: #fbe9e0; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171a; --card: #1f2327; --ink: #ececec; --soft: #b4b8bd;
  --line: #3d4349; --ok: #7fd6b5; --watch: #f0c060; --act: #ffab8a; --call: #452a1d; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", "PingFang SC",
    "Microsoft YaHei", sans-serif; overflow-wrap: anywhere; }
main { max-width: 46rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0.5rem 0 0.25rem; }
h2 { font-size: 1.2rem; margin: 0; }
h3 { font-size: 1rem; font-weight: 600; margin: 0; }
p { margin: 0.3rem 0; }
section, figure, header { background: var(--card); border: 1px solid var(--line); border-radius: 0.6rem;
  padding: 0.9rem 1rem; margin: 0 0 1rem; }
section.call { background: var(--call); border: 2px solid var(--act); }
.about, .remarks, .caveats, figcaption, .basis { color: var(--soft); }
.item { border-top: 1px solid var(--line); padding: 0.6rem 0; margin-top: 0.6rem; }
.value { font-size: 1.25rem; font-weight: 600; }
.ok { color: var(--ok); } .watch { color: var(--watch); } .act { color: var(--act); }
details { color: var(--soft); font-size: 0.9rem; margin: 0.2rem 0; }
summary { cursor: pointer; }
figure svg { display: block; width: 100%; max-width: 34rem; height: auto; margin: 0 auto; }
figure svg text { font-family: system-ui, "Noto Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei",
  sans-serif !important; }
figcaption { font-size: 0.9rem; margin-top: 0.6rem; }
ul { margin: 0.4rem 0 0; padding-left: 1.2rem; font-size: 0.9rem; }
@media print { body { background: none; } section, figure { break-inside: avoid; } }
"""


class Drawing(Protocol):
    """A figure for the page: inline SVG that draws no text of a user, its description and its caption."""

    @property
    def svg(self) -> str: ...

    @property
    def alt(self) -> str: ...

    @property
    def caption(self) -> str: ...


def page_html(full: FullReport, language: str = "en", pictures: Sequence[Drawing] = ()) -> str:
    """The full report as a page.

    Parameters
    ----------
    language : str
        ``en`` or ``zh``.
    pictures : sequence of Drawing
        Figures in the same language, such as `sleepcot_utils.figures.report_nights.report_picture` makes.

    Returns
    -------
    str
        A whole HTML document with its styles inside; every text in it is escaped.
    """
    doc = document(full, language)
    words = doc.words
    body = [_header(doc), *_call(doc), _summary(doc)]
    body += [_figure(picture) for picture in pictures]
    body += [_section(section, doc) for section in doc.sections]
    how = "".join(_paragraph(line) for line in (*doc.how, doc.disclaimer, words.phrase("privacy")))
    body.append(f"<section><h2>{escape(words.phrase('how_title'))}</h2>{how}</section>")
    return (
        f'<!DOCTYPE html>\n<html lang="{LANGUAGE_TAGS[words.language]}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(doc.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(body)
        + "\n</main>\n</body>\n</html>\n"
    )


def _paragraph(text: str, name: str = "") -> str:
    return f'<p class="{name}">{escape(text)}</p>' if name else f"<p>{escape(text)}</p>"


def _header(doc: Document) -> str:
    basis = "".join(_paragraph(line, "basis") for line in doc.basis)
    return f"<header><h1>{escape(doc.title)}</h1>{_paragraph(doc.subtitle)}{basis}</header>"


def _call(doc: Document) -> list[str]:
    if not doc.clinician:
        return []
    title, *rest = doc.clinician
    return [f'<section class="call"><h2>{escape(title)}</h2>{"".join(_paragraph(line) for line in rest)}</section>']


def _summary(doc: Document) -> str:
    lines = "".join(_paragraph(line) for line in doc.summary)
    return f"<section><h2>{escape(doc.words.phrase('summary_title'))}</h2>{lines}</section>"


def _figure(picture: Drawing) -> str:
    return f"<figure>{picture.svg}<figcaption>{escape(picture.caption)}</figcaption></figure>"


def _section(section: Section, doc: Document) -> str:
    parts = [f"<h2>{escape(section.title)}</h2>", _paragraph(section.about, "about")]
    parts += [_item(item, doc) for item in section.items]
    if section.missing:
        parts.append(_paragraph(section.missing, "remarks"))
    if section.caveats:
        listed = "".join(f"<li>{escape(caveat)}</li>" for caveat in section.caveats)
        parts.append(f'<div class="caveats"><p>{escape(doc.words.phrase("caveats"))}</p><ul>{listed}</ul></div>')
    return f'<section id="{section.name}">{"".join(parts)}</section>'


def _item(item: Item, doc: Document) -> str:
    mark = f'<span class="{item.level}" aria-hidden="true">{MARKS[item.level]}</span> ' if item.level else ""
    remarks = _paragraph(doc.words.entries["separator"].join(item.remarks), "remarks") if item.remarks else ""
    source = ""
    if item.source:
        label = escape(doc.words.phrase("source_title"))
        source = f"<details><summary>{label}</summary>{_paragraph(item.source)}</details>"
    value = f'<p class="value">{mark}{escape(item.value)}</p>'
    return f'<div class="item" id="{item.name}"><h3>{escape(item.label)}</h3>{value}{remarks}{source}</div>'
