"""Runs a node as a chain: asks for one thing after the other until the node has its output.

What a chain asks for is one of four values: a ``Step`` is decided by votes, a ``Call`` by a tool, an ``Expansion`` by a
sub-plan, and ``Done`` ends it. The answers to all of them are entries of one journalled sequence, so that a chain that
comes back after a crash takes what the journal holds and goes on behind it.
"""

import asyncio
import itertools
from functools import partial
from typing import Any

import msgspec

from surefoot.decompose.assumptions import Evidence, Findings
from surefoot.decompose.next_version import next_version
from surefoot.decompose.plan import Expansion, Node, node_name
from surefoot.decompose.revision import Report
from surefoot.decompose.step import Call, Done, Step
from surefoot.decompose.task import Task
from surefoot.runtime.errors import RunFailed, StepDeadlocked, UserCodeError
from surefoot.runtime.execution.draw_numbers import draws_of
from surefoot.runtime.execution.escalation.refuted_steps import ChainRun, ask_again, compare_ways, with_alarm
from surefoot.runtime.execution.evidence_check import EvidenceCheck, Said
from surefoot.runtime.execution.hands import Outcome
from surefoot.runtime.execution.node_plan import Refuted
from surefoot.runtime.execution.plan_runner import PlanRunner
from surefoot.runtime.execution.policy import SegmentPolicy
from surefoot.runtime.execution.record_buffer import NOT_VOTED, Key
from surefoot.runtime.execution.shared_replies import Narrowing, StepsAhead, ask_ahead
from surefoot.runtime.execution.step_runner import MAX_DRAWS
from surefoot.runtime.execution.tool_calls import ToolCaller
from surefoot.runtime.execution.work import Work
from surefoot.runtime.payloads import winner
from surefoot.runtime.records import LARGER, SUB_PLANS, Contradicted, Entry, Finished, Record, agreed, tally

THIRD_DRAW = MAX_DRAWS // 4
"""Where the draws of a step begin that ask for several steps once more, as two replies differ at this one."""

SHARED_DRAWS = 3 * MAX_DRAWS // 4
"""Where the draws of a step begin that ask whether a refuted answer is repeated."""

Asked = Step | Call | Expansion


class _Position(msgspec.Struct):
    """Where one run of a chain stands.

    Attributes:
        attempt: Number of the run, 0-based.
        previous: What the run before took; ``None`` in the first.
        longest: Steps of the node that earlier runs counted.
        asked: What was answered so far, before suspicious steps were voted on again.
        taken: What was gone on with.
        alike: Whether this run took the same as the one before, so far.
        narrowing: How the runs of the chain came on so far.
        left: Most steps that the run may still take.
        ahead: What the last reply stated of them.
        stated: Whether the last answer is one that a reply to several steps stated.
        refuted: What the last answer says against something that the node rests on; it ends the run.
    """

    attempt: int
    previous: list[str] | None
    longest: int
    narrowing: Narrowing
    asked: list[str] = []
    taken: list[str] = []
    alike: bool = False
    left: int = 0
    stated: bool = False
    ahead: StepsAhead = msgspec.field(default_factory=StepsAhead)
    refuted: Evidence | None = None

    @property
    def index(self) -> int:
        """Number of the next answer."""
        return len(self.taken)


class ChainRunner:
    """Runs nodes as chains, again where they do not return their promise.

    Args:
        task: Says what is asked next.
        work: The segment that the chains belong to.
        policy: Whether promises are checked, and how often a chain is run again.
        plan: Runs the sub-plans that chains ask for.
    """

    def __init__(self, task: Task, work: Work, policy: SegmentPolicy, plan: PlanRunner) -> None:
        self.task, self.work, self.policy = task, work, policy
        self._plan, self._tools = plan, ToolCaller(task, work, policy.unsafe_local)
        self._evidence = EvidenceCheck(task, work, plan) if type(task).evidence is not Task.evidence else None

    async def run(self, node: Node) -> Outcome:
        """Run a chain until its output is what was promised, comparing each run with the one before.

        Raises:
            StepDeadlocked: A step that no seam guards is undecided in every prompt variant.
            RunFailed, ModelUnavailable, ModelRejected: The chain cannot go on.
            SegmentStopped: The worker was asked to stop.
        """
        work, guarded = self.work, self.policy.seams and node.promise is not None
        runs: list[ChainRun] = []
        why = ""
        longest = 0
        stuck: StepDeadlocked | None = None
        narrowing = Narrowing(self.policy.seam_retries, work.steps.leads.leads.steps_per_call)
        for attempt in itertools.takewhile(narrowing.allows, itertools.count()):
            if attempt and (node.path, "run", attempt) not in work.journalled:
                work.counts.seam_retries += 1
                tally(work.counts.climbed, {self._variant(attempt): 1})
                work.note("seam retry", node.path, attempt=attempt, because=why[:200])
            self._abandon_sub_plans(node, attempt)
            known = len(work.journalled.get((node.path, "run", attempt), ()))
            previous = runs[-1].taken if runs else None
            at = _Position(attempt, previous, longest, narrowing, alike=bool(previous))
            try:
                run, output = await self._once(node, at)
            except Refuted as below:
                return below.outcome
            except StepDeadlocked as undecided:
                if not guarded or not node.path:
                    await work.wait_for_person(undecided)
                    raise
                stuck = undecided
                run, output, why = ChainRun(attempt, [], []), None, undecided.message
            else:
                stuck = None
                kept = at.refuted is None and (not guarded or output == node.promise)
                if at.refuted is not None:
                    # What cannot be solved is tried once more in another way before the plan above is made again.
                    if at.refuted.assumption is not None or attempt or not self.policy.seam_retries:
                        return Contradicted(node.path, str(at.refuted), evidence=at.refuted)
                elif not attempt and known < len(run.taken) and self._lead(node) == 1:
                    # Where the mistake is shows later; to count what kept its promise at once and the rest later is to
                    # see only the good ones for a while.
                    work.counts.guarded_steps += len(run.taken) if kept else half(run.taken)
                    work.counts.refuted_steps += not kept
                if kept:
                    if attempt and known < len(run.taken):
                        self._put_right(attempt, [*runs, run])
                    return Finished(output)
                why = str(at.refuted or f"returned {output!r}, promised was {node.promise!r}")
            longest = max(longest, work.standing.get(node.path, 0))
            narrowing.note(previous, run.taken)
            runs.append(run)
            if run.taken == previous and attempt + 1 >= len(work.steps.variants):
                break
        if stuck is not None:
            await work.wait_for_person(stuck)
        return Contradicted(node.path, why)

    def _abandon_sub_plans(self, node: Node, attempt: int) -> None:
        """Take the steps of the sub-plans of earlier runs off the steps that stand; a run has its own.

        A record without entries says that they were: a session that goes on does not count that again.
        """
        work, depth, steps = self.work, len(node.path), 0
        if not attempt:
            return
        for path in list(work.standing):
            if len(path) > depth and path[:depth] == node.path and path[depth] < attempt * SUB_PLANS:
                steps += work.standing.pop(path)
        if steps and (node.path, "run", attempt) not in work.journalled:
            work.counts.steps -= steps
            work.buffer.add(Record(node.path, "run", attempt, 0, NOT_VOTED, ()))

    def _lead(self, node: Node) -> int:
        """The lead of a chain's steps, as of now: leads may change while a chain runs."""
        # The root's promise is the goal, which a wrong path may reach as well: it guards the end, not the steps.
        guarded = self.policy.seams and node.promise is not None and node.path
        leads = self.work.steps.leads.leads
        return leads.guarded if guarded else leads.unguarded

    def _put_right(self, attempt: int, runs: list[ChainRun]) -> None:
        """Count which escalation level put a chain right, and how the prompt variants compare."""
        tally(self.work.counts.caught, {self._variant(attempt): 1})
        if all(run.taken for run in runs):
            names = [variant.name for variant in self.work.steps.variants]
            tally(self.work.counts.ways, compare_ways(runs, names))

    def _variant(self, attempt: int) -> str:
        variants = self.work.steps.variants
        return variants[attempt % len(variants)].name

    async def _once(self, node: Node, at: _Position) -> tuple[ChainRun, Any]:
        """Run a chain once; the run and its output, ``None`` if it is longer than it may be.

        As long as the run takes the same steps as the one before, a step at which they differ is the suspect: the
        states before it are the same, so one of the two answers is wrong. It is voted on with a larger lead.
        """
        task, goal, work = self.task, node.goal, self.work
        key = (node.path, "run", at.attempt)
        known = work.journalled.get(key, ())
        given_up = (node.path, "run", at.attempt + 1) in work.journalled
        state = task.begin(goal, node.inputs)
        limit = task.size(goal, node.inputs)
        asked = task.next_step(goal, state)
        while not isinstance(asked, Done):
            at.left = limit - at.index
            if not at.left:
                if node.promise is None or not self.policy.seams:
                    raise RunFailed(f"node {node_name(node.path)} did not come to an end within {limit} steps")
                return ChainRun(at.attempt, at.asked, at.taken), None
            entry: Entry | None = None
            k = self._lead(node) if isinstance(asked, Step) else NOT_VOTED
            if at.index < len(known):
                candidate = winner(known[at.index], work.steps.policy.rule)
            else:
                if given_up:
                    raise StepDeadlocked("undecided in an earlier session")
                await work.begin_step()
                if self._plan.suspended:
                    await self._plan.go_ahead(node)
                candidate, entry = await self._answer(node, key, at, state, asked, k)
            at.asked.append(candidate)
            if at.alike and at.previous is not None and candidate != at.previous[at.index]:
                if entry is not None and isinstance(asked, Step):
                    candidate, entry = await self._settle(node, at, state, asked, k, candidate)
                at.alike = candidate == at.previous[at.index]
            at.alike = at.alike and at.previous is not None and at.index + 1 < len(at.previous)
            if self._plan.suspended and entry is not None:
                await self._plan.go_ahead(node)  # what rests on a refuted assumption is not counted either
            said = None
            if self._evidence is not None and self._evidence.has_said(node, state, asked, candidate):
                said = await self._evidence.look(node, at.index, state, asked, Said(key, candidate, entry, k))
                candidate, entry = said.candidate, said.entry
            at.taken.append(candidate)
            try:
                state = task.advance(goal, state, candidate if isinstance(asked, Step) else result_of(candidate))
                asked = task.next_step(goal, state)
            except UserCodeError:
                if isinstance(asked, Call):  # it was made: once the task is mended, it must not be made again
                    self._count(node, key, at, k, entry, ended=False)
                raise
            self._count(node, key, at, k, entry, ended=isinstance(asked, Done))
            if said is not None and said.refuted is not None:
                at.refuted = said.refuted
                if entry is not None:
                    await self._made_durable(node, said.refuted)
                return ChainRun(at.attempt, at.asked, at.taken), None
        output = msgspec.to_builtins(asked.output)
        if asked.failure:
            raise RunFailed(asked.failure, path=list(node.path), output=output)
        return ChainRun(at.attempt, at.asked, at.taken), output

    async def _made_durable(self, node: Node, refuted: Evidence) -> None:
        """Wait until evidence is durable; a chain that is cancelled meanwhile has found it all the same."""
        try:
            await self.work.made_durable()
        except asyncio.CancelledError:
            self._plan.report(Report(node.path, refuted))
            raise

    def _count(self, node: Node, key: Key, at: _Position, k: int, entry: Entry | None, *, ended: bool) -> None:
        """Count the answer that was just taken, and keep it if it is new."""
        work, number = self.work, at.index
        if entry is not None:
            # Counted before it is kept: the batch that holds a step holds its count.
            shorter = min(0, number - at.longest) if ended else 0
            work.counts.steps += (number > at.longest) + shorter
            # One reply to several steps is no race: whether it was flagged is not seen step by step.
            work.buffer.keep(key, k, number - 1, entry, raced=not (at.stated and k == 1))
        work.standing[node.path] = number if ended else max(number, at.longest)

    async def _answer(self, node: Node, key: Key, at: _Position, state: Any, asked: Asked, k: int) -> tuple[str, Entry]:
        """Have what a chain asks for answered by whoever answers it."""
        at.stated = False
        if isinstance(asked, Step):
            draw = draws_of(key) + at.index * MAX_DRAWS
            if at.narrowing.steps_per_call > 1:
                stated = await self._stated(node, at, state, asked, range(draw, draw + k))
                if stated is not None:
                    return stated, stated
            # Where a reply to several steps says nothing of the first, that is asked for alone.
            return await self.work.decide(key, asked, at.index, k, draw)
        if isinstance(asked, Call):
            text = await self._tools.call(node, at.attempt, at.index, asked)
        else:
            path = (*node.path, at.attempt * SUB_PLANS + at.index)
            below = Node(path, node.goal, node.inputs, None, node.rests_on)
            text = as_result(await self._plan.run_expansion(below, asked, partial(self._again, node, tuple(at.taken))))
        return text, text

    def _again(self, node: Node, answers: tuple[str, ...], findings: Findings) -> Expansion:
        """The next version of the sub-plan that a chain asked for behind these answers.

        Raises:
            RunFailed: Told what was found, the chain asks for something else there.
        """
        found = next_version(self.task, node, answers, findings)
        if found is None:
            raise RunFailed(f"node {node_name(node.path)}: told what was found, the task asks for no sub-plan again")
        return found

    async def _stated(
        self, node: Node, at: _Position, state: Any, step: Step, draws: range, *, afresh: bool = False
    ) -> str | None:
        """The answer that replies to several steps stated: one that is there already, or ``afresh`` a new one."""
        work, count, key = self.work, min(at.narrowing.count, at.left), (node.path, "run", at.attempt)
        stated = None if afresh else at.ahead.take(step, len(draws))
        if stated is None and count > 1 and not work.reviews.knows((node.path, at.attempt, at.index)):
            question = (step, count)
            at.ahead.fill(await ask_ahead(work, key, at.index, node.goal, state, question, draws), len(draws))
            stated = at.ahead.take(step, len(draws))
        work.counts.shared_steps += stated is not None
        at.stated = stated is not None
        return stated

    async def _settle(self, node: Node, at: _Position, state: Any, step: Step, k: int, own: str) -> tuple[str, Entry]:
        """Decide a step at which this run and the one before differ, and count which of them was wrong."""
        assert at.previous is not None
        before, candidate, key = at.previous[at.index], None, (node.path, "run", at.attempt)
        draw = draws_of(key) + at.index * MAX_DRAWS
        if k == 1 and at.narrowing.count > 1 and not at.narrowing.stalled:
            candidate = await self._stated(
                node, at, state, step, range(draw + THIRD_DRAW, draw + THIRD_DRAW + 1), afresh=True
            )
        if candidate in (before, own):  # two of three replies agree
            assert candidate is not None
            self.work.counts.escalations += 1
            tally(self.work.counts.climbed, {LARGER: 1})
            entry: Entry = candidate
            count = 1
        else:
            candidate, entry = await self._vote_again(key, step, at.index, draw)
            at.stated = False
            count = self.work.steps.leads.suspect
        if candidate != before:
            entry = await self._with_evidence(key, step, at.index, before, entry, count)
        tally(self.work.counts.caught, {LARGER: 1} if candidate != own else {})
        if at.attempt == 1 and k == 1 and candidate != before:
            self.work.counts.guarded_steps += at.index + 1 - half(at.previous)
        return candidate, entry

    async def _vote_again(self, key: Key, step: Step, index: int, draw: int) -> tuple[str, Entry]:
        """Vote with a larger lead on a step at which two runs differ."""
        work, k = self.work, self.work.steps.leads.suspect
        work.counts.escalations += 1
        tally(work.counts.climbed, {LARGER: 1})
        candidate, entry = await work.decide(key, step, index, k, draw + MAX_DRAWS // 2)
        work.note("suspect step", key[0], step=index, kind=step.kind, k=k, winner=candidate)
        return candidate, agreed(candidate, k) if isinstance(entry, str) else entry

    async def _with_evidence(self, key: Key, step: Step, index: int, refuted: str, entry: Entry, count: int) -> Entry:
        """Ask whether fresh ballots repeat a refuted answer, and put the alarm into the entry if they do."""
        work, steps = self.work, self.work.steps
        if len(steps.variants) == 1:
            return entry
        draw = draws_of(key) + index * MAX_DRAWS
        async with work.under_way():
            ballots, raised = await ask_again(steps, step, refuted, count, draw + SHARED_DRAWS)
        if raised is None:
            return entry
        work.counts.shared += 1
        tally(work.counts.alarms, {raised.kind: 1})
        work.note("alarm", key[0], step=index, kind=step.kind, raised=[str(raised.kind)], refuted=refuted)
        return with_alarm(agreed(entry, 1) if isinstance(entry, str) else entry, ballots, raised)


def half(taken: list[str]) -> int:
    """Return about as many steps as lie before a mistake that may be anywhere."""
    return (len(taken) + 1) // 2


def as_result(value: Any) -> str:
    """Return a builtin value as the journal keeps the results of tools and sub-plans: JSON with sorted keys."""
    return msgspec.json.encode(value, order="sorted").decode()


def result_of(text: str) -> Any:
    """Return the value of a journalled result of a tool or a sub-plan."""
    return msgspec.json.decode(text)
