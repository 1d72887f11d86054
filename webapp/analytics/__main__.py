"""`python -m webapp.analytics`: JSON on standard input, the plots as JSON on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from webapp.analytics import charts, figures


def plots(told: Mapping[str, Any]) -> dict[str, str]:
    """The plots, by name."""
    rooms = {room["id"]: room["name"] for room in told["rooms"]}
    days = told["days"]
    placed, spans = told["sessions"], [day["minutes"] for day in days]
    by_room = figures.rooms_used(placed, list(rooms), spans)
    by_hour = figures.hours_used(placed, list(rooms), spans)
    moves = figures.by_day(told["moves"], told["timezone"])
    conflicts = figures.open_conflicts([tuple(step) for step in told["conflicts"]])
    latencies = [
        (f"{what}, p{percent}", seconds * 1000)
        for what, buckets in told["latencies"].items()
        for percent in (50, 95)
        if (seconds := figures.quantile(buckets, percent / 100)) is not None and seconds < float("inf")
    ]
    moments = [moment.strftime("%d %b %H:%M") for moment in conflicts.index]
    return {
        "rooms": charts.bars(
            "How full each room is", [(rooms[room], share) for room, share in by_room.items()], unit=" %", most=100
        ),
        "hours": charts.columns(
            "How many of the rooms are used, hour by hour",
            [(days[day]["hours"][hour], share) for (day, hour), share in by_hour.items()],
            unit=" %",
            most=100,
        ),
        "moves": charts.columns(
            "Sessions moved, by day", [(f"{d:%d %b}", float(n)) for d, n in moves.items()], unit=""
        ),
        "conflicts": charts.steps(
            "Open conflicts",
            [(moment.timestamp(), float(count)) for moment, count in conflicts.items()],
            first=moments[0] if moments else "",
            last=moments[-1] if moments else "",
        ),
        "latencies": charts.bars("How long answers take, at most", latencies, unit=" ms"),
    }


if __name__ == "__main__":
    json.dump(plots(json.load(sys.stdin)), sys.stdout)
