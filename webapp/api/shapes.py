"""The shapes of requests and answers: checked on the way in, described in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

MAX_PAGE = 500


class Request(BaseModel):
    """What a caller sends: unknown keys are refused with their path."""

    model_config = ConfigDict(extra="forbid", alias_generator=AliasGenerator(alias=to_camel), strict=True)


class Query(Request):
    """What a caller says in the address."""

    model_config = ConfigDict(strict=False)


class Answer(BaseModel):
    """What a caller gets."""

    model_config = ConfigDict(alias_generator=AliasGenerator(alias=to_camel), extra="allow")


class Page(Query):
    """Which part of a list."""

    after: Annotated[str, Field(max_length=200)] = ""
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 100


class Interval(Answer):
    """A half-open stretch of time."""

    start: Annotated[str, Field(alias="from")]
    end: Annotated[str, Field(alias="to")]


class Day(Answer):
    """A conference day's opening hours."""

    date: str
    start: str
    end: str


class Conference(Answer):
    """The conference itself."""

    name: str
    timezone: str
    grid_minutes: int
    speaker_gap_minutes: int
    days: list[Day]


class Room(Answer):
    """A room; `closed` and `turnoverMinutes` for editors only."""

    room_id: str
    name: str
    building: str | None
    capacity: int | None
    features: list[str]
    turnover_minutes: int | None = None
    closed: list[Interval] | None = None


class Person(Answer):
    """A person; `unavailable` for editors only."""

    person_id: str
    name: str
    unavailable: list[Interval] | None = None


class Session(Answer):
    """A session and where and when it is; the last three are null while it is unplaced."""

    session_id: str
    title: str
    minutes: int
    track: str | None
    speaker_ids: list[str]
    pinned: bool
    needs: list[str] | None = None
    audience: int | None = None
    room_id: str | None
    start_time: str | None
    end_time: str | None


class ScheduleHead(Answer):
    """How a schedule stands."""

    schedule_id: str
    slug: str
    version: int
    published_version: int | None
    status: str
    updated_at: str
    updated_by: str | None
    last_seq: int
    last_broadcast_at: str | None
    last_sync_at: str | None


class ScheduleItem(ScheduleHead):
    """A schedule in a list."""

    name: str


class ScheduleList(Answer):
    """A page of schedules."""

    items: list[ScheduleItem]
    next: str | None


class Schedule(ScheduleHead):
    """A schedule, whole."""

    conference: Conference
    rooms: list[Room]
    people: list[Person]
    sessions: list[Session]


def page_of(items: Sequence[dict[str, Any]], limit: int, cursor: str) -> dict[str, Any]:
    """A page of a list that was read one item too far; `next` is what to send as `after`, null at the end."""
    shown = list(items[:limit])
    return {"items": shown, "next": str(shown[-1][cursor]) if len(items) > limit else None}
