"""Says in one line what a model answered to a step that stayed undecided."""

from collections import Counter
from collections.abc import Sequence

from surefoot.runtime.kept_step import KeptReply
from surefoot.runtime.untrusted import one_line
from surefoot.voting.ballot import Ballot
from surefoot.voting.giving_up import refused_throughout

MOST_NAMED = 3
"""Candidates that are written out."""
LONGEST = 100
"""Characters of a candidate or a reply that are quoted."""


def deadlock_message(k: int, ballots: Sequence[Ballot], details: Sequence[str], kept: Sequence[KeptReply] = ()) -> str:
    """Return why a race has no winner: votes by candidate, discarded answers by red flag, and one of them.

    Args:
        k: Lead that was asked for.
        ballots: Of the race, in the order drawn.
        details: Why the spoiled ones were discarded, in the same order.
        kept: Replies of the race that were kept; one of them is the example, else a detail is.
    """
    count = len(ballots)
    told = [f"no candidate led by {k} within {count:,} ballots"]
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
