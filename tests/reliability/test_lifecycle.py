"""Random editors against a small model of what the lifecycles allow, on either database."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, seed
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.reliability.lifecycle import SESSIONS, Key, Model, Request
from tests.reliability.soak import Figure, amount
from tests.webapp.small import SMALL, Caller, InProcessSolver
from webapp import create_app
from webapp.auth import tokens
from webapp.schemas import read_document
from webapp.services import importing, verifying
from webapp.settings import Settings
from webapp.store import Store

OPERATIONS = amount(quick=200, long=100_000)
STEPS = amount(quick=25, long=100)
"""How many operations a schedule lives through at most."""
BETWEEN = amount(quick=5, long=20)
"""After so many operations all that is stored is held against the model; each answer is, always."""

STARTS = {
    570: "09:30",
    600: "10:00",
    660: "11:00",
    690: "11:30",
    780: "13:00",
    840: "14:00",
    960: "16:00",
    1035: "17:15",
}
PROBLEM = "urn:callboard:problem:"
RULES = ("room_overlap", "order", "speaker_overlap", "room_closed", "room_too_small")
EVENING = {"room": "hall", "from": "2027-02-06T17:00", "to": "2027-02-06T18:00"}
ENDS = {
    *("save.blocked", "conflict.detected", "conflict.resolved", "schedule.saved", "schedule.undone"),
    *("schedule.redone", "schedule.published", "schedule.settings_changed"),
}

CHANGING = ("saved", "published", "undone", "redone", "configured", "cancelled")
"""What is done, not refused."""
REFUSING = ("warning_required", "stale_blocked", "validation_failed", "stale-version", "blocked", "later-work")

sessions = st.sampled_from(SESSIONS)
rooms = st.sampled_from(("hall", "attic"))
starts = st.sampled_from(sorted(STARTS))
change = st.one_of(
    st.fixed_dictionaries({"op": st.just("move"), "session": sessions, "room": rooms, "start": starts}),
    st.fixed_dictionaries({"op": st.just("move"), "session": sessions, "room": rooms, "start": starts}),
    st.fixed_dictionaries({"op": st.just("move"), "session": sessions, "start": starts}),
    st.fixed_dictionaries({"op": st.just("move"), "session": sessions, "room": rooms}),
    st.fixed_dictionaries({"op": st.sampled_from(("unplace", "pin", "unpin")), "session": sessions}),
    st.fixed_dictionaries({"op": st.just("resize"), "session": sessions, "minutes": st.sampled_from((30, 45, 60))}),
    st.fixed_dictionaries(
        {"op": st.just("set_audience"), "session": sessions, "audience": st.sampled_from((15, 77, 300))}
    ),
    st.fixed_dictionaries(
        {"op": st.just("swap"), "sessions": st.lists(sessions, min_size=2, max_size=2, unique=True).map(tuple)}
    ),
    st.fixed_dictionaries({"op": st.sampled_from(("close_room", "open_room"))}),
)
changes = st.lists(change, min_size=1, max_size=2)
who = st.integers(0, 1)
"""Which of two editors."""
pick = st.integers(0, 99)
often = st.sampled_from((*("it is so" for _ in range(16)), None, None, " ", "x" * 501))
behind = st.sampled_from((*(0 for _ in range(14)), 1))
severities = st.sampled_from(("block", "block", "warn", "ignore"))
seldom = st.sampled_from((False, False, False, False, True))
TURNS: dict[str, tuple[int, dict[str, st.SearchStrategy[Any]]]] = {
    "save": (6, {"who": who, "changes": changes, "behind": behind, "reason": often, "publish": seldom}),
    "mend": (3, {"who": who, "publish": st.booleans()}),
    "go_on": (2, {"pick": pick, "cancel": st.booleans(), "reason": often}),
    "publish": (1, {"who": who, "behind": behind}),
    "undo": (3, {"who": who, "behind": behind, "reason": st.sampled_from((None, "back", "back"))}),
    "redo": (2, {"who": who, "behind": behind, "reason": st.sampled_from((None, "again", "again"))}),
    "configure": (1, {"which": st.sampled_from(RULES), "severity": severities}),
    "ask_again": (1, {"pick": pick}),
    "name_a_session_that_is_gone": (1, {"who": who, "session": sessions}),
}
"""What editors do: how often in proportion, and what it takes."""
turns = st.sampled_from([name for name, (weight, _) in TURNS.items() for _ in range(weight)]).flatmap(
    lambda name: st.tuples(st.just(name), st.fixed_dictionaries(TURNS[name][1]))
)


@dataclass
class Site:
    """An application on one database, two editors and an administrator; each run has a schedule of its own."""

    store: Store
    client: Callable[[], FlaskClient]
    tokens: list[str]
    editor_ids: list[str]
    number: Any = field(default_factory=itertools.count)
    done: Counter[str] = field(default_factory=Counter)
    """How often each kind of answer came."""

    def new_schedule(self) -> str:
        imported = read_document(json.dumps(SMALL).encode(), "small.json")
        return importing.import_document(self.store, imported, slug=f"mill-{next(self.number)}", editor_id=None)


class Editors(RuleBasedStateMachine):
    """Two editors, an administrator and an attendee at one schedule."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.site = site
        self.schedule = site.new_schedule()
        self.people = [Caller(site.client(), token, self.schedule) for token in site.tokens]
        self.attendee = Caller(site.client(), None, self.schedule)
        self.model = Model()
        self.warned: dict[str, Request] = {}
        self.answers: list[tuple[int, str, dict[str, Any], Any]] = []
        self.conflict_ids: dict[Key, str] = {}
        self.steps = 0
        self.seen = Counter(events=0, audit=1, told=0)

    @rule(turn=turns)
    def take_turn(self, turn: tuple[str, dict[str, Any]]) -> None:
        name, chosen = turn
        getattr(self, name)(**chosen)

    # --- what editors do ---------------------------------------------------------------------------------------------

    def save(self, who: int, changes: list[dict[str, Any]], behind: int, reason: str | None, publish: bool) -> None:
        expected = max(1, self.model.version - behind)
        self.send(Request(who, str(uuid4()), expected, tuple(changes), publish), reason=reason)

    def mend(self, who: int, publish: bool) -> None:
        """Take out whatever is in the way."""
        out = sorted({sorted(sessions)[-1] for _, sessions, _ in self.model.blocking(self.model.values)})
        changes = tuple({"op": "unplace", "session": one} for one in out)
        if changes:
            self.send(Request(who, str(uuid4()), self.model.version, changes, publish))

    def name_a_session_that_is_gone(self, who: int, session: str) -> None:
        changes = ({"op": "unplace", "session": session}, {"op": "pin", "session": "gone"})
        self.send(Request(who, str(uuid4()), self.model.version, changes))

    def go_on(self, pick: int, cancel: bool, reason: str | None) -> None:
        """Override or cancel what was warned of."""
        if self.warned:
            attempt = list(self.warned)[pick % len(self.warned)]
            self.send(self.warned[attempt], reason=reason, cancel=cancel)

    def ask_again(self, pick: int) -> None:
        """The same once more has the same answer, and nobody else can use its id."""
        if self.answers:
            who, path, body, answer = self.answers[pick % len(self.answers)]
            assert self.people[who].post(path, body).get_json() == answer
            assert self.people[1 - who].post(path, body).status_code == 422
            self.after("answered again")

    def publish(self, who: int, behind: int) -> None:
        expected = max(1, self.model.version - behind)
        result = self.model.publish(who, expected)
        response = self.people[who].publish(expected)
        assert response.status_code == {"published": 200, "stale-version": 412, "blocked": 409}[result], response.text
        self.after(result)

    def undo(self, who: int, behind: int, reason: str | None, direction: str = "undo") -> None:
        if not self.model.can(who, direction):
            who = 1 - who
        expected = max(1, self.model.version - behind)
        body: dict[str, Any] = {"expectedVersion": expected, "saveAttemptId": str(uuid4())}
        if reason is not None:
            body["override"] = {"reason": reason}
        result = self.model.undo(who, direction, body["saveAttemptId"], expected, reason=reason)
        response = self.people[who].post(f"/{direction}", body)
        told = response.get_json()
        if result == "saved":
            assert (response.status_code, told["result"]) == (200, "saved"), told
            self.answers.append((who, f"/{direction}", body, told))
        else:
            status = 412 if result == "stale-version" else 409
            assert (response.status_code, told["type"]) == (status, PROBLEM + result)
        self.after({"saved": {"undo": "undone", "redo": "redone"}[direction]}.get(result, result))

    def redo(self, **chosen: Any) -> None:
        self.undo(**chosen, direction="redo")

    def configure(self, which: str, severity: str) -> None:
        new = self.model.configure(which, severity)
        admin = self.people[2]
        told = admin.client.put(
            admin.base + "/settings", json={"severities": self.model.severities}, headers=admin.headers
        ).get_json()
        assert (told["version"], told["scheduleStatus"]) == (self.model.version, self.model.status)
        self.after("configured" if new else "configured as it was")

    def send(self, request: Request, *, reason: str | None = None, cancel: bool = False) -> None:
        is_repeated = request.attempt in self.model.attempts and reason is None and not cancel
        result = self.model.save(request, reason=reason, cancel=cancel)
        body = {
            "saveAttemptId": request.attempt,
            "expectedVersion": request.expected,
            "changes": [sent(one) for one in request.changes],
            "publish": request.publish,
        }
        if reason is not None:
            body["override"] = {"reason": reason}
        if cancel:
            body["cancel"] = True
        response = self.people[request.who].post("/saves", body)
        told = response.get_json()
        assert told["result"] == result
        assert is_repeated or told["version"] == self.model.version
        codes = {
            "saved": 200,
            "cancelled": 200,
            "warning_required": 409,
            "stale_blocked": 412,
            "validation_failed": 422,
        }
        assert response.status_code == codes[result]
        recorded = self.model.attempts.get(request.attempt, (None, ""))[1]
        if recorded == "warning_required":
            self.warned[request.attempt] = request
        else:
            self.warned.pop(request.attempt, None)
        if recorded == result != "warning_required":
            self.answers.append((request.who, "/saves", body, told))
        self.after(result)

    # --- what there must be afterwards -------------------------------------------------------------------------------

    def after(self, result: str) -> None:
        self.site.done[result] += 1
        self.steps += 1
        if self.steps % BETWEEN == 0:
            self.look_around()

    def teardown(self) -> None:
        self.look_around()

    def look_around(self) -> None:
        """Everything is as the model has it."""
        self.look_at_draft()
        self.look_at_conflicts()
        self.look_at_events()
        self.look_at_audit()
        self.look_at_attempts()
        self.look_at_what_is_published()
        assert verifying.verify(self.site.store, self.schedule).findings == []

    def look_at_draft(self) -> None:
        draft = self.people[0].draft()
        assert (draft["version"], draft["status"]) == (self.model.version, self.model.status)
        assert draft["publishedVersion"] == (self.model.published[0] if self.model.published else None)
        assert values_of(draft) == self.model.values

    def look_at_conflicts(self) -> None:
        """The ledger has every conflict that there ever was, once and under one id, and knows how it stands."""
        found = {key_of(one): one for one in self.people[0].items("/conflicts?limit=500")}
        assert found.keys() == self.model.ledger.keys()
        for key, conflict in self.model.ledger.items():
            one = found[key]
            assert self.conflict_ids.setdefault(key, one["conflictId"]) == one["conflictId"]
            assert (one["status"] == "unresolved", one["acknowledged"]) == (conflict.unresolved, conflict.acknowledged)
            assert [override["savedVersion"] for override in one["overrides"]] == conflict.overrides

    def look_at_attempts(self) -> None:
        attempts = {one["saveAttemptId"]: one["result"] for one in self.people[0].items("/saves?limit=500")}
        assert attempts == {attempt: result for attempt, (_, result) in self.model.attempts.items()}

    def look_at_what_is_published(self) -> None:
        response = self.attendee.get("/published")
        if self.model.published is None:
            assert response.status_code == 404
            return
        version, values = self.model.published
        assert response.headers["ETag"] == f'"p{version}"'
        told = response.get_json()["sessions"]
        places = [(one["sessionId"], one["roomId"], minute(one["startTime"])) for one in told]
        assert places == [(one, values[one, "room"], values[one, "start"]) for one in SESSIONS]

    def look_at_events(self) -> None:
        """The events since we looked last have no gap, and say what happened."""
        events = self.people[0].items(f"/events?limit=500&after={self.seen['events']}")
        assert [one["seq"] for one in events] == list(
            range(self.seen["events"] + 1, self.seen["events"] + len(events) + 1)
        )
        self.seen["events"] += len(events)
        heard = Counter(
            (one["version"], one["type"], one["conflictId"] if one["type"].startswith("conflict.") else None)
            for one in events
            if one["type"] in ENDS
        )
        expected = self.model.told[self.seen["told"] :]
        self.seen["told"] += len(expected)
        assert heard == Counter((version, kind, self.conflict_ids.get(key)) for version, kind, key in expected)  # type: ignore[arg-type]

    def look_at_audit(self) -> None:
        """Who did what at which version, why, and what was there before."""
        entries = self.people[0].items(f"/audit?limit=500&after={self.seen['audit']}")
        expected = self.model.audit[self.seen["audit"] :]
        self.seen["audit"] += len(entries)
        assert [self.entry_of(one) for one in entries] == [
            (one.action, one.version, one.who, one.reason, one.before, one.after) for one in expected
        ]

    def entry_of(self, told: Mapping[str, Any]) -> tuple[Any, ...]:
        ids = self.site.editor_ids
        who = ids.index(told["editorId"])
        before: dict[tuple[str, str], Any] = {}
        after: dict[tuple[str, str], Any] = {}
        for one in told["changes"] if told["action"] != "settings" else ():
            for values, kept in ((one["previousValues"], before), (one["values"], after)):
                kept |= plain(one["resourceId"], {name: values[name] for name in one["updatedFields"]})
        return told["action"], told["version"], who if who < 2 else None, told["reason"], before, after


# --- between the model's words and the API's -------------------------------------------------------------------------


def sent(change: Mapping[str, Any]) -> dict[str, Any]:
    """A change as the API takes it."""
    if change["op"] in ("close_room", "open_room"):
        return {**change, **EVENING}
    return {**change, **({"start": f"2027-02-06T{STARTS[change['start']]}"} if "start" in change else {})}


def plain(thing: str, told: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """Values as the API tells them, in the model's words."""
    names = {"roomId": "room", "startTime": "start"}
    found: dict[tuple[str, str], Any] = {}
    for name, value in told.items():
        if name != "endTime":
            read = {"startTime": minute, "closed": len}.get(name, lambda same: same)
            found[thing, names.get(name, name)] = read(value)
    return found


def minute(time: str | None) -> int | None:
    """The minute of the conference's day."""
    return None if time is None else int(time[11:13]) * 60 + int(time[14:16])


def values_of(draft: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """The table of values that a draft comes to."""
    kept = ("roomId", "startTime", "minutes", "audience", "pinned")
    values: dict[tuple[str, str], Any] = {}
    for one in draft["sessions"]:
        values |= plain(one["sessionId"], {name: one[name] for name in kept})
    hall = next(one for one in draft["rooms"] if one["roomId"] == "hall")
    return values | plain("hall", {"closed": hall["closed"]})


def key_of(conflict: Mapping[str, Any]) -> Key:
    return conflict["rule"], frozenset(conflict["sessionIds"]), conflict["personId"]


# --- the runs --------------------------------------------------------------------------------------------------------


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    app = create_app(replace(settings, saves_per_minute=0, solves_per_minute=0))
    app.extensions["callboard.solver"] = InProcessSolver()
    store = app.extensions["callboard.store"]
    made = [tokens.create(store, role) for role in ("editor", "editor", "admin")]
    ids = store.read(lambda session: [str(who.editor_id) for one in made if (who := tokens.identify(session, one))])
    yield Site(store, app.test_client, made, ids)
    store.close()


def test_random_editors_do_what_the_model_says(site: Site, figure: Figure) -> None:
    several = hypothesis_settings(
        max_examples=5,
        stateful_step_count=STEPS,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # to find the shortest way to a failure takes minutes
    )
    for number in itertools.count():
        if site.done.total() >= OPERATIONS:
            break
        run_state_machine_as_test(seed(number)(lambda: Editors(site)), settings=several)
    total, changed = site.done.total(), sum(site.done[kind] for kind in CHANGING)
    spread = ", ".join(f"{count} {kind}" for kind, count in site.done.most_common())
    figure(f"answers that were not the model's ({spread})", 0, total)
    assert changed > total / 2
    assert all(site.done[kind] >= total // 1000 for kind in (*CHANGING, *REFUSING)), site.done
