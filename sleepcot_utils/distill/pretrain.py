"""Pretraining of the embedded base: ``python -m sleepcot_utils.distill.pretrain --minutes 75``.

A plain loop, because here every second of one core counts; distillation itself goes through ``transformers.Trainer``.
Weights, curve and exam are written every few minutes; starting the same command again resumes. ``--continue`` goes on
from the weights and the tokenizer in the folder: the rate warms up, stays, and falls over the last fifth of the time.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from sleepcot_utils.distill.encoding import encode_conversation
from sleepcot_utils.distill.exams import exam, examine
from sleepcot_utils.distill.model_card import model_card
from sleepcot_utils.distill.packing import Row, pack, row_loss, row_tensors
from sleepcot_utils.distill.practice import conversations, turns_alone, turns_on
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
PERSONS, HELD_OUT = 3000, 200
#: Exercises in one row, on a report and alone: either way a row has about 450 tokens.
ON_A_REPORT, ON_THEIR_OWN = 7, 11
ROWS_A_STEP = 6
PEAK_RATE, WARM_UP_STEPS, DECAY_SHARE, LAST_SCALE = 5e-3, 100, 0.2, 0.03
SAVE_EVERY_S = 240.0
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


def practice_row(tokenizer: Any, reports: list[Report], rng: np.random.Generator) -> Row:
    """Exercises packed into one row: all on one report, or all without one."""
    report = reports[int(rng.integers(len(reports)))] if rng.random() < 0.5 else None
    turns = turns_alone(ON_THEIR_OWN, rng) if report is None else turns_on(report, ON_A_REPORT, rng)
    talks = conversations([turn for _, turn in turns], report)
    return pack([[encode_conversation(tokenizer, talk, MAX_TOKENS) for talk in talks]])


def optimizers(model: Any) -> list[Any]:
    """Muon for the matrices inside the layers, AdamW for embeddings and norms."""
    import torch

    matrices: list[Any] = []
    others: list[Any] = []
    for name, parameter in model.named_parameters():
        (matrices if parameter.ndim == 2 and "embed" not in name else others).append(parameter)
    return [
        torch.optim.Muon(matrices, lr=PEAK_RATE, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=PEAK_RATE, weight_decay=0.0, betas=(0.9, 0.98)),
    ]


def rate_scale(step: int, share: float) -> float:
    """Warm-up by steps, then steady, then a straight fall over the last part of the time.

    Examples
    --------
    >>> rate_scale(1000, 0.5), round(rate_scale(1000, 0.9), 2), rate_scale(1000, 1.0)
    (1.0, 0.5, 0.03)
    """
    return min((step + 1) / WARM_UP_STEPS, 1.0) * max(min((1 - share) / DECAY_SHARE, 1.0), LAST_SCALE)


def train_step(model: Any, rows: list[Row], used: list[Any]) -> float:
    """One optimizer step on some rows; returns the mean loss of a learned token."""
    import torch

    model.train()
    learned = sum(len(row.targets) for row in rows)
    total = 0.0
    for row in rows:
        loss = row_loss(model, row_tensors(row), learned=learned)
        loss.backward()
        total += float(loss.detach())
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in used:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return total


def pretrain(folder: Path, work: Path, minutes: float, *, go_on: bool = False) -> None:
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
    """
    import torch
    from transformers import AutoTokenizer, Qwen2ForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    torch.manual_seed(SEED)
    reports = practice_reports(PERSONS, SEED)
    held_out, practiced = reports[:HELD_OUT], reports[HELD_OUT:]
    state: dict[str, Any] = {"step": 0, "tokens": 0, "seconds": 0.0, "curve": [], "from_step": 0, "from_seconds": 0.0}
    saved = work / "state.pt"
    if go_on or saved.exists():
        tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        model: Any = Qwen2ForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa")
        curve = json.loads((folder / "training_curve.json").read_text(encoding="utf-8"))
        state |= {"curve": curve} | {f"from_{name}": curve[-1][name] for name in ("step", "seconds")}
        state |= {name: curve[-1][name] for name in ("step", "tokens", "seconds")}
    else:
        tokenizer = base_tokenizer(practiced, np.random.default_rng(SEED))
        model = Qwen2ForCausalLM(base_config(len(tokenizer), tokenizer.eos_token_id, tokenizer.pad_token_id))
    used = optimizers(model)
    if saved.exists():
        loaded = torch.load(saved, weights_only=True)
        state = loaded["state"]
        model.load_state_dict(loaded["model"])
        for optimizer, kept in zip(used, loaded["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
    questions = exam(held_out, np.random.default_rng(SEED + 1), EXAM_ITEMS)
    work.mkdir(parents=True, exist_ok=True)
    last, next_save, losses = time.time(), time.time() + SAVE_EVERY_S, []
    while True:
        share = min((state["seconds"] - state["from_seconds"]) / (60 * minutes), 1.0)
        scale = rate_scale(state["step"] - state["from_step"], share)
        for optimizer in used:
            for group in optimizer.param_groups:
                group["lr"] = PEAK_RATE * scale
        # Each step draws from a generator of its own, so that a resumed training goes on with what would have come.
        rng = np.random.default_rng([SEED, state["step"]])
        rows = [practice_row(tokenizer, practiced, rng) for _ in range(ROWS_A_STEP)]
        losses.append(train_step(model, rows, used))
        state["step"] += 1
        state["tokens"] += sum(len(row.input_ids) for row in rows)
        state["seconds"] += time.time() - last
        last = time.time()
        if last < next_save and share < 1:
            continue
        right = examine(model, tokenizer, questions)
        right.to_csv(work / "exam.csv", index=False)  # to look at while it runs
        point = {name: state[name] for name in ("step", "tokens", "seconds")}
        point |= {"train_loss": float(np.mean(losses)), "exam": float(right["right"].mean())}
        state["curve"].append({name: round(value, 4) for name, value in point.items()})
        print(json.dumps(state["curve"][-1]), flush=True)
        kept = {"state": state, "model": model.state_dict(), "optimizers": [one.state_dict() for one in used]}
        torch.save(kept, work / "state.tmp")
        model.save_pretrained(folder)
        save_tokenizer(tokenizer, folder)
        (folder / "training_curve.json").write_text(json.dumps(state["curve"], indent=1) + "\n", encoding="utf-8")
        (work / "state.tmp").replace(saved)
        losses, last, next_save = [], time.time(), time.time() + SAVE_EVERY_S
        if share >= 1:
            break
    result = examine(model, tokenizer, exam(held_out, np.random.default_rng(SEED + 2), LAST_EXAM_ITEMS))
    (folder / "exam.json").write_text(json.dumps(result.round(3).to_dict("records"), indent=1) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(model_card(folder), encoding="utf-8")
    saved.unlink()


def main() -> None:
    """Command line."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, required=True, help="training time, by the clock")
    parser.add_argument("--continue", dest="go_on", action="store_true", help="start from the base in the folder")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=reference_data("embedded_student"))
    parser.add_argument("--work", type=Path, default=reference_data("runs", "pretrain"))
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    pretrain(chosen.folder, chosen.work, chosen.minutes, go_on=chosen.go_on)


if __name__ == "__main__":
    main()
