"""Each rule says the same thing three times."""

from datetime import date, datetime, time

import pytest
from quiet_hours import OneKeynote, QuietHours

from solver.conference import Conference, Day, Interval, Placement, Room, Session
from solver.grid import Clock
from solver.rules import Rule
from solver.rules.faces import disagreements, reported, thrown_about

DAY = date(2025, 2, 1)
OPEN, SHUT = (Clock("Europe/Brussels", 30).minute(datetime.combine(DAY, time(hour))) for hour in (9, 13))
TRACKS = ("Families", "Keynotes", None)
CONFERENCE = Conference(
    days=(Day(DAY, Interval(OPEN, SHUT)),),
    rooms=(Room("hall"), Room("attic"), Room("cellar")),
    sessions=tuple(Session(str(number), 30 + 30 * (number % 2), track=TRACKS[number % 3]) for number in range(9)),
    timezone="Europe/Brussels",
    grid_minutes=30,
)
SCHEDULE = {session.id: Placement("hall", OPEN + 30 * int(session.id)) for session in CONFERENCE.sessions}


@pytest.mark.parametrize("rule", [QuietHours(), OneKeynote()], ids=lambda rule: rule.name)
def test_the_faces_agree(rule: Rule) -> None:
    """Over fifty schedules with sessions thrown about."""
    broken = 0
    for seed in range(50):
        schedule = thrown_about(CONFERENCE, SCHEDULE, seed=seed)
        free = sorted(schedule)[seed % 8 :][:2]
        assert disagreements(rule, CONFERENCE, schedule, free=free) == []
        broken += bool(reported(rule, CONFERENCE, schedule))
    assert broken > 5
