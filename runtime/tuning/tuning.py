"""Searches for the wording of one kind of question under a budget of real calls, and lets held-out questions decide.

Each search asks so many queries of so many replies. Then the wordings that look best to the searches, and the task's
own, are asked questions that no search has seen; the best of them and the task's own are asked these once more, for
the figures that are reported: what is chosen for its luck does not keep it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from surefoot.decompose.wordings.edit import Choices
from surefoot.decompose.wordings.wording import ASKED, Example, Wording
from surefoot.runtime.tuning.asker import Asker
from surefoot.runtime.tuning.latent import Lesson
from surefoot.runtime.tuning.paired_test import chance_of_lead
from surefoot.runtime.tuning.planning import Planning
from surefoot.runtime.tuning.questions import Question, Shared
from surefoot.runtime.tuning.record_file import Line, RecordFile
from surefoot.runtime.tuning.searches import Search, search_named
from surefoot.runtime.tuning.space import Measured, Outcome, Record, together
from surefoot.runtime.wordings_file import Share

FINALISTS = 2
"""Wordings of each search that are asked the held-out questions."""
HELD_OUT, CONFIRMED = "held out", "confirmed"
LEVEL = 0.05
"""Share of searches in which a wording may count as better though all wordings are answered alike."""


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """Real calls that may be made.

    Attributes:
        searches: Their names; each has the same budget.
        queries: Of each search.
        answers: Replies of each query.
        draws: Replies to each question of a query.
        held_out: Replies to each wording that is asked the held-out questions.
    """

    searches: tuple[str, ...]
    queries: int
    answers: int
    draws: int
    held_out: int

    def most_calls(self, finalists: int) -> int:
        """Return the most calls that are made in all."""
        return len(self.searches) * self.queries * self.answers + (finalists + 2) * self.held_out


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """What one search found, and what it asked for.

    Attributes:
        search: Its name.
        queries: Queries that it asked.
        calls: Replies to them.
        wording: The better of its finalists by the held-out questions.
        held_out: Right replies to those.
    """

    search: str
    queries: int
    calls: int
    wording: Wording
    held_out: Share


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What the searches and the held-out questions came to.

    Attributes:
        arms: One for each search, in the order of the budget.
        start: The task's own wording.
        own: Right replies to it, to the held-out questions.
        winner: The best wording by the held-out questions; the task's own where none is better.
        before: Right replies to the task's own wording, held-out questions asked afresh.
        after: Right replies to the winner, likewise.
        chance: Of a lead as large as the winner's where both are answered alike, times ``compared``; 1 at most.
        compared: Wordings beside the task's own that were asked the held-out questions.
        calls: Real calls that were made in all.
        trajectory: Queries of the winner's search that were answered better than all before them.
    """

    arms: tuple[Arm, ...]
    start: Wording
    own: Share
    winner: Wording
    before: Share
    after: Share
    chance: float
    compared: int
    calls: int
    trajectory: tuple[Record[Wording], ...]

    @property
    def improved(self) -> bool:
        """Whether the winner was answered better than the task's own wording when both were asked afresh.

        By a test paired by question at ``LEVEL``, corrected for the wordings that were compared (Bonferroni): the
        questions are those by which the winner was chosen, and at temperature 0 the replies are the same as well.
        """
        return self.winner != self.start and self.chance <= LEVEL

    @property
    def search(self) -> str:
        """Name of the search that found the winner; empty where none did."""
        return next((arm.search for arm in self.arms if arm.wording == self.winner), "")


class Tuner:
    """Spends a budget of real calls on one kind of question.

    Args:
        asker: Asks the model.
        choices: What wordings are made of.
        questions: What is asked.
        budget: Of real calls.
        records: Where everything that was asked is written down; what is there already is not asked again.
        seed: Of the searches.
    """

    def __init__(
        self, asker: Asker, choices: Choices, questions: Shared, budget: Budget, records: RecordFile, seed: int
    ) -> None:
        self.asker, self.choices, self.questions = asker, choices, questions
        self.budget, self.records, self.seed = budget, records, seed
        self.finalists_before: tuple[Wording, ...] = ()
        self.lessons: tuple[Lesson, ...] = ()

    async def decide(self, told: Callable[[Line, int], Any]) -> Decision:
        """Let every search spend its budget, then let held-out questions decide.

        Args:
            told: Is given every record as it is made, and how many there are by then.

        Raises:
            ModelUnavailable, ModelRejected: From the model; what was asked is in the records.
        """
        ranked = {name: await self._searched(name, told) for name in self.budget.searches}
        start, held = self.choices.start, dict[Wording, Outcome]()
        finalists = [start, *self.finalists_before, *(one for found in ranked.values() for one in found[:FINALISTS])]
        for wording in dict.fromkeys(finalists):
            held[wording] = await self._decisive(HELD_OUT, wording, told)
        # Of equals the first: the task's own wording stays where nothing is better.
        winner = max(held, key=lambda one: Measured(one, held[one]).share)
        before = await self._decisive(CONFIRMED, start, told)
        after = before if winner == start else await self._decisive(CONFIRMED, winner, told)
        chance = chance_of_lead(before.by_question, after.by_question)
        arms = tuple(self._arm(name, found, held) for name, found in ranked.items())
        return Decision(
            arms=arms, start=start, own=_share(held[start]), winner=winner, before=_share(before), after=_share(after),
            chance=min(1.0, chance * max(1, len(held) - 1)), compared=len(held) - 1,
            calls=sum(line.calls for line in self.records.lines), trajectory=self._trajectory(arms, winner),
        )  # fmt: skip

    async def _searched(self, name: str, told: Callable[[Line, int], Any]) -> list[Wording]:
        """Let one search spend its budget; what it ranks first comes first."""
        search, queries = self._search(name), self.budget.queries
        while len(records := self._records(name)) < queries:
            wording = search.propose(self.choices, records, self.seed)
            if wording is None:
                break
            await self._asked(name, wording, self._turn(len(records)), self.budget.draws, told)
        return search.ranked(self.choices, records, self.seed)

    def _search(self, name: str) -> Search:
        search = search_named(name)
        if isinstance(search, Planning) and self.lessons:
            return msgspec.structs.replace(search, lessons=self.lessons)
        return search

    def _turn(self, number: int) -> list[Question]:
        """The questions of a query: they go round, so that no wording is found for a few of them only."""
        every, count = self.questions.searched, max(1, self.budget.answers // self.budget.draws)
        return [every[(number * count + at) % len(every)] for at in range(count)]

    async def _decisive(self, name: str, wording: Wording, told: Callable[[Line, int], Any]) -> Outcome:
        """Ask held-out questions in a wording, each equally often; what is in the records is not asked again."""
        questions = self.questions.held_out[: max(1, self.budget.held_out // self.budget.draws)]
        lines = [line for line in self.records.lines if (line.search, len(line.by_question)) == (name, len(questions))]
        known = next((line for line in lines if line.wording == wording), None)
        if known is not None:
            return known.outcome
        return await self._asked(name, wording, questions, max(1, self.budget.held_out // len(questions)), told)

    async def _asked(
        self, name: str, wording: Wording, questions: Sequence[Question], draws: int, told: Callable[[Line, int], Any]
    ) -> Outcome:
        outcome = await self.asker.ask(wording, questions, draws, len(self.records.lines))
        features = tuple(sorted(self.choices.features(wording)))
        line = Line(
            search=name,
            wording=wording,
            features=features,
            right=outcome.right,
            calls=outcome.calls,
            by_question=outcome.by_question,
        )
        self.records.add(line)
        told(line, len(self.records.lines))
        return outcome

    def _records(self, name: str) -> list[Record[Wording]]:
        return [Record(line.wording, line.outcome) for line in self.records.lines if line.search == name]

    def _arm(self, name: str, ranked: Sequence[Wording], held: dict[Wording, Outcome]) -> Arm:
        records = self._records(name)
        best = max(ranked[:FINALISTS], key=lambda one: Measured(one, held[one]).share)
        calls = sum(record.outcome.calls for record in records)
        return Arm(search=name, queries=len(records), calls=calls, wording=best, held_out=_share(held[best]))

    def _trajectory(self, arms: Sequence[Arm], winner: Wording) -> tuple[Record[Wording], ...]:
        name = next((arm.search for arm in arms if arm.wording == winner), "")
        found: list[Record[Wording]] = []
        for one in together(self._records(name)):
            if not found or one.share > Measured(found[-1].candidate, found[-1].outcome).share:
                found.append(Record(one.candidate, one.outcome))
        return tuple(found)


def without_unused_facts(wording: Wording) -> Wording:
    """Return a wording whose examples have only the facts that its text for the question shows."""
    from surefoot.decompose.typed.template import Template

    used = set(Template(wording.question).fields) - {ASKED}
    examples = tuple(
        Example(one.question, one.answer, tuple(fact for fact in one.fields if fact[0] in used))
        for one in wording.examples
    )
    return msgspec.structs.replace(wording, examples=examples)


def _share(outcome: Outcome) -> Share:
    return Share(outcome.right, outcome.calls)
