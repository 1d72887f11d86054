"""Rules broken, without a word: quick to find, and put into the plain checker's words when somebody asks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from solver.conference import Conference, Interval, Minute, Schedule
from solver.rules import RULES, Violation


class Breach(NamedTuple):
    """A rule broken: a `Violation` without its sentence."""

    rule: str
    sessions: tuple[str, ...]
    start: Minute
    end: Minute
    person: str | None = None
    room: str | None = None
    group: int | None = None
    entry: int | None = None


def in_one_room(me: str, start: Minute, end: Minute, other: str, there: Minute, until: Minute, room: str) -> Breach:
    """What two sessions break that come too close in one room: `me` from start to end, the other from there until."""
    if (there, other) < (start, me):
        me, start, end, other, there, until = other, there, until, me, start, end
    if there < end:
        return Breach("room_overlap", (me, other), there, min(end, until), None, room)
    return Breach("turnover", (me, other), end, there, None, room)


Span = tuple[Minute, str, Minute, str]
"""Where a session stands: start, session, end, room."""


def for_one_person(conference: Conference, person: str, earlier: Span, later: Span) -> Breach | None:
    """What two sessions of one person break, if they do."""
    _, first, ended, here = earlier
    start, second, end, there = later
    gap = start - ended
    if gap < 0:
        return Breach("speaker_overlap", (first, second), start, min(ended, end), person)
    if gap < conference.speaker_gap:
        return Breach("speaker_overlap", (first, second), ended, start, person)
    if gap < conference.travel_minutes(conference.room[here].building, conference.room[there].building):
        return Breach("travel", (first, second), ended, start, person)
    return None


def first_overlap(times: Iterable[Interval], start: Minute, end: Minute) -> tuple[Minute, Minute] | None:
    """The part of the first of the times that overlaps a stretch."""
    for time in times:
        if time.start < end and start < time.end:
            return max(start, time.start), min(end, time.end)
    return None


def breach_of(violation: Violation) -> Breach:
    """The same without its sentence."""
    return Breach(*(getattr(violation, name) for name in Breach._fields))


def said(breaches: Iterable[Breach], conference: Conference, schedule: Schedule) -> list[Violation]:
    """The same in the plain checker's words, which is asked about their sessions alone and must agree."""
    rules = {rule.name: rule for rule in RULES}
    found = []
    for breach in breaches:
        part = {one: schedule[one] for one in breach.sessions}
        told = rules[breach.rule].violations(conference, part)
        found.append(next(violation for violation in told if breach_of(violation) == breach))
    return found
