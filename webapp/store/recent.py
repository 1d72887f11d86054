"""What was used last, kept in memory."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

Value = TypeVar("Value")
Key = tuple[str, int]


class Recent(Generic[Value]):
    """Values by schedule and version, the last few.  What belongs to a version never changes, so none are stale."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Key, Value] = OrderedDict()

    def get(self, schedule_id: str, version: int) -> Value | None:
        return self._kept.get((schedule_id, version))

    def remember(self, schedule_id: str, version: int, value: Value) -> None:
        self._kept[(schedule_id, version)] = value
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def latest(self, schedule_id: str) -> Value | None:
        """What was remembered last of a schedule, at whichever version."""
        kept = list(self._kept.items())  # other threads may remember something meanwhile
        return next((value for (schedule, _), value in reversed(kept) if schedule == schedule_id), None)
