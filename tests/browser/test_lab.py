"""Notebooks in a real JupyterLab: Run All from the menu, no error, no warning, and all of it there after a reload.

Notebook 01 is opened with its own parameters, which are those of the profile ``smoke``. ``SLEEPCOT_LAB_NOTEBOOKS`` names
others (``01,02,04`` or ``all``, see ``make lab-check``); what these read comes from the run ``smoke`` of ``make smoke``.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

from sleepcot_utils.paths import PROJECT_ROOT

CHEAP = "01"
TOKEN = "of-this-test"
#: Seconds for the server to answer, and for one notebook to run on a busy machine.
START_S, RUN_S = 300, 1500
#: What a person would take for a fault in the output of a cell.
FAULTS = ("Warning", "Traceback", "Error:", "HBox(children", "IProgress not found")
STATE = """() => jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON().cells
    .filter(cell => cell.cell_type === 'code')"""


@dataclass
class Lab:
    """A running JupyterLab and the folder that it shows."""

    address: str
    folder: Path


def chosen_notebooks() -> list[Path]:
    """Notebooks to open, by the environment variable."""
    wanted = os.environ.get("SLEEPCOT_LAB_NOTEBOOKS") or CHEAP
    found = sorted((PROJECT_ROOT / "notebooks").glob("0*.ipynb"))
    return [path for path in found if wanted == "all" or path.name[:2] in wanted.replace(",", " ").split()]


def widget_notebook() -> nbformat.NotebookNode:
    """A progress bar and a slider whose value is changed by the kernel."""
    bar = nbformat.v4.new_code_cell(
        "from tqdm.notebook import tqdm\nfor night in tqdm(range(14), desc='nights'):\n    pass"
    )
    slider = nbformat.v4.new_code_cell(
        "import ipywidgets\nslider = ipywidgets.IntSlider(value=3, description='hours')\nslider.value = 8\nslider"
    )
    return nbformat.v4.new_notebook(
        cells=[bar, slider], metadata={"kernelspec": {"name": "python3", "display_name": "P"}}
    )


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    root = tmp_path_factory.mktemp("lab")
    folder = root / "notebooks"
    folder.mkdir()
    for path in chosen_notebooks():
        shutil.copy2(path, folder)
    nbformat.write(widget_notebook(), folder / "widgets.ipynb")
    if [path.name[:2] for path in chosen_notebooks()] != [CHEAP]:
        for kind in ("data/runs", "papermill_runs"):
            shutil.copytree(PROJECT_ROOT / kind / "smoke", root / kind / "smoke")
    settings = root / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False})
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "SLEEPCOT_ROOT": str(root),
        "JUPYTERLAB_SETTINGS_DIR": str(root / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(root / "workspaces"),
        "JUPYTER_CONFIG_DIR": str(root / "config"),
        "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--ServerApp.root_dir={folder}"]
    command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", f"--IdentityProvider.token={TOKEN}"]
    command += ["--LabApp.expose_app_in_browser=True", "--LabApp.extension_manager=readonly", "--LabApp.news_url="]
    if os.geteuid() == 0:
        command.append("--ServerApp.allow_root=True")
    log = (root / "lab.log").open("w")
    server = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_for(f"http://127.0.0.1:{port}/api/status?token={TOKEN}", server, root / "lab.log")
        yield Lab(f"http://127.0.0.1:{port}", folder)
    finally:
        server.terminate()
        server.wait(timeout=60)
        log.close()


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            assert server.poll() is None, log.read_text()
            time.sleep(0.5)
    raise AssertionError(f"JupyterLab did not answer: {log.read_text()}")


def open_notebook(lab: Lab, open_page: Any, name: str) -> Any:
    """Opens a notebook and waits until its kernel is ready."""
    opened = open_page(f"{lab.address}/lab/tree/{name}?token={TOKEN}", size=(1280, 900))
    _wait_until_shown(opened.page, name)
    return opened


def _wait_until_shown(page: Any, name: str) -> None:
    page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook").first.wait_for(timeout=START_S * 1000)
    page.wait_for_function(
        """name => {
            const shown = window.jupyterapp?.shell.currentWidget;
            return shown?.context?.path === name && shown.context.isReady
                && shown.sessionContext?.session?.kernel?.status === 'idle';
        }""",
        arg=name,
        timeout=START_S * 1000,
    )


def run_all(page: Any) -> list[dict[str, Any]]:
    """Runs all cells from the menu, as a person does, and returns the code cells when the last one is done."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(
        f"""() => {{
            const cells = ({STATE})();
            const failed = cells.some(cell => cell.outputs.some(output => output.output_type === 'error'));
            const idle = jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle';
            return failed || idle && cells.every(cell => cell.execution_count !== null || cell.source === '');
        }}""",
        timeout=RUN_S * 1000,
        polling=500,
    )
    return page.evaluate(STATE)


def texts(cell: dict[str, Any]) -> list[str]:
    """What the outputs of a cell say, in words."""
    found = []
    for output in cell["outputs"]:
        text = output.get("text") or output.get("traceback") or output.get("data", {}).get("text/plain", "")
        found.append("".join(text) if isinstance(text, list) else str(text))
    return found


def save_and_reload(page: Any, name: str) -> list[dict[str, Any]]:
    """Saves, loads the page anew, and returns the code cells that it then shows."""
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_function("!jupyterapp.shell.currentWidget.context.model.dirty")
    page.reload()
    _wait_until_shown(page, name)
    return page.evaluate(STATE)


@pytest.mark.parametrize("name", [path.name for path in chosen_notebooks()])
def test_a_notebook_runs_from_the_menu_and_survives_a_reload(lab, open_page, screenshot, name) -> None:
    opened = open_notebook(lab, open_page, name)
    cells = run_all(opened.page)
    screenshot(opened, f"{name}-ran")
    said = [text for cell in cells for text in texts(cell)]
    assert [text for text in said for fault in FAULTS if fault in text] == []
    assert [output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"] == []
    assert sum("image/png" in output.get("data", {}) for cell in cells for output in cell["outputs"]) >= 1
    assert save_and_reload(opened.page, name) == cells
    # The kernel is the same one: what the notebook computed is still there.
    alive = opened.page.evaluate(
        """async () => {
            const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const asked = kernel.requestExecute({code: '', user_expressions: {run: 'session.parameters.run'}});
            return (await asked.done).content.user_expressions.run.data['text/plain'];
        }"""
    )
    assert alive == "'smoke'"
    assert (opened.errors, opened.foreign_requests) == ([], [])


def test_progress_bars_and_widgets_render_and_survive_a_reload(lab, open_page, screenshot) -> None:
    opened = open_notebook(lab, open_page, "widgets.ipynb")
    cells = run_all(opened.page)
    assert all("widget-view+json" in str(cell["outputs"]) for cell in cells)
    for again in (False, True):
        if again:
            assert save_and_reload(opened.page, "widgets.ipynb") == cells
        opened.page.locator(".jp-OutputArea .widget-slider .widget-readout", has_text="8").wait_for()
        opened.page.locator(".jp-OutputArea .progress-bar, .jp-OutputArea .widget-hprogress").first.wait_for()
        opened.page.locator(".jp-OutputArea .widget-html", has_text="14/14").first.wait_for()
        screenshot(opened, f"widgets-{again}")
    assert opened.errors == []
