"""How often somebody may try: windows that slide over a minute, in memory or, for several machines, in Redis."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Literal, ParamSpec, TypeVar, cast

from flask import current_app
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from webapp.auth.guard import current
from webapp.services.errors import TooMany
from webapp.settings import Settings

Deed = Literal["sign-in", "save", "solve"]

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

AWAY_SECONDS = 2.0
"""How long Redis is left alone after it has not answered."""

log = logging.getLogger(__name__)


class Rates:
    """Counts what each caller does, and refuses what is too much."""

    def __init__(self, settings: Settings) -> None:
        self._most: dict[Deed, int] = {
            "sign-in": settings.sign_ins_per_minute,
            "save": settings.saves_per_minute,
            "solve": settings.solves_per_minute,
        }
        self._here = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = _redis(settings.redis) if settings.redis else None
        self._ask_again = 0.0

    def count(self, deed: Deed, *who: str) -> None:
        """Count one more deed of a caller.  Raises `TooMany`, which does not count."""
        most = self._most[deed]
        if not most:
            return
        item = RateLimitItemPerMinute(most, namespace="callboard")
        limiter, allowed = self._hit(item, deed, *who)
        if not allowed:
            wait = max(1, math.ceil(limiter.get_window_stats(item, deed, *who).reset_time - time.time()))
            raise TooMany(f"more than {most} a minute; try again in {wait} seconds", retryAfter=wait)

    def _hit(self, item: RateLimitItemPerMinute, *key: str) -> tuple[SlidingWindowCounterRateLimiter, bool]:
        if self._shared is not None and time.monotonic() >= self._ask_again:
            try:
                return self._shared, self._shared.hit(item, *key)
            except self._shared.storage.base_exceptions as error:
                # Counted here alone is better than not at all, and than nobody being let in.
                self._ask_again = time.monotonic() + AWAY_SECONDS
                log.warning("Redis does not answer; counting in this process alone: %s", error)
        return self._here, self._here.hit(item, *key)


def limited(deed: Deed, *who: str) -> None:
    """Count a deed of whoever is named.  Raises `TooMany`."""
    cast(Rates, current_app.extensions["callboard.rates"]).count(deed, *who)


def limits(deed: Deed) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Count each call of a view as a deed of its caller."""

    def decorate(view: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        @wraps(view)
        def counted(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            limited(deed, str(current().editor_id))
            return view(*args, **kwargs)

        counted.__dict__["counted_as"] = deed
        return counted

    return decorate


def _redis(url: str) -> SlidingWindowCounterRateLimiter:
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    # Nobody waits for a Redis that is away.
    patience: dict[str, Any] = {"socket_timeout": 1, "socket_connect_timeout": 1, "retry": Retry(NoBackoff(), 0)}
    return SlidingWindowCounterRateLimiter(storage_from_string(url, **patience))
