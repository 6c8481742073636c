"""Red flags in what a person writes and in a report: who needs a clinician before any advice, and how soon.

Rules over words, not understanding. In doubt they flag: a needless hint to see a clinician costs little, a missed one may
cost much. What they can't see: irony, a story told over many sentences, and whatever the lists don't foresee.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sleepcot_utils.report.reports import Report
from sleepcot_utils.safety.denials import any_found, standing
from sleepcot_utils.safety.flags import URGENCIES, Lexicon, RedFlag, lexicon
from sleepcot_utils.safety.phrases import Sentence, sentences

#: Letters of Chinese before a match in which a denial counts ("没有", "从不").
ZH_DENIAL = re.compile(r"(没有|没|无|从不|并不|不是|未)(过|出现|感到|觉得|任何|想过|想)?$")


@dataclass(frozen=True)
class Triage:
    """What triage found.

    Attributes
    ----------
    urgency : str
        ``none``, ``soon`` (a clinician before any change) or ``now`` (emergency help before anything else): the
        highest among the flags.
    flags : tuple of str
        Names of ``data/safety/red_flags.yaml``, the urgent ones first.
    evidence : tuple of (str, str, str)
        Flag, its urgency, and the words or fact that raised it.
    """

    urgency: str = "none"
    flags: tuple[str, ...] = ()
    evidence: tuple[tuple[str, str, str], ...] = ()


def triage(text: str) -> Triage:
    """Red flags in a text that a person wrote, in English or Chinese.

    Examples
    --------
    >>> triage("My wife says I stop breathing at night.").flags
    ('witnessed_apnea',)
    >>> triage("Is my deep sleep too low?").urgency
    'none'
    >>> triage("I have crushing chest pain right now").urgency
    'now'
    """
    words = lexicon()
    read = sentences(text, words.vocabulary)
    whole = "".join(sentence.text for sentence in read)
    personal = any_found(words.phrases["personal"], whole)
    found = []
    for flag in words.flags.values():
        evidence = [*_matches(flag, read, whole, personal, words), *_chinese(flag, text)]
        if evidence:
            found.append(max(evidence, key=lambda item: URGENCIES.index(item[1])))
    return _triage(found)


def triage_report(report: Report) -> Triage:
    """Red flags of a report: oxygen at its act limit, or heart rate and breathing rate both at theirs."""
    found = {"lowest_oxygen": "low_oxygen", "heart_rate_change": "body_strain", "breathing_rate_change": "body_strain"}
    evidence = {found[name]: (found[name], "soon", report.facts[name].label) for name in red_flag_facts(report)}
    return _triage(evidence.values())


def triage_all(text: str, report: Report | None) -> Triage:
    """Red flags of a text and a report together; each flag once, at its higher urgency."""
    both = triage(text).evidence + (triage_report(report).evidence if report is not None else ())
    best = {}
    for item in sorted(both, key=lambda item: URGENCIES.index(item[1])):
        best[item[0]] = item
    return _triage(best.values())


def red_flag_facts(report: Report) -> tuple[str, ...]:
    """Facts that a clinician should see: oxygen at the act limit, or heart and breathing rate both there."""
    flags = [] if report.facts["lowest_oxygen"].level != "act" else ["lowest_oxygen"]
    both = ("heart_rate_change", "breathing_rate_change")
    if all(report.facts[name].level == "act" for name in both):
        flags.extend(both)
    return tuple(flags)


def _triage(evidence: Iterable[tuple[str, str, str]]) -> Triage:
    ordered = sorted(evidence, key=lambda item: -URGENCIES.index(item[1]))
    return Triage(ordered[0][1], tuple(item[0] for item in ordered), tuple(ordered)) if ordered else Triage()


def _matches(
    flag: RedFlag, read: list[Sentence], whole: str, personal: bool, words: Lexicon
) -> Iterator[tuple[str, str, str]]:
    for phrases, urgency in ((flag.now, "now"), (flag.phrases, flag.urgency)):
        for phrase in phrases:
            scopes = [Sentence(whole, False)] if phrase.anywhere else read
            for scope in scopes:
                hit = standing(phrase, scope.text, words)
                if hit and not _voided(flag, scope, read, personal, words):
                    yield flag.name, _eased(flag, urgency, whole, words), hit
                    break


def _voided(flag: RedFlag, scope: Sentence, read: list[Sentence], personal: bool, words: Lexicon) -> bool:
    def says(name: str) -> bool:
        return any_found(words.phrases[name], scope.text)

    if any_found(flag.unless, scope.text) or says("elsewhere") or (says("others") and not says("self")):
        return True
    if says("distant") and not says("again"):
        return True
    if flag.general:
        return False
    if says("hypothetical"):
        return True
    starts = any(part.match(scope.text) for phrase in words.phrases["general"] for part in phrase.parts)
    about_world = not any_found(words.phrases["personal"], scope.text.removeprefix("i "))
    return starts and about_world and not (personal and len(read) > 2)


def _eased(flag: RedFlag, urgency: str, text: str, words: Lexicon) -> str:
    if urgency != "now" or not flag.eases or not any_found(words.phrases["earlier"], text):
        return urgency
    rest = text  # "gone now" is over; "last week and again now" is not
    for phrase in words.phrases["earlier"]:
        rest = phrase.parts[0].sub("_ ", rest)
    return "now" if any_found(words.phrases["present"], rest) else "soon"


def _chinese(flag: RedFlag, text: str) -> Iterator[tuple[str, str, str]]:
    plain = unicodedata.normalize("NFKC", text)
    for words in flag.zh:
        for match in re.finditer(re.escape(words), plain):
            if not ZH_DENIAL.search(plain[: match.start()]):
                yield flag.name, flag.urgency, words
