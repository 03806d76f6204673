"""Repeats the published ablations of MAP with modules that err as the published ones did, and compares the order.

With equal error rates for all modules the order does not come out: an Actor that is wrong once in fifty calls hardly
needs a Monitor or a search. The published model (GPT-4) was not wrong equally often. What is known of it (MAP, Nat.
Commun. 16:8633, and its released results):

- of the first run's failures none was the Monitor's, the Predictor's or the Orchestrator's: they are exact here;
- 2 of 24 decompositions were bad: 8 %;
- the Evaluator is told a rule of thumb (the sum of distances) by its prompt, and follows it: 80 % of its answers;
- without Monitor 31 % of the moves are invalid, and without search 32 % of the problems are solved: the Actor's
  proposals are mostly not the best ones. 65 % of its answers are others: of two proposals, any, valid or not.

The last two rates are fitted, to the full planner (74 %) and to the one without search (32 %). That the Monitor's
absence hurts most, and that of the TaskDecomposer least, is not.

    python -m surefoot.scripts.benchmarks.ablations [--repeats N] [options of ``surefoot bench hanoi3``]
"""

import sys

from surefoot.scripts.commands.cli import main

MODULES = (
    "Actor.model=simulated:p_error=0.65; Evaluator.model=simulated:p_error=0.8; "
    "TaskDecomposer.model=simulated:p_error=0.08"
)
ROWS = ("paper", "paper-decomposer", "paper-search", "paper-monitor")
"""Best first, as published: 74, 50, 32 and 27 % solved."""


def arguments(more: list[str]) -> list[str]:
    """The command line of the ablation benchmark, with further options."""
    rows = [part for row in ROWS for part in ("--method", row)]
    return ["bench", "hanoi3", "--model", "simulated", "--modules", MODULES, "--k", "1", *rows, *more]


if __name__ == "__main__":
    main(arguments(sys.argv[1:]))
