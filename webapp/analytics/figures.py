"""What the plots show, worked out with pandas from plain rows.

Moments are minutes since 1970 unless they are texts; shares are per cent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

HOUR = 60


def rooms_used(sessions: Sequence[Mapping[str, Any]], rooms: Sequence[str], days: Sequence[Sequence[int]]) -> pd.Series:
    """The share of the opening hours in which something is on, by room; the fullest first.

    What lies outside the hours does not count, and what overlaps counts once.
    """
    total = sum(end - start for start, end in days)
    booked = _booked(sessions, days).groupby("room")["minute"].nunique() if sessions else pd.Series(dtype=float)
    return (booked.reindex(rooms, fill_value=0) * 100 / max(1, total)).sort_values(ascending=False, kind="stable")


def hours_used(sessions: Sequence[Mapping[str, Any]], rooms: Sequence[str], days: Sequence[Sequence[int]]) -> pd.Series:
    """The share of the rooms in which something is on, by the hour of each day: `(day, hour since it opened)`."""
    open_minutes = pd.Series(
        {
            (day, hour): min(HOUR, end - start - hour * HOUR)
            for day, (start, end) in enumerate(days)
            for hour in range(-(-(end - start) // HOUR))
        },
        dtype=float,
    )
    if not sessions or open_minutes.empty:
        return open_minutes * 0
    booked = _booked(sessions, days).drop_duplicates(["room", "minute"])
    used = booked.groupby([booked["day"], booked["since"] // HOUR]).size()
    return used.reindex(open_minutes.index, fill_value=0) * 100 / (open_minutes * max(1, len(rooms)))


def by_day(moments: Iterable[str], timezone: str) -> pd.Series:
    """How many moments fall on each local date, with the dates between on which there were none."""
    stamps = pd.to_datetime(pd.Series(list(moments), dtype=str), utc=True, format="ISO8601")
    if stamps.empty:
        return pd.Series(dtype=int)
    dates = stamps.dt.tz_convert(timezone).dt.date
    counts = dates.value_counts()
    return counts.reindex(pd.date_range(min(dates), max(dates)).date, fill_value=0)


def open_conflicts(steps: Sequence[tuple[str, int]]) -> pd.Series:
    """How many conflicts are open after each moment at which one came (1) or went (-1)."""
    frame = pd.DataFrame(steps, columns=["at", "step"])
    stamps = pd.to_datetime(frame["at"], utc=True, format="ISO8601")
    # Older events are not kept: there may have been some open when the first of these was written.
    running = frame["step"].groupby(stamps).sum().sort_index().cumsum()
    return running - min(0, int(running.min())) if len(running) else running


def quantile(buckets: Mapping[str, float], share: float) -> float | None:
    """The seconds that this share of the observations did not exceed, from cumulative counts; None without any."""
    counts = pd.Series(buckets, dtype=float)
    counts.index = counts.index.astype(float)
    counts = counts.sort_index()
    if counts.empty or counts.iloc[-1] == 0:
        return None
    reached = counts[counts >= counts.iloc[-1] * share].index[0]
    return float(reached)


def _booked(sessions: Sequence[Mapping[str, Any]], days: Sequence[Sequence[int]]) -> pd.DataFrame:
    """A row for each minute of each session inside the opening hours: room, minute, day, minutes since it opened."""
    rows = [
        (session["room"], minute, day, minute - start)
        for session in sessions
        for day, (start, end) in enumerate(days)
        for minute in range(max(start, session["start"]), min(end, session["start"] + session["minutes"]))
    ]
    return pd.DataFrame(rows, columns=["room", "minute", "day", "since"])
