"""The schedule as one table, a row per session, for people with spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from solver.conference import Conference, Schedule, Session
from webapp.interop.xml_text import xml_safe

HEADINGS = ("id", "title", "track", "speakers", "room", "start", "end", "minutes", "audience", "pinned")
Cell = str | int
CELL_LENGTH = 32_767
"""The most characters that a cell of a workbook holds."""

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(conference: Conference, schedule: Schedule) -> bytes:
    """UTF-8 with a byte order mark, which spreadsheets need to believe it."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(HEADINGS)
    for row in rows(conference, schedule):
        writer.writerow([harmless(cell) for cell in row])
    return lines.getvalue().encode("utf-8-sig")


def write_xlsx(conference: Conference, schedule: Schedule) -> bytes:
    """A workbook with one sheet."""
    from xlsxwriter import Workbook

    whole = io.BytesIO()
    # Text stays text: a title that begins with "=" is not run, and an address becomes no link.
    book = Workbook(whole, {"in_memory": True})
    sheet = book.add_worksheet("Schedule")
    sheet.write_row(0, 0, HEADINGS, book.add_format({"bold": True}))
    for number, row in enumerate(rows(conference, schedule), 1):
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(number, column, value[:CELL_LENGTH])
            else:
                sheet.write_number(number, column, value)
    sheet.freeze_panes(1, 0)
    book.close()
    return whole.getvalue()


def rows(conference: Conference, schedule: Schedule) -> Iterator[tuple[Cell, ...]]:
    """The cells of every session, in the order of time and room; unplaced sessions come last."""
    placed = [session for session in conference.sessions if session.id in schedule]
    placed.sort(key=lambda session: (schedule[session.id].start, schedule[session.id].room, session.id))
    unplaced = [session for session in conference.sessions if session.id not in schedule]
    for session in [*placed, *unplaced]:
        yield tuple(xml_safe(cell) if isinstance(cell, str) else cell for cell in _row(conference, schedule, session))


def _row(conference: Conference, schedule: Schedule, session: Session) -> tuple[Cell, ...]:
    placement = schedule.get(session.id)
    clock = conference.clock
    return (
        session.id,
        session.title,
        session.track or "",
        ", ".join(conference.person[speaker].label for speaker in session.speakers),
        conference.room[placement.room].label if placement else "",
        clock.text(placement.start) if placement else "",
        clock.text(placement.start + session.minutes) if placement else "",
        session.minutes,
        "" if session.audience is None else session.audience,
        "yes" if session.pinned else "no",
    )


def harmless(cell: Cell) -> Cell:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_STARTS_A_FORMULA) else cell
