"""How fast a student trains, beside the stock ``Trainer`` and TRL's ``SFTTrainer`` and, on its own words, TRL's
``DistillationTrainer``.

    python tests/benchmarks/bench_training.py             some steps; minutes
    python tests/benchmarks/bench_training.py --full      four times as many steps

All train the same weights on the same conversations with the same optimizer: ours packs what conversations share into
rows, the stock Trainer pads the conversations of a row into a batch, SFTTrainer packs conversations end to end. Tokens are
those of the conversations one by one, without padding, so that a ratio of tokens a second is one of training data a
second. Each measurement is a process of its own. Times hang on the machine and on what else it does: only figures of one
run compare.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from memory import peak_mib
from study_data import read_conversations, write_conversations

#: Rows of a step: two about reports with five conversations each, one of ten knowledge questions.
ROWS_A_STEP, TALKS_A_STEP, TALKS_A_BATCH = 3, 20, 5
STEPS = {"embedded": 4, "20M": 2}
OWN_WORDS_STEPS, NEW_TOKENS = 3, 32
FULL_TIMES = 4
LONGEST = 2048
LEARNING_RATE = 1e-4
TRAINERS = ("rows", "Trainer", "SFTTrainer")
OWN_WORDS = ("rows, own words", "DistillationTrainer")
PEERS_OF_TRL = ("SFTTrainer", "DistillationTrainer")


def main() -> None:
    """Run what the options ask for, print tables and write one JSON line a measurement."""
    options = _options()
    if options.child:
        trainer, model, data = options.child
        print(json.dumps(_measure(trainer, model, Path(data))))
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for model, steps in STEPS.items():
            steps *= FULL_TIMES if options.full else 1
            print(f"\n{model}: {steps} steps of {TALKS_A_STEP} conversations, all weights, float32", flush=True)
            rows += _compared(TRAINERS, model, steps, Path(folder) / f"{model}.jsonl")
        steps = OWN_WORDS_STEPS * (FULL_TIMES if options.full else 1)
        print(
            f"\nembedded on its own words, {NEW_TOKENS} tokens an answer, a teacher of 20M: {steps} steps", flush=True
        )
        rows += _compared(OWN_WORDS, "embedded", steps, Path(folder) / "own.jsonl")
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    print("\nNot run: Qwen2.5-1.5B with LoRA in bfloat16, and its share of the measured matrix peak. That needs a GPU.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help=f"{FULL_TIMES} times as many steps")
    parser.add_argument("--out", type=Path, help="file for JSON lines")
    parser.add_argument("--child", nargs=3, metavar=("TRAINER", "MODEL", "DATA"), help=argparse.SUPPRESS)
    return parser.parse_args()


def _print_row(*cells: object) -> None:
    print("  ".join(f"{cell!s:>19}" for cell in cells), flush=True)


def _compared(trainers: tuple[str, ...], model: str, steps: int, data: Path) -> list[dict]:
    """Measurements of several trainers on the same data, ours first."""
    write_conversations(data, steps)
    _print_row("trainer", "tokens/s", "ours is faster by", "CPU s", "peak MiB", "first loss")
    found: list[dict] = []
    for trainer in trainers:
        row = _in_child(trainer, model, data)
        if row is None:
            _print_row(trainer, "not installed")
            continue
        found.append(row)
        ratio = "" if len(found) == 1 else f"{found[0]['tokens_per_s'] / row['tokens_per_s']:.2f}"
        speed, cpu = f"{row['tokens_per_s']:,.0f}", f"{row['cpu_s']:.1f}"
        _print_row(trainer, speed, ratio, cpu, f"{row['peak_mib']:,.0f}", f"{row['first_loss']:.4f}")
    return found


def _in_child(trainer: str, model: str, data: Path) -> dict | None:
    """The measurement in a process of its own; None where the peer is not installed."""
    if trainer in PEERS_OF_TRL:
        import importlib.util

        if importlib.util.find_spec("trl") is None:
            return None
    command = [sys.executable, __file__, "--child", trainer, model, str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the measurement of {trainer} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _model(name: str, tokenizer: Any) -> Any:
    """The embedded base, or a model of 20 million weights at random in its architecture."""
    import torch
    from transformers import AutoConfig, Qwen2ForCausalLM

    from sleepcot_utils.distill.student import load_student
    from sleepcot_utils.paths import reference_data

    if name == "embedded":
        return load_student("embedded", device="cpu").model
    config = AutoConfig.from_pretrained(reference_data("embedded_student"))
    sizes = {"hidden_size": 384, "intermediate_size": 1152, "num_hidden_layers": 10}
    config.update({**sizes, "num_attention_heads": 6, "num_key_value_heads": 6, "layer_types": ["full_attention"] * 10})
    torch.manual_seed(0)
    return Qwen2ForCausalLM(config)


def _measure(trainer: str, model_name: str, data: Path) -> dict:
    """Time, processor time and peak memory of training on all conversations once."""
    from sleepcot_utils.distill.encoding import encode_conversation
    from sleepcot_utils.distill.student import load_student

    tokenizer = load_student("embedded", device="cpu").tokenizer
    talks = [[entry["talk"] for entry in row] for row in read_conversations(data)]
    encoded = [[encode_conversation(tokenizer, talk, LONGEST) for talk in row] for row in talks]
    model = _model(model_name, tokenizer)
    makers = {
        "rows": lambda work: _rows(model, encoded, work),
        "Trainer": lambda work: _stock(model, encoded, work, tokenizer),
        "SFTTrainer": lambda work: _sft(model, encoded, work, tokenizer),
        "rows, own words": lambda work: _rows_of_own_words(model, encoded, work, tokenizer),
        "DistillationTrainer": lambda work: _distillation(model, talks, work, tokenizer),
    }
    with tempfile.TemporaryDirectory() as work:
        made = makers[trainer](work)
        began, worked = time.perf_counter(), time.process_time()
        made.train()
        seconds, cpu_s = time.perf_counter() - began, time.process_time() - worked
    tokens = sum(len(one.input_ids) for row in encoded for one in row)
    first_loss = next(entry["loss"] for entry in made.state.log_history if "loss" in entry)
    return {
        "measured": "training", "trainer": trainer, "model": model_name,
        "parameters": sum(parameter.numel() for parameter in model.parameters()), "steps": made.state.global_step,
        "tokens": tokens, "seconds": seconds, "cpu_s": cpu_s, "tokens_per_s": tokens / seconds,
        "peak_mib": peak_mib(), "first_loss": first_loss,
    }  # fmt: skip


def _arguments(work: str, **sizes: Any) -> dict[str, Any]:
    """Settings that all trainers share."""
    return {
        "output_dir": work, "num_train_epochs": 1, "learning_rate": LEARNING_RATE, "lr_scheduler_type": "constant",
        "train_sampling_strategy": "sequential", "save_strategy": "no", "logging_steps": 1, "report_to": "none",
        "disable_tqdm": True, "use_cpu": True, "bf16": False, "seed": 1, "remove_unused_columns": False, **sizes,
    }  # fmt: skip


def _rows(model: Any, encoded: list, work: str) -> Any:
    from transformers import TrainingArguments

    from sleepcot_utils.distill.packing import pack
    from sleepcot_utils.distill.progress import Speed
    from sleepcot_utils.distill.row_trainer import row_batch, row_trainer

    sizes = {"per_device_train_batch_size": 1, "gradient_accumulation_steps": ROWS_A_STEP}
    return row_trainer()(
        1, Speed(), model=model, args=TrainingArguments(**_arguments(work, **sizes)),
        train_dataset=[pack([row]) for row in encoded], data_collator=lambda rows: row_batch(rows[0]),
    )  # fmt: skip


def _stock(model: Any, encoded: list, work: str, tokenizer: Any) -> Any:
    from transformers import Trainer, TrainingArguments

    from sleepcot_utils.distill.encoding import pad_batch

    sizes = {
        "per_device_train_batch_size": TALKS_A_BATCH,
        "gradient_accumulation_steps": TALKS_A_STEP // TALKS_A_BATCH,
    }
    return Trainer(
        model=model, args=TrainingArguments(**_arguments(work, **sizes)),
        train_dataset=[one for row in encoded for one in row],
        data_collator=lambda batch: pad_batch(batch, tokenizer.pad_token_id),
    )  # fmt: skip


def _sft(model: Any, encoded: list, work: str, tokenizer: Any) -> Any:
    """Packed end to end without leaks (bfd), loss on completions, nothing recomputed: its best settings on a CPU."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    talks = [{"input_ids": one.input_ids, "labels": one.labels} for row in encoded for one in row]
    bins = sum(len(one["input_ids"]) for one in talks) / LONGEST
    accumulated = max(round(bins / (len(talks) / TALKS_A_STEP)), 1)
    sizes = {"per_device_train_batch_size": 1, "gradient_accumulation_steps": accumulated}
    packed = {"packing": True, "packing_strategy": "bfd", "max_length": LONGEST, "activation_checkpointing": False}
    config = SFTConfig(**(_arguments(work, **sizes) | packed | {"remove_unused_columns": True}))
    return SFTTrainer(model=model, args=config, train_dataset=Dataset.from_list(talks), processing_class=tokenizer)


def _rows_of_own_words(model: Any, encoded: list, work: str, tokenizer: Any) -> Any:
    from transformers import TrainingArguments

    from sleepcot_utils.distill.on_policy import TokenTeacher, on_policy_trainer
    from sleepcot_utils.distill.packing import pack
    from sleepcot_utils.distill.progress import Speed
    from sleepcot_utils.distill.row_trainer import row_batch

    teacher = TokenTeacher(_model("20M", tokenizer).eval(), 1.0, tokenizer.eos_token_id, NEW_TOKENS)
    sizes = {"per_device_train_batch_size": 1, "gradient_accumulation_steps": ROWS_A_STEP}
    return on_policy_trainer()(
        teacher, 1, Speed(), model=model, args=TrainingArguments(**_arguments(work, **sizes)),
        train_dataset=[pack([row]) for row in encoded], data_collator=lambda rows: row_batch(rows[0]),
    )  # fmt: skip


def _distillation(model: Any, talks: list, work: str, tokenizer: Any) -> Any:
    from datasets import Dataset
    from trl import DistillationConfig, DistillationTrainer

    prompts = [{"prompt": talk[:-1]} for row in talks for talk in row]
    sizes = {"per_device_train_batch_size": TALKS_A_STEP, "gradient_accumulation_steps": 1}
    own = {
        "max_completion_length": NEW_TOKENS,
        "beta": 1.0,
        "activation_checkpointing": False,
        "shuffle_dataset": False,
    }
    arguments = _arguments(work, **sizes)
    del arguments["remove_unused_columns"]
    return DistillationTrainer(
        model=model, teacher_model=_model("20M", tokenizer), args=DistillationConfig(**arguments, **own),
        train_dataset=Dataset.from_list(prompts), processing_class=tokenizer,
    )  # fmt: skip


if __name__ == "__main__":
    main()
