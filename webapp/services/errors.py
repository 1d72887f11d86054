"""What a use case may refuse, said for people.  `webapp.problems` gives each its status and type."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """A request that cannot be granted; `facts` go along in the answer."""

    def __init__(self, detail: str, **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts


class NotFound(Refusal):
    """There is no such thing, or none that the caller may see."""


class Gone(Refusal):
    """What is asked for was there once, and is not kept for ever."""


class Stale(Refusal):
    """The schedule has moved on from the version that the caller expected."""


class Blocked(Refusal):
    """Unresolved conflicts stand in the way."""


class LaterWork(Refusal):
    """Undoing or redoing would trample what was changed later, or conflict with it."""


class NothingToUndo(Refusal):
    """The caller has no change that could be undone, or undone change that could be redone."""


class Locked(Refusal):
    """Another editor has it in hand; `locks` says who, and for how long."""


class Taken(Refusal):
    """The name is used already."""


class Invalid(Refusal):
    """The request makes no sense; `place` says where."""


class Unavailable(Refusal):
    """A part of Callboard that is needed does not answer."""


class Denied(Refusal):
    """The caller is known and may not."""


class TooMany(Refusal):
    """The caller has asked too often; `retryAfter` says for how many seconds to wait."""


class Unauthenticated(Refusal):
    """The caller is not known."""
