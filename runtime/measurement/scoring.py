"""Scores sampled answers against an answer key: which are right, which are wrong, and at which states it goes wrong."""

from collections import Counter, defaultdict
from collections.abc import Sequence

import msgspec

from surefoot.decompose.step import Step
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.execution.sampling import sampled_step
from surefoot.runtime.forecast.estimates import Sample
from surefoot.runtime.forecast.measured import ReplyExample, StateRate
from surefoot.runtime.models.factory import AnswerKey
from surefoot.voting.error_rate import clopper_pearson

STATES_TOLD = 20
"""States that a measurement names, the worst first."""
EXAMPLES = 2
"""Examples of each kind of question and of each way in which its replies fail."""
LONGEST = 400
"""Characters of a prompt's end or of a reply that are shown."""


class Scored(msgspec.Struct, frozen=True):
    """A sampled step with its answers scored.

    Attributes:
        sample: The step with its ballots.
        asked: The text it was asked with; two steps with the same text are one state.
        right: The right answer in canonical form.
        wrong: For each ballot whether it is wrong; ``None`` if it is spoiled.
    """

    sample: Sample
    asked: str
    right: str
    wrong: tuple[bool | None, ...]

    @property
    def readable(self) -> list[bool]:
        """Of the unspoiled ballots, in the order drawn, whether each is wrong."""
        return [flag for flag in self.wrong if flag is not None]


def scored(config: RunConfig, task: Task, key: AnswerKey, samples: Sequence[Sample]) -> list[Scored]:
    """Score every sampled answer as right, wrong or unreadable.

    Args:
        config: As the sample was asked.
        task: The task.
        key: Right answers to a prompt.
        samples: Steps with their ballots.
    """
    return [_scored(task, key, sampled_step(config, task, sample.number), sample) for sample in samples]


def _scored(task: Task, key: AnswerKey, step: Step, sample: Sample) -> Scored:
    prompt = task.prompt(step, "compact")
    right = str(task.parse(step, key(prompt).right[0], "chat" if prompt.system else "compact"))
    wrong = tuple(None if ballot.candidate is None else ballot.candidate != right for ballot in sample.ballots)
    return Scored(sample, prompt.user, right, wrong)


def states_of(found: Sequence[Scored]) -> list[StateRate]:
    """Tally every state that was asked, the worst first: by how far its best wrong answer is ahead of the right one.

    Samples with the same question are one state.
    """
    groups: dict[tuple[str, str], list[Scored]] = defaultdict(list)
    for one in found:
        groups[one.sample.kind, one.asked].append(one)
    states = [_state(kind, those) for (kind, _), those in groups.items()]
    return sorted(states, key=lambda state: (state.right_share - state.wrong_share, state.readable == 0, state.number))


def _state(kind: str, those: Sequence[Scored]) -> StateRate:
    named: Counter[str] = Counter()
    looks = [b.shares for one in those for b in one.sample.ballots if b.shares]
    for one in those:
        named.update(b.candidate for b in one.sample.ballots if b.candidate is not None)
    answers, readable, right = sum(len(one.wrong) for one in those), named.total(), those[0].right
    weighed = _weighed(looks) if looks else dict(named)
    others = sorted((-n, name) for name, n in weighed.items() if name != right)
    most, wrong = (-others[0][0], others[0][1]) if others else (0.0, "")
    hits = weighed.get(right, 0.0)
    # Of answers only those two count: the share of the wrong one among them is above one half for sure if its interval
    # says so. A look is no sample: what it says is what the model says.
    sure = most > hits and (bool(looks) or clopper_pearson(int(most), int(most + hits), 0.9).low > 0.5)
    return StateRate(
        kind=kind,
        number=those[0].sample.number,
        question=those[0].asked[-LONGEST:],
        right=right,
        right_share=hits / max(1, readable),
        wrong=wrong,
        wrong_share=most / max(1, readable),
        readable=readable,
        answers=answers,
        lost=most > hits,
        surely_lost=sure,
    )


def _weighed(looks: Sequence[tuple[tuple[str, float], ...]]) -> dict[str, float]:
    """Sum of the shares of each answer over the looks at a state."""
    found: dict[str, float] = defaultdict(float)
    for look in looks:
        for name, share in look:
            found[name] += share
    return dict(found)


def examples_of(found: Sequence[Scored]) -> list[ReplyExample]:
    """Pick examples of wrong and of discarded replies: a few of each kind of question and of each red flag."""
    told: Counter[tuple[str, str]] = Counter()
    examples = []
    for one in found:
        for reply in one.sample.replies:
            failing = reply.flag or ("wrong" if reply.read != one.right else "")
            cell = (one.sample.kind, failing)
            if not failing or told[cell] >= EXAMPLES:
                continue
            told[cell] += 1
            examples.append(
                ReplyExample(
                    kind=one.sample.kind,
                    question=one.asked[-LONGEST:],
                    reply=reply.text[:LONGEST],
                    flag=reply.flag,
                    read="" if reply.flag else reply.read[:LONGEST],
                    reason=reply.read[:LONGEST] if reply.flag else "",
                    right=one.right,
                )
            )
    return sorted(examples, key=lambda example: (example.kind, example.flag))
