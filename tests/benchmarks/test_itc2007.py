"""University timetables become conferences with the same hard constraints, and their repairs are minimal."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import itc2007, whole_conference
from benchmarks.measuring import PROVED
from solver.check import violations
from solver.conference import Placement
from solver.repair import countdown, repair

SMALL = """\
Name: Small
Courses: 5
Rooms: 2
Days: 2
Periods_per_day: 6
Curricula: 2
Constraints: 3

COURSES:
algebra ann 3 2 40
botany ben 3 2 30
civics ann 2 2 20
drama dan 3 2 10
ethics eve 2 2 10

ROOMS:
A\t50
B\t20

CURRICULA:
first  2 algebra botany
second 2 botany drama

UNAVAILABILITY_CONSTRAINTS:
algebra 1 3
drama 0 0
drama 0 1

END.
"""
SOLVED = """\
algebra rA 0 0
algebra rA 0 1
algebra rA 1 0
botany rA 0 2
botany rA 1 1
botany rA 1 2
civics rB 0 2
civics rB 1 1
drama rB 0 3
drama rB 1 0
drama rB 1 3
ethics rB 0 0
ethics rB 0 1
"""


def broken_rules(*moved: tuple[str, str, int, int]) -> set[str]:
    """What is broken once lectures are moved to a room, day and period."""
    conference, schedule = itc2007.read(SMALL, SOLVED)
    for lecture, room, day, period in moved:
        schedule[lecture] = Placement(room, itc2007.period_at(day, period).start)
    return {violation.rule for violation in violations(conference, schedule)}


def test_the_timetable_is_read_as_it_stands() -> None:
    conference, schedule = itc2007.read(SMALL, SOLVED)
    assert len(conference.sessions) == len(schedule) == 13
    assert conference.clock.text(schedule["botany 2"].start) == "2007-09-04T09:00"
    assert schedule["civics 1"].room == "B"
    assert broken_rules() == set()


@pytest.mark.parametrize(
    ("lecture", "room", "day", "period", "rules"),
    [
        ("ethics 1", "A", 0, 1, {"room_overlap", "speaker_overlap"}),  # the other lecture of the same course
        ("civics 1", "B", 1, 0, {"room_overlap", "speaker_overlap"}),  # Ann teaches algebra then
        ("drama 1", "A", 0, 0, {"room_overlap", "speaker_unavailable"}),
        ("drama 1", "B", 1, 2, {"apart_overlap"}),  # the second curriculum
        ("algebra 1", "A", 1, 3, {"speaker_unavailable"}),
        ("ethics 1", "B", 1, 2, set()),
    ],
)
def test_each_hard_constraint_is_there(lecture: str, room: str, day: int, period: int, rules: set[str]) -> None:
    assert broken_rules((lecture, room, day, period)) == rules


@pytest.mark.parametrize("kind", itc2007.KINDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_repairs_are_those_of_the_whole_model(kind: str, seed: int) -> None:
    drawn = itc2007.disrupt(*itc2007.read(SMALL, SOLVED), kind, seed)
    ours = repair(drawn.conference, drawn.schedule, drawn.edits, remaining=countdown(10))
    peer = whole_conference.solve(drawn.conference, drawn.schedule, drawn.edits, seconds=10, workers=1)
    assert peer.proved
    assert ours.status in PROVED
    assert (ours.moved, ours.price) == (peer.moved, peer.price)
    assert ours.status != "nothing_to_repair"


def test_files_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(itc2007.InstanceError, match="more lectures of 'civics'"):
        itc2007.read(SMALL, SOLVED + "civics rB 1 2\n")
    with pytest.raises(itc2007.InstanceError, match="room 'rC'"):
        itc2007.read(SMALL, SOLVED.replace("ethics rB", "ethics rC"))
    with pytest.raises(itc2007.InstanceError, match="has no ROOMS"):
        itc2007.read(SMALL.replace("ROOMS:", "HALLS:"), SOLVED)


def test_the_published_timetables_keep_every_hard_constraint(shared_data: Path) -> None:
    found = list(itc2007.instances(itc2007.INSTANCES))
    assert len(found) == 14
    for name, conference, schedule in found:
        assert set(schedule) == set(conference.session), name
        assert violations(conference, schedule) == [], name


def test_the_command_says_plainly_that_the_instances_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLBOARD_TEST_DATA", str(tmp_path))
    told = CliRunner().invoke(itc2007.main, [])
    assert told.exit_code == 0
    assert "ITC-2007 left out" in told.output


def test_the_command_prints_what_was_proved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBOARD_TEST_DATA", str(tmp_path))
    (tmp_path / "itc2007").mkdir()
    (tmp_path / "itc2007" / "comp03.ctt").write_text(SMALL)
    (tmp_path / "itc2007" / "comp03-UD2.sol").write_text(SOLVED)
    told = CliRunner().invoke(itc2007.main, ["--instance", "3", "--limit", "2"])
    assert told.exit_code == 0, told.output
    for kind in itc2007.KINDS:
        assert kind in told.output
