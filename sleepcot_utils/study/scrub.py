"""Make executed notebooks comparable: no times, no paths of this machine, no random ids.

Two executions with equal outputs become equal files, byte for byte.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sleepcot_utils.paths import PROJECT_ROOT, output_root

ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
KEPT_CELL_METADATA = ("tags", "jupyter", "slideshow")
#: Addresses in default representations such as ``<object at 0x7f...>`` differ in each process.
ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")


def scrub(notebook: dict[str, Any]) -> dict[str, Any]:
    """Take what differs between two equal executions out of an executed notebook.

    Parameters
    ----------
    notebook : dict
        Notebook as nbformat reads it, changed in place.

    Returns
    -------
    dict
        The same notebook.
    """
    papermill = notebook["metadata"].get("papermill", {})
    kernel = notebook["metadata"].get("kernelspec", {})
    notebook["metadata"] = {
        "kernelspec": {
            "display_name": "Python 3",
            "language": "python",
            "name": kernel.get("name", "python3"),
        },
        "language_info": {"name": "python"},
        "papermill": {"parameters": dict(sorted(papermill.get("parameters", {}).items()))},
    }
    notebook["nbformat"], notebook["nbformat_minor"] = 4, 5
    for index, cell in enumerate(notebook["cells"]):
        tags = cell["metadata"].get("tags", [])
        cell["metadata"] = {key: cell["metadata"][key] for key in KEPT_CELL_METADATA if cell["metadata"].get(key)}
        cell["id"] = "injected-parameters" if "injected-parameters" in tags else f"cell-{index:03d}"
        if cell["cell_type"] == "code":
            cell["outputs"] = [_scrub_output(output) for output in _joined_streams(cell["outputs"])]
    return notebook


def without_machine(text: str) -> str:
    """Text without colors, addresses and the paths of this machine."""
    cleaned = ADDRESS.sub("at 0x...", ANSI.sub("", text))
    for root in dict.fromkeys((str(output_root()), str(PROJECT_ROOT))):
        if root != "/":
            cleaned = cleaned.replace(root + "/", "").replace(root, ".")
    home = str(Path.home())
    return cleaned.replace(home + "/", "~/") if home != "/" else cleaned


def _joined_streams(outputs: list[Any]) -> list[Any]:
    """Join stream outputs that follow each other: where a stream is cut depends on timing alone."""
    joined: list[Any] = []
    for output in outputs:
        if output["output_type"] == "stream":
            output["text"] = _as_text(output["text"])
            if joined and joined[-1]["output_type"] == "stream" and joined[-1]["name"] == output["name"]:
                joined[-1]["text"] += output["text"]
                continue
        joined.append(output)
    return joined


def _scrub_output(output: Any) -> Any:
    if output["output_type"] == "stream":
        output["text"] = without_machine(_last_of_overwritten(output["text"]))
    elif output["output_type"] == "error":
        output["evalue"] = without_machine(output["evalue"])
        output["traceback"] = [without_machine(line) for line in output["traceback"]]
    elif "data" in output:
        for kind, content in output["data"].items():
            if kind.startswith("text/"):
                output["data"][kind] = without_machine(_as_text(content))
    return output


def _last_of_overwritten(text: str) -> str:
    """What a terminal would show after carriage returns, which progress bars use."""
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


def _as_text(content: Any) -> str:
    return "".join(content) if isinstance(content, list) else str(content)
