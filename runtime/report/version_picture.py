"""The versions of a run's plans over its steps, as inline SVG: which was made when, and what spoke against it.

Reasons are untrusted and are escaped; colours and fonts come from the page's style sheet.
"""

import html
from collections.abc import Sequence
from itertools import groupby

from surefoot.decompose.plan import node_name
from surefoot.runtime.report.figures import RIGHT, WHOLE
from surefoot.runtime.report.plan_history import VersionSpan
from surefoot.runtime.untrusted import tame_lines

MOST_NODES = 24
"""Nodes that have a row."""
MOST_VERSIONS = 64
"""Versions of a node that are drawn: the first ones and the last."""
HIGH, LEFT = 26, 190
NARROW = 22
"""Width below which a version has no number in the picture."""


def version_picture(spans: Sequence[VersionSpan], steps: int) -> str:
    """Return a row for each node whose plan was revised: its versions, and marks where evidence became durable.

    Args:
        spans: Nodes in plan order, the versions of each one after the other.
        steps: Steps that the run has committed.

    Returns:
        The markup; nothing if no plan was revised.
    """
    nodes = [list(versions) for _, versions in groupby(spans, key=lambda one: one.path)]
    if not nodes:
        return ""
    shown = nodes[:MOST_NODES]
    height = HIGH * len(shown) + 26
    out = [f'<svg viewBox="0 0 {WHOLE} {height}" role="img" class="wide" aria-label="versions of plans">']
    for row, versions in enumerate(shown):
        out.append(_label(LEFT - 8, row * HIGH + 17, node_name(versions[0].path)[-28:], "end"))
        drawn = versions if len(versions) <= MOST_VERSIONS else [*versions[: MOST_VERSIONS - 1], versions[-1]]
        out += [_bar(one, row, steps) for one in drawn]
        out += [_mark(at, row, steps) for one in drawn for at in one.evidence]
    for part in (0.0, 0.5, 1.0):
        anchor = "start" if part == 0 else "end" if part == 1 else "middle"
        out.append(_label(_x(part * steps, steps), height - 6, f"{round(part * steps):,} steps", anchor))
    return "".join(out) + "</svg>"


def left_out(spans: Sequence[VersionSpan]) -> int:
    """Return how many nodes have no row in the picture."""
    return max(0, len({one.path for one in spans}) - MOST_NODES)


def _x(at: float, steps: int) -> float:
    return LEFT + min(1.0, at / max(1, steps)) * (WHOLE - LEFT - RIGHT)


def _bar(one: VersionSpan, row: int, steps: int) -> str:
    """A version from where it was made to where it was given up; the one that stands is dark."""
    start, end = _x(one.start, steps), _x(steps if one.end is None else one.end, steps)
    wide = max(2.0, end - start - 1)
    number = _label(start + wide / 2, row * HIGH + 17, f"v{one.version}") if wide >= NARROW else ""
    opacity, title = "0.75" if one.end is None else "0.3", html.escape(tame_lines(_told(one)))
    return (
        f'<g><title>{title}</title><rect class="lane" x="{start:.1f}" y="{row * HIGH + 3}" '
        f'width="{wide:.1f}" height="{HIGH - 6}" rx="3" opacity="{opacity}"/>{number}</g>'
    )


def _told(one: VersionSpan) -> str:
    """What a version was, in one line."""
    told = f"version {one.version}, made after {one.start:,} steps"
    if one.kept:
        told += f", goes on with {one.kept:,} children of the one before"
    return told if one.end is None else f"{told}, given up after {one.end:,}: {one.why or 'not said why'}"


def _mark(at: int, row: int, steps: int) -> str:
    x, y = _x(at, steps), row * HIGH + HIGH / 2
    return f'<circle class="dot b" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>evidence after {at:,} steps</title></circle>'


def _label(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text class="tick" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(text)}</text>'
