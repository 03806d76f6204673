"""Records that travel between workers, coordinator and journal, and are kept for ever.

Fields are only ever added, at the end, with defaults: every version reads the journals of all earlier ones.
"""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from surefoot.decompose.assumptions import Evidence
from surefoot.decompose.plan import Path
from surefoot.decompose.revision import Revision
from surefoot.runtime.kept_step import KeptStep
from surefoot.runtime.leads import LeadChange
from surefoot.voting.alarms import Raised
from surefoot.voting.ballot import Ballot
from surefoot.voting.looks import Looks
from surefoot.voting.raised_lead import RaisedLead
from surefoot.voting.sequential import Sequential

LARGER = "a larger lead"
"""Name, in ``Counts.caught`` and ``climbed``, of the level below all prompt variants: more ballots, same prompt."""

AGAIN = "the decomposition again"
"""Name, likewise, of the level above a segment: the parent's decomposition is asked again. After it the run stops."""


PERSON = "a person"
"""Name, in ``Contested.way``, of the last rung of the ladder: a person decided, after the ballots did not."""

TOOL = "tool"
"""Part of records that name the tool a step of a chain called, with the beginning of its arguments as JSON."""

SHARED = "shared"
"""Part of records that say how many steps in a row one reply stated: its number of steps stands in ``k``."""

ASIDE, REVIEWED = "aside", "reviewed"
"""Parts of records of a step that waits for a person, with its ballots, and of what the person answered."""

BEGUN = "begun"
"""Part of records of a row whose race was cut short: what was said until then. It goes on with that."""

EVIDENCE, REVISED = "evidence", "revised"
"""Parts of records of what a chain's step said about an assumption, and of a version of a plan that was given up."""

FAILED_NODES = "failed nodes"
"""What the journal files the failures under that the coordinator took as results of nodes."""

SUB_PLANS = 1 << 20
"""Path elements of the sub-plans that one attempt of a chain may ask for; those of later attempts come behind."""


Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Lead = Annotated[int, msgspec.Meta(ge=0, le=4096)]
Moment = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
"""Bounds for what is read back: a received journal may hold any number, and readers count up to some of them."""


class Contested(msgspec.Struct, frozen=True, array_like=True):
    """The ballots of a step that was not decided by its first ``k`` answers agreeing.

    Attributes:
        k: Lead that was asked for.
        ballots: In the order drawn, spoiled ones included.
        details: Why the spoiled ones were discarded, in the same order, those in ``before`` last; for people.
            Untrusted text, cut short.
        rule: What decided, if it is not the run's rule with lead ``k``.
        before: Ballots of lower rungs of the ladder, which ended undecided.
        way: Name of the rung of the ladder (``runtime/execution/escalation/prompt_variants.py``) it was asked on;
        empty for the first.
        remembered: Whether the race was run before and its ballots are shown again from the cache of answers.
        raised: Alarms that the step raised: its answers may go wrong together.
        fields: Fields of a record, each of which had a race of its own over the same ballots; 0 for whole answers.
        decided: Candidate that a person decided for; ``None`` where ballots decided.
    """

    k: Lead
    ballots: tuple[Ballot, ...]
    details: tuple[str, ...] = ()
    rule: Sequential | RaisedLead | Looks | None = None
    way: str = ""
    before: tuple[Ballot, ...] = ()
    remembered: bool = False
    raised: tuple[Raised, ...] = ()
    fields: int = 0
    decided: str | None = None


Entry = str | Contested
"""One decided step: the candidate if ``k`` ballots in a row named it, else all ballots."""


def agreed(candidate: str, k: int) -> Contested:
    """Return the entry of a step whose first ``k`` ballots named one candidate, with these ballots written out."""
    return Contested(k, tuple(Ballot(number, candidate) for number in range(k)))


class Record(msgspec.Struct, frozen=True, array_like=True):
    """A stretch of decided steps of one node.

    Attributes:
        path: The node.
        part: ``run`` for the steps of a chain, ``split`` for decomposition steps (one an attempt), ``sample`` for the
            steps of a pilot, whose path is their number, ``replies`` for kept replies to a step, ``evidence`` for what
            a step said about an assumption, ``revised`` for a version of the node's plan that was given up, ``intent``
            for a once-only tool call that is about to be made, ``tool`` for the name of a called tool, ``aside`` for a
            step that waits for a person, ``reviewed`` for what the person answered, ``begun`` for a row whose race was
            cut short.
        attempt: 0-based; a later complete attempt replaces an earlier one.
        first: Number of the first step in here within its attempt, 0-based.
        k: Lead that uncontested entries were decided with; 0 for the results of tools and sub-plans, which nobody
            votes on: their entries are JSON.
        entries: Consecutive steps.
        children: For ``rows``: numbers of the rows within their chunk, in any order. For ``split``: path elements of
            the children, where they are not 0, 1, 2 and so on.
        worker: For ``worked``, a record without entries that says who made a batch, and when: the worker's name.
        started: For ``worked`` and ``sample``: seconds since 1970 when the work on this batch or step began.
        ended: For both: seconds since 1970 when it ended.
        learned: For ``leads``, a record without entries that says with which leads the run goes on.
        steps: For ``worked`` and ``children``: what the batch added to ``Counts.steps``; negative where steps fell.
        kept: For ``replies``: the prompt and the replies.
        costs: For ``rows``, and ``failed``, ``aside`` and ``begun`` of a row: what the replies to each entry cost in
            USD, ``None`` where a price is unknown; empty if all were free. Earlier versions left out what they did not
            know.
    """

    path: Path
    part: str
    attempt: Number
    first: Number
    k: Lead
    entries: tuple[Entry, ...]
    children: tuple[int, ...] = ()
    worker: str = ""
    started: Moment = 0.0
    ended: Moment = 0.0
    learned: LeadChange | None = None
    steps: int = 0
    kept: KeptStep | None = None
    costs: tuple[float | None, ...] = ()


def record_of_revision(path: Path, revision: Revision) -> Record:
    """Return the record that keeps why a version of a node's plan was given up."""
    return Record(path, REVISED, revision.parent, 0, 0, (msgspec.json.encode(revision).decode(),))


class Usage(msgspec.Struct, kw_only=True):
    """Calls, tokens and money used by one kind of question, one model, or one worker.

    Attributes:
        calls: Answers drawn from the model, spoiled ones included.
        failed_calls: Calls that failed in transport.
        tokens_in: Prompt tokens.
        tokens_cached: Those of them that the provider had in its cache.
        tokens_out: Generated tokens.
        tokens_reasoning: Those of them that were thinking before an answer.
        cost_usd: Money whose amount is known.
        unpriced_calls: Answers whose price is unknown.
        hedged_calls: Further calls made beside others that were late, for the same answers; not in ``calls``.
    """

    calls: int = 0
    failed_calls: int = 0
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    tokens_reasoning: int = 0
    cost_usd: float = 0.0
    unpriced_calls: int = 0
    hedged_calls: int = 0

    def add(self, other: "Usage") -> None:
        """Add the calls, tokens and money of another account to this one."""
        for name, theirs in zip(self.__struct_fields__, msgspec.structs.astuple(other), strict=True):
            if theirs:
                setattr(self, name, getattr(self, name) + theirs)


class Counts(msgspec.Struct, kw_only=True):
    """Numbers of events, counted where they happened.

    Attributes:
        steps: Steps of the plan that stand: decided, and their seam kept.
        decompositions: Decomposition steps decided.
        calls: Answers drawn from the model, spoiled ones included.
        red_flags: Spoiled answers by the name of their flag.
        failed_calls: Calls that failed in transport; never ballots.
        disagreements: Steps whose unspoiled ballots named more than one candidate.
        escalations: Steps that were asked again, in a larger lead or in another way, as their first race was undecided,
            refuted or raised an alarm.
        seam_retries: Chains run again because their output was not the promise, or they could not be solved.
        broken_promises: Decompositions asked again because a child kept contradicting its promise.
        tokens_in: Prompt tokens.
        tokens_out: Reply tokens.
        cost_usd: Money whose amount is known.
        unpriced_calls: Answers whose price is unknown, and calls whose end nobody saw and whose price is unknown.
        tokens_cached: Prompt tokens that the provider had in its cache.
        tokens_reasoning: Reply tokens that were thinking before an answer.
        uncertain_usd: The most that calls whose end nobody saw may have cost: time-outs, lost connections.
        granted_usd: Money handed out to workers under ``--max-cost-usd`` and not taken back: never less than was
            asked for, whatever was killed.
        by_kind: Accounts by class of question.
        by_model: Accounts by name of the model.
        by_worker: Accounts by number of the worker.
        caught: Mistakes and deadlocks that were put right, by the rung of the ladder that did.
        shared: Suspect steps at which fresh draws, asked as before, repeat the refuted answer more often than
            independent errors do: mistakes that all draws of a prompt share.
        votes: Sequential races by "ballots for the winner-others": what the rule learns from.
        remembered_steps: Steps decided from the cache of module outputs.
        alarms: Alarms by kind: of single steps, and of the whole run.
        climbed: How often each rung of the ladder was asked.
        races: Races in the first way to ask, by lead.
        contested: Those of them whose ballots did not all agree, by
        ``surefoot.voting.alarms.Pattern``.
        ways: Steps at which two ways to ask can be compared, by "way/cell"; see ``pair_up``.
        borrowed_calls: Calls that an earlier problem paid for answers which this one took from the cache; with
            ``calls`` they are what the problem would have cost alone.
        guarded_steps: Steps before a seam asked with a lead of 1 whose first answer is known to be right or wrong: all
            of a chain that returned its promise; else half of it, until its second run shows which one was wrong.
        refuted_steps: Those of them that were wrong.
        granted_calls: Calls handed out to workers under ``--max-calls`` and not taken back: never fewer than were
            asked, whatever was killed.
        hedged_calls: Calls made beside others that were late, for the same answers; in no other count of calls.
        tool_calls: Calls of tools that gave a result or a failure that is one.
        failed_nodes: Nodes whose failure is their result.
        put_aside: Steps that were put aside for a person.
        reviewed: Those of them that a person has answered.
        first_ballots: Disputed races by their first ballots; see ``surefoot.voting.agreed_errors.FirstBallots``.
        looks: Looks that steps were decided by, kept ones included; see ``voting/looks.py``.
        fresh_looks: Those of them that were asked of a model: as many distinct questions, where all are kept.
        shared_replies: Replies that stated several steps at once, or none although several were asked for.
        shared_steps: Steps that were taken from such replies.
        unraced_steps: Those of them that one reply decided, asked in the first way; they are in no count of races.
        evidence: Reports about assumptions that steps made.
        doubted_evidence: Answers with evidence that another way to ask did not confirm.
        revisions: Versions of plans that were given up.
        disputes: First races whose ballots came to disagree, those included that did not end: what a stop cuts short is
            mostly these, as they take longest.
        levels: Where votes are shared out anew while the run goes on: ballots of decompositions and single steps, by
            "level/what"; see ``runtime/execution/levels.py``.
    """

    steps: int = 0
    decompositions: int = 0
    calls: int = 0
    red_flags: dict[str, int] = {}
    failed_calls: int = 0
    disagreements: int = 0
    escalations: int = 0
    seam_retries: int = 0
    broken_promises: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    unpriced_calls: int = 0
    tokens_cached: int = 0
    tokens_reasoning: int = 0
    uncertain_usd: float = 0.0
    granted_usd: float = 0.0
    by_kind: dict[str, Usage] = {}
    by_model: dict[str, Usage] = {}
    by_worker: dict[str, Usage] = {}
    caught: dict[str, int] = {}
    shared: int = 0
    votes: dict[str, int] = {}
    remembered_steps: int = 0
    borrowed_calls: int = 0
    alarms: dict[str, int] = {}
    climbed: dict[str, int] = {}
    races: dict[str, int] = {}
    contested: dict[str, int] = {}
    ways: dict[str, int] = {}
    guarded_steps: int = 0
    refuted_steps: int = 0
    granted_calls: int = 0
    hedged_calls: int = 0
    tool_calls: int = 0
    failed_nodes: int = 0
    put_aside: int = 0
    reviewed: int = 0
    first_ballots: dict[str, int] = {}
    looks: int = 0
    fresh_looks: int = 0
    shared_replies: int = 0
    shared_steps: int = 0
    unraced_steps: int = 0
    evidence: int = 0
    doubted_evidence: int = 0
    revisions: int = 0
    disputes: int = 0
    levels: dict[str, int] = {}

    @property
    def known_cost_usd(self) -> float | None:
        """Money that all calls cost; ``None`` if the price of some is unknown."""
        return None if self.unpriced_calls else self.cost_usd

    @property
    def waiting(self) -> int:
        """Steps that wait for a person."""
        return max(0, self.put_aside - self.reviewed)

    def add(self, other: "Counts") -> None:
        """Add the events that were counted elsewhere to these counts."""
        # Most are 0 in a batch, and the coordinator adds every batch of a thousand workers.
        for name, theirs in zip(self.__struct_fields__, msgspec.structs.astuple(other), strict=True):
            if not theirs:
                continue
            mine = getattr(self, name)
            if not isinstance(mine, dict):
                setattr(self, name, mine + theirs)
            elif name.startswith("by_"):
                for key, account in theirs.items():
                    mine.setdefault(key, Usage()).add(account)
            else:
                tally(mine, theirs)


def tally(mine: dict[str, int], theirs: Mapping[str, int]) -> None:
    """Add one count of names to another."""
    for name, count in theirs.items():
        mine[name] = mine.get(name, 0) + count


class Batch(msgspec.Struct, frozen=True):
    """Records on their way to the journal, in one durable write.

    Attributes:
        payload: Compressed records; see ``pack``.
        counts: What happened since the last batch of this segment.
        end: How the segment ended; ``None`` while it goes on.
        events: What is worth a line in the log, as (event, context) pairs.
        alive: Holds nothing for the journal: a sign of life, and perhaps events.
        number: Of a batch that the worker waits for: it is told this number once the batch is durable; else 0.
    """

    payload: bytes
    counts: Counts
    end: "End | None" = None
    events: tuple[tuple[str, dict[str, object]], ...] = ()
    alive: bool = False
    number: int = 0


class Finished(msgspec.Struct, frozen=True, tag=True):
    """A segment ended: its node has the output that was promised."""

    output: object


class Contradicted(msgspec.Struct, frozen=True, tag=True):
    """A segment ended: what its parent's plan says of its node, in a promise or an assumption, is wrong.

    Attributes:
        path: The node.
        detail: What it returned and what was promised.
        levels: How many decompositions above the node where it began were asked again, in vain.
        evidence: What the node's chain found against an assumption that it rests on; ``None`` for a broken promise.
    """

    path: Path
    detail: str = ""
    levels: int = 0
    evidence: Evidence | None = None


class Paused(msgspec.Struct, frozen=True, tag=True):
    """The segment was asked to stop, or its model is unavailable; what it did is in its batches.

    Attributes:
        reason: Why, in one line.
        for_review: Whether nothing is wrong but that some of its steps wait for a person.
    """

    reason: str = ""
    for_review: bool = False


class Failed(msgspec.Struct, frozen=True, tag=True):
    """A segment ended in an error of its task or its model.

    Attributes:
        error: Name of the error class in ``surefoot.runtime.errors``.
        message: One line for people.
        context: What the error carries.
    """

    error: str
    message: str
    context: dict[str, object] = {}


End = Finished | Contradicted | Paused | Failed
