"""One thing that others have done since, and what is said about the repair: each in a conference of three sessions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from solver.answer import RepairMove
from solver.conference import Conference, Day, Interval, Person, Placement, Room, Schedule, Session
from solver.edits import CloseRoom, Move, PersonUnavailable, Resize, SetAudience, Swap
from solver.patch import PatchError, Review, review
from solver.since import Patch

NINE = 1_000_000 // 60 * 60
HALL, ATTIC = Room("hall", "Hall"), Room("attic", "Attic")
SMALL = Conference(
    days=(Day(date(1971, 11, 26), Interval(NINE, NINE + 480)),),
    rooms=(HALL, ATTIC),
    sessions=(Session("a", 60, "Ants"), Session("b", 60, "Bees"), Session("c", 60, "Cats")),
    people=(Person("p", "Pat"),),
)
AS_IT_WAS = {"a": Placement("hall", NINE), "b": Placement("hall", NINE + 60), "c": Placement("attic", NINE)}
B_ASIDE = RepairMove("b", Placement("hall", NINE + 60), Placement("attic", NINE + 60))
PATCH = Patch((Move("a", None, NINE + 60),), (B_ASIDE,))


def judged(conference: Conference = SMALL, schedule: Schedule = AS_IT_WAS, patch: Patch = PATCH) -> Review:
    return review(conference, schedule, patch, earlier=(SMALL, AS_IT_WAS))


def with_session(one: Session) -> Conference:
    return replace(SMALL, sessions=tuple(one if one.id == old.id else old for old in SMALL.sessions))


def test_nothing_has_changed() -> None:
    assert judged().verdict == "still_valid"
    assert judged().reasons == ()


def test_a_session_that_is_gone_ends_a_repair() -> None:
    less = replace(SMALL, sessions=SMALL.sessions[::2])
    found = judged(less, {one: at for one, at in AS_IT_WAS.items() if one != "b"})
    assert (found.verdict, found.reasons) == ("no_longer_valid", ("There is no session 'b' any more.",))
    less = replace(SMALL, sessions=SMALL.sessions[1:])
    found = judged(less, {one: at for one, at in AS_IT_WAS.items() if one != "a"})
    assert (found.verdict, found.reasons) == ("no_longer_valid", ("There is no session 'a' any more.",))
    assert found.edited is None


def test_a_room_that_is_gone_ends_a_repair() -> None:
    found = judged(replace(SMALL, rooms=(HALL,)), {one: at for one, at in AS_IT_WAS.items() if one != "c"})
    assert (found.verdict, found.reasons[0]) == ("no_longer_valid", "There is no room 'attic' any more.")


def test_a_session_that_is_pinned_since_is_not_moved() -> None:
    found = judged(with_session(Session("b", 60, "Bees", pinned=True)))
    assert found.verdict == "no_longer_valid"
    assert found.reasons == (
        "“Bees” (b) is pinned now, and the repair would move it.",
        "“Bees” (b) is pinned now.",
    )


def test_a_pinned_session_that_is_there_already_does_not_mind() -> None:
    found = judged(with_session(Session("b", 60, "Bees", pinned=True)), {**AS_IT_WAS, "b": B_ASIDE.target})
    assert (found.verdict, found.moves, found.done) == ("rebased", (), ("b",))


def test_a_place_that_is_taken_since_ends_a_repair_by_name() -> None:
    found = judged(schedule={**AS_IT_WAS, "c": Placement("attic", NINE + 90)})
    assert found.verdict == "no_longer_valid"
    assert [one.violation.sessions for one in found.remaining] == [("b", "c")]
    assert found.reasons[0].startswith("“Bees” (b) and “Cats” (c) overlap in Attic")
    assert found.completed_by is None


def test_a_session_that_was_moved_elsewhere_goes_on_from_there() -> None:
    found = judged(schedule={**AS_IT_WAS, "b": Placement("hall", NINE + 240)})
    assert found.verdict == "rebased"
    assert found.moves == (replace(B_ASIDE, origin=Placement("hall", NINE + 240)),)
    assert found.needless == ("b",)
    assert found.reasons == (
        "“Bees” (b) was in Hall at Fri 11:00 and is in Hall at Fri 14:00 now.",
        "“Bees” (b) need not move any more.",
    )


def test_what_the_edits_name_is_compared_as_well() -> None:
    later = {**AS_IT_WAS, "a": Placement("hall", NINE + 300)}
    assert judged(schedule=later).verdict == "rebased"
    assert review(SMALL, later, PATCH).verdict == "still_valid", "without what was before, nobody can know"
    patch = Patch((CloseRoom("attic", Interval(NINE + 300, NINE + 360)),), ())
    other = replace(SMALL, rooms=(HALL, replace(ATTIC, closed=(Interval(NINE + 400, NINE + 420),))))
    assert judged(other, patch=patch).reasons == ("Other facts hold for the room Attic now.",)
    patch = Patch((PersonUnavailable("p", Interval(NINE, NINE + 60)),), ())
    assert judged(replace(SMALL, people=(Person("p", "Paula"),)), patch=patch).reasons == (
        "Other facts hold for Paula now.",
    )


@pytest.mark.parametrize(
    ("session", "said"),
    [
        (Session("b", 30, "Bees"), "“Bees” (b) lasted 60 minutes and lasts 30 now."),
        (Session("b", 60, "Bees", audience=9), "“Bees” (b): nobody knew how many were expected before, 9 people now."),
        (Session("b", 60, "Bees", track="t"), "Other facts hold for “Bees” (b) now."),
    ],
)
def test_what_a_session_is_counts_too(session: Session, said: str) -> None:
    found = judged(with_session(session))
    assert (found.verdict, found.reasons) == ("rebased", (said,))


def test_edits_that_can_no_longer_be_made_end_a_repair() -> None:
    found = judged(schedule={"b": AS_IT_WAS["b"]}, patch=Patch((Swap("a", "b"),), ()))
    assert found.verdict == "no_longer_valid"
    assert found.reasons == ("Session 'a' is unplaced and cannot be swapped.",)
    assert [one.message for one in found.differences] == ["“Ants” (a) was in Hall at Fri 10:00 and is unplaced now"]


def test_a_session_that_the_repair_places_is_never_needless() -> None:
    patch = Patch((SetAudience("a", 5),), (RepairMove("b", None, Placement("hall", NINE + 60)),))
    found = judged(schedule={one: at for one, at in AS_IT_WAS.items() if one != "b"}, patch=patch)
    assert (found.verdict, found.needless) == ("still_valid", ())


@pytest.mark.parametrize(
    ("patch", "chosen", "said"),
    [
        (Patch((), (B_ASIDE, B_ASIDE)), None, "session 'b' is moved 2 times"),
        (Patch((), (B_ASIDE,)), {"c"}, "there is no move of session 'c' to choose"),
        (Patch((Resize("b", 30),), (B_ASIDE,)), None, "session 'b' is placed by an edit: no repair of it moves that"),
    ],
)
def test_a_patch_that_no_repair_can_have_been_is_refused(patch: Patch, chosen: set[str] | None, said: str) -> None:
    with pytest.raises(PatchError, match=said):
        review(SMALL, AS_IT_WAS, patch, chosen=chosen)
