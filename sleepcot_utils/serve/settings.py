"""What a server may be told: where it listens, who may ask, and how much."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from sleepcot_utils.errors import ParameterError

#: Names by which a machine calls itself. Anything else may be reached from outside.
LOOPBACK = ("127.0.0.1", "localhost", "::1")
KEY_VARIABLE = "SLEEPCOT_API_KEY"
#: 128 bits in hexadecimal digits; `openssl rand -hex 32` gives twice that.
SHORTEST_KEY = 32


@dataclass(frozen=True)
class Settings:
    """Limits of a server. Times are in seconds, sizes in bytes.

    Attributes
    ----------
    host, port
        Where it listens; port 0 takes a free one.
    keys : tuple of str
        Keys of those who may ask; empty is for loopback only.
    max_json_bytes, max_upload_bytes : int
        Longest body of a request, as JSON and as an uploaded export.
    max_unpacked_bytes : int
        Largest archive after unpacking. Reading an export from a file has far wider limits, but here others wait.
    body_timeout_s, answer_timeout_s : float
        Longest wait for a body to arrive, and for an answer.
    requests_per_minute : int
        Requests of one key, or of one address where there are no keys; as many may come at once.
    max_queue : int
        Questions that may wait for the student; more are refused.
    max_open : int
        Requests of any kind that may be open at the same time; more are refused before their body is read.
    batch_size : int
        Questions that the student answers together.
    batch_wait_s : float
        How long the first question of a batch waits for others.
    max_prompt_tokens, max_new_tokens : int
        Longest question and longest answer.
    max_persons : int
        People of one table who are looked at.
    reading_at_once : int
        Exports that are read at the same time; others wait in line.
    restart_wait_s : float
        Wait before a crashed worker starts anew.
    shutdown_s : float
        Longest time that what has begun may take after a request to end.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    keys: tuple[str, ...] = ()
    max_json_bytes: int = 2 * 2**20
    max_upload_bytes: int = 64 * 2**20
    max_unpacked_bytes: int = 512 * 2**20
    body_timeout_s: float = 30.0
    answer_timeout_s: float = 60.0
    requests_per_minute: int = 120
    max_queue: int = 64
    max_open: int = 256
    batch_size: int = 16
    batch_wait_s: float = 0.01
    max_prompt_tokens: int = 1536
    max_new_tokens: int = 400
    max_persons: int = 8
    reading_at_once: int = 2
    restart_wait_s: float = 1.0
    shutdown_s: float = 90.0

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in LOOPBACK

    def checked(self) -> Settings:
        """These settings, if a server may start with them.

        Raises
        ------
        ParameterError
            Without a key beyond loopback, and for a key that is too short to be safe.
        """
        if not self.is_local and not self.keys:
            raise ParameterError(
                f"a server on {self.host!r} can be reached by others, and {KEY_VARIABLE} is not set",
                where="host",
                expected=f"127.0.0.1, or a key in the environment variable {KEY_VARIABLE}",
            )
        for key in self.keys:
            if len(key) < SHORTEST_KEY or not key.isascii() or not key.isprintable() or " " in key:
                raise ParameterError(
                    "a key is too short or holds spaces or letters that no header can carry",
                    where=KEY_VARIABLE,
                    expected=f"{SHORTEST_KEY} or more printable ASCII letters, such as `openssl rand -hex 32` prints",
                )
        return self


def keys_of(environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Keys in the environment; several stand with commas between them, so that each user has one of their own."""
    return tuple(key.strip() for key in environment.get(KEY_VARIABLE, "").split(",") if key.strip())
