"""What a pilot says of a model in words, before money is spent on a whole run.

A pilot knows no right answer. It sees kinds of question of which nothing can be read, and steps at which answers do not
agree; that a wrong answer is the likeliest one it cannot see where answers agree: ``surefoot measure`` can.
"""

from surefoot.runtime.forecast.estimates import Estimate, KindEstimate

DISSENTING = 1 / 3
"""Share of the readable answers of a kind that dissent, from which on it is said."""
FEWEST = 6
"""Readable answers of a kind below which its dissent says nothing."""


def pilot_verdicts(pilot: Estimate) -> list[str]:
    """One sentence for each kind of question that cannot be asked so, or that votes may not help; often empty."""
    found = [said for kind in pilot.kinds if (said := _of_kind(kind))]
    steps = sum(count for _, _, count in pilot.votes)
    undecided = sum(count for most, others, count in pilot.votes if most <= others)
    if undecided:
        found.append(
            f"at {undecided:,} of {steps:,} steps of the pilot no answer had a majority: the right answer may not be "
            "the likeliest there, and votes make it worse where it is not"
        )
    return found


def _of_kind(kind: KindEstimate) -> str:
    name = f"kind {kind.kind or '(unnamed)'}"
    if kind.answers and not kind.trials:
        return (
            f"{name}: 0 of {kind.answers:,} readable: this model cannot be asked this so; surefoot measure shows what "
            "it says"
        )
    if kind.trials >= FEWEST and kind.errors >= DISSENTING * kind.trials:
        return f"{name}: {kind.errors:,} of {kind.trials:,} readable answers dissent: votes may make it worse there"
    return ""
