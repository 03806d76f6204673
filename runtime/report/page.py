"""The page: facts into a template. The template escapes everything by itself; charts are the only trusted markup."""

import importlib.resources
import json
from collections import Counter, defaultdict
from typing import Any

from surefoot.runtime.records import Usage
from surefoot.runtime.report.ballot_strip import lettered
from surefoot.runtime.report.facts import Facts
from surefoot.runtime.report.figures import WHOLE, Series, chart, lanes, short
from surefoot.runtime.report.gather import Gathered, Span
from surefoot.runtime.voting_rules import loaded_rule
from surefoot.voting.two_candidates import undecided_if_independent

COLUMNS = 240
"""Stretches of time in the picture of the workers."""
ROWS = 40
"""Workers shown in that picture."""


def render(facts: Facts) -> str:
    """The whole page as HTML."""
    import jinja2
    import markupsafe

    source = importlib.resources.files("surefoot.runtime.report").joinpath("page.html.j2").read_text()
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters["count"] = lambda value: f"{value:,}"
    environment.filters["short"] = short
    found = facts.gathered
    trusted = {name: markupsafe.Markup(svg) for name, svg in _charts(facts, found).items()}
    film = markupsafe.Markup(_script_safe(facts.film)) if facts.film else None
    return environment.from_string(source).render(
        f=facts, s=facts.standing, c=facts.certificate, g=found, charts=trusted, film=film,
        kinds=_kinds(facts), lettered=lettered, compared=_compared(facts),
        decays=_decays(facts, found, markupsafe.Markup),
    )  # fmt: skip


def plain_page(title: str, svg: str) -> str:
    """A page with one chart, in the report's style."""
    import html

    source = importlib.resources.files("surefoot.runtime.report").joinpath("page.html.j2").read_text()
    style = source[source.index("<style>") : source.index("</style>")]
    text = html.escape(title)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{text}</title>{style}</style></head>'
        f"<body><main><h1>{text}</h1>{svg}</main></body></html>"
    )


def _script_safe(value: Any) -> str:
    """JSON that cannot end the script it stands in."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c").replace("\u2028", "\\u2028")


def _charts(facts: Facts, found: Gathered) -> dict[str, str]:
    at, rows = 0, []
    for one in found.bins:
        at += one.steps
        if one.steps * 2 > found.bins[0].steps:  # the last one may be too short to be a rate
            rows.append((at, one))
    seen: list[tuple[str, Any, str]] = []
    if found.spoiled:
        seen.append(("spoiled ballots", lambda b: b.spoiled, "b"))
    if found.dissent:
        seen.append(("dissenting ballots", lambda b: b.dissent, "a"))
    lines = [Series(name, [(x, get(b) / max(1, b.ballots)) for x, b in rows], style) for name, get, style in seen]
    seconds, pace, workers = _time(found.spans)
    return {
        "rates": chart(lines, "steps journalled", "share of ballots", percent=True),
        "ballots": chart(
            [Series("steps", sorted(_sum(found.sampled).items()), bars=True)],
            "ballots a step needed",
            "steps",
            log=True,
        ),
        "pace": chart([Series("steps a second", pace)], "seconds since the first batch", "steps a second", width=WHOLE),
        "workers": lanes(workers, seconds),
    }


def _sum(counters: dict[tuple[str, int], Counter[int]]) -> Counter[int]:
    total: Counter[int] = Counter()
    for one in counters.values():
        total.update(one)
    return total


def _decays(facts: Facts, found: Gathered, trusted: Any) -> list[dict[str, Any]]:
    """Undecided steps by round, measured and if ballots were independent, for each lead (the paper's Fig. 8)."""
    by_lead: dict[int, Counter[int]] = defaultdict(Counter)
    for (_, lead), lengths in found.sampled.items():
        by_lead[lead].update(lengths)
    charts = []
    few = max(sum(lengths.values()) for lengths in by_lead.values()) // 1000 if by_lead else 0
    for lead, lengths in sorted(by_lead.items()):
        if sum(lengths.values()) <= few:  # too few steps for a curve
            continue
        total, rounds = sum(lengths.values()), min(60, max(lengths))
        p_error, valid = _rates(found, lead)
        picture = ""
        if rounds > lead:  # else none was disputed or spoiled
            rule = found.rules.get(lead) or loaded_rule(facts.config.rule, lead)
            law = undecided_if_independent(rule, p_error, valid, rounds) if rule is not None else []
            picture = trusted(_decay(lengths, law)) if law else ""
        charts.append({"lead": lead, "steps": total, "p_error": p_error, "valid": valid, "svg": picture})
    return charts


def _decay(lengths: Counter[int], law: list[float]) -> str:
    """Steps that were undecided after each round, and the line for independent ballots, down to a tenth of a step."""
    total, floor = sum(lengths.values()), 0.1
    left, measured = total, []
    for r in range(len(law)):
        left -= lengths.get(r, 0)
        measured.append((float(r), float(left)))
    expected = [(float(r), max(floor, total * share)) for r, share in enumerate(law)]
    end = next((r for r, (_, y) in enumerate(expected) if y == floor), len(expected))
    lines = [
        Series("measured", [(x, y) for x, y in measured if y > 0], "a", dots=True),
        Series("if ballots were independent", expected[: end + 1], "c"),
    ]
    return chart(lines, "ballots drawn for a step", "undecided steps", log=True)


def _rates(found: Gathered, lead: int) -> tuple[float, float]:
    """Shares of dissenting ballots among unspoiled ones, and of unspoiled ones among all, for races with a lead."""
    those = [(p, n) for p, n in found.patterns.items() if p.k == lead]
    valid, spoiled = sum(p.valid * n for p, n in those), sum(p.spoiled * n for p, n in those)
    return sum(p.dissent * n for p, n in those) / max(1, valid), max(1e-6, valid / max(1, valid + spoiled))


def _time(spans: list[Span]) -> tuple[float, list[tuple[float, float]], list[tuple[str, list[float]]]]:
    """Seconds in all, steps a second over time, and segments in hand over time by worker."""
    if not spans:
        return 0.0, [], []
    start, end = min(s.started for s in spans), max(s.ended for s in spans)
    wide = max(end - start, 1e-3) / COLUMNS
    pace = [0.0] * COLUMNS
    hands: dict[str, list[float]] = {}
    for span in spans:
        row = hands.setdefault(span.worker, [0.0] * COLUMNS)
        first, last = (span.started - start) / wide, (span.ended - start) / wide
        for column in range(int(first), min(COLUMNS, int(last) + 1)):
            part = min(last, column + 1) - max(first, column)
            row[column] += part
            pace[column] += span.steps * part / max(last - first, 1e-9) / wide
    rows = sorted(hands.items())[:ROWS]
    return end - start, [(i * wide, n) for i, n in enumerate(pace)], rows


def _kinds(facts: Facts) -> list[tuple[str, Usage]]:
    return sorted(facts.counts.by_kind.items(), key=lambda item: -item[1].calls)


def _compared(facts: Facts) -> list[tuple[str, str, str]]:
    """Measured beside predicted: name, measured, predicted before the run."""
    found, ahead = facts.gathered, facts.predicted

    def before(name: str, form: str) -> str:
        return format(ahead[name], form) if name in ahead else "no pilot"

    sure = "nothing wrong was noticed" if facts.standing.status == "solved" else facts.standing.status
    could = [(p, n) for p, n in found.patterns.items() if p.k > 1]  # a single ballot has nobody to dissent from
    dissent = sum(p.dissent * n for p, n in could) / max(1, sum(p.valid * n for p, n in could))
    counts, pilot = (
        facts.counts,
        {name: ahead.get(f"pilot_{name}", 0.0) for name in ("calls", "tokens_in", "tokens_out")},
    )
    without = f", without {pilot['calls']:,.0f} of the pilot" if pilot["calls"] else ""
    return [
        (f"calls{without}", f"{counts.calls - pilot['calls']:,.0f}", before("calls", ",.0f")),
        ("tokens in", f"{counts.tokens_in - pilot['tokens_in']:,.0f}", before("tokens_in", ",.0f")),
        ("tokens out", f"{counts.tokens_out - pilot['tokens_out']:,.0f}", before("tokens_out", ",.0f")),
        ("dissenting ballots", f"{dissent:.3%}" if dissent else "none seen", before("p_error", ".3%")),
        ("ballots without a red flag", f"{1 - found.spoiled / max(1, found.ballots):.3%}", before("valid_rate", ".3%")),
        ("probability of a run without error", sure, before("p_success", ".4f")),
    ]
