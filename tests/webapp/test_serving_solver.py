"""The solver process, asked through its client over a real socket."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fixtures import generate
from solver.conference import Interval
from solver.cost_map import cost_map
from solver.edits import CloseRoom, Edit, Move, PersonUnavailable, Pin, Resize, Unplace, apply
from solver.repair import repair
from tests.solver import boards
from tests.webapp.processes import children, lives, until
from webapp.schemas import answer_json, callboard_json, read_edits, stretch_json
from webapp.services.repairing import news_since
from webapp.serving import SolverBusy, SolverClient, SolverRefused, SolverUnavailable, solves, wire, workers
from webapp.serving.parent import SUPERVISOR
from webapp.serving.programs import Program
from webapp.serving.solver_client import GRACE_SECONDS
from webapp.serving.solver_process import SOLVES_AT_ONCE, WAITING_AT_MOST
from webapp.serving.watchdog import Watchdog
from webapp.store import Facts

pytestmark = pytest.mark.slow
Json = dict[str, Any]


@contextmanager
def solver_process(path: Path, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "webapp.serving.solver_process", "--socket", str(path), *arguments],
        # It ends with the test run, even if that is killed.
        env={**os.environ, SUPERVISOR: str(os.getpid()), **environment},
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SolverClient, int]]:
    """A client of a warm solver process, and the process's id."""
    path = tmp_path_factory.mktemp("solver") / "solver.sock"
    with solver_process(path) as process:
        client = SolverClient(path)
        until(client.ping, "the solver is warm")
        yield client, process.pid


@pytest.fixture
def client(running: tuple[SolverClient, int]) -> SolverClient:
    return running[0]


@pytest.fixture
def pid(running: tuple[SolverClient, int]) -> int:
    return running[1]


def hopeless() -> Json:
    """Sessions for more minutes than there are, all alike: a proof takes far longer than a test may."""
    lengths = (35, 40, 45, 50, 55)
    placed = {"room": "r0", "start": "2025-02-01T08:00"}
    return {
        "callboard": 1,
        "conference": {"days": [{"date": "2025-02-01", "start": "08:00", "end": "18:00"}]},
        "rooms": [{"id": f"r{number}"} for number in range(5)],
        "people": [{"id": f"p{number}"} for number in range(7)],
        "sessions": [
            {"id": str(number), "minutes": lengths[number % 5], "speakers": [f"p{number % 7}"], **placed}
            for number in range(66)
        ],
    }


def never() -> Json:
    raise AssertionError("the facts were asked for again")


def ask(path_or_client: SolverClient, seconds: float, key: str = "hopeless") -> Json:
    return path_or_client.repair(key, hopeless, [], time_limit=seconds)


def test_the_answer_is_the_solvers(client: SolverClient) -> None:
    conference, schedule = generate.conference(seed=5, sessions=60, rooms=5)
    facts = callboard_json(conference, schedule)
    first, second, *_ = sorted(schedule, key=lambda session: schedule[session].start)
    target = schedule[second]
    edits = [{"op": "move", "session": first, "room": target.room, "start": conference.clock.text(target.start)}]
    told = client.repair("generated:1", lambda: facts, edits, alternatives=3)
    direct = repair(
        conference, schedule, read_edits(edits, conference, "edits"), alternatives=3, remaining=lambda: 30.0
    )
    expected = answer_json(conference, direct, camel=False, offset=True)
    assert {**told, "seconds": 0} == {**expected, "seconds": 0}
    assert client.repair("generated:1", never, edits, alternatives=3)["status"] == told["status"]


@pytest.fixture(scope="module")
def hot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SolverClient, int]]:
    """The same with the compiled search, so that conferences are laid out and children stand ready."""
    boards.load()
    path = tmp_path_factory.mktemp("hot") / "solver.sock"
    with solver_process(path, "--cache", os.environ["CALLBOARD_CACHE"]) as process:
        client = SolverClient(path)
        until(client.ping, "the solver is warm")
        assert client.state()["compiled"]
        yield client, process.pid


def test_the_compiled_search_answers_the_same_and_keeps_the_conference(hot: tuple[SolverClient, int]) -> None:
    client, pid = hot
    conference, schedule = generate.conference(seed=5, sessions=120, rooms=6)
    facts = callboard_json(conference, schedule)
    ids = sorted(schedule)
    for number, (first, second) in enumerate(pairwise(ids[:20])):
        target = schedule[second]
        start = conference.clock.text(target.start)
        edits = [{"op": "move", "session": first, "room": target.room, "start": start}]
        told = client.repair("generated:1", never if number else lambda: facts, edits)
        direct = repair(conference, schedule, read_edits(edits, conference, "edits"), remaining=lambda: 30.0)
        expected = answer_json(conference, direct, camel=False, offset=True)
        if direct.status == "proved_minimal" and told["certificate"] == expected["certificate"]:
            assert {**told, "seconds": 0} == {**expected, "seconds": 0}
        else:
            assert (told["status"], told["moved"], told["price"]) == (direct.status, direct.moved, direct.price)
    assert len(children(pid)) == 1, "one child has answered them all"


def test_saves_are_followed(hot: tuple[SolverClient, int]) -> None:
    """After a save only what is new is told, the answers are those for the whole, and the child that stands ready
    follows as well."""
    client, pid = hot
    conference, schedule = generate.conference(seed=6, sessions=120, rooms=6)
    one, two, three, *_ = sorted(schedule)
    place = schedule[two]
    hour = Interval(place.start, place.start + 60)
    saves: list[list[Edit]] = [
        [Move(one, place.room, place.start)],
        [Resize(two, conference.session[two].minutes + 15), Pin(three)],
        [CloseRoom(place.room, hour)],
        [Unplace(one), PersonUnavailable(conference.people[0].id, hour)],
    ]
    facts = Facts("followed", 1, conference, schedule)
    before = set(children(pid))
    client.repair("followed:1", lambda: callboard_json(conference, schedule), [])
    standing = set(children(pid)) - before
    assert len(standing) == 1
    for edits in saves:
        edited = apply(facts.conference, facts.schedule, edits)
        later = Facts("followed", facts.version + 1, edited.conference, edited.schedule)
        news = news_since(facts, later)
        assert news is not None
        assert len(news["sessions"]) <= 2

        def load_changes(have: Sequence[str], news: Json = news) -> tuple[str, Json]:
            return have[-1], news

        told = client.repair(f"followed:{later.version}", never, [], load_changes=load_changes)
        direct = repair(later.conference, later.schedule, [], remaining=lambda: 30.0)
        assert (told["status"], told["moved"], told["price"]) == (direct.status, direct.moved, direct.price)
        facts = later
    assert standing == set(children(pid)) - before


def test_a_child_that_stood_ready_and_is_gone_is_not_missed(hot: tuple[SolverClient, int]) -> None:
    """Killed or stopped while it is asked nothing; killed while it is asked something; and then the next answers."""
    client, pid = hot
    facts = callboard_json(*generate.conference(seed=7, sessions=30, rooms=4))
    for fault in (signal.SIGKILL, signal.SIGSTOP):
        assert client.repair("lost:1", lambda: facts, [])["status"] == "nothing_to_repair"
        for standing in children(pid):
            os.kill(standing, fault)
    assert client.repair("lost:1", lambda: facts, [])["status"] == "nothing_to_repair"
    client.repair("hopeless", hopeless, [], time_limit=0.1)
    with ThreadPoolExecutor() as pool:
        doomed = pool.submit(ask, client, 30.0)
        until(lambda: client.state()["solving"] == 1, "the solve runs")
        time.sleep(0.3)  # it has begun: before that, another child would be asked
        for child in children(pid):
            os.kill(child, signal.SIGKILL)
        with pytest.raises(SolverUnavailable, match=r"ended without an answer \(signal 9\)"):
            doomed.result(timeout=10)
    assert client.repair("lost:1", lambda: facts, [])["status"] == "nothing_to_repair"
    until(lambda: client.state()["standing"] >= 1, "a child stands ready again")


def test_a_child_that_has_answered_enough_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    boards.load()
    conference, schedule = generate.conference(seed=7, sessions=30, rooms=4)
    question = {"op": "repair", "edits": [], "alternatives": 1, "time_limit": 10.0, "scope": "all", "place": False}
    monkeypatch.setattr(workers, "QUESTIONS_AT_MOST", 2)
    worker = workers.fork("one:1", solves.Facts(conference, schedule, boards.board(conference, schedule)))
    worker.connection.settimeout(20)
    for _ in range(2):
        worker.ask({**question, "engine": "auto"}, grace=1.0)
        said: list[Json] = []
        while not worker.answered:
            said += worker.read() or []
        assert said[-1]["answer"]["status"] == "nothing_to_repair"
    assert worker.read() is None
    assert worker.reap() == 0


def test_what_is_not_compiled_yet_is_compiled_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "solver.sock"
    with solver_process(path, "--cache", str(tmp_path / "cache"), CALLBOARD_COMPILE="1") as process:
        client = SolverClient(path)
        until(client.ping, "the solver is warm")
        compiling = children(process.pid)
        assert len(compiling) == 1
        assert ask(client, 0.1)["status"] != "infeasible"
        assert not client.state()["compiled"]
    until(lambda: not lives(compiling[0]), "what compiles has ended with it", within=2)


def test_each_key_is_another_conference(client: SolverClient) -> None:
    conference, schedule = generate.conference(seed=6, sessions=20, rooms=3)
    assert client.repair("other:1", lambda: callboard_json(conference, schedule), [])["status"] == "nothing_to_repair"


@pytest.mark.parametrize(
    ("edits", "sentence"),
    [
        ([{"op": "move", "session": "nobody", "room": "r0"}], "there is no session 'nobody'"),
        ([{"op": "dance"}], "there is no edit 'dance'"),
        ([{"op": "swap", "sessions": ["1", "1"]}], "cannot be swapped with itself"),
    ],
)
def test_edits_that_make_no_sense_are_refused(client: SolverClient, edits: list[Json], sentence: str) -> None:
    with pytest.raises(SolverRefused, match=sentence):
        client.repair("hopeless", hopeless, edits, time_limit=1)


def test_facts_that_make_no_sense_are_refused(client: SolverClient) -> None:
    with pytest.raises(SolverRefused, match=r"the facts: conference: it is missing"):
        client.repair("broken", lambda: {"callboard": 1}, [])


@pytest.mark.parametrize("wrong", [{"time_limit": -1}, {"alternatives": 0}, {"scope": "none"}, {"engine": "magic"}])
def test_questions_that_make_no_sense_are_refused(client: SolverClient, wrong: Json) -> None:
    with pytest.raises(SolverRefused, match="not understood"):
        client.repair("hopeless", hopeless, [], **wrong)


def test_the_limit_is_kept(client: SolverClient) -> None:
    started = time.monotonic()
    assert ask(client, 1.0)["status"] in ("unknown", "best_found", "proved_moved")
    assert time.monotonic() - started < 4


def test_a_ping_is_answered_while_a_solve_runs(client: SolverClient, pid: int) -> None:
    with ThreadPoolExecutor() as pool:
        long = pool.submit(ask, client, 2.0)
        until(lambda: bool(children(pid)), "the solve runs")
        started = time.monotonic()
        assert client.state()["solving"] == 1
        assert time.monotonic() - started < 0.5
        assert not long.done()
        long.result()


def test_a_solve_ends_when_nobody_waits_for_it(client: SolverClient, pid: int) -> None:
    ask(client, 0.1)
    until(lambda: not children(pid), "the last solve has ended")
    impatient = socket.socket(socket.AF_UNIX)
    impatient.connect(client._path)
    question = {"op": "repair", "key": "hopeless", "edits": [], "alternatives": 1, "time_limit": 600.0}
    impatient.sendall(wire.packed({**question, "scope": "all", "place": False, "engine": "auto"}))
    until(lambda: bool(children(pid)), "the solve runs")
    impatient.close()
    assert until(lambda: not children(pid), "the solve has ended") < 2
    assert client.state()["solving"] == 0


def test_a_long_solve_tells_how_far_it_is_and_ends_when_nobody_listens(client: SolverClient, pid: int) -> None:
    until(lambda: not children(pid), "the last solve has ended")
    question = {"op": "repair", "edits": [], "alternatives": 1, "time_limit": 600.0, "progress": True}
    said = client.stream("hopeless", hopeless, {**question, "scope": "all", "place": False, "engine": "auto"})
    heard: list[Json] = []
    while not heard:
        heard = next(said)
    assert heard[0]["progress"].keys() == {"moved", "moved_lower_bound", "price", "repair", "seconds"}
    assert children(pid)
    said.close()  # type: ignore[attr-defined]  # it is a generator
    assert until(lambda: not children(pid), "the solve has ended") < 2


def test_the_cost_map_comes_piece_by_piece(client: SolverClient) -> None:
    conference, schedule = generate.conference(seed=5, sessions=60, rooms=5)
    session = min(schedule)
    question = {"op": "cost_map", "edits": [], "session": session, "depth": 2, "time_limit": 20.0}
    facts = callboard_json(conference, schedule)
    said = [
        message
        for messages in client.stream("generated:1", lambda: facts, {**question, "rooms": None, "day": None})
        for message in messages
    ]
    direct = [stretch_json(conference, one) for one in cost_map(conference, schedule, session)]
    assert [message["stretch"] for message in said[:-1]] == direct
    assert said[-1]["answer"]["complete"] is True
    with pytest.raises(SolverRefused, match="no session 'nobody'"):
        list(client.stream("generated:1", never, {**question, "session": "nobody", "rooms": None, "day": None}))


def test_two_solve_at_once_and_the_rest_wait_for_their_turn(client: SolverClient, pid: int) -> None:
    ask(client, 0.1)
    with ThreadPoolExecutor(max_workers=5) as pool:
        answers = [pool.submit(ask, client, 1.0) for _ in range(4)]
        until(lambda: client.state()["waiting"] == 2, "two wait")
        assert len(children(pid)) == SOLVES_AT_ONCE
        assert all(answer.result()["status"] != "infeasible" for answer in answers)


def test_too_many_are_told_so(client: SolverClient) -> None:
    ask(client, 0.1)
    many = SOLVES_AT_ONCE + WAITING_AT_MOST
    gate = threading.Event()
    refused = []

    def impatient() -> None:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(client._path)
            question = {"op": "repair", "key": "hopeless", "edits": [], "alternatives": 1, "time_limit": 60.0}
            connection.sendall(wire.packed({**question, "scope": "all", "place": False, "engine": "auto"}))
            gate.wait(20)

    with ThreadPoolExecutor(max_workers=many) as pool:
        for _ in range(many):
            pool.submit(impatient)
        until(lambda: client.state()["waiting"] == WAITING_AT_MOST, "the queue is full")
        with pytest.raises(SolverBusy, match="busy with 18 other repairs") as busy:
            ask(client, 1.0)
        refused.append(busy.value)
        gate.set()
    assert isinstance(refused[0], SolverUnavailable)
    idle = {"ready": True, "pid": 0, "compiled": False, "solving": 0, "waiting": 0, "standing": 0}
    until(lambda: client.state() | {"pid": 0} == idle, "all are gone")


def test_a_solve_that_crashes_takes_nobody_along(client: SolverClient, pid: int) -> None:
    ask(client, 0.1)
    until(lambda: not children(pid), "the last solve has ended")
    for fault in (signal.SIGKILL, signal.SIGSEGV):
        with ThreadPoolExecutor() as pool:
            doomed = pool.submit(ask, client, 30.0)
            until(lambda: bool(children(pid)), "the solve runs")
            os.kill(children(pid)[0], fault)
            with pytest.raises(SolverUnavailable, match=rf"ended without an answer \(signal {fault.value}\)"):
                doomed.result(timeout=10)
        assert client.ping()
    assert ask(client, 0.1)["status"] != "infeasible"


def test_a_solve_that_runs_out_of_memory_takes_nobody_along(client: SolverClient, pid: int) -> None:
    until(lambda: not children(pid), "the last solve has ended")
    with ThreadPoolExecutor() as pool:
        doomed = pool.submit(ask, client, 30.0)
        until(lambda: bool(children(pid)), "the solve runs")
        solve = children(pid)[0]
        until(lambda: Path(f"/proc/{solve}/oom_score_adj").read_text().strip() == "900", "it is to go first")
        resource.prlimit(solve, resource.RLIMIT_AS, (1 << 20, 1 << 20))
        with pytest.raises(SolverUnavailable, match=r"ran out of memory|ended without an answer"):
            doomed.result(timeout=20)
    assert ask(client, 0.1)["status"] != "infeasible"


def test_a_solve_that_hangs_is_ended_after_its_time(client: SolverClient, pid: int) -> None:
    until(lambda: not children(pid), "the last solve has ended")
    with ThreadPoolExecutor() as pool:
        stuck = pool.submit(ask, client, 0.5)
        until(lambda: bool(children(pid)), "the solve runs")
        os.kill(children(pid)[0], signal.SIGSTOP)
        assert client.ping()
        with pytest.raises(SolverUnavailable, match=r"ended without an answer \(signal 9\)"):
            stuck.result(timeout=GRACE_SECONDS + 5)
    assert ask(client, 0.1)["status"] != "infeasible"


def test_a_process_that_hangs_is_ended_and_the_question_answered_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "solver.sock"
    client = SolverClient(path)
    dog = Watchdog(path, patience=2.5)
    clean = generate.conference(seed=5, sessions=30, rooms=4)
    program = Program("solver process", "webapp.serving.solver_process", ["--socket", str(path)], {}, watchdog=dog)
    told: list[str | None] = []
    program.start()
    try:
        until(client.ping, "the solver is warm")
        until(lambda: not program.tend() and dog.heard, "the watchdog has heard it")
        assert program.process is not None
        os.kill(program.process.pid, signal.SIGSTOP)
        with ThreadPoolExecutor() as pool:
            caught = pool.submit(client.repair, "clean:1", lambda: callboard_json(*clean), [])
            while not caught.done():
                told.append(program.tend())
                time.sleep(0.05)
            assert caught.result()["status"] == "nothing_to_repair"
        assert list(filter(None, told)) == [
            "the solver process does not answer any more; it is ended",
            "the solver process was ended by signal 9; it is started again",
        ]
    finally:
        program.terminate()
        program.join(time.monotonic() + 10)


def test_a_question_outlives_the_process(tmp_path: Path) -> None:
    path = tmp_path / "solver.sock"
    client = SolverClient(path)
    assert not client.ping()
    with pytest.raises(SolverUnavailable, match="does not answer"):
        client.state()
    with ThreadPoolExecutor() as pool:
        early = pool.submit(ask, client, 1.0)
        with solver_process(path) as first:
            early.result(timeout=20)
            until(lambda: not children(first.pid), "the first solve has ended")
            caught = pool.submit(ask, client, 2.0)
            until(lambda: bool(children(first.pid)), "the solve runs")
            solve = children(first.pid)[0]
            first.kill()
            first.wait()
            until(lambda: not lives(solve), "the solve has ended with its process", within=2)
        with solver_process(path):
            assert caught.result(timeout=30)["status"] != "infeasible"
    assert not path.exists()


def test_garbage_on_the_socket_harms_nobody(client: SolverClient) -> None:
    for garbage in (b"\xff" * 64, b"\x00\x00\x00\x02[]", b"\x00\x00\x00\x05hello", wire.packed({"op": "dance"})):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(client._path)
            connection.sendall(garbage)
            connection.settimeout(5)
            connection.recv(1000)
    assert client.ping()


def test_a_greenlet_that_asks_lets_others_run(client: SolverClient) -> None:
    code = f"""
import gevent.monkey; gevent.monkey.patch_all()
import gevent
from tests.webapp.test_serving_solver import hopeless
from webapp.serving import SolverClient
asking = gevent.spawn(lambda: SolverClient({client._path!r}).repair("hopeless", hopeless, [], time_limit=1.0))
turns = 0
while not asking.ready():
    gevent.sleep(0.01)
    turns += 1
assert asking.get()["status"] != "infeasible" and turns > 50, turns
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
