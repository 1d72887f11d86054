"""Analytics: gathers what there is to show, and has another process make plots of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.services.errors import Unavailable
from webapp.services.reading import draft_facts, find
from webapp.services.views import head_json, instant
from webapp.serving.programs import module_path
from webapp.store import Facts, Store
from webapp.store.rows import EventRow

MOVES = ("session.moved", "session.placed", "session.unplaced")
STEPS = {"conflict.detected": 1, "conflict.resolved": -1}
PLOT_SECONDS = 60
Latencies = Mapping[str, Mapping[str, float]]
"""What was timed → upper end of a bucket in seconds → how many took no longer."""


def plots(store: Store, reference: str, latencies: Latencies) -> dict[str, str]:
    """Plots of a schedule's draft and of what happened to it, as SVG, by name; drawn once a minute at most.

    Raises `Unavailable`.
    """
    row = store.read(lambda session: head_json(find(session, reference)))
    key = f"{row['scheduleId']} v{row['version']} plots", int(time.time() // 60)
    drawn = store.rendered.get(*key)
    if drawn is None:
        told = store.read(lambda session: gathered(store, session, reference))
        data = json.dumps({**told, "latencies": latencies}).encode()
        drawn = store.aside(lambda: _drawn(data))
        store.rendered.remember(*key, drawn)
    found: dict[str, str] = json.loads(drawn)
    return found


def gathered(store: Store, session: Session, reference: str) -> dict[str, Any]:
    """Rooms, days, placed sessions, when sessions were moved, and when conflicts came and went."""
    row, facts = draft_facts(store, session, reference)
    told = session.execute(
        select(EventRow.type, EventRow.time)
        .where(EventRow.schedule_id == row.id, EventRow.type.in_((*MOVES, *STEPS)))
        .order_by(EventRow.seq)
    ).all()
    oldest = session.scalar(select(func.min(EventRow.time)).where(EventRow.schedule_id == row.id))
    return {
        "timezone": facts.conference.timezone,
        "since": instant(oldest),
        "rooms": [{"id": room.id, "name": room.label} for room in facts.conference.rooms],
        "days": _days(facts),
        "sessions": [
            {"room": place.room, "start": place.start, "minutes": facts.conference.session[one].minutes}
            for one, place in facts.schedule.items()
        ],
        "moves": [instant(time) for kind, time in told if kind in MOVES],
        "conflicts": [(instant(time), STEPS[kind]) for kind, time in told if kind in STEPS],
    }


def _days(facts: Facts) -> list[dict[str, Any]]:
    clock = facts.conference.clock
    days = []
    for day in facts.conference.days:
        start, end = day.hours.start, day.hours.end
        hours = [f"{day.date:%a} {clock.iso(at)[11:16]}" for at in range(start, end, 60)]
        days.append({"minutes": [start, end], "hours": hours})
    return days


def _drawn(data: bytes) -> bytes:
    try:
        finished = subprocess.run(
            [sys.executable, "-P", "-m", "webapp.analytics"],
            input=data,
            capture_output=True,
            timeout=PLOT_SECONDS,
            check=True,
            env={**os.environ, **module_path()},
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable("the plots could not be drawn; try again in a moment") from error
    return finished.stdout
