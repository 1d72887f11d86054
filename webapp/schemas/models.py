"""The shape of Callboard JSON: which keys there are and what kind of value each takes.

Shape only.  What the values mean together (ids that exist, times that exist) is settled where facts are made of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from solver.conference import MAX_MINUTES
from webapp.interop.document import DocumentError, shown
from webapp.interop.json_text import path_text

Id = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f\x7f]*$")]
Text = Annotated[str, StringConstraints(max_length=20_000, pattern=r"^[^\x00]*$")]
Minutes = Annotated[int, Field(ge=1, le=MAX_MINUTES)]
Pause = Annotated[int, Field(ge=0, le=MAX_MINUTES)]
Audience = Annotated[int, Field(ge=0, le=10**9)]


class Shape(BaseModel):
    """A JSON object that takes the keys it names and no others."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class IntervalShape(Shape):
    """`from` (included) to `to` (excluded)."""

    start: Text = Field(alias="from")
    end: Text = Field(alias="to")


class DayShape(Shape):
    """A conference day's opening hours."""

    date: Text
    start: Text
    end: Text


class ConferenceShape(Shape):
    """What holds for the whole conference."""

    name: Text = ""
    timezone: Text = "UTC"
    grid_minutes: Annotated[int, Field(ge=1, le=1440)] = 5
    speaker_gap_minutes: Pause = 0
    days: Annotated[list[DayShape], Field(max_length=1000)]


class RoomShape(Shape):
    """A room."""

    id: Id
    name: Text = ""
    building: Text | None = None
    capacity: Annotated[int, Field(ge=0, le=10 * MAX_MINUTES)] | None = None
    features: list[Id] = []
    turnover_minutes: Pause = 0
    closed: list[IntervalShape] = []


class PersonShape(Shape):
    """A person who speaks."""

    id: Id
    name: Text = ""
    unavailable: list[IntervalShape] = []


class SessionShape(Shape):
    """A session, and where and when it is placed."""

    id: Id
    minutes: Minutes
    title: Text = ""
    track: Text | None = None
    speakers: list[Id] = []
    needs: list[Id] = []
    audience: Audience | None = None
    pinned: bool = False
    room: Id | None = None
    start: Text | None = None


class OrderShape(Shape):
    """One session after another."""

    before: Id
    after: Id
    gap_minutes: Pause = 0


class TravelShape(Shape):
    """The way from one building to another."""

    start: Text = Field(alias="from")
    end: Text = Field(alias="to")
    minutes: Pause


class CallboardShape(Shape):
    """The Callboard file."""

    callboard: int
    conference: ConferenceShape
    rooms: Annotated[list[RoomShape], Field(max_length=5_000)] = []
    people: Annotated[list[PersonShape], Field(max_length=200_000)] | None = None
    sessions: Annotated[list[SessionShape], Field(max_length=50_000)] = []
    apart: list[list[Id]] = []
    order: list[OrderShape] = []
    travel: list[TravelShape] = []


ShapeT = TypeVar("ShapeT", bound=Shape)


def shaped(shape: type[ShapeT], value: object, name: str, place: tuple[str | int, ...] = ()) -> ShapeT:
    """`value` in its shape; raises `DocumentError` for the first thing that does not fit."""
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = (*place, *first["loc"])
        raise DocumentError(
            name, path_text(path), _reason(first["type"], first["input"], first.get("ctx", {}))
        ) from None


_KINDS: dict[str, str] = {
    "string_type": "text",
    "string_sub_type": "text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "model_type": "an object",
    "dict_type": "an object",
}


def _reason(kind: str, value: Any, context: dict[str, Any]) -> str:
    """What is wrong with one value, in plain words."""
    if kind in _KINDS:
        return f"it must be {_KINDS[kind]}, not {shown(value)}"
    match kind:
        case "missing":
            return "it is missing"
        case "extra_forbidden":
            return "there is no such key here"
        case "greater_than_equal":
            return f"{shown(value)} is less than {context['ge']}"
        case "less_than_equal":
            return f"{shown(value)} is more than {context['le']}"
        case "string_too_short":
            return "it is empty"
        case "string_too_long":
            return f"it is longer than {context['max_length']} characters"
        case "too_long":
            return f"there are more than {context['max_length']} of them"
        case "string_pattern_mismatch":
            return f"{shown(value)} has a control character"
    return f"{shown(value)} is not understood"


def first_repeated(ids: Sequence[str]) -> tuple[int, int] | None:
    """Where an id comes a second time and where it came first, or None."""
    seen: dict[str, int] = {}
    for index, one in enumerate(ids):
        if one in seen:
            return index, seen[one]
        seen[one] = index
    return None
