"""What a repair answers.  Light: importing it loads no solver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from solver.conference import Placement
from solver.edits import Edit

Status = Literal["nothing_to_repair", "proved_minimal", "proved_moved", "best_found", "infeasible", "unknown"]
Proved = Literal["moved+price", "moved", "no"]


@dataclass(frozen=True, slots=True)
class RepairMove:
    """One changed placement; `origin` is None for a session that was unplaced."""

    session: str
    origin: Placement | None
    target: Placement


@dataclass(frozen=True, slots=True)
class Repair:
    """A set of moves after which nothing is broken, and what is proved about it.

    `price` counts minutes: the change of start, 15 for a change of room, 30 more for a room that hosts no
    session of the same track that day.
    """

    moves: tuple[RepairMove, ...]
    price: int
    proved: Proved

    @property
    def moved(self) -> int:
        return len(self.moves)


@dataclass(frozen=True, slots=True)
class Relaxation:
    """One fact less, or a weaker one, and there is a repair: what it says, and what that repair would be."""

    message: str
    moved: int
    price: int
    edits: tuple[Edit, ...] = ()
    """Edits that, made beside those that were asked about, come to the same; none where it takes another setting."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a claim rests on."""

    by: str
    """The engines that proved it: `facts`, `chains`, `movers`, `cp_sat`, joined by `+`."""
    confirmed_by: str | None = None
    """A second way in which a refutation by CP-SAT was confirmed, `presolve_off`; None: it needed none, or got none."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the proofs of an answer rest on; None for what is not claimed."""

    moved: Evidence | None = None
    price: Evidence | None = None
    infeasible: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to “what mends this?”.

    `moved` and `price` are those of the first repair: 0 when nothing is to be repaired, None when there is none.
    The lower bounds hold over the whole conference; they are None when it is infeasible.
    """

    status: Status
    moved: int | None
    moved_lower_bound: int | None
    price: int | None
    price_lower_bound: int | None
    violations_before: int
    repairs: tuple[Repair, ...]
    reasons: tuple[str, ...]
    seconds: float
    engine: str
    """Which engine's proof the answer rests on: `check`, `chains` or `cp_sat`."""
    certificate: Certificate = Certificate()
    relaxations: tuple[Relaxation, ...] = ()
    """When infeasible: single changes of a fact that would help, each tried, the least costly first."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a repair has come; `seconds` since it began."""

    moved: int | None
    moved_lower_bound: int
    seconds: float
    best: Callable[[], Repair] | None = None
    """Makes the best repair in hand of what the search has, and judges it; None: there is none yet."""
