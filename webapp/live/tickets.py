"""Tickets: signed proof that a client was let in to a schedule's feed, so that coming back takes no look-up.

After a restart ten thousand come back at once.  A ticket that does not hold refuses nobody: its client is let in, or
not, as if it had none.
"""

from __future__ import annotations

import hmac
import os
import secrets
import time
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

TICKET_SECONDS = 24 * 3600
"""Longer than a day at a conference."""
KEY_BYTES = 32
_FINGERPRINT_BYTES = 16


class Tickets:
    """Issues tickets and knows them again.  The key lies in the data directory, or a restart would make them void."""

    def __init__(self, key_file: Path) -> None:
        self._file = key_file
        self._key = b""

    def issue(self, schedule_id: str) -> str:
        """A ticket for a schedule that the holder may follow."""
        until = f"{int(time.time()) + TICKET_SECONDS:x}"
        return f"{until}-{self._fingerprint(schedule_id, until)}"

    def holds(self, ticket: str, schedule_id: str) -> bool:
        """Whether we issued it for this schedule, and not too long ago."""
        until, _, fingerprint = ticket.partition("-")
        if not hmac.compare_digest(fingerprint.encode(), self._fingerprint(schedule_id, until).encode()):
            return False
        return int(until, 16) >= time.time()

    def _fingerprint(self, schedule_id: str, until: str) -> str:
        if not self._key:
            self._key = _key(self._file)
        told = f"live {schedule_id} {until}".encode()
        return blake2b(told, key=self._key, digest_size=_FINGERPRINT_BYTES).hexdigest()


def _key(file: Path) -> bytes:
    """The key in the file, which is made unless it is there; one of this process alone where that is not possible."""
    fresh = secrets.token_bytes(KEY_BYTES)
    with suppress(OSError):
        own = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
        with open(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
            output.write(fresh)
        # Another process may make one at the same time: the first to link its own wins.
        with suppress(FileExistsError):
            os.link(own, file)
        own.unlink()
    with suppress(OSError):
        found = file.read_bytes()
        if len(found) == KEY_BYTES:
            return found
    return fresh
