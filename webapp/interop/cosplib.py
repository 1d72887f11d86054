"""Workbooks of CoSPLib, the benchmark library of conference scheduling (Kheiri, Pylyavskyy and Jacko).

There a submission lasts some time slots, and a session is a stretch of the day with so many slots in every room.  Here
a submission is a session, and between those stretches every room is closed.  A slot is as long as in the shortest
stretch, so that each holds as many as it should and no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import pairwise
from math import gcd
from typing import TYPE_CHECKING, Any

from solver.conference import Conference, Day, Interval, Person, Room, Session
from solver.grid import Clock
from webapp.interop.document import DocumentError, Imported, identifier, shown

if TYPE_CHECKING:
    import pandas as pd

SHEETS = {"submissions", "tracks", "sessions", "rooms"}
"""The names of the sheets, in small letters, that tell such a workbook."""
STEP = 5
"""Slots last a multiple of so many minutes."""
UNREAD = "penalties, orders, time zones, attendees and chairs are not read: Callboard has no place for them"

Table = Mapping[tuple[str, str], int]
"""Penalties by the name of a row and that of a column; those of 0 are left out."""


@dataclass(frozen=True)
class Submission:
    """Somebody's paper, talk or workshop."""

    reference: str
    track: str
    slots: int
    order: int
    presenters: tuple[str, ...]
    attendees: tuple[str, ...]
    penalties: Mapping[str, int]
    """By the name of a session or a room."""


@dataclass(frozen=True)
class Stretch:
    """What they call a session."""

    name: str
    slots: int
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Workbook:
    """All that a workbook says, in its own terms."""

    submissions: tuple[Submission, ...]
    tracks: tuple[str, ...]
    chairs: Mapping[str, tuple[str, ...]]
    stretches: tuple[Stretch, ...]
    rooms: tuple[str, ...]
    weights: Mapping[str, int]
    """By the words of the sheet *parameters*."""
    tables: Mapping[str, Table] = field(repr=False)
    """By the name of the sheet, in small letters."""


def is_one(book: Mapping[str, pd.DataFrame]) -> bool:
    """Whether these are the sheets of such a workbook."""
    return {name.casefold() for name in book} >= SHEETS


def read(book: Mapping[str, pd.DataFrame], name: str) -> Imported:
    """The conference, with nothing placed.  Raises `DocumentError` with the sheet, row and column of what is wrong."""
    conference = conference_of(read_workbook(book, name))
    return Imported(conference, {}, (UNREAD,), "xlsx")


def read_workbook(book: Mapping[str, pd.DataFrame], name: str) -> Workbook:
    """The workbook in its own terms."""
    sheets = {title.casefold(): _Sheet(table, title, name) for title, table in book.items()}
    stretches = tuple(sheets["sessions"].stretch(row) for row in sheets["sessions"].filled())
    rooms = tuple(sheets["rooms"].text(row, 0) for row in sheets["rooms"].filled())
    tracks = {sheets["tracks"].text(row, 0): sheets["tracks"].names(row, 1) for row in sheets["tracks"].filled()}
    submissions = tuple(sheets["submissions"].submission(row, set(tracks)) for row in sheets["submissions"].filled())
    references = [one.reference for one in submissions]
    for row, reference in zip(sheets["submissions"].filled(), references, strict=True):
        if references.index(reference) < row - 1 and references.count(reference) > 1:
            raise sheets["submissions"].fault(row, 0, f"{shown(reference)} stands there twice")
    parameters = sheets.get("parameters")
    return Workbook(
        submissions=submissions,
        tracks=tuple(tracks),
        chairs=tracks,
        stretches=stretches,
        rooms=rooms,
        weights={} if parameters is None else parameters.weights(),
        tables={
            title: sheet.penalties() for title, sheet in sheets.items() if "penalty" in title or "similar" in title
        },
    )


def conference_of(book: Workbook) -> Conference:
    """The conference that a workbook describes."""
    clock = Clock("UTC", 1)
    spans = [(clock.minute(one.start), clock.minute(one.end), one.slots) for one in book.stretches]
    slot = max(min((end - start) // slots for start, end, slots in spans) // STEP * STEP, 1)
    open_times = sorted((start, start + slots * slot) for start, _, slots in spans)
    days: dict[date, list[tuple[int, int]]] = {}
    for start, end in open_times:
        days.setdefault(clock.local(start).date(), []).append((start, end))
    breaks = tuple(
        Interval(end, start) for times in days.values() for (_, end), (start, _) in pairwise(times) if end < start
    )
    people = dict.fromkeys(one for submission in book.submissions for one in submission.presenters)
    return Conference(
        days=tuple(Day(day, Interval(times[0][0], times[-1][1])) for day, times in days.items()),
        rooms=tuple(Room(room, name=room, closed=breaks) for room in book.rooms),
        people=tuple(Person(one, name=one) for one in people),
        sessions=tuple(
            Session(one.reference, one.slots * slot, title=one.reference, track=one.track, speakers=one.presenters)
            for one in book.submissions
        ),
        grid_minutes=gcd(slot, *(start % 1440 for start, _ in open_times)) or slot,
    )


class _Sheet:
    """One sheet; rows and columns are counted from 0, and told from 1 and A."""

    def __init__(self, table: pd.DataFrame, title: str, name: str) -> None:
        from webapp.interop.sheet import rows_of

        self.title, self.name = title, name
        self.rows = list(rows_of(table))
        self.heads = [str(cell) if cell is not None else "" for cell in (self.rows[0] if self.rows else [])]

    def filled(self) -> list[int]:
        """The rows below the headings whose first cell says something."""
        return [number for number, row in enumerate(self.rows) if number and row and row[0] is not None]

    def fault(self, row: int, column: int, reason: str) -> DocumentError:
        from openpyxl.utils import get_column_letter

        return DocumentError(
            self.name, f"sheet {self.title}, row {row + 1}, column {get_column_letter(column + 1)}", reason
        )

    def text(self, row: int, column: int) -> str:
        return identifier(str(self._cell(row, column) or ""))

    def names(self, row: int, column: int) -> tuple[str, ...]:
        return tuple(dict.fromkeys(part for one in self.text(row, column).split(",") if (part := one.strip())))

    def whole(self, row: int, column: int, least: int = 0) -> int:
        value = self._cell(row, column)
        if value is None:
            value = 0
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.fault(row, column, f"{shown(value)} is not a whole number of at least {least}")
        return value

    def submission(self, row: int, tracks: set[str]) -> Submission:
        track = self.text(row, 1)
        if track not in tracks:
            raise self.fault(row, 1, f"there is no track {shown(track)}")
        penalties = {self.heads[at]: self.whole(row, at) for at in range(7, len(self.heads)) if self.heads[at]}
        return Submission(
            reference=self.text(row, 0),
            track=track,
            slots=self.whole(row, 2, least=1),
            order=self.whole(row, 3),
            presenters=self.names(row, 5),
            attendees=self.names(row, 6),
            penalties={name: points for name, points in penalties.items() if points},
        )

    def stretch(self, row: int) -> Stretch:
        day = self._cell(row, 2)
        if not isinstance(day, datetime):
            raise self.fault(row, 2, f"{shown(day)} is not a date")
        start, end = (self._clock(row, column) for column in (3, 4))
        if end <= start:
            raise self.fault(row, 4, "it ends before it starts")
        return Stretch(
            self.text(row, 0), self.whole(row, 1, least=1), *(datetime.combine(day, clock) for clock in (start, end))
        )

    def weights(self) -> dict[str, int]:
        """What stands in the fourth and fifth columns."""
        return {
            self.text(row, 3).rstrip(":"): self.whole(row, 4)
            for row in range(1, len(self.rows))
            if self._cell(row, 3) is not None
        }

    def penalties(self) -> dict[tuple[str, str], int]:
        found = {
            (self.text(row, 0), self.heads[column]): self.whole(row, column)
            for row in self.filled()
            for column in range(1, len(self.heads))
            if self.heads[column]
        }
        return {pair: points for pair, points in found.items() if points}

    def _clock(self, row: int, column: int) -> time:
        from webapp.interop.sheet import clock_of

        value = self._cell(row, column)
        clock = value if isinstance(value, time) else clock_of(str(value))
        if clock is None:
            raise self.fault(row, column, f"{shown(value)} is not a time of day")
        return clock

    def _cell(self, row: int, column: int) -> Any:
        cells = self.rows[row]
        return cells[column] if column < len(cells) else None
