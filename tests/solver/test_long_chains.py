"""A repair may push session after session: as many as it takes."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from solver.conference import Conference, Day, Interval, Placement, Room, Session
from solver.edits import CloseRoom
from solver.grid import Clock
from solver.repair import countdown, repair


@pytest.mark.parametrize("engine", ["auto", "cp_sat"])
@pytest.mark.parametrize("length", [1, 3, 4, 5, 8, 12])
def test_a_chain_of_any_length_is_found(engine: str, length: int) -> None:
    """Each session fits only into its own room and the next one, and the first room closes."""
    opens = Clock("UTC", 30).minute(datetime(2025, 2, 1, 9))
    hours = Interval(opens, opens + 30)
    conference = Conference(
        days=(Day(date(2025, 2, 1), hours),),
        rooms=tuple(Room(f"r{one}", features=frozenset((f"f{one - 1}", f"f{one}"))) for one in range(length + 1)),
        sessions=tuple(Session(f"s{one}", 30, needs=frozenset((f"f{one}",))) for one in range(length)),
        grid_minutes=30,
    )
    schedule = {f"s{one}": Placement(f"r{one}", opens) for one in range(length)}
    answer = repair(conference, schedule, (CloseRoom("r0", hours),), remaining=countdown(20), engine=engine)  # type: ignore[arg-type]
    assert (answer.status, answer.moved, answer.price) == ("proved_minimal", length, 15 * length)
