"""A conference and its schedule kept hot: laid out as arrays for the compiled search, once for all questions.

A board is built when a schedule is first asked about, and stays true for as long as that schedule does; edits lie over
it (see `solver.compiled`), they do not change it.  The board of the next version *follows* from it: only what stands
near a change is looked at again.  Building goes in steps of some milliseconds, so that a process with one thread can
do other things between them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from solver import check, displaced, kernel
from solver.conference import Conference, Placement, Schedule, Session
from solver.following import Patch, patch
from solver.rules import RULES, PairRule, RoomRule, UnaryRule, Violation
from solver.rules.rule import FOREVER
from solver.tables import Tables, bits, notes
from solver.timetable import Timetable

if TYPE_CHECKING:
    from solver.problem import Places, Problem

MOST_CLOSURES = 64
"""Edits that close more rooms than this get a board of their own."""
MOST_MASKS = 5000
"""More masks than this are forgotten when a board follows from another."""
NOTHING = (np.zeros((0, 4), dtype=np.int32), *[np.zeros(0, dtype=np.int32)] * 5)
FAR = 2**29
"""Stands for `FOREVER` where numbers have 32 bits."""


AT_ONCE = 32
"""Sessions that are looked at in one step of building."""


class Windows(NamedTuple):
    """The pair windows of one session: rows of other, group here, group there, low, high."""

    other: list[int]
    here: list[int]
    there: list[int]
    low: list[int]
    high: list[int]


class Board:
    """One conference with one schedule; sessions and rooms are numbered by id."""

    def __init__(self, conference: Conference, schedule: Schedule) -> None:
        self.conference = conference
        self.schedule = schedule
        self.names = sorted(conference.session)
        self.number = {name: number for number, name in enumerate(self.names)}
        self.rooms = sorted(conference.room)
        self.room_number = {room: number for number, room in enumerate(self.rooms)}
        self.days = sorted(conference.days, key=lambda day: day.hours.start)
        hours = [conference.clock.starts(day.hours.start, day.hours.end) for day in self.days]
        self.starts = np.unique(np.array([start for row in hours for start in row], dtype=np.int32))
        self._start_list: list[int] = self.starts.tolist()
        self.cells = len(self.rooms) * len(self.starts)
        self._groups: dict[frozenset[str], int] = {frozenset(self.rooms): 0}
        self._masks: dict[tuple[Hashable, ...], NDArray[np.bool_]] = {}
        self._before: tuple[Board, Patch] | None = None

    def follow(self, conference: Conference, schedule: Schedule) -> Board:
        """The board of a later conference and schedule, to be laid out: as if it had been built anew, but quickly.

        What is too different is built anew.
        """
        after = Board(conference, schedule)
        change = patch(self.conference, self.schedule, conference, schedule)
        if change is not None and "tables" in self.__dict__:
            after._before = self, change
            after._groups = dict(self._groups)
            after._masks = self._masks if len(self._masks) < MOST_MASKS else {}
        return after

    def prepare(self) -> None:
        """Work out now whatever questions will ask."""
        for _ in self.steps():
            pass

    def steps(self) -> Iterator[None]:
        """Do the same step by step; each takes some milliseconds."""
        conference = self.conference
        _ = conference.kin, conference.rank, conference.busy, conference.sessions_by_track, self.hosts
        yield
        _ = self.violations
        yield
        if "pairs" not in self.__dict__:
            yield from self._lay_pairs()
        if "kinds" not in self.__dict__:
            yield from self._lay_kinds()
        if "tables" not in self.__dict__:
            yield from self._lay_tables()
        self._before = None

    @cached_property
    def timetable(self) -> Timetable:
        """The schedule in order, for checks."""
        if self._before is not None:
            return self._before[0].timetable.follow(self.conference, self.schedule)
        return Timetable(self.conference, self.schedule)

    @property
    def violations(self) -> list[Violation]:
        """What the schedule breaks before any edit, by the plain checker."""
        return self.timetable.violations

    def violations_after(
        self, conference: Conference, schedule: Schedule, concerned: Collection[str]
    ) -> list[Violation]:
        """What is broken when something has changed about the sessions that are concerned."""
        return self.timetable.violations_after(conference, schedule, concerned)

    def faults(self, problem: Problem, places: Places) -> list[Violation]:
        """What is still broken after the moves, by the plain checker; for a problem of this board."""
        schedule = {**problem.schedule, **places}
        rooms = {place.room for place in places.values()}
        near = [one for room in rooms for one in self.timetable.in_room(room)]
        found = [one for one in problem.violations if not any(session in places for session in one.sessions)]
        found += check.around(problem.conference, schedule, places, [*near, *problem.touched, *places])
        return [violation for violation in found if not problem.tolerates(violation, places)]

    def legal_places(self, session: str) -> list[Placement]:
        """The other places on the grid where a session breaks nothing while everybody else stays, the cheapest move
        first.  Raises `KeyError` for a session that is not there."""
        number = self.number[session]
        first, last = self.tables.at(kernel.FIRST_FREE, len(self.names) + 1)[number : number + 2].tolist()
        cells = self.tables.at(kernel.FREE, last)[first:].tolist()
        columns, starts = len(self.starts), self._start_list
        return [Placement(self.rooms[cell // columns], starts[cell % columns]) for cell in cells]

    # Facts about one session.

    def mask(self, conference: Conference, session: Session) -> NDArray[np.bool_]:
        """The cells, one after the other, where no fact of the conference bars the session."""
        masks = [
            self._mask(conference, rule, session)
            for rule in RULES
            if isinstance(rule, UnaryRule) and rule.name not in conference.waived
        ]
        return np.logical_and.reduce(masks) if masks else np.ones(self.cells, dtype=bool)

    def _mask(self, conference: Conference, rule: UnaryRule, session: Session) -> NDArray[np.bool_]:
        looks_at = rule.depends_on(conference, session)
        if looks_at is None:
            return self._unbarred(conference, rule, session)
        key = (rule.name, *looks_at)
        if key not in self._masks:
            self._masks[key] = self._unbarred(conference, rule, session)
        return self._masks[key]

    def _unbarred(self, conference: Conference, rule: UnaryRule, session: Session) -> NDArray[np.bool_]:
        mask = np.ones((len(self.rooms), len(self.starts)), dtype=bool)
        for number, room in enumerate(self.rooms):
            for first, last in rule.barred(conference, session, room):
                mask[number, bisect_left(self._start_list, first) : bisect_left(self._start_list, last)] = False
        return mask.ravel()

    def windows(self, conference: Conference, session: Session) -> Windows:
        """What pair rules forbid the session, for each of its partners."""
        found = Windows([], [], [], [], [])
        for rule in RULES:
            if not isinstance(rule, PairRule) or rule.name in conference.waived:
                continue
            for other in sorted(set(rule.partners(conference, session)) - {session.id}):
                for there, here, low, high in self._said(conference, rule, session, conference.session[other]):
                    found.other.append(self.number[other])
                    found.here.append(here)
                    found.there.append(there)
                    found.low.append(max(low, -FAR))
                    found.high.append(min(high, FAR))
        return found

    def _said(
        self, conference: Conference, rule: PairRule, session: Session, other: Session
    ) -> Iterable[tuple[int, int, int, int]]:
        """Windows that hold whenever the other one is in a group of rooms: that group, the session's, low, high."""
        rooms_by_window: dict[tuple[frozenset[str] | None, int, int], list[str]] = {}
        answers: dict[Hashable, Sequence[tuple[frozenset[str] | None, int, int]]] = {}
        for room in self.rooms:
            kind = rule.room_kind(conference, room)
            if kind not in answers:
                answers[kind] = [
                    (None if rooms is None else frozenset(rooms), low, high)
                    for rooms, low, high in rule.windows(conference, session, other, room)
                ]
            for window in answers[kind]:
                rooms_by_window.setdefault(window, []).append(room)
        for (rooms, low, high), there in rooms_by_window.items():
            yield self._group(there), 0 if rooms is None else self._group(rooms), low, high

    def _group(self, rooms: Iterable[str]) -> int:
        return self._groups.setdefault(frozenset(rooms), len(self._groups))

    # The whole.

    @cached_property
    def kinds(self) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
        """The different masks, and the row among them of each session."""
        for _ in self._lay_kinds():
            pass
        found: tuple[NDArray[np.uint8], NDArray[np.int32]] = self.__dict__["kinds"]
        return found

    def _lay_kinds(self) -> Iterator[None]:
        masks: list[NDArray[np.uint8]] = []
        mask_of = np.zeros(len(self.names), dtype=np.int32)
        again: Collection[str] = self.names
        if self._before is not None:
            before, change = self._before
            if not change.masked and not change.closures:
                self.__dict__["kinds"] = before.kinds
                return
            if not change.closures:
                again, masks, mask_of = change.masked, list(before.kinds[0]), before.kinds[1].copy()
        rows = {mask.tobytes(): row for row, mask in enumerate(masks)}
        for count, name in enumerate(again):
            mask = self.mask(self.conference, self.conference.session[name]).astype(np.uint8)
            row = rows.setdefault(mask.tobytes(), len(rows))
            if row == len(masks):
                masks.append(mask)
            mask_of[self.number[name]] = row
            if count % AT_ONCE == 0:
                yield
        whole = np.stack(masks) if masks else np.zeros((0, self.cells), dtype=np.uint8)
        self.__dict__["kinds"] = whole, mask_of

    @cached_property
    def pairs(self) -> tuple[NDArray[np.int32], tuple[NDArray[np.int32], ...]]:
        """Where each session's pair windows begin, and the windows by column: other, here, there, low, high."""
        for _ in self._lay_pairs():
            pass
        found: tuple[NDArray[np.int32], tuple[NDArray[np.int32], ...]] = self.__dict__["pairs"]
        return found

    def _lay_pairs(self) -> Iterator[None]:
        before, change = self._before or (None, None)
        if before is not None and change is not None and not change.retimed:
            self.__dict__["pairs"] = before.pairs
            return
        rows: list[Sequence[NDArray[np.int32]]] = []
        for number, name in enumerate(self.names):
            if before is None or change is None or name in change.retimed:
                found = self.windows(self.conference, self.conference.session[name])
                rows.append([np.array(column, dtype=np.int32) for column in found])
                if number % AT_ONCE == 0:
                    yield
            else:
                first, columns = before.pairs
                rows.append([column[first[number] : first[number + 1]] for column in columns])
        sizes = [0, *(len(row[0]) for row in rows)]
        empty = [np.zeros(0, dtype=np.int32)] * len(Windows._fields)
        columns = tuple(np.concatenate(column) for column in zip(empty, *rows, strict=True))
        self.__dict__["pairs"] = np.cumsum(sizes, dtype=np.int32), columns

    @cached_property
    def tables(self) -> Tables:
        """Everything that the compiled search asks of the schedule, and room for its own notes."""
        for _ in self._lay_tables():
            pass
        found: Tables = self.__dict__["tables"]
        return found

    def _lay_tables(self) -> Iterator[None]:
        masks, _ = self.kinds
        words = (len(self.names) + 63) // 64
        found = Tables(np.zeros(kernel.HEADER, dtype=np.int32), masks, np.zeros(0, dtype=np.uint64))
        found.lay({**self._facts(), **self._unasked(), **notes(len(self.names), self.cells)})
        minutes = self.placed[2]
        lengths = np.unique(minutes)
        numbers = {
            kernel.SESSIONS: len(self.names),
            kernel.COLUMNS: len(self.starts),
            kernel.ROOMS: len(self.rooms),
            kernel.CELLS: self.cells,
            kernel.DAYS: len(self.days),
            kernel.KINDS: len(masks),
            kernel.SIZES: len(lengths),
            kernel.WORDS: words,
        }
        for number, value in numbers.items():
            found.b[number] = value
        first_pair, (other, *_) = self.pairs
        nobody = np.zeros((len(self.names), words), dtype=np.uint64)
        circle = bits([other[first:last] for first, last in pairwise(first_pair)], words)
        hope = np.zeros((kernel.LEVELS, kernel.HOPES, words), dtype=np.uint64)
        by_length = bits([np.flatnonzero(minutes <= length) for length in (0, *lengths)], words)
        found.lay_sets({kernel.ONES: nobody, kernel.TWOS: nobody, kernel.MORE: nobody, kernel.CIRCLE: circle})
        found.lay_sets({kernel.BY_LENGTH: by_length, kernel.HOPE: hope})
        yield
        yield from self._look_around(found, words)
        self.__dict__["tables"] = found

    def _facts(self) -> dict[int, NDArray[Any]]:
        """The tables that no question changes."""
        room, start, minutes = self.placed
        first_pair, (other, here, there, _, _) = self.pairs
        in_room = np.lexsort((start, room)).astype(np.int32)[np.count_nonzero(room < 0) :]
        longest = np.zeros(len(self.rooms), dtype=np.int32)
        np.maximum.at(longest, room[in_room], minutes[in_room])
        groups = np.zeros((len(self._groups), len(self.rooms)), dtype=np.int32)
        for members, number in self._groups.items():
            groups[number, [self.room_number[one] for one in members]] = 1
        return {
            kernel.STARTS: self.starts,
            kernel.PAD: np.array([self._pad(one) for one in self.rooms]),
            kernel.ROOM: room,
            kernel.START: start,
            kernel.MINUTES: minutes,
            kernel.FIRST_IN_ROOM: np.searchsorted(room[in_room], np.arange(len(self.rooms) + 1)),
            kernel.IN_ROOM: in_room,
            kernel.LONGEST: longest,
            kernel.FIRST_PAIR: first_pair,
            kernel.OTHER: other,
            kernel.HERE: here,
            kernel.THERE: there,
            kernel.GROUPS: groups,
            kernel.LENGTHS: np.unique(minutes),
            kernel.TRACK: self.track_of,
            kernel.DAY_OF: self.day_of,
        }

    def _unasked(self) -> dict[int, NDArray[Any]]:
        """The tables that a question sets, as they are without an edit."""
        room, start, minutes = self.placed
        _, (_, _, _, low, high) = self.pairs
        return {
            kernel.MINUTES_NOW: minutes,
            kernel.MOVABLE: self.movable,
            kernel.MASK: self.kinds[1],
            kernel.LOW: low,
            kernel.HIGH: high,
            kernel.ORIGIN_ROOM: room,
            kernel.ORIGIN_START: start,
            kernel.HOSTED: self.hosts > 0,
            kernel.CLOSURES: np.zeros(3 * MOST_CLOSURES),
        }

    def _look_around(self, found: Tables, words: int) -> Iterator[None]:
        """Add whom each session pushes out in every cell."""
        size = len(self.names)
        before, whole, stretches = found.b, np.ones(size, dtype=np.uint8), np.zeros((0, 3), dtype=np.int32)
        if self._before is not None:
            before, whole, stretches = self._look_near(found, words)
        parts = []
        for first in range(0, size, AT_ONCE):
            last = min(first + AT_ONCE, size)
            parts.append(displaced.who_is_pushed(found.b, found.m, found.w, first, last, before, whole, stretches))
            yield
        counts, *lists = (np.concatenate(part) for part in zip(*parts, strict=True)) if parts else NOTHING
        firsts = [np.concatenate([[0], np.cumsum(counts[:, kind])]).astype(np.int32) for kind in range(3)]
        free, one, one_pushed, two, two_pushed = lists
        level = displaced.levels(firsts[0], firsts[1], one_pushed, firsts[2], two_pushed)
        yield
        found.lay(
            {
                kernel.FIRST_FREE: firsts[0],
                kernel.FREE: free,
                kernel.FIRST_ONE: firsts[1],
                kernel.ONE: one,
                kernel.ONE_PUSHED: one_pushed,
                kernel.FIRST_TWO: firsts[2],
                kernel.TWO: two,
                kernel.TWO_PUSHED: two_pushed,
                kernel.CHEAPEST: counts[:, 3],
                kernel.LEVEL: level,
            }
        )
        steps = [np.flatnonzero(level <= step) for step in range(kernel.HIGHEST_LEVEL + 1)]
        found.lay_sets({kernel.BY_LEVEL: bits(steps, words)})

    def _look_near(self, found: Tables, words: int) -> tuple[kernel.Ints, NDArray[np.uint8], kernel.Ints]:
        """What to look at again: the numbers before, who is looked at whole, and the stretches; who pushes out
        somebody with several others is taken over."""
        assert self._before is not None
        before, change = self._before
        old = before.tables
        whole = np.zeros(len(self.names), dtype=np.uint8)
        whole[[self.number[one] for one in change.whole]] = 1
        if self.kinds is not before.kinds:
            for number, (row, old_row) in enumerate(zip(self.kinds[1], before.kinds[1], strict=True)):
                if not np.array_equal(self.kinds[0][row], before.kinds[0][old_row]):
                    whole[number] = 1
        # With those that are looked at in part, nobody is taken out: more than there are do no harm.
        more = old.w[old.b[kernel.MORE] :][: len(self.names) * words].reshape(-1, words).copy()
        more &= ~bits([np.flatnonzero(whole)], words)
        more[[self.number[one] for one in change.moved]] = 0
        found.w[found.b[kernel.MORE] :][: more.size] = more.ravel()
        rows = [(self.room_number[room], first, last) for room, first, last in change.stretches]
        return old.b, whole, np.array(rows, dtype=np.int32).reshape(-1, 3)

    @cached_property
    def placed(self) -> tuple[kernel.Ints, kernel.Ints, kernel.Ints]:
        """Session → its room and start, −1 where it is unplaced, and its length."""
        room, start = np.full(len(self.names), -1, dtype=np.int32), np.full(len(self.names), -1, dtype=np.int32)
        for session, placement in self.schedule.items():
            room[self.number[session]] = self.room_number[placement.room]
            start[self.number[session]] = placement.start
        return room, start, np.array([self.conference.session[name].minutes for name in self.names], dtype=np.int32)

    def _pad(self, room: str) -> int:
        return max(
            (
                rule.pad(self.conference.room[room])
                for rule in RULES
                if isinstance(rule, RoomRule) and rule.name not in self.conference.waived
            ),
            default=-FOREVER,
        )

    @cached_property
    def movable(self) -> NDArray[np.uint8]:
        """Who is not pinned."""
        return np.array([not self.conference.session[name].pinned for name in self.names], dtype=np.uint8)

    @cached_property
    def pair_reach(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The lower and the upper ends of the pair windows."""
        _, (_, _, _, low, high) = self.pairs
        return low, high

    @cached_property
    def tracks(self) -> Mapping[str, int]:
        """Tracks by number."""
        named = {one.track for one in self.conference.sessions if one.track is not None}
        return {track: number for number, track in enumerate(sorted(named))}

    @cached_property
    def track_of(self) -> NDArray[np.int32]:
        """Session → its track, or −1."""
        found = [self.conference.session[name].track for name in self.names]
        return np.array([-1 if track is None else self.tracks[track] for track in found], dtype=np.int32)

    @cached_property
    def day_of(self) -> NDArray[np.int32]:
        """Start → its day."""
        found = np.full(len(self.starts), -1, dtype=np.int32)
        for number, day in enumerate(self.days):
            first, last = (bisect_left(self._start_list, time) for time in (day.hours.start, day.hours.end))
            found[first:last] = number
        return found

    @cached_property
    def hosts(self) -> NDArray[np.int16]:
        """Track × room × day: how many of its sessions the schedule has there."""
        found = np.zeros((len(self.tracks), len(self.rooms), len(self.days)), dtype=np.int16)
        for session, placement in self.schedule.items():
            track, day = self.conference.session[session].track, self.day_number(placement.start)
            if track is not None and day is not None:
                found[self.tracks[track], self.room_number[placement.room], day] += 1
        return found

    def day_number(self, minute: int) -> int | None:
        """The number of the day whose hours hold a minute."""
        return next((n for n, day in enumerate(self.days) if day.hours.start <= minute < day.hours.end), None)
