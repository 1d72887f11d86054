"""What the solver process may be asked, and whether a message asks it."""

from __future__ import annotations

from typing import Any

_ALTERNATIVES_AT_MOST = 100
_DEPTH_AT_MOST = 10
_SECONDS_AT_MOST = 24 * 3600


def is_question(message: dict[str, Any]) -> bool:
    """Whether it asks for repairs or for a cost map, and says all that belongs to that."""
    limit = message.get("time_limit")
    return (
        isinstance(message.get("key"), str)
        and isinstance(message.get("edits"), list)
        and isinstance(limit, int | float)
        and 0 <= limit <= _SECONDS_AT_MOST
        and (_asks_for_repairs(message) or _asks_for_a_map(message))
    )


def _asks_for_a_map(message: dict[str, Any]) -> bool:
    depth, rooms = message.get("depth"), message.get("rooms")
    return (
        message.get("op") == "cost_map"
        and isinstance(message.get("session"), str)
        and isinstance(depth, int)
        and 0 <= depth <= _DEPTH_AT_MOST
        and (rooms is None or (isinstance(rooms, list) and all(isinstance(room, str) for room in rooms)))
        and isinstance(message.get("day"), str | None)
    )


def _asks_for_repairs(message: dict[str, Any]) -> bool:
    alternatives = message.get("alternatives")
    return (
        message.get("op") == "repair"
        and isinstance(alternatives, int)
        and 1 <= alternatives <= _ALTERNATIVES_AT_MOST
        and message.get("scope") in ("all", "edit")
        and isinstance(message.get("place"), bool)
        and message.get("engine") in ("auto", "cp_sat")
    )
