"""How many answers a second does the server give, and how long does one take, as clients grow from 1 to 64?

Starts `sleepcot_utils.serve` on a free port of loopback in a process of its own and lets clients ask knowledge questions in
the chat, each the next one when it has its answer (`sleepcot_utils/serve/load.py`). Prints one JSON line a number of
clients and a table: answers a second, median and 99th percentile of the seconds to an answer, mean size of a batch. Then
overload: three times as many clients as there are places, all at once; every one must hear 200 or 429 with Retry-After.
``hung`` counts clients that heard nothing within the time limit. Last, replicas for a load.

    python tests/benchmarks/bench_serve.py --student data/runs/laptop/students/cot-s1 --clients 1,4,16,64
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from sleepcot_utils.knowledge import load_cards
from sleepcot_utils.serve.load import conversation, load_table, overload, served
from sleepcot_utils.serve.sizing import size_for

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = 60


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--student", default=str(ROOT / "data" / "embedded_student"), help="folder of a student")
    parser.add_argument("--clients", default="1,2,4,8,16,32,64", help="numbers of clients, with commas")
    parser.add_argument("--max-new-tokens", type=int, default=60, help="longest answer, in tokens")
    parser.add_argument("--longest-s", type=float, default=5.0, help="longest wait, for the number of replicas")
    parser.add_argument("--busiest-per-s", type=float, default=10.0, help="questions a second, for the same")
    parser.add_argument("--full", action="store_true", help="ten times as many answers")
    options = parser.parse_args()
    questions = [
        conversation([{"role": "user", "content": wording}])
        for card in load_cards()
        for wording in card.phrasings.test[:1]
    ]
    clients = [int(text) for text in options.clients.split(",")]
    answers = ANSWERS * (10 if options.full else 1)
    with served(Path(options.student), max_new_tokens=options.max_new_tokens) as server:
        load = load_table(server, questions, clients, answers).round(3)
        for row in load.to_dict("records"):
            print(json.dumps(row))
        print(load.to_string(index=False))
        print(json.dumps(overload(server, questions)))
        peak_mib = server.peak_mib
    size = size_for(load, longest_s=options.longest_s, busiest_per_s=options.busiest_per_s, peak_mib=peak_mib)
    print(json.dumps(asdict(size)))


if __name__ == "__main__":
    main()
