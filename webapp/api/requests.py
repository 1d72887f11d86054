"""The shapes of requests: checked on the way in, described in the OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from webapp.schemas.moves import MAX_MOVES
from webapp.services.severities import Severity

MAX_PAGE = 500

EDITS_SCHEMA: dict[str, Any] = {"type": "array", "items": {"type": "object", "required": ["op"]}}
PLACE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["room", "start"],
    "properties": {"room": {"type": "string"}, "start": {"type": "string"}},
    "additionalProperties": False,
}
MOVES_SCHEMA: dict[str, Any] = {
    "type": "array",
    "maxItems": MAX_MOVES,
    "items": {
        "type": "object",
        "required": ["session", "from", "to"],
        "properties": {
            "session": {"type": "string"},
            "from": {"anyOf": [PLACE_SCHEMA, {"type": "null"}]},
            "to": PLACE_SCHEMA,
        },
        "additionalProperties": False,
    },
}
HOURS_SCHEMA: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["date", "start", "end"],
        "properties": {"date": {"type": "string"}, "start": {"type": "string"}, "end": {"type": "string"}},
        "additionalProperties": False,
    },
}
NAMES_SCHEMA: dict[str, Any] = {"type": "array", "items": {"type": "string", "maxLength": 1000}}
OVERRIDE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["reason"],
    "properties": {"reason": {"type": "string", "minLength": 1, "maxLength": 500}},
    "additionalProperties": False,
}

Edits = Annotated[Any, WithJsonSchema(EDITS_SCHEMA)]
LARGEST = 2**31 - 1
"""What the databases count to."""

Version = Annotated[int, Field(ge=1, le=LARGEST)]


class Request(BaseModel):
    """What a caller sends: unknown keys are refused with their path."""

    model_config = ConfigDict(extra="forbid", alias_generator=AliasGenerator(alias=to_camel), strict=True)


class Query(Request):
    """What a caller says in the address."""

    model_config = ConfigDict(strict=False)


class Page(Query):
    """Which part of a list."""

    after: Annotated[str, Field(max_length=200)] = ""
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 100


class Check(Request):
    """Edits to judge."""

    edits: Edits = []


class Repair(Request):
    """Edits to mend."""

    expected_version: Version
    edits: Edits = []
    alternatives: Annotated[int, Field(ge=1, le=20)] = 1
    time_limit: Annotated[float, Field(gt=0, le=300, allow_inf_nan=False, strict=False)] = 10
    scope: Literal["all", "edit"] = "all"
    place: bool = False
    engine: Literal["auto", "cp_sat"] = "auto"


class CostMap(Request):
    """A session to hold over the grid, with edits besides; how many others may move, and where to look."""

    session: Annotated[str, Field(min_length=1, max_length=1000)]
    expected_version: Version | None = None
    edits: Edits = []
    depth: Annotated[int, Field(ge=0, le=6)] = 2
    rooms: Annotated[list[str], Field(max_length=1000)] | None = None
    day: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None
    time_limit: Annotated[float, Field(gt=0, le=60, allow_inf_nan=False, strict=False)] = 10


class Review(Request):
    """A repair as it was answered at `baseVersion`, and the sessions whose moves are wanted; all unless told."""

    base_version: Version
    edits: Edits = []
    moves: Annotated[Any, WithJsonSchema(MOVES_SCHEMA)]
    chosen: Annotated[list[str], Field(max_length=MAX_MOVES)] | None = None
    scope: Literal["all", "edit"] = "all"


class Save(Request):
    """Changes to save.  `changes` and `override` are judged with the schedule in hand."""

    save_attempt_id: Annotated[str, Field(min_length=1, max_length=100)]
    expected_version: Version
    changes: Annotated[Any, WithJsonSchema(EDITS_SCHEMA | {"minItems": 1})]
    override: Annotated[Any, WithJsonSchema(OVERRIDE_SCHEMA)] = None
    publish: bool = False
    cancel: bool = False


class Job(Request):
    """A batch job: what its kind is told, and for how many seconds it may be solved."""

    kind: Literal["shift", "close", "delay", "rehours", "place", "rebuild", "improve", "import"]
    expected_version: Version
    parameters: Annotated[Any, WithJsonSchema({"type": "object"})] = {}
    time_limit: Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False, strict=False)] = 60
    seed: Annotated[int, Field(ge=0, lt=2**31)] | None = None


class Delay(Request):
    """A room or a person that is late by so many minutes, as seen `at` a moment, now unless told."""

    expected_version: Version
    save_attempt_id: Annotated[str, Field(min_length=1, max_length=100)]
    minutes: Annotated[int, Field(ge=1, le=1440)]
    room: str | None = None
    person: str | None = None
    at: str | None = None
    publish: bool = False
    dry_run: bool = False
    time_limit: Annotated[float, Field(gt=0, le=60, allow_inf_nan=False, strict=False)] = 2.0


class Publish(Request):
    """The version that is to be published."""

    expected_version: Version


class Undo(Request):
    """The version to undo or redo on top of; `override` accepts conflicts that come of it."""

    expected_version: Version
    save_attempt_id: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    override: Annotated[Any, WithJsonSchema(OVERRIDE_SCHEMA)] = None


class LockPolicy(Request):
    """Whether editors lock sessions and whether others must heed it, and for how long a lock lasts unless renewed."""

    mode: Literal["advisory", "required", "off"] = "advisory"
    lease_seconds: Annotated[int, Field(ge=5, le=600)] = 30


Preference = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Weight = Annotated[int, Field(ge=0, le=1000)]


class Settings(Request):
    """What is to be otherwise; what is left out stays, a rule that is not named gets its usual severity."""

    expected_version: Version | None = None
    severities: dict[str, Severity] | None = None
    lock_policy: LockPolicy | None = None
    hours: Annotated[Any, WithJsonSchema(HOURS_SCHEMA)] = None
    preferences: Annotated[dict[Preference, Weight], Field(max_length=100)] | None = None


class Refresh(Query):
    """Over how many seconds the readers are spread."""

    spread_seconds: Annotated[int, Field(ge=0, le=600)] = 10


class LogPage(Query):
    """Events after a seq; without one, from the oldest that is kept."""

    after: Annotated[int, Field(ge=0, le=LARGEST)] | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 100


class EventPage(Query):
    """Entries after a number."""

    after: Annotated[int, Field(ge=0, le=LARGEST)] = 0
    limit: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 100


class AuditFilter(Query):
    """The changes of one session, if wanted."""

    session: Annotated[str, Field(min_length=1, max_length=1000)] | None = None


class CalendarFilter(Query):
    """Which sessions a calendar has; `session` may come several times."""

    session: Annotated[str, Field(max_length=1000), WithJsonSchema(NAMES_SCHEMA)] | None = None
    track: Annotated[str, Field(max_length=1000)] = ""
    room: Annotated[str, Field(max_length=1000)] = ""


class AuditPage(EventPage, AuditFilter):
    """Audit entries after a number."""


class ConflictPage(Page):
    """Conflicts, of one status if wanted."""

    status: Literal["unresolved", "resolved"] | None = None


class AvailabilityPage(Page):
    """Free windows, of people or of rooms, or of one of them."""

    kind: Literal["person", "room"] | None = None
    id: Annotated[str, Field(max_length=1000)] | None = None


class Consequences(Request):
    """A change of availability to think about: `edits`, or else other opening `hours`."""

    edits: Edits = []
    hours: Annotated[Any, WithJsonSchema(HOURS_SCHEMA)] = None
    expected_version: Version | None = None
    alternatives: Annotated[int, Field(ge=1, le=20)] = 3
    time_limit: Annotated[float, Field(gt=0, le=300, allow_inf_nan=False, strict=False)] = 0.8


class At(Query):
    """A moment; without an offset it is conference time."""

    at: Annotated[str, Field(max_length=40)] | None = None
