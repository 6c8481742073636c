"""What an answer claims: its driver, its verdict, the value that was asked for, the option that it chooses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from sleepcot_utils.knowledge.answers import normalize
from sleepcot_utils.report.reports import clock_text
from sleepcot_utils.tasks.build import Task
from sleepcot_utils.tasks.drivers import NONE, UNEXPLAINED, drivers
from sleepcot_utils.tasks.follow_up import CANNOT_SAY, follow_ups, things
from sleepcot_utils.tasks.quantities import CLOCK, MIN, MINUTES_A_DAY, quantities
from sleepcot_utils.tasks.reading import cited_numbers, first_named, line_after, says

#: Kinds whose answer is a clock time.
CLOCK_KINDS = ("rise",)
#: Kinds that ask for the value of one fact, which an answer has to name with it.
LOOK_UPS = ("measured",)
#: A letter alone, or with a few words, chooses; behind a letter, a longer text has to share this much with its option.
FREE_WORDS, LONG_WORD, SHARED = 6, 5, 0.25
OPTION = re.compile(r"^(?P<letter>[A-Z])\) (?P<text>.+)$", flags=re.MULTILINE)
LETTER = re.compile(
    r"^\W*(?:(?:the )?(?:right |correct |best )?(?:answer|option|choice)(?: is)?:?\W*)?(?P<letter>[A-Z])(?=\W|$)(?!')"
)
CHOSEN = re.compile(r"\b(?:answer|option|choice|choose|pick)(?: is)?:? \(?(?P<letter>[A-Z])\b")


def named_driver(answer: str) -> str | None:
    """Driver that a recommendation names as the likely one, ``none``, ``unexplained``, or None if it names nothing."""
    line = line_after(answer, "Likely driver:")
    # Elsewhere a negation belongs to the advice: "avoid alcohol" names alcohol.
    return first_named(answer, _names()) if line is None else first_named(line, _names(), skip_denied=True)


def second_driver(answer: str) -> str | None:
    """Driver that a recommendation names as the second one, or None if it has no such line."""
    line = line_after(answer, "Second driver:")
    return None if line is None else first_named(line, _names(), skip_denied=True)


def driver_in(text: str) -> str | None:
    """First driver that a piece of text names, ``none`` or ``unexplained``, or None."""
    return first_named(text, _names())


def driver_phrase(name: str) -> str:
    """What a driver is called."""
    return {NONE: "none", UNEXPLAINED: "no clear driver"}.get(name) or drivers()[name].phrase


@cache
def _names() -> dict[str, list[str]]:
    names = {name: list(driver.names) for name, driver in drivers().items()}
    return names | {NONE: ["none", "nights are in order"], UNEXPLAINED: ["no clear driver"]}


def _fits_option(said: str, option: str) -> bool:
    """Whether what follows a letter can be about its option: few words, or some of the option's own."""
    if len(said.split()) < FREE_WORDS:
        return True
    wanted = {word for word in re.findall(r"\w+", option) if len(word) >= LONG_WORD}
    return not wanted or len(wanted & set(re.findall(r"\w+", said))) / len(wanted) >= SHARED


def named_verdict(topic: str, answer: str) -> str | None:
    """Verdict of a follow-up answer, or None if it gives none."""
    return first_named(answer, follow_ups()[topic]["verdicts"], skip_denied=topic != "first")


def contradicts_itself(topic: str, answer: str, verdict: str | None) -> bool:
    """Whether a look-up that can't be said is judged by a norm all the same."""
    if topic not in LOOK_UPS or verdict != CANNOT_SAY:
        return False
    listed = follow_ups()[topic]["verdicts"]
    return any(says(answer, phrase) for name in listed if name != CANNOT_SAY for phrase in listed[name])


def value_is_right(task: Task, answer: str) -> bool:
    """Whether an answer gives the value that was asked for; right where none was.

    A clock time or minutes that were computed may stand anywhere in it; the value of a fact has to be said of it.
    """
    value, name = task.key.get("answer_value"), task.key.get("about", "")
    if value is None:
        return task.topic not in LOOK_UPS or not _speaks_of_another(name, answer)
    if task.topic in CLOCK_KINDS:
        return any(one.unit == CLOCK and one.value == value % MINUTES_A_DAY for one in quantities(answer))
    if task.topic in LOOK_UPS:
        return any(name in cited.facts and cited.quantity.says(value) for cited in cited_numbers(answer))
    return any(one.fits(MIN) and one.says(value) for one in quantities(answer))


def _speaks_of_another(asked: str, answer: str) -> bool:
    """Whether an answer to a look-up names something else than what was asked for, and that not."""
    named = first_named(answer, {name: [label.lower()] for name, label in things().items()})
    return named is not None and named != asked and things()[asked].lower() not in answer.lower()


def value_text(task: Task) -> str:
    """The value that was asked for, in words."""
    value = task.key["answer_value"]
    if value is None:
        return f"something about {things()[task.key['about']]}"
    return clock_text(value % MINUTES_A_DAY) if task.topic in CLOCK_KINDS else f"{value:g}"


@lru_cache(maxsize=2**12)
def options_of(question: str) -> Mapping[str, str]:
    """Options of a question, one a line as ``A) text``, by letter."""
    return {found["letter"]: found["text"].strip() for found in OPTION.finditer(question)}


def choice_is_right(task: Task, answer: str) -> bool:
    """Whether an answer chooses the right option, by its letter or by its text; a letter with another text is wrong."""
    return chosen_option(task, answer) == task.key["choice"]


def chosen_option(task: Task, answer: str) -> str | None:
    """Letter of the option that an answer chooses; None if it chooses none, or two at a time."""
    options = options_of(task.messages[-1]["content"])
    said = normalize(answer)
    texts = {letter: normalize(text).rstrip(" .") for letter, text in options.items()}
    named = [letter for letter, text in texts.items() if text and text in said]
    # An option that is part of a longer one is not named by it.
    named = [one for one in named if not any(one != two and texts[one] in texts[two] for two in named)]
    match = LETTER.match(answer.strip()) or CHOSEN.search(answer)
    letter = match["letter"] if match and match["letter"] in options else None
    if letter == "A" and match is not None and re.match(r"\W*A [a-z]", answer):
        letter = None  # the article: "A warm bath helps"
    if letter is not None:
        if named:
            return letter if letter in named else None
        return letter if _fits_option(said, texts[letter]) else None
    return named[0] if len(named) == 1 else None
