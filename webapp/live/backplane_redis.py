"""The backplane's line over Redis publish and subscribe."""

from __future__ import annotations

from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

CHANNEL = "callboard:backplane"
PATIENCE = 1.0
"""Seconds that Redis may take to answer."""


def client(url: str) -> Any:
    """A client that does not wait for a Redis that is away, and does not try again by itself."""
    return redis.Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 0),
    )


class RedisLine:
    """Texts over one channel of a Redis server."""

    name = "Redis"
    failures = (redis.RedisError, OSError)

    def __init__(self, url: str) -> None:
        self._mouth, self._ear = client(url), client(url)
        self._subscription: Any = None

    def say(self, text: str) -> None:
        self._mouth.publish(CHANNEL, text)

    def listen(self) -> None:
        self._subscription = self._ear.pubsub(ignore_subscribe_messages=True)
        self._subscription.subscribe(CHANNEL)

    def hear(self, seconds: float) -> list[str]:
        message = self._subscription.get_message(timeout=seconds)
        return [] if message is None else [message["data"]]

    def hang_up_mouth(self) -> None:
        self._mouth.close()

    def hang_up_ear(self) -> None:
        if self._subscription is not None:
            self._subscription.close()
        self._ear.close()
