"""What an answer key says of a prompt."""

from collections.abc import Callable

import msgspec

from surefoot.decompose.step import Prompt


class Answers(msgspec.Struct, frozen=True):
    """An answer key's replies to one prompt: the right ones, and plausible wrong ones.

    Attributes:
        right: All that are right; more than one only if the prompt lacks a fact and it has to be guessed.
        wrong: Plausible mistakes; at least one.
        work: How many operations it takes to answer at once. A simulated model errs in each of them at its rate.
        wrong_shown: Share of wrong ones among the earlier answers that the prompt shows, 0 to 1; they may mislead.
        count: How many steps the prompt asks for, one after the other; ``right`` and ``wrong`` are of the first.
        follow: From a prompt and an answer to it to the prompt that would ask for the next step alone; ``None`` where
            only one step is asked for.
    """

    right: tuple[str, ...]
    wrong: tuple[str, ...]
    work: float = 1.0
    wrong_shown: float = 0.0
    count: int = 1
    follow: Callable[[Prompt, str], Prompt] | None = None
