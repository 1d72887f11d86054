"""A repair as a patch: which part of it can be taken, and what it is worth once others have changed the schedule.

The plain checker judges; nothing is searched for.  What a patch may not move is what a repair may not move:
`solver.problem` says it for both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from solver import check
from solver.answer import RepairMove
from solver.conference import Conference, Placement, Schedule
from solver.edits import Edited, EditError
from solver.problem import Places, Problem
from solver.rules import Violation
from solver.since import Difference, Patch, differences, gone

Verdict = Literal["still_valid", "rebased", "incomplete", "no_longer_valid"]


class PatchError(ValueError):
    """A patch that no repair can have been.  The message is one sentence."""


@dataclass(frozen=True, slots=True)
class Remaining:
    """A violation that the edits and the chosen moves leave."""

    violation: Violation
    mended_by: tuple[str, ...]
    """Moves that were not chosen, each of which would mend it alone, by their sessions."""
    tolerated: bool
    """Whether it may stay (`scope="edit"`)."""


@dataclass(frozen=True, slots=True)
class Review:
    """What a patch is worth now.

    `still_valid`: nothing that it builds on has changed, and it leaves nothing broken.  `rebased`: something has
    changed (`differences`), and it still leaves nothing broken.  `incomplete`: the chosen moves leave violations
    that other moves of the patch would mend (`completed_by`).  `no_longer_valid`: the `reasons` say why.
    """

    verdict: Verdict
    edited: Edited | None
    """The conference and schedule once the edits are made; None where they cannot be made."""
    moves: tuple[RepairMove, ...] = ()
    """The chosen moves that are still to be made, each from where its session is now."""
    remaining: tuple[Remaining, ...] = ()
    completed_by: tuple[str, ...] | None = ()
    """The sessions of further moves of the patch after which nothing would be broken; None if there are none such."""
    done: tuple[str, ...] = ()
    """Sessions that are where the chosen moves want them already."""
    needless: tuple[str, ...] = ()
    """Sessions whose moves could all be left out together: what they were for is gone."""
    differences: tuple[Difference, ...] = ()
    reasons: tuple[str, ...] = ()


def review(
    conference: Conference,
    schedule: Schedule,
    patch: Patch,
    *,
    chosen: Collection[str] | None = None,
    earlier: tuple[Conference, Schedule] | None = None,
) -> Review:
    """Judge the patch, or the part of it that moves the `chosen` sessions, against the schedule as it is now.

    `earlier` is what the repair was computed for, where that is still known: without it, only changes of the places
    that the moves start from are noticed.  Raises `PatchError` for a patch that makes no sense.
    """
    _refuse_nonsense(patch, chosen)
    part = patch if chosen is None else replace(patch, moves=tuple(one for one in patch.moves if one.session in chosen))
    lost = gone(conference, part)
    try:
        problem = Problem.of(conference, schedule, patch.edits, patch.scope, False)
    except EditError as error:
        since = differences(conference, schedule, schedule, part, earlier)
        said = _sentences([one.message for one in lost] or [str(error)])
        return Review("no_longer_valid", None, completed_by=None, differences=since, reasons=said)
    held = sorted(problem.held & {move.session for move in patch.moves})
    if held:
        raise PatchError(f"session '{held[0]}' is placed by an edit: no repair of it moves that session")
    since = differences(conference, schedule, problem.schedule, part, earlier)
    return _Reviewer(problem, patch, part, lost, since).review()


def _refuse_nonsense(patch: Patch, chosen: Collection[str] | None) -> None:
    counted = Counter(move.session for move in patch.moves)
    for session, times in counted.items():
        if times > 1:
            raise PatchError(f"session '{session}' is moved {times} times")
    for session in chosen or ():
        if session not in counted:
            raise PatchError(f"there is no move of session '{session}' to choose")


class _Reviewer:
    """One review: the problem as it is now, and the moves, chosen and not."""

    def __init__(
        self, problem: Problem, patch: Patch, part: Patch, lost: Sequence[Difference], since: tuple[Difference, ...]
    ) -> None:
        self.problem = problem
        self.lost = lost
        self.since = since
        here = [move for move in part.moves if self._known(move)]
        self.ahead = [self._from_here(move) for move in here if not self._done(move)]
        self.done = tuple(move.session for move in here if self._done(move))
        self.pinned = [move.session for move in self.ahead if not problem.movable(move.session)]
        self.places: Places = {move.session: move.target for move in self.ahead}
        left_out = [
            move for move in patch.moves if move not in part.moves and self._known(move) and not self._done(move)
        ]
        self.missing: Places = {move.session: move.target for move in left_out if problem.movable(move.session)}

    def review(self) -> Review:
        remaining = self._remaining()
        broken = [one for one in remaining if not one.tolerated]
        completed_by = self._completed_by() if broken else ()
        verdict: Verdict
        if self.lost or self.pinned or completed_by is None:
            verdict = "no_longer_valid"
        elif broken:
            verdict = "incomplete"
        else:
            verdict = "rebased" if self.since or self.done else "still_valid"
        needless = () if broken or self.lost else self._needless()
        return Review(
            verdict,
            Edited(self.problem.conference, self.problem.schedule, self.problem.held, self.problem.touched),
            tuple(self.ahead),
            remaining,
            completed_by,
            self.done,
            needless,
            self.since,
            self._reasons(broken, needless),
        )

    def _remaining(self) -> tuple[Remaining, ...]:
        """Every violation after the chosen moves, with the single moves that would mend it."""
        found = self._violations(self.places)
        among = {session for violation in found for session in violation.sessions}
        left = {
            session: {violation.key for violation in self._violations({**self.places, session: target})}
            for session, target in self.missing.items()
            if session in among
        }
        return tuple(
            Remaining(
                violation,
                tuple(session for session, keys in left.items() if violation.key not in keys),
                self.problem.tolerates(violation, self.places),
            )
            for violation in found
        )

    def _completed_by(self) -> tuple[str, ...] | None:
        """Add every missing move of a session that is in a violation, until nothing is broken or none is left to add.

        A violation of sessions without a missing move would also stay if all moves were made: so where the whole patch
        leaves nothing broken, this ends with nothing broken.
        """
        added: Places = {}
        while faults := self.problem.faults({**self.places, **added}):
            among = {session for violation in faults for session in violation.sessions}
            more = {one: at for one, at in self.missing.items() if one in among and one not in added}
            if not more:
                return None
            added.update(more)
        return tuple(session for session in self.missing if session in added)

    def _needless(self) -> tuple[str, ...]:
        """As many moves as can be put back together, one after the other, each with what its way back pushes back."""
        able = self._able_to_stay()
        back: frozenset[str] = frozenset()
        for session in self.places:
            if session in able and session not in back:
                back = self._put_back(back | {session}, able) or back
        return tuple(session for session in self.places if session in back)

    def _able_to_stay(self) -> frozenset[str]:
        """The sessions of the moves without those that break something against sessions that are not among these."""
        able = frozenset(move.session for move in self.ahead if move.origin is not None)
        while True:
            faults = self.problem.faults(_without(self.places, able))
            barred = {
                one for violation in faults for one in violation.sessions if able & {*violation.sessions} == {one}
            }
            if not barred:
                return able
            able -= barred

    def _put_back(self, back: frozenset[str], able: frozenset[str]) -> frozenset[str] | None:
        """The least that must stay put when these do; None if that would break something."""
        while faults := self.problem.faults(_without(self.places, back)):
            pushed = [able.intersection(violation.sessions) - back for violation in faults]
            if not all(pushed):
                return None
            back = back.union(*pushed)
        return back

    def _known(self, move: RepairMove) -> bool:
        conference = self.problem.conference
        return move.session in conference.session and move.target.room in conference.room

    def _done(self, move: RepairMove) -> bool:
        return self.problem.schedule.get(move.session) == move.target

    def _from_here(self, move: RepairMove) -> RepairMove:
        return replace(move, origin=self.problem.schedule.get(move.session))

    def _violations(self, places: Mapping[str, Placement]) -> list[Violation]:
        return check.violations(self.problem.conference, {**self.problem.schedule, **places})

    def _reasons(self, broken: Sequence[Remaining], needless: Sequence[str]) -> tuple[str, ...]:
        session = self.problem.conference.session
        said = [one.message for one in self.lost]
        said += [f"{session[one].label} is pinned now, and the repair would move it" for one in self.pinned]
        said += [one.violation.message for one in broken]
        said += [one.message for one in self.since]
        said += [f"{session[one].label} is where the repair wants it already" for one in self.done]
        said += [f"{session[one].label} need not move any more" for one in needless]
        return _sentences(said)


def _without(places: Mapping[str, Placement], back: Collection[str]) -> Places:
    return {session: target for session, target in places.items() if session not in back}


def _sentences(said: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{one[:1].upper()}{one[1:]}." for one in dict.fromkeys(said))
