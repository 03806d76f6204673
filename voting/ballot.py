"""A ballot: one answer to one question, as far as counting needs to know."""

import msgspec


class Ballot(msgspec.Struct, frozen=True, array_like=True):
    """One draw of a race: it names a candidate, or something spoiled it.

    Attributes:
        draw: 0-based number of the draw within its race. It is given when the question is asked, so it says
            nothing about when the answer came back.
        candidate: What the reply answers, in a canonical form: two ballots agree when these strings are
            equal, and nothing else about them is ever looked at. ``None`` when the ballot is spoiled.
        spoiled_by: Name of the red flag that spoiled the ballot, ``None`` when it counts for a candidate.
        shares: For a look (``looks.py``): the answers of the distribution with their probabilities, likeliest first;
            the candidate is the first. Empty for an answer that was drawn.

    Raises:
        ValueError: ``draw`` is negative, or not exactly one of ``candidate`` and ``spoiled_by`` is given.
    """

    draw: int
    candidate: str | None
    spoiled_by: str | None = None
    shares: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if self.draw < 0:
            raise ValueError(f"a draw is numbered from 0 on, not {self.draw}")
        if (self.candidate is None) == (self.spoiled_by is None):
            raise ValueError(f"ballot {self.draw} must either name a candidate or say what spoiled it")
