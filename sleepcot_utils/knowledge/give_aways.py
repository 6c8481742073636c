"""How often a rule that knows nothing about sleep picks the right option."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.knowledge.answers import normalize
from sleepcot_utils.knowledge.cards import Card
from sleepcot_utils.knowledge.choices import Choice

if TYPE_CHECKING:
    import pandas as pd

ABSOLUTE_WORDS = frozenset(
    [
        "all",
        "always",
        "any",
        "completely",
        "cure",
        "cures",
        "entirely",
        "every",
        "everyone",
        "exactly",
        "must",
        "never",
        "no",
        "nobody",
        "none",
        "nothing",
        "only",
    ]
)
HEDGING_WORDS = frozenset(
    [
        "about",
        "can",
        "few",
        "likely",
        "mainly",
        "many",
        "may",
        "might",
        "most",
        "mostly",
        "often",
        "rarely",
        "some",
        "usually",
    ]
)
#: Above this share a rule gives the answer away; a quarter is chance.
MOST_GIVEN_AWAY = 0.40
CONFIDENCE = 0.95
FOLDS = 5
ALL_OPTIONS_MODEL = "model of the options alone"
NEAREST_STATEMENT = "most words of a card's statement"

#: A rule gives each option a number; the highest is picked, and a tie is drawn by lot.
Rule = Callable[[Choice], list[float]]


def words_of(text: str) -> list[str]:
    """Words and numbers of a text in the form in which answers are compared."""
    return re.findall(r"[a-z0-9']+", normalize(text))


def _each(score: Callable[[str], float]) -> Rule:
    return lambda choice: [score(option) for option in choice.options]


def _place(wanted: int) -> Rule:
    return lambda choice: [float(place == wanted) for place in range(len(choice.options))]


def _shared_with_question(choice: Choice) -> list[float]:
    asked = set(words_of(choice.question))
    return [len(asked & set(words_of(option))) for option in choice.options]


def _most_like_the_others(choice: Choice) -> list[float]:
    bags = [set(words_of(option)) for option in choice.options]
    return [sum(len(bag & other) / len(bag | other) for other in bags) for bag in bags]


RULES: dict[str, Rule] = {
    **{f"always {letter}": _place(place) for place, letter in enumerate("ABCD")},
    "longest": _each(len),
    "shortest": _each(lambda option: -len(option)),
    "fewest absolute words": _each(lambda option: -sum(word in ABSOLUTE_WORDS for word in words_of(option))),
    "most hedging words": _each(lambda option: sum(word in HEDGING_WORDS for word in words_of(option))),
    "most numbers": _each(lambda option: sum(word[0].isdigit() for word in words_of(option))),
    "most words of the question": _shared_with_question,
    "most like the other options": _most_like_the_others,
}


def give_away_baselines(choices: Sequence[Choice], cards: Iterable[Card] = ()) -> pd.DataFrame:
    """Share of choices that each baseline gets right.

    Parameters
    ----------
    choices : sequence of Choice
        Questions with four options each.
    cards : iterable of Card
        If given, one more baseline picks the option that shares the largest part of its words with the statement of
        any card. That is no give-away but a memory of the training answers: it says what looking them up would earn.

    Returns
    -------
    pandas.DataFrame
        One row a baseline: ``baseline, share_right, low, high``, with a 95 % Wilson interval. A rule that can't
        decide between options is credited with its chance. The model is a logistic regression on words and lengths of
        the options, without the question, tested on cards that it was not fitted to.

    Raises
    ------
    ParameterError
        If there are no choices.
    """
    import pandas as pd

    if not choices:
        raise ParameterError("there are no choices", where="choices", expected="at least one")
    right = {name: [_credit(rule(choice), choice.right) for choice in choices] for name, rule in RULES.items()}
    statements = [set(words_of(card.statement)) for card in cards]
    if statements:
        right[NEAREST_STATEMENT] = [_credit(_nearest(choice, statements), choice.right) for choice in choices]
    if len({choice.card_id for choice in choices}) >= FOLDS:
        right[ALL_OPTIONS_MODEL] = _options_model(choices)
    rows = [
        (name, float(np.mean(credits)), *wilson(float(np.sum(credits)), len(credits)))
        for name, credits in right.items()
    ]
    return pd.DataFrame(rows, columns=["baseline", "share_right", "low", "high"])


def wilson(successes: float, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share.

    Parameters
    ----------
    successes : float
        Number of successes; a fraction where ties were credited with their chance.
    count : int
        Number of trials.
    """
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(successes, count, alpha=1 - CONFIDENCE, method="wilson")
    return float(low), float(high)


def _credit(scores: Sequence[float], right: int) -> float:
    best = max(scores)
    return (scores[right] == best) / sum(score == best for score in scores)


def _nearest(choice: Choice, statements: list[set[str]]) -> list[float]:
    bags = [set(words_of(option)) for option in choice.options]
    return [max(len(bag & known) / len(bag | known) for known in statements) for bag in bags]


def _options_model(choices: Sequence[Choice]) -> list[float]:
    """Credit of each choice under a model that was fitted to the options of other cards."""
    from scipy.sparse import csr_matrix, hstack
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    texts = [option for choice in choices for option in choice.options]
    is_right = np.array([place == choice.right for choice in choices for place in range(len(choice.options))])
    lengths = np.array([len(option) for option in texts], dtype=float)
    starts = np.cumsum([0, *(len(choice.options) for choice in choices)])
    for start, stop in itertools.pairwise(starts):
        lengths[start:stop] = (lengths[start:stop] - lengths[start:stop].mean()) / (lengths[start:stop].std() + 1)
    bags = CountVectorizer(binary=True, ngram_range=(1, 2), min_df=2, tokenizer=words_of, token_pattern=None)
    features = hstack([bags.fit_transform(texts), csr_matrix(lengths[:, None])]).tocsr()
    card_ids = sorted({choice.card_id for choice in choices})
    fold_of = {card_id: place % FOLDS for place, card_id in enumerate(card_ids)}
    fold = np.array([fold_of[choice.card_id] for choice in choices for _ in choice.options])
    score = np.empty(len(texts))
    for held_out in range(FOLDS):
        model = LogisticRegression(C=0.3, max_iter=1000, class_weight="balanced")
        model.fit(features[fold != held_out], is_right[fold != held_out])
        score[fold == held_out] = model.decision_function(features[fold == held_out])
    parts = zip(choices, starts[:-1], starts[1:], strict=True)
    return [_credit(list(score[start:stop]), choice.right) for choice, start, stop in parts]
