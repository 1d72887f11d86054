"""When the conference, a room or a person is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from solver.conference import Conference, Day, Interval, Minute
from solver.draft import Draft, widest
from solver.facts.fact import Fact, Step, stretch
from solver.problem import Problem


@dataclass(frozen=True)
class Hours(Fact):
    """The opening hours of a day."""

    day: Day

    def said(self, problem: Problem) -> str:
        return f"The conference is open {stretch(problem.conference, self.day.hours)}."

    def waive(self, draft: Draft) -> None:
        draft.days[self.day] = widest(draft.before.conference, self.day)

    def ladders(self, problem: Problem) -> list[list[Step]]:
        conference, hours = problem.conference, self.day.hours
        clock, wide = conference.clock, widest(conference, self.day)
        later = [*clock.starts(hours.end + 1, wide.end), wide.end] if wide.end > hours.end else []
        earlier = clock.starts(wide.start, hours.start)
        return [
            [
                Step(
                    f"Keep the conference open until {clock.spoken(end)}.",
                    end - hours.end,
                    self._set(Interval(hours.start, end)),
                )
                for end in later
            ],
            [
                Step(
                    f"Open the conference at {clock.spoken(start)}.",
                    hours.start - start,
                    self._set(Interval(start, hours.end)),
                )
                for start in reversed(earlier)
            ],
        ]

    def _set(self, hours: Interval) -> Callable[[Draft], None]:
        return lambda draft: draft.days.update({self.day: hours})


@dataclass(frozen=True)
class Away(Fact):
    """A person is unavailable for a time."""

    person: str
    time: Interval

    def said(self, problem: Problem) -> str:
        label = problem.conference.person[self.person].label
        return f"{label} is unavailable {stretch(problem.conference, self.time)}."

    def waive(self, draft: Draft) -> None:
        self._set(())(draft)

    def ladders(self, problem: Problem) -> list[list[Step]]:
        label, clock = problem.conference.person[self.person].label, problem.conference.clock
        whole = f"{label} is there {stretch(problem.conference, self.time)} after all."
        return _from_both_ends(
            problem.conference,
            self.time,
            self._set,
            lambda start: f"{label} stays until {clock.spoken(start)}.",
            lambda end: f"{label} is there from {clock.spoken(end)}.",
            whole,
        )

    def _set(self, instead: tuple[Interval, ...]) -> Callable[[Draft], None]:
        return lambda draft: draft.person(
            self.person, lambda one: replace(one, unavailable=_instead(one.unavailable, self.time, instead))
        )


@dataclass(frozen=True)
class Closed(Fact):
    """A room is closed for a time."""

    room: str
    time: Interval

    def said(self, problem: Problem) -> str:
        label = problem.conference.room[self.room].label
        return f"{label} is closed {stretch(problem.conference, self.time)}."

    def waive(self, draft: Draft) -> None:
        self._set(())(draft)

    def ladders(self, problem: Problem) -> list[list[Step]]:
        label, clock = problem.conference.room[self.room].label, problem.conference.clock
        return _from_both_ends(
            problem.conference,
            self.time,
            self._set,
            lambda start: f"Keep {label} open until {clock.spoken(start)}.",
            lambda end: f"Open {label} at {clock.spoken(end)}.",
            f"Keep {label} open {stretch(problem.conference, self.time)}.",
        )

    def _set(self, instead: tuple[Interval, ...]) -> Callable[[Draft], None]:
        return lambda draft: draft.room(
            self.room, lambda one: replace(one, closed=_instead(one.closed, self.time, instead))
        )


def _from_both_ends(
    conference: Conference,
    time: Interval,
    instead: Callable[[tuple[Interval, ...]], Callable[[Draft], None]],
    later: Callable[[Minute], str],
    earlier: Callable[[Minute], str],
    whole: str,
) -> list[list[Step]]:
    """Begin later, or end earlier, by ever more; in the end not at all."""
    inside = _edges(conference, time)
    last = Step(whole, time.end - time.start, instead(()))
    begin_later = [
        Step(later(start), _open_minutes(conference, time.start, start), instead((Interval(start, time.end),)))
        for start in inside
    ]
    end_earlier = [
        Step(earlier(end), _open_minutes(conference, end, time.end), instead((Interval(time.start, end),)))
        for end in reversed(inside)
    ]
    return [[*begin_later, last], [*end_earlier, last]]


def _edges(conference: Conference, time: Interval) -> list[Minute]:
    """The moments on the grid inside the time, as far as the conference is open."""
    moments = {
        moment
        for day in conference.days
        for moment in (*conference.clock.starts(day.hours.start, day.hours.end), day.hours.end)
    }
    return sorted(moment for moment in moments if time.start < moment < time.end)


def _open_minutes(conference: Conference, first: Minute, last: Minute) -> Minute:
    """How much of a stretch lies in opening hours."""
    return sum(max(0, min(last, day.hours.end) - max(first, day.hours.start)) for day in conference.days)


def _instead(times: tuple[Interval, ...], old: Interval, new: tuple[Interval, ...]) -> tuple[Interval, ...]:
    return (*(time for time in times if time != old), *new)
