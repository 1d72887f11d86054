"""`callboard serve` and `callboard demo`, for real: what they print, how they end, and what they survive."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, build_opener, urlopen

import pytest

from benchmarks.live.crowd import Crowd
from tests.webapp.feed_client import Closed, FeedClient, Refused
from tests.webapp.processes import children, command_line, descendants, lives, until
from tests.webapp.served import ROOT, Served, callboard, refused, serving
from webapp.services.clock import now_utc
from webapp.serving.demonstration import EVENING, MORNING, PLACES, lively
from webapp.settings import Settings

pytestmark = pytest.mark.slow
APPLICATION = "webapp.serving.web:application()"
FOLLOWERS = 200


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A `serve` that the tests leave as they found it."""
    with serving(tmp_path_factory.mktemp("data")) as served:
        yield served


def program(served: Served, module: str) -> int:
    """The process of one of its programs."""
    found = [pid for pid in children(served.pid) if module in command_line(pid)]
    assert len(found) == 1, found
    return found[0]


def test_two_lines_are_printed_when_edits_and_repairs_work(served: Served) -> None:
    assert served.lines[0] == f"Attendees: http://127.0.0.1:{served.port}/"
    assert served.lines[1].startswith(f"Editors: http://127.0.0.1:{served.port}/sign-in?token=")
    assert served.call("GET", "/readyz") == (200, {"status": "ready"})


def test_the_link_signs_in_once(served: Served) -> None:
    jar = CookieJar()
    with build_opener(HTTPCookieProcessor(jar)).open(served.editors) as page:
        assert page.url.endswith("/edit")
    assert [cookie.name for cookie in jar] == ["callboard_session"]
    with pytest.raises(HTTPError) as again, urlopen(served.editors):
        pass
    assert again.value.code == 403
    again.value.close()


def test_a_second_serve_on_the_directory_is_refused_and_the_first_goes_on(served: Served) -> None:
    status, complaint, seconds = refused(served.data, "--port", "0")
    assert status == 2
    assert complaint == (
        f"callboard: {served.data} is served already by process {served.pid}: end that first, or name another --data\n"
    )
    assert seconds < 5
    assert served.call("GET", "/readyz")[0] == 200


def test_a_port_that_is_taken_is_named(served: Served, tmp_path: Path) -> None:
    status, complaint, _ = refused(tmp_path, "--port", str(served.port))
    assert (status, complaint) == (
        2,
        f"callboard: cannot listen on 127.0.0.1, port {served.port}: Address already in use\n",
    )


def test_a_host_that_does_not_exist_is_named(tmp_path: Path) -> None:
    status, complaint, _ = refused(tmp_path, "--host", "256.0.0.1", "--port", "0")
    assert status == 2
    assert complaint.startswith("callboard: cannot listen on 256.0.0.1, port 0: ")
    assert complaint.count("\n") == 1


def test_commands_work_beside_it(served: Served) -> None:
    schedule = served.add_conference("beside")
    finished = subprocess.run(
        callboard("export", "beside", "--format", "callboard", "--data", served.data),
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    assert finished.stdout.startswith(b"{")
    finished = subprocess.run(
        [*callboard("import", "-", "--slug", "beside-too", "--data", served.data)],
        cwd=ROOT,
        input=finished.stdout,
        capture_output=True,
        check=True,
    )
    status, told = served.call("GET", "beside-too")
    assert status == 200
    assert told["scheduleId"] == finished.stdout.decode().strip() != schedule


def test_the_web_process_holds_no_solver(served: Served) -> None:
    web = program(served, "webapp.serving.web")
    loaded = "".join(Path(f"/proc/{pid}/maps").read_text() for pid in (web, *children(web)))
    assert "gevent" in loaded
    assert not any(name in loaded for name in ("ortools", "numba", "numpy"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_status_0_within_two_seconds(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path) as served:
        served.add_conference("ending")
        assert served.call("POST", "ending/publish", {"expectedVersion": 1})[0] == 200
        everybody = [served.pid, *descendants(served.pid)]
        assert len(everybody) == 5
        with served.follow("/collab/ending", "editor") as client, closing(Crowd(served.port)) as crowd:
            client.receive()
            crowd.connect(FOLLOWERS, "/live/ending")
            started = time.monotonic()
            if number == signal.SIGINT:
                os.killpg(served.pid, number)  # as a terminal does
            else:
                os.kill(served.pid, number)
            with pytest.raises(Closed) as goodbye:
                client.receive()
            assert goodbye.value.code == 1012
            assert served.wait() == 0
            assert time.monotonic() - started < 2
            crowd.until(lambda: crowd.lost[1012] == FOLLOWERS, "everybody is told")
        assert not any(map(lives, everybody))
        with pytest.raises(ConnectionRefusedError):
            FeedClient(served.port, "/live/ending")


def test_a_signal_during_the_start_ends_it_too(tmp_path: Path) -> None:
    process = subprocess.Popen(callboard("serve", "--port", "0", "--data", tmp_path), cwd=ROOT)
    until(lambda: len(children(process.pid)) == 3, "its programs are started")
    programs = descendants(process.pid)
    process.terminate()
    assert process.wait(timeout=10) == 0
    assert not any(map(lives, programs))


def test_the_solver_may_be_killed_and_the_next_repair_works(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        schedule = served.add_conference("mended")
        web = [program(served, "webapp.serving.web"), *children(program(served, "webapp.serving.web"))]
        session = next(one for one in served.call("GET", schedule)[1]["sessions"] if one["roomId"])
        edit = {"op": "move", "session": session["sessionId"], "room": session["roomId"], "start": session["startTime"]}
        request = {"expectedVersion": 1, "edits": [edit]}
        for _ in range(2):
            solver = program(served, "webapp.serving.solver_process")
            os.kill(solver, signal.SIGKILL)
            assert served.call("GET", "/livez")[0] == 200
            status, told = served.call("POST", f"{schedule}/repairs", request)
            assert (status, told["status"]) == (200, "nothing_to_repair")
            assert program(served, "webapp.serving.solver_process") != solver
        assert [program(served, "webapp.serving.web"), *children(web[0])] == web


def test_a_killed_web_worker_comes_back(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        served.add_conference("worked")
        (worker,) = children(program(served, "webapp.serving.web"))
        with served.follow("/collab/worked", "editor") as client:
            client.receive()
            os.kill(worker, signal.SIGKILL)
            with pytest.raises((Closed, ConnectionResetError)):
                client.receive()
        with served.follow("/collab/worked?after=0", "editor") as client:
            assert [client.receive()["type"] for _ in range(2)] == ["feed.ready", "schedule.imported"]


def test_nothing_is_left_of_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        programs = descendants(served.pid)
        assert len(programs) == 4
        os.kill(served.pid, signal.SIGKILL)
        served.wait()
        assert until(lambda: not any(map(lives, programs)), "its programs have ended") < 2
        with serving(tmp_path, port=served.port) as again:
            assert again.call("GET", "/readyz")[0] == 200


def test_the_data_directory_may_have_a_long_path(tmp_path: Path) -> None:
    data = tmp_path / "/".join(["a-rather-long-name"] * 8)
    assert len(os.fsencode(data / "solver.sock")) > 108
    with serving(data) as served:
        assert served.call("GET", "/readyz")[0] == 200
    assert not Settings(data=data).solver_socket.exists()  # type: ignore[union-attr]  # it is set on construction


def test_two_serves_on_one_server_database_tell_each_other(tmp_path: Path, postgres_url: str) -> None:
    with (
        serving(tmp_path, database=postgres_url) as one,
        serving(tmp_path, database=postgres_url) as other,
    ):
        schedule = one.add_conference("shared")
        edit = {
            "op": "set_audience",
            "session": one.call("GET", schedule)[1]["sessions"][0]["sessionId"],
            "audience": 3,
        }
        with other.follow(f"/collab/{schedule}?after=1", "editor") as client:
            assert client.receive()["type"] == "feed.ready"
            assert one.save(schedule, [edit], version=1)[0] == 200
            assert client.receive()["seq"] == 2
        request = {"expectedVersion": 2, "edits": []}
        answers = [served.call("POST", f"{schedule}/repairs", request) for served in (one, other)]
        assert [(status, told["status"]) for status, told in answers] == [(200, "nothing_to_repair")] * 2


def test_demo_shows_what_goes_on_just_now(tmp_path: Path) -> None:
    with serving(tmp_path, "--sessions", "40", command="demo") as served:
        slug = served.attendees.rpartition("/")[2]
        assert served.lines[1].startswith("Editors: http")
        status, told = served.call("GET", f"{slug}/now", role=None)
        assert status == 200
        assert any(room["now"] or room["next"] for room in told["rooms"])
        assert served.call("GET", f"/{slug}", role=None)[0] == 200
        with served.follow(f"/live/{slug}") as client:
            assert client.receive()["lastSeq"] > 0
    with serving(tmp_path, "--sessions", "40", command="demo") as again:
        assert again.attendees.rpartition("/")[2] == slug
        assert len(again.call("GET", "/api/v1/schedules", role=None)[1]["items"]) == 1


def test_somewhere_it_is_always_day() -> None:
    now = now_utc()
    for hour in range(24):
        local = lively(now.replace(hour=hour))
        assert MORNING <= local.hour < EVENING
        assert str(local.tzinfo) in PLACES


@pytest.mark.parametrize("worker", ["gthread", "sync", "gevent"])
def test_our_configuration_refuses_other_workers(tmp_path: Path, worker: str) -> None:
    finished = gunicorn(tmp_path, "-c", "python:webapp.serving.gunicorn_config", "-k", worker, "-b", "127.0.0.1:0")
    assert finished.returncode not in (0, None)
    assert f"live feeds need the worker class webapp.serving.worker.Worker, not {worker}" in finished.stderr


def test_a_threaded_server_says_why_it_has_no_live_feed(served: Served) -> None:
    schedule = served.add_conference("threaded")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        bind = f"fd://{listener.fileno()}"
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-k", "gthread", "-b", bind, "--no-control-socket", APPLICATION],
            cwd=ROOT,
            env={**os.environ, "CALLBOARD_DATA": str(served.data)},
            pass_fds=[listener.fileno()],
            stderr=subprocess.DEVNULL,
        )
        try:
            with pytest.raises(Refused, match=r"503.*gunicorn's gevent worker"):
                FeedClient(listener.getsockname()[1], f"/collab/{schedule}", served.headers("editor"))
        finally:
            process.terminate()
            process.wait(timeout=10)


def gunicorn(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gunicorn", *arguments, APPLICATION],
        cwd=ROOT,
        env={**os.environ, "CALLBOARD_DATA": str(data)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
