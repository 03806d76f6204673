"""Voters of different models that take turns from the first ballot: the plain remedy against errors that go together.

Draw number d goes to voter d modulo their number, so that a race counts as many ballots of each, in the order drawn,
and a replay is exact. Each voter is asked in its own dialect. Whether a mix helps is for a measurement to say
(``surefoot measure TASK --model A,B``): models that err at the same states gain nothing from taking turns.
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from surefoot.runtime.models.stopping import all_of, joined

T = TypeVar("T")


Ask = Callable[[int, tuple[int, ...]], Coroutine[Any, Any, list[T]]]
"""Asks the voter of a number for draws, and answers in their order."""


async def in_turns(draws: Sequence[int], voters: int, ask: Ask[T]) -> list[T]:
    """Hand draws to voters by turns, all at once, and return what they said in the order of the draws.

    Args:
        draws: Draw numbers, ascending.
        voters: How many there are.
        ask: Asks one of them.

    Raises:
        What ``ask`` raises first; the other voters are not waited for, unless it is ``CallsStopped``.
    """
    shares = {voter: tuple(draw for draw in draws if draw % voters == voter) for voter in range(voters)}
    asked = {voter: share for voter, share in shares.items() if share}
    found = await all_of([ask(voter, share) for voter, share in asked.items()])
    places = [tuple(draws.index(draw) for draw in share) for share in asked.values()]
    said = joined(dict(zip(places, found, strict=True)))
    return [said[place] for place in range(len(draws))]
