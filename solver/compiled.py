"""The chain search on a board: the same answers as `solver.chains`, from the compiled kernel."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np

from solver import kernel
from solver.board import MOST_CLOSURES, Board
from solver.chains import Chains, redundant_part
from solver.conference import Placement
from solver.countdown import OutOfTimeError
from solver.index import Index
from solver.pool import Pool
from solver.problem import Places, Problem
from solver.timetable import FRAME

Remaining = Callable[[], float]

MOST_MOVES = kernel.LEVELS - 2
"""The kernel has room for so many moves at once; what takes more is left to other engines."""
NODES_AT_ONCE = 4000
"""After so many nodes, some milliseconds at most, the clock is looked at."""


class CompiledChains(Chains):
    """A search for the repairs of one problem whose facts and schedule are those of a board, but for its edits.

    A board serves one search at a time: the next one on it takes it over.
    """

    compiled = True

    def __init__(self, problem: Problem, board: Board, make_index: Callable[[], Index], remaining: Remaining) -> None:
        super().__init__(problem, make_index, remaining)
        overlay = _Overlay(problem, board)
        if not overlay.lay():
            board = Board(problem.conference, problem.schedule)
            overlay = _Overlay(problem, board)
            assert overlay.lay()
        self.board = board
        self._pools: dict[int, Pool] = {}
        self._head = board.tables.b
        self._standing = 0
        for session in overlay.changed:
            if session in board.schedule:
                self._take_away(board.number[session])
            if session in problem.schedule:
                self._put(session, problem.schedule[session])
        self._left_before = int(self._head[kernel.LEFT])

    def _set(self, table: int, row: int, value: int) -> None:
        self._head[self._head[table] + row] = value

    def _get(self, table: int, row: int) -> int:
        return int(self._head[self._head[table] + row])

    def _take_away(self, number: int) -> None:
        self._set(kernel.AWAY, number, 1)
        self._set(kernel.LEFT_ONES, int(self._head[kernel.LEFT]), number)
        self._head[kernel.LEFT] += 1

    def _put(self, session: str, at: Placement) -> None:
        room = self.board.room_number[at.room]
        self._stand(self.board.number[session], room, at.start, fixed=not self.problem.movable(session))

    def _stand(self, number: int, room: int, start: int, *, fixed: bool) -> None:
        row = self._standing
        self._set(kernel.OCCUPANT, row, number)
        self._set(kernel.OCCUPANT_ROOM, row, room)
        self._set(kernel.OCCUPANT_START, row, start)
        self._set(kernel.OCCUPANT_FIXED, row, fixed)
        self._set(kernel.SPOT, number, row)
        self._standing += 1
        self._head[kernel.OCCUPANTS] = self._standing

    def _somewhere(self, session: str) -> bool:
        tables = self.board.tables
        return bool(kernel.somewhere(tables.b, tables.m, tables.w, self.board.number[session]))

    def search(self, count: int, earlier: list[Places] | None = None, *, most: int | None = None) -> Places | None:
        """As `Chains.search`, for repairs that cost no more than `most`; ties go by session, room and start."""
        within = kernel.NO_PRICE if most is None else most
        if earlier:
            return self._alternative(count, earlier, within)
        self.best = None
        self._go_through(count, within, None)
        return self.best

    def _alternative(self, count: int, earlier: list[Places], within: int) -> Places | None:
        """The best that is distinct from the earlier ones: out of the pool of the last search, if that goes so far."""
        known = self._pools.get(count)
        best = [] if known is None else known.best(earlier, 1)
        if known is None or (not best and known.within < within):
            pool = Pool(earlier, self.wanted, within, lambda places: bool(redundant_part(self.index, places)))
            try:
                self._go_through(count, within, pool)
                self._pools[count] = pool
            finally:
                best = pool.best(earlier, 1)
                self.best = best[0].places if best else None
        return best[0].places if best and best[0].price <= within else None

    def _go_through(self, count: int, within: int, pool: Pool | None) -> None:
        """Search all covers: for the best into `best`, or, with a pool, for all that are of interest to it."""
        head = self._head
        head[kernel.FOUND], head[kernel.BEST], head[kernel.REPORTING] = 0, within, pool is not None
        for cover in self.covers(count):
            if self.remaining() <= 0:
                raise OutOfTimeError
            self._search(cover, count - len(cover), pool)

    def _search(self, cover: Collection[str], spare: int, pool: Pool | None) -> None:
        if len(cover) + spare > MOST_MOVES:
            raise OutOfTimeError
        waiting = np.array(sorted(self.board.number[one] for one in cover), dtype=np.int32)
        tables = self.board.tables
        self._leave(waiting.tolist())
        try:
            kernel.begin(tables.b, tables.m, tables.w, waiting, spare)
            self._run(pool)
        finally:
            self._return()

    def _run(self, pool: Pool | None) -> None:
        tables, head = self.board.tables, self._head
        while True:
            outcome = kernel.run(tables.b, tables.m, tables.w, self._standing, NODES_AT_ONCE)
            if pool is None and head[kernel.FOUND]:
                self.best = self._places(kernel.BEST_ROWS)
            if outcome == kernel.FINISHED:
                return
            if pool is not None and outcome == kernel.REPORTED:
                found = self._places(kernel.FOUND_ROWS)
                pool.add(found, self.problem.total_price(found))
                head[kernel.BEST] = pool.within
            if self.remaining() <= 0:
                raise OutOfTimeError

    # Parts of a repair, for searches that put one together.

    def place(
        self,
        queue: Sequence[int],
        moved: Mapping[int, tuple[int, int]],
        spare: int,
        nodes: int,
        away: Iterable[int] = (),
    ) -> dict[int, tuple[int, int]] | None:
        """Where those of the queue could go and whom they push out, at most `spare`, while others stand elsewhere.

        Everybody is told by number, places by room number and start; `away` are nowhere.  The cheapest that is found
        within so many nodes; None is no proof.
        """
        if len(queue) + spare > MOST_MOVES:
            return None
        tables = self.board.tables
        with self._standing_at(moved, [*queue, *away]):
            self._head[[kernel.FOUND, kernel.REPORTING]] = 0
            self._head[kernel.BEST] = kernel.NO_PRICE
            kernel.begin(tables.b, tables.m, tables.w, np.array(queue, dtype=np.int32), spare)
            kernel.run(tables.b, tables.m, tables.w, self._standing, nodes)
            if not self._head[kernel.FOUND]:
                return None
            return {one: (room, start) for one, room, start in self._rows(kernel.BEST_ROWS)}

    def fewest_places_first(
        self, sessions: Iterable[int], moved: Mapping[int, tuple[int, int]] | None = None
    ) -> list[int]:
        """The sessions in the order in which they are best placed, while none of them stands anywhere."""
        tables, sessions = self.board.tables, list(sessions)
        with self._standing_at(moved or {}, sessions):
            left = {one: kernel.places_left(tables.b, tables.m, tables.w, one) for one in sessions}
        return sorted(sessions, key=lambda one: (left[one], -self._get(kernel.MINUTES_NOW, one)))

    def who_stands_at(
        self, one: int, at: Placement, moved: Mapping[int, tuple[int, int]], away: Iterable[int]
    ) -> list[int]:
        """Who would have to leave for the session to go where it was; by number."""
        head = self._head
        with self._standing_at(moved, [*(set(away) - moved.keys()), one]):
            room = self.board.room_number[at.room]
            count = kernel.pushes(head, one, room, at.start, kernel.MOST_PUSHED)
            return [self._get(kernel.PUSHED, index) for index in range(count)]

    def state(self) -> list[kernel.Ints]:
        """Who is away, and who stands where instead: as it was before every search."""
        tables, size = self.board.tables, len(self.board.names)
        lists = [(kernel.LEFT_ONES, self._left_before), (kernel.OCCUPANT, self._standing)]
        lists += [(kernel.AWAY, size), (kernel.SPOT, size)]
        return [tables.at(name, count).copy() for name, count in lists]

    @contextmanager
    def _standing_at(self, moved: Mapping[int, tuple[int, int]], away: Iterable[int]) -> Iterator[None]:
        """Meanwhile some stand elsewhere, and may be pushed out again, and others stand nowhere."""
        before = self._standing, self._left_before
        try:
            self._leave([*moved, *away])
            for one, (room, start) in moved.items():
                self._stand(one, room, start, fixed=False)
            yield
        finally:
            self._standing, self._left_before = before
            self._return()

    def _rows(self, table: int) -> list[list[int]]:
        rows: list[list[int]] = self.board.tables.at(table, 3 * kernel.LEVELS).reshape(-1, 3).tolist()
        return rows[: next(index for index, row in enumerate(rows) if row[0] < 0)]

    def _places(self, table: int) -> Places:
        names, rooms = self.board.names, self.board.rooms
        return {names[one]: Placement(rooms[room], start) for one, room, start in self._rows(table)}

    def _leave(self, sessions: Iterable[int]) -> None:
        for one in sessions:
            if self._get(kernel.SPOT, one) >= 0:
                self._set(kernel.SPOT, one, -1)
            elif not self._get(kernel.AWAY, one):
                self._take_away(one)

    def _return(self) -> None:
        """Everything as it was before the search, wherever it was broken off."""
        head = self._head
        for row in range(self._standing, int(head[kernel.OCCUPANTS])):
            self._set(kernel.SPOT, self._get(kernel.OCCUPANT, row), -1)
        for row in range(self._left_before, int(head[kernel.LEFT])):
            one = self._get(kernel.LEFT_ONES, row)
            if one >= 0:
                self._set(kernel.AWAY, one, 0)
        head[kernel.OCCUPANTS], head[kernel.LEFT] = self._standing, self._left_before
        for row in range(self._standing):
            self._set(kernel.SPOT, self._get(kernel.OCCUPANT, row), row)


def serves(board: Board, problem: Problem) -> bool:
    """Whether the board can be searched for a problem that is much like those of its edits, but with other facts.

    It cannot where something is allowed now that was not, where rules between sessions are others, or where somebody
    may move whom an edit has placed: of them it knows the places that are near where they were.
    """
    known = board.conference
    return (
        all(getattr(problem.conference, name) is getattr(known, name) for name in FRAME)
        and all(one in problem.held or board.schedule.get(one) == problem.schedule.get(one) for one in problem.touched)
        and _Overlay(problem, board).lay()
    )


class _Overlay:
    """What of a problem differs from its board, laid over the board's tables."""

    def __init__(self, problem: Problem, board: Board) -> None:
        self.problem = problem
        self.board = board
        self.changed = [one for one in sorted(problem.touched) if self._differs(one)]
        conference, known = problem.conference, board.conference
        self.other_facts = []
        away: list[str] = []
        if conference is not known:
            self.other_facts = [one for one in conference.sessions if one is not known.session[one.id]]
            away = [one.id for one in conference.people if one is not known.person[one.id]]
        barred = {one.id for one in self.other_facts}
        barred |= {session.id for person in away for session in conference.sessions_of.get(person, ())}
        self.barred_anew = sorted(barred - problem.held)

    def _differs(self, one: str) -> bool:
        problem, board = self.problem, self.board
        return (
            problem.schedule.get(one) != board.schedule.get(one)
            or problem.conference.session[one].minutes != board.conference.session[one].minutes
        )

    def lay(self) -> bool:
        """Set the question; False where the board cannot serve, because something is allowed now that was not."""
        problem, board, tables = self.problem, self.board, self.board.tables
        closures = self._closures()
        if len(closures) > MOST_CLOSURES or self._anything_opened():
            return False
        size = len(board.names)
        minutes, movable = tables.at(kernel.MINUTES_NOW, size), tables.at(kernel.MOVABLE, size)
        minutes[:], movable[:] = board.placed[2], board.movable
        low, high = (tables.at(name, len(board.pair_reach[0])) for name in (kernel.LOW, kernel.HIGH))
        low[:], high[:] = board.pair_reach
        for one in self.other_facts:
            number = board.number[one.id]
            movable[number] = not one.pinned
            if one.minutes != minutes[number]:
                minutes[number] = one.minutes
                if not self._reach_anew(one.id, low, high):
                    return False
        for held in problem.held:
            movable[board.number[held]] = 0
        tables.b[kernel.CLOSED] = len(closures)
        tables.at(kernel.CLOSURES, closures.size)[:] = closures.ravel()
        self._origins()
        tables.at(kernel.AWAY, size)[:] = tables.at(kernel.ROOM, size) < 0
        tables.at(kernel.SPOT, size)[:] = -1
        for name in (kernel.FAILED, kernel.KNOWN_AT):
            tables.at(name, size)[:] = 0
        tables.b[[kernel.LEFT, kernel.OCCUPANTS, kernel.NODES, kernel.FAILURES, kernel.ENTRIES]] = 0
        return self._masks()

    def _masks(self) -> bool:
        board, conference, tables = self.board, self.problem.conference, self.board.tables
        masks, mask_of = board.kinds
        rows = tables.at(kernel.MASK, len(board.names))
        rows[:] = mask_of
        if not self.barred_anew:
            return True
        if len(tables.m) < len(masks) + len(self.barred_anew):
            more = np.zeros((2 * len(self.barred_anew), board.cells), dtype=np.uint8)
            tables.m = np.concatenate([masks, more])
        for row, session in enumerate(self.barred_anew, len(masks)):
            number = board.number[session]
            mask = board.mask(conference, conference.session[session])
            if (mask > masks[mask_of[number]]).any():
                return False
            tables.m[row] = mask
            rows[number] = row
        return True

    def _reach_anew(self, session: str, low: kernel.Ints, high: kernel.Ints) -> bool:
        """Write the pair windows of a session of another length over the old ones; False if they are others."""
        board, conference = self.board, self.problem.conference
        first, (other, here, there, _, _) = board.pairs
        number = board.number[session]
        partners = set(other[first[number] : first[number + 1]].tolist())
        for one in (number, *partners):
            rows = slice(first[one], first[one + 1])
            now = board.windows(conference, conference.session[board.names[one]])
            if [now.other, now.here, now.there] != [part[rows].tolist() for part in (other, here, there)]:
                return False
            low[rows], high[rows] = now.low, now.high
        return True

    def _anything_opened(self) -> bool:
        """Whether a room is open now when the board has it closed."""
        known = self.board.conference
        if self.problem.conference is known:
            return False
        return any(
            not set(known.room[room.id].closed).issubset(room.closed)
            for room in self.problem.conference.rooms
            if room is not known.room[room.id]
        )

    def _closures(self) -> kernel.Ints:
        """Rows of room, from, to."""
        board = self.board
        found = [
            (board.room_number[room.id], closed.start, closed.end)
            for room in self.problem.conference.rooms
            if room is not board.conference.room[room.id]
            for closed in room.closed
            if closed not in board.conference.room[room.id].closed
        ]
        return np.array(found, dtype=np.int32).reshape(-1, 3)

    def _origins(self) -> None:
        """Where moves are priced from, and the rooms and days that host each track, as edited."""
        problem, board, tables = self.problem, self.board, self.board.tables
        size = len(board.names)
        rooms, starts = tables.at(kernel.ORIGIN_ROOM, size), tables.at(kernel.ORIGIN_START, size)
        rooms[:], starts[:] = board.placed[0], board.placed[1]
        hosts = board.hosts.copy()
        for session in self.changed:
            number = board.number[session]
            now = problem.origins.get(session)
            for place, more in ((board.schedule.get(session), -1), (now, 1)):
                day = None if place is None else board.day_number(place.start)
                if place is not None and day is not None and board.track_of[number] >= 0:
                    hosts[board.track_of[number], board.room_number[place.room], day] += more
            rooms[number], starts[number] = (-1, -1) if now is None else (board.room_number[now.room], now.start)
        tables.at(kernel.HOSTED, hosts.size)[:] = (hosts > 0).ravel()
