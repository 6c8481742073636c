"""Hold the pinned packages against the known vulnerabilities (pip-audit), if there is a network.

The list of vulnerabilities lives on the net and changes each day, so an audit without it would say nothing. Where the
service can't be reached, or knows none of the packages, as some mirrors of the index, this says that no audit was done and
ends with 0; with ``--strict``, as the scheduled workflow runs it, with 1. What needs no network is checked each time by
``make lint``: everything is pinned, has a hash and an allowed license.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT_S = 600


def outcome(said: str, *, strict: bool) -> tuple[int, list[str]]:
    """Exit status and lines to print, of what pip-audit wrote as JSON.

    Parameters
    ----------
    said : str
        Empty, or no JSON, if it failed.
    strict : bool
        Whether an audit that was not done is a failure.

    Examples
    --------
    >>> outcome("", strict=True)
    (1, ['Audit NOT done: the list of vulnerabilities could not be read.'])
    """
    try:
        entries = json.loads(said)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return int(strict), ["Audit NOT done: the list of vulnerabilities could not be read."]
    read = [entry for entry in entries if "vulns" in entry]
    passed_over = [entry["name"] for entry in entries if "vulns" not in entry]
    if not read:
        return int(strict), [f"Audit NOT done: the service knows none of the {len(entries)} packages."]
    lines = [
        f"{entry['name']} {entry['version']}: {vulnerability['id']}, mended in "
        f"{', '.join(vulnerability['fix_versions']) or 'no version yet'}"
        for entry in read
        for vulnerability in entry["vulns"]
    ]
    status = int(bool(lines) or (strict and bool(passed_over)))
    lines.append(f"Audit: {len(read)} packages, {len(lines)} known vulnerabilities.")
    if passed_over:
        lines.append(f"Not audited: {', '.join(passed_over)}.")
    return status, lines


def main(arguments: list[str]) -> int:
    """Run the audit; returns the exit status."""
    command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--format", "json"]
    command += ["--progress-spinner", "off", "--requirement", str(ROOT / "constraints.txt")]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False).stdout
    except subprocess.TimeoutExpired:
        said = ""
    status, lines = outcome(said, strict="--strict" in arguments)
    print("\n".join(lines))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
