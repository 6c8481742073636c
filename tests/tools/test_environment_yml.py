"""Generated environment files: complete, commented, up to date and without a trace of any machine."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


def tool() -> ModuleType:
    specification = importlib.util.spec_from_file_location("environment_yml", ROOT / "tools" / "environment_yml.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def requirement_names() -> set[str]:
    return {re.split(r"[<>=~!\[]", requirement)[0] for requirement, _ in tool().requirements(PYPROJECT)}


def test_environment_yml_is_what_pyproject_says() -> None:
    assert (ROOT / "environment.yml").read_text(encoding="utf-8") == tool().environment(PYPROJECT)
    assert tool().main(["--check"]) == 0


def test_environment_yml_is_valid_and_every_line_says_who_needs_it() -> None:
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    packages = content["dependencies"][-1]["pip"]
    assert {
        re.split(r"[<>=]", package)[0] for package in packages if not package.startswith("-")
    } == requirement_names()
    entries = [line for line in text.splitlines() if re.match(r"\s+- (?!conda-forge)", line)]
    assert len(entries) == len(content["dependencies"]) + len(packages)
    assert all(re.search(r"# \S.{3,}", line) for line in entries)


def test_a_requirement_without_a_reason_is_refused() -> None:
    bare = re.sub(r'("numpy>=[^"]+",)\s+#.*', r"\1", PYPROJECT)
    assert bare != PYPROJECT
    with pytest.raises(ValueError, match="numpy.*who needs it"):
        tool().environment(bare)


def test_check_notices_a_difference(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    module = tool()
    monkeypatch.setattr(module, "ROOT", tmp_path)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    assert module.main(["--check"]) == 1
    assert module.main([]) == 0
    assert module.main(["--check"]) == 0
    (tmp_path / "pyproject.toml").write_text(PYPROJECT.replace("numpy>=2.4", "numpy>=2.5"))
    assert module.main(["--check"]) == 1


def test_constraints_pin_every_requirement_and_name_no_place() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", pin) for pin in pins), (
        "public versions only: no path, no URL"
    )
    names = [pin.partition("==")[0] for pin in pins]
    assert names == sorted(set(names))
    assert {name.lower().replace("_", "-") for name in requirement_names()} <= set(names)
    assert "torch==2.13.0" in pins


def test_constraints_satisfy_the_lower_bounds() -> None:
    from packaging.requirements import Requirement

    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([a-z0-9-]+)==(\S+)$", text, re.MULTILINE))
    for requirement, _ in tool().requirements(PYPROJECT):
        wanted = Requirement(requirement)
        assert wanted.specifier.contains(pins[wanted.name.lower()]), requirement


def test_package_data_is_declared() -> None:
    patterns = tomllib.loads(PYPROJECT)["tool"]["setuptools"]["package-data"]["*"]
    suffixes = {pattern.removeprefix("*") for pattern in patterns}
    for path in (ROOT / "sleepcot_utils").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix not in (".py", ".md", ".typed"):
            assert path.suffix in suffixes, path
