"""How often the monitor speaks on real nights: aggregates for ``data/monitor/real_alerts.yaml``.

Reads LifeSnaps (Yfantidou et al. 2022, Zenodo 7229547, CC BY 4.0) below the folder that ``SLEEPCOT_REAL_DATA`` names.
Only rates over persons are written: no person's values, dates or identifiers. Nobody knows on which of these days
somebody was ill, so a rate here is that of all alerts, and an upper end of that of false ones.

    SLEEPCOT_REAL_DATA=folder python tools/monitor_real.py
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from sleepcot_utils.monitor.evaluation import false_alarms
from sleepcot_utils.monitor.observations import observe
from sleepcot_utils.monitor.watching import watch
from sleepcot_utils.paths import reference_data
from sleepcot_utils.simulate.yardsticks.lifesnaps import lifesnaps_nights

HEAD = """# Alerts per person-month on real nights, with 95 % bootstrap intervals over persons. Written by tools/monitor_real.py.
# Aggregates of LifeSnaps (Yfantidou et al. 2022, doi 10.1038/s41597-022-01764-x, Zenodo 7229547, CC BY 4.0): users of a
# Fitbit Sense. Nobody knows on which days somebody was ill or slept too little, so not all of these alerts are false.
"""
SEED = 1


def real_rates(folder: Path) -> pd.DataFrame:
    """Rates by rule of the users of LifeSnaps.

    Parameters
    ----------
    folder : Path
        Folder with the daily table of LifeSnaps.
    """
    nights = lifesnaps_nights(folder).assign(sleep_kind="main")
    observations = observe(nights)
    return false_alarms(observations, watch(observations), np.random.default_rng(SEED))


def main() -> int:
    """Write the file; 1 where the data are not named."""
    folder = os.environ.get("SLEEPCOT_REAL_DATA")
    if not folder:
        print("SLEEPCOT_REAL_DATA names no folder", file=sys.stderr)
        return 1
    rows = real_rates(Path(folder) / "lifesnaps").round(4).to_dict("records")
    text = yaml.safe_dump({"lifesnaps": rows}, sort_keys=False, width=200)
    reference_data("monitor", "real_alerts.yaml").write_text(HEAD + text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
