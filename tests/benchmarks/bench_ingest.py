"""How long does an Apple Health export take to read, and how much memory, beside a public reader?

Writes synthetic exports of the sizes asked for into a temporary folder, reads each with
``sleepcot_utils.ingest.read_export`` and with ``pandas.read_xml`` in its streaming mode, one child process a reading,
and prints one JSON line a reading and a table. Peak memory is the largest resident set of the child; ``imports`` is
what it held before it read anything. A child that exceeds the memory or time limit is reported as such.

    python tests/benchmarks/bench_ingest.py --sizes 10,100,1000
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from memory import MIB, peak_mib

ROOT = Path(__file__).resolve().parents[2]
READERS = ("ours", "pandas")
FIRST_DAY = datetime(2015, 1, 1)
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE HealthData [
<!ELEMENT HealthData (ExportDate,Me,(Record)*)>
<!ATTLIST HealthData locale CDATA #REQUIRED>
<!ELEMENT Record (MetadataEntry*)>
<!ATTLIST Record type CDATA #REQUIRED value CDATA #IMPLIED>
]>
<HealthData locale="en_US">
 <ExportDate value="2024-06-01 08:00:00 +0100"/>
"""
WATCH = (
    'sourceName="Apple&#160;Watch" sourceVersion="10.2" device="&lt;&lt;HKDevice: 0x3012772a0&gt;, name:Apple Watch, '
    'manufacturer:Apple Inc., model:Watch, hardware:Watch6,7, software:10.2&gt;"'
)
PHONE = 'sourceName="iPhone" sourceVersion="17.2.1"'
#: Stages of one 90-minute cycle in minutes; five of them are a night of 450 minutes.
CYCLE = (("AsleepCore", 35), ("AsleepDeep", 20), ("AsleepCore", 14), ("AsleepREM", 20), ("Awake", 1))


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="", help="sizes in MB, with commas (default: 10,100; with --full also 1000)")
    parser.add_argument("--full", action="store_true", help="also an export of a gigabyte; minutes")
    parser.add_argument("--readers", default=",".join(READERS), help="readers, with commas (default: all)")
    parser.add_argument("--memory-limit-mb", type=int, default=4096, help="address space of a child (default: 4096)")
    parser.add_argument("--time-limit-s", type=float, default=600.0, help="seconds of a child (default: 600)")
    parser.add_argument("--folder", help="where the exports are written (default: a temporary folder)")
    parser.add_argument("--measure", nargs=2, metavar=("READER", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(*options.measure)))
        return
    readers = options.readers.split(",")
    unknown = set(readers) - set(READERS)
    if unknown:
        parser.error(f"no such reader: {', '.join(sorted(unknown))}; known are {', '.join(READERS)}")
    rows = []
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for size in (int(text) for text in (options.sizes or ("10,100,1000" if options.full else "10,100")).split(",")):
            export = Path(folder) / f"export-{size}.xml"
            records = write_export(export, size * 10**6)
            for reader in readers:
                row = {"mb": size, "reader": reader, "records": records}
                row |= in_child(reader, export, options.memory_limit_mb, options.time_limit_s)
                print(json.dumps(row), flush=True)
                rows.append(row)
            export.unlink()
    print(table(rows))


def write_export(path: Path, size: int) -> int:
    """Write a synthetic export of at least `size` bytes and return its number of records."""
    written = records = 0
    with path.open("w", encoding="utf-8") as stream:
        stream.write(HEAD)
        day = 0
        while written < size:
            lines = list(day_records(FIRST_DAY + timedelta(days=day)))
            written += stream.write("\n".join(lines) + "\n")
            records += len(lines)
            day += 1
        stream.write("</HealthData>\n")
    return records


def day_records(day: datetime) -> Iterator[str]:
    """Records of one day: heart rate and energy of each minute, steps of watch and phone, and a night."""
    # A saw tooth stands for the pulse; what the values are does not matter to the time that they take.
    for minute in range(24 * 60):
        at = day + timedelta(minutes=minute)
        yield record("HeartRate", WATCH, at, at, 50 + minute % 40, 'unit="count/min"')
        if minute % 3 == 0:
            yield record("ActiveEnergyBurned", WATCH, at, at + timedelta(minutes=1), 0.125, 'unit="kcal"')
    for hour in range(8, 22):
        at = day + timedelta(hours=hour)
        yield record("StepCount", WATCH, at, at + timedelta(minutes=10), 600, 'unit="count"')
        yield record("StepCount", PHONE, at, at + timedelta(minutes=12), 580, 'unit="count"')
    at = day + timedelta(hours=23)
    for _ in range(5):
        for stage, minutes in CYCLE:
            end = at + timedelta(minutes=minutes)
            yield record("SleepAnalysis", WATCH, at, end, f"HKCategoryValueSleepAnalysis{stage}")
            at = end
        yield record("OxygenSaturation", WATCH, at, at, 0.96, 'unit="%"')
        yield record("RespiratoryRate", WATCH, at, at, 14.5, 'unit="count/min"')
    yield record("RestingHeartRate", WATCH, day, day + timedelta(hours=20), 57, 'unit="count/min"')


def record(kind: str, source: str, start: datetime, end: datetime, value: object, unit: str = "") -> str:
    """One element as the Health app writes it."""
    family = "Category" if kind == "SleepAnalysis" else "Quantity"
    return (
        f' <Record type="HK{family}TypeIdentifier{kind}" {source} {unit} creationDate="{end} +0100" '
        f'startDate="{start} +0100" endDate="{end} +0100" value="{value}"/>'
    )


def in_child(reader: str, export: Path, memory_limit_mb: int, time_limit_s: float) -> dict[str, object]:
    """Measure one reading in a process of its own."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (memory_limit_mb * MIB, memory_limit_mb * MIB))

    command = [sys.executable, __file__, "--measure", reader, str(export)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=time_limit_s, preexec_fn=limit, check=False, cwd=ROOT
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"more than {time_limit_s:g} s"}
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["killed"])[-1]
        return {"failed": f"{last[:100]} (limit {memory_limit_mb} MiB)"}
    return json.loads(done.stdout)


def measure(reader: str, export: str) -> dict[str, object]:
    """Read the export in this process and say what it took."""
    if reader == "ours":
        sys.path.insert(0, str(ROOT))
        from sleepcot_utils.ingest import read_export

        before = peak_mib()
        started = time.perf_counter()
        rows = len(read_export(export).nights)
    else:
        import pandas as pd

        before = peak_mib()
        started = time.perf_counter()
        fields = ["type", "sourceName", "startDate", "endDate", "value"]
        rows = len(pd.read_xml(export, iterparse={"Record": fields}, parser="etree"))
    seconds = time.perf_counter() - started
    return {"seconds": round(seconds, 2), "peak_mib": round(peak_mib()), "imports_mib": round(before), "rows": rows}


def table(rows: list[dict[str, object]]) -> str:
    """The measurements as text."""
    lines = [f"{'MB':>6} {'records':>10} {'reader':<8} {'seconds':>8} {'peak MiB':>9} {'imports':>8} {'rows':>9}"]
    for row in rows:
        start = f"{row['mb']:>6} {row['records']:>10,} {row['reader']:<8}"
        if "failed" in row:
            lines.append(f"{start} {row['failed']}")
        else:
            lines.append(f"{start} {row['seconds']:>8} {row['peak_mib']:>9} {row['imports_mib']:>8} {row['rows']:>9,}")
    cores = os.cpu_count()
    return "\n".join([*lines, f"Python {sys.version.split()[0]}, {cores} cores, one process a reading."])


if __name__ == "__main__":
    main()
