"""The front door: what mends this schedule with the fewest moves, proved.

First the plain check, then chains of displaced sessions, then the lazy CP-SAT model for what is left.  Every
repair that leaves this module has been judged by the plain checker.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from time import perf_counter
from typing import TYPE_CHECKING, Literal

from solver import chains, cp_sat, explain, mass
from solver.answer import Answer, Certificate, Progress, Proved, Repair, Status
from solver.conference import Conference, Schedule
from solver.countdown import OutOfTimeError, Remaining, countdown
from solver.edits import Edit
from solver.index import Index
from solver.problem import Finding, Places, Problem, Scope
from solver.race import Race
from solver.timetable import Timetable

if TYPE_CHECKING:
    from solver.board import Board

Engine = Literal["auto", "cp_sat"]

MOST_PUSHED, MOST_PUSHED_COMPILED = 3, 6
"""Beyond this many sessions pushed out, other engines are asked instead of the chains."""
FEW_ROOTS = 3
"""With more sessions that must leave, a repair that is not minimal is made first."""
CHAINS_SHARE = 0.4
"""The part of the time that the chains may take before CP-SAT gets the rest."""
CHAINS_SHARE_OF_MANY = 0.1
"""The same with many sessions that must leave, where chains are long."""
MOST_PADDING = 2
"""Alternatives move at most this many sessions more than the best repair."""
EXPLAIN_SECONDS = 0.5
"""How long it may take to explain why there is no repair, and to look for ways out."""
LEAST_TO_EXPLAIN = 0.1
"""So long it may take even where the proof has used up the time."""


def repair(
    conference: Conference,
    schedule: Schedule,
    edits: Sequence[Edit] = (),
    *,
    alternatives: int = 1,
    remaining: Remaining | None = None,
    scope: Scope = "all",
    place: bool = False,
    engine: Engine = "auto",
    progress: Callable[[Progress], None] | None = None,
    explain_seconds: float = EXPLAIN_SECONDS,
    board: Board | None = None,
) -> Answer:
    """The fewest further moves that leave no violation, and among those the least price.

    `remaining` says how many seconds are left (default: ten from now).  With `place`, unplaced sessions are placed
    too.  With `scope="edit"`, violations may stay that were there before and concern no session that is touched.
    Where there is no repair, `explain_seconds` at most go into finding out why, and what would help.  With a `board` of
    this very conference and schedule, chains are searched by the compiled kernel, and nothing is built anew.
    Raises `EditError` for an edit that makes no sense, `FactError` for a schedule that does not fit the conference.
    """
    problem = Problem.of(conference, schedule, edits, scope, place, board)
    asked = _Question(problem, remaining or countdown(10), progress, board)
    answer = asked.answer(engine, alternatives)
    return asked.explained(answer, edits, engine, explain_seconds) if answer.status == "infeasible" else answer


class _Question:
    """One call of `repair`: the problem, its clock, and what is known."""

    def __init__(
        self,
        problem: Problem,
        remaining: Remaining,
        progress: Callable[[Progress], None] | None,
        board: Board | None = None,
        *,
        searched: bool = True,
    ) -> None:
        self.problem = problem
        self._searched = searched
        self.remaining = remaining
        self.progress = progress
        self.board = board
        self.began = perf_counter()
        self.finding = Finding()
        self.engine = "check"
        self.free: list[str] = []

    @cached_property
    def index(self) -> Index:
        return Index(self.problem)

    @cached_property
    def search(self) -> chains.Chains:
        """The chains: compiled where there is a board to be searched."""
        if self.board is None or not self._searched:
            return chains.Chains(self.problem, lambda: self.index, self.remaining)
        from solver.compiled import CompiledChains

        return CompiledChains(self.problem, self.board, lambda: self.index, self.remaining)

    def answer(self, engine: Engine, alternatives: int) -> Answer:
        problem = self.problem
        if cp_sat.clean(problem) if engine == "cp_sat" else not problem.broken and not problem.homeless:
            return self._say("nothing_to_repair", [])
        if engine == "auto":
            self._ask_chains()
        if not self.finding.price_proved and not self.finding.infeasible:
            self.engine = "cp_sat"
            self.free = cp_sat.find(problem, self.finding, remaining=self.remaining, note=self._note)
        if self.finding.infeasible:
            return self._say("infeasible", [])
        if self.finding.places is None:
            return self._say("unknown", [])
        if not self.finding.count_proved:
            self.finding.places = chains.without_padding(self.index, self.finding.places)
        repairs = [self._judged(self.finding.places, self._proved())]
        if alternatives > 1 and self.finding.count_proved:
            repairs += self._alternatives(engine, alternatives - 1)
        statuses: dict[Proved, Status] = {"moved+price": "proved_minimal", "moved": "proved_moved", "no": "best_found"}
        return self._say(statuses[self._proved()], repairs)

    def explained(self, answer: Answer, edits: Sequence[Edit], engine: Engine, seconds: float) -> Answer:
        """The answer that there is no repair, with its reasons and what would help."""

        board, timetable = self.board, None
        if engine == "auto":
            timetable = self._timetable()

        def solve(problem: Problem, remaining: Remaining) -> Answer:
            if timetable is not None:
                problem.break_known(timetable.violations_in(problem.conference, problem.schedule))
            return _Question(problem, remaining, None, board, searched=_serves(board, problem)).answer(engine, 1)

        clock = countdown(min(seconds, max(self.remaining(), LEAST_TO_EXPLAIN)))
        found = explain.explain(self.problem, edits, self.finding.culprits, solve=solve, remaining=clock)
        return replace(
            answer, reasons=found.reasons, relaxations=found.relaxations, seconds=perf_counter() - self.began
        )

    def _timetable(self) -> Timetable:
        """The schedule as edited, in order, with what it breaks."""
        conference, schedule = self.problem.conference, self.problem.schedule
        if self.board is not None:
            return self.board.timetable.follow(conference, schedule)
        made = Timetable(conference, schedule)
        made.violations = self.problem.violations
        return made

    def _ask_chains(self) -> None:
        """Few roots: search first, and settle for less if that takes too long.  Many: something in hand first."""
        if explain.stuck(self.problem) is not None:
            self.finding.refuted("facts")
            return
        self.engine = "chains"
        nowhere = self.search.nowhere()
        if nowhere is not None:
            self.finding.refuted("facts", (nowhere,))
            return
        many = self.search.least_cover > FEW_ROOTS
        if many:
            mass.find(self.search, self.finding, remaining=self.remaining, note=self._note)
        share = CHAINS_SHARE_OF_MANY if many else CHAINS_SHARE
        with Race(self.problem, self.remaining) as race:
            clock = countdown(self.remaining() * share)
            self.search.remaining = clock if self.finding.places is not None else race.clock(clock)
            most = MOST_PUSHED_COMPILED if self.search.compiled else MOST_PUSHED
            chains.find(self.search, self.finding, most_pushed=most, note=self._note)
            race.join(self.finding)
        self.search.remaining = self.remaining
        if self.finding.infeasible:
            self.engine = "cp_sat"
        elif not many and not self.finding.count_proved:
            mass.find(self.search, self.finding, remaining=self.remaining, note=self._note)

    def _proved(self) -> Proved:
        if not self.finding.count_proved:
            return "no"
        return "moved+price" if self.finding.price_proved else "moved"

    def _alternatives(self, engine: Engine, wanted: int) -> list[Repair]:
        """Further repairs, best first, each distinct from all before it; and always one that is much cheaper."""
        assert self.finding.places is not None
        found = [self.finding.places]
        repairs: list[Repair] = []
        count, most = len(found[0]), len(found[0]) + MOST_PADDING
        proved = self.finding.price_proved
        if engine == "auto":
            self.search.wanted = wanted
        cheaper = self._much_cheaper(engine) if self.remaining() > 0 else None
        while len(repairs) < wanted and count <= most and self.remaining() > 0:
            places, sure = self._another(engine, found, count)
            if places is None:
                proved = proved and sure
                count += 1
            elif cheaper is not None and len(repairs) == wanted - 1 and count == len(found[0]):
                # It takes the last place; others with fewer moves are passed over for it, so nothing is claimed.
                repairs.append(self._judged(cheaper, "no"))
            else:
                repairs.append(self._judged(places, ("moved+price" if sure else "moved") if proved else "no"))
                found.append(places)
                proved = proved and sure
        return repairs

    def _much_cheaper(self, engine: Engine) -> Places | None:
        """The cheapest repair of one move more, if it saves at least half of the price."""
        assert self.finding.places is not None
        price = self.problem.total_price(self.finding.places)
        places, _ = self._another(engine, [self.finding.places], len(self.finding.places) + 1, most=price // 2)
        return places

    def _another(
        self, engine: Engine, earlier: list[Places], count: int, most: int | None = None
    ) -> tuple[Places | None, bool]:
        """The cheapest repair of so many moves that is distinct from the earlier ones, and whether that is proved."""
        if engine == "auto" and self.engine == "chains":
            try:
                return self.search.search(count, earlier, most=most), True
            except OutOfTimeError:
                return self.search.best, False
        return cp_sat.another(
            self.problem,
            self.free,
            earlier,
            count,
            most=most,
            remaining=self.remaining,
            redundant_part=lambda places: chains.redundant_part(self.index, places),
        )

    def _judged(self, places: Places, proved: Proved) -> Repair:
        faults = self.problem.faults(places) if self.board is None else self.board.faults(self.problem, places)
        if faults:
            raise AssertionError(f"the search returned a repair that breaks {faults[0].rule}: {faults[0].message}")
        return Repair(self.problem.moves(places), self.problem.total_price(places), proved)

    def _note(self, finding: Finding) -> None:
        if self.progress is None:
            return
        places = finding.places
        seconds = perf_counter() - self.began
        if places is None:
            self.progress(Progress(None, finding.count_floor, seconds))
        else:
            self.progress(Progress(len(places), finding.count_floor, seconds, partial(self._best, places)))

    def _best(self, places: Places) -> Repair:
        lean = chains.without_padding(self.index, places)
        return self._judged(lean, "moved" if len(lean) <= self.finding.count_floor else "no")

    def _say(self, status: Status, repairs: list[Repair]) -> Answer:
        best = repairs[0] if repairs else None
        none = 0 if status == "nothing_to_repair" else None
        moved, price = (best.moved, best.price) if best else (none, none)
        floor, least = self.finding.count_floor, 0
        if status in ("nothing_to_repair", "proved_minimal"):
            floor, least = moved or 0, price or 0
        elif status != "infeasible":
            least = self._price_floor()
        return Answer(
            status=status,
            moved=moved,
            moved_lower_bound=None if status == "infeasible" else floor,
            price=price,
            price_lower_bound=None if status == "infeasible" else least,
            violations_before=len(self.problem.violations),
            repairs=tuple(repairs),
            reasons=(),
            seconds=perf_counter() - self.began,
            engine=self.engine,
            certificate=self._certificate(status),
        )

    def _certificate(self, status: Status) -> Certificate:
        proofs = self.finding.proofs
        claimed: dict[Status, tuple[str, ...]] = {
            "proved_minimal": ("moved", "price"),
            "proved_moved": ("moved",),
            "infeasible": ("infeasible",),
        }
        return Certificate(**{what: proofs[what] for what in claimed.get(status, ()) if what in proofs})

    def _price_floor(self) -> int:
        """The proved bound, or what the sessions that must move will cost at least."""
        roots = sum(self.index.cheapest(session) for session in chains.roots(self.problem)[0])
        return max(roots, self.finding.price_floor)


def _serves(board: Board | None, problem: Problem) -> bool:
    """Whether what differs between a problem and a board can be laid over it."""
    if board is None:
        return False
    from solver.compiled import serves

    return serves(board, problem)
