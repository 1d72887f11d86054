"""The editors' channel beyond the events: what each editor says is read, weighed and granted, one message at a time."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import gevent
from sqlalchemy.orm import Session

from webapp.auth.identity import Identity
from webapp.auth.rates import Rates
from webapp.interop.document import DocumentError
from webapp.live import frames, messages
from webapp.live.backplane import Backplane, Word
from webapp.live.company import Company, encoded
from webapp.live.connection import Connection, Member
from webapp.live.frames import Message
from webapp.live.messages import MessageError
from webapp.services import checking
from webapp.services.errors import Refusal
from webapp.services.locking import policy_of
from webapp.store import Store
from webapp.store.failures import AwayError, FullError, UnstorableError
from webapp.store.leases import Holder, Lock
from webapp.store.rows import ScheduleRow, SessionRow

ROUND_SECONDS = 10.0
"""How often the processes say who is with them, and each looks whether its editors may still be there."""
MESSAGES_PER_SECOND = 40
MESSAGES_AT_ONCE = 80
PATIENCE_WITH_FLOODS = 400
"""Messages too many after which a connection is closed."""
LOCKS_AT_ONCE = 50
DRAGS_APART = 0.05
"""Seconds between two steps of a drag that others are shown."""

Again = Callable[[], Identity | None]
"""Who holds the connection's credentials now."""

log = logging.getLogger(__name__)


class Collab:
    """The companies of all schedules that are edited at this process."""

    def __init__(self, store: Store, backplane: Backplane, rates: Rates) -> None:
        self.store = store
        self.rates = rates
        self._backplane = backplane
        self._companies: dict[str, Company] = {}
        self._editors: set[Editor] = set()
        self._rounds: gevent.Greenlet | None = None
        backplane.on("editors", self._hear)

    def admit(self, connection: Connection, schedule_id: str, identity: Identity, again: Again) -> None:
        """Listen to a connection that follows the events of a schedule already."""
        if connection.member is None:
            return
        if self._rounds is None:
            self._rounds = gevent.spawn(self._keep_up)
        editor = Editor(self, connection, connection.member, schedule_id, identity, again)
        connection.member = editor
        self._editors.add(editor)

    def company(self, schedule_id: str) -> Company:
        """The company of a schedule; the first to come has the other processes say who is there."""
        found = self._companies.get(schedule_id)
        if found is None:
            found = self._companies[schedule_id] = Company(schedule_id, self._backplane.say)
            found.ask()
        return found

    def left(self, editor: Editor) -> None:
        """An editor's connection is gone."""
        self._editors.discard(editor)
        company = self._companies.get(editor.schedule_id)
        if company is not None:
            company.go(editor)
            if not company:
                del self._companies[editor.schedule_id]

    def _hear(self, word: Word) -> None:
        company = self._companies.get(word["schedule"])
        if company is not None:
            company.hear(word)

    def _keep_up(self) -> None:
        while True:
            gevent.sleep(ROUND_SECONDS)
            try:
                for company in list(self._companies.values()):
                    company.keep_up()
                for editor in list(self._editors):
                    editor.look_again()
            except Exception:
                log.exception("the editors could not be looked after; trying again")


class Editor:
    """One connection of an editor: takes what it says, in order, and answers."""

    def __init__(
        self,
        collab: Collab,
        connection: Connection,
        audience: Member,
        schedule_id: str,
        identity: Identity,
        again: Again,
    ) -> None:
        self.schedule_id = schedule_id
        self.client_id = ""
        self._collab = collab
        self._connection = connection
        self._audience = audience
        self._identity = identity
        self._again = again
        self._queue: deque[bytes] = deque()
        self._working = False
        self._credit, self._credit_at = float(MESSAGES_AT_ONCE), time.monotonic()
        self._too_many = 0
        self._dragged_at = 0.0
        self._locks: dict[str, float] = {}
        """The sessions in hand, and when each lapses."""

    def send(self, data: bytes) -> None:
        self._connection.send(data)

    def leave(self, connection: Connection) -> None:
        self._audience.leave(connection)
        self._collab.left(self)

    def heard(self, connection: Connection, message: Message) -> None:
        """Called where the hub reads: nothing here may wait."""
        if not self._has_credit():
            return
        self._queue.append(message.payload if message.opcode == frames.TEXT else b"")
        if not self._working:
            self._working = True
            gevent.spawn(self._work)

    def look_again(self) -> None:
        """Close the connection if its sign-in or token has ended, or no longer lets anybody see the draft."""
        identity = self._again()
        if identity is None or not identity.sees_drafts:
            self._connection.close(frames.POLICY, "you are signed out")
        else:
            self._identity = identity

    def _has_credit(self) -> bool:
        now = time.monotonic()
        self._credit = min(MESSAGES_AT_ONCE, self._credit + (now - self._credit_at) * MESSAGES_PER_SECOND)
        self._credit_at = now
        if self._credit >= 1:
            self._credit -= 1
            return True
        if self._too_many == 0 or self._too_many % MESSAGES_AT_ONCE == 0:
            self._refuse("", MessageError("too_many", f"more than {MESSAGES_PER_SECOND} messages a second"))
        self._too_many += 1
        if self._too_many > PATIENCE_WITH_FLOODS:
            self._connection.close(frames.POLICY, "too many messages")
        return False

    def _work(self) -> None:
        try:
            while self._queue and not self._connection.closing and self._connection.fd >= 0:
                self._take(self._queue.popleft())
        finally:
            self._working = False

    def _take(self, payload: bytes) -> None:
        about = ""
        try:
            said = messages.read(payload)
            about = said.type
            self._grant(said)
        except MessageError as error:
            self._refuse(about, error)
        except Refusal as error:
            self._refuse(about, MessageError("refused", error.detail, said.ref))
        except (DocumentError, UnstorableError) as error:
            self._refuse(about, MessageError("invalid_message", str(error), said.ref))
        except (AwayError, FullError) as error:
            self._refuse(about, MessageError("unavailable", str(error), said.ref))
        except Exception:
            log.exception("a message of an editor could not be answered")
            self._refuse(about, MessageError("failed", "a mistake of Callboard's own; it was logged", said.ref))

    def _grant(self, said: messages.Message) -> None:
        if not self._identity.within(said.scope):
            raise MessageError("forbidden", f"this takes a token with the scope {said.scope}", said.ref)
        if isinstance(said, messages.CheckAsk):
            self._check(said)
            return
        if isinstance(said, messages.PresenceSet):
            self._appear(said)
            return
        if not self.client_id:
            raise MessageError("not_present", "say presence.set first", said.ref)
        match said:
            case messages.LockTake():
                self._take_lock(said)
            case messages.LockRelease():
                self._release_lock(said)
            case messages.DragMove() | messages.DragEnd():
                self._drag(said)
            case messages.PreviewAsk() | messages.PreviewShow():
                self._preview(said)

    @property
    def _company(self) -> Company:
        return self._collab.company(self.schedule_id)

    def _me(self) -> dict[str, Any]:
        return {"clientId": self.client_id, "editorId": self._identity.editor_id, "name": self._identity.name}

    def _appear(self, said: messages.PresenceSet) -> None:
        known = self._company.present.get(said.client_id)
        if known is not None and known.told["editorId"] != self._identity.editor_id:
            raise MessageError("client_taken", "somebody else goes by this clientId: choose another", said.ref)
        first = not self.client_id
        if not first and said.client_id != self.client_id:
            raise MessageError("invalid_message", "clientId: it stays the same for a connection", said.ref)
        self.client_id = said.client_id
        self._company.come(self, {**said.body(), **self._me()})
        if first:
            self._welcome(said.ref)

    def _welcome(self, ref: str | None) -> None:
        store = self._collab.store

        def work(session: Session) -> tuple[dict[str, Any], list[Lock]]:
            policy = policy_of(session.get_one(ScheduleRow, self.schedule_id))
            try:
                return policy, store.locks.held(session, self.schedule_id)
            except Refusal:
                return policy, []

        policy, locks = store.read(work)
        others = [one for one in self._company.everybody() if one["clientId"] != self.client_id]
        told = {"editors": others, "locks": [one.json() for one in locks], "lockPolicy": policy}
        self._answer("collab.welcome", ref, **self._me(), **told)

    def _take_lock(self, said: messages.LockTake) -> None:
        store = self._collab.store

        def work(session: Session) -> tuple[dict[str, Any], bool]:
            known = session.get(SessionRow, (self.schedule_id, said.session_id)) is not None
            return policy_of(session.get_one(ScheduleRow, self.schedule_id)), known

        policy, known = store.read(work)
        if policy["mode"] == "off":
            raise MessageError("locks_off", "this conference does without locks", said.ref)
        if not known:
            raise MessageError("unknown_session", f"there is no session '{said.session_id}'", said.ref)
        self._locks = {name: until for name, until in self._locks.items() if until > time.monotonic()}
        if said.session_id not in self._locks and len(self._locks) >= LOCKS_AT_ONCE:
            raise MessageError("too_many", f"nobody has more than {LOCKS_AT_ONCE} sessions in hand", said.ref)
        lock = store.locks.take(self.schedule_id, said.session_id, self._holder, policy["leaseSeconds"])
        if lock.holder != self._holder:
            self._locks.pop(said.session_id, None)
            self._answer("lock.refused", said.ref, **lock.json())
            return
        self._locks[said.session_id] = time.monotonic() + lock.seconds
        self._answer("lock.granted", said.ref, **lock.json())
        self._company.tell({"type": "lock.held", **lock.json()}, but=self.client_id)

    def _release_lock(self, said: messages.LockRelease) -> None:
        self._locks.pop(said.session_id, None)
        freed = self._collab.store.locks.release(self.schedule_id, said.session_id, self._holder, said.token)
        if not freed:
            raise MessageError("not_yours", "this lock is not yours any more", said.ref)
        body = {"sessionId": said.session_id, "token": said.token}
        self._answer("lock.freed", said.ref, **body)
        self._company.tell({"type": "lock.freed", **body}, but=self.client_id)

    @property
    def _holder(self) -> Holder:
        return Holder(self.client_id, str(self._identity.editor_id), self._identity.name)

    def _drag(self, said: messages.DragMove | messages.DragEnd) -> None:
        """Others are shown some steps of a drag and its end; what is left out, the next step makes good."""
        now = time.monotonic()
        ends = isinstance(said, messages.DragEnd)
        if not ends and now - self._dragged_at < DRAGS_APART:
            return
        self._dragged_at = 0.0 if ends else now
        kind = "drag.ended" if ends else "drag.moved"
        self._company.tell({"type": kind, **said.body(), **self._me()}, but=self.client_id)

    def _preview(self, said: messages.PreviewAsk | messages.PreviewShow) -> None:
        """Pass on that somebody would like to see another's repair, or the repair itself."""
        if said.client_id not in self._company.present:
            raise MessageError("not_here", "whom you speak to is not here", said.ref)
        kind = "preview.asked" if isinstance(said, messages.PreviewAsk) else "preview.shown"
        self._company.tell({"type": kind, **said.body(), **self._me()}, to=said.client_id)

    def _check(self, said: messages.CheckAsk) -> None:
        self._collab.rates.count("solve", str(self._identity.editor_id))
        told = checking.check(self._collab.store, self.schedule_id, said.edits)
        shown = {name: told[name] for name in ("version", "violations", "seconds")}
        self._answer("check.result", said.ref, **shown)

    def _answer(self, kind: str, ref: str | None, **body: Any) -> None:
        self.send(encoded({"type": kind, **({} if ref is None else {"ref": ref}), **body}))

    def _refuse(self, about: str, error: MessageError) -> None:
        self._answer("collab.error", error.ref, about=about, code=error.code, detail=str(error))
