"""Papermill engine that tells which section of a notebook is running."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from papermill.engines import NBClientEngine

ENGINE = "sleepcot-study"
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)


def headings(cells: Sequence[Any]) -> list[str]:
    """Heading of the section that each cell stands in; empty before the first one."""
    current = ""
    found = []
    for cell in cells:
        if cell["cell_type"] == "markdown":
            current = (HEADING.findall(cell["source"]) or [current])[-1]
        found.append(current)
    return found


def _is_work(cell: Any) -> bool:
    """Whether a cell computes: code other than parameters."""
    tags = cell["metadata"].get("tags", [])
    return cell["cell_type"] == "code" and not {"parameters", "injected-parameters"}.intersection(tags)


class StepEngine(NBClientEngine):
    """Papermill's own engine with a callback at the first cell of each section that holds code."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, on_step: Callable[[str, int, int], None], **kwargs: Any
    ) -> Any:
        """Execute a notebook.

        Parameters
        ----------
        nb_man : papermill.engines.NotebookExecutionManager
            The notebook and its state.
        kernel_name : str
            Name of the kernel.
        on_step : callable
            Called with the section's heading, its number from 1, and the number of sections that hold code.
        **kwargs
            For Papermill's engine.
        """
        titles = headings(nb_man.nb.cells)
        steps = list(
            dict.fromkeys(
                title or "set-up" for title, cell in zip(titles, nb_man.nb.cells, strict=True) if _is_work(cell)
            )
        )
        start_cell = nb_man.cell_start
        current = ""

        def cell_start(cell: Any, cell_index: int | None = None, **extra: Any) -> None:
            nonlocal current
            if _is_work(cell) and cell_index is not None:
                title = titles[cell_index] or "set-up"
                if title != current:
                    current = title
                    on_step(title, steps.index(title) + 1, len(steps))
            start_cell(cell, cell_index, **extra)

        nb_man.cell_start = cell_start
        return super().execute_managed_notebook(nb_man, kernel_name, **kwargs)
