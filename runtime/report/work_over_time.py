"""Who worked when: stretches of time of equal length, without the pauses in which nobody worked."""

import itertools
from collections.abc import Sequence

import msgspec

from surefoot.runtime.report.gather import Span

COLUMNS = 240
"""Stretches of time in the picture of the workers."""
ROWS = 40
"""Workers shown in that picture."""
LONG = 0.05
"""A pause is left out if it is longer than this share of all the work."""


class WorkOverTime(msgspec.Struct, frozen=True):
    """The work of a run along its own clock.

    Attributes:
        seconds: Seconds of work in all, pauses left out.
        pauses: How many pauses were left out.
        pace: (second, steps a second) for each stretch.
        workers: Name, and the mean number of segments in hand for each stretch.
        more: Workers that are not shown.
    """

    seconds: float
    pauses: int
    pace: tuple[tuple[float, float], ...]
    workers: tuple[tuple[str, tuple[float, ...]], ...]
    more: int = 0


def work_over_time(spans: Sequence[Span]) -> WorkOverTime | None:
    """Return who worked when, or ``None`` if the journal does not say."""
    known = [span for span in spans if span.ended >= span.started > 0]
    if not known:
        return None
    starts, offsets = _without_pauses(known)
    pauses = len(starts) - 1

    def at(moment: float) -> float:
        number = max(i for i, start in enumerate(starts) if start <= moment)
        return moment - offsets[number]

    seconds = max(at(span.ended) for span in known)
    wide = max(seconds, 1e-3) / COLUMNS
    pace, hands = [0.0] * COLUMNS, dict[str, list[float]]()
    for span in known:
        row = hands.setdefault(span.worker, [0.0] * COLUMNS)
        first, last = at(span.started) / wide, at(span.ended) / wide
        for column in range(int(first), min(COLUMNS, int(last) + 1)):
            part = min(last, column + 1) - max(first, column)
            row[column] += part
            pace[column] += span.steps * part / max(last - first, 1e-9) / wide
    rows = tuple((name, tuple(values)) for name, values in sorted(hands.items()))
    points = tuple((i * wide, steps) for i, steps in enumerate(pace))
    return WorkOverTime(seconds, pauses, points, rows[:ROWS], max(0, len(rows) - ROWS))


def _without_pauses(spans: Sequence[Span]) -> tuple[list[float], list[float]]:
    """Where each stretch of work begins, and what is taken off the moments in it."""
    ordered = sorted((span.started, span.ended) for span in spans)
    busy: list[tuple[float, float]] = []
    for started, ended in ordered:
        if busy and started <= busy[-1][1]:
            busy[-1] = (busy[-1][0], max(ended, busy[-1][1]))
        else:
            busy.append((started, ended))
    long = LONG * max(sum(ended - started for started, ended in busy), 1e-3)
    starts, offsets = [busy[0][0]], [busy[0][0]]
    for (_, before), (after, _) in itertools.pairwise(busy):
        if after - before > long:
            starts.append(after)
            offsets.append(offsets[-1] + after - before)
    return starts, offsets
