"""Bulk edits: one sentence about many sessions, told as the plain edits that it means.

A bulk edit is a plain edit with `select` in the place of `session`, or a `shift`.  What is selected is settled on the
schedule as the edits before have left it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from solver.conference import MAX_MINUTES, Conference, Schedule, Session
from solver.edits import Edit
from webapp.interop.document import DocumentError, shown
from webapp.schemas.edits import MAX_EDITS, EditReader, apply_edits, listed
from webapp.schemas.models import Audience, Id, Minutes, Shape, Text, shaped
from webapp.schemas.times import TimeReader


class SelectShape(Shape):
    """Sessions for which all holds that is given; `from` and `to` bound their starts."""

    sessions: Annotated[list[Id], Field(max_length=MAX_EDITS)] | None = None
    room: Id | None = None
    track: Text | None = None
    start: Text | None = Field(default=None, alias="from")
    end: Text | None = Field(default=None, alias="to")
    pinned: bool | None = None


class ShiftShape(Shape):
    """Start so many minutes later, or earlier if negative, in the same room."""

    op: Literal["shift"]
    select: SelectShape
    minutes: Annotated[int, Field(ge=-MAX_MINUTES, le=MAX_MINUTES)]


class MoveManyShape(Shape):
    """Go to another room at the same time."""

    op: Literal["move"]
    select: SelectShape
    room: Id


class SwapManyShape(Shape):
    """What is in the one room goes to the other and the reverse, at the same times."""

    op: Literal["swap"]
    select: SelectShape
    rooms: Annotated[list[Id], Field(min_length=2, max_length=2)]


class ResizeManyShape(Shape):
    """Last so many minutes."""

    op: Literal["resize"]
    select: SelectShape
    minutes: Minutes


class EachShape(Shape):
    """The plain edit of that name, for each."""

    op: Literal["unplace", "pin", "unpin"]
    select: SelectShape


class AudienceManyShape(Shape):
    """Expect so many people in each."""

    op: Literal["set_audience"]
    select: SelectShape
    audience: Audience | None


SHAPES: Mapping[str, type[Shape]] = {
    "shift": ShiftShape,
    "move": MoveManyShape,
    "swap": SwapManyShape,
    "resize": ResizeManyShape,
    "unplace": EachShape,
    "pin": EachShape,
    "unpin": EachShape,
    "set_audience": AudienceManyShape,
}
OF_PLACED = frozenset({"shift", "move", "swap", "unplace"})
"""Bulk edits that only sessions with a place can be part of."""


def expand_edits(
    obj: Any, conference: Conference, schedule: Schedule, name: str, *, place: str = "edits", bare: bool = False
) -> Any:
    """The edits with each bulk edit replaced by plain ones; what `read_edits` takes is taken, and what it gives back
    is for `read_edits`.

    Raises `DocumentError`, with the index of the edit as it was sent, for whatever is wrong with lists that have bulk
    edits; those that have none are left to `read_edits` to judge.
    """
    edits = listed(obj, name, place) if isinstance(obj, dict) and not bare else obj
    if not isinstance(edits, list) or not any(map(_is_bulk, edits)):
        return edits
    if len(edits) > MAX_EDITS:
        raise DocumentError(name, place, f"there are more than {MAX_EDITS} of them")
    expansion = _Expansion(conference, schedule, name, place)
    for index, edit in enumerate(edits):
        expansion.add(edit, index)
    return expansion.done()


def sessions_named(edit: Mapping[str, Any]) -> list[Any]:
    """What an edit, as it was sent, names as sessions, by whichever key."""
    select = edit.get("select")
    selected = select.get("sessions") if isinstance(select, dict) else None
    lists = [one for one in (edit.get("sessions"), selected) if isinstance(one, list)]
    return [edit.get("session"), *(session for one in lists for session in one)]


def _is_bulk(edit: object) -> bool:
    return isinstance(edit, dict) and ("select" in edit or edit.get("op") == "shift")


class _Expansion:
    """The plain edits so far, and the schedule as they leave it."""

    def __init__(self, conference: Conference, schedule: Schedule, name: str, place: str) -> None:
        self.conference = conference
        self.schedule = schedule
        self.name = name
        self.place = place
        self.times = TimeReader(conference.clock, name)
        self.plain: list[dict[str, Any]] = []
        self._pending: list[tuple[int, Edit]] = []

    def add(self, edit: Any, index: int) -> None:
        if _is_bulk(edit):
            self._make_pending()
            plain = list(self._told(edit, index))
        else:
            plain = [edit]
        reader = EditReader(self.conference, self.name)
        self._pending += [(index, reader.edit(one, self.place, index)) for one in plain]
        self.plain += plain
        if len(self.plain) > MAX_EDITS:
            raise DocumentError(self.name, self.place, f"they come to more than {MAX_EDITS} edits of one session each")

    def done(self) -> list[dict[str, Any]]:
        self._make_pending()
        return self.plain

    def _make_pending(self) -> None:
        if not self._pending:
            return
        edits = [edit for _, edit in self._pending]
        numbers = [index for index, _ in self._pending]
        edited = apply_edits(self.conference, self.schedule, edits, name=self.name, place=self.place, numbers=numbers)
        self.conference, self.schedule = edited.conference, edited.schedule
        self._pending.clear()

    def _told(self, edit: dict[str, Any], index: int) -> Iterator[dict[str, Any]]:
        """The plain edits that a bulk edit means here and now."""
        place = f"{self.place}[{index}]"
        op = edit.get("op")
        shape = SHAPES.get(op) if isinstance(op, str) else None
        if shape is None:
            known = ", ".join(SHAPES)
            raise DocumentError(self.name, f"{place}.op", f"{shown(op)} takes no selection; those that do are {known}")
        told = shaped(shape, _with_select(edit), self.name, (self.place, index))
        sessions = self._selected(told.select, f"{place}.select", placed=op in OF_PLACED)  # type: ignore[attr-defined]
        if isinstance(told, SwapManyShape):
            for at, room in enumerate(told.rooms):
                self._room(room, f"{place}.rooms[{at}]")
            sessions = [one for one in sessions if self.schedule[one.id].room in told.rooms]
        if not sessions:
            raise DocumentError(self.name, f"{place}.select", "it selects no session")
        for session in sessions:
            yield from self._plain(told, session.id)

    def _plain(self, told: Shape, session: str) -> Iterator[dict[str, Any]]:
        match told:
            case ShiftShape():
                start = self.conference.clock.iso(self.schedule[session].start + told.minutes)
                yield {"op": "move", "session": session, "start": start}
            case MoveManyShape():
                yield {"op": "move", "session": session, "room": told.room}
            case SwapManyShape():
                other = told.rooms[1 - told.rooms.index(self.schedule[session].room)]
                yield {"op": "move", "session": session, "room": other}
            case ResizeManyShape():
                yield {"op": "resize", "session": session, "minutes": told.minutes}
            case AudienceManyShape():
                yield {"op": "set_audience", "session": session, "audience": told.audience}
            case EachShape():
                yield {"op": told.op, "session": session}

    def _selected(self, select: SelectShape, place: str, *, placed: bool) -> Sequence[Session]:
        """The sessions meant, in the conference's order."""
        if not select.model_fields_set:
            known = "sessions, room, track, from, to or pinned"
            raise DocumentError(self.name, place, f"say which sessions are meant, by {known}")
        self._check_names(select, place, placed=placed)
        first = None if select.start is None else self.times.moment(select.start, f"{place}.from")
        last = None if select.end is None else self.times.moment(select.end, f"{place}.to")
        by_place = placed or not (select.room is None and first is None and last is None)
        wanted = None if select.sessions is None else frozenset(select.sessions)

        def is_meant(session: Session) -> bool:
            here = self.schedule.get(session.id)
            if here is None:
                meant = not by_place
            else:
                meant = (
                    select.room in (None, here.room)
                    and (first is None or here.start >= first)
                    and (last is None or here.start < last)
                )
            return (
                meant
                and (wanted is None or session.id in wanted)
                and select.track in (None, session.track)
                and select.pinned in (None, session.pinned)
            )

        return [session for session in self.conference.sessions if is_meant(session)]

    def _check_names(self, select: SelectShape, place: str, *, placed: bool) -> None:
        for index, session in enumerate(select.sessions or ()):
            if session not in self.conference.session:
                raise DocumentError(self.name, f"{place}.sessions[{index}]", f"there is no session {shown(session)}")
            if placed and session not in self.schedule:
                raise DocumentError(self.name, f"{place}.sessions[{index}]", f"session {shown(session)} is unplaced")
        if select.room is not None:
            self._room(select.room, f"{place}.room")
        if select.track is not None and all(one.track != select.track for one in self.conference.sessions):
            raise DocumentError(self.name, f"{place}.track", f"there is no track {shown(select.track)}")

    def _room(self, room: str, place: str) -> None:
        if room not in self.conference.room:
            raise DocumentError(self.name, place, f"there is no room {shown(room)}")


def _with_select(edit: dict[str, Any]) -> dict[str, Any]:
    """A `shift` of one session, told as the selection of it."""
    if "session" not in edit or "select" in edit:
        return edit
    rest = {key: value for key, value in edit.items() if key != "session"}
    return {**rest, "select": {"sessions": [edit["session"]]}}
