"""Reads evidence about assumptions from the answers of a chain, and lets nothing revise a plan that is not confirmed.

An answer that speaks against an assumption was voted on like any other. Before it may revise a plan it is asked for
again: with the lead of a suspect step, and in other ways to ask, until an answer is ahead by three ways. A mistake that
all draws of a prompt share, which no vote on draws can remove, is not made by the others: here each way to ask has one
vote. If they do not all say the same, the evidence is doubted, which is counted. Where the ways run out, the answer
that most of them give is taken.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from surefoot.decompose.assumptions import Evidence, rests
from surefoot.decompose.plan import Expansion, Node, node_name
from surefoot.decompose.step import Call, Step
from surefoot.decompose.task import Task
from surefoot.runtime.errors import StepDeadlocked
from surefoot.runtime.execution.draw_numbers import draws_of
from surefoot.runtime.execution.plan_runner import PlanRunner
from surefoot.runtime.execution.record_buffer import Key
from surefoot.runtime.execution.reports import record_of_evidence
from surefoot.runtime.execution.step_runner import MAX_DRAWS
from surefoot.runtime.execution.work import Work
from surefoot.runtime.records import LARGER, Entry, agreed, tally

AHEAD = 3
"""Ways to ask by which an answer that is evidence has to be ahead, where the task has so many: the usual one and two
more if they agree, and more if they do not. Where a twentieth of all ways mislead every draw, a wrong answer that the
usual way gave gets there with 0.3 %, a ruined gambler's chance; a majority of three ways is wrong with 10 %."""
MOST_WAYS = 9
"""Ways that are asked at most."""
FIRST_DRAW, LATER_DRAW = 5 * MAX_DRAWS // 8, 13 * MAX_DRAWS // 16
"""Where the draws of a step begin that confirm evidence, and those of its fifth and later ways."""


class Said(msgspec.Struct, frozen=True):
    """One answer of a chain, and what it says against the plan.

    Attributes:
        key: Node, part and run of the chain that it belongs to.
        candidate: The answer as the journal keeps it.
        entry: What the journal is to keep; ``None`` if it has the answer already.
        k: Lead that was asked for; 0 for tools and sub-plans.
        refuted: Evidence against something that the node rests on, or that the node cannot be solved.
    """

    key: Key
    candidate: str
    entry: Entry | None
    k: int
    refuted: Evidence | None = None


class EvidenceCheck:
    """Holds the answers of one segment's chains against the assumptions of the plan.

    Args:
        task: Reads evidence from answers.
        work: The segment.
        plan: Holds chains back that rest on what is in doubt.
    """

    def __init__(self, task: Task, work: Work, plan: PlanRunner) -> None:
        self.task, self._work, self._plan = task, work, plan

    def has_said(self, node: Node, state: Any, asked: Step | Call | Expansion, candidate: str) -> bool:
        """Return whether an answer says anything of assumptions: most say nothing, and cost no more than this."""
        return bool(self._read(node, state, asked, candidate))

    async def look(self, node: Node, index: int, state: Any, asked: Step | Call | Expansion, said: Said) -> Said:
        """Return an answer as it is to be taken, with what it says against the plan.

        An answer that the journal has was confirmed before it was kept.

        Args:
            node: The node.
            index: Number of the answer within its run of the chain.
            state: In which it was asked for.
            asked: What was asked for.
            said: The answer.

        Raises:
            StepDeadlocked: No answer is given by most of the ways to ask.
        """
        found = self._read(node, state, asked, said.candidate)
        if not found or said.entry is None:
            return msgspec.structs.replace(said, refuted=_ending(node, found))
        # What rests on it takes no further step while it is in doubt, and goes on if the evidence is not confirmed.
        doubted = [one.assumption for one in found if one.refutes]
        for assumption in doubted:
            self._plan.suspend(assumption)
        refuted: Evidence | None = None
        try:
            if doubted and isinstance(asked, Step):
                said = await self._confirmed(node, index, state, asked, said)
                found = self._read(node, state, asked, said.candidate)
            refuted = _ending(node, found)
        finally:
            for assumption in doubted:
                if refuted is None or assumption != refuted.assumption:
                    self._plan.release(assumption)
        if found:
            self._work.buffer.flush()  # what was decided before stands before it in the journal
            self._work.counts.evidence += len(found)
            self._work.buffer.add(record_of_evidence((node.path, said.key[2], index), found, refuted))
        return msgspec.structs.replace(said, refuted=refuted)

    def _read(self, node: Node, state: Any, asked: Step | Call | Expansion, candidate: str) -> Sequence[Evidence]:
        answer = candidate if isinstance(asked, Step) else msgspec.json.decode(candidate)
        return self.task.evidence(node.goal, state, asked, answer)

    async def _confirmed(self, node: Node, index: int, state: Any, step: Step, said: Said) -> Said:
        """The answer after it was asked for again; the first one, with its entry, if all ways give it."""
        steps = self._work.steps
        suspect = max(said.k, steps.leads.suspect)
        # One answer a way: two leads in the same wording are not two ways.
        ways: dict[int, tuple[str, Entry | None]] = {0: (said.candidate, said.entry)}
        for level in range(0 if suspect > said.k else 1, min(len(steps.variants), MOST_WAYS)):
            ways[level] = await self._ask_again(step, suspect, (said.key, index, level))
            if ahead_by(votes_of(ways.values())) >= AHEAD:
                break
        answers = list(ways.values())
        votes = votes_of(answers)
        if votes[said.candidate] == len(answers):
            return said
        self._work.counts.doubted_evidence += 1
        self._work.note("evidence doubted", node.path, step=index, kind=step.kind, votes=dict(votes))
        candidate, most = votes.most_common(1)[0]
        if 2 * most <= len(answers):
            raise StepDeadlocked(f"node {node_name(node.path)}: ways to ask contradict each other about evidence")
        entry = next(entry for one, entry in answers if one == candidate and entry is not None)
        voted = agreed(candidate, suspect) if isinstance(entry, str) and candidate != said.candidate else entry
        return Said(said.key, candidate, voted, said.k)

    async def _ask_again(self, step: Step, k: int, where: tuple[Key, int, int]) -> tuple[str, Entry | None]:
        """The answer of one more way to ask; no entry where it decides nothing."""
        key, index, level = where
        work = self._work
        work.counts.escalations += 1
        tally(work.counts.climbed, {work.steps.variants[level].name if level else LARGER: 1})
        first = FIRST_DRAW + level * MAX_DRAWS // 32 if level < 4 else LATER_DRAW + (level - 4) * MAX_DRAWS // 32
        draw = draws_of(key) + index * MAX_DRAWS + first
        try:
            async with work.under_way():
                return await work.steps.decide(step, k, draw, level)
        except StepDeadlocked:
            return "", None


def votes_of(answers: Iterable[tuple[str, Entry | None]]) -> Counter[str]:
    """Return how many ways to ask gave each answer; a way without an entry decided nothing."""
    return Counter(candidate for candidate, entry in answers if entry is not None)


def ahead_by(votes: Counter[str]) -> int:
    """Return by how many ways the first answer is ahead of the second."""
    (_, most), (_, next_most) = [*votes.most_common(2), ("", 0), ("", 0)][:2]
    return most - next_most


def _ending(node: Node, found: Sequence[Evidence]) -> Evidence | None:
    """The evidence that ends the node which found it: it rests on what is refuted, or cannot be solved."""
    against = (one for one in found if one.refutes)
    return next((one for one in against if one.assumption is None or rests(node.rests_on, one.assumption)), None)
