"""A repair's question, put once: what must be mended, what may move, and what a move costs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from solver import check
from solver.answer import Evidence, RepairMove
from solver.conference import Conference, Day, Placement, Schedule
from solver.edits import Edit, Edited, apply
from solver.rules import Violation

if TYPE_CHECKING:
    from solver.board import Board

Scope = Literal["all", "edit"]

Places = dict[str, Placement]
"""The moves of a repair: session → its new place."""

ROOM_CHANGE_PRICE = 15
FOREIGN_ROOM_PRICE = 30
DISTINCT_MINUTES = 30
"""Alternatives that move the same sessions to the same rooms differ by at least this much somewhere."""


@dataclass(frozen=True)
class Problem:
    """A schedule as edited, with what the edits and the scope say about it."""

    conference: Conference
    schedule: Schedule
    held: frozenset[str]
    """Sessions that the edits placed: they stay."""
    touched: frozenset[str]
    old_keys: frozenset[tuple[object, ...]]
    """Violations that were there before the edits and may stay (`scope="edit"`); empty for `scope="all"`."""
    homeless: tuple[str, ...]
    """Unplaced sessions that are to be placed."""
    lenient: bool = False
    """Whether old violations may stay (`scope="edit"`)."""
    origins: Schedule = field(default_factory=dict)
    """What moves are priced against: the schedule as edited, also while a search takes sessions out of `schedule`."""

    @staticmethod
    def of(
        conference: Conference,
        schedule: Schedule,
        edits: Sequence[Edit],
        scope: Scope,
        place: bool,
        board: Board | None = None,
    ) -> Problem:
        """Apply the edits and put the question.  Raises `EditError`.

        A board of this conference and schedule knows what was broken before, so that only what is around the edits is
        looked at.
        """
        edited: Edited = apply(conference, schedule, edits)
        homeless: list[str] = []
        if place:
            homeless = [o.id for o in edited.conference.sessions if o.id not in edited.schedule and not o.pinned]
        old: list[Violation] = []
        if scope == "edit":
            old = check.violations(conference, schedule) if board is None else board.violations
        problem = Problem(
            edited.conference,
            edited.schedule,
            edited.held,
            edited.touched,
            frozenset(violation.key for violation in old),
            tuple(homeless),
            scope == "edit",
            edited.schedule,
        )
        if board is not None:
            problem.break_known(board.violations_after(edited.conference, edited.schedule, edited.concerned))
        return problem

    def break_known(self, violations: list[Violation]) -> None:
        """Take what the schedule breaks from somebody who knows it: the plain checker is not asked again."""
        self.__dict__["violations"] = violations

    @cached_property
    def homeless_or_broken(self) -> tuple[str, ...]:
        """Sessions that must be given another place whatever else happens, by id."""
        must = set(self.homeless)
        for violation in self.broken:
            movable = [session for session in violation.sessions if self.movable(session)]
            if len(movable) == 1:
                must.add(movable[0])
        return tuple(sorted(must))

    def movable(self, session: str) -> bool:
        return session not in self.held and not self.conference.session[session].pinned

    def tolerates(self, violation: Violation, moved: Collection[str] = ()) -> bool:
        """Whether the violation may stay when the sessions `moved` have moved."""
        return violation.key in self.old_keys and self.untouched(violation.sessions, moved)

    def untouched(self, sessions: Iterable[str], moved: Collection[str] = ()) -> bool:
        return not any(session in self.touched or session in moved for session in sessions)

    @cached_property
    def violations(self) -> list[Violation]:
        """Every violation of the schedule as edited, by the plain checker."""
        return check.violations(self.conference, self.schedule)

    @cached_property
    def broken(self) -> list[Violation]:
        """What a repair must mend."""
        return [violation for violation in self.violations if not self.tolerates(violation)]

    @cached_property
    def days_in_order(self) -> tuple[Day, ...]:
        return tuple(sorted(self.conference.days, key=lambda day: day.hours.start))

    @cached_property
    def grid(self) -> tuple[int, ...]:
        """Every start on the grid in the hours of a day, ascending."""
        hours = [self.conference.clock.starts(day.hours.start, day.hours.end) for day in self.conference.days]
        return tuple(sorted({start for starts in hours for start in starts}))

    def hosted(self, track: str) -> frozenset[tuple[str, Day | None]]:
        """The rooms and days that host a session of the track in the schedule as edited."""
        if track not in self._hosted:
            places = [
                self.origins[one] for one in self.conference.sessions_by_track.get(track, ()) if one in self.origins
            ]
            self._hosted[track] = frozenset((place.room, self.conference.day_of(place.start)) for place in places)
        return self._hosted[track]

    @cached_property
    def _hosted(self) -> dict[str, frozenset[tuple[str, Day | None]]]:
        return {}

    def price(self, session: str, target: Placement) -> int:
        """The price of moving one session, in minutes; one that was unplaced pays for its room only."""
        origin = self.origins.get(session)
        price = abs(target.start - origin.start) if origin else 0
        if origin is None or origin.room != target.room:
            price += ROOM_CHANGE_PRICE
            track = self.conference.session[session].track
            where = (target.room, self.conference.day_of(target.start))
            if track is not None and where not in self.hosted(track):
                price += FOREIGN_ROOM_PRICE
        return price

    def total_price(self, places: Mapping[str, Placement]) -> int:
        return sum(self.price(session, target) for session, target in places.items())

    def moves(self, places: Mapping[str, Placement]) -> tuple[RepairMove, ...]:
        """The moves of a repair, in the order of time, room and session of their targets."""
        row = sorted(places.items(), key=lambda item: (item[1].start, item[1].room, item[0]))
        return tuple(RepairMove(session, self.schedule.get(session), target) for session, target in row)

    def faults(self, places: Mapping[str, Placement]) -> list[Violation]:
        """What is still broken after the moves, by the plain checker."""
        found = check.violations(self.conference, {**self.schedule, **places})
        return [violation for violation in found if not self.tolerates(violation, places)]


@dataclass
class Finding:
    """What a search knows so far; an engine takes one up and hands it on better."""

    places: Places | None = None
    """The best repair in hand."""
    count_floor: int = 0
    """No repair moves fewer."""
    price_floor: int = 0
    """No repair of the proved count costs less."""
    price_proved: bool = False
    infeasible: bool = False
    culprits: tuple[str, ...] = ()
    """When infeasible: the sessions whose places cannot be reconciled."""
    proofs: dict[str, Evidence] = field(default_factory=dict)
    """What the floor (`moved`), the least price (`price`) and infeasibility rest on."""

    def raise_floor(self, count: int, by: str, confirmed_by: str | None = None) -> None:
        """Note a proof that no repair moves fewer."""
        if count > self.count_floor:
            self.count_floor = count
            before = self.proofs.get("moved")
            engines = [by] if before is None else [*before.by.split("+"), by]
            self.proofs["moved"] = Evidence("+".join(dict.fromkeys(engines)), confirmed_by)

    def settle_price(self, by: str, confirmed_by: str | None = None) -> None:
        """Note a proof that the repair in hand has the least price of its count."""
        self.price_proved = True
        self.proofs["price"] = Evidence(by, confirmed_by)

    def refuted(self, by: str, culprits: tuple[str, ...] = (), confirmed_by: str | None = None) -> None:
        """Note a proof that there is no repair."""
        self.infeasible, self.culprits = True, culprits
        self.proofs["infeasible"] = Evidence(by, confirmed_by)

    @property
    def count_proved(self) -> bool:
        """Whether the repair in hand moves no more than the floor."""
        return self.places is not None and len(self.places) <= self.count_floor


def distinct(places: Mapping[str, Placement], earlier: Mapping[str, Placement]) -> bool:
    """Whether a repair differs enough from an earlier one to be an alternative."""
    if places.keys() != earlier.keys():
        return True
    return any(
        target.room != earlier[session].room or abs(target.start - earlier[session].start) >= DISTINCT_MINUTES
        for session, target in places.items()
    )
