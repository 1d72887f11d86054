"""The event that all servers send: what a published change looks like.  Knows the standard library only."""

from __future__ import annotations

import json

PLACE = {"roomId": "janson", "startTime": "2025-02-01T10:00+01:00", "endTime": "2025-02-01T10:50+01:00"}
PREVIOUS = {"roomId": "k1105", "startTime": "2025-02-01T11:00+01:00", "endTime": "2025-02-01T11:50+01:00"}
BODY = {
    "type": "schedule.published",
    "time": "2025-02-01T09:00:00.000+00:00",
    "scheduleId": "0b1c7c0e-7a53-4a5b-8a4e-6f1d6f0e9a55",
    "version": 17,
    "changes": [{"sessionId": "5379", **PLACE, "previous": PREVIOUS}],
}


def event(seq: int) -> dict[str, object]:
    """The event with this `seq`."""
    return {"seq": seq, "previousSeq": seq - 1, "publishedVersion": seq, **BODY}


def text(seq: int) -> str:
    """The same as it is sent."""
    return json.dumps(event(seq), separators=(",", ":"))
