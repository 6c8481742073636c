"""What is said before any advice where a red flag stands: who to turn to, and how soon."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.paths import reference_data
from sleepcot_utils.safety.triage import Triage

SUICIDE = "suicidal_thoughts"
LANGUAGES = ("en", "zh")


@cache
def wording(language: str = "en") -> dict[str, Any]:
    """Sentences of ``data/safety/advice.yaml`` in one language.

    Raises
    ------
    ParameterError
        If there is no wording in that language.
    """
    if language not in LANGUAGES:
        raise ParameterError(f"there is no wording in {language!r}", where="language", expected=" or ".join(LANGUAGES))
    return yaml.safe_load(reference_data("safety", "advice.yaml").read_text(encoding="utf-8"))[language]


def advice_for(found: Triage, language: str = "en", *, emergency: str = "", crisis: str = "") -> str:
    """What has to be said before any advice; empty where nothing was found.

    Parameters
    ----------
    found : Triage
        What triage found.
    language : str
        ``en`` or ``zh``.
    emergency, crisis : str, optional
        Emergency number and crisis line of the place where the person is, in words such as "112". Without them the
        text names none: a wrong country's number is worse than no number.

    Returns
    -------
    str
        Urgent help first, then one sentence or two a flag, then that this is no diagnosis.

    Examples
    --------
    >>> advice_for(Triage())
    ''
    """
    if found.urgency == "none":
        return ""
    words = wording(language)
    named = {"emergency": emergency or words["emergency"], "crisis": crisis or words["crisis"]}
    urgent = [name for name, urgency, _ in found.evidence if urgency == "now"]
    said = [words["now_suicide"]] if SUICIDE in found.flags else []
    if set(urgent) - {SUICIDE, "drowsy_driving"}:
        said.append(words["now"])
    said += [words["now_each"].get(name, "") for name in urgent]
    later = [name for name in found.flags if name not in urgent]
    if later:
        said += [words["soon"], *(words["each"][name] for name in later)]
    said.append(words["closing"])
    joint = " " if language == "en" else ""
    return joint.join(sentence for sentence in said if sentence).format(**named)
