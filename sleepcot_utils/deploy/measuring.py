"""Memory and speed of a variant, measured in a process of its own that does nothing else.

``python -m sleepcot_utils.deploy.measuring`` is that process: it takes the request as JSON and prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sleepcot_utils.errors import ArtifactError

#: Timings after one that warms up; the median is taken.
REPEATS = 3
MIB = 2**20
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
TIMEOUT_S = 600.0


def measure(folder: Path, prompt: Sequence[int], tokens: int) -> dict[str, float]:
    """Run a variant on one thread of the CPU.

    Parameters
    ----------
    folder : pathlib.Path
        The variant.
    prompt : sequence of int
        What is read.
    tokens : int
        How many are then written; at least 2.

    Returns
    -------
    dict
        ``first_token_ms`` and ``tokens_per_s`` (processor time), ``peak_mib`` (the most memory that the process ever held) and
        ``libraries_mib`` (what it held before the model was loaded).

    Raises
    ------
    ArtifactError
        If the process failed; the message is its last line.
    """
    request = json.dumps({"folder": str(folder), "prompt": list(prompt), "tokens": tokens})
    done = subprocess.run(
        [sys.executable, "-m", "sleepcot_utils.deploy.measuring"], input=request, capture_output=True, text=True,
        env={**os.environ, **ONE_THREAD}, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ArtifactError(f"the variant can't be measured: {last}", where=str(folder))
    return json.loads(done.stdout.strip().splitlines()[-1])


def resident_mib(name: str = "VmRSS") -> float:
    """Memory of this process that is in main memory, in MiB; ``VmHWM`` for the most that ever was.

    The kernel's own count, because ``ru_maxrss`` starts at what the process held that started this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(rf"^{name}:\s+(\d+) kB", status.read_text(), re.MULTILINE)
        return int(found.group(1)) / 1024 if found else float("nan")
    import psutil

    memory = psutil.Process().memory_info()
    return getattr(memory, "peak_wset", memory.rss) / MIB  # other systems: the peak where there is one, else now


def main() -> int:
    """Measure what the request on standard input names; returns the exit status."""
    request = json.loads(sys.stdin.read())
    from sleepcot_utils.deploy.artifacts import ONNX, format_of
    from sleepcot_utils.deploy.runners import open_runner, timed

    folder = Path(request["folder"])
    if format_of(folder) == ONNX:
        import onnxruntime  # noqa: F401 # the library counts as library, not as model
    else:
        import torch
        from transformers import AutoModelForCausalLM, Qwen2ForCausalLM  # noqa: F401 # as above

        torch.set_num_threads(1)
    libraries = resident_mib()
    run = open_runner(folder)
    timed(run, request["prompt"], request["tokens"])
    found = [timed(run, request["prompt"], request["tokens"]) for _ in range(REPEATS)]
    result = {
        "first_token_ms": 1000 * statistics.median(first for first, _ in found),
        "tokens_per_s": statistics.median(speed for _, speed in found),
        "peak_mib": resident_mib("VmHWM"),
        "libraries_mib": libraries,
    }
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
