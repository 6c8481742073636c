"""Metric ``drivers_and_flags`` of the ``evaluate`` library; its card is the README beside it."""

from __future__ import annotations

from sleepcot_utils.score.metrics import base


class DriversAndFlags(base.TaskMetric):
    """Main driver, and precision and recall of drivers and of facts outside their norm.

    Examples
    --------
    >>> from sleepcot_utils.score.measures.example import EXAMPLE_TEXT, example_task
    >>> from sleepcot_utils.score.metrics import load_metric
    >>> wrong = EXAMPLE_TEXT.replace("driver: too little time in bed", "driver: late caffeine")
    >>> found = load_metric("drivers_and_flags").compute(predictions=[EXAMPLE_TEXT, wrong], references=[example_task()] * 2)
    >>> found["main_driver_right"], found["flag_precision"], found["flag_recall"]
    (0.5, 1.0, 1.0)
    """

    measure_name = "drivers_and_flags"
