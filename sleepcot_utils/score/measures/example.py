"""One small task by hand, on which the documentation of every metric computes its example."""

from __future__ import annotations

from typing import Any

from sleepcot_utils.tasks.build import FACTUAL, RECOMMEND, Task

_QUESTION = """Sleep report, 14 nights.
time asleep: 372 min (norm 420 to 540)
time in bed: 398 min
sleep efficiency: 93 % (norm 85 or more)
What does this report show, and what should I do?"""
_STEPS: list[dict[str, Any]] = [
    {
        "act": "compare", "fact": "total_sleep", "value": 372.0, "limit": 420.0, "relation": "under",
        "level": "watch", "terms": [], "says": "",
    },
    {
        "act": "rank", "fact": "", "value": None, "limit": None, "relation": "", "level": "",
        "terms": [["short_time_in_bed", 1.0]], "says": "short_time_in_bed",
    },
]  # fmt: skip


def example_task(person_id: str = "p1", asleep_min: float = 372.0) -> Task:
    """A recommendation for somebody who sleeps too little for want of time in bed.

    Parameters
    ----------
    person_id : str
        Whose report it is.
    asleep_min : float
        Time asleep, below 420 min.
    """
    values = {"total_sleep": [asleep_min], "time_in_bed": [asleep_min + 26.0], "sleep_efficiency": [93.0]}
    key = {
        "values": values,
        "numbers": {
            "total_sleep": [asleep_min, 420.0, 540.0],
            "time_in_bed": values["time_in_bed"],
            "sleep_efficiency": [85.0, 93.0],
        },
        "limits": {
            "total_sleep": {"low": 420.0, "high": 540.0, "act_low": 360.0, "act_high": 600.0},
            "sleep_efficiency": {"low": 85.0, "high": None, "act_low": 75.0, "act_high": None},
        },
        "flags": {"total_sleep": {"level": "watch", "direction": "low"}},
        "required_facts": ["total_sleep"],
        "main_driver": "short_time_in_bed",
        "second_driver": "none",
        "red_flags": [],
        "contraindicated": ["stay up later", "spend less time in bed"],
        "trend": "no clear trend",
        "unknown": [],
        "steps": [step | {"value": asleep_min} if step["act"] == "compare" else step for step in _STEPS],
        "urgency": "none",
        "verdict": None,
        "answer_value": None,
        "about": "",
        "remark": None,
    }
    messages = [
        {"role": "system", "content": "You are a sleep coach."},
        {"role": "user", "content": _QUESTION.replace("372", f"{asleep_min:.0f}")},
    ]
    return Task(
        f"recommend-{person_id}", RECOMMEND, "", person_id, "test", FACTUAL, f"{person_id}-factual", "", messages, key
    )


EXAMPLE_TEXT = """Reasoning: time asleep 372 under 420: watch
main: too little time in bed
Answer: Finding: time asleep 372 min, below the norm of 420.
Likely driver: too little time in bed (time asleep 372 min).
Do first: go to bed earlier by 30 min.
Safety: no red flag in this data."""
