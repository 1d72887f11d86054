"""Tables on the way in: CSV and workbooks with a row per session, read by pandas; faults are told by row and column.

The web process must not load this; see `webapp.services.feeds`.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from openpyxl.utils import get_column_letter

from solver.conference import MAX_MINUTES
from webapp.interop.document import DocumentError, Imported, identifier, shown
from webapp.interop.xml_text import xml_safe
from webapp.schemas.callboard import read_callboard

COLUMNS = {
    "id": ("id", "session id", "code"),
    "title": ("title", "name"),
    "track": ("track",),
    "speakers": ("speakers", "speaker", "speaker names", "presenters"),
    "room": ("room", "location"),
    "start": ("start", "start time"),
    "end": ("end", "end time"),
    "date": ("date", "day"),
    "minutes": ("minutes", "duration"),
    "audience": ("audience", "expected audience"),
    "pinned": ("pinned",),
}
"""What is read, and the headings that it is found under, in small letters."""
MOST_ROWS = 20_000
MOST_COLUMNS = 1_000
MOST_UNPACKED = 300_000_000
"""Bytes that a workbook may have when it is unpacked."""
TOLD = 5
"""So many faults are told at once."""
YES, NO = ("yes", "true", "1", "x"), ("no", "false", "0", "")

Cell = str | int | float | datetime | date | time | None
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::00)?", re.ASCII)
_EXTRA_FIELDS = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")


def read(data: bytes, name: str, timezone: str = "UTC") -> Imported:
    """A conference and schedule from a table; bare times are meant in the time zone.

    Rooms and people are known by their names.  Raises `DocumentError` with the rows and columns of what is wrong.
    """
    workbook = data.startswith(b"PK")
    if workbook:
        from webapp.interop import cosplib

        book = sheets(data, name)
        if cosplib.is_one(book):
            return cosplib.read(book, name)
        table = next(iter(book.values()))
    else:
        table = _comma_separated(data, name)
    return _Reading(table, name, timezone).imported("xlsx" if workbook else "csv")


def sheets(data: bytes, name: str) -> dict[str, pd.DataFrame]:
    """The sheets of a workbook by name, without headings."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MOST_UNPACKED:
                raise DocumentError(name, "", f"unpacked, the workbook is larger than {MOST_UNPACKED // 10**6} MB")
        book: dict[str, pd.DataFrame] = pd.read_excel(
            io.BytesIO(data), sheet_name=None, header=None, dtype=object, engine="openpyxl"
        )
    except DocumentError:
        raise
    except Exception as error:  # openpyxl and zipfile raise all kinds for a broken file
        raise DocumentError(name, "", f"the workbook cannot be read ({type(error).__name__})") from None
    return book


def _comma_separated(data: bytes, name: str) -> pd.DataFrame:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DocumentError(name, "", "it is not UTF-8 text; save it as “CSV UTF-8”") from None
    head = text.lstrip("\r\n").partition("\n")[0]
    separator = max((",", ";", "\t"), key=head.count)
    options: dict[str, Any] = {"header": None, "dtype": str, "keep_default_na": False, "skip_blank_lines": False}
    try:
        return pd.read_csv(io.StringIO(text), sep=separator, **options)
    except pd.errors.ParserError as error:
        found = _EXTRA_FIELDS.search(str(error))
        if found:
            reason = (
                f"it has {found[3]} cells, but there are {found[1]} columns; a cell with “{separator}” needs quotes"
            )
            raise DocumentError(name, f"row {found[2]}", reason) from None
        raise DocumentError(name, "", "the table cannot be read: a quoted cell does not end") from None
    except pd.errors.EmptyDataError:
        raise DocumentError(name, "", "the table is empty") from None


class _Fault(Exception):
    """A cell that says nothing that can be read."""


class _Reading:
    """One table."""

    def __init__(self, table: pd.DataFrame, name: str, timezone: str) -> None:
        self.name, self.timezone = name, timezone
        self.zone = ZoneInfo(timezone)
        self.faults: list[tuple[str, str]] = []
        if table.shape[0] > MOST_ROWS or table.shape[1] > MOST_COLUMNS:
            raise DocumentError(name, "", f"a table has at most {MOST_ROWS} rows and {MOST_COLUMNS} columns")
        rows = [[_plain(cell) for cell in row] for row in table.itertuples(index=False, name=None)]
        filled = [(number, row) for number, row in enumerate(rows, 1) if any(cell is not None for cell in row)]
        if not filled:
            raise DocumentError(name, "", "the table is empty")
        (self.head, headings), *self.rows = filled
        self.columns: dict[str, int] = {}
        self.unread: list[str] = []
        self._find_columns(headings)

    def _find_columns(self, headings: list[Cell]) -> None:
        for number, heading in enumerate(headings):
            said = str(heading or "").strip()
            key = next((key for key, names in COLUMNS.items() if said.casefold() in names), None)
            if key in self.columns:
                place = f"row {self.head}, column {get_column_letter(number + 1)}"
                raise DocumentError(self.name, place, f"there is a second column '{key}'")
            if key is not None:
                self.columns[key] = number
            elif said:
                self.unread.append(said)
        for key, why in (("id", "sessions are told by it"), ("room", "without it nothing is placed")):
            if key not in self.columns:
                known = ", ".join(sorted(shown(str(one)) for one in headings if one is not None)[:8])
                raise DocumentError(self.name, f"row {self.head}", f"there is no column '{key}': {why}; found {known}")

    def imported(self, format: str) -> Imported:
        """The facts of the table."""
        sessions: list[dict[str, Any]] = []
        hours: dict[date, tuple[datetime, datetime]] = {}
        firsts: dict[str, int] = {}
        for number, row in self.rows:
            session, times = self._session(number, row)
            first = firsts.setdefault(str(session.get("id")), number)
            if first != number and session.get("id"):
                self._note(number, "id", f"{shown(session['id'])} stands in row {first} already")
            if times is not None:
                day = times[0].date()
                low, high = hours.get(day, times)
                hours[day] = min(low, times[0]), max(high, times[1])
            sessions.append(session)
        self._stop_at_faults()
        rooms = dict.fromkeys(str(one["room"]) for one in sessions if "room" in one)
        people = {_person(one): one for session in sessions for one in session["speakers"]}
        tree = {
            "callboard": 1,
            "conference": {
                "timezone": self.timezone,
                "days": [
                    {"date": str(day), "start": f"{low:%Y-%m-%dT%H:%M}", "end": f"{high:%Y-%m-%dT%H:%M}"}
                    for day, (low, high) in sorted(hours.items())
                ],
            },
            "rooms": [{"id": room, "name": room} for room in rooms],
            "people": [{"id": person, "name": one} for person, one in people.items()],
            "sessions": [{**one, "speakers": [*dict.fromkeys(map(_person, one["speakers"]))]} for one in sessions],
        }
        conference, schedule = read_callboard(tree, self.name)
        unread = [f"the column '{one}' is not read" for one in self.unread]
        return Imported(conference, schedule, tuple(unread), format)

    def _session(self, number: int, row: list[Cell]) -> tuple[dict[str, Any], tuple[datetime, datetime] | None]:
        def cell(key: str, read: Callable[[Cell], Any]) -> Any:
            value = row[self.columns[key]] if key in self.columns else None
            try:
                return read(value)
            except _Fault as fault:
                self._note(number, key, str(fault))
                return None

        told: dict[str, Any] = {"id": cell("id", _required), "speakers": cell("speakers", _names) or []}
        for key, read in (("title", _text), ("track", _text), ("audience", _count), ("pinned", _truth)):
            value = cell(key, read)
            if value not in (None, ""):
                told[key] = value
        day, room = cell("date", _day), cell("room", _text)
        start, end = (cell(key, lambda value: self._moment(value, day)) for key in ("start", "end"))
        minutes = cell("minutes", _length)
        before = len(self.faults)
        if minutes is None and start is not None and end is not None:
            minutes = int((end - start).total_seconds() // 60)
        if not self._faulty(number):
            if minutes is None or not 1 <= minutes <= MAX_MINUTES:
                self._note(
                    number, "minutes" if "minutes" in self.columns else "end", "it does not say how long it lasts"
                )
            if bool(room) != (start is not None):
                missing, there = ("start", "room") if room else ("room", "start")
                self._note(number, missing, f"it is empty, but there is a {there}")
        told["minutes"] = minutes
        if start is None or not room or len(self.faults) > before or self._faulty(number):
            return told, None
        told |= {"room": identifier(room), "start": start.isoformat(timespec="minutes")}
        local = start.replace(tzinfo=None)
        return told, (local, local + pd.Timedelta(minutes=minutes).to_pytimedelta())

    def _moment(self, value: Cell, day: date | None) -> datetime | None:
        if value in (None, ""):
            return None
        if isinstance(value, datetime):
            return value.replace(second=0, microsecond=0)
        text = str(value).strip()
        clock = value if isinstance(value, time) else clock_of(text)
        if clock is not None:
            if day is None:
                raise _Fault(f"{shown(text)} is a time of day, and there is no date")
            return datetime.combine(day, clock)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise _Fault(f"{shown(text)} is not a time like 2027-02-06 10:00") from None
        if len(text) <= len("2027-02-06"):
            raise _Fault(f"{shown(text)} is a date without a time")
        # Days and their hours are told in local time.
        return moment if moment.tzinfo is None else moment.astimezone(self.zone).replace(tzinfo=None)

    # Faults.

    def _note(self, row: int, key: str, reason: str) -> None:
        column = f", column {get_column_letter(self.columns[key] + 1)} ({key})" if key in self.columns else ""
        self.faults.append((f"row {row}{column}", reason))

    def _faulty(self, row: int) -> bool:
        return bool(self.faults) and re.match(rf"row {row}\b", self.faults[-1][0]) is not None

    def _stop_at_faults(self) -> None:
        if not self.faults:
            return
        (place, reason), *others = self.faults
        said = "".join(f"; {where}: {why}" for where, why in others[: TOLD - 1])
        if len(others) >= TOLD:
            said += f"; and {len(others) - TOLD + 1} more"
        raise DocumentError(self.name, place, reason + said)


def _plain(cell: Any) -> Cell:
    """A cell without what spreadsheets add to it."""
    if cell is None or cell is pd.NaT or (isinstance(cell, float) and cell != cell):
        return None
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if isinstance(cell, str):
        text = xml_safe(cell).strip()
        # What our own tables write so that it is no formula.
        quoted = re.match(r"'[=+\-@]", text)
        return (text[1:] if quoted else text) or None
    if isinstance(cell, pd.Timestamp):
        cell = cell.to_pydatetime()
    plain: Cell = cell
    return plain


def _text(value: Cell) -> str:
    return "" if value is None else str(value)


def _required(value: Cell) -> str:
    text = identifier(_text(value))
    if not text:
        raise _Fault("it is empty")
    return text


def _names(value: Cell) -> list[str]:
    return [part for part in (identifier(one) for one in re.split(r"[,;\n]", _text(value))) if part]


def _person(name: str) -> str:
    return name.casefold()


def _count(value: Cell) -> int | None:
    if value is None:
        return None
    text = str(value)
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise _Fault(f"{shown(text)} is not a whole number")
    return int(text)


def _length(value: Cell) -> int | None:
    """Minutes, or hours and minutes as `1:30`."""
    if isinstance(value, time):
        return value.hour * 60 + value.minute
    found = _CLOCK.fullmatch(_text(value))
    minutes = int(found[1]) * 60 + int(found[2]) if found else _count(value)
    if minutes is not None and not 1 <= minutes <= MAX_MINUTES:
        raise _Fault(f"{shown(_text(value))} is not a number of minutes from 1 to {MAX_MINUTES}")
    return minutes


def _truth(value: Cell) -> bool:
    text = _text(value).casefold()
    if text not in YES + NO:
        raise _Fault(f"{shown(text)} is neither yes nor no")
    return text in YES


def _day(value: Cell) -> date | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.date()
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        raise _Fault(f"{shown(str(value))} is not a date like 2027-02-06") from None


def clock_of(text: str) -> time | None:
    """A time of day such as `9:30`, or None."""
    found = _CLOCK.fullmatch(text)
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        return None
    return time(int(found[1]), int(found[2]))


def rows_of(table: pd.DataFrame) -> Iterator[list[Cell]]:
    """The rows of a sheet, plain."""
    for row in table.itertuples(index=False, name=None):
        yield [_plain(cell) for cell in row]
