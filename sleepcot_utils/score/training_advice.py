"""Training advice for real people: what they ask for, their situations, and what of a student's words may be shown.

The rules' plan always stands. A student's words are shown only if every check of training advice passes; else it is
said which check failed, and the rules' words take their place. Where somebody needs help now no student is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from sleepcot_utils.errors import InputError
from sleepcot_utils.fencing import MAX_CHARACTERS
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import Task
from sleepcot_utils.tasks.guide.decision import warning_signs
from sleepcot_utils.tasks.guide.readiness import readiness_of
from sleepcot_utils.tasks.guide.rules import goals, rules
from sleepcot_utils.tasks.guide.situation import DAYS, Request, Situation, check_request
from sleepcot_utils.tasks.guide.tasks import TODAY, WEEK, guide_tasks_of
from sleepcot_utils.teach.expert import guide
from sleepcot_utils.teach.verify.guide import guide_failures

HELD_OUT = "test"
LONGEST_INJURY = 60
#: Checks of a rationale that hold for claims wherever they stand.
CLAIMS = ("rationale comparisons", "rationale arithmetic")


def request_of(
    goal: str = "",
    conditions: str = "",
    injury: str = "",
    day_minutes: int = 0,
    busy_days: str = "",
    note: str = "",
    sex: str = "",
) -> Request:
    """What a person asks for, from the texts of a command line.

    Parameters
    ----------
    goal : str
        Id of a goal, or empty: then the plan is for the activity guideline and the answer asks for a goal.
    conditions, busy_days : str
        Ids of conditions and days (``Mon`` to ``Sun``), with commas.
    injury : str
        What hurts, in a few words; a warning sign such as chest pain counts as one of the note.
    day_minutes : int
        Most minutes a day; 0 for no limit.
    note : str
        Free text. It is data: signs in it count, instructions in it don't.
    sex : str
        ``female``, ``male`` or empty.

    Raises
    ------
    InputError
        On a goal, condition or day that there is not, on minutes that no day has, or a text that is too long.
    """
    for name, text, most in (("injury", injury, LONGEST_INJURY), ("note", note, MAX_CHARACTERS)):
        if len(text) > most:
            raise InputError(f"the {name} has {len(text)} characters", where=name, expected=f"at most {most}")
    if not injury.isprintable():
        raise InputError("the injury holds a line break or another sign", where="injury", expected="a few words")
    injury, note = injury.strip(), note.strip()
    if warning_signs(injury):
        # "Chest pain" is no injury to train around, whichever place it is written to.
        injury, note = "", f"{injury}. {note}".strip()
    request = Request(
        goal=goal.strip(),
        conditions=tuple(dict.fromkeys(_listed(conditions))),
        injury=injury,
        day_minutes=day_minutes,
        busy_days=tuple(day for day in DAYS if day in {name.capitalize() for name in _listed(busy_days)}),
        note=note,
    )
    unknown = [name for name in _listed(busy_days) if name.capitalize() not in DAYS]
    if unknown:
        raise InputError(f"there is no day {unknown[0]!r}", where="busy_days", expected=f"some of {', '.join(DAYS)}")
    return check_request(request, sex=sex or None, where="training advice")


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def situations_of(
    nights: pd.DataFrame, days: pd.DataFrame, persons: Sequence[str], request: Request, age_y: int | None = None
) -> list[tuple[pd.Timestamp, Situation]]:
    """The morning after each person's last night, and their situation on it.

    Parameters
    ----------
    nights, days : pandas.DataFrame
        Nightly table and day table; the latter may be empty.
    persons : sequence of str
        People of the nightly table.
    request : Request
        What the one person asks for.
    age_y : int, optional
        Of the one person, in years.

    Raises
    ------
    InputError
        If something is asked for and there are several people: whose would it be?
    """
    if request != Request() and len(persons) > 1:
        raise InputError(
            f"a goal or limit is given, but the export holds {len(persons)} people",
            where="training advice",
            expected="one person, or none of goal, conditions, injury, minutes, busy days and note",
        )
    main = nights[(nights["sleep_kind"] == "main") & nights["person_id"].isin(list(persons))]
    found = []
    for person_id, morning in main.groupby("person_id", sort=True)["night_date"].max().items():
        ready = readiness_of(nights, days, morning, {str(person_id): None if age_y is None else float(age_y)})
        situation = Situation(str(person_id), DAYS[morning.day_of_week], age_y, request, ready[str(person_id)])
        found.append((morning, situation))
    return found


@dataclass(frozen=True)
class Advised:
    """One question about training and what may be shown as its answer.

    Attributes
    ----------
    task : Task
        The question with its key.
    by_rule : str
        What the rules say.
    said : str
        What the student said; empty if none was asked.
    failed : tuple of str
        Checks that its words fail, each once.
    """

    task: Task
    by_rule: str
    said: str = ""
    failed: tuple[str, ...] = ()

    @property
    def is_verified(self) -> bool:
        """Whether the student's words may be shown."""
        return bool(self.said) and not self.failed

    @property
    def shown(self) -> str:
        """What the person reads."""
        return self.said if self.is_verified else self.by_rule

    @property
    def remark(self) -> str:
        """Whose words these are, and why."""
        if self.is_verified:
            return "Said by the student; every check passed."
        if self.said:
            return f"By the rules. The student's answer is replaced, for it fails: {', '.join(self.failed)}."
        if self.task.key["urgency"] == "now":
            return "By the rules. No student is asked where somebody needs help now."
        return "By the rules. No student was asked."


def training_tasks(situation: Situation) -> list[Task]:
    """Questions of a person: what to train today, a plan for seven days, and food and activity under a condition."""
    return guide_tasks_of(situation, HELD_OUT)


def _by_rule(task: Task) -> str:
    """The rules' words; on a day without time what would be right with time."""
    situation = Situation.from_dict(task.key["situation"])
    text = guide(task.key)[1]
    if task.topic == TODAY and situation.first_day in situation.request.busy_days:
        return f"You have no time on {situation.first_day}, as you said. With time it would be:\n{text}"
    return text


def may_be_asked(task: Task) -> bool:
    """Whether a student may be asked: not where somebody needs help now, nor about a day without time."""
    situation = Situation.from_dict(task.key["situation"])
    is_busy = task.topic == TODAY and situation.first_day in situation.request.busy_days
    return bool(task.key["urgency"] != "now") and not is_busy


def advise_training(tasks: Sequence[Task], answers: Mapping[str, Answer]) -> list[Advised]:
    """What may be shown for each question.

    Parameters
    ----------
    answers : mapping of str to Answer
        Task to what a student said, for the questions that one was asked; the others get the rules' words.
    """
    found = []
    for task in tasks:
        by_rule = _by_rule(task)
        answer = answers.get(task.task_id) if may_be_asked(task) else None
        if answer is None:
            found.append(Advised(task, by_rule))
            continue
        cut = ("unfinished",) if answer.finish_reason == "length" else ()
        said = answer.answer.strip() or "(nothing)"
        found.append(Advised(task, by_rule, said, (*failed_checks(task, said), *cut)))
    return found


def failed_checks(task: Task, said: str) -> tuple[str, ...]:
    """Checks that an answer fails, each once; its comparisons and sums are checked too, as those of a rationale are."""
    failed = [one.check for one in guide_failures(task, "", said)]
    failed += [one.check for one in guide_failures(task, said, said) if one.check in CLAIMS]
    return tuple(dict.fromkeys(name.removeprefix("rationale ") for name in failed))


def training_table(advised: Sequence[Advised]) -> pd.DataFrame:
    """One row a person: what is allowed today, the rule that decides, how soon a clinician is needed, and whose words.

    Returns
    -------
    pandas.DataFrame
        ``person_id, today, minutes, because, clinician, week_min`` (fewest to most of seven days) and ``words``.
    """
    rows = []
    for one in advised:
        key = one.task.key
        if one.task.topic != TODAY:
            continue
        week = key["week"]
        rows.append(
            {
                "person_id": one.task.person_id,
                "today": key["level"],
                "minutes": "{}-{}".format(*key["minutes"]) if key["minutes"][1] else "none",
                "because": rules()[key["deciding"]].names[0],
                "clinician": key["urgency"],
                "week_min": f"{week['total_low_min']}-{week['total_high_min']}",
                "words": "student" if one.is_verified else "rules",
            }
        )
    return pd.DataFrame(rows, columns=["person_id", "today", "minutes", "because", "clinician", "week_min", "words"])


def goal_hint(advised: Sequence[Advised]) -> str:
    """What to do where a plan was made without a goal; empty where one was given."""
    if not any(one.task.topic == WEEK and one.task.key["asks_goal"] for one in advised):
        return ""
    return (
        "No goal was given, so the week follows the activity guideline. Give one, such as `make coach EXPORT=path "
        f"GOAL={next(iter(goals()))}`; goals: {', '.join(goals())}."
    )
