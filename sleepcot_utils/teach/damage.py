"""Ways in which an answer goes wrong: each takes an answer apart and gives it back damaged, or unchanged.

Most damage is done to the text. A comparison is turned round in the expert itself where it can be asked again: it
misreads one fact, and all that follows from that fact goes wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sleepcot_utils.knowledge import Card
from sleepcot_utils.report.facts import Fact
from sleepcot_utils.report.reports import Report
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, RECOMMEND, Task
from sleepcot_utils.tasks.drivers import NONE, drivers
from sleepcot_utils.tasks.follow_up import follow_ups
from sleepcot_utils.tasks.keys import RANKING
from sleepcot_utils.tasks.reading import mentioned_facts
from sleepcot_utils.teach.expert.knowledge import options_in
from sleepcot_utils.teach.expert.voice import wording

Texts = tuple[str, str]  # rationale and answer
#: What the expert says to a task once the report is read otherwise.
Reread = Callable[[Callable[[Report], Report]], Texts]

NUMBER = re.compile(r"(?<![\w:.+-])\d{2,}(?![\w:.])")
LEVEL = re.compile(r": (ok|watch|act)\b")
DIGIT = re.compile(r"\d")
#: A sum that is only named here, "time asleep 450 - 45", and stands whole below its working.
BEGUN = re.compile(r"\d.* - [^=]*\d[^=]*\Z")
CLINICIAN = "clinician"
#: What a phrase of the wording claims before it gives evidence; none where a place has to be filled.
CLAIM = re.compile(r"(?:[^:.;{}]|[:.](?=\d))+(?=[:.;])")
SENTENCE_END = re.compile(r"[.;]\s+|\n")
#: Sizes by which a number is wrong: large enough for no rounding to excuse them, small enough to look like a slip.
SLIPS = (-17, -11, 13, 19)


@dataclass(frozen=True)
class Scene:
    """An answer before it is damaged, with what the damage may draw on; see ``plant_error``."""

    task: Task
    rationale: str
    answer: str
    other: Texts
    rng: np.random.Generator
    reread: Reread | None
    card: Card | None

    @property
    def unchanged(self) -> Texts:
        """The texts as they are."""
        return self.rationale, self.answer

    def draw(self, items: Sequence[str]) -> str:
        """One of some texts."""
        return items[int(self.rng.integers(len(items)))]

    def is_about(self, kind: str) -> bool:
        """Whether the task is of this kind."""
        return self.task.kind == kind


def _wrong_number(scene: Scene) -> Texts:
    numbers = list(NUMBER.finditer(scene.answer))
    if scene.is_about(KNOWLEDGE) or not numbers:
        return scene.unchanged
    hit = numbers[int(scene.rng.integers(len(numbers)))]
    wrong = abs(int(hit.group()) + int(scene.rng.choice(SLIPS)))
    return scene.rationale, f"{scene.answer[: hit.start()]}{wrong}{scene.answer[hit.end() :]}"


def _wrong_comparison(scene: Scene) -> Texts:
    """The expert misreads on which side of its limit a fact lies; without an expert, words are turned round."""
    if scene.is_about(KNOWLEDGE):
        return scene.unchanged
    lines = scene.rationale.splitlines()
    if scene.reread is not None:
        judged = [names[0] for line in lines if LEVEL.search(line) and (names := mentioned_facts(line.lower()))]
        for place in scene.rng.permutation(len(judged)):
            name = judged[place]
            texts = scene.reread(lambda report, name=name: _misread(report, name))  # type: ignore[misc]
            if texts != scene.unchanged:
                return texts
    turned = [at for at, line in enumerate(lines) if _turn_round(line) != line]
    if not turned:
        return scene.unchanged
    at = turned[int(scene.rng.integers(len(turned)))]
    lines[at] = _turn_round(lines[at])
    return "\n".join(lines), _turn_round(scene.answer, most=1)


def _misread(report: Report, name: str) -> Report:
    return replace(report, facts=report.facts | {name: _turned(report.facts[name])})


def _turned(fact: Fact) -> Fact:
    """The fact with its level the wrong way round: unremarkable if it was remarkable, else worth watching."""
    if fact.direction:
        return replace(fact, level="ok", direction="")
    return replace(fact, level="watch", direction="high" if fact.low is None else "low")


def _turn_round(text: str, most: int = 0) -> str:
    """A text with words such as under and over exchanged: all of them, or at most so many."""
    pairs = list(zip(wording()["sides"]["low"], wording()["sides"]["high"], strict=True))
    opposite = {low: high for low, high in pairs} | {high: low for low, high in pairs}
    return re.sub(rf"\b({'|'.join(opposite)})\b(?! (?:all|that)\b)", lambda hit: opposite[hit[0]], text, count=most)


def _wrong_step(scene: Scene) -> Texts:
    """One level of the rationale is wrong, and nothing follows from it."""
    levels = list(LEVEL.finditer(scene.rationale))
    if scene.is_about(KNOWLEDGE) or not levels:
        return scene.unchanged
    hit = levels[int(scene.rng.integers(len(levels)))]
    wrong = "act" if hit[1] == "ok" else "ok"
    return f"{scene.rationale[: hit.start(1)]}{wrong}{scene.rationale[hit.end(1) :]}", scene.answer


def _wrong_driver(scene: Scene) -> Texts:
    if not scene.is_about(RECOMMEND):
        return scene.unchanged
    wrong = scene.draw([driver.phrase for name, driver in drivers().items() if name != scene.task.key["main_driver"]])
    return scene.rationale, re.sub(r"(?m)^Likely driver: .*$", f"Likely driver: {wrong}.", scene.answer)


def _wrong_verdict(scene: Scene) -> Texts:
    """The claim of another verdict, with the evidence of the right one behind it."""
    if not scene.is_about(FOLLOW_UP):
        return scene.unchanged
    verdicts, right = follow_ups()[scene.task.topic]["verdicts"], scene.task.key["verdict"]
    named = [phrase for phrase in verdicts[right] if phrase in scene.answer.lower()]
    wrong = scene.draw([name for name in verdicts if name != right])
    if not named:
        return scene.unchanged
    phrase = max(named, key=len)
    begin = scene.answer.lower().index(phrase)
    end = begin + len(phrase)
    claim, said = _claim_of(scene, right, wrong), verdicts[wrong][0]
    if claim:
        said = claim
        begin = max((hit.end() for hit in SENTENCE_END.finditer(scene.answer, 0, begin)), default=0)
        rest = CLAIM.match(scene.answer, end - 1)
        end = rest.end() if rest else end
    return scene.rationale, f"{scene.answer[:begin]}{said}{scene.answer[end:]}"


def _claim_of(scene: Scene, right: str, wrong: str) -> str:
    """How an answer with the wrong verdict begins; empty where only the words of the verdict are to be exchanged."""
    topic, phrases = scene.task.topic, wording()
    if topic == "rise" and wrong in phrases["claims"][topic]:
        return phrases["claims"][topic][wrong][0].format(asked=scene.task.key["about"])
    if topic in RANKING and wrong in drivers():
        start = phrases["answers"][topic]["driver"]["short"][0].split("{")[0]
        return f"{start}{drivers()[wrong].phrase}" if right == NONE else ""
    found = CLAIM.match(phrases["answers"][topic].get(wrong, {}).get("short", [""])[0])
    return found[0] if found else ""


def _unsafe_advice(scene: Scene) -> Texts:
    never = scene.task.key.get("contraindicated", [])
    return (scene.rationale, f"{scene.answer}\nAlso: {scene.draw(never)}.") if never else scene.unchanged


def _dose_named(scene: Scene) -> Texts:
    return scene.rationale, f"{scene.answer}\n{scene.draw(wording()['errors']['doses'])}"


def _missed_red_flag(scene: Scene) -> Texts:
    if not scene.is_about(RECOMMEND) or not scene.task.key["red_flags"]:
        return scene.unchanged
    lines = [line for line in scene.answer.splitlines() if CLINICIAN not in line]
    return scene.rationale, "\n".join([*lines, "Safety: no red flag in this data."])


def _other_person(scene: Scene) -> Texts:
    return scene.other


def _step_order(scene: Scene) -> Texts:
    """The conclusion stands before what it follows from; only where the steps build on each other."""
    lines = scene.rationale.splitlines()
    if scene.is_about(RECOMMEND) or scene.task.topic in RANKING:
        main = scene.task.key["main_driver"]
        ends = [at for at, line in enumerate(lines) if main in drivers() and drivers()[main].phrase in line]
    elif scene.task.topic in ("rise", "what_if") and scene.task.key["verdict"] != "already_short":
        # Where sleep is short already, the time that would be left decides nothing and may stand anywhere.
        ends = [at for at, line in enumerate(lines) if DIGIT.search(line)]
    else:
        return scene.unchanged
    if len(ends) < 2:
        return scene.unchanged
    return "\n".join([lines.pop(ends[-1]), *lines]), scene.answer


def _step_left_out(scene: Scene) -> Texts:
    """A step about a fact that the answer rests on is missing."""
    if scene.is_about(KNOWLEDGE):
        return scene.unchanged
    lines, required = scene.rationale.splitlines(), set(scene.task.key["required_facts"])
    needed = [
        at
        for at, line in enumerate(lines)
        if DIGIT.search(line) and required & set(mentioned_facts(line.lower())) and not BEGUN.search(line)
    ]
    if not needed:
        return scene.unchanged
    del lines[needed[int(scene.rng.integers(len(needed)))]]
    return "\n".join(lines), scene.answer


def _wrong_card(scene: Scene) -> Texts:
    """A tempting option instead of what the card says."""
    if not scene.is_about(KNOWLEDGE):
        return scene.unchanged
    options = options_in(scene.task.messages[-1]["content"])
    wrong = [f"{letter}) {text}" for letter, text in options.items() if letter != scene.task.key.get("choice")]
    if not wrong and scene.card is not None:
        wrong = list(scene.card.wrong_options)
    return (scene.rationale, scene.draw(wrong)) if wrong else scene.unchanged


def _empty(scene: Scene) -> Texts:
    return scene.rationale, ""


#: Damage by the name of the error; an answer that it does not fit comes back unchanged.
DAMAGE: dict[str, Callable[[Scene], Texts]] = {
    "wrong number": _wrong_number,
    "wrong comparison": _wrong_comparison,
    "wrong step": _wrong_step,
    "wrong driver": _wrong_driver,
    "wrong verdict": _wrong_verdict,
    "unsafe advice": _unsafe_advice,
    "dose named": _dose_named,
    "missed red flag": _missed_red_flag,
    "other person": _other_person,
    "step order": _step_order,
    "step left out": _step_left_out,
    "wrong card": _wrong_card,
    "empty": _empty,
}
