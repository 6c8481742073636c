"""How fast a student answers, beside ``generate`` called question by question and in padded batches.

    python tests/benchmarks/bench_generation.py             questions about a few reports; a minute or two
    python tests/benchmarks/bench_generation.py --full      four times as many

All say the same greedy answers, which is checked; each measurement is a process of its own. The student is the embedded
base, which has learned no answers yet, so every answer is made as long as a taught one is in the mean. (Ours saves more
where answers differ in length: what has ended leaves the batch.) Times hang on the machine and on what else it does: only
figures of one run compare.
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

WAYS = ("one by one", "padded batches", "ours")
NEVER = -1  # no token: answers do not end by themselves
#: Rows of questions: each third one is of ten knowledge questions, the others of a report with five.
ROWS, FULL_TIMES = 4, 4
#: About as long as the expert's answers with their rationales are in the mean.
NEW_TOKENS = 100
BATCH = 128


def main() -> None:
    """Run what the options ask for, print a table and write one JSON line a measurement."""
    options = _options()
    if options.child:
        way, data = options.child
        print(json.dumps(_measure(way, Path(data))))
        return
    found = []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "questions.jsonl"
        write_conversations(data, ROWS * (FULL_TIMES if options.full else 1))
        print(f"the embedded base, {NEW_TOKENS} new tokens a question", flush=True)
        _print_row("way", "questions", "new tokens/s", "ours is faster by", "CPU s", "peak MiB")
        for way in reversed(WAYS):
            row = _in_child(way, data)
            found.append(row)
            ratio = "" if len(found) == 1 else f"{found[0]['tokens_per_s'] / row['tokens_per_s']:.1f}"
            speed, cpu = f"{row['tokens_per_s']:,.0f}", f"{row['cpu_s']:.1f}"
            _print_row(way, row["questions"], speed, ratio, cpu, f"{row['peak_mib']:,.0f}")
    same = sum(one == other for one, other in zip(found[0]["said"], found[-1]["said"], strict=True))
    print(f"{same} of {len(found[0]['said'])} answers are the same one by one and ours, token by token.")
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        kept = [{name: value for name, value in row.items() if name != "said"} for row in found]
        options.out.write_text("".join(f"{json.dumps(row)}\n" for row in kept), encoding="utf-8")
    if same < 0.98 * len(found[0]["said"]):
        raise SystemExit("the ways do not say the same")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help=f"{FULL_TIMES} times as many questions")
    parser.add_argument("--out", type=Path, help="file for JSON lines")
    parser.add_argument("--child", nargs=2, metavar=("WAY", "DATA"), help=argparse.SUPPRESS)
    return parser.parse_args()


def _print_row(*cells: object) -> None:
    print("  ".join(f"{cell!s:>17}" for cell in cells), flush=True)


def _in_child(way: str, data: Path) -> dict:
    """The measurement in a process of its own, so that its peak memory is its own too."""
    done = subprocess.run(
        [sys.executable, __file__, "--child", way, str(data)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"the measurement of {way!r} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _measure(way: str, data: Path) -> dict:
    """Time, processor time and peak memory of answering all questions once, after one that is not timed."""
    from sleepcot_utils.distill.encoding import render
    from sleepcot_utils.distill.student import load_student

    student = load_student("embedded", device="cpu")
    asked = [
        (number, entry["kind"], render(student.tokenizer, entry["talk"][:-1], add_generation_prompt=True))
        for number, row in enumerate(read_conversations(data))
        for entry in row
    ]
    prompts = [student.tokenizer(text, add_special_tokens=False)["input_ids"] for _, _, text in asked]
    families, kinds = [number for number, _, _ in asked], [kind for _, kind, _ in asked]
    answer = {"one by one": _one_by_one, "padded batches": _padded, "ours": _ours}[way]
    answer(student, prompts[:1], families[:1], kinds[:1])
    began, worked = time.perf_counter(), time.process_time()
    said = answer(student, prompts, families, kinds)
    seconds, cpu_s = time.perf_counter() - began, time.process_time() - worked
    tokens = sum(map(len, said))
    return {
        "measured": "generation", "way": way, "questions": len(said), "tokens": tokens, "seconds": seconds,
        "cpu_s": cpu_s, "tokens_per_s": tokens / seconds, "peak_mib": peak_mib(), "said": said,
    }  # fmt: skip


def _generate(student: Any, prompts: list[list[int]]) -> list[list[int]]:
    """The library's own way to continue a padded batch."""
    import torch

    longest = max(map(len, prompts))
    ids = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    rules = {"max_new_tokens": NEW_TOKENS, "do_sample": False, "eos_token_id": NEVER, "pad_token_id": 0}
    with torch.no_grad():
        return student.model.eval().generate(input_ids=ids, attention_mask=mask, **rules)[:, longest:].tolist()


def _one_by_one(student: Any, prompts: list, families: list, kinds: list) -> list[list[int]]:
    return [_generate(student, [prompt])[0] for prompt in prompts]


def _padded(student: Any, prompts: list, families: list, kinds: list) -> list[list[int]]:
    return _in_batches(prompts, kinds, lambda chosen: _generate(student, [prompts[i] for i in chosen]))


def _ours(student: Any, prompts: list, families: list, kinds: list) -> list[list[int]]:
    from sleepcot_utils.distill.decoding import continued

    rules = {"end": NEVER, "max_new_tokens": NEW_TOKENS}
    model = student.model.eval()
    return _in_batches(
        prompts,
        kinds,
        lambda chosen: continued(model, [prompts[i] for i in chosen], [families[i] for i in chosen], **rules),
    )


def _in_batches(prompts: list, kinds: list, answer: Any) -> list[list[int]]:
    """Answers in batches of one kind of task, in the order of the prompts."""
    said: dict[int, list[int]] = {}
    for kind in dict.fromkeys(kinds):
        of_kind = sorted((i for i in range(len(prompts)) if kinds[i] == kind), key=lambda i: -len(prompts[i]))
        for start in range(0, len(of_kind), BATCH):
            chosen = of_kind[start : start + BATCH]
            said |= dict(zip(chosen, answer(chosen), strict=True))
    return [said[i] for i in range(len(prompts))]


if __name__ == "__main__":
    main()
