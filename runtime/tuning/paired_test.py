"""Whether one wording is answered better than another, by chance of the replies alone: a test paired by question.

Were two wordings answered alike, each question's counts of right replies could as well have come the other way round.
So the difference of every question is given either sign, in all ways (Fisher's randomisation test, The Design of
Experiments, 1935, section 21), and the chance is the share of them with a lead as large as the one seen.
"""

from collections.abc import Sequence


def chance_of_lead(before: Sequence[int], after: Sequence[int]) -> float:
    """Return the chance of a lead at least this large where both wordings are answered alike; exact, one-sided.

    Args:
        before: Right replies to each question in the first wording.
        after: Right replies in the second, same questions in the same order, equally many replies.

    Raises:
        ValueError: They are not about equally many questions.
    """
    differences = [new - old for old, new in zip(before, after, strict=True) if new != old]
    shares = {0: 1.0}
    for size in map(abs, differences):
        flipped = dict.fromkeys((*(one - size for one in shares), *(one + size for one in shares)), 0.0)
        for one, share in shares.items():
            flipped[one - size] += share / 2
            flipped[one + size] += share / 2
        shares = flipped
    lead = sum(differences)
    return min(1.0, sum(share for one, share in shares.items() if one >= lead))
