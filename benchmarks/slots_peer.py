"""Runs in the peer's environment: a question on standard input, the fewest changes on standard output.

Nothing of the project is imported here, because the peer's environment does not have it.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta, timezone
from time import perf_counter

import pulp
from conference_scheduler import scheduler
from conference_scheduler.lp_problem.objective_functions import number_of_changes
from conference_scheduler.resources import Event, ScheduledItem, Slot

BEGINNING = datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017 (the peer's Python may be older)


def main() -> None:
    """Build the package's model, let it minimise the changes, and count the events that moved."""
    told = json.load(sys.stdin)
    began = perf_counter()
    minutes = told["minutes"]
    slots = [Slot(room, BEGINNING + timedelta(minutes=start), minutes, 0, "any") for room, start in told["slots"]]
    events = [Event(one["name"], minutes, 0) for one in told["events"]]
    for event, one in zip(events, told["events"]):  # noqa: B905 (the peer's Python may be older)
        event.add_unavailability(*(slots[index] for index in one["barred"]))
        event.add_unavailability(*(events[index] for index in one["clashing"]))
    original = [ScheduledItem(event, slots[one["now"]]) for event, one in zip(events, told["events"])]  # noqa: B905
    try:
        found = scheduler.solution(
            events,
            slots,
            objective_function=number_of_changes,
            original_schedule=original,
            solver=pulp.PULP_CBC_CMD(msg=False, threads=1),
        )
        moved = sum(told["events"][event]["now"] != slot for event, slot in found)
    except ValueError:  # how it says that there is no valid schedule
        moved = None
    print(json.dumps({"moved": moved, "seconds": perf_counter() - began}))


if __name__ == "__main__":
    main()
