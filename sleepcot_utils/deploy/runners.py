"""Running a variant from its folder: greedy continuation of a prompt, in torch or in ONNX Runtime."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sleepcot_utils.deploy.artifacts import GRAPH_FILE, ONNX, format_of, load_model
from sleepcot_utils.deploy.export import LOGITS, PAST, PRESENT, TOKENS
from sleepcot_utils.errors import ArtifactError, ParameterError

#: Continues a prompt: tokens, the token that ends it, most tokens, and what is called after each token.
Runner = Callable[[Sequence[int], int, int, Callable[[], None]], list[int]]


def onnx_is_possible() -> bool:
    """Whether what exports and runs ONNX files is installed."""
    return all(importlib.util.find_spec(name) for name in ("onnx", "onnxruntime", "onnxscript"))


class Graph:
    """An ONNX file of a student, run on the CPU.

    Parameters
    ----------
    folder : pathlib.Path
        With ``model.onnx``.
    threads : int
        Threads of one operation.

    Raises
    ------
    ParameterError
        If ONNX Runtime is not installed.
    ArtifactError
        If the file is missing or damaged.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        if importlib.util.find_spec("onnxruntime") is None:
            raise ParameterError(
                "ONNX files need the package onnxruntime", where=str(folder), expected="pip install -e '.[deploy]'"
            )
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3  # errors only
        try:
            self._session = onnxruntime.InferenceSession(
                str(folder / GRAPH_FILE), options, providers=["CPUExecutionProvider"]
            )
        except Exception as problem:  # noqa: BLE001 # the library raises its own kinds, which share no base but this
            raise ArtifactError(
                f"the graph can't be loaded: {str(problem).splitlines()[0]}",
                where=str(folder / GRAPH_FILE),
                expected="the file as notebook 06 wrote it",
            ) from None
        (shape,) = (node.shape for node in self._session.get_inputs() if node.name == PAST)
        self.nothing = np.zeros([side if isinstance(side, int) else 0 for side in shape], dtype=np.float32)

    def read(self, tokens: Sequence[int], past: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits after the last of some tokens, and the new past."""
        given = {TOKENS: np.array([tokens], dtype=np.int64), PAST: past}
        logits, present = self._session.run([LOGITS, PRESENT], given)
        return logits, present

    def __call__(self, prompt: Sequence[int], end: int, most: int, watch: Callable[[], None]) -> list[int]:
        """Greedy continuation of a prompt."""
        logits, past = self.read(prompt, self.nothing)
        said = [int(logits.argmax())]
        watch()
        while said[-1] != end and len(said) < most:
            logits, past = self.read(said[-1:], past)
            said.append(int(logits.argmax()))
            watch()
        return said


def torch_runner(model: Any) -> Runner:
    """Greedy continuation by a torch model, with the decoding of the study."""
    from sleepcot_utils.distill.decoding import continued

    def run(prompt: Sequence[int], end: int, most: int, watch: Callable[[], None]) -> list[int]:
        def seen(*_: Any) -> tuple[int, ...]:
            watch()
            return ()

        (said,) = continued(model, [prompt], [0], end=end, max_new_tokens=most, watch=seen)
        return said

    return run


def open_runner(folder: Path, threads: int = 1) -> Runner:
    """What runs the variant of a folder."""
    return Graph(folder, threads) if format_of(folder) == ONNX else torch_runner(load_model(folder))


def timed(run: Runner, prompt: Sequence[int], most: int) -> tuple[float, float]:
    """Seconds to the first token, and tokens a second after it; the answer goes on to its full length.

    Seconds are processor time of this process: with one thread those of the clock on an idle machine, and the same on a
    busy one but for what processes take from each other's caches.
    """
    at: list[float] = []
    began = time.process_time()
    run(prompt, -1, most, lambda: at.append(time.process_time()))
    return at[0] - began, (len(at) - 1) / (at[-1] - at[0])
