"""Drivers in the expert's words: what they are called, and which come first and second."""

from __future__ import annotations

from sleepcot_utils.tasks.drivers import NONE, UNEXPLAINED, Findings, drivers
from sleepcot_utils.teach.expert.voice import Voice


def driver_phrase(name: str) -> str:
    """How the expert names a driver, ``none`` or ``no clear driver``."""
    return {NONE: "none", UNEXPLAINED: "no clear driver"}.get(name) or drivers()[name].phrase


def candidates(found: Findings) -> str:
    """Candidate drivers with their levels in a row; empty if there are none."""
    return ", ".join(f"{drivers()[name].phrase} {level}" for name, level in found.candidates.items())


def driver_lines(found: Findings, voice: Voice) -> list[str]:
    """Candidate drivers with their levels, and which of them come first and second."""
    alone = {NONE: "main_none", UNEXPLAINED: "main_unexplained"}.get(found.main, "main_alone")
    main, second = driver_phrase(found.main), driver_phrase(found.second)
    ranked = voice.say("conclusions", alone if found.second == NONE else "main", main=main, second=second)
    return [conclude_on(voice, "drivers", candidates(found)), ranked]


def conclude_on(voice: Voice, what: str, names: str) -> str:
    """What the steps before come to for one matter, or that they come to nothing."""
    return voice.say("conclusions", what, names=names) if names else voice.say("conclusions", f"no_{what}")
