"""Random conferences so small that brute force can judge them, and so tight that repairs push sessions out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from random import Random

from solver import check
from solver.conference import Conference, Day, Interval, Order, Person, Placement, Room, Session, Travel
from solver.edits import CloseRoom, Edit, Move, PersonUnavailable, Pin, Resize, SetAudience, Swap, Unpin
from solver.grid import Clock

GRID = 30


@dataclass(frozen=True)
class Tiny:
    """A conference, a schedule and edits."""

    conference: Conference
    schedule: dict[str, Placement]
    edits: tuple[Edit, ...]


def case(seed: int, *, clean: bool = True) -> Tiny:
    """The case of a seed; with `clean`, the schedule breaks nothing before the edits."""
    random = Random(seed)
    while True:
        conference = _conference(random)
        schedule = _schedule(random, conference, clean)
        if schedule is not None:
            return Tiny(
                conference,
                schedule,
                tuple(random_edit(random, conference, schedule) for _ in range(random.choice((1, 1, 1, 2)))),
            )


def _conference(random: Random) -> Conference:
    clock = Clock("Europe/Brussels", GRID)
    lengths = random.choice(((180,), (210,), (240,), (150, 90), (120, 120)))
    days = []
    for number, length in enumerate(lengths):
        opens = clock.minute(datetime(2025, 3, 29 + number, 9))
        days.append(Day(date(2025, 3, 29 + number), Interval(opens, opens + length)))
    spots = [start for day in days for start in range(day.hours.start, day.hours.end, GRID)]
    rooms = []
    for number in range(random.choice((2, 2, 2, 3))):
        closed = _interval(random, spots) if random.random() < 0.2 else None
        rooms.append(
            Room(
                f"r{number}",
                building=random.choice(("J", "K", None, "J", "K")),
                capacity=random.choice((None, None, 100, 200)),
                features=frozenset(random.sample(("video", "stage"), random.choice((1, 1, 2, 2)))),
                turnover=random.choice((0, 0, 0, 0, 15, 30)),
                closed=(closed,) if closed else (),
            )
        )
    names = [f"p{number}" for number in range(3)]
    people = tuple(
        Person(name, unavailable=(_interval(random, spots),) if random.random() < 0.3 else ()) for name in names
    )
    sessions = tuple(
        Session(
            f"s{number}",
            random.choice((30, 30, 30, 60, 60, 90)),
            track=random.choice((None, "a", "b")),
            speakers=tuple(random.sample(names, random.choice((0, 0, 1, 1, 2)))),
            needs=frozenset(random.sample(("video", "stage"), random.choice((0, 0, 1)))),
            audience=random.choice((None, None, None, 80, 150)),
            pinned=random.random() < 0.05,
        )
        for number in range(random.choice((7, 8, 8, 9)))
    )
    ids = [session.id for session in sessions]
    order = []
    if random.random() < 0.6:
        before, after = random.sample(ids, 2)
        order.append(Order(before, after, random.choice((0, 0, 30))))
    return Conference(
        days=tuple(days),
        rooms=tuple(rooms),
        sessions=sessions,
        people=people,
        timezone="Europe/Brussels",
        grid_minutes=GRID,
        speaker_gap=random.choice((0, 0, 0, 15)),
        apart=(tuple(random.sample(ids, random.choice((2, 3)))),) if random.random() < 0.6 else (),
        order=tuple(order),
        travel=(Travel("J", "K", random.choice((15, 30, 60))),) if random.random() < 0.6 else (),
    )


def _interval(random: Random, spots: list[int]) -> Interval:
    start = random.choice(spots)
    return Interval(start, start + random.choice((30, 60, 90)))


def _places(conference: Conference) -> list[Placement]:
    return [
        Placement(room.id, start)
        for room in conference.rooms
        for day in conference.days
        for start in range(day.hours.start, day.hours.end, GRID)
    ]


def _schedule(random: Random, conference: Conference, clean: bool) -> dict[str, Placement] | None:
    """Place one session after the other where it breaks nothing; None when that fails for a pinned or most sessions."""
    schedule: dict[str, Placement] = {}
    everywhere = _places(conference)
    for session in conference.sessions:
        random.shuffle(everywhere)
        fits = [at for at in everywhere if not check.violations(conference, {**schedule, session.id: at})]
        if fits:
            at = fits[0]
            if random.random() < 0.08:  # off the grid is only a note
                moved = Placement(at.room, at.start + 15)
                at = at if check.violations(conference, {**schedule, session.id: moved}) else moved
            schedule[session.id] = at
    if len(schedule) < len(conference.sessions) - 1:
        return None
    if not clean:
        for session in random.sample(sorted(schedule), 2):
            schedule[session] = random.choice(everywhere)
    return schedule


def random_edit(random: Random, conference: Conference, schedule: Mapping[str, Placement]) -> Edit:
    """Something that an organiser might do."""
    placed = sorted(schedule)
    session = random.choice(placed)
    spots = [place.start for place in _places(conference)]
    kind = random.choice(
        ("move", "move", "move", "onto", "onto", "onto", "resize", "resize", "swap", "close", "away", "audience", "pin")
    )
    match kind:
        case "move":
            place = random.choice(_places(conference))
            return Move(session, place.room, place.start)
        case "onto":
            other = schedule[random.choice([one for one in placed if one != session])]
            return Move(session, other.room, other.start)
        case "resize":
            return Resize(session, conference.session[session].minutes + random.choice((30, 30, 60)))
        case "swap":
            first, second = random.sample(placed, 2)
            return Swap(first, second)
        case "close":
            return CloseRoom(schedule[session].room, Interval(schedule[session].start, schedule[session].start + 60))
        case "away":
            speakers = conference.session[session].speakers
            person = random.choice(speakers) if speakers else "p0"
            return PersonUnavailable(person, _interval(random, spots))
        case "audience":
            return SetAudience(session, random.choice((60, 120, 180)))
        case _:
            return random.choice((Pin(session), Unpin(session)))
