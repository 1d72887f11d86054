"""How grave a conference takes each rule: whether it holds up saves and publishing, is shown, or is let pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, cast, get_args

from solver.check import notes, violations
from solver.conference import Conference, Schedule
from solver.rules import OFF_GRID, RULES, Violation

Severity = Literal["block", "warn", "ignore"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
Severities = Mapping[str, str]
"""Rule → severity, for the rules whose severity is not the usual one."""


def rule_names() -> list[str]:
    """The rules that can be given a severity: all there are, plugged-in ones too."""
    return [*(rule.name for rule in RULES), OFF_GRID.name]


def severity(severities: Severities, rule: str) -> Severity:
    """How grave the rule is; unless told, a start off the grid is let pass and everything else blocks."""
    return cast(Severity, severities.get(rule, "ignore" if rule == OFF_GRID.name else "block"))


def counting(conference: Conference, schedule: Schedule, severities: Severities) -> list[Violation]:
    """What the schedule breaks that counts."""
    found = violations(conference, schedule)
    if severity(severities, OFF_GRID.name) != "ignore":
        found += notes(conference, schedule)
    return told_apart(found, severities)[0]


def told_apart(found: Iterable[Violation], severities: Severities) -> tuple[list[Violation], list[Violation]]:
    """What counts, and what is let pass."""
    counting: list[Violation] = []
    passing: list[Violation] = []
    for one in found:
        (passing if severity(severities, one.rule) == "ignore" else counting).append(one)
    return counting, passing
