"""Processes: two train the student that one trains, and one that is killed goes on where it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.torch import load_file

from sleepcot_utils.distill.__main__ import main
from sleepcot_utils.distill.training_set import write_examples
from sleepcot_utils.paths import PROJECT_ROOT

SETTINGS = (
    "arm=cot",
    "adapter=full",
    "max_steps=4",
    "batch_size=4",
    "eval_every_steps=2",
    "learning_rate=0.01",
    "device=cpu",
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, examples) -> Path:
    """A run with a small training set."""
    root = tmp_path_factory.mktemp("two-processes")
    folder = root / "data" / "runs" / "pair"
    folder.mkdir(parents=True)
    held = [e for e in examples if e.split == "validation"]
    train = [e for e in examples if e.split == "train" and e.kind != "knowledge"]
    write_examples(folder / "training_set.jsonl", [*train[:80], *held[:12]])
    return root


def start(home: Path, model: Path, out: Path, *launcher: str, more: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    settings = [part for setting in (*SETTINGS, f"student={model}", *more) for part in ("--set", setting)]
    command = [sys.executable, *launcher, "-m", "sleepcot_utils.distill", "--run", "pair", "--out", str(out), *settings]
    environment = os.environ | {"SLEEPCOT_ROOT": str(home), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT_ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=environment, cwd=PROJECT_ROOT, **pipes)


def finish(process: subprocess.Popen[str]) -> str:
    """What a training printed; it has to end well."""
    out, problems = process.communicate(timeout=300)
    assert process.returncode == 0, problems[-2000:]
    return out


def test_two_processes_give_the_weights_of_one(home: Path, tiny_folder: Path, tmp_path: Path) -> None:
    config = PROJECT_ROOT / "data" / "accelerate" / "ddp_two_cpu_processes.yaml"
    launcher = ("-m", "accelerate.commands.launch", "--config_file", str(config))
    for out, how in (("one", ()), ("two", launcher)):
        assert "4 steps" in finish(start(home, tiny_folder, tmp_path / out, *how))
    one, two = (load_file(tmp_path / out / "model.safetensors") for out in ("one", "two"))
    before = load_file(tiny_folder / "model.safetensors")
    assert one.keys() == two.keys()
    for name in one:
        moved = (one[name] - before[name]).abs().max().item()
        assert (one[name] - two[name]).abs().max().item() <= 0.05 * moved + 1e-4, name


LONGER = ("max_steps=16", "patience=9")


def test_a_process_killed_in_training_ends_with_the_weights_of_one_left_alone(
    home: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    finish(start(home, tiny_folder, tmp_path / "whole", more=LONGER))
    killed = start(home, tiny_folder, tmp_path / "killed", more=LONGER)
    work = tmp_path / "killed" / "work"
    while killed.poll() is None and not any(folder.name != "checkpoint-2" for folder in work.glob("checkpoint-*")):
        time.sleep(0.005)
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "killed" / "model.safetensors").exists(), "killed before it was done"
    assert "16 steps" in finish(start(home, tiny_folder, tmp_path / "killed", more=LONGER))
    one, other = (load_file(tmp_path / out / "model.safetensors") for out in ("whole", "killed"))
    assert one.keys() == other.keys()
    for name in one:
        assert one[name].equal(other[name]), name


def test_an_unknown_setting_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--run", "pair", "--set", "arms=cot"]) == 1
    assert "unknown parameter 'arms'" in capsys.readouterr().err
    assert main(["--run", "pair", "--set", "cot"]) == 1
    assert "--set: 'cot' sets nothing" in capsys.readouterr().err
