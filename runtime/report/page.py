"""The page: facts into a template. The template escapes everything by itself; charts are the only trusted markup."""

import importlib.resources
import json
from collections import Counter, defaultdict
from typing import Any

import msgspec

from surefoot.runtime.records import Counts, Usage
from surefoot.runtime.report.ballot_strip import lettered
from surefoot.runtime.report.certificate_text import certificate_text
from surefoot.runtime.report.facts import Facts
from surefoot.runtime.report.figures import Series, chart, lanes
from surefoot.runtime.report.gather import Gathered
from surefoot.runtime.report.number_text import dollars, duration, percent, short
from surefoot.runtime.report.plan_history import PlanHistory
from surefoot.runtime.report.rows_shown import RowsShown
from surefoot.runtime.report.version_picture import left_out, version_picture
from surefoot.runtime.report.work_over_time import work_over_time
from surefoot.runtime.untrusted import tame_lines
from surefoot.runtime.voting_rules import loaded_rule
from surefoot.voting.two_candidates import undecided_if_independent


class Answer(msgspec.Struct, frozen=True):
    """An answer as the page shows it; untrusted text.

    Attributes:
        line: The answer, or its beginning, in one line.
        text: The whole answer where it is longer than the line; cut at ``LONGEST``.
        more: Whether ``line`` and ``text`` are only its beginning.
    """

    line: str
    text: str = ""
    more: bool = False


LONGEST = 20_000
"""Most characters of an answer on the page; ``surefoot result`` prints the whole."""


def render(
    facts: Facts, answer: Answer | None = None, rows: RowsShown | None = None, history: PlanHistory | None = None
) -> str:
    """Return the whole page as HTML.

    Args:
        facts: What the journal says.
        answer: The answer of a solved run.
        rows: What came of the rows of a table.
        history: How the run's plans changed, where something spoke about them.
    """
    import jinja2
    import markupsafe

    def harmless(value: Any) -> Any:
        """Write what a page or a terminal would obey as letters, wherever a text of the run is shown."""
        return tame_lines(value) if isinstance(value, str) and not isinstance(value, markupsafe.Markup) else value

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, finalize=harmless
    )
    environment.filters |= {"count": lambda value: f"{value:,}", "short": short, "percent": percent}
    environment.filters |= {"duration": duration, "dollars": dollars}
    found, unit = facts.gathered, "step" if rows is None else "row"
    trusted = {name: markupsafe.Markup(svg) for name, svg in _charts(found, unit).items()}
    if history is not None:
        trusted["versions"] = markupsafe.Markup(version_picture(history.versions, history.levels.steps))
    film = markupsafe.Markup(_script_safe(facts.film)) if facts.film else None
    finished = facts.standing.status == "solved"
    words = certificate_text(facts.certificate, finished=finished, unit=unit, by_person=found.by_person)
    return environment.from_string(_source()).render(
        f=facts, s=facts.standing, c=facts.certificate, g=found, w=words, charts=trusted, film=film, unit=unit,
        answer=answer, rows=rows, kinds=_kinds(facts), lettered=lettered, compared=_compared(facts),
        says=_says(facts), decays=_decays(facts, found, markupsafe.Markup, unit), work=work_over_time(found.spans),
        history=history, unshown=left_out(history.versions) if history else 0,
    )  # fmt: skip


def _source() -> str:
    return importlib.resources.files("surefoot.runtime.report").joinpath("page.html.j2").read_text()


def plain_page(title: str, markup: str) -> str:
    """Return a page in the report's style.

    Args:
        title: Untrusted text.
        markup: What stands below it: trusted HTML.
    """
    import html

    source, text = _source(), html.escape(title)
    style = source[source.index("<style>") : source.index("</style>")]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{VIEWPORT}'
        f"<title>{text}</title>{style}</style></head>"
        f'<body><main><header><h1>{text}</h1></header><section class="scroll">{markup}</section></main></body></html>'
    )


VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1">'


def _script_safe(value: Any) -> str:
    """JSON that cannot end the script it stands in."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c").replace("\u2028", "\\u2028")


def _charts(found: Gathered, unit: str) -> dict[str, str]:
    """The charts along the run; those without anything to draw are empty. ``unit`` is ``row`` for a table."""
    at, rows = 0, []
    for one in found.bins:
        at += one.steps
        if one.steps * 2 > found.bins[0].steps:  # the last one may be too short to be a rate
            rows.append((at, one))
    seen: list[tuple[str, Any, str]] = []
    if found.spoiled and len(rows) > 1:
        seen.append(("spoiled ballots", lambda b: b.spoiled, "b"))
    if found.dissent and len(rows) > 1:
        seen.append(("dissenting ballots", lambda b: b.dissent, "a"))
    lines = [Series(name, [(x, get(b) / max(1, b.ballots)) for x, b in rows], style) for name, get, style in seen]
    needed = sorted(_sum(found.sampled).items())
    bars = [Series(f"{unit}s", needed, bars=True)] if len(needed) > 1 else []
    work = work_over_time(found.spans)
    paced = [Series(f"{unit}s a second", work.pace)] if work is not None and len(found.spans) > FEW else []
    return {
        "rates": chart(lines, f"{unit}s journalled", "share of ballots", percent=True),
        "ballots": chart(bars, f"ballots a {unit} needed", f"{unit}s", log=True),
        "pace": chart(paced, "seconds of work", f"{unit}s a second"),
        "workers": lanes(work.workers, work.seconds) if work is not None and len(found.spans) > 1 else "",
    }


FEW = 8
"""Batches up to which a pace over time shows no more than their number."""


def _sum(counters: dict[tuple[str, int], Counter[int]]) -> Counter[int]:
    total: Counter[int] = Counter()
    for one in counters.values():
        total.update(one)
    return total


def _decays(facts: Facts, found: Gathered, trusted: Any, unit: str) -> list[dict[str, Any]]:
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
            picture = trusted(_decay(lengths, law, unit)) if law else ""
        if not picture:
            continue
        charts.append({"lead": lead, "steps": total, "p_error": p_error, "valid": valid, "svg": picture})
    return charts


def _decay(lengths: Counter[int], law: list[float], unit: str) -> str:
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
    return chart(lines, f"ballots drawn for a {unit}", f"undecided {unit}s", log=True)


def _rates(found: Gathered, lead: int) -> tuple[float, float]:
    """Shares of dissenting ballots among unspoiled ones, and of unspoiled ones among all, for races with a lead."""
    those = [(p, n) for p, n in found.patterns.items() if p.k == lead]
    valid, spoiled = sum(p.valid * n for p, n in those), sum(p.spoiled * n for p, n in those)
    return sum(p.dissent * n for p, n in those) / max(1, valid), max(1e-6, valid / max(1, valid + spoiled))


def _kinds(facts: Facts) -> list[tuple[str, Usage]]:
    return sorted(facts.counts.by_kind.items(), key=lambda item: -item[1].calls)


def _says(facts: Facts) -> list[tuple[str, str, str]]:
    """Who says what: the model or the code, what, and how many calls the model's took; nothing where that is usual."""
    if facts.division is None:
        return []
    calls = {kind: account.calls for kind, account in facts.counts.by_kind.items()}
    asked = [("the model", what, f"{calls.get(kind, 0):,}") for kind, what in facts.division.model.items()]
    return [*asked, *(("code", what, "") for what in facts.division.code)]


def _compared(facts: Facts) -> list[tuple[str, str, str]]:
    """Measured beside predicted: name, measured, predicted before the run; nothing predicted if there was no pilot."""
    found, ahead, counts = facts.gathered, facts.predicted, facts.counts
    pilot = {name: ahead.get(f"pilot_{name}", 0.0) for name in ("calls", "tokens_in", "tokens_out")}
    could = [(p, n) for p, n in found.patterns.items() if p.k > 1]  # a single ballot has nobody to dissent from
    dissent = sum(p.dissent * n for p, n in could) / max(1, sum(p.valid * n for p, n in could))
    without = f", without {pilot['calls']:,.0f} of the pilot" if pilot["calls"] else ""
    sure = "nothing wrong was noticed" if facts.standing.status == "solved" else facts.standing.status
    rows = [
        (f"calls{without}", f"{counts.calls - pilot['calls']:,.0f}", _ahead(ahead, "calls")),
        ("tokens in", f"{counts.tokens_in - pilot['tokens_in']:,.0f}", _ahead(ahead, "tokens_in")),
        *_cached(counts),
        ("tokens out", f"{counts.tokens_out - pilot['tokens_out']:,.0f}", _ahead(ahead, "tokens_out")),
        ("dissenting ballots", percent(dissent) if dissent else "none seen", _ahead(ahead, "p_error", share=True)),
    ]
    if ahead.get("looks"):
        rows[1:1] = _looks_compared(facts)
    if found.ballots:
        valid = percent(1 - found.spoiled / found.ballots)
        rows.append(("ballots without a red flag", valid, _ahead(ahead, "valid_rate", share=True)))
    if "p_success" in ahead:
        one = "a row" if facts.standing.task == "map" else "a run"
        rows.append((f"{one} without error", sure, _ahead(ahead, "p_success", share=True)))
    return rows


def _cached(counts: Counts) -> list[tuple[str, str, str]]:
    """Tokens that the server had in its cache, if any, those of the pilot included: nothing is foretold of them."""
    if not counts.tokens_cached:
        return []
    share = percent(counts.tokens_cached / max(1, counts.tokens_in))
    return [("of all tokens in, cached", f"{counts.tokens_cached:,} ({share})", "not predicted")]


def _looks_compared(facts: Facts) -> list[tuple[str, str, str]]:
    """Looks measured beside predicted, without those of the pilot."""
    ahead, counts = facts.predicted, facts.counts
    taken, fresh = (ahead.get(f"pilot_{name}", 0.0) for name in ("looks", "fresh_looks"))
    return [
        ("looks, kept ones included", f"{counts.looks - taken:,.0f}", _ahead(ahead, "looks")),
        ("distinct looks asked of the model", f"{counts.fresh_looks - fresh:,.0f}", _ahead(ahead, "fresh_looks")),
    ]


def _ahead(ahead: dict[str, float], name: str, *, share: bool = False) -> str:
    """What was predicted; empty if nothing was."""
    if name not in ahead:
        return ""
    return percent(ahead[name]) if share else f"{ahead[name]:,.0f}"
