"""Level switching in one or two lines for people."""

from surefoot.runtime.trace.level_events import Levels


def levels_text(levels: Levels) -> list[str]:
    """Return what a run's plans went through in a few words; nothing where nothing spoke about them."""
    one = levels
    if not one.revisions and not one.evidence:
        return []
    told = [f"{_number(one.revisions, 'revision')} of {_number(one.decompositions, 'version')}"]
    if one.depth is not None:
        told.append(f"depth {one.depth:.1f}")
    if one.latency is not None:
        told.append(f"{one.latency:.1f} steps after the evidence, at most {one.latency_most:,}")
    if one.stability is not None:
        told.append(f"{one.stability:.1%} of what nothing spoke against kept")
    if one.thrash:
        told.append(f"{_number(one.thrash, 'version')} as one before")
    more = [f"{one.refined:,} of {_number(one.sketches, 'plan')} refined from below"]
    more.append(f"{_number(one.switches, 'switch')} of level in {_number(one.steps, 'step')}")
    if one.stale_steps:
        more.append(f"{_number(one.stale_steps, 'step')} under what was refuted")
    if one.unanswered:
        more.append(f"{one.unanswered:,} of {_number(one.evidence, 'report')} revised nothing")
    return [f"levels    {', '.join(told)}", f"          {', '.join(more)}"]


def _number(count: int, what: str) -> str:
    ending = "" if count == 1 else "es" if what.endswith("ch") else "s"
    return f"{count:,} {what}{ending}"
