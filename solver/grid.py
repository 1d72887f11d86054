"""Wall-clock times and the grid: the only place that knows time zones, daylight saving and midnight.

A minute is counted from 1970-01-01T00:00Z, so that differences are elapsed minutes also across a
clock change.  A minute is on the grid when its *local* minutes since midnight are divisible by the grid.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_YEAR, LAST_YEAR = 1971, 2199


class LocalTimeError(ValueError):
    """A local time that does not exist, or that no conference could mean."""


class Clock:
    """Turns local times of one time zone into minutes and back, and knows the grid.

    Raises `ValueError` for an unknown time zone or a grid outside 1–1440 minutes.
    """

    def __init__(self, timezone: str, grid_minutes: int = 5) -> None:
        try:
            self.zone = ZoneInfo(timezone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"there is no time zone '{timezone}'") from None
        if not 1 <= grid_minutes <= 1440:
            raise ValueError(f"the grid is {grid_minutes} minutes, not 1 to 1440")
        self.grid_minutes = grid_minutes

    def minute(self, moment: datetime) -> int:
        """The minute of a local (naive) or absolute (aware) time.

        An ambiguous local time is the earlier one.  Raises `LocalTimeError` for a time that the
        clock change skips, a time with seconds, or a year outside 1971–2199.
        """
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise LocalTimeError(f"the year {moment.year} is not between {FIRST_YEAR} and {LAST_YEAR}")
        if moment.tzinfo is None:
            local = moment.replace(tzinfo=self.zone)
            absolute = local.astimezone(UTC)
            if absolute.astimezone(self.zone).replace(tzinfo=None, fold=0) != moment.replace(fold=0):
                raise LocalTimeError(f"{moment:%Y-%m-%dT%H:%M} does not exist in {self.zone.key}: the clocks skip it")
        else:
            absolute = moment.astimezone(UTC)
        seconds = (absolute - EPOCH) / timedelta(seconds=1)
        if seconds % 60:
            raise LocalTimeError(f"{moment.isoformat()} is not a whole minute")
        return int(seconds // 60)

    def on_day(self, day: date, clock_time: time) -> int:
        """The minute of a wall-clock time on a calendar day."""
        return self.minute(datetime.combine(day, clock_time))

    def local(self, minute: int) -> datetime:
        """The aware local time of a minute."""
        return (EPOCH + timedelta(minutes=minute)).astimezone(self.zone)

    def text(self, minute: int) -> str:
        """Local time as `YYYY-MM-DDTHH:MM`; with its offset where that alone would be ambiguous."""
        local = self.local(minute)
        return local.isoformat(timespec="minutes") if local.fold else f"{local:%Y-%m-%dT%H:%M}"

    def iso(self, minute: int) -> str:
        """Local time with its offset, `YYYY-MM-DDTHH:MM:SS+HH:MM`."""
        return self.local(minute).isoformat(timespec="seconds")

    def spoken(self, minute: int) -> str:
        """Local time for a sentence: `Sat 13:30`."""
        return f"{self.local(minute):%a %H:%M}"

    def on_grid(self, minute: int) -> bool:
        local = self.local(minute)
        return (local.hour * 60 + local.minute) % self.grid_minutes == 0

    def starts(self, first: int, last: int) -> tuple[int, ...]:
        """Every minute on the grid with `first <= minute < last`, ascending."""
        return _starts(self.zone.key, self.grid_minutes, first, last)


@lru_cache(maxsize=512)
def _starts(timezone: str, grid_minutes: int, first: int, last: int) -> tuple[int, ...]:
    clock = Clock(timezone, grid_minutes)
    return tuple(minute for minute in range(first, last) if clock.on_grid(minute))
