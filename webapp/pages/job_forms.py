"""What the form on the page of jobs says of each kind that it can ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import request

from webapp.schemas.times import day_json
from webapp.store import Facts


def _room() -> dict[str, Any]:
    """The room, unless it is all of them."""
    return {"room": request.form["room"]} if request.form.get("room") else {}


def _minutes() -> dict[str, Any]:
    return {"minutes": request.form.get("minutes", 15, type=int)}


def _times() -> dict[str, Any]:
    """From when to when on the day, as far as the form says so."""
    day, told = request.form.get("day", ""), request.form
    return {key: f"{day}T{told[key]}" for key in ("from", "to") if told.get(key)}


def _shift(facts: Facts) -> dict[str, Any]:
    day = request.form.get("day", "")
    return {"select": {"from": f"{day}T00:00", "to": f"{day}T23:59", **_times(), **_room()}, **_minutes()}


def _rehours(facts: Facts) -> dict[str, Any]:
    """The hours of all days, of which the form says one."""
    hours = [day_json(facts.conference.clock, day) for day in facts.conference.days]
    changed = {"start": request.form.get("from"), "end": request.form.get("to")}
    for day in hours:
        if day["date"] == request.form.get("day"):
            day.update({key: value for key, value in changed.items() if value})
    return {"hours": hours}


FORMS: Mapping[str, Callable[[Facts], dict[str, Any]]] = {
    "delay": lambda facts: {**_room(), **_minutes()},
    "shift": _shift,
    "close": lambda facts: {"day": request.form.get("day", ""), **_times(), **_room()},
    "rehours": _rehours,
    "place": lambda facts: {},
    "improve": lambda facts: {"budget": request.form.get("budget", 10, type=int)},
    "rebuild": lambda facts: {},
}
"""Kind → its parameters; a new feed has a page of its own."""
