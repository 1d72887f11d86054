"""The judge: every violation of a schedule, in plain Python.

It shares no code with the search, so that it can doubt every answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from solver.conference import Conference, Schedule
from solver.rules import OFF_GRID, RULES, UnaryRule, Violation


def violations(conference: Conference, schedule: Schedule) -> list[Violation]:
    """Every rule that the schedule breaks, rule by rule; empty if it is clean.

    Raises `FactError` if the schedule names a session or a room that the conference does not have.
    """
    conference.check_schedule(schedule)
    return [violation for rule in RULES for violation in rule.violations(conference, schedule)]


def around(
    conference: Conference, schedule: Schedule, sessions: Collection[str], neighbours: Iterable[str]
) -> list[Violation]:
    """Every violation that involves one of the sessions, rule by rule.

    `neighbours` must name whoever is placed in one of their rooms.  Rules of the organisers' own may look further, so
    with them the whole schedule is checked.
    """
    if RULES.own:
        found = violations(conference, schedule)
    else:
        near = set(sessions).union(neighbours, *(conference.kin.get(one, ()) for one in sessions))
        part = {one: schedule[one] for one in near if one in schedule}
        alone = {one: schedule[one] for one in sessions if one in schedule}
        found = []
        for rule in RULES:
            found += rule.violations(conference, alone if isinstance(rule, UnaryRule) else part)
    return [violation for violation in found if any(one in sessions for one in violation.sessions)]


def notes(conference: Conference, schedule: Schedule) -> list[Violation]:
    """What is worth saying but breaks nothing: starts that are not on the grid."""
    return list(OFF_GRID.violations(conference, schedule))
