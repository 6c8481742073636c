"""The model card of the embedded base, written from what its training left behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

WEAK, STRONG = 0.5, 0.95  # shares of exercises below and above which a skill is named in the card
COLUMNS = 3  # skills side by side in the table


def model_card(folder: Path) -> str:
    """Model card of the base in a folder; every number comes from its configuration, its curve and its exam.

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``config.json``, ``model.safetensors``, ``training_curve.json`` and ``exam.json``.
    """
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    curve = json.loads((folder / "training_curve.json").read_text(encoding="utf-8"))
    exam = json.loads((folder / "exam.json").read_text(encoding="utf-8"))
    last = curve[-1]
    strong = [row["skill"] for row in exam if row["right"] >= STRONG]
    weak = [row["skill"] for row in exam if row["right"] < WEAK]
    mean = sum(row["right"] for row in exam) / len(exam)
    return f"""# The embedded base student

A Qwen2-architecture causal language model of {_parameters(folder / "model.safetensors"):,} parameters
({config["num_hidden_layers"]} layers, {config["hidden_size"]} wide, {config["num_attention_heads"]} heads;
{config["vocab_size"]:,} tokens, digits one by one; output tied to the embedding; float32). It loads like any other
checkpoint: `AutoModelForCausalLM.from_pretrained("data/embedded_student")`. Weights and tokenizer were made by this
project alone; license: MIT, as the code.

**Trained on** exercises that `sleepcot_utils/distill/practice` generates, {len(exam)} kinds of them: reading simulated
reports, holding values against printed ranges, clock times and sums with their working, ranking by stated levels,
following made-up rules, tables and lists, copying rare words, a glossary of our own, invented facts to be remembered,
and asking the training questions of cards and of reports in other words. The people of the reports appear in no study
run. It saw no answer of the teacher, no statement of a card, no driver, advice or verdict, and no held-out question;
`tests/distill/test_practice_apart.py` checks that. The tokenizer's vocabulary was trained on the same text and on the
words of the knowledge cards and of the expert, without held-out questions. Only the answers are learned. Muon for the
matrices, AdamW for the rest; the rate warms up, stays, and falls over the last fifth of each stretch of training. What
the exams along the way find right is practiced less from then on.

**How far it came**: {last["step"]:,} steps, {last["tokens"] / 1e6:.1f} million tokens, {last["seconds"] / 60:.0f} minutes by
the clock on two cores that others used too. Share of exam exercises answered exactly right: {curve[0]["exam"]:.2f} after
{curve[0]["tokens"] / 1e6:.1f} million tokens, {mean:.2f} at the end. The curve is `training_curve.json`, the exam
`exam.json`. Reports of the exam are of people whom it never met; numbers, words and names are drawn anew.

{_table(exam)}

Almost always right ({STRONG:.0%} or more): {", ".join(strong) or "nothing"}.

**What it can't do**: answer a question about sleep; it has not been told any. Right in less than half of the
exercises: {", ".join(weak) or "nothing that was examined"}. Notebook 04 scores it as `base`. It is a teaching model, far too small to be anybody's coach,
and nothing it says is medical advice.

**Made again** with `python -m sleepcot_utils.distill.pretrain --minutes {last["seconds"] / 60:.0f}`; time is counted by the
clock, so another machine gives another base. The same command with `--continue` goes on from these weights.
"""


def _parameters(weights: Path) -> int:
    """Number of parameters in a safetensors file."""
    from safetensors import safe_open

    with safe_open(weights, framework="numpy") as opened:
        return sum(_size(opened.get_slice(name).get_shape()) for name in opened.keys())  # noqa: SIM118


def _size(shape: list[int]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size


def _table(exam: list[dict[str, Any]]) -> str:
    """The exam as a Markdown table, several skills side by side."""
    cells = [f"{row['skill']} | {row['right']:.2f}" for row in exam]
    cells += [" | "] * (-len(cells) % COLUMNS)
    lines = ["| " + " | ".join(["skill | right"] * COLUMNS) + " |", "|" + "---|" * (2 * COLUMNS)]
    lines += ["| " + " | ".join(cells[start : start + COLUMNS]) + " |" for start in range(0, len(cells), COLUMNS)]
    return "\n".join(lines)
