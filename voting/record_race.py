"""Decides a record field by field: each field has a race of its own over the same ballots.

A ballot states a record: a tuple with a text for each field, or ``None`` where a field could not be read. For the race
of a field, a ballot is a ballot for its text there, or a spoiled one. The record is decided when every field is.

Why one would want it. A whole record is right only if all its fields are. With four fields, each right in 70 % of
ballots independently, a whole record is right in 24 %, and rarely said twice alike; each field by itself is an easy
race. Where the errors of fields come together (a reply that is about something else), nothing is gained, and nothing
is lost: then the races of fields are all the race of the record.

**A record that wins may never have been stated whole.** It is made up of the fields' winners, and no ballot need have
said them together. If fields depend on each other (a total and its parts, a name and its number) that is a record that
nobody vouches for. ``stated_whole`` asks for more: the race goes on until one of its ballots, unspoiled, is exactly
the record that won. It is no second vote: one such ballot is enough. If none comes before the cap, the race is
undecided.

Each field keeps its own lead and its own certificate. Its race is an ordinary one that ends with its own last ballot,
and ballots after that are not counted for it; so ``race_bound`` and ``certificate`` hold for each field as they are,
with the lengths of `lengths_by_field`. That any field of a record is wrong has at most the sum of their probabilities
(union bound, whatever the dependence). For a chance of error e a record, give each of f fields e / f.

Two rules, as in ``race``: a verdict is a function of the rule, the cap and the ballots by number; and what a candidate
means is never looked at. There is no plurality here: one undecided field leaves the record `Deadlocked`.
"""

from collections.abc import Iterable, Sequence

import msgspec

from surefoot.voting.ballot import Ballot
from surefoot.voting.first_to import FirstTo
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.race import Deadlocked, Race, Verdict, Won
from surefoot.voting.red_flags import RedFlag
from surefoot.voting.sequential import Sequential

Fields = tuple[str | None, ...]
"""A record as far as it could be read."""


class FieldWise(msgspec.Struct, frozen=True, tag="field-wise"):
    """A record wins when each of its fields has won by its own rule.

    Attributes:
        rules: One for each field, in the order of the fields; 1 or more.
        stated_whole: Whether some ballot must have stated exactly the record that wins.

    Raises:
        ValueError: There are no fields.
    """

    rules: tuple[FirstToAheadBy | FirstTo | Sequential, ...]
    stated_whole: bool = False

    def __post_init__(self) -> None:
        if not self.rules:
            raise ValueError("a record has 1 or more fields")


class FieldResult(msgspec.Struct, frozen=True):
    """State of the race of one field of a record.

    Attributes:
        winner: Its text, ``None`` while undecided.
        ballots: Ballots counted for it, spoiled ones included. Those after its verdict are not counted.
        spoiled: Those of them in which it could not be read.
        margin: Lead of the winner over the second, in ballots; 0 while undecided.
        tally: Each text with its ballots, most ballots first, equal ones by name.
    """

    winner: str | None
    ballots: int
    spoiled: int
    margin: int
    tally: tuple[tuple[str, int], ...]


def joined(fields: Fields) -> str:
    """A record as the candidate of a ballot: a JSON array."""
    return msgspec.json.encode(fields).decode()


def fields_of(candidate: str, count: int) -> Fields:
    """Read the record that a candidate string stands for.

    Raises:
        ValueError: It is not a JSON array of so many texts or nulls.
    """
    try:
        fields = msgspec.json.decode(candidate, type=Fields)
    except msgspec.DecodeError as error:
        raise ValueError(f"a candidate of a field-wise race is an array of texts or nulls: {error}") from error
    if len(fields) != count:
        raise ValueError(f"a record of {len(fields)} fields in a race of {count}")
    return fields


class RecordRace:
    """Counts the ballots of one record, in the order drawn, until there is a verdict. See ``Race``.

    Args:
        rule: When the record has won.
        max_ballots: The cap, 1 or more, for every field and for the record.

    Raises:
        ValueError: ``max_ballots`` is below 1.
    """

    __slots__ = ("_cast", "_max", "_races", "_rule", "_spoiled", "_tally", "_verdict")

    def __init__(self, rule: FieldWise, max_ballots: int) -> None:
        self._rule = rule
        self._max = max_ballots
        self._races = [Race(one, max_ballots) for one in rule.rules]
        self._cast = 0
        self._spoiled = 0
        self._tally: dict[Fields, int] = {}
        self._verdict: Verdict | None = None

    def cast(self, ballot: Ballot) -> Verdict | None:
        """Count the next ballot in the race of every field that is undecided.

        Returns:
            The verdict if this ballot ends the race, else ``None``. `Won` has the record as its candidate, as `joined`
            writes it, and the least margin of its fields.

        Raises:
            ValueError: The race is over, the ballot is not the next one drawn, or it is no record of so many fields.
                The race is unchanged.
        """
        if self._verdict is not None:
            raise ValueError(f"ballot {ballot.draw} comes after the verdict")
        if ballot.draw != self._cast:
            raise ValueError(f"ballot {ballot.draw} is out of order: the next one is {self._cast}")
        fields = None if ballot.candidate is None else fields_of(ballot.candidate, len(self._races))
        self._cast += 1
        if fields is None:
            self._spoiled += 1
        else:
            self._tally[fields] = self._tally.get(fields, 0) + 1
        for number, race in enumerate(self._races):
            if race.verdict is None:
                said = None if fields is None else fields[number]
                race.cast(Ballot(ballot.draw, said, None if said is not None else ballot.spoiled_by or UNREAD))
        self._verdict = self._decide()
        return self._verdict

    def _decide(self) -> Verdict | None:
        verdicts = [race.verdict for race in self._races]
        won = [verdict for verdict in verdicts if isinstance(verdict, Won)]
        if len(won) == len(verdicts):
            winners = tuple(verdict.candidate for verdict in won)
            if winners in self._tally or not self._rule.stated_whole:
                return Won(joined(winners), self._cast, min(verdict.margin for verdict in won))
        if self._cast == self._max:
            return Deadlocked(self._cast, _ranking({joined(key): n for key, n in self._tally.items()}), self._spoiled)
        return None

    @property
    def verdict(self) -> Verdict | None:
        """Verdict of the record's race, ``None`` while undecided."""
        return self._verdict

    @property
    def tally(self) -> dict[str, int]:
        """Ballots by record as it was stated, unread fields included, in the order first named. A copy."""
        return {joined(fields): count for fields, count in self._tally.items()}

    @property
    def spoiled(self) -> int:
        """Number of ballots so far in which no field could be read."""
        return self._spoiled

    @property
    def fields(self) -> tuple[FieldResult, ...]:
        """States of the fields' races, in the order of the fields."""
        return tuple(_result(race) for race in self._races)

    def fewest(self) -> int:
        """Count the fewest further ballots that could bring a winner: those that would all name the leaders.

        One ballot counts for all fields at once, so that it is what the field that is furthest behind needs.

        Returns:
            1 or more while undecided, 0 when the race is over. Never more than the cap leaves.
        """
        if self._verdict is not None:
            return 0
        # When every field is decided and the record is not yet stated, the next ballot may state it.
        return min(max(1, *(race.fewest() for race in self._races)), self._max - self._cast)


UNREAD = RedFlag.MISFORMATTED.value
"""What spoils a ballot for a field that could not be read."""


def replay_record(rule: FieldWise, max_ballots: int, ballots: Iterable[Ballot]) -> RecordRace:
    """Run a race again from its ballots, which may come in any order.

    Returns:
        The race, with its verdict and the results of its fields. Ballots after the deciding one are ignored.

    Raises:
        ValueError: The draws are not 0, 1, 2, ... each exactly once.
    """
    race = RecordRace(rule, max_ballots)
    for number, ballot in enumerate(sorted(ballots, key=lambda one: one.draw)):
        if ballot.draw != number:
            raise ValueError(f"a race has the draws 0, 1, 2, ... each once, not {ballot.draw} as number {number}")
        if race.verdict is None:
            race.cast(ballot)
    return race


def lengths_by_field(records: Iterable[Sequence[FieldResult]]) -> tuple[dict[int, int], ...]:
    """Of many records of the same fields: for each field, how many of its verdicts took how many unspoiled ballots.

    This is what ``certificate.certify`` takes, under the field's lead. Undecided fields are not among them.
    """
    lengths: list[dict[int, int]] = []
    for record in records:
        lengths += [{} for _ in range(len(record) - len(lengths))]
        for seen, field in zip(lengths, record, strict=True):
            if field.winner is not None:
                took = field.ballots - field.spoiled
                seen[took] = seen.get(took, 0) + 1
    return tuple(lengths)


def _result(race: Race) -> FieldResult:
    won = race.verdict if isinstance(race.verdict, Won) else None
    tally = _ranking(race.tally)
    ballots = sum(count for _, count in tally) + race.spoiled
    return FieldResult(won.candidate if won else None, ballots, race.spoiled, won.margin if won else 0, tally)


def _ranking(tally: dict[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(tally.items(), key=lambda item: (-item[1], item[0])))
