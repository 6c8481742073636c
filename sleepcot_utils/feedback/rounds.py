"""Rounds of advice: report, safety, choice, advice, answer, nights; one row a person and round."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.feedback.actions import Action
from sleepcot_utils.feedback.entries import DONE, Feedback, Given, advice_id, reward_of
from sleepcot_utils.feedback.gate import Offer, make_offer, unsafe_reasons
from sleepcot_utils.feedback.policies import Policy
from sleepcot_utils.feedback.tastes import Answering, expected_reward, opinion_of, respond, taste_rules
from sleepcot_utils.feedback.world import OUTCOMES, World
from sleepcot_utils.report.reports import Report
from sleepcot_utils.simulate.days import FIRST_NIGHT

#: A rating from here on counts as acceptance.
ACCEPTED = 4
COLUMNS = (
    "arm", "person_id", "round", "main_driver", "action", "referral", "urgent", "unsafe", "rating", "followed",
    "accepted", "done", "reward", "expected", "best", "regret",
    *OUTCOMES, *(f"change_{name}" for name in OUTCOMES),
)  # fmt: skip


@dataclass
class _Life:
    """What one person carries from round to round."""

    habits: list[str] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    comment: str = ""


@dataclass(frozen=True)
class History:
    """What a policy left behind.

    Attributes
    ----------
    rows : pandas.DataFrame
        One row a person and round: ``arm, person_id, round, main_driver, action, referral, urgent, unsafe`` (advice
        that fails a check), ``rating, followed, accepted, done, reward, expected, best, regret`` (null where nothing
        could be advised) and the means of the nights after it, ``total_sleep_min, sleep_efficiency_pct``, with their
        ``change_...`` against the nights before any advice.
    given, entries : list
        The log, in its order.
    """

    rows: pd.DataFrame
    given: list[Given]
    entries: list[Feedback]


def run_rounds(
    world: World,
    policy: Policy,
    rounds: int,
    *,
    arm: str,
    shuffle: np.random.Generator | None = None,
) -> History:
    """Let a policy advise all people of a world for some rounds.

    Parameters
    ----------
    shuffle : numpy.random.Generator, optional
        Negative control: the answers of a round are dealt out among its advice before the policy sees them. What people
        do and how they sleep stays their own.
    """
    lives = {name: _Life() for name in world.persons}
    nights, truth = world.lived({}, 0)
    before = _means(truth)
    rows: list[dict[str, object]] = []
    given: list[Given] = []
    entries: list[Feedback] = []
    for number in range(1, rounds + 1):
        reports = world.reports(nights)
        offers = [make_offer(report, lives[name].comment) for name, report in sorted(reports.items())]
        chosen = _choices(policy, offers, number)
        answers = {
            name: respond(
                world.persons[name],
                action,
                world.luck[name, number],
                lives[name].refused.get(action.name, 0),
                referred=bool(next(offer for offer in offers if offer.person_id == name).referral),
            )
            for name, action in chosen.items()
        }
        for name, life in lives.items():
            _lose_habits(life, world.luck[name, number].stays)
        shares = {name: _undone(world, name, life, chosen, answers) for name, life in lives.items()}
        nights, truth = world.lived(shares, number)
        slept = _means(truth)
        for offer in offers:
            row = _row(world, offer, reports[offer.person_id], lives[offer.person_id], chosen, answers)
            rows.append({"arm": arm, "round": number} | row | _nights_of(offer.person_id, slept, before))
        told = _dealt(answers, shuffle)
        for name, action in chosen.items():
            advice, entry = _entries(arm, number, name, action, told[name], world.window_nights)
            given.append(advice)
            entries.append(entry)
            policy.learn(advice, entry)
            _remember(lives[name], action, answers[name])
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return History(table.astype({"unsafe": "boolean"}), given, entries)


def _choices(policy: Policy, offers: Sequence[Offer], number: int) -> dict[str, Action]:
    """The policy's choice for everybody who may be advised; a choice outside of what is safe is a mistake of the policy."""
    open_to = [offer for offer in offers if offer.safe]
    chosen = policy.choose(open_to, number) if open_to else []
    for offer, action in zip(open_to, chosen, strict=True):
        if action not in offer.safe:
            raise ParameterError(
                f"{action.name!r} was chosen for {offer.person_id!r}, which is not among the safe actions",
                where="policy",
                expected=", ".join(safe.name for safe in offer.safe),
            )
    return {offer.person_id: action for offer, action in zip(open_to, chosen, strict=True)}


def _lose_habits(life: _Life, luck: float) -> None:
    if luck >= taste_rules()["stays"]:
        life.habits = life.habits[1:]


def _undone(
    world: World, name: str, life: _Life, chosen: dict[str, Action], answers: dict[str, Answering]
) -> tuple[float, float]:
    """Share of the coming nights on which each planted scenario is undone, by what is done now and by habits."""
    done = {habit: 1.0 for habit in life.habits}
    if name in chosen:
        done[chosen[name].name] = max(DONE[answers[name].followed], done.get(chosen[name].name, 0.0))
    shares = [np.multiply(world.undoes(name, action), share) for action, share in done.items()]
    main, second = np.max(np.vstack([np.zeros(2), *shares]), axis=0)
    return float(main), float(second)


def _row(
    world: World,
    offer: Offer,
    report: Report,
    life: _Life,
    chosen: dict[str, Action],
    answers: dict[str, Answering],
) -> dict[str, object]:
    row: dict[str, object] = {
        "person_id": offer.person_id,
        "main_driver": offer.main_driver,
        "referral": bool(offer.referral),
        "urgent": offer.urgent,
    }
    action = chosen.get(offer.person_id)
    if action is None:
        return row
    answer = answers[offer.person_id]
    person, referred = world.persons[offer.person_id], bool(offer.referral)
    expected = {
        safe.name: expected_reward(opinion_of(person, safe, life.refused.get(safe.name, 0)), referred=referred)
        for safe in offer.safe
    }
    return row | {
        "action": action.name,
        "unsafe": bool(unsafe_reasons(action.text, report, life.comment)),
        "rating": answer.rating,
        "followed": answer.followed,
        "accepted": float(answer.rating >= ACCEPTED),
        "done": DONE[answer.followed],
        "reward": reward_of(answer.rating, answer.followed),
        "expected": expected[action.name],
        "best": max(expected.values()),
        "regret": max(expected.values()) - expected[action.name],
    }


def _means(truth: pd.DataFrame) -> pd.DataFrame:
    """True means of the nights of one round, by person; what the device shows is not what was slept."""
    return truth.groupby("person_id")[list(OUTCOMES.values())].mean()


def _nights_of(name: str, slept: pd.DataFrame, before: pd.DataFrame) -> dict[str, float]:
    found: dict[str, float] = {}
    for outcome, column in OUTCOMES.items():
        value = float(slept[column].get(name, np.nan))
        found |= {outcome: value, f"change_{outcome}": value - float(before[column].get(name, np.nan))}
    return found


def _dealt(answers: dict[str, Answering], shuffle: np.random.Generator | None) -> dict[str, Answering]:
    if shuffle is None:
        return answers
    order = shuffle.permutation(len(answers))
    said = list(answers.values())
    return {name: said[place] for name, place in zip(answers, order, strict=True)}


def _entries(
    arm: str, number: int, name: str, action: Action, answer: Answering, window_nights: int
) -> tuple[Given, Feedback]:
    first = FIRST_NIGHT.date() + datetime.timedelta(days=window_nights * number)
    last = first + datetime.timedelta(days=window_nights)
    identity = advice_id(name, arm, str(number), action.text)
    advice = Given(advice_id=identity, person_id=name, date=first, actions=(action.name,))
    entry = Feedback(
        advice_id=identity, person_id=name, date=last,
        rating=answer.rating, followed=answer.followed, comment=answer.comment,  # type: ignore[arg-type]
    )  # fmt: skip
    return advice, entry


def _remember(life: _Life, action: Action, answer: Answering) -> None:
    life.comment = answer.comment
    if answer.followed == "no":
        life.refused[action.name] = life.refused.get(action.name, 0) + 1
    if answer.followed == "yes" and action.name not in life.habits:
        life.habits.append(action.name)
