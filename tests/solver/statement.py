"""The rules and the repair once more, in the plainest words: what everything else is held against.

Nothing here is shared with `solver`, apart from the facts.  `optimum` tries every place of every session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

from solver.conference import Conference, Placement, Schedule, Session

RULES = (
    "room_overlap",
    "turnover",
    "speaker_overlap",
    "travel",
    "speaker_unavailable",
    "room_closed",
    "outside_hours",
    "room_too_small",
    "room_lacks_feature",
    "apart_overlap",
    "order",
)


def alone(conference: Conference, session: Session, place: Placement) -> Iterator[tuple[str, str | None]]:
    """The rules that one session breaks at a place, with the person where there is one."""
    room = next(room for room in conference.rooms if room.id == place.room)
    minutes = range(place.start, place.start + session.minutes)
    for speaker in session.speakers:
        person = next(person for person in conference.people if person.id == speaker)
        if any(away.start <= minute < away.end for away in person.unavailable for minute in minutes):
            yield "speaker_unavailable", speaker
    if any(closed.start <= minute < closed.end for closed in room.closed for minute in minutes):
        yield "room_closed", None
    if not any(all(day.hours.start <= minute < day.hours.end for minute in minutes) for day in conference.days):
        yield "outside_hours", None
    if room.capacity is not None and session.audience is not None and session.audience > room.capacity:
        yield "room_too_small", None
    if any(need not in room.features for need in session.needs):
        yield "room_lacks_feature", None


def together(
    conference: Conference, one: Session, at: Placement, other: Session, there: Placement
) -> Iterator[tuple[str, str | int | None]]:
    """The rules that two sessions break at two places, with the person, group or entry."""
    if (there.start, other.id) < (at.start, one.id):
        one, at, other, there = other, there, one, at
    gap = there.start - (at.start + one.minutes)
    rooms = {room.id: room for room in conference.rooms}
    if at.room == there.room:
        if gap < 0:
            yield "room_overlap", None
        elif gap < rooms[at.room].turnover:
            yield "turnover", None
    for person in sorted(set(one.speakers) & set(other.speakers)):
        if gap < 0 or gap < conference.speaker_gap:
            yield "speaker_overlap", person
        elif gap < way(conference, rooms[at.room].building, rooms[there.room].building):
            yield "travel", person
    for number, group in enumerate(conference.apart):
        if one.id in group and other.id in group and gap < 0:
            yield "apart_overlap", number
    starts = {one.id: at.start, other.id: there.start}
    ends = {one.id: at.start + one.minutes, other.id: there.start + other.minutes}
    for number, entry in enumerate(conference.order):
        if {entry.before, entry.after} == {one.id, other.id} and starts[entry.after] < ends[entry.before] + entry.gap:
            yield "order", number


def way(conference: Conference, origin: str | None, target: str | None) -> int:
    if origin is None or target is None:
        return 0
    for travel in conference.travel:
        if (travel.origin, travel.target) == (origin, target):
            return travel.minutes
    for travel in conference.travel:
        if (travel.target, travel.origin) == (origin, target):
            return travel.minutes
    return 0


Broken = tuple[str, frozenset[str], str | int | None]


def broken(conference: Conference, schedule: Schedule) -> set[Broken]:
    """Every violation, as (rule, sessions, person or number)."""
    placed = [session for session in conference.sessions if session.id in schedule]
    found: set[Broken] = set()
    for session in placed:
        for rule, person in alone(conference, session, schedule[session.id]):
            found.add((rule, frozenset((session.id,)), person))
    for one, other in combinations(placed, 2):
        for rule, detail in together(conference, one, schedule[one.id], other, schedule[other.id]):
            found.add((rule, frozenset((one.id, other.id)), detail))
    return found


@dataclass
class Question:
    """What a repair is asked, with one rule switched off if `without` names it."""

    conference: Conference
    schedule: Schedule
    held: frozenset[str]
    touched: frozenset[str]
    old: frozenset[Broken] = frozenset()
    place: bool = False
    without: str = ""

    def price(self, session: Session, place: Placement) -> int:
        before = self.schedule.get(session.id)
        price = 0 if before is None else abs(place.start - before.start)
        if before is None or before.room != place.room:
            price += 15
            day = self.day(place.start)
            hosts = {
                (other.room, self.day(other.start))
                for one, other in self.schedule.items()
                if self.session(one).track == session.track
            }
            if session.track is not None and (place.room, day) not in hosts:
                price += 30
        return price

    def day(self, minute: int) -> int | None:
        return next(
            (number for number, day in enumerate(self.conference.days) if day.hours.start <= minute < day.hours.end),
            None,
        )

    def session(self, identifier: str) -> Session:
        return next(session for session in self.conference.sessions if session.id == identifier)

    def fixed(self, session: Session) -> bool:
        return session.pinned or session.id in self.held

    def fine(self, faults: set[Broken], moved: frozenset[str]) -> bool:
        """Whether these violations may all stay."""
        return all(
            rule == self.without or ((rule, who, detail) in self.old and not who & (self.touched | moved))
            for rule, who, detail in faults
        )

    def places(self) -> list[Placement]:
        step = self.conference.grid_minutes
        zone = self.conference.clock
        return [
            Placement(room.id, start)
            for room in self.conference.rooms
            for day in self.conference.days
            for start in range(day.hours.start, day.hours.end)
            if (zone.local(start).hour * 60 + zone.local(start).minute) % (
                step if self.without != "off_grid" else max(1, step // 2)
            ) == 0
        ]  # fmt: skip


class Fits:
    """Whether a session may be at a place beside others; remembered, because brute force asks often."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.alone: dict[tuple[str, Placement], bool] = {}
        self.pair: dict[tuple[str, Placement, str, Placement], bool] = {}

    def beside(self, one: Session, at: Placement, chosen: list[tuple[Session, Placement]]) -> bool:
        return self._alone(one, at) and all(self._pair(one, at, other, there) for other, there in chosen)

    def _alone(self, one: Session, at: Placement) -> bool:
        if (one.id, at) not in self.alone:
            faults = {(rule, frozenset((one.id,)), who) for rule, who in alone(self.question.conference, one, at)}
            self.alone[one.id, at] = self.question.fine(faults, self._moved((one, at)))
        return self.alone[one.id, at]

    def _pair(self, one: Session, at: Placement, other: Session, there: Placement) -> bool:
        key = (one.id, at, other.id, there)
        if key not in self.pair:
            faults = {
                (rule, frozenset((one.id, other.id)), detail)
                for rule, detail in together(self.question.conference, one, at, other, there)
            }
            self.pair[key] = self.question.fine(faults, self._moved((one, at), (other, there)))
        return self.pair[key]

    def _moved(self, *places: tuple[Session, Placement]) -> frozenset[str]:
        return frozenset(one.id for one, place in places if self.question.schedule.get(one.id) != place)


def repairs(
    question: Question,
    accept: Callable[[dict[str, Placement], int], tuple[int, int]],
    limit: tuple[int, int] | None = None,
) -> None:
    """Call `accept(moves, price)` for every repair that is no worse than the (count, price) it last answered."""
    conference, schedule = question.conference, question.schedule
    everywhere, fits = question.places(), Fits(question)
    sessions = [one for one in conference.sessions if one.id in schedule or (question.place and not one.pinned)]
    # Those that cannot stay, and those that cannot move, first: it only makes the search shorter.
    sessions.sort(key=lambda one: (not question.fixed(one), one.id in schedule))
    worst = [limit or (len(sessions) + 1, 0)]

    def extend(index: int, chosen: list[tuple[Session, Placement]], moves: dict[str, Placement], price: int) -> None:
        if (len(moves), price) > worst[0]:
            return
        if index == len(sessions):
            worst[0] = accept(dict(moves), price)
            return
        one = sessions[index]
        here = schedule.get(one.id)
        if here is not None and fits.beside(one, here, chosen):
            extend(index + 1, [*chosen, (one, here)], moves, price)
        if question.fixed(one) and here is not None:
            return
        for at in everywhere:
            if at != here and fits.beside(one, at, chosen):
                extend(index + 1, [*chosen, (one, at)], {**moves, one.id: at}, price + question.price(one, at))

    extend(0, [], {}, 0)


def optimum(question: Question) -> tuple[int, int] | None:
    """The least (count, price) of any repair, or None if there is none."""
    best: list[tuple[int, int]] = []

    def accept(moves: dict[str, Placement], price: int) -> tuple[int, int]:
        best.append(min([*best, (len(moves), price)]))
        return best[-1]

    repairs(question, accept)
    return best[-1] if best else None


def beats(question: Question, rival: tuple[int, int] | None) -> bool:
    """Whether there is a repair better than the rival, or any at all where there is no rival."""

    class Found(Exception):
        pass

    def accept(moves: dict[str, Placement], price: int) -> tuple[int, int]:
        if rival is None or (len(moves), price) < rival:
            raise Found
        return rival

    try:
        repairs(question, accept, rival)
    except Found:
        return True
    return False


def every_repair(question: Question, most_moves: int) -> list[tuple[dict[str, Placement], int]]:
    """Every irredundant repair of at most `most_moves` moves, with its price, best first."""
    found: list[tuple[dict[str, Placement], int]] = []

    def accept(moves: dict[str, Placement], price: int) -> tuple[int, int]:
        found.append((moves, price))
        return (most_moves, 10**9)

    repairs(question, accept)
    lean = [(moves, price) for moves, price in found if len(moves) <= most_moves and irredundant(question, moves)]
    return sorted(lean, key=lambda item: (len(item[0]), item[1]))


def irredundant(question: Question, moves: dict[str, Placement]) -> bool:
    """Whether putting back any non-empty part of the moves leaves a violation."""
    back = [session for session in moves if session in question.schedule]
    for size in range(1, len(back) + 1):
        for part in combinations(back, size):
            kept = {session: place for session, place in moves.items() if session not in part}
            faults = broken(question.conference, {**question.schedule, **kept})
            if question.fine(faults, frozenset(kept)):
                return False
    return True
