"""Advantages of the replies to one question, and the same with planning given more weight.

GRPO's advantage of a reply is its reward against that of the other replies to the same prompt: (r - mean) / deviation
(DeepSeekMath, arXiv 2402.03300). HICRA adds a share of its size where the reply plans: A + alpha |A|, alpha = 0.2
(arXiv 2509.03646, equation of section 4.2): what helped is pressed more, what hurt is punished less.

The rewards are those of the run: 1 for a reply whose answer won its race, 0 for all others. No ground truth is known.
"""

import math
from collections.abc import Sequence

ALPHA = 0.2
"""Share by which advantages of planning grow, as published."""


def group_advantages(rewards: Sequence[float]) -> tuple[float, ...]:
    """Return the advantage of each reply of a group; all 0 where the rewards do not differ.

    Args:
        rewards: Of the replies to one prompt, not empty.
    """
    mean = math.fsum(rewards) / len(rewards)
    deviation = math.sqrt(math.fsum((one - mean) ** 2 for one in rewards) / len(rewards))
    return tuple((one - mean) / deviation if deviation else 0.0 for one in rewards)


def planning_advantages(advantages: Sequence[float], plans: Sequence[bool], alpha: float = ALPHA) -> tuple[float, ...]:
    """Return advantages in which those of planning tokens, or replies, have grown by a share of their size.

    Args:
        advantages: One for each token or reply.
        plans: Whether each of them plans; all false gives the advantages as they are, as ``alpha`` 0 does.
        alpha: The share, 0 or more. Up to 1 no advantage changes its sign.

    Raises:
        ValueError: The two are not of one length, or ``alpha`` is negative or no number.
    """
    if not alpha >= 0 or math.isinf(alpha):
        raise ValueError(f"a share of {alpha} is none: 0 or more is")
    pairs = zip(advantages, plans, strict=True)
    return tuple(one + alpha * abs(one) if planned else one for one, planned in pairs)
