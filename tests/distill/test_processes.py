"""Two processes train the student that one process trains."""

from __future__ import annotations

import os
import subprocess
import sys
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


def train(home: Path, model: Path, out: Path, *launcher: str) -> subprocess.CompletedProcess[str]:
    settings = [part for setting in (*SETTINGS, f"student={model}") for part in ("--set", setting)]
    command = [sys.executable, *launcher, "-m", "sleepcot_utils.distill", "--run", "pair", "--out", str(out), *settings]
    environment = os.environ | {"SLEEPCOT_ROOT": str(home), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT_ROOT)}
    options = {"env": environment, "capture_output": True, "text": True, "timeout": 300, "cwd": PROJECT_ROOT}
    return subprocess.run(command, check=False, **options)


def test_two_processes_give_the_weights_of_one(home: Path, tiny_folder: Path, tmp_path: Path) -> None:
    config = PROJECT_ROOT / "data" / "accelerate" / "ddp_two_cpu_processes.yaml"
    launcher = ("-m", "accelerate.commands.launch", "--config_file", str(config))
    for out, how in (("one", ()), ("two", launcher)):
        done = train(home, tiny_folder, tmp_path / out, *how)
        assert done.returncode == 0, done.stderr[-2000:]
        assert "4 steps" in done.stdout
    one, two = (load_file(tmp_path / out / "model.safetensors") for out in ("one", "two"))
    before = load_file(tiny_folder / "model.safetensors")
    assert one.keys() == two.keys()
    for name in one:
        moved = (one[name] - before[name]).abs().max().item()
        assert (one[name] - two[name]).abs().max().item() <= 0.05 * moved + 1e-4, name


def test_an_unknown_setting_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--run", "pair", "--set", "arms=cot"]) == 1
    assert "unknown parameter 'arms'" in capsys.readouterr().err
    assert main(["--run", "pair", "--set", "cot"]) == 1
    assert "--set: 'cot' sets nothing" in capsys.readouterr().err
