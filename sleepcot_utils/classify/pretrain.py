"""Pretrains the small encoder by masked language modeling: ``python -m sleepcot_utils.classify.pretrain``.

Writes a BERT checkpoint (safetensors), its tokenizer, the curve, an exam and a model card. Steps are counted, not
minutes. Word pieces that occur equally often may be numbered otherwise when it is run again, so weights can differ.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np

from sleepcot_utils.classify.encoder import quiet
from sleepcot_utils.classify.encoder_card import encoder_card
from sleepcot_utils.classify.measures import LEVELS
from sleepcot_utils.classify.pretraining_texts import LONG, SHORT, draw_pairs, pretraining_cases
from sleepcot_utils.classify.tokenizer import LONGEST_TEXT, train_tokenizer
from sleepcot_utils.paths import reference_data

SHAPE = {"hidden_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 512}
#: Spread of the first weights. BERT's 0.02 is made for a width of 768; here it leaves attention flat for long.
FIRST_SPREAD = 0.05
PERSONS, HELD_OUT_PERSONS = 200, 40
TOKENIZER_PAIRS, EXAM_PAIRS = 2000, 200
#: Share of the steps on short texts.
SHORT_SHARE = 0.8
BATCH = 32
PEAK_RATE, WARM_UP_SHARE, WEIGHT_DECAY = 2e-3, 0.05, 0.01
MASKED = 0.3
#: Names of fields and commas are told in advance by the order of a text; most of them are never masked.
NAMES_KEPT = 0.85
SEED = 7


def is_value(token: str) -> bool:
    """Whether a token is a digit or a level: what masking is mostly about."""
    return token.removeprefix("##").isdigit() or token in LEVELS


def encode_pairs(pairs: list[tuple[str, str]], tokenizer: Any, rng: np.random.Generator) -> list[dict[str, list[int]]]:
    """Pairs as token ids; ``special_tokens_mask`` marks what must not be masked, in the words of the library."""
    values = np.zeros(len(tokenizer), dtype=bool)
    for token, place in tokenizer.get_vocab().items():
        values[place] = is_value(token)
    encoded = []
    for first, second in pairs:
        row = tokenizer(
            first, second or None, truncation=True, max_length=LONGEST_TEXT, return_special_tokens_mask=True
        )
        ids = np.array(row["input_ids"])
        kept = ~values[ids] & (rng.random(len(ids)) < NAMES_KEPT)
        row["special_tokens_mask"] = (np.array(row["special_tokens_mask"], dtype=bool) | kept).astype(int).tolist()
        encoded.append(dict(row))
    return encoded


def pretrain(
    folder: Path,
    work: Path,
    steps: int,
    *,
    minutes: float = math.inf,
    persons: int = PERSONS,
    shape: dict[str, int] | None = None,
) -> None:
    """Train tokenizer and encoder and save them.

    Parameters
    ----------
    folder : pathlib.Path
        Where model, tokenizer, curve, exam and model card go.
    work : pathlib.Path
        Where checkpoints lie while it runs.
    steps : int
        Optimizer steps.
    minutes : float
        Time by the clock after which it stops before its last step and keeps what it has.
    persons : int
        Simulated persons, of whom ``HELD_OUT_PERSONS`` at most, or a third, are kept for the exam.
    shape : dict, optional
        Sizes of the encoder; ``SHAPE`` if left out.
    """
    from transformers import (
        BertConfig,
        BertForMaskedLM,
        DataCollatorForLanguageModeling,
        Trainer,
        TrainingArguments,
        set_seed,
    )

    quiet()
    rng = np.random.default_rng(SEED)
    cases = pretraining_cases(persons)
    names = cases["person_id"].drop_duplicates().to_numpy()
    held_out = cases["person_id"].isin(names[-min(HELD_OUT_PERSONS, len(names) // 3) :])
    learned, examined = cases[~held_out], cases[held_out]
    seen = [*draw_pairs(learned, TOKENIZER_PAIRS, LONG, rng)]
    tokenizer = train_tokenizer(text for pair in seen for text in pair)
    short = round(SHORT_SHARE * steps)
    train_set = [
        *encode_pairs(draw_pairs(learned, short * BATCH, SHORT, rng), tokenizer, rng),
        *encode_pairs(draw_pairs(learned, (steps - short) * BATCH, LONG, rng), tokenizer, rng),
    ]
    exam_set = encode_pairs(draw_pairs(examined, EXAM_PAIRS, LONG, rng), tokenizer, rng)
    set_seed(SEED)
    config = BertConfig(
        vocab_size=len(tokenizer), max_position_embeddings=LONGEST_TEXT, pad_token_id=tokenizer.pad_token_id,
        initializer_range=FIRST_SPREAD, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, **(shape or SHAPE),
    )  # fmt: skip
    model = BertForMaskedLM(config)
    start_with_waves(model)
    arguments = TrainingArguments(
        output_dir=str(work),
        max_steps=steps,
        per_device_train_batch_size=BATCH,
        learning_rate=PEAK_RATE,
        lr_scheduler_type="cosine",
        warmup_steps=WARM_UP_SHARE,
        weight_decay=WEIGHT_DECAY,
        train_sampling_strategy="sequential",  # the order of the curriculum
        logging_steps=max(steps // 40, 1),
        save_strategy="no",
        seed=SEED,
        data_seed=SEED,
        use_cpu=True,
        disable_tqdm=True,
        report_to="none",
        dataloader_pin_memory=False,
    )
    collate = DataCollatorForLanguageModeling(tokenizer, mlm_probability=MASKED, seed=SEED)
    trainer = Trainer(model, arguments, train_dataset=train_set, data_collator=collate, callbacks=[time_limit(minutes)])
    started = time.process_time()
    trainer.train()
    done = trainer.state.global_step
    log = {
        "steps": done,
        "planned_steps": steps,
        "pairs": done * BATCH,
        "tokens": sum(len(row["input_ids"]) for row in train_set[: done * BATCH]),
        "minutes": round((time.process_time() - started) / 60, 1),
        "persons": int(learned["person_id"].nunique()),
        "curve": [{"step": row["step"], "loss": row["loss"]} for row in trainer.state.log_history if "loss" in row],
        "exam": examine(model, tokenizer, exam_set, collate),
    }
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "pretraining.json").write_text(json.dumps(log, indent=1) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(encoder_card(folder), encoding="utf-8")


def time_limit(minutes: float) -> Any:
    """A callback of the library that stops a training some minutes after this call."""
    from transformers import TrainerCallback

    end = time.monotonic() + 60 * minutes

    class TimeLimit(TrainerCallback):
        """Stops at the first step after the limit."""

        def on_step_end(self, args: Any, state: Any, control: Any, **options: Any) -> None:
            control.should_training_stop = control.should_training_stop or time.monotonic() > end

    return TimeLimit()


def start_with_waves(model: Any) -> None:
    """Let position embeddings start as sines and cosines (Vaswani et al. 2017, arXiv 1706.03762); they are learned on.

    With random ones "the token before" has to be found for every position on its own, which takes most of a short
    training.
    """
    import torch

    table = model.bert.embeddings.position_embeddings.weight
    positions, width = table.shape
    rates = 10_000.0 ** (-torch.arange(0, width, 2) / width)
    angles = torch.arange(positions)[:, None] * rates
    waves = torch.stack([angles.sin(), angles.cos()], dim=-1).reshape(positions, width)
    with torch.no_grad():
        table.copy_(FIRST_SPREAD * 2**0.5 * waves)


def examine(model: Any, tokenizer: Any, exam_set: list[dict[str, list[int]]], collate: Any) -> dict[str, float]:
    """Share of masked tokens of held-out people that are guessed exactly, for digits, levels and all else."""
    import torch

    kinds = np.array(["level" if t in LEVELS else "digit" if is_value(t) else "other" for t in
                      tokenizer.convert_ids_to_tokens(range(len(tokenizer)))])  # fmt: skip
    right: dict[str, list[bool]] = {kind: [] for kind in ("level", "digit", "other")}
    torch.manual_seed(SEED)
    model.eval()
    for start in range(0, len(exam_set), BATCH):
        batch = collate([dict(row) for row in exam_set[start : start + BATCH]])
        with torch.no_grad():
            guessed = model(**{k: v for k, v in batch.items() if k != "labels"}).logits.argmax(-1)
        asked = batch["labels"] != -100
        truth = batch["labels"][asked].numpy()
        for kind, hit in zip(kinds[truth], guessed[asked].numpy() == truth, strict=True):
            right[kind].append(bool(hit))
    return {kind: round(float(np.mean(hits)), 3) for kind, hits in right.items() if hits}


def main() -> None:
    """Command line."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1600, help="optimizer steps")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after this time, by the clock")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=reference_data("embedded_bert"))
    parser.add_argument("--work", type=Path, default=reference_data("runs", "pretrain_bert"))
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    pretrain(chosen.folder, chosen.work, chosen.steps, minutes=chosen.minutes)


if __name__ == "__main__":
    main()
