"""The expert's recommendation: from each judged fact to problems, drivers and red flags, and from there to advice."""

from __future__ import annotations

from collections.abc import Iterable

from sleepcot_utils.report.reports import Report
from sleepcot_utils.tasks.drivers import NONE, UNEXPLAINED, Findings, drivers, find
from sleepcot_utils.tasks.keys import EARLIER_MIN
from sleepcot_utils.tasks.steps import Step, has_norm
from sleepcot_utils.teach.expert.derivation import derivation_lines
from sleepcot_utils.teach.expert.facts import cite, cite_against_norm, labels, limit_of, side, state, step, why
from sleepcot_utils.teach.expert.ranking import conclude_on, driver_lines
from sleepcot_utils.teach.expert.voice import Voice, wording


def recommend(report: Report, voice: Voice | None = None, *, before: Iterable[Step] = ()) -> tuple[str, str]:
    """Rationale and answer of a recommendation.

    A red flag is said before any advice. What stands in the rationale is enough to derive the answer.

    Parameters
    ----------
    before : iterable of Step
        Steps that come first, such as a time in bed that has to be computed.
    """
    voice, found = voice or Voice(), find(report)
    rationale = [*derivation_lines(before, report, voice), *_rationale(report, found, voice)]
    if voice.is_long:
        rationale.insert(0, voice.pick(wording()["openings"]["recommend"]))
    return "\n".join(rationale), "\n".join(_answer(report, found, voice))


def _rationale(report: Report, found: Findings, voice: Voice) -> list[str]:
    judged = [fact for fact in report.facts.values() if fact.known and has_norm(fact)]
    lines = [step(fact, voice) for fact in voice.shuffled(judged)]
    lines.append(conclude_on(voice, "problems", labels(report, found.problems)))
    lines += driver_lines(found, voice)
    lines.append(conclude_on(voice, "flags", labels(report, found.red_flags)))
    if voice.is_long and report.missing:
        lines.append(voice.say("conclusions", "unknown", names=", ".join(report.missing)))
    return lines


def _answer(report: Report, found: Findings, voice: Voice) -> list[str]:
    shown = [report.facts[name] for name in found.problems] or [report.facts["total_sleep"]]
    findings = ". ".join(cite_against_norm(fact, voice) for fact in voice.shuffled(shown))
    lines = [f"Finding: {findings}.", f"Likely driver: {with_evidence(report, found.main, voice)}"]
    if found.second != NONE:
        lines.append(f"Second driver: {with_evidence(report, found.second, voice)}")
    lines.append(f"Do first: {advice(report, found.main, voice)}")
    if found.second != NONE:
        lines.append(f"Then: {advice(report, found.second, voice)}")
    if voice.is_long:
        watched = labels(report, found.problems)
        said = voice.say("recommend", "watch", names=watched) if watched else voice.say("recommend", "watch_nothing")
        lines.append(f"Watch: {said}")
        unknown = ", ".join(report.missing)
        said = voice.say("recommend", "unknown", names=unknown) if unknown else voice.say("recommend", "all_known")
        lines.append(f"Not known: {said}")
    safety = f"Safety: {_safety(report, found.red_flags, voice)}."
    return [safety, *lines] if found.red_flags else [*lines, safety]


def with_evidence(report: Report, name: str, voice: Voice) -> str:
    """A driver with the fact that speaks for it, as a sentence."""
    if name not in drivers():
        return _sentence(voice.say("recommend", {NONE: "no_driver", UNEXPLAINED: "unexplained"}[name]))
    facts = [report.facts[fact] for fact in drivers()[name].facts if report.facts[fact].level != "ok"]
    if not facts:
        return _sentence(drivers()[name].phrase)
    missed = limit_of(facts[0])
    assert missed is not None  # a fact that is not ok lies beyond a limit
    return _sentence(
        voice.say(
            "recommend", "driver", name=drivers()[name].phrase, cited=cite(facts[0], voice),
            stated=state(facts[0], voice), side=side(facts[0], voice), limit=voice.limit(facts[0], missed),
            why=why(facts[0], voice),
        )
    )  # fmt: skip


def advice(report: Report, name: str, voice: Voice) -> str:
    """What to do about a driver, as a sentence, in the long form with how to do it."""
    if name == NONE:
        return _sentence(voice.say("recommend", "keep"))
    if name == UNEXPLAINED:
        return _sentence(voice.say("recommend", "diary"))
    action = drivers()[name].action
    if name == "short_time_in_bed":
        action = f"{action} by {EARLIER_MIN[report.facts['total_sleep'].level]} min"
    return _sentence(f"{action}. {voice.pick(wording()['how'][name])}" if voice.is_long else action)


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _safety(report: Report, flags: tuple[str, ...], voice: Voice) -> str:
    if flags:
        return voice.say("recommend", "red_flag", cited=cite(report.facts[flags[0]], voice))
    return voice.say("recommend", "no_red_flag" if report.facts["lowest_oxygen"].known else "not_all_measured")
