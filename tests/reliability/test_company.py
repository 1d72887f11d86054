"""Ten editors at one schedule for a while: nothing that one saved is lost, and every screen ends up the same.

Each has a page on the editors' channel of one of the web processes, takes sessions in hand, carries them and saves them
elsewhere, is told that somebody was quicker, loses the connection now and then and comes back.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import threading
import time
from contextlib import closing
from typing import Any
from uuid import uuid4

from tests.reliability import busy
from tests.reliability.soak import Figure, amount
from tests.reliability.webs import audited, web_processes
from tests.webapp.feed_client import FeedClient
from tests.webapp.processes import until
from webapp.auth import tokens
from webapp.services import reading, verifying
from webapp.settings import Settings
from webapp.store import Store

EDITORS = 10
SECONDS = amount(quick=4, long=300)
PLACE = ("roomId", "startTime", "endTime")
Told = dict[str, Any]
Places = dict[str, dict[str, Any]]


class Screen:
    """An editor's page: the schedule as it was read, and what the events have made of it since."""

    def __init__(self, port: int, token: str, number: int) -> None:
        self.port = port
        self.headers = {"Authorization": f"Bearer {token}"}
        self.name = f"screen-{number}"
        self.chance = random.Random(number)
        _, draft = self.call("GET", "")
        self.places: Places = {one["sessionId"]: {key: one[key] for key in PLACE} for one in draft["sessions"]}
        self.rooms = [one["id"] for one in draft["rooms"]]
        self.version, self.seen = draft["version"], draft["lastSeq"]
        self.saved: list[str] = []
        self.results: list[str] = []
        self.wrong: list[str] = []
        self.heard: set[str] = set()
        self.page = self.connect()

    def work(self, deadline: float) -> None:
        """Edit until it is time to stop."""
        while time.monotonic() < deadline:
            if self.chance.random() < 0.02:
                self.page.socket.close()
                self.page = self.connect()
            self.listen(self.chance.uniform(0.1, 1.0))
            self.edit()

    def listen(self, seconds: float) -> None:
        """Take in what comes within a moment."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                self.take(self.page.receive(left))
            except TimeoutError:
                return

    def catch_up(self, seq: int) -> None:
        until(lambda: self.listen(0.1) is None and self.seen >= seq, f"{self.name} is at {seq}")

    @property
    def hash(self) -> str:
        return hashed(self.places)

    def edit(self) -> None:
        """Take a session, carry it about, put it somewhere else."""
        session = self.chance.choice(sorted(self.places))
        others = [place for place in self.places.values() if place["startTime"]]
        start = self.chance.choice(others)["startTime"] if others else None
        change = {"op": "move", "session": session, "room": self.chance.choice(self.rooms), "start": start}
        if start is None or self.chance.random() < 0.1:
            change = {"op": "unplace", "session": session}
        self.speak("lock.take", sessionId=session)
        if start is not None:
            self.speak("drag.move", sessionId=session, roomId="r", startTime=start, minutes=5)
            self.speak("drag.end", sessionId=session)
        attempt = str(uuid4())
        body = {"saveAttemptId": attempt, "expectedVersion": self.version, "changes": [change]}
        _, told = self.call("POST", "/saves", {**body, "override": {"reason": "an exercise"}})
        self.results.append(told["result"])
        if told["result"] == "saved":
            self.saved.append(attempt)

    def take(self, message: Told) -> None:
        self.heard.add(message["type"])
        if message["type"] == "lock.granted":
            self.speak("lock.release", sessionId=message["sessionId"], token=message["token"])
        if "seq" not in message:
            return
        if message["seq"] != self.seen + 1:
            self.wrong.append(f"{message['seq']} came after {self.seen}")
        self.seen, self.version = message["seq"], message["version"]
        if message["type"] == "schedule.updated" and message["resource"] == "session":
            place = self.places[message["resourceId"]]
            before = {key: value for key, value in message["previousValues"].items() if key in PLACE}
            if any(place[key] != value for key, value in before.items()):
                self.wrong.append(f"{message['seq']} changes what was not there")
            place.update({key: value for key, value in message["values"].items() if key in PLACE})

    def connect(self) -> FeedClient:
        page = FeedClient(self.port, f"/collab/together?after={self.seen}", self.headers)
        while (message := page.receive())["type"] != "feed.ready":
            self.take(message)
        page.say(json.dumps({"type": "presence.set", "clientId": self.name}))
        return page

    def speak(self, kind: str, **body: Any) -> None:
        self.page.say(json.dumps({"type": kind, **body}))

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Told]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            target = f"/api/v1/schedules/together{path}"
            headers = {**self.headers, "Content-Type": "application/json"}
            connection.request(method, target, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())


def hashed(places: Places) -> str:
    return hashlib.sha256(json.dumps(places, sort_keys=True).encode()).hexdigest()


def test_ten_editors_lose_nothing_and_see_the_same(
    settings: Settings, store: Store, each_database: str, figure: Figure
) -> None:
    """On SQLite at one web process, on PostgreSQL at two."""
    busy.add_conference(store, "together", sessions=40)
    with web_processes(settings.data, settings.database, 2 if each_database else 1) as ports:
        screens = [
            Screen(ports[number % len(ports)], tokens.create(store, "editor"), number) for number in range(EDITORS)
        ]
        deadline = time.monotonic() + SECONDS
        threads = [threading.Thread(target=one.work, args=(deadline,)) for one in screens]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        draft = reading.draft_json(store, "together")
        for one in screens:
            one.catch_up(draft["lastSeq"])
            one.page.socket.close()
    saved = [attempt for one in screens for attempt in one.saved]
    tried = sum(len(one.results) for one in screens)
    counts = audited(store, "together")
    lost = [attempt for attempt in saved if counts.get(attempt) != 1]
    fresh = hashed({one["sessionId"]: {key: one[key] for key in PLACE} for one in draft["sessions"]})
    apart = [one.name for one in screens if one.hash != fresh]
    wrong = [fault for one in screens for fault in one.wrong]
    figure(f"updates of ten editors lost, {len(saved)} saves of {tried} tried", len(lost), len(saved))
    figure("screens that differ in the end", len(apart), EDITORS)
    assert (lost, apart, wrong) == ([], [], [])
    assert draft["version"] == 1 + len(saved)
    assert {result for one in screens for result in one.results} == {"saved", "stale_blocked"}
    assert {"lock.granted", "lock.held", "drag.moved", "save.blocked"} <= set().union(*(one.heard for one in screens))
    assert verifying.verify(store).findings == []
