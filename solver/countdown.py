"""A clock for searches: how many seconds are left."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

Remaining = Callable[[], float]
"""The seconds that are left; none if it is not positive."""


class OutOfTimeError(Exception):
    """The clock ended a search before its proof."""


def countdown(seconds: float) -> Remaining:
    """A clock that says how many of `seconds` are left."""
    end = perf_counter() + seconds
    return lambda: end - perf_counter()
