"""Times of schedule feeds: lengths, starts, and the time zone that they are in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from solver.conference import MAX_MINUTES

LATEST_NIGHT = time(6, 0)
"""Without a full date, a start before the feed's change of day is the next morning's only if it is also before this."""

_LENGTH = re.compile(r"(\d{1,5}):(\d{1,2})(?::(\d{1,2}))?", re.ASCII)
_START = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

_ODD_ZONES = {
    210: "Asia/Tehran",
    270: "Asia/Kabul",
    330: "Asia/Kolkata",
    345: "Asia/Kathmandu",
    390: "Asia/Yangon",
    525: "Australia/Eucla",
    570: "Australia/Darwin",
    -570: "Pacific/Marquesas",
}
"""Zones without daylight saving for the offsets that are not whole hours."""


def read_length(text: str) -> int | None:
    """Minutes of `HH:MM` or `HH:MM:SS`; None if it cannot be read."""
    found = _LENGTH.fullmatch(text.strip())
    if not found:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    length = hours * 60 + minutes + (seconds >= 30)
    return length if length <= MAX_MINUTES else None


def write_length(minutes: int) -> str:
    """`HH:MM`."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def read_clock(text: str) -> time | None:
    """A time of day, or None."""
    found = _START.fullmatch(text.strip())
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        return None
    return time(int(found[1]), int(found[2]))


def read_date(text: str) -> date | None:
    """A calendar date, also out of a full time, or None."""
    found = _DATE.match(text.strip())
    try:
        return date.fromisoformat(found.group()) if found else None
    except ValueError:
        return None


def read_moment(text: str) -> datetime | None:
    """A full time, local or with an offset, without its seconds; None if it is not one."""
    text = text.strip()
    if not _DATE.match(text) or len(text) < 13:
        return None
    try:
        return datetime.fromisoformat(text).replace(second=0, microsecond=0)
    except ValueError:
        return None


def start_of(moment_text: str, start_text: str, day: date | None, day_change: time | None) -> datetime | None:
    """When an event starts: its full date, else its start on its date or on its day.

    A start shortly after midnight, before the feed's change of day, is in the night that follows the day.
    """
    moment = read_moment(moment_text)
    if moment is not None:
        return moment
    clock, own_date = read_clock(start_text), read_date(moment_text)
    on = own_date or day
    if clock is None or on is None:
        return None
    after_midnight = own_date is None and day_change is not None and clock < min(day_change, LATEST_NIGHT)
    return datetime.combine(on + timedelta(days=after_midnight), clock)


def zone_exists(name: str) -> bool:
    """Whether this machine knows the time zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def zone_of_offsets(moments: Iterable[datetime]) -> str | None:
    """A zone that is always at the offset that most of the moments have; None if none has one."""
    offsets = Counter(offset for moment in moments if (offset := moment.utcoffset()) is not None)
    if not offsets:
        return None
    minutes = round(offsets.most_common(1)[0][0] / timedelta(minutes=1))
    hours, rest = divmod(minutes, 60)
    if rest == 0 and -12 <= hours <= 14:
        # The names of these zones count the other way round: Etc/GMT-1 is one hour ahead of Greenwich.
        return "UTC" if hours == 0 else f"Etc/GMT{-hours:+d}"
    return _ODD_ZONES.get(minutes, "UTC")
