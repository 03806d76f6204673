"""What leads are chosen from and forecasts are made from: the shape of the plan, with the rates of its questions.

Everything here is a value that is worked out once, before any lead is weighed. Questions fall into those whose mistake
a seam notices and those whose mistake is final; where every step is checked and only one way leads to a promise, no
mistake is final.
"""

import msgspec

from surefoot.decompose.outline import Outline
from surefoot.decompose.step import Step
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.decomposition_methods import method_of
from surefoot.runtime.forecast.distinct_questions import distinct_questions
from surefoot.runtime.forecast.rate_table import Rates, RateTable
from surefoot.runtime.leads import LEAF_STEPS
from surefoot.runtime.voting_rules import rule_named, takes_looks
from surefoot.voting.red_flags import RedFlag, parse_switch
from surefoot.voting.rule import Rule

CHECKS = frozenset({RedFlag.ILLEGAL, RedFlag.INCONSISTENT})
"""Red flags that hold a step against the rules of its task."""

LEAF_CHOICES = (3, 7, 15, 31, 63, 127)
"""Leaf lengths that ``--leaf-steps auto`` weighs. Longer ones save less than one call in a hundred."""

LONG_LEAVES = (255, 511)
"""Longer ones that are weighed as well where a call may answer a whole leaf."""


class ChainGroup(msgspec.Struct, frozen=True):
    """Chains of one length whose questions are answered alike.

    Attributes:
        kind: Class of the questions; empty if they are of all kinds.
        rates: How they are answered.
        count: How many chains.
        length: Steps of each.
    """

    kind: str
    rates: Rates
    count: int
    length: int


class Shape(msgspec.Struct, frozen=True):
    """A plan whose nodes of at most so many steps are not split, with the rates of its questions.

    Attributes:
        chains: What is not split further.
        splits: Decomposition steps.
        split_kind: Class of them.
        split_rates: How they are answered.
        levels: Decomposition steps that wait for each other, from the root down.
        steps: Steps of all chains.
        unguarded_steps: Steps without a seam of their own: decompositions, and without seams all others; at least 1.
        final_steps: Steps whose mistakes are final.
        unguarded_kinds: Kinds of the steps without a seam of their own; the empty kind stands for all.
        final_kinds: Kinds of the steps whose mistakes are final.
    """

    chains: tuple[ChainGroup, ...]
    splits: int
    split_kind: str
    split_rates: Rates
    levels: int
    steps: int
    unguarded_steps: int
    final_steps: int
    unguarded_kinds: frozenset[str]
    final_kinds: frozenset[str]


class Basis(msgspec.Struct, frozen=True):
    """The plan of a run before its leads are chosen.

    Attributes:
        config: The run's configuration.
        rule: The class of its voting rule.
        seams: Whether promises guard steps.
        one_way: Whether the checks that are on leave only one way from a start to a promise.
        all_caught: Whether a plan that kept its promises has no wrong step: a mistake costs calls, never the result.
        shapes: What the plan is made of, by leaf length.
        weighed: Leaf lengths to choose from.
        worst: Pessimistic error rate of the worst kind of question without a seam.
        questions: Distinct questions of the plan, where looks decide; 0 where each step has a verdict of its own.
    """

    config: RunConfig
    rule: type[Rule]
    seams: bool
    one_way: bool
    all_caught: bool
    shapes: dict[int, Shape]
    weighed: tuple[int, ...]
    worst: float
    questions: float = 0.0


def basis_of(config: RunConfig, task: Task, rates: RateTable, *leaf_steps: int) -> Basis:
    """Work out what leads and forecasts of a run need.

    Args:
        config: The run's configuration.
        task: The task.
        rates: How its questions are answered.
        leaf_steps: Leaf lengths to look at beside those that the configuration leaves open.

    Raises:
        ConfigurationError: There is no voting rule of the configured name.
    """
    seams, one_way = has_seams(config, task), leaves_one_way(config, task)
    choices = LEAF_CHOICES if config.steps_per_call == 1 else LEAF_CHOICES + LONG_LEAVES
    weighed = choices if config.leaf_steps == "auto" else (config.leaf_steps,)
    lengths = dict.fromkeys((*weighed, *leaf_steps, *((LEAF_STEPS,) if config.leaf_steps == "auto" else ())))
    shapes = {n: _shape(outline_of(config, task, n), rates, seams, final=not (seams and one_way)) for n in lengths}
    kinds = shapes[weighed[0]].unguarded_kinds
    highs = [rates.by_kind.get(kind, rates.all).p_error_high for kind in kinds]
    worst = max(highs, default=rates.all.p_error_high)
    questions = 0.0
    if takes_looks(config.rule):
        root = task.root()
        size = task.usual_steps(root.goal, root.inputs)
        questions = distinct_questions(task, size, by_role=bool(config.modules)).number
    return Basis(config, rule_named(config.rule), seams, one_way, seams and one_way, shapes, weighed, worst, questions)


def _shape(outline: Outline, rates: RateTable, seams: bool, *, final: bool) -> Shape:
    """An outline with rates; ``final`` says whether the mistake of a step without a seam is."""
    kinds = {outline.split_kind} if outline.splits else set()
    kinds = kinds if seams else kinds | {chains.kind for chains in outline.chains}
    unguarded = max(1, outline.splits + (0 if seams else outline.steps))
    return Shape(
        tuple(
            ChainGroup(one.kind, rates.by_kind.get(one.kind, rates.all), one.count, one.length)
            for one in outline.chains
        ),
        outline.splits,
        outline.split_kind,
        rates.by_kind.get(outline.split_kind, rates.all),
        outline.levels,
        outline.steps,
        unguarded,
        unguarded if final else 0,
        frozenset(kinds),
        frozenset(kinds if final else ()),
    )


def has_seams(config: RunConfig, task: Task) -> bool:
    """Whether promises will guard steps: those that a decomposition makes. The root's own is only the goal test."""
    root = task.root()
    asks = isinstance(task.decomposition_step(root.goal, root.inputs), Step)
    return config.seams and asks and method_of(config.strategy, 0).splits(task, root) and root.promise is not None


def leaves_one_way(config: RunConfig, task: Task) -> bool:
    """Whether the checks that are on leave only one way from a start to a promise; see ``Task.one_way``."""
    return task.one_way and parse_switch(config.red_flags) >= CHECKS


def outline_of(config: RunConfig, task: Task, leaf_steps: int) -> Outline:
    """What the plan is made of under the run's method; a chain is one leaf, however long."""
    return method_of(config.strategy, leaf_steps).outline(task)
