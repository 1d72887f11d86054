"""The judge: every violation of a schedule, in plain Python.

It shares no code with the search, so that it can doubt every answer.
"""

from __future__ import annotations

from solver.conference import Conference, Schedule
from solver.rules import OFF_GRID, RULES, Violation


def violations(conference: Conference, schedule: Schedule) -> list[Violation]:
    """Every rule that the schedule breaks, rule by rule; empty if it is clean.

    Raises `FactError` if the schedule names a session or a room that the conference does not have.
    """
    conference.check_schedule(schedule)
    return [violation for rule in RULES for violation in rule.violations(conference, schedule)]


def notes(conference: Conference, schedule: Schedule) -> list[Violation]:
    """What is worth saying but breaks nothing: starts that are not on the grid."""
    return list(OFF_GRID.violations(conference, schedule))
