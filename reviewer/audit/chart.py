"""Charts as SVG: for the window, for HTML and for print, from the same points that the CSV holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

#: The size of a chart in pixels.
WIDTH, HEIGHT = 720, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 34, 40
#: Okabe and Ito's hues, which colour-blind people tell apart, each at 3:1 or more on its paper; each line has a dash
#: of its own as well.
COLOURS = ("#0072B2", "#D55E00", "#008A65", "#B5578F", "#9A6A00", "#2A84B8", "#666666")
#: The same hues for a dark paper.
DARK_COLOURS = ("#4AA8E0", "#FF8A3D", "#2CC79B", "#E39AC6", "#E8B33C", "#8FD0F5", "#B5B5B5")
_DASHES = ("", "7 4", "2 4", "9 3 2 3", "", "7 4", "2 4")


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines (or bars) over the same labels; a missing value is None."""

    name: str
    title: str
    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[float | None, ...]], ...]
    bars: bool = False


def svg(chart: Chart, *, ink: str = "#1b1b1b", paper: str = "#ffffff", dark: bool = False) -> str:
    """The chart as one SVG; `ink`, `paper` and `dark` fit it to a dark window, else it is for light and print."""
    colours = DARK_COLOURS if dark else COLOURS
    values = [value for _, points in chart.series for value in points if value is not None]
    top = _nice(max(values, default=1.0))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" role="img" aria-label="{escape(chart.title)}" font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{paper}"/>',
        f'<text x="{_LEFT}" y="14" fill="{ink}" font-size="13" font-weight="bold">{escape(chart.title)}</text>',
    ]
    for step in range(5):
        y = _y(top * step / 4, top)
        parts.append(
            f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
            f'stroke="{ink}" stroke-opacity="0.18"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" fill="{ink}" text-anchor="end">{_number(top * step / 4)}</text>'
        )
    every = max(1, -(-len(chart.labels) // 9))
    for place, label in enumerate(chart.labels):
        if place % every == 0:
            x = _x(place, len(chart.labels))
            words = f'<text x="{x:.1f}" y="{HEIGHT - _BOTTOM + 16}" fill="{ink}" text-anchor="middle">'
            parts.append(f"{words}{escape(label)}</text>")
    for number, (name, points) in enumerate(chart.series):
        colour, dash = colours[number % len(colours)], _DASHES[number % len(_DASHES)]
        draw = _bars if chart.bars else _line
        parts += draw(points, top, colour, dash, number, len(chart.series))
        x = _LEFT + number * (WIDTH - _LEFT) / max(1, len(chart.series))
        parts.append(
            f'<rect x="{x:.1f}" y="{HEIGHT - 14}" width="10" height="8" fill="{colour}"/>'
            f'<text x="{x + 14:.1f}" y="{HEIGHT - 6}" fill="{ink}">{escape(name)}</text>'
        )
    return "".join([*parts, "</svg>"])


def _line(points: Sequence[float | None], top: float, colour: str, dash: str, *_: int) -> list[str]:
    runs: list[list[str]] = [[]]
    for place, value in enumerate(points):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(f"{_x(place, len(points)):.1f},{_y(value, top):.1f}")
    style = f'fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"'
    return [f'<polyline points="{" ".join(run)}" {style}/>' for run in runs if run]


def _bars(points: Sequence[float | None], top: float, colour: str, _dash: str, number: int, count: int) -> list[str]:
    slot = (WIDTH - _LEFT - _RIGHT) / max(1, len(points))
    width = slot * 0.7 / count
    made = []
    for place, value in enumerate(points):
        if value is not None:
            x, y = _x(place, len(points)) - slot * 0.35 + number * width, _y(value, top)
            height = HEIGHT - _BOTTOM - y
            made.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>')
    return made


def _x(place: int, count: int) -> float:
    return _LEFT + (place + 0.5) * (WIDTH - _LEFT - _RIGHT) / max(1, count)


def _y(value: float, top: float) -> float:
    return HEIGHT - _BOTTOM - value / top * (HEIGHT - _TOP - _BOTTOM)


def _nice(value: float) -> float:
    """The least of 1, 2, 5 times a power of ten that is no less."""
    if value <= 0:
        return 1.0
    power = 1.0
    while power * 10 <= value:
        power *= 10
    while power > value:
        power /= 10
    return next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= value)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"
