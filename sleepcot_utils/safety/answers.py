"""What an answer must not say: amounts of drugs and supplements, diagnoses, and advice that could harm this person.

Rules over words. They see what the lists of ``data/safety/answer_rules.yaml`` foresee, and no more; a passed check
is no proof that an answer is safe.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from sleepcot_utils.paths import reference_data, relative_name
from sleepcot_utils.report.reports import Report
from sleepcot_utils.safety.denials import any_found
from sleepcot_utils.safety.phrases import Phrase, Sentence, compile_phrase, sentences
from sleepcot_utils.safety.triage import triage_all

ALWAYS = "always"
#: A refusal farther before the phrase belongs to something else.
REFUSAL_REACH_WORDS = 9
CLAUSE_ENDS = frozenset({",", "but", "though", "however", "so", "because", "instead"})


@dataclass(frozen=True)
class Rule:
    """One kind of advice that is contraindicated; the comments of the file say what each field means."""

    name: str
    when: frozenset[str]
    clinician: bool
    negated: bool
    says: tuple[Phrase, ...]
    unless: tuple[Phrase, ...]


@dataclass(frozen=True)
class AnswerRules:
    """The file, compiled."""

    phrases: Mapping[str, tuple[Phrase, ...]]
    rules: tuple[Rule, ...]
    refusals: frozenset[str]
    conditions: Mapping[str, tuple[Phrase, ...]]


@cache
def answer_rules() -> AnswerRules:
    """Everything that the checks of answers know.

    Raises
    ------
    InputError
        If a phrase of the file is not one.
    """
    path = reference_data("safety", "answer_rules.yaml")
    raw: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    place = relative_name(path)

    def compiled(texts: Iterable[str], where: str) -> tuple[Phrase, ...]:
        return tuple(compile_phrase(text, raw["groups"], where=f"{place}, {where}") for text in texts)

    lists = (
        "doses",
        "harmless_amounts",
        "diagnoses",
        "diagnoses_unless",
        "false_refusals",
        "refused_after",
        "bypasses",
    )
    phrases = {name: compiled(raw[name], name) for name in lists}
    # "talk it over with your doctor": the word of asking comes first, and nothing in between refuses it.
    phrases["clinician"] = compiled(
        ["<asking> ... <clinician>", "<clinician> ... (decide*|plan|guide*|advise*|can)"], "groups"
    )
    rules = tuple(
        Rule(
            name,
            frozenset(entry["when"]),
            bool(entry["clinician"]),
            bool(entry.get("negated", False)),
            compiled(entry["says"], name),
            compiled(entry.get("unless", ()), name),
        )
        for name, entry in raw["contraindicated"].items()
    )
    conditions = {name: compiled(texts, name) for name, texts in raw["conditions"].items()}
    return AnswerRules(phrases, rules, frozenset(raw["refusals"]), conditions)


def doses(text: str) -> tuple[str, ...]:
    """Amounts of a drug or supplement that a text names; amounts of caffeine and alcohol are habits and let through.

    Examples
    --------
    >>> doses("Take 3 mg of melatonin."), doses("Stay under 400 mg of caffeine.")
    (('3 mg',), ())
    """
    known = answer_rules()
    found = []
    for sentence in sentences(text):
        text = sentence.text
        for harmless in known.phrases["harmless_amounts"]:
            text = harmless.parts[0].sub("_ ", text)
        found += _first_match(known.phrases["doses"], text)
    return tuple(found)


def diagnoses(text: str) -> tuple[str, ...]:
    """Sentences' words that tell the reader that they have, or have not, a disorder.

    Examples
    --------
    >>> diagnoses("You have sleep apnea."), diagnoses("Ask a clinician whether it is apnea.")
    (('you have sleep apnea',), ())
    """
    known = answer_rules()
    found = []
    for sentence in sentences(text):
        if not sentence.asks and not any_found(known.phrases["diagnoses_unless"], sentence.text):
            found += _first_match(known.phrases["diagnoses"], sentence.text)
    return tuple(found)


def contraindicated(text: str, conditions: Collection[str] = ()) -> tuple[str, ...]:
    """Rules of ``data/safety/answer_rules.yaml`` that advice breaks for a person with these conditions.

    Parameters
    ----------
    text : str
        Answer to the person.
    conditions : collection of str
        Names of red flags, ``body_strain`` or ``alert_job``; ``conditions_of`` finds them.

    Returns
    -------
    tuple of str
        Each broken rule once, in the file's order.

    Examples
    --------
    >>> contraindicated("Restrict your time in bed to 6 h.", {"mania"})
    ('sleep_restriction',)
    >>> contraindicated("Restrict your time in bed to 6 h.")
    ()
    """
    known = answer_rules()
    held = {ALWAYS, *conditions}
    read = sentences(text)
    return tuple(
        rule.name for rule in known.rules if rule.when & held and any(_breaks(rule, line, known) for line in read)
    )


def conditions_of(text: str, report: Report | None = None) -> frozenset[str]:
    """What a person's words and report say about them that makes some advice harmful."""
    known = answer_rules()
    whole = "".join(sentence.text for sentence in sentences(text))
    said = {name for name, phrases in known.conditions.items() if any_found(phrases, whole)}
    return frozenset(said | set(triage_all(text, report).flags))


def _first_match(phrases: Iterable[Phrase], text: str) -> list[str]:
    for phrase in phrases:
        hits = [part.search(text) for part in phrase.parts]
        if all(hits):
            return [" ... ".join(hit.group().strip() for hit in hits if hit)]
    return []


def _breaks(rule: Rule, sentence: Sentence, known: AnswerRules) -> bool:
    text = sentence.text
    if sentence.asks or any_found(rule.unless, text):
        return False
    if (
        rule.clinician
        and any_found(known.phrases["clinician"], text)
        and not any_found(known.phrases["bypasses"], text)
    ):
        return False
    for phrase in rule.says:
        hits = [part.search(text) for part in phrase.parts]
        if all(hits):
            start = min(hit.start() for hit in hits if hit)
            end = max(hit.end() for hit in hits if hit)
            if rule.negated or not _refused(text, start, end, known):
                return True
    return False


def _refused(text: str, start: int, end: int, known: AnswerRules) -> bool:
    cleared = text[:start]
    for false in known.phrases["false_refusals"]:
        for part in false.parts:
            cleared = part.sub(lambda found: "_ " * len(found.group().split()), cleared)
    before = cleared.split()[-REFUSAL_REACH_WORDS:]
    for word in reversed(before):
        if word in known.refusals:
            return True
        if word in CLAUSE_ENDS:
            break
    return any_found(known.phrases["refused_after"], text[end:]) or any_found(
        known.phrases["refused_after"], text[start:]
    )
