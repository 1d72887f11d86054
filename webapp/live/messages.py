"""What an editor's page may say on the editors' channel: one shape for each message, checked before anything else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from webapp.auth.identity import Scope

LONGEST_MESSAGE = 6_000
"""Bytes: what is passed on to other processes must fit into one word of the backplane."""

ClientId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{8,64}$")]
Id = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Time = Annotated[str, StringConstraints(max_length=40)]


class Said(BaseModel):
    """A message; `ref` is whatever the client wants to see again in the answer."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)
    scope: ClassVar[Scope] = "read"
    """What a token must be meant for."""

    ref: Annotated[str, StringConstraints(max_length=64)] | None = None

    def body(self) -> dict[str, Any]:
        """The message without what belongs to its sender alone."""
        return self.model_dump(by_alias=True, exclude={"type", "ref"}, exclude_none=True)


class PresenceSet(Said):
    """Here I am, and this is what I look at; the first one makes the others known to me, and me to them."""

    type: Literal["presence.set"]
    client_id: ClientId
    day: Time | None = None
    room_id: Id | None = None
    session_id: Id | None = None
    selected: Annotated[list[Id], Field(max_length=50)] | None = None


class LockTake(Said):
    """Take a session in hand, or keep it there: said again before the lease ends."""

    scope = "save"
    type: Literal["lock.take"]
    session_id: Id


class LockRelease(Said):
    """Put a session down."""

    scope = "save"
    type: Literal["lock.release"]
    session_id: Id
    token: int


class DragMove(Said):
    """Where I carry a session just now, and how much that would break, if I know."""

    scope = "save"
    type: Literal["drag.move"]
    session_id: Id
    room_id: Id
    start_time: Time
    minutes: Annotated[int, Field(ge=1, le=100_000)]
    broken: Annotated[int, Field(ge=0, le=10**6)] | None = None


class DragEnd(Said):
    """I carry it no longer."""

    scope = "save"
    type: Literal["drag.end"]
    session_id: Id


class CheckAsk(Said):
    """What would the draft break with these edits made?"""

    scope = "solve"
    type: Literal["check.ask"]
    edits: Annotated[list[Any], Field(max_length=200)]


class PreviewAsk(Said):
    """Show me the repair that you look at."""

    type: Literal["preview.ask"]
    client_id: ClientId


class PreviewShow(Said):
    """This is the repair that I look at, to one who asked."""

    scope = "solve"
    type: Literal["preview.show"]
    client_id: ClientId
    base_version: int
    edits: Annotated[list[Any], Field(max_length=200)]
    moves: Annotated[list[Any], Field(max_length=200)]


Message = PresenceSet | LockTake | LockRelease | DragMove | DragEnd | CheckAsk | PreviewAsk | PreviewShow
MESSAGES: Mapping[str, type[Message]] = {
    str(kind.model_fields["type"].annotation.__args__[0]): kind  # type: ignore[union-attr]
    for kind in (PresenceSet, LockTake, LockRelease, DragMove, DragEnd, CheckAsk, PreviewAsk, PreviewShow)
}
"""Every message that is understood, by its type."""


class MessageError(Exception):
    """What was said cannot be understood or granted; `code` is for programs, the text for people."""

    def __init__(self, code: str, detail: str, ref: str | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.ref = ref


def read(payload: bytes) -> Message:
    """The message in a frame.  Raises `MessageError`."""
    try:
        told = json.loads(payload)
        size = len(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode())
    except (ValueError, RecursionError):
        told, size = None, 0
    if not isinstance(told, dict):
        raise MessageError("not_json", "a message is one JSON object")
    if size > LONGEST_MESSAGE:
        raise MessageError("too_long", f"a message may have {LONGEST_MESSAGE} bytes")
    ref = told.get("ref") if isinstance(told.get("ref"), str) else None
    kind = MESSAGES.get(told["type"]) if isinstance(told.get("type"), str) else None
    if kind is None:
        raise MessageError("unknown_message", f"there is no such message; there are {', '.join(MESSAGES)}", ref)
    try:
        return kind.model_validate(told, by_alias=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise MessageError("invalid_message", f"{place}: {first['msg']}", ref) from None
