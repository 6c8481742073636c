"""Compilation of the inner loops with numba, with a cache on disk that can't be stale.

Numba's own cache notices changes in a function's file but not in the files of the functions that it calls. So the
cache of this room lies in a folder named by a hash of all its sources.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba.core import config

HERE = Path(__file__).parent


def _source_hash() -> str:
    digest = hashlib.blake2b(numba.__version__.encode(), digest_size=6)
    for path in sorted(HERE.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


CACHE = HERE / "__pycache__" / f"compiled-{_source_hash()}"


def compiled(**options: Any) -> Callable[[Callable], Callable]:
    """Decorator like ``numba.njit(**options)`` with the cache of this room; without one where it can't be written."""

    def compile_lazily(function: Callable) -> Callable:
        settings: Any = config  # its attributes are made at run time
        before = settings.CACHE_DIR
        try:
            CACHE.mkdir(parents=True, exist_ok=True)
            settings.CACHE_DIR = str(CACHE)
            return numba.njit(cache=True, **options)(function)
        except (OSError, RuntimeError):
            return numba.njit(**options)(function)
        finally:
            settings.CACHE_DIR = before

    return compile_lazily
