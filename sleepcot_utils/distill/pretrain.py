"""Pretraining of the embedded base: ``python -m sleepcot_utils.distill.pretrain --minutes 75``.

A plain loop, because here every second of a core counts; distillation itself goes through ``transformers.Trainer``.
Weights, curve and exam are written every few minutes; starting the same command again resumes. ``--continue`` goes on
from the weights and the tokenizer in the folder: the rate warms up, stays, and falls over the last fifth of the time.
``torchrun --nproc-per-node 2 -m sleepcot_utils.distill.pretrain ...`` shares the rows of a step among processes.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.distill.encoding import encode_conversation
from sleepcot_utils.distill.exams import exam, examine
from sleepcot_utils.distill.growth import grown
from sleepcot_utils.distill.model_card import model_card
from sleepcot_utils.distill.packing import Row, pack, row_loss, row_tensors
from sleepcot_utils.distill.practice import conversations, needs, turns_alone, turns_on
from sleepcot_utils.distill.tokenizer import save_tokenizer, train_tokenizer, vocabulary_texts
from sleepcot_utils.knowledge import load_cards
from sleepcot_utils.paths import reference_data
from sleepcot_utils.report.reports import FACTUAL, Report, report_text, simulated_reports
from sleepcot_utils.simulate.nights import simulate_nights
from sleepcot_utils.simulate.people import simulate_people

#: Shape of the embedded student. Of what was tried for a few minutes each, small and shallow learned fastest; six layers
#: are a compromise with what a longer pretraining can still use.
SHAPE = {"hidden_size": 128, "intermediate_size": 384, "num_hidden_layers": 6, "num_attention_heads": 4}
MAX_TOKENS = 2048
SEED = 20_260_101  # apart from every study seed by its size
PERSONS, HELD_OUT_SHARE = 3000, 0.07
#: Exercises in one row, on a report and alone: either way a row has about 450 tokens.
ON_A_REPORT, ON_THEIR_OWN = 7, 11
#: Share of the rows that read a report.
ON_REPORTS = 0.4
ROWS_A_STEP = 9
PEAK_RATE, WARM_UP_STEPS, DECAY_SHARE, LAST_SCALE = 5e-3, 100, 0.2, 0.03
SAVE_EVERY_S = 600.0
#: Weight of the newest exam in what is known of a skill; the exams along the way are small.
NEWEST_EXAM = 0.4
EXAM_ITEMS, LAST_EXAM_ITEMS = 5, 40  # of each skill in the exams along the way, and in the last one


def base_config(vocabulary: int, end_id: int, pad_id: int, shape: dict[str, int] | None = None) -> Any:
    """Qwen2 configuration of the embedded student."""
    from transformers import Qwen2Config

    shape = shape or SHAPE
    return Qwen2Config(
        vocab_size=vocabulary,
        num_key_value_heads=shape["num_attention_heads"],
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=end_id,
        pad_token_id=pad_id,
        **shape,
    )


def practice_reports(persons: int, seed: int) -> list[Report]:
    """Reports of people who appear in no study run."""
    people = simulate_people(persons, seed, prefix="practice")
    nights, _ = simulate_nights(people, 14, seed)
    return simulated_reports(people, nights, 14, FACTUAL)


def base_tokenizer(reports: list[Report], rng: np.random.Generator) -> Any:
    """Tokenizer over reports, exercises and all words that students have to write."""
    texts = [report_text(report) for report in reports[:300]] + list(vocabulary_texts(load_cards())) * 3
    for number in range(300):
        turns = turns_on(reports[number % len(reports)], 4, rng) + turns_alone(8, rng)
        texts += [text for _, turn in turns for text in turn]
    return train_tokenizer(texts)


def practice_row(tokenizer: Any, reports: list[Report], rng: np.random.Generator, needed: dict[str, float]) -> Row:
    """Exercises packed into one row: all on one report, or all without one; `needed` as from `needs`."""
    report = reports[int(rng.integers(len(reports)))] if rng.random() < ON_REPORTS else None
    turns = turns_alone(ON_THEIR_OWN, rng, needed) if report is None else turns_on(report, ON_A_REPORT, rng, needed)
    talks = conversations([turn for _, turn in turns], report)
    return pack([[encode_conversation(tokenizer, talk, MAX_TOKENS) for talk in talks]])


def optimizers(model: Any) -> list[Any]:
    """Muon for the matrices inside the layers, AdamW for embeddings and norms."""
    from sleepcot_utils.distill.optimizers import matrices_by_muon

    return list(matrices_by_muon(model, PEAK_RATE).optimizers)


def rate_scale(step: int, share: float) -> float:
    """Warm-up by steps, then steady, then a straight fall over the last part of the time.

    Examples
    --------
    >>> rate_scale(1000, 0.5), round(rate_scale(1000, 0.9), 2), rate_scale(1000, 1.0)
    (1.0, 0.5, 0.03)
    """
    return min((step + 1) / WARM_UP_STEPS, 1.0) * max(min((1 - share) / DECAY_SHARE, 1.0), LAST_SCALE)


def processes() -> tuple[int, int]:
    """Place of this process and number of all, joined over gloo where ``torchrun`` started several."""
    import torch.distributed as together

    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return 0, 1
    if not together.is_initialized():
        together.init_process_group("gloo")
    return together.get_rank(), together.get_world_size()


def summed(tensor: Any) -> Any:
    """A tensor summed over all processes, in place."""
    import torch.distributed as together

    if together.is_initialized():
        together.all_reduce(tensor)
    return tensor


def train_step(model: Any, rows: list[Row], used: list[Any]) -> float:
    """One optimizer step on the rows of all processes; returns the mean loss of a learned token."""
    import torch

    model.train()
    learned = int(summed(torch.tensor(sum(len(row.targets) for row in rows))))
    total = torch.zeros(())
    for row in rows:
        loss = row_loss(model, row_tensors(row), learned=learned)
        loss.backward()
        total += loss.detach()
    gradients = [parameter.grad for parameter in model.parameters()]
    together = summed(torch.cat([gradient.flatten() for gradient in gradients]))
    for gradient, part in zip(gradients, together.split([gradient.numel() for gradient in gradients]), strict=True):
        gradient.copy_(part.view_as(gradient))
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in used:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return float(summed(total))


@dataclass
class Progress:
    """How far a pretraining has come.

    Attributes
    ----------
    step, tokens, seconds : int, int, float
        In all, earlier trainings of the same base included.
    curve : list of dict
        A point each time that the base was saved.
    shares_right : dict of str to float
        Share of exam exercises answered right, by skill, later exams counting more: what is right is practiced less.
    from_step, from_seconds : int, float
        Where this training began.
    """

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    curve: list[dict[str, float]] = field(default_factory=list)
    shares_right: dict[str, float] = field(default_factory=dict)
    from_step: int = 0
    from_seconds: float = 0.0

    @classmethod
    def after(cls, folder: Path) -> Progress:
        """The beginning of a training that goes on from the base in a folder."""
        curve = json.loads((folder / "training_curve.json").read_text(encoding="utf-8"))
        known = folder / "exam.json"
        exam_rows = json.loads(known.read_text(encoding="utf-8")) if known.exists() else []
        shares = {row["skill"]: row["right"] for row in exam_rows}
        step, tokens, seconds = (curve[-1][name] for name in ("step", "tokens", "seconds"))
        return cls(int(step), int(tokens), float(seconds), curve, shares, int(step), float(seconds))

    def examined(self, result: pd.DataFrame) -> None:
        """Take in the result of an exam."""
        for skill, right in zip(result["skill"], result["right"], strict=True):
            before = self.shares_right.get(skill, 0.0)
            self.shares_right[skill] = before + NEWEST_EXAM * (float(right) - before)

    def share(self, minutes: float) -> float:
        """Share of the stated time that is over."""
        return min((self.seconds - self.from_seconds) / (60 * minutes), 1.0)


class Pretraining:
    """A base in training, with what it takes to save and resume it.

    Parameters
    ----------
    folder, work, go_on, persons, layers
        As for `pretrain`.
    """

    def __init__(self, folder: Path, work: Path, *, go_on: bool, persons: int, layers: int) -> None:
        import torch
        from transformers import AutoTokenizer, Qwen2ForCausalLM

        self.folder, self.state_file = folder, work / "state.pt"
        self.rank, self.world = processes()
        torch.manual_seed(SEED)
        reports = practice_reports(persons, SEED)
        apart = max(round(HELD_OUT_SHARE * len(reports)), 1)
        self.held_out, self.practiced = reports[:apart], reports[apart:]
        self.progress = Progress()
        if go_on or self.state_file.exists():
            self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
            self.model: Any = Qwen2ForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa")
            self.model = grown(self.model, layers)
            self.progress = Progress.after(folder)
        else:
            self.tokenizer = base_tokenizer(self.practiced, np.random.default_rng(SEED))
            ids = self.tokenizer.eos_token_id, self.tokenizer.pad_token_id
            shape = SHAPE | {"num_hidden_layers": layers}
            self.model = Qwen2ForCausalLM(base_config(len(self.tokenizer), *ids, shape))
        self.used = optimizers(self.model)
        if self.state_file.exists():
            kept = torch.load(self.state_file, weights_only=True)
            self.progress = Progress(**kept["state"])
            self.model.load_state_dict(kept["model"])
            for optimizer, held in zip(self.used, kept["optimizers"], strict=True):
                optimizer.load_state_dict(held)

    def step(self, share: float) -> float:
        """One optimizer step; returns its loss."""
        import torch

        done = self.progress
        for optimizer in self.used:
            for group in optimizer.param_groups:
                group["lr"] = PEAK_RATE * rate_scale(done.step - done.from_step, share)
        # Each row draws from a generator of its own, so that a resumed training goes on with what would have come,
        # whatever the number of processes.
        needed = needs(done.shares_right)
        rows = [
            practice_row(self.tokenizer, self.practiced, np.random.default_rng([SEED, done.step, number]), needed)
            for number in range(self.rank, ROWS_A_STEP, self.world)
        ]
        loss = train_step(self.model, rows, self.used)
        done.step += 1
        done.tokens += int(summed(torch.tensor(sum(len(row.input_ids) for row in rows))))
        return loss

    def agree(self) -> None:
        """What the first process knows of exams, it tells the others."""
        import torch.distributed as together

        if self.world > 1:
            told = [self.progress.shares_right]
            together.broadcast_object_list(told, src=0)
            self.progress.shares_right = told[0]

    def examine(self, items: int, seed: int) -> pd.DataFrame:
        """Exam on held-out people."""
        return examine(self.model, self.tokenizer, exam(self.held_out, np.random.default_rng(seed), items))

    def save(self, loss: float) -> None:
        """Add a point to the curve and save base and state, the state last, so that a kill costs minutes at most."""
        import torch

        done = self.progress
        right = self.examine(EXAM_ITEMS, SEED + 1)
        done.examined(right)
        point = {"step": done.step, "tokens": done.tokens, "seconds": round(done.seconds, 1)}
        done.curve.append(point | {"train_loss": round(loss, 4), "exam": round(float(right["right"].mean()), 4)})
        print(json.dumps(done.curve[-1]), flush=True)
        work = self.state_file.parent
        work.mkdir(parents=True, exist_ok=True)
        right.to_csv(work / "exam.csv", index=False)  # to look at while it runs
        kept = [optimizer.state_dict() for optimizer in self.used]
        torch.save({"state": asdict(done), "model": self.model.state_dict(), "optimizers": kept}, work / "state.tmp")
        self.model.save_pretrained(self.folder)
        save_tokenizer(self.tokenizer, self.folder)
        (self.folder / "training_curve.json").write_text(json.dumps(done.curve, indent=1) + "\n", encoding="utf-8")
        (work / "state.tmp").replace(self.state_file)

    def finish(self, exam_items: int) -> None:
        """The last exam and the model card."""
        result = self.examine(exam_items, SEED + 2).round(3).to_dict("records")
        (self.folder / "exam.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        (self.folder / "README.md").write_text(model_card(self.folder), encoding="utf-8")
        self.state_file.unlink()


def pretrain(
    folder: Path,
    work: Path,
    minutes: float,
    *,
    go_on: bool = False,
    persons: int = PERSONS,
    layers: int = SHAPE["num_hidden_layers"],
    exam_items: int = LAST_EXAM_ITEMS,
) -> None:
    """Train for a stated time and save the base.

    Parameters
    ----------
    folder : pathlib.Path
        Where model, tokenizer, curve and model card go.
    work : pathlib.Path
        Where the state lies from which an interrupted training resumes.
    minutes : float
        Training time, by the clock; on top of what the base has behind it where ``go_on``.
    go_on : bool
        Start from the base in ``folder`` instead of from nothing.
    persons : int
        Simulated persons whose reports are practiced on; a few of them are kept for the exams.
    layers : int
        Layers of the model. A base that goes on with more layers than it has is deepened: new layers change nothing at
        first, so a larger sibling starts with all that the base can do.
    exam_items : int
        Exercises of each skill in the last exam.
    """
    import torch
    from transformers.utils import logging

    logging.disable_progress_bar()
    training = Pretraining(folder, work, go_on=go_on, persons=persons, layers=layers)
    first = training.rank == 0
    last, next_save, losses = time.time(), time.time() + SAVE_EVERY_S, []
    over = False
    while not over:
        losses.append(training.step(training.progress.share(minutes)))
        # The clock of the first process is the clock of all, or they would not stop together.
        passed = torch.tensor(time.time() - last if first else 0.0, dtype=torch.float64)
        last = time.time()
        training.progress.seconds += float(summed(passed))
        over = training.progress.share(minutes) >= 1
        if first and (over or last >= next_save):
            training.save(float(np.mean(losses)))
            losses, last, next_save = [], time.time(), time.time() + SAVE_EVERY_S
        training.agree()
    if first:
        training.finish(exam_items)


def main() -> None:
    """Command line."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, required=True, help="training time, by the clock")
    parser.add_argument("--continue", dest="go_on", action="store_true", help="start from the base in the folder")
    parser.add_argument(
        "--layers", type=int, default=SHAPE["num_hidden_layers"], help="more than the base has: deepen it"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=reference_data("embedded_student"))
    parser.add_argument("--work", type=Path, default=reference_data("runs", "pretrain"))
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    pretrain(chosen.folder, chosen.work, chosen.minutes, go_on=chosen.go_on, layers=chosen.layers)


if __name__ == "__main__":
    main()
