"""What a notebook says in prose: sentences whose numbers were computed a line before."""

from __future__ import annotations


def say(*sentences: str) -> None:
    """Show computed sentences as bold Markdown, one paragraph each."""
    from IPython.display import Markdown, display

    display(Markdown("\n\n".join(f"**{sentence}**" for sentence in sentences)))


def show_text(text: str) -> None:
    """Show Markdown that was built from numbers, as it is."""
    from IPython.display import Markdown, display

    display(Markdown(text))
