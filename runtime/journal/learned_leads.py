"""What a run learned of its leads while it went on, from its journal."""

from collections.abc import Mapping

from surefoot.runtime.count_text import count_of
from surefoot.runtime.journal.port import JournalReader
from surefoot.runtime.leads import LeadChange
from surefoot.runtime.payloads import unpack

LEADS = "leads"
"""Name that the journal has for the batches in which leads were chosen again."""


def learned_leads(journal: JournalReader) -> LeadChange | None:
    """Return the leads that a run goes on with, if they were ever chosen again.

    Raises:
        JournalError: The journal cannot be read.
    """
    for payload in reversed(journal.payloads(LEADS)):
        for record in reversed(unpack(payload)):
            if record.learned is not None:  # a new pilot's leads are kept where the first ones were
                return None if record.learned.fresh else record.learned
    return None


MANY = 0.1
"""Share of a table's rows from which on it is said that they were decided with a smaller lead than the last."""


def told(known: LeadChange, unit: str, races: Mapping[str, int] | None = None) -> str:
    """Say what a run learned, for people.

    Args:
        known: The leads that it goes on with.
        unit: What it asks, such as ``row``.
        races: How many races were held with which lead. Rows that agreed with a smaller one are not asked again.
    """
    held = {int(lead): count for lead, count in (races or {}).items()}
    fewer = sum(count for lead, count in held.items() if lead < known.unguarded)
    late = unit == "row" and fewer > MANY * sum(held.values())
    target = f"; {fewer:,} rows were decided with less before, so more may be wrong than wanted" if late else ""
    disputed = f", {known.disputed} where answers disagree" if known.disputed > known.unguarded else ""
    before = "" if unit == "row" or known.guarded == known.unguarded else f"{known.guarded} before a seam and "
    return f"learned since: lead {before}{known.unguarded}{disputed}, after {count_of(known.steps, unit)}{target}"
