"""Asking a student through vLLM, where it is installed: it brings its own batches, cache and shared beginnings."""

from __future__ import annotations

import importlib
import importlib.util
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from sleepcot_utils.distill.generation import read_answer
from sleepcot_utils.distill.student import Student, save_student
from sleepcot_utils.errors import ParameterError
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import Task


def generate(
    student: Student,
    tasks: Sequence[Task],
    prompts: Sequence[Sequence[int]],
    *,
    source: str,
    seed: int,
    max_new_tokens: int,
    engine: str = "vllm",
) -> list[Answer]:
    """Greedy answers to tasks whose prompts are encoded already.

    The student is saved to a folder of the moment, an adapter merged, because vLLM loads weights itself.

    Raises
    ------
    ParameterError
        If the engine is not vLLM, or vLLM is not installed.
    """
    if engine != "vllm" or importlib.util.find_spec("vllm") is None:
        problem = f"{engine!r} is no engine of answers" if engine != "vllm" else "vLLM is not installed"
        raise ParameterError(problem, where="engine", expected="transformers, or vllm where it is installed")
    vllm = importlib.import_module("vllm")
    tokenizer = student.tokenizer
    rules = vllm.SamplingParams(temperature=0.0, max_tokens=max_new_tokens, stop_token_ids=[tokenizer.eos_token_id])
    with tempfile.TemporaryDirectory() as folder:
        save_student(student, Path(folder))
        model = vllm.LLM(model=folder, enable_prefix_caching=True, seed=seed)
        began = time.perf_counter()
        results = model.generate([{"prompt_token_ids": list(prompt)} for prompt in prompts], rules)
    seconds = (time.perf_counter() - began) / len(tasks)
    return [
        read_answer(tokenizer, task.task_id, result.outputs[0].token_ids, source=source, seed=seed, seconds=seconds)
        for task, result in zip(tasks, results, strict=True)
    ]
