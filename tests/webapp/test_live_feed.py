"""The feeds of a real serve: who may follow, what they are told, and that a late join equals a fresh read."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from benchmarks.live.attacks import Aim, Attacker, sign_ins
from tests.webapp.feed_client import FeedClient, Refused
from tests.webapp.processes import until
from tests.webapp.served import Json, Served, serving
from webapp.events import retention
from webapp.services import publishing
from webapp.services.clock import now_utc
from webapp.settings import Settings
from webapp.store import open_store

pytestmark = pytest.mark.slow

PLACE = ("roomId", "startTime", "endTime")
DRAFT_ONLY = ("editorId", "reason", "saveAttemptId", "previousValues", "updatedFields", "conflicts")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("data")) as served:
        yield served


@pytest.fixture
def schedule(served: Served) -> str:
    """A fresh schedule, not published."""
    return served.add_conference(f"feed-{uuid4().hex[:8]}", sessions=20, rooms=5)


class Follower:
    """A screen: it reads once, then applies what the feed tells it."""

    def __init__(self, served: Served, schedule: str, channel: str) -> None:
        self.served = served
        self.channel = channel
        self.role = "editor" if channel == "collab" else None
        self.path = f"{schedule}/published" if channel == "live" else schedule
        status, self.told = served.call("GET", self.path, role=self.role)
        assert status == 200
        self.places = places(self.told)
        self.seen: int = self.told["lastSeq"]
        self.client: FeedClient | None = None
        self.schedule = schedule

    def join(self) -> None:
        self.client = self.served.follow(f"/{self.channel}/{self.schedule}?after={self.seen}", self.role)
        assert self.client.receive()["type"] == "feed.ready"

    def leave(self) -> None:
        if self.client:
            self.client.socket.close()
            self.client = None

    def follow_until(self, seq: int) -> None:
        """Apply events until `seq` has been seen."""
        while self.seen < seq:
            assert self.client is not None
            event = self.client.receive()
            if event["type"] == "feed.alive":
                continue
            assert event["seq"] == self.seen + 1 if self.channel == "collab" else event["seq"] > self.seen
            if self.channel == "live":
                assert event["previousSeq"] == self.seen
                assert not any(key in event for key in DRAFT_ONLY)
            self.seen = event["seq"]
            self.apply(event)

    def apply(self, event: Json) -> None:
        if event["type"] == "schedule.updated" and event["resource"] == "session":
            self.places[event["resourceId"]].update({k: v for k, v in event["values"].items() if k in PLACE})
        elif event["type"] == "schedule.published" and self.channel == "live":
            for change in event["changes"]:
                place = self.places[change["sessionId"]]
                assert place == change["previous"]
                place.update({key: change[key] for key in PLACE})


def places(told: Json) -> dict[str, dict[str, Any]]:
    return {one["sessionId"]: {key: one[key] for key in PLACE} for one in told["sessions"]}


def act(served: Served, schedule: str, random: Random) -> None:
    """Something that an editor may do; not everything works out."""
    draft = served.call("GET", schedule)[1]
    placed = [one for one in draft["sessions"] if one["roomId"]]
    one, other = random.sample(placed, 2)
    changes: list[Json] = random.choice(
        [
            [{"op": "move", "session": one["sessionId"], "room": random.choice(draft["rooms"])["roomId"]}],
            [{"op": "swap", "sessions": [one["sessionId"], other["sessionId"]]}],
            [{"op": "unplace", "session": one["sessionId"]}],
            [{"op": "resize", "session": one["sessionId"], "minutes": random.choice([10, 20, 30])}],
            [{"op": "set_audience", "session": one["sessionId"], "audience": random.randrange(9)}],
        ]
    )
    version = draft["version"]
    match random.randrange(4):
        case 0:
            served.call("POST", f"{schedule}/publish", {"expectedVersion": version})
        case 1:
            served.save(schedule, changes, version=version, publish=True)
        case _:
            attempt = {"saveAttemptId": str(uuid4()), "expectedVersion": version, "changes": changes}
            served.call("POST", f"{schedule}/saves", {**attempt, "override": {"reason": "a test"}})


@pytest.mark.parametrize("seed", [1, 2])
def test_whoever_joins_late_sees_what_a_fresh_read_shows(served: Served, schedule: str, seed: int) -> None:
    random = Random(seed)
    assert served.call("POST", f"{schedule}/publish", {"expectedVersion": 1})[0] == 200
    followers = [Follower(served, schedule, channel) for channel in ("live", "collab")]
    with ExitStack() as stack:
        for _ in range(50):
            act(served, schedule, random)
            if random.random() < 0.2:
                followers.append(Follower(served, schedule, random.choice(["live", "collab"])))
            for one in random.sample(followers, len(followers) // 2):
                if one.client is None:
                    one.join()
                    stack.callback(one.leave)
                elif random.random() < 0.3:
                    one.leave()
        fresh = {channel: Follower(served, schedule, channel) for channel in ("live", "collab")}
        assert fresh["live"].seen > 2
        assert fresh["live"].places != places(followers[0].told)
        for one in followers:
            if one.client is None:
                one.join()
                stack.callback(one.leave)
            one.follow_until(fresh[one.channel].seen)
            assert one.places == fresh[one.channel].places
            assert one.client is not None
            assert one.client.is_quiet(0.05)


def test_a_draft_reaches_no_attendee(served: Served, schedule: str) -> None:
    served.call("POST", f"{schedule}/publish", {"expectedVersion": 1})
    with (
        served.follow(f"/live/{schedule}?after=0") as attendee,
        served.follow(f"/collab/{schedule}", "editor") as editor,
    ):
        assert [attendee.receive()["type"] for _ in range(2)] == ["feed.ready", "schedule.published"]
        session = served.call("GET", schedule)[1]["sessions"][0]
        change = {"op": "set_audience", "session": session["sessionId"], "audience": 7}
        assert served.save(schedule, [change], version=1)[0] == 200
        editor.receive()
        kinds = set()
        while "schedule.saved" not in kinds:
            kinds.add(editor.receive()["type"])
        assert "schedule.updated" in kinds
        assert attendee.is_quiet()
        with served.follow(f"/live/{schedule}?after=2") as late:
            assert late.receive()["lastSeq"] == 2
            assert late.is_quiet()


def test_a_published_change_is_seen_within_a_second(served: Served, schedule: str) -> None:
    served.call("POST", f"{schedule}/publish", {"expectedVersion": 1})
    session = served.call("GET", schedule)[1]["sessions"][0]
    with served.follow(f"/live/{schedule}") as attendee:
        attendee.receive()
        started = time.monotonic()
        change = {"op": "unplace", "session": session["sessionId"]}
        assert served.save(schedule, [change], version=1, publish=True)[0] == 200
        event = attendee.receive()
        assert time.monotonic() - started < 1
    assert event["changes"] == [
        {
            "sessionId": session["sessionId"],
            "roomId": None,
            "startTime": None,
            "endTime": None,
            "previous": {key: session[key] for key in PLACE},
        }
    ]


def test_attendees_are_told_what_is_on_and_follows(served: Served, schedule: str) -> None:
    served.call("POST", f"{schedule}/publish", {"expectedVersion": 1})
    with served.follow(f"/live/{schedule}") as attendee:
        attendee.receive()
        assert attendee.is_quiet()
        asked = served.call("GET", f"{schedule}/now", role=None)[1]
        (told,) = attendee.now
        assert told["rooms"] == [
            {"roomId": one["roomId"], **{key: one[key] and one[key]["sessionId"] for key in ("now", "next")}}
            for one in asked["rooms"]
        ]
        following = next(one["next"] for one in told["rooms"] if one["next"])
        assert served.save(schedule, [{"op": "unplace", "session": following}], version=1)[0] == 200
        assert attendee.is_quiet()
        assert len(attendee.now) == 1
        assert served.call("POST", f"{schedule}/publish", {"expectedVersion": 2})[0] == 200
        assert attendee.receive()["type"] == "schedule.published"
        assert attendee.is_quiet()
        assert not any(following in one.values() for one in attendee.now[-1]["rooms"])


def test_what_another_process_publishes_is_seen_too(served: Served, schedule: str) -> None:
    with served.follow(f"/collab/{schedule}", "editor") as editor:
        editor.receive()
        store = open_store(Settings(data=served.data).database)
        try:
            publishing.publish(store, schedule, expected_version=1, editor_id=None)
        finally:
            store.close()
        assert editor.receive(timeout=4)["type"] == "schedule.published"


def test_who_has_missed_events_that_are_not_kept_reads_afresh(served: Served, schedule: str) -> None:
    session = served.call("GET", schedule)[1]["sessions"][0]["sessionId"]
    assert served.save(schedule, [{"op": "pin", "session": session}], version=1, publish=True)[0] == 200
    last = served.call("GET", schedule)[1]["lastSeq"]
    until(lambda: not any(one["behind"] for one in handlers(served)), "the handlers have seen every event")
    store = open_store(Settings(data=served.data).database)
    try:
        assert retention.trim(store, before=now_utc() + timedelta(seconds=1)) >= last
    finally:
        store.close()
    for channel, role in (("collab", "editor"), ("live", None)):
        with served.follow(f"/{channel}/{schedule}?after=1", role) as client:
            assert [client.receive()["type"] for _ in range(2)] == ["feed.ready", "feed.reload"]
        with served.follow(f"/{channel}/{schedule}?after={last}", role) as client:
            assert client.receive()["lastSeq"] == last
            assert client.is_quiet()
        assert served.call("GET", f"{schedule}/events?after=1", role=role)[0] == 410


def handlers(served: Served) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = served.call("GET", "/api/v1/handlers", role="admin")[1]["items"]
    return items


def test_the_slug_and_the_versioned_address_work_as_well(served: Served) -> None:
    schedule = served.add_conference("by-its-slug")
    served.call("POST", f"{schedule}/publish", {"expectedVersion": 1})
    for path in ("/live/by-its-slug", f"/api/v1/live/{schedule}", "/api/v1/live/by-its-slug"):
        with served.follow(path) as client:
            ready = client.receive()
            assert ready == {"type": "feed.ready", "scheduleId": schedule, "lastSeq": 2, "ticket": ready["ticket"]}
            assert not client.compressed


@pytest.mark.parametrize(
    ("path", "role", "headers", "status"),
    [
        ("/live/{id}", None, {}, 404),
        ("/live/{id}", "admin", {}, 404),
        ("/live/no-such-schedule", None, {}, 404),
        ("/collab/no-such-schedule", "editor", {}, 404),
        ("/collab/{id}", None, {"Origin": "{own}"}, 401),
        ("/collab/{id}", None, {}, 401),
        ("/collab/{id}", "viewer", {}, 403),
        ("/collab/{id}", None, {"Authorization": "Bearer made-up"}, 401),
        ("/collab/{id}", None, {"Cookie": "callboard_session=made-up", "Origin": "{own}"}, 401),
        ("/collab/{id}", "admin", {"Origin": "http://elsewhere.example"}, 403),
        ("/live/{id}", None, {"Origin": "http://elsewhere.example"}, 403),
        ("/live/{id}", None, {"Origin": "null"}, 403),
        ("/collab/{id}?after=-1", "editor", {}, 400),
        ("/collab/{id}?after=now", "editor", {}, 400),
        ("/collab/{id}?after=" + "9" * 30, "editor", {}, 400),
    ],
)
def test_whoever_may_not_follow_is_told_before_the_upgrade(
    served: Served, schedule: str, path: str, role: str | None, headers: dict[str, str], status: int
) -> None:
    own = f"http://127.0.0.1:{served.port}"
    sent = {name: value.format(own=own) for name, value in headers.items()} | served.headers(role)
    with pytest.raises(Refused) as refused:
        FeedClient(served.port, path.format(id=schedule), sent)
    assert refused.value.status == status
    assert refused.value.problem["type"].startswith("urn:callboard:problem:")


@pytest.mark.parametrize("headers", [{}, {"Origin": "{own}"}])
def test_a_token_or_our_own_page_opens_the_editors_channel(
    served: Served, schedule: str, headers: dict[str, str]
) -> None:
    own = f"http://127.0.0.1:{served.port}"
    sent = {name: value.format(own=own) for name, value in headers.items()} | served.headers("editor")
    with FeedClient(served.port, f"/collab/{schedule}?after=0", sent) as client:
        assert [client.receive()["type"] for _ in range(2)] == ["feed.ready", "schedule.imported"]


def test_a_browser_that_is_signed_in_opens_the_editors_channel_from_our_pages_only(
    served: Served, schedule: str
) -> None:
    with closing(http.client.HTTPConnection(served.host, served.port, timeout=10)) as connection:
        connection.request("GET", "/" + served.editors.partition("://")[2].partition("/")[2])
        cookie = connection.getresponse().headers["Set-Cookie"].partition(";")[0]
    own = f"http://127.0.0.1:{served.port}"
    with FeedClient(served.port, f"/collab/{schedule}", {"Cookie": cookie, "Origin": own}) as client:
        assert client.receive()["type"] == "feed.ready"
    for headers in ({"Cookie": cookie}, {"Cookie": cookie, "Origin": "http://elsewhere.example"}):
        with pytest.raises(Refused) as refused:
            FeedClient(served.port, f"/collab/{schedule}", headers)
        assert refused.value.status == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Upgrade": "websocket"}, 426),
        ({"Upgrade": "websocket", "Sec-WebSocket-Version": "8"}, 426),
        ({"Upgrade": "websocket", "Sec-WebSocket-Version": "13"}, 400),
        ({"Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "c2hvcnQ="}, 400),
        ({"Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "*" * 24}, 400),
        ({"Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "A" * 22 + "=="}, 200),
    ],
)
def test_a_handshake_that_is_none(served: Served, schedule: str, headers: dict[str, str], status: int) -> None:
    sent = {"Connection": "Upgrade", **headers, **served.headers("editor")}
    expected = 101 if status == 200 else status
    with closing(http.client.HTTPConnection(served.host, served.port, timeout=10)) as connection:
        connection.request("GET", f"/collab/{schedule}", headers=sent)
        assert connection.getresponse().status == expected


def test_a_client_that_breaks_the_protocol_is_told_so(served: Served, schedule: str) -> None:
    with served.follow(f"/collab/{schedule}", "editor") as client:
        client.receive()
        client.say("x" * 70_000)
        with pytest.raises(Exception, match="1009"):
            client.receive()


def test_whoever_is_there_is_asked_once_to_read_afresh(served: Served, schedule: str) -> None:
    served.call("POST", f"{schedule}/publish", {"expectedVersion": 1})
    screens = [Follower(served, schedule, channel) for channel in ("live", "collab")]
    for screen in screens:
        screen.join()
    assert served.call("POST", f"{schedule}/refresh?spreadSeconds=7")[0] == 200
    for screen in screens:
        assert screen.client is not None
        event, demand = screen.client.take(2)
        assert (event["type"], event["spreadSeconds"]) == ("schedule.refreshed", 7)
        assert demand == {"type": "feed.reload", "scheduleId": event["scheduleId"], "spreadSeconds": 7}
        screen.leave()
        # A screen that has read afresh and comes back is not asked again, or it would never come to rest.
        screen.seen = Follower(served, schedule, screen.channel).seen
        screen.join()
        events = [] if screen.channel == "collab" else screen.client.take(1)
        assert [one["type"] for one in events] == ["schedule.refreshed"] * len(events)
        assert screen.client.is_quiet()
        screen.leave()


def test_attacks_are_refused_and_whoever_follows_is_not_disturbed(served: Served, schedule: str) -> None:
    """One of each kind that `make bench-live` knows, with sign-ins that were ended, have expired or are stolen."""
    assert served.call("POST", f"{schedule}/publish", {"expectedVersion": 1})[0] == 200
    cookies = sign_ins(served.database)
    aim = Aim(served.port, f"/live/{schedule}", f"/collab/{schedule}", cookies, per_second=100, seconds=0.1)
    with served.follow(f"/live/{schedule}") as healthy:
        healthy.take(1)
        toll = Attacker(aim).attack(lambda: False)
        assert toll.all_refused, (toll.tried, toll.refused)
        assert len(toll.tried) == 3 + len(cookies)
        assert served.call("POST", f"{schedule}/refresh", {}, role="admin")[0] == 200
        assert healthy.take(1)[0]["type"] == "schedule.refreshed"
    # What was stolen does hold, where its owner uses it.
    stolen = {"Cookie": f"callboard_session={cookies['stolen']}", "Origin": f"http://127.0.0.1:{served.port}"}
    with FeedClient(served.port, f"/collab/{schedule}", stolen) as owner:
        assert owner.receive()["type"] == "feed.ready"
