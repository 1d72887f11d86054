"""The backplane: what the web processes of one database say to each other, so that nobody waits for the next look.

Words may be lost: the log is the truth, and every process looks at it by itself.  So nothing here waits for an answer,
nothing fails, and what cannot be said just now is dropped.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol
from uuid import uuid4

if TYPE_CHECKING:
    from webapp.settings import Settings
    from webapp.store.databases import Database

BEAT_SECONDS = 2.0
"""How often a process says that it is there; it hears itself, and so knows that the line is good."""
SILENCE_SECONDS = 3 * BEAT_SECONDS
HEAR_SECONDS = 0.5
RETRY_SECONDS = 0.5
MOST_WAITING = 10_000
"""How many words may wait to be said; beyond, they are dropped."""
LONGEST_WORD = 7_500
"""Bytes; PostgreSQL takes 8000."""

Word = dict[str, Any]
State = Literal["alone", "connected", "away"]

log = logging.getLogger(__name__)


class Line(Protocol):
    """Passes texts on to every process that listens, this one too.  One thread speaks, another listens."""

    @property
    def name(self) -> str:
        """What it is, for people."""

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What its methods raise when it is down, `OSError` among them."""

    def say(self, text: str) -> None:
        """Pass one text on."""

    def listen(self) -> None:
        """Open it for hearing."""

    def hear(self, seconds: float) -> list[str]:
        """What comes within so many seconds; returns as soon as there is something."""

    def hang_up_mouth(self) -> None:
        """Drop the connection that speaks; the next word opens another."""

    def hang_up_ear(self) -> None:
        """Drop the connection that listens."""


class Backplane:
    """Says and hears words over a line; without one, the process is alone and that is all right."""

    def __init__(self, line: Line | None = None) -> None:
        self.process = uuid4().hex[:12]
        """What other processes know this one by."""
        self._line = line
        self._ears: dict[str, Callable[[Word], None]] = {}
        self._words: deque[str] = deque(maxlen=MOST_WAITING)
        self._wake = threading.Event()
        self._threads: list[threading.Thread] = []
        self._ended = False
        self._heard_at = 0.0
        self._away = True

    @property
    def state(self) -> State:
        """Whether others hear what is said here."""
        if self._line is None:
            return "alone"
        return "away" if self._away else "connected"

    @property
    def line_name(self) -> str:
        return self._line.name if self._line else ""

    def on(self, about: str, ear: Callable[[Word], None]) -> None:
        """Have `ear` called with every word of other processes about something."""
        self._ears[about] = ear

    def ring(self, schedule_id: str, seq: int) -> None:
        """Say that the log of a schedule has grown to `seq`."""
        self.say({"about": "log", "schedule": schedule_id, "seq": seq})

    def say(self, word: Word) -> None:
        """Say something to the other processes, soon.  Never waits and never fails; too long a word is a bug."""
        if not self._threads:
            return
        text = _text({**word, "from": self.process})
        size = len(text.encode())
        if size > LONGEST_WORD:
            raise ValueError(f"a word has {size} bytes; {LONGEST_WORD} are the most")
        self._words.append(text)
        self._wake.set()

    def start(self) -> None:
        """Speak and listen, each on a thread of its own, or what stands for one under gevent."""
        if self._line is None:
            return
        self._heard_at = time.monotonic()
        jobs = {"backplane mouth": self._speak, "backplane ear": self._listen}
        self._threads = [
            threading.Thread(target=job, args=(self._line,), name=name, daemon=True) for name, job in jobs.items()
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End both, and wait for them."""
        self._ended = True
        self._wake.set()
        for thread in self._threads:
            thread.join()

    def _speak(self, line: Line) -> None:
        beat_at = 0.0
        while not self._ended:
            if time.monotonic() >= beat_at:
                beat_at = time.monotonic() + BEAT_SECONDS
                self._beat()
            try:
                while self._words:
                    line.say(self._words.popleft())
            except line.failures as error:
                self._words.clear()
                self._lost(line, error)
                line.hang_up_mouth()
                time.sleep(RETRY_SECONDS)
                continue
            self._wake.wait(max(0.0, beat_at - time.monotonic()))
            self._wake.clear()
        line.hang_up_mouth()

    def _listen(self, line: Line) -> None:
        while not self._ended:
            try:
                line.listen()
                self._heard_at = time.monotonic()
                self._beat()
                while not self._ended:
                    self._take(line.hear(HEAR_SECONDS))
                    if time.monotonic() - self._heard_at > SILENCE_SECONDS:
                        raise TimeoutError("nothing is heard any more")
            except line.failures as error:
                self._lost(line, error)
                line.hang_up_ear()
                time.sleep(RETRY_SECONDS)
        line.hang_up_ear()

    def _beat(self) -> None:
        self._words.append(_text({"about": "beat", "from": self.process}))
        self._wake.set()

    def _take(self, texts: list[str]) -> None:
        for text in texts:
            word = json.loads(text)
            self._heard_at = time.monotonic()
            if word["from"] == self.process:
                self._found()
                continue
            ear = self._ears.get(word["about"])
            if ear is None:
                continue
            try:
                ear(word)
            except Exception:
                log.exception("a word of another process could not be taken in")

    def _lost(self, line: Line, error: Exception) -> None:
        if not self._away:
            log.warning("%s is away; changes by other processes come a moment later: %s", line.name, error)
        self._away = True

    def _found(self) -> None:
        if self._away:
            self._away = False
            log.info("the other processes are heard")


def _text(word: Word) -> str:
    return json.dumps(word, ensure_ascii=False, separators=(",", ":"))


def opened(settings: Settings, database: Database) -> Backplane:
    """Over Redis where there is one, else over PostgreSQL; on SQLite there is one web process, which is alone."""
    if settings.redis:
        from webapp.live.backplane_redis import RedisLine

        return Backplane(RedisLine(settings.redis))
    if not database.one_writer:
        from webapp.live.backplane_postgres import PostgresLine

        return Backplane(PostgresLine(database.url))
    return Backplane()
