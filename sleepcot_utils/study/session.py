"""The notebook's side of a run: two calls, one at the start and one at the end.

>>> session = open_notebook("01_simulate_wearable_nights", globals())  # doctest: +SKIP
>>> session.finish({"persons": 48})  # doctest: +SKIP
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sleepcot_utils.config import StudyParameters, parameters_model, validate_parameters
from sleepcot_utils.errors import ArtifactError, ParameterError
from sleepcot_utils.paths import RunPaths, relative_name
from sleepcot_utils.study.environment import steady_variables
from sleepcot_utils.study.hashing import hashes, tree_digest
from sleepcot_utils.study.profiles import load_profile
from sleepcot_utils.study.records import package_versions, write_record
from sleepcot_utils.study.sources import code_hash
from sleepcot_utils.study.stages import Stage, artifact_names, notebook_file, run_paths, stage_of, students_of
from sleepcot_utils.study.upstream import check_upstream, shipped_paths

SHOWN_VERSIONS = ("python", "numpy", "pandas", "torch", "transformers", "peft")


@dataclass(frozen=True)
class Session:
    """One execution of a notebook: its checked parameters, its folders, its random numbers.

    Attributes
    ----------
    stage : Stage
        What the notebook reads and writes.
    parameters : StudyParameters
        Checked and complete; ``session.parameters.persons`` and so on.
    paths : RunPaths
        Folders of the run; ``save_figure`` takes them.
    reads : tuple of Path
        Upstream artifacts, checked against their records.
    started : float
        ``time.perf_counter()`` at the start.
    """

    stage: Stage
    parameters: Any
    paths: RunPaths
    reads: tuple[Path, ...]
    started: float

    def rng(self, purpose: str) -> np.random.Generator:
        """Random generator for one purpose, independent of the order in which purposes are asked for.

        Parameters
        ----------
        purpose : str
            Any text; another text gives an independent stream of the same seed.
        """
        return np.random.default_rng(self.seed_sequence(purpose))

    def seed_sequence(self, purpose: str) -> np.random.SeedSequence:
        """Seed of one purpose, for code that needs the same draws more than once."""
        words = np.frombuffer(hashlib.sha256(purpose.encode()).digest(), dtype=">u4")
        return np.random.SeedSequence([self.parameters.seed, *(int(word) for word in words)])

    def integer_seed(self, purpose: str) -> int:
        """Whole-number seed of one purpose, for the simulator, whose draws are keyed by person."""
        return int(self.seed_sequence(purpose).generate_state(1, np.uint64)[0] >> np.uint64(1))

    def input(self, name: str) -> Path:
        """Path of an upstream artifact, such as ``"nights.parquet"``, which the stage must declare."""
        declared = artifact_names(self.stage.reads, self.parameters)
        if not any(name == known or (known.endswith("/") and name.startswith(known)) for known in declared):
            raise ArtifactError(
                f"{self.stage.notebook} does not declare that it reads {name!r}",
                where="sleepcot_utils/study/stages.py",
                expected=f"one of {', '.join(declared) or 'nothing'}",
            )
        return self.paths.data / name

    def output(self, name: str) -> Path:
        """Path to write an artifact to, which the stage must declare; its folder is made."""
        declared = artifact_names(self.stage.writes, self.parameters)
        if not any(name == known or (known.endswith("/") and name.startswith(known)) for known in declared):
            raise ArtifactError(
                f"{self.stage.notebook} does not declare that it writes {name!r}",
                where="sleepcot_utils/study/stages.py",
                expected=f"one of {', '.join(declared) or 'nothing'}",
            )
        path = self.paths.data / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        return path

    @property
    def student(self) -> Path:
        """Folder of the student that this notebook trains or asks."""
        ((arm, seed),) = students_of(self.parameters)
        return self.paths.student(arm, seed)

    @property
    def work_folder(self) -> Path:
        """Folder for checkpoints that outlive an interruption.

        Its name is a hash of the parameters, the code and all inputs, so that a training never resumes from the
        checkpoint of another one.
        """
        digest = hashlib.sha256(repr(sorted(self.parameters.model_dump().items())).encode())
        digest.update(code_hash(notebook_file(self.stage.notebook)).encode())
        for path in [*self.reads, *shipped_paths(self.stage)]:
            digest.update(tree_digest(path).encode() if path.is_dir() else str(hashes([path])).encode())
        folder = self._work_parent / digest.hexdigest()[:12]
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def _work_parent(self) -> Path:
        name = "-".join(f"{arm}-s{seed}" for arm, seed in students_of(self.parameters)) or "all"
        return self.paths.data / "work" / (name if self.stage.per_student else self.stage.notebook)

    def versions(self) -> str:
        """One line: run, profile, seed and the versions that matter most."""
        found = package_versions()
        shown = ", ".join(f"{name} {found[name]}" for name in SHOWN_VERSIONS if name in found)
        return f"run {self.parameters.run}, profile {self.parameters.profile}, seed {self.parameters.seed}; {shown}"

    def finish(self, metrics: Mapping[str, Any], *, writes: Iterable[Path] = (), device: object = None) -> None:
        """Write the result record and print what was written, with short hashes.

        Parameters
        ----------
        metrics : mapping
            The numbers that the notebook found.
        writes : iterable of Path
            Files beyond the declared artifacts and this notebook's figures.
        device : object, optional
            Device that did the computing, a text or a ``torch.device``; found out if not given.

        Raises
        ------
        ArtifactError
            If a declared artifact was not written.
        """
        written = [self.paths.data / name.rstrip("/") for name in artifact_names(self.stage.writes, self.parameters)]
        for path in written:
            if not path.exists():
                raise ArtifactError(
                    "the notebook did not write this artifact, which it declares", where=relative_name(path)
                )
        everything = [*written, *self._figures(), *writes]
        record = write_record(
            stage=self.stage,
            parameters=self.parameters,
            reads=[*self.reads, *shipped_paths(self.stage)],
            writes=everything,
            metrics=metrics,
            started=self.started,
            device=device,
        )
        for name, digest in hashes(everything).items():
            print(f"{digest[:12]}  {name}")
        print(f"{'':12}  {relative_name(record)}")
        shutil.rmtree(self._work_parent, ignore_errors=True)

    def _figures(self) -> list[Path]:
        """Figures of this notebook; where it runs once per student, only those of this student, ``NN_slug__cot-s1``."""
        number = self.stage.notebook[:2]
        found = [*self.paths.figures.glob(f"{number}_*.png"), *self.paths.figures.glob(f"{number}_*.svg")]
        if self.stage.per_student:
            found = [path for path in found if path.stem.endswith(f"__{self.student.name}")]
        return sorted(found)


def open_notebook(notebook: str, namespace: Mapping[str, Any]) -> Session:
    """Start a notebook: check its parameters and everything that it will read.

    Parameters
    ----------
    notebook : str
        Stem of the notebook's file name.
    namespace : mapping
        ``globals()`` of the notebook, which holds the parameters under their names.

    Returns
    -------
    Session
        Ready to work with.

    Raises
    ------
    ParameterError
        If a parameter is missing, ill-typed or out of range.
    ArtifactError
        If an upstream artifact is missing or belongs to another run.
    """
    model = parameters_model(notebook)
    missing = [name for name in model.model_fields if name not in namespace]
    if missing:
        raise ParameterError(
            f"the parameters cell lacks {', '.join(missing)}", where=notebook, expected="every parameter, one a line"
        )
    parameters: StudyParameters = validate_parameters(
        notebook, {name: namespace[name] for name in model.model_fields}, where=notebook
    )
    stage = stage_of(notebook)
    _steady_environment(stage, parameters.profile)
    return Session(
        stage=stage,
        parameters=parameters,
        paths=run_paths(stage, parameters.run),
        reads=tuple(check_upstream(stage, parameters)),
        started=time.perf_counter(),
    )


def _steady_environment(stage: Stage, profile: str) -> None:
    """Give a notebook that is run by hand the variables that the runner gives it, as long as nothing else is set."""
    for name, value in steady_variables(stage, offline=load_profile(profile).offline).items():
        os.environ.setdefault(name, value)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
