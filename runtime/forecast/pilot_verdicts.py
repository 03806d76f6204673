"""What a pilot says of a model in words, before money is spent on a whole run.

A pilot knows no right answer. It sees kinds of question of which nothing can be read, and steps at which answers do not
agree; that a wrong answer is the likeliest one it cannot see where answers agree: ``surefoot measure`` can.
"""

from collections.abc import Iterable, Sequence

from surefoot.runtime.forecast.estimates import Estimate, KindEstimate, Sample
from surefoot.runtime.kept_step import KeptReply
from surefoot.runtime.untrusted import one_line

DISSENTING = 1 / 3
"""Share of the readable answers of a kind that dissent, from which on it is said."""
LONGEST = 120
"""Characters of a reply that are quoted."""
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


def pilot_table(pilot: Estimate) -> list[str]:
    """One line for each kind of question: how many answers could be read, and how many of them dissent."""
    return [
        f"pilot, kind {kind.kind or '(unnamed)'}: {kind.trials:,} of {kind.answers:,} readable, {kind.errors:,} dissent"
        for kind in pilot.kinds
    ]


def failing_kinds(pilot: Estimate) -> list[str]:
    """Kinds of question that a sentence is said about."""
    return [kind.kind for kind in pilot.kinds if _of_kind(kind)]


def pilot_examples(samples: Sequence[Sample]) -> list[str]:
    """One discarded reply of each kind of question, and two of a step at which answers do not agree; untrusted text."""
    found, told = [], set[tuple[str, str]]()
    for sample in samples:
        for kept in sample.replies:
            cell = (sample.kind, kept.flag)
            if kept.flag and cell not in told:
                told.add(cell)
                found.append(f"discarded, {one_line(sample.kind)}: {one_line(kept.flag)}: {_quoted(kept)}")
        differing = _differing(sample.replies)
        if len(differing) > 1 and (sample.kind, "") not in told:
            told.add((sample.kind, ""))
            found.append(f"no agreement, {one_line(sample.kind)}: {' and '.join(differing[:2])}")
    return found


def _differing(replies: Iterable[KeptReply]) -> list[str]:
    """Readable replies of one step that were read differently, one of each reading."""
    return list({kept.read: _quoted(kept) for kept in replies if not kept.flag}.values())


def _quoted(kept: KeptReply) -> str:
    return repr(one_line(kept.text, LONGEST))


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
