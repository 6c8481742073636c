"""The trials of notebook 07: cases with notes, labels and splits; recipes that follow or drop a piece of advice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sleepcot_utils.classify.cases import split_persons
from sleepcot_utils.classify.changes import in_any_order, within_error
from sleepcot_utils.classify.encoder import EMBEDDED
from sleepcot_utils.classify.notes import draw_notes, with_notes
from sleepcot_utils.classify.rules import Rule, draw_labels, rules
from sleepcot_utils.classify.training import FineTuned, Recipe, fine_tune, probabilities
from sleepcot_utils.classify.wording import describe_all
from sleepcot_utils.errors import ParameterError

#: Copies of each training case beside itself where an ablation adds changed ones.
COPIES = 3


@dataclass(frozen=True)
class Trial:
    """Cases of one rule, ready to be learned.

    Attributes
    ----------
    cases : pandas.DataFrame
        With ``split``, ``note``, ``note_kind``, ``margin`` (distance to the rule's border), ``chance`` (true probability
        of rest, notes included), ``rule_chance`` (of the rule alone) and ``label``.
    """

    rule: Rule
    cases: pd.DataFrame

    def part(self, split: str, at_most: int | None = None) -> pd.DataFrame:
        """Cases of one split; where ``at_most`` are wanted, evenly spread, so that every person is kept in."""
        chosen = self.cases[self.cases["split"] == split].reset_index(drop=True)
        if at_most is None or at_most >= len(chosen):
            return chosen
        return chosen.iloc[np.linspace(0, len(chosen) - 1, at_most).round().astype(int)].reset_index(drop=True)

    def texts(self, cases: pd.DataFrame, style: str = "digits") -> list[str]:
        """Cases as texts; with the week before, if the rule looks at it."""
        return describe_all(cases, style, history=self.rule.history)


def prepare(cases: pd.DataFrame, rule_name: str, rng: np.random.Generator, *, notes: bool = False) -> Trial:
    """Split persons, draw notes and label the cases by a rule.

    Parameters
    ----------
    cases : pandas.DataFrame
        As ``build_cases`` returns them.
    notes : bool
        Whether some cases have a note; without, no case has one.
    """
    rule = rules()[rule_name]
    split_rng, notes_rng, label_rng = rng.spawn(3)
    table = cases.assign(split=split_persons(cases["person_id"], split_rng))
    drawn = draw_notes(table["split"], notes_rng)
    table = (
        table.assign(note_kind=drawn["note_kind"], note=drawn["note"]) if notes else table.assign(note_kind="", note="")
    )
    chance = rule.probability(table)
    table = table.assign(margin=rule.margins(table), rule_chance=chance, chance=with_notes(chance, table["note_kind"]))
    return Trial(rule, table.assign(label=draw_labels(table["chance"], label_rng)))


def train_on(
    trial: Trial,
    train: pd.DataFrame,
    recipe: Recipe,
    seed: int,
    *,
    encoder: str = EMBEDDED,
    style: str = "digits",
    more: tuple[Sequence[str], Sequence[int]] = ((), ()),
) -> FineTuned:
    """Fine-tune a model on some of a trial's cases, with its validation persons to stop by.

    Parameters
    ----------
    more : tuple of texts and labels
        Further training texts.
    """
    validation = trial.part("validation", max(len(train) // 4, 16))
    return fine_tune(
        encoder,
        ([*trial.texts(train, style), *more[0]], [*train["label"], *more[1]]),
        (trial.texts(validation, style), validation["label"].tolist()),
        recipe,
        seed,
    )


@dataclass(frozen=True)
class Ablation:
    """One piece of advice, followed or dropped.

    Attributes
    ----------
    advice : str
        What the advice is about.
    recipe : Recipe
        The recipe with the change.
    copies : str
        ``none``, ``error`` (numbers within measurement error) or ``order`` (fields in any order): changed copies of the
        training cases beside them. Steps stay the same.
    """

    name: str
    advice: str
    recipe: Recipe
    copies: str = "none"


def ablations(base: Recipe) -> list[Ablation]:
    """Changes of a recipe, one at a time, stated before any of them is scored."""
    return [
        Ablation("rate / 10", "learning rate", base.but(learning_rate=base.learning_rate / 10)),
        Ablation("rate x 3", "learning rate", base.but(learning_rate=base.learning_rate * 3)),
        Ablation("no warm-up", "warm-up", base.but(warm_up=0.0)),
        Ablation("no early stopping", "early stopping", base.but(early_stopping=False)),
        Ablation("no dropout", "regularization", base.but(dropout=0.0)),
        Ablation("weight decay x 10", "regularization", base.but(weight_decay=10 * base.weight_decay)),
        Ablation("copies within error", "augmentation", base, "error"),
        Ablation("copies in any order", "augmentation", base, "order"),
        Ablation("adapter (LoRA)", "adapters", base.but(adapter="lora", learning_rate=3 * base.learning_rate)),
        Ablation("no pretraining", "pretraining", base.but(fresh=True)),
    ]


def run_ablation(
    trial: Trial,
    train: pd.DataFrame,
    test_texts: Sequence[str],
    ablation: Ablation,
    seed: int,
    rng: np.random.Generator,
    *,
    encoder: str = EMBEDDED,
) -> np.ndarray:
    """Probability of rest of the test texts after training under one ablation.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the changed copies, where the ablation has any.
    """
    more = changed_copies(trial, train, ablation.copies, rng)
    fitted = train_on(trial, train, ablation.recipe, seed, encoder=encoder, more=more)
    return probabilities(fitted.encoder, test_texts)


def changed_copies(
    trial: Trial, train: pd.DataFrame, kind: str, rng: np.random.Generator
) -> tuple[list[str], list[int]]:
    """Changed copies of training cases, with the labels of their originals.

    Raises
    ------
    ParameterError
        If there is no such kind.
    """
    if kind not in ("none", "error", "order"):
        raise ParameterError(f"there are no copies {kind!r}", where="copies", expected="none, error or order")
    texts: list[str] = []
    for _ in range(0 if kind == "none" else COPIES):
        if kind == "error":
            texts += trial.texts(within_error(train, rng))
        else:
            texts += in_any_order(train, "digits", rng, history=trial.rule.history)
    return texts, train["label"].tolist() * (len(texts) // len(train))
