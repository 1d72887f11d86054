"""The moves of a repair: JSON to facts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from solver.answer import RepairMove
from solver.conference import Conference, Placement
from webapp.interop.document import DocumentError, shown
from webapp.schemas.models import Id, Shape, Text, shaped
from webapp.schemas.times import TimeReader

MAX_MOVES = 500


class PlaceShape(Shape):
    """A room and a start."""

    room: Id
    start: Text


class RepairMoveShape(Shape):
    """A session, where it was, and where it goes; `from` is null for a session that was unplaced."""

    session: Id
    origin: Annotated[PlaceShape | None, Field(alias="from")]
    target: Annotated[PlaceShape, Field(alias="to")]


def read_moves(obj: object, conference: Conference, name: str, *, place: str = "moves") -> tuple[RepairMove, ...]:
    """The moves as a repair's answer tells them.

    Whether their sessions and rooms exist is not asked here.  Raises `DocumentError` for what is malformed.
    """
    if not isinstance(obj, list):
        raise DocumentError(name, place, f"it must be a list, not {shown(obj)}")
    if len(obj) > MAX_MOVES:
        raise DocumentError(name, place, f"there are more than {MAX_MOVES} of them")
    times = TimeReader(conference.clock, name)

    def placement(shape: PlaceShape, where: str) -> Placement:
        return Placement(shape.room, times.moment(shape.start, f"{where}.start"))

    moves = []
    for index, one in enumerate(obj):
        if not isinstance(one, dict):
            raise DocumentError(name, f"{place}[{index}]", f"a move is an object, not {shown(one)}")
        read = shaped(RepairMoveShape, one, name, (place, index))
        origin = None if read.origin is None else placement(read.origin, f"{place}[{index}].from")
        moves.append(RepairMove(read.session, origin, placement(read.target, f"{place}[{index}].to")))
    return tuple(moves)
