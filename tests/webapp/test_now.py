"""What is on now and next, against a plain statement of it: in any zone, over clock changes, midnight and overruns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from fixtures import generate
from solver.conference import Conference, Placement, Schedule
from webapp.schemas import read_callboard
from webapp.services import now
from webapp.store import Facts


def stated(conference: Conference, schedule: Schedule, moment: datetime) -> dict[str, tuple[str | None, str | None]]:
    """The same, from wall clocks: aware datetimes compared with one another."""

    def begins(session: str) -> datetime:
        return datetime.fromtimestamp(schedule[session].start * 60, ZoneInfo(conference.timezone))

    told = {}
    for room in conference.rooms:
        here = sorted((begins(one), one) for one, place in schedule.items() if place.room == room.id)
        ends = {one: begin.astimezone(UTC) + timedelta(minutes=conference.session[one].minutes) for begin, one in here}
        on = [one for begin, one in here if begin <= moment < ends[one]]
        later = [one for begin, one in here if begin > moment]
        told[room.id] = (on[-1] if on else None, later[0] if later else None)
    return told


@pytest.mark.parametrize("timezone", ["Europe/Brussels", "America/St_Johns", "Asia/Kolkata", "Pacific/Kiritimati"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_is_what_the_clocks_on_the_wall_say(timezone: str, seed: int) -> None:
    from dataclasses import replace

    random = Random(seed)
    built, planned = generate.conference(seed=seed, sessions=30, rooms=3, fullness=0.5)
    conference = replace(built, timezone=timezone)
    # Anywhere and as long as you like: sessions overlap, run past midnight and past closing time.
    starts = [place.start for place in planned.values()]
    schedule = {
        one: Placement(place.room, random.randrange(min(starts), max(starts) + 600)) for one, place in planned.items()
    }
    facts = Facts("any", 1, conference, schedule)
    for _ in range(200):
        minute = random.randrange(min(starts) - 100, max(starts) + 800)
        found = {room: (on, following) for room, on, following in now.in_rooms(facts, minute)}
        assert found == stated(conference, schedule, datetime.fromtimestamp(minute * 60, UTC))


NIGHT = {
    "callboard": 1,
    "conference": {
        "timezone": "Europe/Brussels",
        "days": [
            {"date": "2025-10-25", "start": "20:00", "end": "06:00"},
            {"date": "2025-03-29", "start": "20:00", "end": "06:00"},
        ],
    },
    "rooms": [{"id": "r"}],
    "sessions": [
        {"id": "autumn", "minutes": 60, "room": "r", "start": "2025-10-26T02:30"},
        {"id": "after", "minutes": 30, "room": "r", "start": "2025-10-26T03:00"},
        {"id": "spring", "minutes": 60, "room": "r", "start": "2025-03-30T01:30"},
    ],
}


@pytest.mark.parametrize(
    ("at", "on", "following"),
    [
        # The clocks go from 3 back to 2: what began at the first half past two ends at the second.
        ("2025-10-26T02:45+02:00", "autumn", "after"),
        ("2025-10-26T02:29+01:00", "autumn", "after"),
        ("2025-10-26T02:30+01:00", None, "after"),
        ("2025-10-26T02:45", "autumn", "after"),
        ("2025-10-26T03:00", "after", None),
        # The clocks go from 2 on to 3: an hour from half past one ends at half past three.
        ("2025-03-30T01:59", "spring", "autumn"),
        ("2025-03-30T03:29", "spring", "autumn"),
        ("2025-03-30T03:30", None, "autumn"),
        ("2025-03-29T23:59", None, "spring"),
        ("2025-03-30T00:00Z", None, "spring"),
        ("2025-03-30T00:30Z", "spring", "autumn"),
    ],
)
def test_clocks_that_change_at_night(at: str, on: str | None, following: str | None) -> None:
    conference, schedule = read_callboard(NIGHT, "night")
    facts = Facts("any", 1, conference, schedule)
    assert now.in_rooms(facts, now._minute(conference, at)) == [("r", on, following)]
