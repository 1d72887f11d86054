"""What each kind of batch job is told: parameters to facts.

A kind's shape says which keys it takes; what they mean for a conference is settled when a job is asked for, so that no
job fails later for what could have been said at once.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as BinasciiError
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from solver.conference import MAX_MINUTES, Conference, Minute, Schedule
from webapp.interop.document import DocumentError, Imported, shown
from webapp.schemas.bulk import SelectShape, expand_edits
from webapp.schemas.callboard import read_days
from webapp.schemas.documents import read_document
from webapp.schemas.feed_changes import changes_of
from webapp.schemas.models import DayShape, Id, Shape, Text, shaped
from webapp.schemas.times import TimeReader

PLACE = "parameters"


class ShiftJob(Shape):
    """A selection starts so many minutes later, or earlier if negative; with `repair`, what follows makes room."""

    select: SelectShape
    minutes: Annotated[int, Field(ge=-MAX_MINUTES, le=MAX_MINUTES)]
    repair: bool = True


class CloseJob(Shape):
    """A room, or all of them, cannot be used from a time to another, or on a day."""

    room: Id | None = None
    day: Text | None = None
    start: Text | None = Field(default=None, alias="from")
    end: Text | None = Field(default=None, alias="to")


class DelayJob(Shape):
    """A room or a person runs late by so many minutes, as seen at `at`; what began by then stays."""

    room: Id | None = None
    person: Id | None = None
    minutes: Annotated[int, Field(ge=1, le=1440)]
    at: Text | None = None


class RehoursJob(Shape):
    """Everything lies in other opening hours, as well as in those of now."""

    hours: Annotated[list[DayShape], Field(max_length=1000)]


class PlaceJob(Shape):
    """Everything that is unplaced gets a place."""


class RebuildJob(Shape):
    """Everything that is not pinned is placed anew, then improved."""


class ImproveJob(Shape):
    """What is there gets better; no more than `budget` sessions move."""

    budget: Annotated[int, Field(ge=0, le=100_000)] | None = None


class ImportJob(Shape):
    """A new feed: what it moves is moved; with `confirm`, what is missing from it loses its place, however much.

    `feed` is the file's text, or its bytes in Base64, as workbooks need it; `name` is what messages call it.
    """

    feed: str
    encoding: Literal["text", "base64"] = "text"
    name: Text = "the feed"
    confirm: bool = False

    def data(self) -> bytes:
        """The file.  Raises `DocumentError` for what is no Base64."""
        if self.encoding == "text":
            return self.feed.encode()
        try:
            return b64decode(self.feed, validate=True)
        except BinasciiError:
            raise DocumentError("", f"{PLACE}.feed", "it is not Base64") from None


KINDS: Mapping[str, type[Shape]] = {
    "shift": ShiftJob,
    "close": CloseJob,
    "delay": DelayJob,
    "rehours": RehoursJob,
    "place": PlaceJob,
    "rebuild": RebuildJob,
    "improve": ImproveJob,
    "import": ImportJob,
}


def read_feed(given: Any) -> ImportJob:
    """What an import is told.  Raises `DocumentError`."""
    return shaped(ImportJob, given, "", (PLACE,))


def read_parameters(
    kind: str, given: Any, conference: Conference, schedule: Schedule, now: Minute, *, feed: Imported | None = None
) -> dict[str, Any]:
    """The parameters of a job, checked and completed; a delay is seen at `now` unless told.

    `feed` is that of an import, where it has been read already.  Raises `DocumentError` for what makes no sense for
    this conference.
    """
    if kind not in KINDS:
        raise DocumentError("", "kind", f"there is no kind of job {shown(kind)}; those that are: {', '.join(KINDS)}")
    shape = shaped(KINDS[kind], given, "", (PLACE,))
    told: dict[str, Any] = shape.model_dump(by_alias=True, exclude_unset=True)
    match shape:
        case ShiftJob():
            expand_edits([shift_edit(told)], conference, schedule, "", place=PLACE, bare=True)
        case CloseJob():
            closed_times(told, conference)
        case DelayJob():
            if (shape.room is None) == (shape.person is None):
                raise DocumentError("", PLACE, "say which room or which person is late")
            if shape.room is not None and shape.room not in conference.room:
                raise DocumentError("", f"{PLACE}.room", f"there is no room {shown(shape.room)}")
            if shape.person is not None and shape.person not in conference.person:
                raise DocumentError("", f"{PLACE}.person", f"there is no person {shown(shape.person)}")
            at = now if shape.at is None else TimeReader(conference.clock, "").moment(shape.at, f"{PLACE}.at")
            told["at"] = conference.clock.iso(at)
        case ImportJob():
            # What the feed says is kept, not the feed.
            new = feed or read_document(shape.data(), shape.name, conference.timezone)
            return {"confirm": shape.confirm, "format": new.format, **changes_of(new, conference, schedule)}
        case RehoursJob():
            read_days(told["hours"], conference.clock, "", place=f"{PLACE}.hours")
    return told


def shift_edit(told: Mapping[str, Any]) -> dict[str, Any]:
    """The bulk edit that a shift begins with."""
    return {"op": "shift", "select": told["select"], "minutes": told["minutes"]}


def closed_times(told: Mapping[str, Any], conference: Conference) -> list[dict[str, Any]]:
    """The edits that close what is to be closed.  Raises `DocumentError`."""
    rooms = [told["room"]] if told.get("room") is not None else list(conference.room)
    for room in rooms:
        if room not in conference.room:
            raise DocumentError("", f"{PLACE}.room", f"there is no room {shown(room)}")
    times = TimeReader(conference.clock, "")
    day = told.get("day")
    if day is not None:
        hours = next((one.hours for one in conference.days if one.date.isoformat() == day), None)
        if hours is None:
            raise DocumentError("", f"{PLACE}.day", f"{shown(day)} is not a day of the conference")
        first, last = hours.start, hours.end
    elif told.get("from") is not None and told.get("to") is not None:
        first, last = (times.moment(told[key], f"{PLACE}.{key}") for key in ("from", "to"))
    else:
        raise DocumentError("", PLACE, "say when: a day, or from and to")
    if told.get("from") is not None and day is not None:
        first = max(first, times.moment(told["from"], f"{PLACE}.from"))
    if told.get("to") is not None and day is not None:
        last = min(last, times.moment(told["to"], f"{PLACE}.to"))
    if last <= first:
        raise DocumentError("", PLACE, "the time ends before it starts")
    iso = conference.clock.iso
    return [{"op": "close_room", "room": room, "from": iso(first), "to": iso(last)} for room in rooms]
