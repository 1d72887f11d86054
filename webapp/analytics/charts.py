"""Small plots as SVG, to stand in a page: colours come from the page, and every value can be read as text."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from xml.sax.saxutils import escape, quoteattr

WIDTH = 720
LINE = 22
NAME = 190
VALUE = 64
PLOT_HEIGHT, FOOT, LEFT = 180, 26, 44


def bars(title: str, values: Sequence[tuple[str, float]], *, unit: str, most: float | None = None) -> str:
    """Lying bars, one below the other, each with its name and its value."""
    top = most or max((value for _, value in values), default=0) or 1
    room = WIDTH - NAME - VALUE
    lines = []
    for number, (name, value) in enumerate(values):
        y, width = number * LINE, room * min(1.0, value / top)
        lines.append(
            f'<text x="{NAME - 10}" y="{y + 15}" text-anchor="end">{escape(_short(name))}</text>'
            f'<rect class="track" x="{NAME}" y="{y + 4}" width="{room}" height="14" rx="3"/>'
            f'<rect class="bar" x="{NAME}" y="{y + 4}" width="{width:.1f}" height="14" rx="3"/>'
            f'<text x="{NAME + room + 8}" y="{y + 15}">{_number(value)}{escape(unit)}</text>'
        )
    return _svg(title, max(LINE, len(values) * LINE), "".join(lines))


def columns(title: str, values: Sequence[tuple[str, float]], *, unit: str, most: float | None = None) -> str:
    """Standing bars from left to right; a few of their names stand below."""
    top = most or max((value for _, value in values), default=0) or 1
    step = (WIDTH - LEFT) / max(1, len(values))
    shown = max(1, ceil(len(values) / 12))
    parts = [_scale(top, unit)]
    for number, (name, value) in enumerate(values):
        height = PLOT_HEIGHT * min(1.0, value / top)
        x = LEFT + number * step
        parts.append(
            f'<rect class="bar" x="{x + step * 0.1:.1f}" y="{PLOT_HEIGHT - height:.1f}" width="{step * 0.8:.1f}" '
            f'height="{height:.1f}"><title>{escape(name)}: {_number(value)}{escape(unit)}</title></rect>'
        )
        if number % shown == 0:
            parts.append(
                f'<text x="{x + step / 2:.1f}" y="{PLOT_HEIGHT + 18}" text-anchor="middle">{escape(name)}</text>'
            )
    return _svg(title, PLOT_HEIGHT + FOOT, "".join(parts))


def steps(title: str, points: Sequence[tuple[float, float]], *, first: str, last: str) -> str:
    """A line that keeps its height until the next point; `first` and `last` name its ends."""
    top = max((value for _, value in points), default=0) or 1
    begin = points[0][0] if points else 0.0
    span = (points[-1][0] - begin if points else 0.0) or 1.0
    path: list[str] = []
    before = 0.0
    for at, value in points:
        x = LEFT + (WIDTH - LEFT) * (at - begin) / span
        y = PLOT_HEIGHT * (1 - value / top)
        path.append(f"L{x:.1f},{before:.1f}L{x:.1f},{y:.1f}" if path else f"M{x:.1f},{y:.1f}")
        before = y
    ends = (
        f'<text x="{LEFT}" y="{PLOT_HEIGHT + 18}">{escape(first)}</text>'
        f'<text x="{WIDTH}" y="{PLOT_HEIGHT + 18}" text-anchor="end">{escape(last)}</text>'
    )
    line = f'<path class="curve" d="{"".join(path)}"/>' if path else ""
    return _svg(title, PLOT_HEIGHT + FOOT, _scale(top, "") + line + ends)


def _scale(top: float, unit: str) -> str:
    return "".join(
        f'<line class="track" x1="{LEFT}" x2="{WIDTH}" y1="{y}" y2="{y}"/>'
        f'<text x="{LEFT - 8}" y="{y + 4 if y else 10}" text-anchor="end">{_number(value)}{escape(unit)}</text>'
        for y, value in ((0, top), (PLOT_HEIGHT, 0.0))
    )


def _svg(title: str, height: int, inside: str) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-label={quoteattr(title)}>'
        f"<title>{escape(title)}</title>{inside}</svg>"
    )


def _short(name: str) -> str:
    return name if len(name) <= 26 else f"{name[:25]}…"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"
