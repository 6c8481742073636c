"""Figures of the study: one theme, one way to save, drawing functions that take an axes and return it."""

from __future__ import annotations

from sleepcot_utils.figures.comparison import draw_forest, draw_scores
from sleepcot_utils.figures.nights import draw_age_slope, draw_driver_effects, draw_person_nights
from sleepcot_utils.figures.save import save_figure, show_figure
from sleepcot_utils.figures.text import Span, rationale_html
from sleepcot_utils.figures.theme import apply_theme, new_figure, source_style
from sleepcot_utils.figures.training import draw_loss_curves

__all__ = [
    "Span",
    "apply_theme",
    "draw_age_slope",
    "draw_driver_effects",
    "draw_forest",
    "draw_loss_curves",
    "draw_person_nights",
    "draw_scores",
    "new_figure",
    "rationale_html",
    "save_figure",
    "show_figure",
    "source_style",
]
