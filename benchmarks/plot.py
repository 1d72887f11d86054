"""A plot of how the cost grows with the size, both axes logarithmic, as SVG that follows the reader's colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 40, 50
COLOURS = ("#1f77b4", "#d95f02", "#1b9e77", "#7570b3", "#e7298a", "#66a61e")
STYLE = (
    "text{font:12px sans-serif;fill:#222}.grid{stroke:#ddd}.line{fill:none;stroke-width:2}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#444}}"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the plot: its name, and its points from left to right."""

    name: str
    points: tuple[tuple[float, float], ...]
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """Positive numbers, spread by their logarithms over so many pixels."""

    first: float
    last: float
    pixels: int

    def at(self, number: float) -> float:
        span = log10(self.last / self.first) or 1
        return log10(number / self.first) / span * self.pixels


def svg(title: str, across: str, up: str, lines: Sequence[Line]) -> str:
    """The plot as text.  Raises `ValueError` where there is nothing to draw."""
    points = [point for line in lines for point in line.points]
    if not points:
        raise ValueError("a plot needs at least one point")
    sizes = sorted({x for x, _ in points})
    heights = [y for _, y in points]
    horizontal = Axis(sizes[0], sizes[-1], WIDTH - LEFT - RIGHT)
    vertical = Axis(10 ** floor(log10(min(heights))), 10 ** ceil(log10(max(heights) * 1.001)), HEIGHT - TOP - BOTTOM)
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<text x="{LEFT}" y="{TOP - 20}" style="font-weight:bold">{escape(title)}</text>',
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 12}" text-anchor="end">{escape(across)}</text>',
        f'<text x="{LEFT - 6}" y="{TOP - 20}" text-anchor="end">{escape(up)}</text>',
        *_grid(sizes, horizontal, vertical),
    ]
    for number, line in enumerate(lines):
        drawn += _line(line, number, horizontal, vertical)
    return "\n".join([*drawn, "</svg>", ""])


def _grid(sizes: Sequence[float], horizontal: Axis, vertical: Axis) -> list[str]:
    drawn = []
    for power in range(round(log10(vertical.first)), round(log10(vertical.last)) + 1):
        y = HEIGHT - BOTTOM - vertical.at(10.0**power)
        drawn.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        drawn.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')
    for size in sizes:
        x = LEFT + horizontal.at(size)
        drawn.append(f'<path class="grid" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>')
        drawn.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{size:g}</text>')
    return drawn


def _line(line: Line, number: int, horizontal: Axis, vertical: Axis) -> list[str]:
    colour = COLOURS[number // 2 % len(COLOURS)]
    places = [(LEFT + horizontal.at(x), HEIGHT - BOTTOM - vertical.at(y)) for x, y in line.points]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    dashes = ' stroke-dasharray="5 4"' if line.dashed else ""
    legend = TOP + 16 * number
    return [
        f'<path class="line" stroke="{colour}"{dashes} d="M{path}"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places),
        f'<path class="line" stroke="{colour}"{dashes} d="M{WIDTH - RIGHT + 10} {legend}h20"/>',
        f'<text x="{WIDTH - RIGHT + 36}" y="{legend + 4}">{escape(line.name)}</text>',
    ]
