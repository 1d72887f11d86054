"""Edits: JSON to facts.  Files and HTTP say them alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from solver.conference import Conference, Schedule
from solver.edits import (
    CloseRoom,
    Edit,
    Edited,
    EditError,
    Move,
    OpenRoom,
    PersonAvailable,
    PersonUnavailable,
    Pin,
    Resize,
    SetAudience,
    Swap,
    Unpin,
    Unplace,
    apply,
)
from webapp.interop.document import DocumentError, shown
from webapp.schemas.models import Audience, Id, IntervalShape, Minutes, Shape, Text, shaped
from webapp.schemas.times import TimeReader


class MoveShape(Shape):
    """Place a session; room or start may be left out to keep it."""

    op: Literal["move"]
    session: Id
    room: Id | None = None
    start: Text | None = None


class ResizeShape(Shape):
    """Give a session another length."""

    op: Literal["resize"]
    session: Id
    minutes: Minutes


class SwapShape(Shape):
    """Exchange the places of two sessions."""

    op: Literal["swap"]
    sessions: Annotated[list[Id], Field(min_length=2, max_length=2)]


class UnplaceShape(Shape):
    """Take a session off the schedule."""

    op: Literal["unplace"]
    session: Id


class PinShape(Shape):
    """Keep a session where it is."""

    op: Literal["pin"]
    session: Id


class UnpinShape(Shape):
    """Let a session move again."""

    op: Literal["unpin"]
    session: Id


class CloseRoomShape(IntervalShape):
    """Close a room for a time."""

    op: Literal["close_room"]
    room: Id


class OpenRoomShape(IntervalShape):
    """Open a room where it is closed."""

    op: Literal["open_room"]
    room: Id


class PersonUnavailableShape(IntervalShape):
    """A person cannot come for a time."""

    op: Literal["person_unavailable"]
    person: Id


class PersonAvailableShape(IntervalShape):
    """A person can come after all."""

    op: Literal["person_available"]
    person: Id


class SetAudienceShape(Shape):
    """Expect another audience; null where it is not known."""

    op: Literal["set_audience"]
    session: Id
    audience: Audience | None


SHAPES: Mapping[str, type[Shape]] = {
    "move": MoveShape,
    "resize": ResizeShape,
    "swap": SwapShape,
    "unplace": UnplaceShape,
    "pin": PinShape,
    "unpin": UnpinShape,
    "close_room": CloseRoomShape,
    "open_room": OpenRoomShape,
    "person_unavailable": PersonUnavailableShape,
    "person_available": PersonAvailableShape,
    "set_audience": SetAudienceShape,
}
MAX_EDITS = 20_000


def read_edits(
    obj: object, conference: Conference, name: str, *, place: str = "edits", bare: bool = False
) -> list[Edit]:
    """The edits of `{"edits": […]}`, unless they are to be `bare`, or of a bare list, which messages call `place`.

    Raises `DocumentError` with the index of an edit that is malformed or names something unknown.
    """
    if isinstance(obj, dict) and not bare:
        obj = listed(obj, name, place)
    if not isinstance(obj, list):
        raise DocumentError(name, place, f"it must be a list, not {shown(obj)}")
    if len(obj) > MAX_EDITS:
        raise DocumentError(name, place, f"there are more than {MAX_EDITS} of them")
    reader = EditReader(conference, name)
    return [reader.edit(one, place, index) for index, one in enumerate(obj)]


def apply_edits(
    conference: Conference,
    schedule: Schedule,
    edits: Sequence[Edit],
    *,
    name: str,
    place: str = "edits",
    numbers: Sequence[int] | None = None,
) -> Edited:
    """Apply edits; raises `DocumentError` with the index of one that cannot be applied, or its number of `numbers`."""
    try:
        return apply(conference, schedule, edits)
    except EditError as error:
        index = error.index if numbers is None else numbers[error.index]
        raise DocumentError(name, f"{place}[{index}]", str(error)) from None


def listed(obj: dict[Any, Any], name: str, place: str) -> object:
    """What stands under `place`, which must be the only key."""
    for key in obj:
        if key != place:
            raise DocumentError(name, str(key), f'there is no such key here: a file of edits is {{"{place}": […]}}')
    if place not in obj:
        raise DocumentError(name, place, "it is missing")
    return obj[place]


class EditReader:
    """Makes one edit after another, looking its names up in one conference."""

    def __init__(self, conference: Conference, name: str) -> None:
        self.conference = conference
        self.name = name
        self.times = TimeReader(conference.clock, name)

    def edit(self, obj: object, place: str, index: int) -> Edit:
        """The edit at this index of the list that messages call `place`."""
        if not isinstance(obj, dict):
            raise DocumentError(self.name, f"{place}[{index}]", f"an edit is an object, not {shown(obj)}")
        if "op" not in obj:
            raise DocumentError(self.name, f"{place}[{index}].op", "it is missing")
        op = obj["op"]
        shape = SHAPES.get(op) if isinstance(op, str) else None
        if shape is None:
            known = ", ".join(SHAPES)
            raise DocumentError(self.name, f"{place}[{index}].op", f"there is no edit {shown(op)}; there are {known}")
        read = shaped(shape, obj, self.name, (place, index))
        return self._fact(read, f"{place}[{index}]")

    def _fact(self, shape: Shape, place: str) -> Edit:
        match shape:
            case MoveShape():
                room = None if shape.room is None else self._room(shape.room, place)
                start = None if shape.start is None else self.times.moment(shape.start, f"{place}.start")
                return Move(self._session(shape.session, f"{place}.session"), room, start)
            case ResizeShape():
                return Resize(self._session(shape.session, f"{place}.session"), shape.minutes)
            case SwapShape():
                first, second = (self._session(one, f"{place}.sessions[{at}]") for at, one in enumerate(shape.sessions))
                return Swap(first, second)
            case UnplaceShape():
                return Unplace(self._session(shape.session, f"{place}.session"))
            case PinShape():
                return Pin(self._session(shape.session, f"{place}.session"))
            case UnpinShape():
                return Unpin(self._session(shape.session, f"{place}.session"))
            case CloseRoomShape():
                return CloseRoom(self._room(shape.room, place), self.times.interval(shape, place))
            case OpenRoomShape():
                return OpenRoom(self._room(shape.room, place), self.times.interval(shape, place))
            case PersonUnavailableShape():
                return PersonUnavailable(self._person(shape.person, place), self.times.interval(shape, place))
            case PersonAvailableShape():
                return PersonAvailable(self._person(shape.person, place), self.times.interval(shape, place))
            case SetAudienceShape():
                return SetAudience(self._session(shape.session, f"{place}.session"), shape.audience)
        raise AssertionError(f"no edit is made of {type(shape).__name__}")

    def _session(self, session: str, place: str) -> str:
        if session not in self.conference.session:
            raise DocumentError(self.name, place, f"there is no session {shown(session)}")
        return session

    def _room(self, room: str, place: str) -> str:
        if room not in self.conference.room:
            raise DocumentError(self.name, f"{place}.room", f"there is no room {shown(room)}")
        return room

    def _person(self, person: str, place: str) -> str:
        if person not in self.conference.person:
            raise DocumentError(self.name, f"{place}.person", f"there is no person {shown(person)}")
        return person
