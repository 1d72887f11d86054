"""What a real `callboard serve` does when many follow, when all come back at once, and when some never read."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.live import peers
from benchmarks.live.attacks import Aim, Toll, attacking, sign_ins
from benchmarks.live.crowd import Crowd, latency
from benchmarks.live.serving import SLUG, Site, started
from benchmarks.measuring import percentile
from webapp.live import frames

MISSED = 50
"""Events that everybody has missed who comes back."""
DEAF = 0.05
"""The share of those who never read."""
TURNS = 2
"""How often changes are measured without and with those who do harm, since a machine is not always equally fast."""
TURN_PAUSE = 0.25
"""Seconds between those changes."""
LONG = 60
"""Sessions that one save changes, so that those who never read are soon behind."""


@dataclass
class Reached:
    """Changes that were published while so many followed."""

    clients: int
    p50: float
    p99: float
    last: float
    """Seconds until the last client had the change, of the slowest change."""
    cost: float
    """Seconds of processor time for each delivered message, with the saves."""
    idle_bytes: float
    """Memory for each of those who came last."""
    memory: int
    """Bytes of the web process with all of them idle."""
    healthy: bool
    """Whether everybody got everything, in order."""


@dataclass
class Storm:
    """Everybody was sent away by a restart and came back."""

    clients: int
    told: int
    """How many were told that the server restarts."""
    goodbye: float
    """Seconds from the signal to the end of the process."""
    seconds: float
    cpu: float
    complete: bool
    """Whether everybody had all that they missed, in order, without reading afresh."""


@dataclass
class Beside:
    """Those who read, beside those who never do."""

    clients: int
    deaf: int
    alone: float
    """p99 without them, in seconds."""
    p99: float
    complete: bool


@dataclass
class Soak:
    """An editor who saves and publishes steadily, for a while."""

    clients: int
    changes: int
    per_second: float
    p50: float
    p99: float
    save: float
    """p95 of the saves, in seconds."""
    growth: float
    """Bytes by which the web process has grown in the second half."""
    complete: bool


@dataclass
class Attacked:
    """Those who mean well, beside those who do not."""

    clients: int
    quiet: float
    """p99 without attacks, in seconds."""
    p99: float
    toll: Toll
    complete: bool


@contextmanager
def editing(site: Site, crowd: Crowd, changes: int, *, pause: float = 0.0, size: int = 1) -> Iterator[threading.Thread]:
    """An editor on a thread of their own, who saves and publishes so often."""
    trouble: list[BaseException] = []

    def work() -> None:
        try:
            for number in range(changes):
                due = began + number * pause
                time.sleep(max(0.0, due - time.monotonic()))
                crowd.sent[site.version + 1] = time.monotonic()
                site.save(size)
        except BaseException as error:
            trouble.append(error)

    began = time.monotonic()
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield thread
    thread.join()
    if trouble:
        raise trouble[0]


def changed(site: Site, crowd: Crowd, changes: int, *, pause: float, size: int = 1) -> None:
    """Have so many changes published, and wait until everybody has the last of them."""
    last = site.version + changes
    with editing(site, crowd, changes, pause=pause, size=size) as editor:
        while editor.is_alive():
            crowd.pump(0.05)
    crowd.until_seen(last)


def reach(site: Site, crowd: Crowd, clients: int, *, changes: int, pause: float) -> Reached:
    """Let clients in until there are so many, then publish changes."""
    empty, before = peers.private_bytes(site.web), crowd.ready
    crowd.connect(clients - before, site.feed)
    memory = peers.private_bytes(site.web)
    idle = (memory - empty) / (clients - before)
    changed(site, crowd, 2, pause=pause)
    crowd.forget_figures()
    used = peers.cpu(site.web)
    changed(site, crowd, changes, pause=pause)
    cost = (peers.cpu(site.web) - used) / crowd.messages
    healthy = crowd.is_whole(changes)
    return Reached(
        clients, crowd.latency(50), crowd.latency(99), max(crowd.arrivals.values()), cost, idle, memory, healthy
    )


def storm(site: Site, crowd: Crowd, data: Path, clients: int) -> Storm:
    """Restart under so many clients, which come back with the ticket they were given and `MISSED` events behind."""
    way_back = site.way_back()
    for _ in range(MISSED):
        site.save()
    site.forget_connection()
    while crowd.pump(0.2):
        pass
    crowd.forget_figures()
    began = time.monotonic()
    site.process.send_signal(signal.SIGTERM)
    while site.process.poll() is None and time.monotonic() - began < 10:
        crowd.pump(0.02)
    goodbye = time.monotonic() - began
    with suppress(Exception):
        crowd.until(lambda: not crowd.clients, "some were not sent away", patience=2)
    told = crowd.lost[frames.RESTARTING]
    crowd.leave()
    with started(data, port=site.port) as (process, _port):
        web = peers.web_processes(process.pid)
        used, began = peers.cpu(web), time.monotonic()
        crowd.connect(clients, way_back)
        crowd.until(lambda: crowd.messages >= clients * MISSED, "not everybody had what they missed")
        seconds, cpu = time.monotonic() - began, peers.cpu(web) - used
        complete = crowd.gaps == crowd.reloads == 0 and crowd.messages == clients * MISSED
        crowd.leave()
    return Storm(clients, told, goodbye, seconds, cpu, complete)


def beside_deaf(site: Site, crowd: Crowd, clients: int, *, changes: int) -> Beside:
    """The same changes without and with clients that never read, in turns."""
    deaf = int(clients * DEAF)
    crowd.connect(clients - deaf, site.feed)
    changed(site, crowd, 2, pause=TURN_PAUSE, size=LONG)
    alone, beside, complete = Counter[int](), Counter[int](), True
    for _ in range(TURNS):
        for latencies in (alone, beside):
            crowd.connect(deaf if latencies is beside else 0, site.feed, deaf=deaf if latencies is beside else 0)
            crowd.forget_figures()
            changed(site, crowd, changes, pause=TURN_PAUSE, size=LONG)
            latencies.update(crowd.latencies)
            complete &= crowd.is_whole(changes)
            crowd.dismiss_deaf()
    return Beside(clients, deaf, latency(alone, 99), latency(beside, 99), complete)


def under_attack(site: Site, crowd: Crowd, clients: int, *, changes: int, per_second: float) -> Attacked:
    """The same changes without and with attacks, in turns."""
    crowd.connect(clients, site.feed)
    changed(site, crowd, 5, pause=TURN_PAUSE)
    aim = Aim(site.port, site.feed, f"/collab/{SLUG}", sign_ins(site.database), per_second, seconds=changes)
    quiet, attacked, toll, complete = Counter[int](), Counter[int](), Toll(), True
    for _ in range(TURNS):
        for latencies in (quiet, attacked):
            crowd.forget_figures()
            with attacking(aim) if latencies is attacked else nullcontext(Toll()) as found:
                changed(site, crowd, changes, pause=TURN_PAUSE)
            toll.add(found)
            latencies.update(crowd.latencies)
            complete &= crowd.is_whole(changes)
    return Attacked(clients, latency(quiet, 99), latency(attacked, 99), toll, complete)


def soak(site: Site, crowd: Crowd, clients: int, *, seconds: float, per_second: float) -> Soak:
    """Many clients, `DEAF` of which never read, while an editor saves and publishes steadily."""
    deaf = int(clients * DEAF)
    crowd.connect(clients, site.feed, deaf=deaf)
    changed(site, crowd, 5, pause=0.1)
    crowd.forget_figures()
    site.saves.clear()
    changes = int(seconds * per_second)
    last, halfway = site.version + changes, 0
    began = time.monotonic()
    with editing(site, crowd, changes, pause=1 / per_second) as editor:
        while editor.is_alive():
            crowd.pump(0.05)
            if not halfway and time.monotonic() - began > seconds / 2:
                halfway = peers.private_bytes(site.web)
    took = time.monotonic() - began
    crowd.until_seen(last)
    growth = peers.private_bytes(site.web) - halfway
    complete = crowd.is_whole(changes)
    saves = percentile(site.saves, 95)
    return Soak(clients, changes, changes / took, crowd.latency(50), crowd.latency(99), saves, growth, complete)


def seen_elsewhere(site: Site, crowd: Crowd, *, changes: int) -> tuple[float, float]:
    """p50 and p95 in seconds from a save's request until another client has what it published."""
    crowd.connect(1, site.feed)
    changed(site, crowd, 5, pause=0.1)
    crowd.forget_figures()
    changed(site, crowd, changes, pause=0.1)
    return crowd.latency(50), crowd.latency(95)
