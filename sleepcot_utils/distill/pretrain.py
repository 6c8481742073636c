"""Pretraining of the embedded base: ``python -m sleepcot_utils.distill.pretrain --minutes 60``.

A plain loop, because here every second of two cores counts; distillation itself goes through ``transformers.Trainer``.
Progress, checkpoint and curve are written every few minutes; starting again resumes.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np

from sleepcot_utils.distill.encoding import Encoded, encode_conversation, pad_batch
from sleepcot_utils.distill.practice import drill_conversation, practice_conversation
from sleepcot_utils.distill.tokenizer import save_tokenizer, train_tokenizer, vocabulary_texts
from sleepcot_utils.knowledge import load_cards
from sleepcot_utils.paths import reference_data
from sleepcot_utils.report.reports import FACTUAL, Report, report_text, simulated_reports
from sleepcot_utils.simulate.nights import simulate_nights
from sleepcot_utils.simulate.people import simulate_people

#: Shape of the embedded student: about 1.1 million parameters, a sixth of them in the embedding.
SHAPE = {"hidden_size": 128, "intermediate_size": 384, "num_hidden_layers": 4, "num_attention_heads": 4}
MAX_TOKENS = 1536
SEED = 20_260_101  # apart from every study seed by its size
PEAK_RATE = 4e-3
WARM_UP_STEPS = 100


def base_config(vocabulary: int, end_id: int, pad_id: int) -> Any:
    """Qwen2 configuration of the embedded student."""
    from transformers import Qwen2Config

    return Qwen2Config(
        vocab_size=vocabulary,
        num_key_value_heads=SHAPE["num_attention_heads"],
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=end_id,
        pad_token_id=pad_id,
        **SHAPE,
    )


def practice_reports(persons: int, seed: int) -> list[Report]:
    """Reports of people who appear in no study run."""
    people = simulate_people(persons, seed, prefix="practice")
    nights, _ = simulate_nights(people, 14, seed)
    return simulated_reports(people, nights, 14, FACTUAL)


def examples(tokenizer: Any, reports: list[Report], rng: np.random.Generator, count: int) -> list[Encoded]:
    """Encoded exercises; three of four stand on a report."""
    chosen = []
    for _ in range(count):
        if rng.random() < 0.75:
            messages = practice_conversation(reports[int(rng.integers(len(reports)))], rng, turns=10)
        else:
            messages = drill_conversation(rng, turns=14)
        chosen.append(encode_conversation(tokenizer, messages, MAX_TOKENS))
    return chosen


def pretrain(folder: Path, work: Path, minutes: float, batch_size: int = 6, log_every: int = 100) -> None:
    """Train for a stated time and save the base; resumes from ``work``."""
    import torch
    from transformers import Qwen2ForCausalLM

    rng = np.random.default_rng(SEED)
    torch.manual_seed(SEED)
    reports = practice_reports(1500, SEED)
    held_out = reports[:60]
    texts = [report_text(report) for report in reports[:400]] + list(vocabulary_texts(load_cards())) * 3
    for _ in range(400):
        texts += [m["content"] for m in drill_conversation(rng, 6)]
        texts += [m["content"] for m in practice_conversation(reports[int(rng.integers(60, len(reports)))], rng, 5)[2:]]
    tokenizer = train_tokenizer(texts)
    model = Qwen2ForCausalLM(base_config(len(tokenizer), tokenizer.eos_token_id, tokenizer.pad_token_id))
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK_RATE, weight_decay=0.01, betas=(0.9, 0.98))
    check = pad_batch(examples(tokenizer, held_out, np.random.default_rng(SEED + 1), 48), tokenizer.pad_token_id)
    state: dict[str, Any] = {"step": 0, "tokens": 0, "seconds": 0.0, "curve": []}
    saved = work / "state.pt"
    if saved.exists():
        loaded = torch.load(saved, weights_only=True)
        state = loaded["state"]
        model.load_state_dict(loaded["model"])
        optimizer.load_state_dict(loaded["optimizer"])
    started, before, next_save = time.time(), state["seconds"], time.time() + 120
    while True:
        spent = before + time.time() - started
        share = min(spent / (60 * minutes), 1.0)
        # Linear warm-up, then cosine to a tenth over the stated time, measured by the clock.
        warm = min((state["step"] + 1) / WARM_UP_STEPS, 1.0)
        scale = warm * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * share)))
        for group in optimizer.param_groups:
            group["lr"] = PEAK_RATE * scale
        step_rng = np.random.default_rng([SEED, state["step"]])
        batch = pad_batch(examples(tokenizer, reports[60:], step_rng, batch_size), tokenizer.pad_token_id)
        model.train()
        loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        state["step"] += 1
        state["tokens"] += int(batch["attention_mask"].sum())
        state["seconds"] = before + time.time() - started
        if state["step"] % log_every == 0 or share >= 1:
            model.eval()
            with torch.no_grad():
                held = float(model(**check).loss)
            point = {name: state[name] for name in ("step", "tokens", "seconds")} | {
                "train": float(loss.detach()),
                "held": held,
            }
            state["curve"].append(point)
            print(json.dumps({name: round(value, 3) for name, value in point.items()}), flush=True)
        if time.time() > next_save or share >= 1:
            work.mkdir(parents=True, exist_ok=True)
            kept = {"state": state, "model": model.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save(kept, work / "state.tmp")
            (work / "state.tmp").replace(saved)
            model.save_pretrained(folder)
            save_tokenizer(tokenizer, folder)
            (folder / "training_curve.json").write_text(json.dumps(state["curve"], indent=1), encoding="utf-8")
            (folder / "README.md").write_text(model_card(model, len(tokenizer), state), encoding="utf-8")
            next_save = time.time() + 120
        if share >= 1:
            return


def model_card(model: Any, vocabulary: int, state: dict[str, Any]) -> str:
    """Model card of the base: what it is, what it practiced, how far it came; all numbers from the training's state."""
    first, last = state["curve"][0], state["curve"][-1]
    shape = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in SHAPE.items())
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return f"""# The embedded base student

A Qwen2-architecture causal language model of {parameters:,} parameters ({shape}; {vocabulary:,} tokens, digits one by
one; output layer tied to the embedding; float32). It loads like any other checkpoint:
`AutoModelForCausalLM.from_pretrained("data/embedded_student")`. Weights and tokenizer were made by this project alone;
license: MIT, as the code.

**Trained on** text that `sleepcot_utils/distill/practice.py` generates: reading fields out of simulated sleep reports,
placing values against printed ranges, listing what is missing, comparing, sorting and subtracting numbers. The people of
these reports appear in no study run. It saw no answer of the teacher, no level, driver or advice, and no test question.
The tokenizer's vocabulary was trained on the same text and on the words of the knowledge cards and advice, without test
questions.

**How far it came**: {state["step"]:,} steps, {state["tokens"]:,} tokens, {state["seconds"] / 60:.0f} minutes on one core
of a shared machine. Loss on exercises about held-out people: {first["held"]:.2f} at step {first["step"]:,},
{last["held"]:.2f} at the end; it was still falling. The curve is `training_curve.json`.

**What it can't do**: answer a question about sleep. Before distillation it reads reports; notebook 04 scores it as
`base`. It is a teaching model, far too small to be anybody's coach, and nothing it says is medical advice.

**Made again** with `python -m sleepcot_utils.distill.pretrain --minutes {state["seconds"] / 60:.0f}`; steps are counted
by the clock, so another machine gives another base.
"""


def main() -> None:
    """Command line."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=reference_data("embedded_student"))
    parser.add_argument("--work", type=Path, default=reference_data("runs", "pretrain"))
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    pretrain(chosen.folder, chosen.work, chosen.minutes)


if __name__ == "__main__":
    main()
