"""Charts as inline SVG, written by hand: two shapes of chart are all the report needs, and a plotting library would
bring thirty megabytes for them. Text is escaped here; colours and fonts come from the page's style sheet."""

import html
import itertools
import math
from collections.abc import Callable, Sequence

import msgspec

from surefoot.runtime.report.number_text import duration, short
from surefoot.runtime.report.number_text import percent as in_percent

WIDTH, HEIGHT = 470, 230
WHOLE = 980
"""Width of a drawing that has a row of the page for itself."""
LEFT, RIGHT, TOP, BOTTOM = 64, 14, 12, 36


class Series(msgspec.Struct, frozen=True):
    """One line or set of bars.

    Attributes:
        name: For the legend.
        points: (x, y), x ascending.
        style: A class of the style sheet: ``a``, ``b`` or ``c``.
        bars: Bars down to the axis instead of a line.
        dots: Marks on the points of a line.
    """

    name: str
    points: Sequence[tuple[float, float]]
    style: str = "a"
    bars: bool = False
    dots: bool = False


def chart(
    series: Sequence[Series],
    x_label: str,
    y_label: str,
    *,
    log: bool = False,
    percent: bool = False,
    width: int = WIDTH,
) -> str:
    """A chart of lines and bars over one pair of axes.

    Args:
        series: What to show; those without points are left out.
        x_label: Under the axis.
        y_label: Beside the axis.
        log: A logarithmic y axis; points at or below 0 are left out.
        percent: Write y as a percentage.
        width: Of the drawing; the page scales it, letters included.

    Returns:
        The markup; nothing if there is nothing to draw.
    """
    shown = [s for s in series if any(y > 0 or not log for _, y in s.points)]
    if not shown:
        return ""
    xs = [x for s in shown for x, _ in s.points]
    ys = [y for s in shown for _, y in s.points if y > 0 or not log]
    margin = 0.5 if any(s.bars for s in shown) else 0.0
    whole = any(s.bars or s.dots for s in shown)
    first, last = min(xs), max(xs)
    x0, x1 = first - margin, (last if last > first else first + 1) + margin
    least = min(1.0, *ys) if any(s.bars for s in shown) else min(ys)
    ticks = _log_ticks(least, max(ys)) if log else _ticks(0.0, max(ys) or 1.0)
    low, high = ticks[0], ticks[-1]

    def px(x: float) -> float:
        return LEFT + (x - x0) / (x1 - x0) * (width - LEFT - RIGHT)

    def py(y: float) -> float:
        part = math.log(max(y, low) / low) / math.log(high / low) if log else (y - low) / (high - low)
        return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)

    out = [f'<svg viewBox="0 0 {width} {HEIGHT}" role="img" aria-label="{html.escape(y_label)}">']
    for tick in ticks:
        text = in_percent(tick) if percent else short(tick)
        out.append(f'<line class="grid" x1="{LEFT}" x2="{width - RIGHT}" y1="{py(tick):.1f}" y2="{py(tick):.1f}"/>')
        out.append(_text(LEFT - 6, py(tick) + 4, text, "end"))
    for tick in _ticks(x0, x1):
        if x0 <= tick <= x1 and (not whole or tick == int(tick)):
            out.append(_text(px(tick), HEIGHT - 18, short(tick)))
    out.append(_text((LEFT + width) / 2, HEIGHT - 3, x_label))
    for one in shown:
        points = [(x, y) for x, y in one.points if y > 0 or not log]
        out.append(_bars(one, points, px, py, low) if one.bars else _line(one, points, px, py))
    out.append("</svg>")
    legend = "".join(f'<span class="key {s.style}">{html.escape(s.name)}</span>' for s in shown)
    return f"<figure>{''.join(out)}<figcaption>{legend}</figcaption></figure>"


Scale = Callable[[float], float]


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text class="tick" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(text)}</text>'


def _line(one: Series, points: Sequence[tuple[float, float]], px: Scale, py: Scale) -> str:
    path = " ".join(f"{px(x):.1f},{py(y):.1f}" for x, y in points)
    dots = "".join(
        f'<circle class="dot {one.style}" cx="{px(x):.1f}" cy="{py(y):.1f}" r="3">'
        f"<title>{short(x)}: {short(y)}</title></circle>"
        for x, y in points
        if one.dots
    )
    return f'<polyline class="line {one.style}" points="{path}"/>{dots}'


def _bars(one: Series, points: Sequence[tuple[float, float]], px: Scale, py: Scale, low: float) -> str:
    gap = min((b[0] - a[0] for a, b in itertools.pairwise(points)), default=1.0)
    wide = max(1.0, min(40.0, 0.7 * (px(gap) - px(0.0))))
    return "".join(
        f'<rect class="bar {one.style}" x="{px(x) - wide / 2:.1f}" y="{py(y):.1f}" width="{wide:.1f}" '
        f'height="{max(0.5, py(low) - py(y)):.1f}"><title>{short(x)}: {short(y)}</title></rect>'
        for x, y in points
    )


def lanes(rows: Sequence[tuple[str, Sequence[float]]], seconds: float) -> str:
    """A row for each worker, darker where it worked on more segments at the same time.

    Args:
        rows: Name, and the mean number of segments in hand for each of equal stretches of time.
        seconds: What the whole row stands for.

    Returns:
        The markup; nothing if there are no rows.
    """
    if not rows:
        return ""
    most = max((max(values, default=0.0) for _, values in rows), default=0.0) or 1.0
    high, left = 22, 190
    height = high * len(rows) + 26
    out = [f'<svg viewBox="0 0 {WHOLE} {height}" role="img" class="wide" aria-label="workers over time">']
    for number, (name, values) in enumerate(rows):
        wide = (WHOLE - left - RIGHT) / max(1, len(values))
        out.append(_text(left - 8, number * high + 15, name[-28:], "end"))
        for i, value in enumerate(values):
            if value > 0:
                out.append(
                    f'<rect class="lane" x="{left + i * wide:.1f}" y="{number * high + 2}" width="{wide + 0.3:.1f}" '
                    f'height="{high - 4}" opacity="{0.15 + 0.85 * value / most:.2f}"/>'
                )
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = left + part * (WHOLE - left - RIGHT)
        anchor = "start" if part == 0 else "end" if part == 1 else "middle"
        out.append(_text(x, height - 6, duration(part * seconds), anchor))
    return "".join(out) + "</svg>"


def intervals(rows: Sequence[tuple[str, float, float, float]]) -> str:
    """Rates with their intervals, one row each, on a logarithmic axis; limits at 0 run to the left edge.

    A rate of 0 has no dot: it is nowhere on such an axis.

    Args:
        rows: Name, lower end, middle, upper end; 0 to 1.
    """
    positive = [value for _, *values in rows for value in values if value > 0]
    ticks = _log_ticks(min(positive, default=0.01), max(positive, default=1.0))
    high, left = 24, 330
    height = high * len(rows) + 30

    def px(value: float) -> float:
        part = math.log(max(value, ticks[0]) / ticks[0]) / math.log(ticks[-1] / ticks[0])
        return left + part * (WHOLE - left - RIGHT)

    out = [f'<svg viewBox="0 0 {WHOLE} {height}" role="img" class="wide" aria-label="error rates">']
    for tick in ticks:
        out.append(f'<line class="grid" x1="{px(tick):.1f}" x2="{px(tick):.1f}" y1="0" y2="{height - 22}"/>')
        out.append(_text(px(tick), height - 6, short(tick)))
    for number, (name, low, middle, up) in enumerate(rows):
        y = number * high + 14
        out.append(_text(left - 10, y + 4, name[:46], "end"))
        out.append(f'<line class="line a" x1="{px(low):.1f}" x2="{px(up):.1f}" y1="{y}" y2="{y}"/>')
        if middle > 0:
            title = f"<title>{middle:.3g}</title>"
            out.append(f'<circle class="dot a" cx="{px(middle):.1f}" cy="{y}" r="4">{title}</circle>')
    return "".join(out) + "</svg>"


def _ticks(low: float, high: float) -> list[float]:
    span = (high - low) or 1.0
    raw = span / 4
    unit = 10 ** math.floor(math.log10(raw))
    step = next(unit * m for m in (1, 2, 2.5, 5, 10) if unit * m >= raw * 0.999)
    first = math.floor(low / step)
    count = math.ceil((high - first * step) / step - 1e-9)
    return [(first + i) * step + 0.0 for i in range(count + 1)]  # + 0.0: no minus before a zero


def _log_ticks(low: float, high: float) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    stride = max(1, (last - first) // 6)
    last = first + -(-max(1, last - first) // stride) * stride
    return [10.0**e for e in range(first, last + 1, stride)]
