"""The conference of the browser tests: small enough to know by heart, with a way to break what is shown."""

from __future__ import annotations

from typing import Any

DAY, NEXT_DAY = "2027-02-06", "2027-02-07"
NAME = "Harbour Conference"


def conference() -> dict[str, Any]:
    """A Callboard file: two days, three rooms, four people, nothing broken, one session not placed."""
    return {
        "callboard": 1,
        "conference": {
            "name": NAME,
            "timezone": "Europe/Brussels",
            "days": [
                {"date": DAY, "start": "09:00", "end": "17:00"},
                {"date": NEXT_DAY, "start": "10:00", "end": "16:00"},
            ],
        },
        "rooms": [
            {"id": "hall", "name": "Great Hall", "capacity": 300},
            {"id": "attic", "name": "Attic", "capacity": 60, "closed": [_span("12:00", "13:00")]},
            {"id": "back yard", "name": "Yard", "capacity": 60},
        ],
        "people": [{"id": who, "name": who.title()} for who in ("ada", "ben", "cleo", "dora")],
        "sessions": [
            _session("keynote", "Opening keynote", 50, "hall", "10:00", speakers=["ada"], pinned=True, audience=280),
            _session(
                "compilers",
                "Compilers in the open",
                50,
                "hall",
                "11:00",
                track="Languages",
                speakers=["ben"],
                audience=120,
            ),
            _session("types", "Types for the tired", 50, "attic", "10:00", track="Languages", speakers=["cleo"]),
            _session("databases", "Databases under water", 50, "attic", "11:00", track="Storage", speakers=["ada"]),
            _session("fuzzing", "Fuzzing by moonlight", 25, "back yard", "10:00", track="Testing", speakers=["dora"]),
            _session("parsers", "Parsers and patience", 50, "back yard", "14:00", track="Languages", speakers=["ben"]),
            _session("closing", "Closing words", 30, "hall", "15:00", day=NEXT_DAY, speakers=["ada"]),
            {"id": "lightning", "title": "Lightning talks", "minutes": 30, "speakers": ["dora"]},
        ],
    }


def _session(
    identifier: str,
    title: str,
    minutes: int,
    room: str,
    start: str,
    *,
    day: str = DAY,
    **facts: Any,
) -> dict[str, Any]:
    return {"id": identifier, "title": title, "minutes": minutes, "room": room, "start": f"{day}T{start}", **facts}


def _span(start: str, end: str) -> dict[str, str]:
    return {"from": f"{DAY}T{start}", "to": f"{DAY}T{end}"}
