"""How fast the bootstrap is, beside two others, and how often the whole comparison is wrong or right on fake studies.

    python tests/benchmarks/bench_statistics.py               100 fake studies a case; about two minutes
    python tests/benchmarks/bench_statistics.py --full        400 fake studies a case, more cases, every choice

The bootstrap is that of 1,100 items under 12 arms with BCa intervals. ``scipy.stats.bootstrap`` gets all arms in one
call; ``pingouin.compute_bootci`` takes one column a call and is skipped where it is not installed. Times hang on the
machine and on what else it does: only figures of one run compare.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from sleepcot_utils.compare.calibration import choice_rates, pipeline_rates
from sleepcot_utils.compare.fake_studies import StudyDesign
from sleepcot_utils.compare.resampling import bootstrap_table

ITEMS, ARMS, RESAMPLES = 1_100, 12, 10_000
MARGIN = 0.1
SEED = 1


def main() -> None:
    """Run what the options ask for, print tables and write one JSON line a measurement."""
    options = _options()
    rows = []
    print(f"bootstrap: {ITEMS} items, {ARMS} arms, {RESAMPLES} resamples, BCa, one process", flush=True)
    _print_row("which", "seconds", "times ours", "largest gap")
    for row in _bootstraps():
        rows.append(row)
        _print_row(row["which"], row["seconds"], row["ratio"], row["gap"])
    studies = 400 if options.full else 100
    print(f"\ncomparison on {studies} fake studies a case, 4 primary endpoints, shares in percent", flush=True)
    _print_row("case", "any claim", "claim", "of students", "wrong", "raw p < 5%", "covered", "non-inferior")
    for name, design in _cases(options.full):
        rates = pipeline_rates(design, np.random.default_rng(SEED), studies=studies, margin=MARGIN)
        rows.append({"measured": "rates", "case": name, **rates})
        names = ("any_claim", "claim", "claim_students", "wrong", "raw", "covered", "non_inferior")
        _print_row(name, *(f"{100 * rates[part]:.1f}" for part in names))
    if options.full:
        rows += _choices(studies // 2)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def _choices(studies: int) -> list[dict]:
    """False-positive rate of every choice of the multiverse, printed and returned."""
    rows = []
    for name, design in (("runs alike", StudyDesign()), ("runs differ", StudyDesign(run_share=0.02, seeds=3))):
        print(f"\nclaims of every choice without an effect, {name}, {studies} studies, percent", flush=True)
        _print_row("choice", "claimed", "low", "high")
        for row in choice_rates(design, np.random.default_rng(SEED), studies=studies).to_dict("records"):
            rows.append({"measured": "choices", "case": name, **row})
            _print_row(row["choice"], *(f"{100 * row[part]:.1f}" for part in ("claimed", "low", "high")))
    return rows


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="400 studies a case, and more of them; half an hour")
    parser.add_argument("--out", type=Path, help="file for JSON lines")
    return parser.parse_args()


def _print_row(*cells: object) -> None:
    words = [f"{cell:.3g}" if isinstance(cell, float) else ("" if cell is None else str(cell)) for cell in cells]
    print("  ".join(f"{word:>24}" if place == 0 else f"{word:>12}" for place, word in enumerate(words)), flush=True)


def _bootstraps() -> Iterator[dict]:
    """Seconds of each bootstrap, as a multiple of ours, and how far its intervals lie from ours in half widths."""
    values = (np.random.default_rng(SEED).random((ITEMS, ARMS)) < np.linspace(0.2, 0.9, ARMS)).astype("float64")
    ours, seconds = _timed(_this_one, values)
    yield {"measured": "bootstrap", "which": "this one", "seconds": seconds, "ratio": 1.0, "gap": 0.0}
    for name, run in (("scipy.stats.bootstrap", _scipy), ("pingouin.compute_bootci", _pingouin)):
        try:
            found, taken = _timed(run, values)
        except ImportError:
            yield {"measured": "bootstrap", "which": f"{name} (none)", "seconds": None, "ratio": None, "gap": None}
            continue
        half_width = (ours[:, 1:] - ours[:, :1]) / 2
        gap = float(np.max(np.abs(found - ours) / half_width))
        yield {"measured": "bootstrap", "which": name, "seconds": taken, "ratio": taken / seconds, "gap": gap}


def _timed(run: Callable[[np.ndarray], np.ndarray], values: np.ndarray) -> tuple[np.ndarray, float]:
    """Result and seconds of the second of two runs; the first loads what is needed."""
    run(values[:50])
    began = time.perf_counter()
    found = run(values)
    return found, time.perf_counter() - began


def _this_one(values: np.ndarray) -> np.ndarray:
    table = bootstrap_table(pd.DataFrame(values), np.random.default_rng(SEED), resamples=RESAMPLES)
    return table[["low", "high"]].to_numpy()


def _scipy(values: np.ndarray) -> np.ndarray:
    from scipy import stats

    found = stats.bootstrap(
        (values,), np.mean, axis=0, n_resamples=RESAMPLES, batch=500, method="BCa", rng=np.random.default_rng(SEED)
    ).confidence_interval
    return np.column_stack([found.low, found.high])


def _pingouin(values: np.ndarray) -> np.ndarray:
    import pingouin

    return np.array(
        [
            pingouin.compute_bootci(column, func="mean", method="bca", n_boot=RESAMPLES, decimals=8, seed=SEED)
            for column in values.T
        ]
    )


def _cases(full: bool) -> Iterator[tuple[str, StudyDesign]]:
    yield "no effect", StudyDesign()
    yield "effect 0.10", StudyDesign(effect=0.1)
    yield "loss of the margin", StudyDesign(effect=-MARGIN)
    if full:
        yield "effect 0.05", StudyDesign(effect=0.05)
        yield "effect 0.15", StudyDesign(effect=0.15)
        yield "no effect, 20 persons", StudyDesign(persons=20)
        yield "no effect, 1 item", StudyDesign(items=1)
        yield "no effect, runs differ", StudyDesign(run_share=0.02)
        yield "the same with 5 seeds", StudyDesign(run_share=0.02, seeds=5)


if __name__ == "__main__":
    main()
