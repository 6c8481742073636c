"""The environment variables that a notebook runs under, by hand or through the runner."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sleepcot_utils.paths import PROJECT_ROOT
from sleepcot_utils.study.stages import Stage

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def steady_variables(stage: Stage, *, offline: bool) -> dict[str, str]:
    """Variables that keep numbers the same and the hub out where a profile needs none.

    Parameters
    ----------
    stage : Stage
        The notebook's entry in the table of stages; it sets the threads.
    offline : bool
        Whether the profile works without a model hub.
    """
    variables = dict.fromkeys(THREAD_VARIABLES, str(stage.threads))
    # Tokenizers warn on standard error when a process forks after they have started threads.
    variables["TOKENIZERS_PARALLELISM"] = "false"
    if offline:
        variables |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    return variables


def kernel_variables(stage: Stage, *, offline: bool, runtime_folder: str) -> dict[str, str]:
    """Variables of a kernel that the runner starts.

    Parameters
    ----------
    stage : Stage
        The notebook's entry in the table of stages.
    offline : bool
        Whether the profile works without a model hub.
    runtime_folder : str
        Folder, open to this user alone, for the kernel's connection file and sockets.
    """
    path = os.environ.get("PYTHONPATH")
    return steady_variables(stage, offline=offline) | {
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": f"{PROJECT_ROOT}{os.pathsep}{path}" if path else str(PROJECT_ROOT),
        "JUPYTER_RUNTIME_DIR": runtime_folder,
        # The kernel of this environment, not one of the same name that a user installed elsewhere.
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_PLATFORM_DIRS": "1",
        # The debugger otherwise warns about frozen modules at each start.
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "COLUMNS": "120",
    }


@contextmanager
def variables_set(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables and put the old ones back at the end."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
