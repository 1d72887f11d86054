"""Conferences of CoSPLib from scratch, scored by its published objective, beside its published solutions.

There, every room of a stretch of time holds one track; a submission is a session here, so that two tracks in one room
and stretch are a cost above all others.  What is scored follows the library's description: penalties of tracks,
submissions and rooms, similar tracks side by side, rooms of a track, a track beside itself, gaps between its stretches,
order, and presenters and attendees who would be in two rooms in one stretch.

A. Kheiri, Y. Pylyavskyy, P. Jacko (2025): CoSPLib, a benchmark library for conference scheduling problems. GECCO '25.

Usage: python -m benchmarks.cosplib [--conference N2OR …] [--seconds 300].
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import click
import numpy as np
from rich.table import Table

from benchmarks.measuring import console
from solver import check
from solver.canvas import Canvas
from solver.conference import Conference, Placement, Schedule
from solver.countdown import countdown
from solver.plan import plan
from solver.preferences import Preference
from solver.preferences.preference import Costs
from webapp.interop.cosplib import Submission, Workbook, conference_of, read_workbook
from webapp.interop.sheet import rows_of, sheets

ROOT = Path(__file__).resolve().parent.parent
PUBLISHED = {"N2OR": 1, "GECCO19": 2_000_070, "OR60": None}
"""The objective of the published solutions of the extended model; there is none for OR60."""
WEIGHED_OTHERWISE = {"GECCO19": {"Consecutive Tracks": 10}}
"""Weights that the published solution was scored with, where the workbook has others."""
MIXED = 10**9
"""Points for a track too many in one room and stretch."""

Block = tuple[int, int]
"""The numbers of a stretch and of a room."""


def folder() -> Path:
    """Where the workbooks would be."""
    return Path(os.environ.get("CALLBOARD_TEST_DATA") or ROOT.parent / "shared" / "data").resolve() / "cosplib"


@dataclass(frozen=True)
class Where:
    """A solution: which tracks each block holds, and where each submission begins."""

    tracks: Mapping[Block, tuple[str, ...]]
    submissions: Mapping[str, tuple[int, int, int]]
    """Numbers of stretch, room and first slot."""


@dataclass(frozen=True)
class Scoring:
    """A workbook, ready to be scored by."""

    book: Workbook
    weighed: Mapping[str, int]

    @cached_property
    def submission(self) -> dict[str, Submission]:
        return {one.reference: one for one in self.book.submissions}

    @cached_property
    def conflicts(self) -> dict[str, dict[str, int]]:
        """Submission → those that may not be beside it in another room, with what that costs."""
        found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for kind, weight in (("presenters", "Presenters Conflicts"), ("attendees", "Attendees Conflicts")):
            of: dict[str, list[str]] = defaultdict(list)
            for one in self.book.submissions:
                for person in getattr(one, kind):
                    of[person].append(one.reference)
            pairs = {(a, b) for together in of.values() for a in together for b in together if a != b}
            for a, b in pairs:
                found[a][b] += self.weight(weight)
        return {one: dict(others) for one, others in found.items()}

    def weight(self, name: str) -> int:
        return self.weighed.get(name, self.book.weights.get(name, 0))

    def block(self, track: str, stretch: int, room: int) -> int:
        """What it costs that a track is in a block at all."""
        when, where, tables = self.book.stretches[stretch].name, self.book.rooms[room], self.book.tables
        return (
            self.weight("Tracks_Sessions|Penalty") * tables["tracks_sessions|penalty"].get((track, when), 0)
            + self.weight("Tracks_Rooms|Penalty") * tables["tracks_rooms|penalty"].get((track, where), 0)
            + self.weight("Sessions_Rooms|Penalty") * tables["sessions_rooms|penalty"].get((when, where), 0)
        )

    def similar(self, track: str, other: str) -> int:
        table = self.book.tables["similar tracks"]
        return self.weight("Similar Tracks") * (table.get((track, other), 0) or table.get((other, track), 0))

    def alone(self, submission: str, stretch: int, room: int) -> int:
        """What it costs that a submission is in a block."""
        one = self.submission[submission]
        return one.slots * (
            self.weight("Submissions_Sessions|Penalty") * one.penalties.get(self.book.stretches[stretch].name, 0)
            + self.weight("Submissions_Rooms|Penalty") * one.penalties.get(self.book.rooms[room], 0)
        )

    def parts(self, where: Where) -> dict[str, int]:
        """The published objective, part by part, in plain loops; and blocks with a track too many."""
        rooms: dict[str, set[int]] = defaultdict(set)
        stretches: dict[str, set[int]] = defaultdict(set)
        times: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for (stretch, room), tracks in where.tracks.items():
            for track in tracks:
                rooms[track].add(room)
                stretches[track].add(stretch)
                times[stretch].append((room, track))
        parallel = similar = 0
        for blocks in times.values():
            parallel += sum(count - 1 for count in Counter(track for _, track in blocks).values())
            similar += sum(self.similar(a, b) for at, a in blocks for beside, b in blocks if at < beside and a != b)
        beside = sum(
            self.conflicts.get(a, {}).get(b, 0)
            for a, (stretch, room, _) in where.submissions.items()
            for b, (other, elsewhere, _) in where.submissions.items()
            if a < b and stretch == other and room != elsewhere
        )
        return {
            "tracks": sum(self.block(track, *at) for at, tracks in where.tracks.items() for track in tracks),
            "submissions": sum(self.alone(one, *place[:2]) for one, place in where.submissions.items()),
            "similar": similar,
            "rooms": self.weight("Number of Rooms per Track") * sum(len(used) - 1 for used in rooms.values()),
            "parallel": self.weight("Parallel Tracks") * parallel,
            "gaps": self.weight("Consecutive Tracks") * sum(map(has_gap, stretches.values())),
            "conflicts": beside,
            "mixed": sum(len(tracks) - 1 for tracks in where.tracks.values()),
        }

    def order(self, where: Where) -> int:
        """What it costs that submissions which have a number in their track come as another one."""
        count: Counter[str] = Counter()
        wrong = 0
        numbered: Counter[tuple[int, int, str]] = Counter()
        for one, (stretch, _, slot) in sorted(where.submissions.items(), key=lambda pair: pair[1]):
            submission = self.submission[one]
            count[submission.track] += 1
            if submission.order:
                wrong += submission.order != count[submission.track]
                wrong += numbered[stretch, slot, submission.track]
                numbered[stretch, slot, submission.track] += 1
        return self.weight("Submissions Order") * wrong


def has_gap(stretches: Iterable[int]) -> bool:
    """Whether some stretch is missing between the first and the last."""
    numbers = set(stretches)
    return bool(numbers) and max(numbers) - min(numbers) + 1 != len(numbers)


class Published(Preference):
    """The published objective but for order, with blocks of one track."""

    name, weight = "published", 1
    says = "a point of CoSPLib's objective"

    def __init__(self, scoring: Scoring) -> None:
        self.scoring = scoring

    def cost(self, conference: Conference, schedule: Schedule, announced: Schedule) -> int:
        parts = self.scoring.parts(where(self.scoring.book, conference, schedule))
        return sum(parts.values()) - parts["mixed"] + MIXED * parts["mixed"]

    def sense(self, canvas: Canvas, announced: Schedule) -> _Sense:
        return _Sense(canvas, self.scoring)


class _Sense:
    def __init__(self, canvas: Canvas, scoring: Scoring) -> None:
        self.canvas, self.scoring = canvas, scoring
        book = scoring.book
        clock = canvas.conference.clock
        spans = [(clock.minute(one.start), clock.minute(one.end)) for one in book.stretches]
        number = [next((n for n, (a, b) in enumerate(spans) if a <= start < b), 0) for start in canvas.start_list]
        self.stretch = dict(zip(canvas.start_list, number, strict=True))
        self.columns = np.array(number)
        self.rows = [book.rooms.index(room) for room in canvas.rooms]
        """By the canvas's number of a room: the workbook's."""
        self.track = [session.track or "" for session in canvas.conference.sessions]
        self.blocks = {
            track: np.array(
                [[scoring.block(track, s, r) for s in range(len(book.stretches))] for r in self.rows], dtype=np.int64
            )
            for track in book.tracks
        }
        self.own = [
            np.array(
                [[scoring.alone(one, s, r) for s in range(len(book.stretches))] for r in self.rows], dtype=np.int64
            )
            for one in canvas.names
        ]

    def field(self, session: int) -> Costs:
        canvas, scoring, track = self.canvas, self.scoring, self.track[session]
        shape = self.own[session].shape
        held: dict[Block, set[str]] = defaultdict(set)
        for other, (room, start) in canvas.at.items():
            if other != session:
                held[room, self.stretch[start]].add(self.track[other])
        here = np.zeros(shape, dtype=bool)
        taken, similar = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=np.int64)
        for (room, stretch), tracks in held.items():
            here[room, stretch] = track in tracks
            taken[room, stretch] = bool(tracks)
            likeness = sum(scoring.similar(track, other) for other in tracks if other != track)
            if likeness:
                similar[:, stretch] += likeness
                similar[room, stretch] -= likeness
        used, times = here.any(axis=1), here.any(axis=0)
        total = self.blocks[track] + similar + MIXED * taken
        if used.any():
            total += scoring.weight("Number of Rooms per Track") * ~used[:, None]
        total += scoring.weight("Parallel Tracks") * times[None, :]
        numbers = set(np.flatnonzero(times).tolist())
        gap = has_gap(numbers)
        total += scoring.weight("Consecutive Tracks") * np.array(
            [has_gap(numbers | {stretch}) - gap for stretch in range(shape[1])]
        )
        total = np.where(here, 0, total) + self.own[session]
        for name, points in scoring.conflicts.get(canvas.names[session], {}).items():
            place = canvas.at.get(canvas.number[name])
            if place is not None:
                room, stretch = place[0], self.stretch[place[1]]
                total[:, stretch] += points
                total[room, stretch] -= points
        whole: Costs = total[:, self.columns]
        return whole


def where(book: Workbook, conference: Conference, schedule: Schedule) -> Where:
    """A schedule in the workbook's terms."""
    clock = conference.clock
    spans = [(clock.minute(one.start), clock.minute(one.end)) for one in book.stretches]
    slot = min((conference.session[one].minutes // sub.slots for one, sub in _by_reference(book).items()), default=1)
    tracks: dict[Block, set[str]] = defaultdict(set)
    places: dict[str, tuple[int, int, int]] = {}
    for one, place in schedule.items():
        stretch = next(number for number, (start, end) in enumerate(spans) if start <= place.start < end)
        room = book.rooms.index(place.room)
        places[one] = stretch, room, (place.start - spans[stretch][0]) // slot
        tracks[stretch, room].add(conference.session[one].track or "")
    return Where({block: tuple(sorted(held)) for block, held in tracks.items()}, places)


def _by_reference(book: Workbook) -> dict[str, Submission]:
    return {one.reference: one for one in book.submissions}


def published(book: Workbook, path: Path) -> Where:
    """A published solution: tracks by stretch and room, and below them on the sheet, slot by slot, submissions."""
    heads, *rows = rows_of(sheets(path.read_bytes(), path.name)["sol"])
    rooms = [book.rooms.index(str(head)) if head is not None else -1 for head in heads]
    names = [one.name for one in book.stretches]
    tracks: dict[Block, tuple[str, ...]] = {}
    places: dict[str, tuple[int, int, int]] = {}
    slots: Counter[int] = Counter()
    below = False
    for row in rows:
        if row[0] is None:
            below = True
            continue
        stretch = names.index(str(row[0]))
        for room, cell in zip(rooms[1:], row[1:], strict=True):
            if cell is not None and not below:
                tracks[stretch, room] = (str(cell),)
            elif cell is not None:
                places.setdefault(str(cell), (stretch, room, slots[stretch]))
        slots[stretch] += below
    return Where(tracks, places)


def track_by_track(book: Workbook, conference: Conference) -> dict[str, Placement]:
    """A first schedule: each track, the largest first, into the blocks where it costs least, as many as it needs."""
    scoring = Scoring(book, {})
    clock = conference.clock
    slot = min(conference.session[one.reference].minutes // one.slots for one in book.submissions)
    free = {(s, r) for s in range(len(book.stretches)) for r in range(len(book.rooms))}
    placed: dict[str, Placement] = {}
    size = Counter[str]()
    for one in book.submissions:
        size[one.track] += one.slots
    for track, _ in size.most_common():
        waiting = sorted((one for one in book.submissions if one.track == track), key=lambda one: -one.slots)
        used: set[int] = set()
        while waiting and free:
            block = min(
                free, key=lambda at: (scoring.block(track, *at), at[1] not in used, -book.stretches[at[0]].slots, at)
            )
            free.discard(block)
            used.add(block[1])
            stretch, at = book.stretches[block[0]], 0
            for one in list(waiting):
                if at + one.slots <= stretch.slots:
                    placed[one.reference] = Placement(book.rooms[block[1]], clock.minute(stretch.start) + at * slot)
                    at += one.slots
                    waiting.remove(one)
            if not at:
                break
    return placed


@click.command()
@click.option("--conference", "names", multiple=True, type=click.Choice(list(PUBLISHED)), default=tuple(PUBLISHED))
@click.option("--seconds", default=300.0, show_default=True, help="For each conference.")
@click.option("--seed", default=1, show_default=True)
def main(names: tuple[str, ...], seconds: float, seed: int) -> None:
    """Place conferences of CoSPLib from scratch, on one core, and score them as it does."""
    out = console()
    if not folder().is_dir():
        out.print(f"CoSPLib left out: no workbooks at {folder()} (CALLBOARD_TEST_DATA names another folder).")
        return
    table = Table(title=f"conferences of CoSPLib from scratch, {seconds:.0f} s each; fewer points are better")
    for head in (
        "conference",
        "submissions",
        "complete in s",
        "ours",
        "of which",
        "theirs, scored here",
        "as published",
    ):
        table.add_column(head, justify="right")
    for name in names:
        path = folder() / f"{name}.xlsx"
        book = read_workbook(sheets(path.read_bytes(), name), name)
        scoring = Scoring(book, WEIGHED_OTHERWISE.get(name, {}))
        conference = conference_of(book)
        found = plan(
            conference,
            {},
            from_scratch=True,
            start=track_by_track(book, conference),
            preferences=(Published(scoring),),
            seed=seed,
            remaining=countdown(seconds),
        )
        assert not check.violations(conference, found.schedule)
        ours = where(book, conference, found.schedule)
        parts = {**scoring.parts(ours), "order": scoring.order(ours)}
        mixed = parts.pop("mixed")
        score = f"{sum(parts.values())}"
        if mixed or found.unplaced:
            score += f", but {mixed} tracks too many in a room, {len(found.unplaced)} unplaced"
        solution = folder() / f"{name}-solution-extended.xlsx"
        theirs = "none here"
        if solution.is_file():
            told = published(book, solution)
            theirs = str(sum(scoring.parts(told).values()) + scoring.order(told))
        complete = "never" if found.first_complete is None else f"{found.first_complete:.2f}"
        said = ", ".join(f"{part} {points}" for part, points in parts.items() if points)
        given = PUBLISHED[name]
        table.add_row(name, str(len(book.submissions)), complete, score, said, theirs, str(given or "not here"))
    out.print(table)


if __name__ == "__main__":
    main()
