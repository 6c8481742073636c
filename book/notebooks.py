"""What changes in an executed notebook before it becomes a page: what is folded away, and alt texts of figures."""

from __future__ import annotations

from typing import Any

#: Cells that are folded away, by their tag, and what the reader sees in their place.
FOLDED = {"parameters": "Parameters, and values for a trial", "injected-parameters": "Parameters of this run"}
#: First words of the cell with imports and versions, which is folded too.
SET_UP = ("import ", "from ")
SET_UP_NAME = "Imports and set-up"


def page(notebook: Any) -> Any:
    """The notebook with the marks that myst-nb reads.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        An executed copy; changed in place.

    Raises
    ------
    ValueError
        If a figure has no alt text, or one cell shows two figures, of which myst-nb could describe one only.
    """
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        tags = cell.metadata.get("tags", [])
        name = next((FOLDED[tag] for tag in tags if tag in FOLDED), "")
        if cell.source.startswith(SET_UP):
            name = SET_UP_NAME
        settings: dict[str, Any] = {}
        if name:
            cell.metadata["tags"] = [*tags, "hide-input"]
            settings["code_prompt_show"] = settings["code_prompt_hide"] = name
        image = image_settings(cell)
        if image:
            settings["image"] = image
        if settings:
            cell.metadata["mystnb"] = settings
    return notebook


def image_settings(cell: Any) -> dict[str, str]:
    """Alt text and width of the figure that a cell shows, as myst-nb wants them; empty without a figure.

    A notebook holds them with the output, where myst-nb does not look.
    """
    found = [output.metadata.get("image/png", {}) for output in cell.outputs if "image/png" in output.get("data", {})]
    if not found:
        return {}
    if len(found) > 1:
        raise ValueError(f"a cell shows {len(found)} figures, so their alt texts would be mixed up: {cell.source[:80]}")
    alt = found[0].get("alt", "").strip()
    if not alt:
        raise ValueError(f"a figure has no alt text: {cell.source[:80]}")
    width = found[0].get("width")
    return {"alt": alt} | ({"width": f"{width}px"} if width else {})


def title(notebook: Any) -> str:
    """The question that the first cell asks."""
    return str(notebook.cells[0].source.splitlines()[0].lstrip("# "))
