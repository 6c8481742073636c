"""Memory of the benchmarks' child processes."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

MIB = 2**20


def peak_mib() -> float:
    """Largest resident memory of this process so far.

    On Linux the figure of ``getrusage`` outlives the start of a new program and would be the parent's; that of
    ``/proc`` does not.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    unit = 1.0 if sys.platform == "darwin" else 1024.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MIB
