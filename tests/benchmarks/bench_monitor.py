"""How long does one new day take, beside judging the whole record again, and does that grow with the record?

Simulates one person for each length of record, fills the monitor's state with all days but the last ones, adds these one
by one, and judges the whole record anew beside it: from the log (``anew_ms``) and, as the bare sum of computing, from a
table in memory (``whole_record_ms``). Prints one JSON line a length and a table. ``slowest_ms`` is that of the slowest
added day; ``equal`` says that both ways gave the same alerts.

    python tests/benchmarks/bench_monitor.py --days 60,365,1825
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

ADDED_DAYS = 20
SEED = 4


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", default="", help="lengths of the record in days, with commas (default: 60,365,1825)")
    parser.add_argument("--full", action="store_true", help="also a record of twenty years")
    options = parser.parse_args()
    rows = []
    lengths = options.days or ("60,365,1825,7300" if options.full else "60,365,1825")
    for days in (int(text) for text in lengths.split(",")):
        rows.append(measure(days))
        print(json.dumps(rows[-1]), flush=True)
    print(pd.DataFrame(rows).to_string(index=False))


def measure(days: int) -> dict[str, float]:
    """Time to add a day, and to judge the whole record, in milliseconds; and bytes read for a day."""
    from sleepcot_utils.monitor.rules import load_rules
    from sleepcot_utils.monitor.state import MonitorState
    from sleepcot_utils.monitor.watching import alerts_of

    observations = record(days)
    last = observations["date"].max() - pd.Timedelta(days=ADDED_DAYS)
    with tempfile.TemporaryDirectory() as folder:
        state = MonitorState(Path(folder))
        state.add(observations[observations["date"] <= last])
        spent_ms = []
        for _, day in observations[observations["date"] > last].groupby("date"):
            started = time.perf_counter()
            state.add(day)
            spent_ms.append(1000 * (time.perf_counter() - started))
        person = observations["person_id"].iloc[0]
        standing = {(entry["date"], entry["rule"]) for entry in state.alerts(person)}
        memory_bytes = next(Path(folder).glob("*/memory.json")).stat().st_size
        # Without its memory the monitor reads its log and judges every day of it again.
        next(Path(folder).glob("*/memory.json")).unlink()
        started = time.perf_counter()
        state.add(day.assign(steps=day["steps"] + 1))
        anew_ms = 1000 * (time.perf_counter() - started)
        archive_bytes = next(Path(folder).glob("*/days.jsonl")).stat().st_size
    whole_ms = []
    for _ in range(3):
        started = time.perf_counter()
        whole = alerts_of(observations, load_rules(), {})
        whole_ms.append(1000 * (time.perf_counter() - started))
    return {
        "days": len(observations),
        "alerts": len(whole),
        "median_ms": round(float(np.median(spent_ms)), 1),
        "slowest_ms": round(max(spent_ms), 1),
        "anew_ms": round(anew_ms, 1),
        "whole_record_ms": round(min(whole_ms), 1),
        "memory_kb": round(memory_bytes / 1000, 1),
        "archive_kb": round(archive_bytes / 1000, 1),
        "equal": standing == {(alert.date, alert.rule) for alert in whole},
    }


def record(days: int) -> pd.DataFrame:
    """Observations of one simulated person who measures everything every day."""
    from sleepcot_utils.monitor.observations import observe
    from sleepcot_utils.simulate.day_table import simulate_day_table
    from sleepcot_utils.simulate.nights import simulate_nights
    from sleepcot_utils.simulate.people import simulate_people

    people = simulate_people(1, SEED)
    nights, _ = simulate_nights(people, days, SEED)
    return observe(nights, simulate_day_table(people, nights, SEED, measure_all=True))


if __name__ == "__main__":
    main()
