"""Times as Callboard JSON writes them, to minutes and back."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from solver.conference import Day, FactError, Interval
from solver.grid import Clock, LocalTimeError
from webapp.interop.document import DocumentError, shown
from webapp.schemas.models import DayShape, IntervalShape

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_HOUR = re.compile(r"\d\d:\d\d", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class TimeReader:
    """Reads the times of one document in its conference's time zone."""

    def __init__(self, clock: Clock, name: str) -> None:
        self.clock = clock
        self.name = name

    def moment(self, text: str, place: str) -> int:
        """The minute of `2025-02-01T10:00`, with or without an offset."""
        if not _MOMENT.fullmatch(text):
            raise DocumentError(self.name, place, f"{shown(text)} is not a time like 2025-02-01T10:00")
        try:
            return self.clock.minute(datetime.fromisoformat(text))
        except (LocalTimeError, ValueError, OverflowError) as error:
            raise DocumentError(self.name, place, _not_a_time(text, error)) from None

    def interval(self, shape: IntervalShape, place: str) -> Interval:
        """A half-open interval; it must not end before, or when, it starts."""
        start, end = self.moment(shape.start, f"{place}.from"), self.moment(shape.end, f"{place}.to")
        if end <= start:
            ends = "ends when" if end == start else "ends before"
            raise DocumentError(
                self.name, f"{place}.to", f"the interval {ends} it starts ({shape.start} to {shape.end})"
            )
        return Interval(start, end)

    def day(self, shape: DayShape, place: str) -> Day:
        """A day's hours; an end that is not after the start is meant on the next calendar day."""
        if not _DATE.fullmatch(shape.date):
            raise DocumentError(self.name, f"{place}.date", f"{shown(shape.date)} is not a date like 2025-02-01")
        try:
            day = date.fromisoformat(shape.date)
        except ValueError:
            raise DocumentError(self.name, f"{place}.date", f"{shown(shape.date)} is not in the calendar") from None
        start = self._hour(day, shape.start, f"{place}.start")
        end = self._hour(day, shape.end, f"{place}.end")
        if end <= start and _HOUR.fullmatch(shape.end):
            end = self._hour(day + timedelta(days=1), shape.end, f"{place}.end")
        try:
            return Day(day, Interval(start, end))
        except FactError:
            raise DocumentError(self.name, f"{place}.end", f"the day ends before it starts ({shape.end})") from None

    def _hour(self, day: date, text: str, place: str) -> int:
        if not _HOUR.fullmatch(text) and not _MOMENT.fullmatch(text):
            raise DocumentError(self.name, place, f"{shown(text)} is not a time of day like 09:00")
        if text == "24:00":
            return self._hour(day + timedelta(days=1), "00:00", place)
        return self.moment(f"{day.isoformat()}T{text}" if _HOUR.fullmatch(text) else text, place)


def day_json(clock: Clock, day: Day) -> dict[str, str]:
    """A day as the Callboard file writes it; hours that `HH:MM` cannot say are written as full local times."""
    first, last = clock.text(day.hours.start), clock.text(day.hours.end)
    written = {"date": day.date.isoformat(), "start": first[-5:], "end": last[-5:]}
    if _means(clock, written, day):
        return written
    return {"date": day.date.isoformat(), "start": first, "end": last}


def _means(clock: Clock, written: dict[str, str], day: Day) -> bool:
    try:
        return TimeReader(clock, "").day(DayShape(**written), "") == day
    except DocumentError:
        return False


def _not_a_time(text: str, error: Exception) -> str:
    if isinstance(error, LocalTimeError):
        return str(error)
    return f"{shown(text)} is not in the calendar"
