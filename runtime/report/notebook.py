"""What a notebook shows of a run: one small card of HTML, with every text escaped."""

import html

from surefoot.runtime.journal.run_directory import Standing


def card(standing: Standing, answer: str) -> str:
    """Return a card with the answer first, then how the run stands.

    Args:
        standing: Where the run stands.
        answer: The answer, shortened; empty if there is none yet.
    """
    rows = [("answer", answer)] if answer else []
    rows += (
        [("status", standing.status), ("why", standing.message)] if standing.message else [("status", standing.status)]
    )
    money = "unknown" if standing.cost_usd is None else f"${standing.cost_usd:,.4f}"
    rows += [
        ("task", f"{standing.task} with {standing.model}"),
        ("steps", f"{standing.steps:,}"),
        ("calls", f"{standing.calls:,}"),
        ("cost", money),
        ("kept in", standing.run_dir),
    ]
    cells = "".join(
        f'<tr><th style="text-align:left;padding-right:1em">{html.escape(name)}</th>'
        f'<td style="text-align:left">{html.escape(value)}</td></tr>'
        for name, value in rows
    )
    return f"<table>{cells}</table>"
