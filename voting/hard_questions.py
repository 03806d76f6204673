"""Do the ballots of some questions disagree together? A test over many questions, of which nobody knows the answers.

One race says nothing about a common cause: if every draw of a question gives the same wrong answer, its ballots are
those of an easy question. Over many questions the first four ballots of each show something: where draws err
independently and alike at all questions, whether the first two agree has nothing to do with whether the next two do.
The number of questions where both pairs agree is then hypergeometric, given how often each does (Fisher's exact test).
"""

from collections.abc import Iterable, Sequence

import msgspec

from surefoot.voting.tails import hypergeometric_tails

DRAWN = 4
"""Ballots of a question that are compared: two pairs."""


class PairsTogether(msgspec.Struct, frozen=True):
    """How the first and the second pair of ballots went over many questions.

    Attributes:
        questions: With four ballots at least, 0 or more.
        first: Those where the first two ballots agree.
        second: Those where the next two do.
        both: Those where both pairs agree.
        p_value: Probability of as many of ``both`` or more, if draws err independently and alike; 1 without questions.
    """

    questions: int
    first: int
    second: int
    both: int
    p_value: float


def pairs_together(races: Iterable[Sequence[str | None]]) -> PairsTogether:
    """Compare the pairs of ballots of many questions, each race's ballots in the order drawn, spoiled ones as ``None``.

    Two spoiled ballots agree. Races that end before their fourth ballot are left out, so that only leads of 4 and more
    are fit for it: with a smaller lead those left are chosen by how they went.
    """
    questions = first = second = both = 0
    for ballots in races:
        if len(ballots) < DRAWN:
            continue
        one, two = ballots[0] == ballots[1], ballots[2] == ballots[3]
        questions, first, second, both = questions + 1, first + one, second + two, both + (one and two)
    p_value = hypergeometric_tails(both, questions, first, second)[1] if questions else 1.0
    return PairsTogether(questions, first, second, both, p_value)
