"""Those who edit one schedule together: who is here, what each has in hand, and what is passed on among them.

Each process knows its own editors and what the other processes say of theirs.  Nothing here is kept: an editor who is
not spoken of for a while is gone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from webapp.live.backplane import Word
from webapp.live.frames import text_frame

SPOKEN_OF_SECONDS = 25.0
"""How long an editor of another process is believed to be there without a word."""

Told = dict[str, Any]
Say = Callable[[Word], None]


class Listener(Protocol):
    """An editor at this process."""

    client_id: str

    def send(self, data: bytes) -> None:
        """Send whole frames."""


@dataclass
class Present:
    """An editor who is here, as the others see it."""

    told: Told
    process: str
    """The process that they are connected to; empty for this one."""
    heard_at: float = field(default_factory=time.monotonic)


class Company:
    """The editors of one schedule; `say` passes a word on to the other processes."""

    def __init__(self, schedule_id: str, say: Say) -> None:
        self.schedule_id = schedule_id
        self.present: dict[str, Present] = {}
        self._here: dict[str, Listener] = {}
        self._say = say

    def __bool__(self) -> bool:
        """Whether anybody is at this process."""
        return bool(self._here)

    def everybody(self) -> list[Told]:
        """Who is here, those of other processes too."""
        return [one.told for one in self.present.values()]

    def come(self, listener: Listener, told: Told) -> None:
        """Somebody is here, or somewhere else than before."""
        self._here[listener.client_id] = listener
        self.present[listener.client_id] = Present(told, "")
        self.tell({"type": "presence.here", **told}, but=listener.client_id, pass_on=False)
        self._word(here=told)

    def go(self, listener: Listener) -> None:
        """Somebody has left, unless they are back already by another connection."""
        if self._here.get(listener.client_id) is not listener:
            return
        del self._here[listener.client_id]
        del self.present[listener.client_id]
        self.tell(_gone(listener.client_id), pass_on=False)
        self._word(gone=listener.client_id)

    def tell(self, message: Told, *, but: str | None = None, to: str | None = None, pass_on: bool = True) -> None:
        """Tell everybody, or one, but not oneself."""
        reached = [name for name in ([to] if to else list(self._here)) if name != but and name in self._here]
        if reached:
            data = encoded(message)
            # To send to one who is gone may end in `go`: each is looked up just before.
            for name in reached:
                if name in self._here:
                    self._here[name].send(data)
        if pass_on and not (to and reached):
            self._word(tell=message, to=to)

    def ask(self) -> None:
        """Have the other processes say who is with them."""
        self._word(ask=True)

    def keep_up(self) -> None:
        """Say again who is here, and forget those of whom nothing is said any more."""
        for name in self._here:
            self._word(here=self.present[name].told)
        longest = time.monotonic() - SPOKEN_OF_SECONDS
        for name, one in list(self.present.items()):
            if one.process and one.heard_at < longest:
                self._forget(name)

    def hear(self, word: Word) -> None:
        """Take in what another process says."""
        match word:
            case {"here": told, "from": process}:
                self._spoken_of(told, process)
            case {"gone": name, "from": process}:
                found = self.present.get(name)
                if found is not None and found.process == process:
                    self._forget(name)
            case {"tell": message, "to": to}:
                self.tell(message, to=to, pass_on=False)
            case {"ask": True}:
                for name in self._here:
                    self._word(here=self.present[name].told)

    def _spoken_of(self, told: Told, process: str) -> None:
        name = told["clientId"]
        known = self.present.get(name)
        if name in self._here:
            # They have come over to us, and the other process has not noticed yet.
            return
        self.present[name] = Present(told, process)
        if known is None or known.told != told:
            self.tell({"type": "presence.here", **told}, pass_on=False)

    def _forget(self, name: str) -> None:
        del self.present[name]
        self.tell(_gone(name), pass_on=False)

    def _word(self, **word: Any) -> None:
        self._say({"about": "editors", "schedule": self.schedule_id, **word})


def encoded(message: Told) -> bytes:
    """A message as a frame."""
    return text_frame(json.dumps(message, ensure_ascii=False, separators=(",", ":")))


def _gone(name: str) -> Told:
    return {"type": "presence.gone", "clientId": name}
