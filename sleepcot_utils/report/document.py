"""The full report as a document in one language, and that document as text. The page renders the same document."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sleepcot_utils.report.dimensions import DIMENSIONS, OTHERS
from sleepcot_utils.report.facts import MIN_NIGHTS, MIN_TREND_NIGHTS
from sleepcot_utils.report.full import FullReport
from sleepcot_utils.report.statements import KNOWN, NORM, NOT_GIVEN, Statement
from sleepcot_utils.report.wording import Words, words_of


@dataclass(frozen=True)
class Item:
    """One statement in words.

    Attributes
    ----------
    name, label, value : str
        Key of the statement, its name and its value with unit.
    level : str
        ``ok``, ``watch`` or ``act`` for a value that is judged, else empty.
    remarks : tuple of str
        Range, level, percentile, what it rests on, trend.
    source : str
        Of the range; empty where there is none.
    """

    name: str
    label: str
    value: str
    level: str
    remarks: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Section:
    """One dimension in words; `caveats` holds what has to be known about its measurements."""

    name: str
    title: str
    about: str
    items: tuple[Item, ...]
    missing: str
    caveats: tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """A full report in one language."""

    words: Words
    title: str
    subtitle: str
    basis: tuple[str, ...]
    summary: tuple[str, ...]
    clinician: tuple[str, ...]
    sections: tuple[Section, ...]
    how: tuple[str, ...]
    disclaimer: str


def document(full: FullReport, language: str) -> Document:
    """Put a full report into words.

    Parameters
    ----------
    language : str
        ``en`` or ``zh``.
    """
    words = words_of(language)
    return Document(
        words=words,
        title=words.phrase("title"),
        subtitle=words.phrase("subtitle", nights=full.report.nights, first=full.first_date, last=full.last_date),
        basis=tuple(_basis(full, words)),
        summary=tuple(_summary(full, words)),
        clinician=tuple(_clinician(full, words)),
        sections=tuple(_section(full, name, words) for name in (*DIMENSIONS, *OTHERS)),
        how=(
            words.phrase("how_means", mean=MIN_NIGHTS),
            words.phrase("how_trends", trend=MIN_TREND_NIGHTS),
            words.phrase("how_limits"),
            words.phrase("how_stages"),
        ),
        disclaimer=words.phrase("disclaimer"),
    )


def long_text(full: FullReport, language: str = "en") -> str:
    """The full report as plain text: one line a statement, its source below it."""
    doc = document(full, language)
    colon, separator = doc.words.entries["colon"], doc.words.entries["separator"]
    lines = [doc.title, doc.subtitle, "", *doc.basis, ""]
    if doc.clinician:
        lines += [*doc.clinician, ""]
    lines += [doc.words.phrase("summary_title"), *doc.summary]
    for section in doc.sections:
        lines += ["", f"{section.title}{colon}{section.about}"]
        for item in section.items:
            lines.append(f"- {item.label}{colon}{separator.join((item.value, *item.remarks))}")
            if item.source:
                lines.append(f"  {doc.words.phrase('source', source=item.source)}")
        lines += [section.missing] if section.missing else []
        lines += [f"  * {caveat}" for caveat in section.caveats]
    return "\n".join([*lines, "", doc.words.phrase("how_title"), *doc.how, "", doc.disclaimer]) + "\n"


def _basis(full: FullReport, words: Words) -> Iterable[str]:
    report = full.report
    known_age = report.age_y is not None
    yield words.phrase(
        "person",
        name=report.person_id,
        age=words.phrase("age", age=f"{report.age_y:.0f}") if known_age else words.phrase("no_age"),
        sex=words.phrase(report.sex) if report.sex in ("female", "male") else words.phrase("no_sex"),
    )
    yield words.phrase("basis", nights=report.nights, window=report.window_nights)
    yield words.phrase("device", device=report.device)
    if full.remarked_nights:
        yield words.phrase("remarked", count=full.remarked_nights)
    if not known_age or report.sex is None:
        yield words.phrase("adult_ranges")


def _summary(full: FullReport, words: Words) -> Iterable[str]:
    judged = [one for one in full.statements if one.range_kind == NORM and one.status == KNOWN]
    within = [words.label(one.name) for one in judged if one.level == "ok"]
    opening, closing = words.entries["opening"], words.entries["closing"]
    outside = [f"{words.label(one.name)}{opening}{words.level(one)}{closing}" for one in judged if one.level != "ok"]
    if not judged:
        yield words.phrase("nothing_judged")
    elif not outside:
        yield words.phrase("all_within")
    if within:
        yield words.phrase("within", names=words.listing(within))
    if outside:
        yield words.phrase("outside", names=words.listing(outside))


def _clinician(full: FullReport, words: Words) -> Iterable[str]:
    if full.clinician:
        yield words.phrase("clinician_soon") + words.entries["sentence_end"]
        yield words.phrase("clinician_facts", names=words.listing([words.label(name) for name in full.clinician]))
        yield words.phrase("clinician_body")


def _section(full: FullReport, name: str, words: Words) -> Section:
    stated = [one for one in full.of(name) if one.status != NOT_GIVEN]
    missing = [words.label(one.name) for one in full.of(name) if one.status == NOT_GIVEN]
    caveats: dict[str, None] = {}
    for one in full.of(name):
        known = one.caveats if one.status == KNOWN else ()
        caveats |= dict.fromkeys(key for key in (*known, one.absence if one.status == NOT_GIVEN else "") if key)
    absent = ""
    if missing:
        own = name in ("satisfaction", "alertness")
        absent = words.phrase("own_rating") if own else words.phrase("section_missing", names=words.listing(missing))
    return Section(
        name=name,
        title=words.entries["dimensions"][name]["title"],
        about=words.entries["dimensions"][name]["about"],
        items=tuple(_item(one, words) for one in stated),
        missing=absent,
        caveats=tuple(words.entries["caveats"][key] for key in caveats),
    )


def _item(one: Statement, words: Words) -> Item:
    judged = one.range_kind == NORM and one.status == KNOWN
    remarks = (words.range(one), words.level(one), words.percentile(one), words.behind(one), words.trend(one))
    return Item(
        name=one.name,
        label=words.label(one.name),
        value=words.value(one),
        level=one.level if judged else "",
        remarks=tuple(remark for remark in remarks if remark),
        source=words.source(one.name) if one.status == KNOWN else "",
    )
