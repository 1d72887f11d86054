"""The CP-SAT model of a repair in which only some sessions are free.

Free sessions may go anywhere; every other movable session may only stay or be *evicted*, at the price of one
move and without getting a place.  So the model is a relaxation: what it proves impossible is impossible for the whole
conference, and an optimum in which nobody is evicted is a true optimum.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Event, Thread

import numpy as np
from ortools.sat.python import cp_model

from solver.choices import Choices
from solver.conference import Placement
from solver.countdown import Remaining, countdown
from solver.problem import DISTINCT_MINUTES, ROOM_CHANGE_PRICE, Places, Problem

GRACE_SECONDS = 0.15
"""So much longer than its limit a solve may take; the time limit of a repair is kept to about that."""
LOOK_SECONDS = 0.05


@dataclass
class Solved:
    """One solve: the places taken by free sessions, who was evicted, and the bound of its objective."""

    status: int
    places: Places = field(default_factory=dict)
    evicted: list[str] = field(default_factory=list)
    bound: int = 0

    @property
    def optimal(self) -> bool:
        return self.status == cp_model.OPTIMAL

    @property
    def infeasible(self) -> bool:
        return self.status == cp_model.INFEASIBLE


class Relaxation:
    """The model for one set of free sessions.

    With `most`, it is asked only about repairs of at most so many moves, with `price`, only about those that cost no
    more: places that neither could have are left out.  Raises `OutOfTimeError` when it cannot be built in time.
    """

    def __init__(
        self,
        problem: Problem,
        free: Sequence[str],
        remaining: Remaining | None = None,
        *,
        most: int | None = None,
        price: int | None = None,
    ) -> None:
        self.problem = problem
        self.choices = Choices(problem, free, remaining)
        self.choices.post_rules()
        self.model = cp_model.CpModel()
        self._literals: dict[int, cp_model.IntVar] = {}
        self._stays: dict[int, cp_model.IntVar] = {}
        self._solver: cp_model.CpSolver | None = None
        self._stopped = Event()
        self._movable = [problem.movable(session) for session in self.choices.sessions]
        self.contradiction = self._settle_fixed()
        if self.contradiction:
            return
        if most is not None:
            self._leave_out_pushy_places(most)
        if price is not None:
            self._leave_out_dear_places(price)
        self._give_every_free_session_a_place()
        self._post_conflicts()
        if most is not None:
            self.model.add(self.count() <= most)

    # Building.

    def _settle_fixed(self) -> tuple[str, ...]:
        """Take out what a fixed session forbids; the names of fixed sessions that are broken among themselves."""
        table = self.choices
        for (_, stay), parts in table.hits.items():
            if not self._movable[table.session[stay]]:
                for rows in parts:
                    table.dead[rows] = True
        for number, session in enumerate(table.sessions):
            row = table.stay(number)
            if row is not None and table.dead[row] and not self._movable[number]:
                return (session,)
        for pair in sorted(table.clashes):
            loose = [row for row in pair if self._movable[table.session[row]]]
            if not loose:
                return tuple(table.sessions[table.session[row]] for row in pair)
            if len(loose) == 1:
                table.dead[loose[0]] = True
        return ()

    def _must_move(self) -> set[int]:
        """The free sessions, by number, that cannot stay."""
        table = self.choices
        rows = [table.stay(number) for number in range(len(table.free))]
        return {number for number, row in enumerate(rows) if row is None or table.dead[row]}

    def _leave_out_pushy_places(self, most: int) -> None:
        """A place that pushes out so many that, with those who must move anyway, there are more than `most`."""
        table = self.choices
        pushes = np.zeros(len(table.start), dtype=np.int64)
        for (_, stay), parts in table.hits.items():
            if table.session[stay] >= len(table.free):
                pushes[np.unique(np.concatenate(parts))] += 1
        must = self._must_move()
        base = np.array([len(must | {number}) for number in range(len(table.sessions))], dtype=np.int64)
        table.dead |= ~table.stays & (pushes + base[table.session] > most)

    def _leave_out_dear_places(self, price: int) -> None:
        """A place that costs more than what is left when the others who must move take their cheapest places."""
        table = self.choices
        must = self._must_move()
        prices = np.zeros(len(table.start), dtype=np.int64)
        for row in np.flatnonzero(~table.dead & ~table.stays).tolist():
            prices[row] = self.problem.price(table.sessions[table.session[row]], self._placement(row))
        least = np.zeros(len(table.sessions), dtype=np.int64)
        for number in must:
            rows = table.of([table.sessions[number]])
            least[number] = prices[rows[~table.dead[rows]]].min(initial=price)
        table.dead |= ~table.stays & (prices > price - least.sum() + least[table.session])

    def _placement(self, row: int) -> Placement:
        return Placement(self.choices.rooms[self.choices.room[row]], int(self.choices.start[row]))

    def _give_every_free_session_a_place(self) -> None:
        table = self.choices
        for number in range(len(table.free)):
            table.keep_time()
            rows = table.of([table.free[number]])
            literals = []
            for row in rows[~table.dead[rows]].tolist():
                literal = self.model.new_bool_var("")
                (self._stays if table.stays[row] else self._literals)[row] = literal
                literals.append(literal)
            self.model.add_exactly_one(literals)
        for row in np.flatnonzero(table.dead & table.stays).tolist():
            if table.session[row] >= len(table.free):
                self.model.add(self._stay(row) == 0)

    def _post_conflicts(self) -> None:
        table = self.choices
        for (_, stay), parts in table.hits.items():
            table.keep_time()
            if self._movable[table.session[stay]] and not table.dead[stay]:
                rows = np.unique(np.concatenate(parts)) if len(parts) > 1 else parts[0]
                taken = [self._literals[row] for row in rows[~table.dead[rows]].tolist()]
                if taken:
                    self.model.add_at_most_one([*taken, self._stay(stay)])
        for first, second in sorted(table.clashes):
            if not table.dead[first] and not table.dead[second]:
                self.model.add_at_most_one([self._stay(first), self._stay(second)])
        for clique in table.cliques:
            table.keep_time()
            taken = [self._literals[row] for row in clique[~table.dead[clique]].tolist()]
            if len(taken) > 1:
                self.model.add_at_most_one(taken)

    def _stay(self, row: int) -> cp_model.IntVar:
        if row not in self._stays:
            self._stays[row] = self.model.new_bool_var("")
        return self._stays[row]

    # Asking.

    def count(self) -> cp_model.LinearExprT:
        """The number of sessions moved or evicted."""
        never_stay = sum(
            1
            for number in range(len(self.choices.free))
            if (row := self.choices.stay(number)) is None or row not in self._stays
        )
        return never_stay + sum(1 - stay for stay in self._stays.values())

    def evictions(self) -> cp_model.LinearExprT:
        """The number of sessions that leave without getting a place."""
        free = len(self.choices.free)
        return sum(1 - stay for row, stay in self._stays.items() if self.choices.session[row] >= free)

    def price(self) -> cp_model.LinearExprT:
        """The price of the moves, and at least that of evictions."""
        table = self.choices
        terms: list[cp_model.LinearExprT] = []
        for row, literal in self._literals.items():
            terms.append(self.problem.price(table.sessions[table.session[row]], self._placement(row)) * literal)
        for row, stay in self._stays.items():
            if table.session[row] >= len(table.free):
                terms.append(self._least_price(table.sessions[table.session[row]]) * (1 - stay))
        return sum(terms)

    def _least_price(self, session: str) -> int:
        """A lower bound of any move: another room, or the nearest other start on the grid."""
        start = self.problem.schedule[session].start
        shifts = np.abs(self.choices.grid - start)
        return int(min(ROOM_CHANGE_PRICE, shifts[shifts > 0].min(initial=ROOM_CHANGE_PRICE)))

    def differ_from(self, earlier: Places) -> None:
        """Ask for a repair that is distinct from an earlier one."""
        table = self.choices
        near: list[cp_model.LinearExprT] = []
        for session, target in earlier.items():
            rows = [
                self._literals[row]
                for row in table.of([session]).tolist()
                if row in self._literals
                and table.rooms[table.room[row]] == target.room
                and abs(int(table.start[row]) - target.start) < DISTINCT_MINUTES
            ]
            near.append(sum(rows))
        others = [1 - stay for row, stay in self._stays.items() if table.sessions[table.session[row]] not in earlier]
        self.model.add(cp_model.LinearExpr.sum(near) - cp_model.LinearExpr.sum(others) <= len(earlier) - 1)

    def never(self, places: Places) -> None:
        """Rule out that these sessions take exactly these places."""
        table = self.choices
        taken = [
            self._literals[row]
            for session, target in places.items()
            for row in table.of([session]).tolist()
            if row in self._literals
            and table.start[row] == target.start
            and table.rooms[table.room[row]] == target.room
        ]
        self.model.add(sum(taken) <= len(places) - 1)

    def evict_nobody(self) -> None:
        """Let only free sessions move: no relaxation any more, but not the whole conference either."""
        for row, stay in self._stays.items():
            if self.choices.session[row] >= len(self.choices.free):
                self.model.add(stay == 1)

    def stop(self) -> None:
        """End a solve that goes on in another thread."""
        self._stopped.set()
        if self._solver is not None:
            self._solver.stop_search()

    def solve(self, objective: cp_model.LinearExprT, seconds: float, *, presolve: bool = True) -> Solved:
        """Minimise the objective with one worker, so that the same input gives the same answer."""
        self.model.minimize(objective)
        solver = self._solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 1
        solver.parameters.linearization_level = 2
        solver.parameters.cp_model_presolve = presolve
        solver.parameters.max_time_in_seconds = max(seconds, 0.01)
        status = self._in_time(solver, max(seconds, 0.01))
        if status is None:
            return Solved(int(cp_model.UNKNOWN))
        assert status != cp_model.MODEL_INVALID, self.model.validate()
        solved = Solved(int(status))
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            table = self.choices
            for row, literal in self._literals.items():
                if solver.boolean_value(literal):
                    solved.places[table.sessions[table.session[row]]] = self._placement(row)
            solved.evicted = [
                table.sessions[table.session[row]]
                for row, stay in self._stays.items()
                if table.session[row] >= len(table.free) and not solver.boolean_value(stay)
            ]
        if status != cp_model.INFEASIBLE and math.isfinite(solver.best_objective_bound):
            solved.bound = math.ceil(solver.best_objective_bound - 1e-6)
        return solved

    def _in_time(self, solver: cp_model.CpSolver, seconds: float) -> int | None:
        """The outcome of a solve; None for one that does not end, as presolve may go on long after it was told to stop.

        That one is left alone in its thread; this relaxation must not be asked again.
        """
        outcome: Future[int] = Future()

        def solve() -> None:
            try:
                outcome.set_result(int(solver.solve(self.model)))
            except BaseException as error:
                outcome.set_exception(error)

        thread = Thread(target=solve, name="cp_sat", daemon=True)
        left = countdown(seconds + GRACE_SECONDS)
        thread.start()
        while left() > 0:
            try:
                status = outcome.result(min(LOOK_SECONDS, max(left(), 0.0)))
                thread.join()
                return status
            except TimeoutError:
                if self._stopped.is_set():
                    self._stopped.clear()
                    left = countdown(min(left(), GRACE_SECONDS))
        solver.stop_search()
        return None
