"""Says in one line what a model answered to a step that stayed undecided."""

from collections import Counter
from collections.abc import Sequence

from surefoot.runtime.kept_step import KeptReply
from surefoot.runtime.untrusted import one_line
from surefoot.voting.ballot import Ballot
from surefoot.voting.giving_up import refused_throughout
from surefoot.voting.looks import Looks
from surefoot.voting.raised_lead import RaisedLead
from surefoot.voting.rule import Rule
from surefoot.voting.sequential import Sequential

MOST_NAMED = 3
"""Candidates that are written out."""
LONGEST = 100
"""Characters of a candidate or a reply that are quoted."""


def deadlock_message(
    k: int,
    ballots: Sequence[Ballot],
    details: Sequence[str],
    kept: Sequence[KeptReply] = (),
    rule: Rule | None = None,
    before: int = 0,
) -> str:
    """Return why a race has no winner: votes by candidate, discarded answers by red flag, and one of them.

    Args:
        k: Lead that was asked for.
        ballots: Of the race, in the order drawn.
        details: Why the spoiled ones were discarded, in the same order.
        kept: Replies of the race that were kept; one of them is the example, else a detail is.
        rule: What was to decide it, where it is not the run's rule with that lead.
        before: Ballots of other races for the same step, on lower rungs of the ladder.
    """
    count = len(ballots)
    told = [f"{_wanted(k, rule)} within {count:,} ballots" + (f", after {before:,} in other races" if before else "")]
    if refused_throughout([ballot.spoiled_by for ballot in ballots]):
        told = ["the model, or a filter of its provider's, refuses to answer"]
    named = Counter(ballot.candidate for ballot in ballots if ballot.candidate is not None)
    if named:
        votes = [f"{votes:,} for {_quoted(text)}" for text, votes in named.most_common(MOST_NAMED)]
        others = len(named) - len(votes)
        told.append(", ".join(votes) + (f" and {others:,} other candidates" if others else ""))
    flags = Counter(str(ballot.spoiled_by) for ballot in ballots if ballot.candidate is None)
    if flags:
        by_flag = ", ".join(f"{number:,} {flag}" for flag, number in flags.most_common())
        told.append(f"{flags.total():,} of {count:,} answers discarded: {by_flag}")
        if example := _example(flags.most_common(1)[0][0], ballots, details, kept):
            told.append(f"for example {example}")
    return "; ".join(told)


def _wanted(k: int, rule: Rule | None) -> str:
    """What did not come about in a race, as its rule has it."""
    if isinstance(rule, Sequential | Looks):
        return "the evidence for no candidate was enough"
    return f"no candidate led by {rule.raised if isinstance(rule, RaisedLead) else k}"


def _example(flag: str, ballots: Sequence[Ballot], details: Sequence[str], kept: Sequence[KeptReply]) -> str:
    """A reply that was discarded for the commonest reason, with why; where none was kept, only why."""
    reply = next((one for one in kept if one.flag == flag and one.text.strip()), None)
    if reply is not None:
        return quoted_reply(reply.text, reply.read)
    pairs = zip(ballots, details, strict=False)
    return next((one_line(text)[:LONGEST] for one, text in pairs if str(one.spoiled_by) == flag and text), "")


def quoted_reply(text: str, why: str) -> str:
    """Return a discarded reply in quotation marks on one short line, with why it was discarded behind it.

    Args:
        text: The reply; untrusted.
        why: The reason; untrusted as well, as it may quote the reply. Left out where it says no more than the reply.
    """
    reason = one_line(why[: 4 * LONGEST])[:LONGEST]
    return _quoted(text) + (f" ({reason})" if reason and reason not in one_line(text[: 4 * LONGEST]) else "")


def _quoted(text: str) -> str:
    line = one_line(text[: 4 * LONGEST])
    return f"{line[:LONGEST]!r}" + (" ..." if len(line) > LONGEST else "")
