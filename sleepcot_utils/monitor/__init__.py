"""When a day is out of the ordinary: deviations from one's own baseline and from guideline thresholds, as alerts.

No alert is a diagnosis. Rules, thresholds and their sources: ``data/monitor/rules.yaml``.
"""
