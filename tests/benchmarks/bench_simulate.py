"""How fast the simulator is, beside another one, and whether its cost grows in proportion and its memory not at all.

    python tests/benchmarks/bench_simulate.py                 up to 100,000 nights
    python tests/benchmarks/bench_simulate.py --full          up to a million

The peer is ``yasa.simulate_hypnogram``, which makes a hypnogram and no more; it is a development dependency, and its
part is skipped where it is not installed. Times hang on the machine and on what else it does: only figures of one run
compare.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from memory import peak_mib

NIGHTS_A_PERSON = 20
SIZES = (1_000, 10_000, 100_000)
FULL_SIZE = 1_000_000
#: Enough that the peer takes some seconds, few enough that it takes no minute.
COMPARED_NIGHTS = 2_000
MINUTES_IN_BED = 480
SEED = 1


def main() -> None:
    """Run what the options ask for, print tables and write one JSON line a measurement."""
    options = _options()
    if options.child:
        print(json.dumps(_measure(*options.child)))
        return
    rows = []
    print(f"{COMPARED_NIGHTS} nights, one process, one thread", flush=True)
    _print_row("simulator", "nights/s", "times the peer", "makes")
    for row in _beside_peer():
        rows.append(row)
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.0f}"
        speed = "" if row["nights_per_s"] is None else f"{row['nights_per_s']:.0f}"
        _print_row(row["simulator"], speed, ratio, row["note"])
    print(f"\ngrowth, {NIGHTS_A_PERSON} nights a person, each measurement a process of its own", flush=True)
    _print_row("nights", "workers", "seconds", "nights/s", "peak MiB")
    for workers in options.workers:
        for nights in (*SIZES, *((FULL_SIZE,) if options.full else ())):
            row = _in_child(nights, workers)
            rows.append(row)
            seconds, speed = f"{row['seconds']:.2f}", f"{row['nights_per_s']:.0f}"
            _print_row(row["nights"], workers, seconds, speed, f"{row['peak_mib']:.0f}")
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="also a million nights; some minutes")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="threads to measure (default: 1 2)")
    parser.add_argument("--out", type=Path, help="file for JSON lines")
    parser.add_argument("--child", type=int, nargs=2, metavar=("NIGHTS", "WORKERS"), help=argparse.SUPPRESS)
    return parser.parse_args()


def _print_row(*cells: object) -> None:
    print("  ".join(f"{cell!s:>14}" for cell in cells), flush=True)


def _beside_peer() -> Iterator[dict]:
    peer = _peer_speed()
    speeds = {
        "yasa": (peer, "not installed" if peer is None else "hypnogram alone"),
        "this one": (_own_speed(epochs=False), "hypnogram, vital signs and device of each epoch; tables kept"),
        "with epochs": (_own_speed(epochs=True), "the same, and every epoch kept"),
    }
    for name, (speed, note) in speeds.items():
        ratio = None if peer is None or speed is None else speed / peer
        yield {
            "measured": "beside_peer", "simulator": name, "nights": COMPARED_NIGHTS, "nights_per_s": speed,
            "ratio": ratio, "note": note,
        }  # fmt: skip


def _peer_speed() -> float | None:
    """Nights a second of the peer's hypnogram simulator; None where it is not installed."""
    try:
        import yasa
    except ImportError:
        return None
    yasa.simulate_hypnogram(tib=MINUTES_IN_BED, seed=0)
    began = time.perf_counter()
    for seed in range(COMPARED_NIGHTS):
        yasa.simulate_hypnogram(tib=MINUTES_IN_BED, seed=seed)
    return COMPARED_NIGHTS / (time.perf_counter() - began)


def _own_speed(*, epochs: bool) -> float:
    """Nights a second with hypnogram, four vital signs and device view of each epoch, and both tables.

    A first pass that is not timed loads the compiled loops, as the peer's first night does with what it needs.
    """
    from sleepcot_utils.simulate.nights import simulate_chunks
    from sleepcot_utils.simulate.people import simulate_people

    people = simulate_people(COMPARED_NIGHTS // NIGHTS_A_PERSON, SEED)
    _drain(simulate_chunks(people, NIGHTS_A_PERSON, SEED + 1, epochs=epochs))
    began = time.perf_counter()
    _drain(simulate_chunks(people, NIGHTS_A_PERSON, SEED, epochs=epochs))
    return COMPARED_NIGHTS / (time.perf_counter() - began)


def _in_child(nights: int, workers: int) -> dict:
    """The measurement in a process of its own, so that its peak memory is its own too."""
    command = [sys.executable, __file__, "--child", str(nights), str(workers)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the measurement of {nights} nights failed:\n{done.stderr}")
    return json.loads(done.stdout)


def _measure(nights: int, workers: int) -> dict:
    """Time and peak memory of simulating nights, chunk by chunk, each dropped as soon as it is there."""
    from sleepcot_utils.simulate.nights import simulate_chunks
    from sleepcot_utils.simulate.people import simulate_people

    _drain(simulate_chunks(simulate_people(2, SEED), 2, SEED))
    began = time.perf_counter()
    people = simulate_people(nights // NIGHTS_A_PERSON, SEED)
    worn = _drain(simulate_chunks(people, NIGHTS_A_PERSON, SEED, workers=workers))
    seconds = time.perf_counter() - began
    return {
        "measured": "growth",
        "nights": nights,
        "workers": workers,
        "seconds": seconds,
        "nights_per_s": nights / seconds,
        "worn_nights": worn,
        "peak_mib": peak_mib(),
    }


def _drain(chunks: Iterator) -> int:
    return sum(len(chunk.measured) for chunk in chunks)


if __name__ == "__main__":
    main()
