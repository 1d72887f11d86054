"""What editors say to each other on the editors' channel of real web processes, and what is refused them."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.reliability import busy
from tests.reliability.webs import webs
from tests.webapp.feed_client import Closed, FeedClient
from webapp.auth import tokens
from webapp.live.collab import LOCKS_AT_ONCE, MESSAGES_AT_ONCE, PATIENCE_WITH_FLOODS
from webapp.live.messages import LONGEST_MESSAGE, MESSAGES
from webapp.settings import Settings
from webapp.store import Store, open_store, upgrade

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
Told = dict[str, Any]


class Page(FeedClient):
    """An editor's page: speaks and hears JSON, and lets pass what it does not wait for."""

    def speak(self, kind: str, **body: Any) -> None:
        self.say(json.dumps({"type": kind, **body}))

    def hear(self, kind: str) -> Told:
        while (told := self.receive())["type"] != kind:
            assert told["type"] != "collab.error", told
        return told

    def ask(self, kind: str, answer: str, **body: Any) -> Told:
        self.speak(kind, **body)
        return self.hear(answer)

    def refusal(self, kind: str, **body: Any) -> Told:
        self.speak(kind, ref="r1", **body)
        while (told := self.receive())["type"] != "collab.error":
            pass
        assert told["detail"]
        return told

    def appears(self, name: str, **body: Any) -> Told:
        return self.ask("presence.set", "collab.welcome", clientId=name, **body)


class Desk:
    """A conference at some web processes, and the pages that follow it."""

    def __init__(self, stack: ExitStack, store: Store, ports: list[int]) -> None:
        self.stack, self.store, self.ports = stack, store, ports
        self.slug = f"edited-{next(_numbers)}"
        self.sessions = [one.id for one in busy.add_conference(store, self.slug, sessions=60).sessions]

    def page(self, at: int = 0, *, scopes: list[str] | None = None, token: str | None = None) -> Page:
        token = token or tokens.create(self.store, "editor", name=f"Editor {at}", scopes=scopes)
        headers = {"Authorization": f"Bearer {token}"}
        page = self.stack.enter_context(Page(self.ports[at], f"/collab/{self.slug}", headers))
        assert page.receive()["type"] == "feed.ready"
        return page


_numbers = itertools.count(1)


@contextmanager
def serving(data: Path, database: str, processes: int, redis: str = "") -> Iterator[tuple[Store, list[int]]]:
    settings = Settings(data=data, database=database)
    upgrade(settings.database)
    store = open_store(settings.database)
    try:
        with webs(data, settings.database, processes, redis=redis) as started:
            yield store, list(started)
    finally:
        store.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, list[int]]]:
    """One process on SQLite."""
    with serving(tmp_path_factory.mktemp("edited"), "", 1) as found:
        yield found


@pytest.fixture
def one(served: tuple[Store, list[int]]) -> Iterator[Desk]:
    """A conference of its own at that process."""
    with ExitStack() as stack:
        yield Desk(stack, *served)


@pytest.fixture
def sessions(one: Desk) -> list[str]:
    return one.sessions


def test_those_who_say_nothing_hear_events_alone(one: Desk) -> None:
    quiet, page = one.page(), one.page()
    page.appears("talkative-1")
    assert quiet.is_quiet()


def test_editors_see_each_other_come_look_and_go(one: Desk) -> None:
    ada, ben = one.page(), one.page()
    welcome = ada.appears("page-ada", day="2027-02-06")
    assert (welcome["editors"], welcome["locks"], welcome["lockPolicy"]["mode"]) == ([], [], "advisory")
    [known] = ben.appears("page-ben")["editors"]
    assert (known["clientId"], known["day"], known["name"]) == ("page-ada", "2027-02-06", "Editor 0")
    assert ada.hear("presence.here")["clientId"] == "page-ben"
    ben.speak("presence.set", clientId="page-ben", sessionId="s1", selected=["s1"])
    seen = ada.hear("presence.here")
    assert (seen["sessionId"], seen["selected"]) == ("s1", ["s1"])
    ben.leave()
    assert ada.hear("presence.gone")["clientId"] == "page-ben"


def test_a_lock_is_seen_refused_to_others_and_given_back(one: Desk, sessions: list[str]) -> None:
    ada, ben = one.page(), one.page()
    ada.appears("lock-ada")
    ben.appears("lock-ben")
    granted = ada.ask("lock.take", "lock.granted", sessionId=sessions[0], ref="x")
    assert (granted["ref"], granted["sessionId"], 29 < granted["seconds"] <= 30) == ("x", sessions[0], True)
    held = ben.hear("lock.held")
    assert (held["clientId"], held["token"]) == ("lock-ada", granted["token"])
    assert ben.ask("lock.take", "lock.refused", sessionId=sessions[0])["clientId"] == "lock-ada"
    eve = one.page()
    assert [lock["sessionId"] for lock in eve.appears("lock-eve")["locks"]] == [sessions[0]]
    assert ben.refusal("lock.release", sessionId=sessions[0], token=granted["token"])["code"] == "not_yours"
    ada.speak("lock.release", sessionId=sessions[0], token=granted["token"])
    assert ben.hear("lock.freed")["sessionId"] == sessions[0]
    taken = ben.ask("lock.take", "lock.granted", sessionId=sessions[0])
    assert taken["token"] > granted["token"]
    ben.ask("lock.release", "lock.freed", sessionId=sessions[0], token=taken["token"])


def test_a_drag_is_shown_to_the_others_at_a_bearable_pace(one: Desk, sessions: list[str]) -> None:
    ada, ben = one.page(), one.page()
    ada.appears("drag-ada")
    ben.appears("drag-ben")
    ada.hear("presence.here")
    step = {"sessionId": sessions[1], "roomId": "r", "startTime": "2027-02-06T10:00", "minutes": 30, "broken": 2}
    for _ in range(30):
        ada.speak("drag.move", **step)
    ada.speak("drag.end", sessionId=sessions[1])
    moved = ben.hear("drag.moved")
    assert {key: moved[key] for key in step} == step
    steps = 1
    while (told := ben.receive())["type"] == "drag.moved":
        steps += 1
    assert told["type"] == "drag.ended"
    assert steps < 30
    assert ada.is_quiet()


def test_a_check_is_answered_and_a_repair_shown_to_whoever_asks(one: Desk, sessions: list[str]) -> None:
    ada, ben = one.page(), one.page()
    ada.appears("show-ada")
    ben.appears("show-ben")
    edits = [{"op": "resize", "session": sessions[2], "minutes": 6000}]
    checked = ada.ask("check.ask", "check.result", edits=edits, ref="7")
    assert checked["ref"] == "7"
    assert "outside_hours" in [one["rule"] for one in checked["violations"]]
    assert "nowhere" in ada.refusal("check.ask", edits=[{"op": "pin", "session": "nowhere"}])["detail"]
    ben.speak("preview.ask", clientId="show-ada")
    assert ada.hear("preview.asked")["clientId"] == "show-ben"
    ada.speak("preview.show", clientId="show-ben", baseVersion=1, edits=edits, moves=[])
    shown = ben.hear("preview.shown")
    assert (shown["clientId"], shown["baseVersion"], shown["edits"]) == ("show-ada", 1, edits)
    assert ben.refusal("preview.ask", clientId="nobody-here")["code"] == "not_here"


@pytest.mark.parametrize(
    ("said", "code", "detail"),
    [
        ("{", "not_json", "one JSON object"),
        ("[1]", "not_json", "one JSON object"),
        (b"\x00\x01", "not_json", "one JSON object"),
        ('{"type": "presence.set", "clientId": "\\ud800-12345678"}', "not_json", "one JSON object"),
        ("[" * 50_000, "not_json", "one JSON object"),
        ('{"ref": "r"}', "unknown_message", "presence.set, lock.take"),
        ('{"type": "lock.steal", "ref": "r"}', "unknown_message", "presence.set, lock.take"),
        ('{"type": "presence.set", "clientId": "x"}', "invalid_message", "clientId"),
        ('{"type": "presence.set", "clientId": "12345678", "admin": true}', "invalid_message", "admin"),
        ('{"type": "lock.take", "sessionId": "s1"}', "not_present", "presence.set first"),
        (json.dumps({"type": "check.ask", "edits": ["x" * LONGEST_MESSAGE]}), "too_long", str(LONGEST_MESSAGE)),
    ],
)
def test_what_is_no_message_is_refused_and_says_why(one: Desk, said: str | bytes, code: str, detail: str) -> None:
    page = one.page()
    page.say(said)
    told = page.receive()
    assert (told["type"], told["code"]) == ("collab.error", code)
    assert detail in told["detail"]
    assert page.appears("still-here")["editors"] == []


def test_a_token_may_say_what_it_is_meant_for(one: Desk, sessions: list[str]) -> None:
    reader = one.page(scopes=["read"])
    reader.appears("reader-1")
    assert reader.refusal("lock.take", sessionId=sessions[3])["code"] == "forbidden"
    assert reader.refusal("check.ask", edits=[])["code"] == "forbidden"
    assert one.page().refusal("presence.set", clientId="reader-1")["code"] == "client_taken"


def test_a_session_that_is_not_there_cannot_be_locked(one: Desk, sessions: list[str]) -> None:
    page = one.page()
    page.appears("greedy-1")
    assert page.refusal("lock.take", sessionId="nowhere")["code"] == "unknown_session"
    for session in sessions[:LOCKS_AT_ONCE]:
        page.ask("lock.take", "lock.granted", sessionId=session)
        time.sleep(0.02)
    assert page.refusal("lock.take", sessionId=sessions[LOCKS_AT_ONCE])["code"] == "too_many"


def to_the_end(page: Page) -> tuple[list[Told], int | None]:
    """What a page hears until it is sent away, and the code that says why."""
    heard: list[Told] = []
    try:
        while True:
            heard.append(page.receive())
    except Closed as closed:
        return heard, closed.code
    except OSError:
        return heard, None


def test_who_floods_the_channel_is_warned_and_then_sent_away(one: Desk) -> None:
    page = one.page()
    for _ in range(MESSAGES_AT_ONCE + PATIENCE_WITH_FLOODS + 200):
        page.speak("drag.end", sessionId="s")
    heard, code = to_the_end(page)
    assert "too_many" in {told.get("code") for told in heard}
    # Where the client still speaks when it is sent away, the connection may be reset before it has heard why.
    assert code in (1008, None)


def test_who_is_signed_out_is_sent_away(one: Desk) -> None:
    token = tokens.create(one.store, "editor", name="Leaver")
    page = one.page(token=token)
    page.appears("leaver-1")
    [found] = [known for known in tokens.listing(one.store) if known.name == "Leaver"]
    tokens.revoke(one.store, found.id)
    _, code = to_the_end(page)
    assert code == 1008


def test_editors_at_two_processes_are_one_company(tmp_path: Path, postgres_url: str, redis_url: str) -> None:
    with serving(tmp_path, postgres_url, 2, redis_url) as found, ExitStack() as stack:
        two = Desk(stack, *found)
        ada, ben = two.page(0), two.page(1)
        ada.appears("far-ada-1", day="2027-02-06")
        ben.appears("far-ben-1")
        assert ada.hear("presence.here")["clientId"] == "far-ben-1"
        session = two.sessions[0]
        token = ada.ask("lock.take", "lock.granted", sessionId=session)["token"]
        assert ben.hear("lock.held")["token"] == token
        assert ben.ask("lock.take", "lock.refused", sessionId=session)["clientId"] == "far-ada-1"
        ada.speak("drag.move", sessionId=session, roomId="r", startTime="2027-02-06T10:00", minutes=5)
        assert ben.hear("drag.moved")["sessionId"] == session
        ben.speak("preview.ask", clientId="far-ada-1")
        assert ada.hear("preview.asked")["clientId"] == "far-ben-1"


def test_the_documentation_names_every_message() -> None:
    page = (ROOT / "docs/live.md").read_text()
    answers = {"collab.welcome", "collab.error", "presence.here", "presence.gone", "lock.granted", "lock.refused"}
    answers |= {"lock.held", "lock.freed", "drag.moved", "drag.ended", "check.result", "preview.asked", "preview.shown"}
    assert [name for name in sorted(answers | set(MESSAGES)) if f"`{name}`" not in page] == []
