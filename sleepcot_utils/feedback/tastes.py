"""Simulated people's hidden constraints and tastes, and how they answer to advice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import yaml
from scipy.special import ndtr, ndtri

from sleepcot_utils.feedback.actions import Action, actions
from sleepcot_utils.paths import reference_data

LOWEST, HIGHEST = 1, 5


@dataclass(frozen=True)
class Answering:
    """What a person says and does about one advice."""

    rating: int
    followed: str
    comment: str


@dataclass(frozen=True)
class Luck:
    """Uniform draws from 0 to 1 of one person and round, the same whatever the person is advised."""

    noise: float
    follows: float
    partly: float
    comments: float
    which: float
    orders: float
    stays: float


@dataclass(frozen=True)
class Person:
    """A simulated person as no policy ever sees it.

    Attributes
    ----------
    tastes : tuple of str
        Names of ``data/feedback/tastes.yaml``.
    opinions : dict of str to float
        Action to its expected rating, before noise and before any repetition.
    """

    person_id: str
    tastes: tuple[str, ...]
    opinions: dict[str, float]


@cache
def taste_rules() -> dict[str, Any]:
    """Everything of ``data/feedback/tastes.yaml``."""
    return yaml.safe_load(reference_data("feedback", "tastes.yaml").read_text(encoding="utf-8"))


def draw_person(row: pd.Series, rng: np.random.Generator) -> Person:
    """Constraints and tastes of one simulated person.

    Parameters
    ----------
    row : pandas.Series
        The person's row of the people table; shift work and a baby are read from it.
    rng : numpy.random.Generator
        Draws the tastes.
    """
    rules = taste_rules()
    planted = {row["main_scenario"], row["second_scenario"]}
    chance = rng.random(len(rules["tastes"]))
    held = tuple(
        name
        for (name, taste), u in zip(rules["tastes"].items(), chance, strict=True)
        if taste.get("schedule") == row["schedule"] or taste.get("scenario") in planted or u < taste.get("share", 0.0)
    )
    spread = rules["rating"]
    level = spread["mean"] + spread["person_sd"] * rng.standard_normal()
    own = spread["action_sd"] * rng.standard_normal(len(actions()))
    opinions = {}
    for action, shift in zip(actions().values(), own, strict=True):
        shared = sum(rules["usual"].get(ask, 0.0) for ask in action.asks)
        taste = sum(rules["tastes"][name]["opinion"].get(ask, 0.0) for name in held for ask in action.asks)
        opinions[action.name] = float(level + shift + shared + taste)
    return Person(str(row["person_id"]), held, opinions)


def opinion_of(person: Person, action: Action, refused_before: int) -> float:
    """Expected rating, on the open scale: advice that was not followed before is liked less each time."""
    repeated = taste_rules()["repeated"]
    return person.opinions[action.name] - min(repeated["each"] * refused_before, repeated["most"])


def chance_to_follow(opinion: float) -> float:
    """Chance that an advice is followed at all: logistic in the opinion."""
    rules = taste_rules()
    at_mean = rules["following"]["at_mean"]
    logit = np.log(at_mean / (1 - at_mean)) + rules["following"]["slope"] * (opinion - rules["rating"]["mean"])
    return float(1 / (1 + np.exp(-logit)))


def expected_reward(opinion: float, *, referred: bool = False) -> float:
    """Expected ``Feedback.reward`` of an advice, the rounding of ratings and the ends of their scale taken in.

    Parameters
    ----------
    referred : bool
        As in ``respond``.
    """
    edges = LOWEST + 0.5 + np.arange(HIGHEST - LOWEST)
    above = 1 - ndtr((edges - opinion) / taste_rules()["rating"]["noise_sd"])
    rating = 0.0 if referred else float(above.sum()) / (HIGHEST - LOWEST)
    done = chance_to_follow(opinion) * (1 - 0.5 * taste_rules()["following"]["partly_share"])
    return 0.5 * rating + 0.5 * done


def respond(person: Person, action: Action, luck: Luck, refused_before: int, *, referred: bool = False) -> Answering:
    """What a person says and does about an advice.

    Parameters
    ----------
    refused_before : int
        Earlier rounds in which the same advice was not followed.
    referred : bool
        Whether the advice came with a referral to a clinician; such a person wants that to stop, and rates it 1.
    """
    rules = taste_rules()
    opinion = opinion_of(person, action, refused_before)
    rating = int(np.clip(np.round(opinion + rules["rating"]["noise_sd"] * ndtri(luck.noise)), LOWEST, HIGHEST))
    if luck.follows >= chance_to_follow(opinion):
        followed = "no"
    else:
        followed = "partly" if luck.partly < rules["following"]["partly_share"] else "yes"
    if referred:
        return Answering(LOWEST, followed, _pick(rules["refuses_referral"], luck.which))
    if luck.orders < rules["orders"]["chance"]:
        return Answering(rating, followed, _pick(rules["orders"]["comments"], luck.which))
    comment = _comment(person, action, rating, luck.which) if luck.comments < rules["comment_chance"] else ""
    return Answering(rating, followed, comment)


def _comment(person: Person, action: Action, rating: int, which: float) -> str:
    rules = taste_rules()
    if rating >= 4:
        return _pick(rules["liked_comments"], which)
    against = [(rules["tastes"][name]["opinion"].get(ask, 0.0), name) for name in person.tastes for ask in action.asks]
    worst = min(against, default=(0.0, ""))
    return _pick(rules["tastes"][worst[1]]["comments"], which) if worst[0] < 0 and rating <= 2 else ""


def _pick(texts: list[str], which: float) -> str:
    return texts[min(int(which * len(texts)), len(texts) - 1)]
