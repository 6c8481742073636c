"""Put what masking finds into docs/privacy.md, measured on the planted remarks, or check it (``--check``).

Everything between the two markers is replaced. The study's own masking is measured anew each time; what other libraries
find is read from ``data/privacy/libraries.yaml``, which ``tools/masking_libraries.py`` writes.
"""

from __future__ import annotations

import sys
from typing import Any

import pandas as pd
import yaml

from sleepcot_utils.paths import PROJECT_ROOT, reference_data
from sleepcot_utils.safety.planted import HARMLESS, masking_rates, planted_remarks

PAGE = PROJECT_ROOT / "docs" / "privacy.md"
START, END = "<!-- masking -->", "<!-- /masking -->"
LANGUAGES = {"en": "English", "zh": "Chinese"}
NAMES = {
    "name": "names", "email": "e-mail addresses", "phone": "telephone numbers", "device_id": "ids of devices and people",
    "gps": "places (GPS)", "birth_date": "dates of birth", HARMLESS: "*false alarms*: harmless remarks changed",
}  # fmt: skip


def table(rates: pd.DataFrame, libraries: dict[str, Any]) -> str:
    """Markdown: one row a kind and language, with 95 % Wilson intervals of the study's own masking."""
    heads = [f"{name} {found['version']}" for name, found in libraries.items()]
    lines = [f"| planted | this study (95 % interval) | {' | '.join(heads)} |", "|---" * (2 + len(heads)) + "|"]
    for row in rates.to_dict("records"):
        others = [found["counts"][f"{row['kind']}.{row['language']}"] for found in libraries.values()]
        own = f"{row['hits']} of {row['remarks']} ({row['low']:.2f} to {row['high']:.2f})"
        cells = [
            f"{NAMES[row['kind']]}, {LANGUAGES[row['language']]}",
            own,
            *(f"{hits} of {of}" for hits, of in others),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def page(text: str) -> str:
    """The page with the table between its markers.

    Raises
    ------
    ValueError
        If the markers are not there.
    """
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"docs/privacy.md has no {START} and {END}")
    libraries = yaml.safe_load(reference_data("privacy", "libraries.yaml").read_text(encoding="utf-8"))
    return f"{before}{START}\n{table(masking_rates(planted_remarks()), libraries)}\n{END}{after}"


def main(arguments: list[str]) -> int:
    """Write the table, or check it; returns the exit status."""
    text = PAGE.read_text(encoding="utf-8")
    wanted = page(text)
    if "--check" in arguments:
        if wanted != text:
            print(
                "docs/privacy.md has other numbers than the planted remarks: run tools/masking_table.py",
                file=sys.stderr,
            )
            return 1
        return 0
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
