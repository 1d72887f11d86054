"""`python -m benchmarks.live`: the live feeds against their targets.

First all servers at once, in turns: what a message to everybody costs, what an idle connection and a handshake cost.
Then a real `callboard serve` on a fresh SQLite file with every commit on the disk, and one editor over HTTP: changes to
more and more clients, a restart that all of them come back from, clients that never read, attacks, and a steady editor.
Times run from the editor's request, so they hold the save.  The load client takes a core of its own; everything is
loopback and ends by itself.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from rich.table import Table

from benchmarks.live import peers, scenarios
from benchmarks.live.crowd import Crowd, TimeUp, allow_many_files
from benchmarks.live.peers import FLOOR, OURS, PICOWS, WEBSOCKETS
from benchmarks.live.serving import Site, serving
from benchmarks.live.throughput import Row, measure, rows
from benchmarks.measuring import console, milliseconds, percentile
from benchmarks.targets import verdict

MICRO, KIB = 1e6, 1024
SPARE_FILES = 300
"""What the processes open besides the clients."""
PAUSE = 0.5
"""Seconds between two changes whose latency is measured."""
MOST = 10_000


@dataclass(frozen=True)
class Target:
    """A line of the table of targets."""

    what: str
    figure: str
    asked: str
    met: bool


def at_least(what: str, figure: float, least: float) -> Target:
    """A target that a figure must reach."""
    return Target(what, f"{figure:.2f}", f"≥ {least}", figure >= least)


def at_most(what: str, figure: float, most: float, unit: str = "") -> Target:
    """A target that a figure must not exceed."""
    return Target(what, f"{figure:.3g}{unit}", f"≤ {most:g}{unit}", figure <= most)


def whole(what: str, is_whole: bool) -> Target:
    """A target that is met or not."""
    return Target(what, "all, in order" if is_whole else "NOT all in order", "all, in order", is_whole)


def compared(*, clients: int, turns: int, messages: int) -> list[Target]:
    """All servers in one run: prints them, and answers the targets that are ratios."""
    table = Table("server", "µs of CPU per message", "best turn", "KiB per idle connection", "µs per handshake")
    with rows() as (found, missing):
        measure(found, clients=clients, turns=turns, messages=messages)
        for row in found:
            costs = (f"{row.cost * MICRO:.2f}", f"{min(row.costs) * MICRO:.2f}")
            table.add_row(row.name, *costs, f"{row.idle_bytes / KIB:.1f}", f"{row.handshake * MICRO:.0f}")
        console().print(f"{clients} clients each, {turns} turns of {messages} messages", table)
        if missing:
            console().print(f"not installed, left out: {', '.join(missing)}")
        return _ratios({row.name: row for row in found})


def _ratios(found: dict[str, Row]) -> list[Target]:
    ours, floor = found[OURS.name], found[FLOOR.name]
    targets = [
        at_least(f"throughput against {kind.name}", found[kind.name].cost / ours.cost, least)
        for kind, least in ((WEBSOCKETS, 1.25), (PICOWS, 0.95))
        if kind.name in found
    ]
    return [
        *targets,
        at_most("CPU per message against the bare loop", ours.cost / floor.cost, 1.15),
        at_most("memory of an idle connection", ours.idle_bytes / KIB, 3, " KiB"),
    ]


def reached(sizes: Sequence[int], *, changes: int) -> list[Target]:
    """Changes to more and more clients of one process."""
    table = Table("clients", "p50 ms", "p99 ms", "last ms", "µs of CPU per message", "KiB per idle connection")
    targets = []
    with served() as (_, site, crowd):
        empty = peers.private_bytes(site.web)
        for size in sizes:
            found = scenarios.reach(site, crowd, size, changes=changes, pause=PAUSE)
            times = map(milliseconds, (found.p50, found.p99, found.last))
            table.add_row(str(size), *times, f"{found.cost * MICRO:.1f}", f"{found.idle_bytes / KIB:.1f}")
            targets.append(whole(f"{size} clients, {changes} changes", found.healthy))
            if size == MOST:
                targets.append(at_most(f"p99 of a change to {size} clients", found.p99 * 1000, 150, " ms"))
                each = (found.memory - empty) / size / KIB
                targets.append(at_most(f"memory of each of {size} connections", each, 3, " KiB"))
    console().print("One web process, from the editor's request to the clients", table)
    return targets


def stormed(clients: int) -> list[Target]:
    """A restart, and everybody back."""
    with served() as (data, site, crowd):
        crowd.connect(clients, site.feed)
        found = scenarios.storm(site, crowd, data, clients)
    console().print(
        f"Restart under {clients} clients: {found.told} told 1012, ended after {found.goodbye:.2f} s; all back with "
        f"{scenarios.MISSED} events each after {found.seconds:.1f} s, {found.cpu:.2f} s of CPU"
    )
    return [
        at_most("end with all clients connected", found.goodbye, 2, " s"),
        at_most(f"{clients} reconnects with {scenarios.MISSED} events each, CPU", found.cpu, 6 * clients / MOST, " s"),
        whole("reconnects", found.complete),
    ]


def beside_those_who_never_read(clients: int, *, changes: int) -> list[Target]:
    """Healthy clients beside deaf ones."""
    with served() as (_, site, crowd):
        found = scenarios.beside_deaf(site, crowd, clients, changes=changes)
    console().print(
        f"{clients} clients, {found.deaf} of which never read: p99 {milliseconds(found.p99)} ms, without them "
        f"{milliseconds(found.alone)} ms"
    )
    return [
        whole("healthy clients beside 5 % that never read", found.complete),
        at_most("their p99 against without them", found.p99 / found.alone, 1.2),
    ]


def attacked(clients: int, *, changes: int, attacks: float) -> list[Target]:
    """Healthy clients while others do their worst."""
    with served() as (_, site, crowd):
        found = scenarios.under_attack(site, crowd, clients, changes=changes, per_second=attacks)
    table = Table("attack", "tried", "refused or ended")
    for name, tried in sorted(found.toll.tried.items()):
        table.add_row(name, str(tried), str(found.toll.refused[name]))
    console().print(
        f"{clients} clients under {attacks:g} attacks a second: p99 {milliseconds(found.p99)} ms, without them "
        f"{milliseconds(found.quiet)} ms",
        table,
    )
    refused = found.toll.all_refused
    return [
        whole("healthy clients under attack", found.complete),
        Target("attacks refused", "all" if refused else "NOT all", "all", refused),
        at_most("p99 under attack against without", found.p99 / found.quiet, 1.2),
    ]


def elsewhere(changes: int) -> list[Target]:
    """From a save with `publish` over HTTP to one other client."""
    with served() as (_, site, crowd):
        p50, p95 = scenarios.seen_elsewhere(site, crowd, changes=changes)
    console().print(f"Save with publish to another client: p50 {milliseconds(p50)} ms, p95 {milliseconds(p95)} ms")
    return [at_most("save with publish to another client, p95", p95 * 1000, 150, " ms")]


def steady(clients: int, *, seconds: float, per_second: float) -> list[Target]:
    """An editor who saves and publishes steadily."""
    with served() as (_, site, crowd):
        found = scenarios.soak(site, crowd, clients, seconds=seconds, per_second=per_second)
    console().print(
        f"{clients} clients, 5 % of which never read, {found.changes} changes at {found.per_second:.1f} a second: p50 "
        f"{milliseconds(found.p50)} ms, p99 {milliseconds(found.p99)} ms; saves p95 {milliseconds(found.save)} ms; the "
        f"process grew by {found.growth / KIB:.0f} KiB in the second half"
    )
    return [
        whole("steady changes", found.complete),
        at_most("p99 of steady changes", found.p99 * 1000, 150, " ms"),
        at_most("growth in the second half", found.growth / KIB / KIB, 8, " MiB"),
    ]


def several(clients: int, *, workers: int, database: str, redis: str, changes: int) -> list[Target]:
    """Several web processes on one PostgreSQL database, which wake each other by Redis or by PostgreSQL itself."""
    options = ["--workers", str(workers), *(["--redis", redis] if redis else [])]
    with served(options, database) as (_, site, crowd):
        found = scenarios.reach(site, crowd, clients, changes=changes, pause=PAUSE)
        line = "Redis" if redis else "PostgreSQL"
        console().print(
            f"{clients} clients of {len(site.web) - 1} web processes by {line}: p50 {milliseconds(found.p50)} ms, p99 "
            f"{milliseconds(found.p99)} ms, last {milliseconds(found.last)} ms; saves p50 "
            f"{milliseconds(percentile(site.saves, 50))} ms"
        )
    return [
        whole(f"{workers} web processes", found.healthy),
        at_most(f"p99 of a change through {workers} web processes", found.p99 * 1000, 150, " ms"),
    ]


def attempted(name: str, part: Callable[[], list[Target]]) -> list[Target]:
    """The targets of a part; where what it waits for does not come, that it was given up, and the others go on."""
    try:
        return part()
    except TimeUp as error:
        console().print(f"{name}: given up: {error}")
        return [Target(name, "given up", "an end", met=False)]


@contextmanager
def served(options: Sequence[str] = (), database: str | None = None) -> Iterator[tuple[Path, Site, Crowd]]:
    """A fresh `serve`, and a crowd for it."""
    # Here, since a directory for temporary files may be in memory.
    with (
        tempfile.TemporaryDirectory(prefix="callboard-", dir=".") as folder,
        serving(Path(folder), options=options, database=database) as site,
    ):
        crowd = Crowd(site.port)
        try:
            yield Path(folder), site, crowd
        finally:
            crowd.close()


PARTS = ("compare", "reach", "storm", "deaf", "attack", "save", "soak", "several")


@click.command(help=__doc__)
@click.option("--only", type=click.Choice(PARTS), multiple=True, help="Measure this part alone; may be repeated.")
@click.option("--clients", default=MOST, show_default=True, help="Of the restart and of the steady editor.")
@click.option("--compared", "beside", default=1500, show_default=True, help="Clients of each server that is compared.")
@click.option("--turns", default=10, show_default=True, help="How often each server has its turn.")
@click.option("--messages", default=40, show_default=True, help="Messages of a turn.")
@click.option(
    "--size", "sizes", default=[1000, 5000, 10_000], multiple=True, show_default=True, help="Clients to reach."
)
@click.option("--most/--no-most", default=True, show_default=True, help="Reach also as many as files allow.")
@click.option("--changes", default=40, show_default=True, help="Changes whose latency is measured.")
@click.option(
    "--seconds", default=30.0, show_default=True, help="Of the steady editor; 600 shows whether memory grows."
)
@click.option("--per-second", default=10.0, show_default=True, help="Changes of the steady editor.")
@click.option("--attacks", default=50.0, show_default=True, help="Attacks a second.")
@click.option("--workers", default=4, show_default=True, help="Web processes of the part `several`.")
@click.option("--database", metavar="URL", help="An empty PostgreSQL database for it; without one, it is left out.")
@click.option("--redis", metavar="URL", default="", help="A Redis server for it; without one, PostgreSQL wakes them.")
def main(
    only: tuple[str, ...],
    clients: int,
    beside: int,
    turns: int,
    messages: int,
    sizes: Sequence[int],
    most: bool,
    changes: int,
    seconds: float,
    per_second: float,
    attacks: float,
    workers: int,
    database: str | None,
    redis: str,
) -> None:
    """Measure and print; the exit status is 1 where a target is missed."""
    files = allow_many_files() - SPARE_FILES
    if most:
        sizes = [*(size for size in sizes if size < files), files]
    parts = {
        "compare": lambda: compared(clients=beside, turns=turns, messages=messages),
        "reach": lambda: reached(sizes, changes=changes),
        "storm": lambda: stormed(clients),
        "deaf": lambda: beside_those_who_never_read(min(clients, 1000), changes=changes),
        "attack": lambda: attacked(min(clients, 1000), changes=changes * 2, attacks=attacks),
        "save": lambda: elsewhere(changes * 3),
        "soak": lambda: steady(clients, seconds=seconds, per_second=per_second),
    }
    if database:
        parts["several"] = lambda: several(clients, workers=workers, database=database, redis=redis, changes=changes)
    chosen = [name for name in only or PARTS if name in parts]
    targets = [target for name in chosen for target in attempted(name, parts[name])]
    table = Table("target", "measured", "asked", "")
    for target in targets:
        table.add_row(target.what, target.figure, target.asked, verdict(target.met))
    console().print(table)
    # For HISTORY.md, where the columns are the targets.
    print(f"| {' | '.join(target.figure for target in targets)} |")
    sys.exit(not all(target.met for target in targets))


if __name__ == "__main__":
    main()
