"""Preference tuning: a small LoRA adapter for each cluster of people, trained by DPO on pairs from the log.

Direct preference optimization (Rafailov et al. 2023, arXiv 2305.18290) raises the likelihood of what was liked against what
was not, held to the untuned student. A pair is two advices that people of one cluster got and felt clearly differently
about. ``trl`` trains; the implicit reward, by which the likelihood of an advice rose, orders the safe actions.
"""

from __future__ import annotations

import contextlib
import copy
import importlib.util
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.feedback.actions import Action, actions, all_asks
from sleepcot_utils.feedback.entries import Feedback, Given
from sleepcot_utils.feedback.gate import Offer
from sleepcot_utils.feedback.ranking import Model, advice_prompt, log_likelihoods

#: Two rewards that lie this far apart make a pair; nearer ones may be noise (choice).
CLEAR_DIFFERENCE = 0.3
#: How firmly the tuned student is held to the untuned one, rank and batch: usual values, none was tuned here.
BETA, RANK, PAIRS_A_STEP = 0.1, 8, 8


@dataclass(frozen=True)
class Tuned:
    """A student with the adapter of one cluster.

    Attributes
    ----------
    pairs : int
        Pairs that it was trained on.
    margin : float
        Mean implicit reward of what was preferred over what was not, on the last steps; above 0 after learning.
    """

    model: Any
    tokenizer: Any
    pairs: int
    margin: float


def tuning_is_possible() -> bool:
    """Whether ``trl`` is installed."""
    return importlib.util.find_spec("trl") is not None


class PreferenceTuning:
    """Advises at random until there is a log to learn from, then by the adapter of each person's cluster.

    Parameters
    ----------
    student : Model
        Who is tuned; a copy is, the student itself stays as it is.
    rng : numpy.random.Generator
        Draws the first advice and the pairs.
    clusters, steps : int
        Clusters of people, and optimizer steps of each training.
    rate : float
        Peak learning rate.
    seed : int
        Seed of clusters and trainings.
    train_after : sequence of int
        Rounds after which it trains, each time from the untuned student and on the whole log.
    """

    def __init__(
        self,
        student: Model,
        rng: np.random.Generator,
        *,
        clusters: int,
        steps: int,
        rate: float,
        seed: int,
        train_after: Sequence[int],
    ) -> None:
        self._train_after = frozenset(train_after)
        self._student, self._rng = student, rng
        self._clusters, self._steps, self._rate, self._seed = clusters, steps, rate, seed
        self._log: list[tuple[str, str, float]] = []
        self.cluster_of: dict[str, int] = {}
        self.tuned: dict[int, Tuned] = {}
        self.rewards: dict[int, dict[str, float]] = {}

    def choose(self, offers: Sequence[Offer], number: int) -> list[Action]:
        """The safe action of the highest implicit reward; one at random while the person's cluster has no adapter."""
        if number - 1 in self._train_after:
            self.train()
        chosen = []
        for offer in offers:
            rewards = self.rewards.get(self.cluster_of.get(offer.person_id, -1), {})
            draw = int(self._rng.integers(len(offer.safe)))
            known = [rewards[action.name] for action in offer.safe if rewards]
            chosen.append(offer.safe[int(np.argmax(known)) if known else draw])
        return chosen

    def learn(self, given: Given, entry: Feedback) -> None:
        """Take one entry into the log that the next training reads."""
        self._log += [(entry.person_id, name, entry.reward) for name in given.actions if name in actions()]

    def train(self) -> None:
        """Sort people into clusters by what they liked, and train an adapter for each from the untuned student."""
        self.cluster_of = clusters_of(self._log, self._clusters, self._seed)
        self.tuned, self.rewards = {}, {}
        for cluster in sorted(set(self.cluster_of.values())):
            entries = [item for item in self._log if self.cluster_of[item[0]] == cluster]
            pairs = preference_pairs(entries, self._rng, most=self._steps * PAIRS_A_STEP)
            if pairs:
                self.tuned[cluster] = tune(self._student, pairs, steps=self._steps, rate=self._rate, seed=self._seed)
                self.rewards[cluster] = implicit_rewards(self._student, self.tuned[cluster])

    def pairs_by_person(self) -> dict[str, int]:
        """How many different pairs each person's own log holds: what an adapter of their own could learn from."""
        own: dict[str, list[tuple[str, str, float]]] = {}
        for item in self._log:
            own.setdefault(item[0], []).append(item)
        return {person_id: len(set(_clear_pairs(entries))) for person_id, entries in own.items()}


def _clear_pairs(entries: Sequence[tuple[str, str, float]]) -> list[tuple[str, str]]:
    """Texts of other actions of which the first was clearly liked better."""
    return [
        (actions()[better].text, actions()[worse].text)
        for _, better, high in entries
        for _, worse, low in entries
        if better != worse and high - low >= CLEAR_DIFFERENCE
    ]


def clusters_of(log: Sequence[tuple[str, str, float]], clusters: int, seed: int) -> dict[str, int]:
    """Cluster of each person, by k-means on how each took what actions ask, against everybody's mean.

    Parameters
    ----------
    log : sequence of (person, action, reward)
        From the start.
    """
    from sklearn.cluster import KMeans

    mean = float(np.mean([reward for _, _, reward in log]))
    names = sorted({person_id for person_id, _, _ in log})
    sums = np.zeros((len(names), len(all_asks())))
    counts = np.ones_like(sums)  # one entry at the mean: what was asked once counts half
    for person_id, name, reward in log:
        for ask in actions()[name].asks:
            place = names.index(person_id), all_asks().index(ask)
            sums[place] += reward - mean
            counts[place] += 1
    wanted = min(clusters, len(np.unique(sums / counts, axis=0)))
    labels = KMeans(wanted, n_init=5, random_state=seed).fit_predict(sums / counts)
    return {name: int(label) for name, label in zip(names, labels, strict=True)}


def preference_pairs(
    entries: Sequence[tuple[str, str, float]], rng: np.random.Generator, *, most: int
) -> list[tuple[str, str]]:
    """Texts of which the first was clearly liked better, drawn among all pairs of other actions in a cluster's log."""
    pairs = _clear_pairs(entries)
    if len(pairs) <= most:
        return pairs
    return [pairs[i] for i in rng.choice(len(pairs), most, replace=False)]


def tune(student: Model, pairs: Sequence[tuple[str, str]], *, steps: int, rate: float, seed: int) -> Tuned:
    """Train an adapter on pairs of texts.

    Parameters
    ----------
    student : Model
        Model and tokenizer; the adapter is put on a copy of its weights in memory.
    pairs : sequence of tuple of str
        The text that was liked, and the one that was not.
    steps : int
        Optimizer steps.
    rate : float
        Largest learning rate.
    seed : int
        Of the adapter's weights and the order of the pairs.

    Raises
    ------
    ParameterError
        If ``trl`` is not installed.
    """
    if not tuning_is_possible():
        raise ParameterError(
            "preference tuning needs the package trl, which is not installed",
            where="tuning",
            expected="pip install -e '.[feedback]', or tuning_steps=0",
        )
    from datasets import Dataset, disable_progress_bars
    from peft import LoraConfig
    from transformers.trainer_callback import PrinterCallback
    from trl import DPOConfig, DPOTrainer

    disable_progress_bars()
    prompt = advice_prompt()
    rows = [
        {
            "prompt": prompt,
            "chosen": [{"role": "assistant", "content": better}],
            "rejected": [{"role": "assistant", "content": worse}],
        }
        for better, worse in pairs
    ]
    on_cpu = student.model.device.type == "cpu"
    with tempfile.TemporaryDirectory() as work, warnings.catch_warnings():
        # peft and trl still ask for names that transformers 5 changed; nothing that a user could do about.
        warnings.simplefilter("ignore")
        settings = DPOConfig(
            output_dir=work, max_steps=steps, per_device_train_batch_size=PAIRS_A_STEP, learning_rate=rate,
            beta=BETA, seed=seed, data_seed=seed, use_cpu=on_cpu, bf16=False, gradient_checkpointing=False,
            save_strategy="no", report_to="none", disable_tqdm=True, logging_steps=max(steps // 4, 1), max_length=None,
        )  # fmt: skip
        lora = LoraConfig(task_type="CAUSAL_LM", r=RANK, lora_alpha=2 * RANK, target_modules="all-linear")
        with contextlib.redirect_stdout(None):
            trainer = DPOTrainer(
                copy.deepcopy(student.model), args=settings, train_dataset=Dataset.from_list(rows),
                processing_class=student.tokenizer, peft_config=lora,
            )  # fmt: skip
            trainer.remove_callback(PrinterCallback)
            trainer.train()
    margins = [entry["rewards/margins"] for entry in trainer.state.log_history if "rewards/margins" in entry]
    model = trainer.model.merge_and_unload()
    return Tuned(model.eval(), student.tokenizer, len(pairs), float(margins[-1]) if margins else float("nan"))


def implicit_rewards(student: Model, tuned: Tuned) -> dict[str, float]:
    """By how much tuning raised the likelihood of each action's text, times beta: DPO's reward up to a constant."""
    asked = [(advice_prompt(), action.text) for action in actions().values()]
    gained = BETA * (log_likelihoods(tuned, asked) - log_likelihoods(student, asked))
    return dict(zip(actions(), gained.tolist(), strict=True))
