"""The model card of the embedded encoder, written from what its pretraining left behind."""

from __future__ import annotations

import json
from pathlib import Path


def encoder_card(folder: Path) -> str:
    """Model card of the encoder in a folder; every number comes from its configuration and its log.

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``config.json``, ``model.safetensors`` and ``pretraining.json``.
    """
    from safetensors.numpy import load_file

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    log = json.loads((folder / "pretraining.json").read_text(encoding="utf-8"))
    parameters = sum(weights.size for weights in load_file(folder / "model.safetensors").values())
    guessed = "; ".join(f"{kind}s {share:.0%}" for kind, share in log["exam"].items())
    early = "" if log["steps"] == log["planned_steps"] else f", stopped early after {log['steps']:,} of them"
    return f"""# The embedded small encoder

A BERT of {parameters:,} parameters ({config["num_hidden_layers"]} layers, {config["hidden_size"]} wide,
{config["num_attention_heads"]} heads; {config["vocab_size"]} tokens; float32) for notebook 07. It loads like any other
checkpoint: `AutoModelForSequenceClassification.from_pretrained("data/embedded_bert", num_labels=2)`; the head is new and
has to be trained. Weights and tokenizer were made by this project alone; license: MIT, as the code.

**Tokenizer.** WordPiece, lower case, every digit a token of its own: 105 is `1 ##0 ##5`. Texts of at most
{config["max_position_embeddings"]} tokens.

**Trained on** mornings of {log["persons"]} simulated people who appear in no study run: day and night as text, most of
them told twice in different styles (digits, units, levels), so that a masked number can be worked out from its level and
the other way round; some with a week of history, some with a note in the training wordings. It saw no label, no rule
and no test wording of a note. Masked language modeling, {log["steps"]:,} steps of {log["pairs"] // log["steps"]} texts
({log["tokens"] / 1e6:.1f} million tokens), {log["minutes"]:.1f} minutes of one core.

**How far it came**: share of masked tokens of people it never met that it guesses exactly: {guessed}. A digit is
often a guess by nature: the last one of a step count follows from nothing. The curve is in `pretraining.json`.

**What it can't do**: anything but read such texts. All people are simulated. The labels that notebook 07 gives it come
from invented rules; what it says is no advice on training or health.

**Made again** with `python -m sleepcot_utils.classify.pretrain --steps {log["planned_steps"]}`{early}.
"""
