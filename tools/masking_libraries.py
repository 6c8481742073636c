"""What other libraries mask of the planted remarks, for ``data/privacy/libraries.yaml``.

The study does not depend on them. Run it where they are installed:

    pip install phonenumbers presidio-analyzer scrubadub && python tools/masking_libraries.py

Presidio and scrubadub find names by models that are downloaded apart from them (spaCy's, NLTK's corpora), which a machine
without the hub has not; here each runs with the recognizers that it brings.
"""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Callable, Iterable

import yaml

from sleepcot_utils.paths import reference_data
from sleepcot_utils.safety.planted import masking_rates, planted_remarks

#: Countries whose way of writing numbers is tried where a number has no country code: those of the planted remarks.
REGIONS = ("US", "GB", "FR", "DE", "AU", "IN", "CN")
HEAD = """# What other libraries mask of the remarks in planted.yaml, half `test`: hits and number of remarks by kind and language.
# Of the kind `harmless` a hit is a false alarm. Written by tools/masking_libraries.py.
"""


def covered(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """A text whose spans are replaced."""
    for start, end in sorted(set(spans), reverse=True):
        text = f"{text[:start]}[x]{text[end:]}"
    return text


def phonenumbers_cover() -> Callable[[str], str]:
    """Every number that Google's library finds valid in one of the regions."""
    from phonenumbers import Leniency, PhoneNumberMatcher

    def cover(text: str) -> str:
        for region in REGIONS:
            found = PhoneNumberMatcher(text, region, leniency=Leniency.VALID)
            text = covered(text, [(match.start, match.end) for match in found])
        return text

    return cover


def presidio_cover() -> Callable[[str], str]:
    """Presidio's recognizers of shapes, without its model of language."""
    from presidio_analyzer import predefined_recognizers as those

    recognizers = [
        those.EmailRecognizer(),
        those.PhoneRecognizer(supported_regions=REGIONS),
        those.DateRecognizer(),
        those.IpRecognizer(),
        those.UrlRecognizer(),
        those.MedicalLicenseRecognizer(),
        those.UsSsnRecognizer(),
    ]

    def cover(text: str) -> str:
        for one in recognizers:
            found = one.analyze(text, one.supported_entities, None)
            text = covered(text, [(result.start, result.end) for result in found if result.score > 0.3])
        return text

    return cover


def scrubadub_cover() -> Callable[[str], str]:
    """Scrubadub's own detectors, which need no download."""
    import scrubadub

    scrubber = scrubadub.Scrubber(locale="en_US")

    def cover(text: str) -> str:
        cleaned = str(scrubber.clean(text))
        return cleaned.replace("{{", "[").replace("}}", "]")

    return cover


def main() -> int:
    """Write the file; returns the exit status."""
    remarks, rows = planted_remarks(), {}
    for name, package, build in (
        ("phonenumbers", "phonenumbers", phonenumbers_cover),
        ("presidio, patterns only", "presidio-analyzer", presidio_cover),
        ("scrubadub", "scrubadub", scrubadub_cover),
    ):
        rates = masking_rates(remarks, build())
        counts = {
            f"{row['kind']}.{row['language']}": [int(row["hits"]), int(row["remarks"])]
            for row in rates.to_dict("records")
        }
        rows[name] = {"version": importlib.metadata.version(package), "counts": counts}
    text = yaml.safe_dump(rows, sort_keys=False, default_flow_style=None, width=120)
    reference_data("privacy", "libraries.yaml").write_text(HEAD + text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
