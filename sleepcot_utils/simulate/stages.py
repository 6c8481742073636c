"""Codes of the sleep stages in a hypnogram, one code an epoch of 30 seconds."""

from __future__ import annotations

#: Scoring epoch of the AASM manual.
EPOCH_S = 30
EPOCHS_A_MINUTE = 60 // EPOCH_S

WAKE, N1, N2, N3, REM = 0, 1, 2, 3, 4
#: An epoch that is not part of the night (padding) or was not scored.
UNKNOWN = -1
STAGES = ("wake", "n1", "n2", "n3", "rem")
#: What consumer devices call what they see; their "light" is N1 and N2 together.
DEVICE_LIGHT, DEVICE_DEEP, DEVICE_REM = N2, N3, REM
