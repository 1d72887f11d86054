"""The live measurements in a form of seconds, and that their client notices what goes wrong."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.live import __main__ as command
from benchmarks.live.crowd import Client, Crowd, TimeUp
from benchmarks.live.peers import FLOOR, OURS, Kind
from benchmarks.live.servers.event import text
from benchmarks.live.wire import Heard, Parser, handshake, masked
from webapp.live import frames


def test_pieces_of_a_stream_are_read_as_they_come() -> None:
    whole = b"".join(
        (
            frames.text_frame('{"type":"feed.ready","lastSeq":3}'),
            frames.text_frame(text(4)),
            frames.SIGN_OF_LIFE,
            frames.text_frame('{"seq":6,"type":"schedule.refreshed"}'),
            frames.text_frame('{"type":"feed.reload"}'),
            frames.close_frame(1012),
        )
    )
    parser = Parser()
    for cut in range(1, len(whole)):
        first = parser.read(whole[:cut])
        second = parser.read(first.tail + whole[cut:])
        assert first.events + second.events == (Heard(4, 3, 4), Heard(6, 5, 0))
        assert first.notices + second.notices == 3
        assert first.reloads + second.reloads == 1
        assert first.pings + second.pings == (b"",)
        assert (second.close, second.tail) == (1012, b"")


def test_a_gap_is_noticed_and_an_end_counted() -> None:
    ours, theirs = socket.socketpair()
    crowd = Crowd(0)
    theirs.setblocking(False)
    crowd.clients[theirs.fileno()] = Client(theirs, 0.0, ready=True)
    crowd.epoll.register(theirs, 1)
    for seq in (1, 2, 4):
        ours.sendall(frames.text_frame(text(seq)))
    ours.sendall(frames.close_frame(1013))
    crowd.until(lambda: not crowd.clients, "the end")
    assert (crowd.messages, crowd.gaps, dict(crowd.lost)) == (3, 1, {1013: 1})
    with pytest.raises(TimeUp, match="let everybody go"):
        crowd.say("emit")
    crowd.close()
    ours.close()


def test_what_the_client_says_is_by_the_rules() -> None:
    assert frames.Reader(100).feed(masked(frames.TEXT, b"emit")) == [frames.Message(frames.TEXT, b"emit")]
    assert handshake(80, "/x").endswith(b"\r\n\r\n")


@pytest.mark.slow
def test_servers_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = Kind("not here", lambda _: None)
    monkeypatch.setattr("benchmarks.live.throughput.rows.__wrapped__.__defaults__", ((FLOOR, OURS, missing),))
    arguments = ["--only", "compare", "--compared", "30", "--turns", "2", "--messages", "5"]
    result = CliRunner().invoke(command.main, arguments)
    assert "bare send loop" in result.output
    assert "left out: not here" in result.output
    assert "CPU per message against the bare loop" in result.output


@pytest.mark.slow
def test_a_restart_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(command.main, ["--only", "storm", "--clients", "30"])
    assert "Restart under 30 clients: 30 told 1012" in result.output, result.output
    assert "| all, in order |" in result.output
    assert list(tmp_path.iterdir()) == []
