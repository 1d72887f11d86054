"""The peer: the whole conference as one CP-SAT model, as anybody would write it first.

Every session has a start, and an optional interval in every room that would do; the schedule as edited is
the hint; the objective is one weighted sum in which a move outweighs any price.  With `count_first=False` it
is the other obvious model, which minimises the changes as such: the sum of all prices, however many sessions
share it.  Neither shares anything with `solver` but the facts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from time import perf_counter

from ortools.sat.python import cp_model

from solver.conference import Conference, Minute, Room, Schedule, Session
from solver.edits import Edit, apply

ROOM_PRICE = 15
STRANGE_ROOM_PRICE = 30


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the peer found; `proved` is whether it knows that nothing better exists, or that nothing exists."""

    proved: bool
    moved: int | None
    price: int | None
    seconds: float

    @property
    def infeasible(self) -> bool:
        return self.proved and self.moved is None


def solve(
    conference: Conference,
    schedule: Schedule,
    edits: Sequence[Edit],
    *,
    seconds: float,
    workers: int,
    count_first: bool = True,
) -> Outcome:
    """Build the model and solve it; the time to build it counts, but not towards the limit."""
    began = perf_counter()
    edited = apply(conference, schedule, edits)
    built = _Model(edited.conference, edited.schedule, edited.held, count_first)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = workers
    status = solver.solve(built.model)
    proved = status in (cp_model.OPTIMAL, cp_model.INFEASIBLE)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Outcome(proved, None, None, perf_counter() - began)
    moved = built.count_moved(solver) if not count_first else sum(solver.value(literal) for literal in built.moved)
    price = round(solver.objective_value) - (moved * built.weight if count_first else 0)
    return Outcome(proved, moved, price, perf_counter() - began)


class _Model:
    """The conference as variables and constraints, rule by rule."""

    def __init__(self, conference: Conference, schedule: Schedule, held: frozenset[str], count_first: bool) -> None:
        self.conference = conference
        self.schedule = schedule
        self.fixed = held | {session.id for session in conference.sessions if session.pinned}
        self.model = cp_model.CpModel()
        self.sessions = [session for session in conference.sessions if session.id in schedule]
        self.first = min(day.hours.start for day in conference.days)
        self.last = max(day.hours.end for day in conference.days)
        self.start = {session.id: self._start(session) for session in self.sessions}
        self.inside: dict[str, dict[str, cp_model.IntVar]] = {}
        self.moved: list[cp_model.IntVar] = []
        all_prices = len(self.sessions) * (self.last - self.first + ROOM_PRICE + STRANGE_ROOM_PRICE)
        self.weight = all_prices if count_first else 0
        self._rooms()
        self._circles()
        self._travel()
        self._order()
        self._objective()

    def count_moved(self, solver: cp_model.CpSolver) -> int:
        """Sessions that start at another time or are in another room than in the schedule as edited."""
        moved = 0
        for session, start in self.start.items():
            now = self.schedule[session]
            here = self.inside[session].get(now.room)
            moved += here is None or not solver.value(here) or solver.value(start) != now.start
        return moved

    def _start(self, session: Session) -> cp_model.IntVar:
        """Starts on the grid, inside one day's hours, while every speaker is there; fixed sessions stay."""
        now = self.schedule[session.id].start
        if session.id in self.fixed:
            legal = [now] if self._inside_a_day(session, now) and self._speakers_there(session, now) else []
        else:
            legal = [start for start in self._grid(session) if self._speakers_there(session, start)]
        if not legal:
            self.model.add_bool_or(())  # a model with an empty domain is not accepted
            legal = [now]
        return self.model.new_int_var_from_domain(cp_model.Domain.from_values(legal), f"start {session.id}")

    def _grid(self, session: Session) -> list[Minute]:
        clock = self.conference.clock
        days = [day.hours for day in self.conference.days]
        return [
            start
            for hours in days
            for start in clock.starts(hours.start, max(hours.start, hours.end - session.minutes + 1))
        ]

    def _inside_a_day(self, session: Session, start: Minute) -> bool:
        return any(
            day.hours.start <= start and start + session.minutes <= day.hours.end for day in self.conference.days
        )

    def _speakers_there(self, session: Session, start: Minute) -> bool:
        away = (times for one in session.speakers for times in self.conference.person[one].unavailable)
        return not any(times.overlaps(start, start + session.minutes) for times in away)

    def _rooms(self) -> None:
        """An optional interval, turnover included, in every room that would do."""
        held: dict[str, list[cp_model.IntervalVar]] = {room.id: [] for room in self.conference.rooms}
        for session in self.sessions:
            now = self.schedule[session.id].room
            rooms = [room for room in self.conference.rooms if self._would_do(session, room)]
            if session.id in self.fixed:
                rooms = [room for room in rooms if room.id == now]
            literals = {room.id: self.model.new_bool_var("") for room in rooms}
            self.inside[session.id] = literals
            self.model.add_exactly_one(literals.values())
            for room in rooms:
                literal, start = literals[room.id], self.start[session.id]
                size = session.minutes + room.turnover
                held[room.id].append(self.model.new_optional_fixed_size_interval_var(start, size, literal, ""))
                for closed in room.closed:
                    domain = cp_model.Domain(closed.start - session.minutes + 1, closed.end - 1).complement()
                    self.model.add_linear_expression_in_domain(start, domain).only_enforce_if(literal)
                self.model.add_hint(literal, room.id == now)
            self.model.add_hint(self.start[session.id], self.schedule[session.id].start)
        for intervals in held.values():
            self.model.add_no_overlap(intervals)

    def _would_do(self, session: Session, room: Room) -> bool:
        large_enough = session.audience is None or room.capacity is None or session.audience <= room.capacity
        return large_enough and session.needs <= room.features

    def _circles(self) -> None:
        """People cannot be in two places, and apart groups do not overlap."""
        for spoken in self.conference.sessions_of.values():
            self._no_overlap([session.id for session in spoken], self.conference.speaker_gap)
        for group in self.conference.apart:
            self._no_overlap(group, 0)

    def _no_overlap(self, group: Sequence[str], gap: int) -> None:
        placed = [self.conference.session[one] for one in group if one in self.start]
        if len(placed) > 1:
            self.model.add_no_overlap(
                self.model.new_fixed_size_interval_var(self.start[one.id], one.minutes + gap, "") for one in placed
            )

    def _travel(self) -> None:
        """Whoever speaks in two buildings has the time to walk."""
        if not self.conference.travel:
            return
        for spoken in self.conference.sessions_of.values():
            for one, other in combinations([session for session in spoken if session.id in self.start], 2):
                self._walk(one, other)

    def _walk(self, one: Session, other: Session) -> None:
        one_first = self.model.new_bool_var("")
        for before, after, order in ((one, other, one_first), (other, one, one_first.negated())):
            here, there = self._buildings(before), self._buildings(after)
            for origin, target in ((origin, target) for origin in here for target in there):
                minutes = self.conference.travel_minutes(origin, target)
                if minutes:
                    end = self.start[before.id] + before.minutes + minutes
                    self.model.add(self.start[after.id] >= end).only_enforce_if(order, here[origin], there[target])

    def _buildings(self, session: Session) -> dict[str | None, cp_model.IntVar]:
        """Building → whether the session is in it."""
        found: dict[str | None, list[cp_model.IntVar]] = {}
        for room, literal in self.inside[session.id].items():
            found.setdefault(self.conference.room[room].building, []).append(literal)
        inside = {building: self.model.new_bool_var("") for building in found}
        for building, literals in found.items():
            self.model.add(sum(literals) == inside[building])
        return inside

    def _order(self) -> None:
        for entry in self.conference.order:
            if entry.before in self.start and entry.after in self.start:
                end = self.start[entry.before] + self.conference.session[entry.before].minutes + entry.gap
                self.model.add(self.start[entry.after] >= end)

    def _objective(self) -> None:
        """Every move costs more than all prices together, or nothing of its own."""
        hosted = self._hosted()
        terms: list[cp_model.LinearExprT] = []
        for session in self.sessions:
            if session.id in self.fixed:
                continue
            now = self.schedule[session.id]
            here = self.inside[session.id].get(now.room, self.model.new_constant(0))
            moved = self.model.new_bool_var("")
            shift = self.model.new_int_var(0, self.last - self.first, "")
            self.model.add_abs_equality(shift, self.start[session.id] - now.start)
            self.model.add(shift == 0).only_enforce_if(moved.negated())
            self.model.add_implication(moved.negated(), here)
            self.moved.append(moved)
            terms += [self.weight * moved, shift, ROOM_PRICE * (1 - here)]
            terms += [STRANGE_ROOM_PRICE * literal for literal in self._strange(session, hosted)]
        self.model.minimize(sum(terms))

    def _hosted(self) -> dict[str | None, set[tuple[str, int]]]:
        """Track → the rooms and days (by number) in which the schedule as edited has a session of it."""
        found: dict[str | None, set[tuple[str, int]]] = {}
        for session in self.sessions:
            placement = self.schedule[session.id]
            for number, day in enumerate(self.conference.days):
                if day.hours.start <= placement.start < day.hours.end:
                    found.setdefault(session.track, set()).add((placement.room, number))
        return found

    def _strange(self, session: Session, hosted: dict[str | None, set[tuple[str, int]]]) -> list[cp_model.IntVar]:
        """Whether it is in another room, which hosts nothing of its track on that day."""
        if session.track is None:
            return []
        found = []
        for number, day in enumerate(self.conference.days):
            strange = [
                literal
                for room, literal in self.inside[session.id].items()
                if room != self.schedule[session.id].room and (room, number) not in hosted[session.track]
            ]
            if strange:
                on_day, both = self.model.new_bool_var(""), self.model.new_bool_var("")
                start = self.start[session.id]
                hours = cp_model.Domain(day.hours.start, day.hours.end - 1)
                self.model.add_linear_expression_in_domain(start, hours.complement()).only_enforce_if(on_day.negated())
                self.model.add(both >= sum(strange) + on_day - 1)
                found.append(both)
        return found
