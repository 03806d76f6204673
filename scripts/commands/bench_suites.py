"""The suites of ``surefoot bench``, the rows of their tables, and what was published of them."""

from typing import Any

import msgspec

from surefoot.decompose.modular_planner.settings import ABLATIONS, OURS, PUBLISHED
from surefoot.decompose.step import Role
from surefoot.runtime.errors import ConfigurationError


class Suite(msgspec.Struct, frozen=True):
    """A suite of problems for ``surefoot bench``, and what was published of it.

    Attributes:
        task: Name of its task.
        options: Options of the task.
        text: One line.
        published: (method and model, % solved, % of moves invalid or ``None``); MAP, Nat. Commun. 16:8633 (2025) and
            its released results.
        always: Further methods that stand in the table.
    """

    task: str
    options: dict[str, Any]
    text: str
    published: tuple[tuple[str, float, float | None], ...] = ()
    always: tuple[str, ...] = ()


def _graph(task: str, **options: Any) -> dict[str, Any]:
    return {"question": task, **options}


SUITES = {
    "hanoi3": Suite(
        "digit-hanoi", {"numbers": 3}, "digit lists, 3 numbers, 24 problems",
        (("zero-shot, GPT-4", 11, 30), ("in-context, GPT-4", 46, 12), ("cot, GPT-4", 42, 19), ("debate, GPT-4", 25, 24),
         ("tot, GPT-4", 25, 4), ("MAP, GPT-4", 74, 0), ("MAP, Llama3-70B", 50, 2), ("MAP -decomposer, GPT-4", 50, None),
         ("MAP -search, GPT-4", 32, None), ("MAP -monitor, GPT-4", 27, 31)),
    ),
    "hanoi4": Suite(
        "digit-hanoi", {"numbers": 4}, "digit lists, 4 numbers, 80 problems",
        (("cot, GPT-4", 5, None), ("MAP, GPT-4", 24, 0)),
    ),
    "hanoi5": Suite("digit-hanoi", {"numbers": 5}, "digit lists, 5 numbers, 242 problems"),
    "steppath2": Suite("graph", _graph("steppath", steps=2), "n15star, 2 steps, 19 pairs", (("MAP, GPT-4", 100, 0),)),
    "steppath3": Suite("graph", _graph("steppath", steps=3), "n15star, 3 steps, 19 pairs", (("MAP, GPT-4", 100, 0),)),
    "steppath4": Suite(
        "graph", _graph("steppath", steps=4), "n15star, 4 steps, 19 pairs",
        (("cot, GPT-4", 47, None), ("tot, GPT-4", 50, None), ("MAP, GPT-4", 95, None)),
    ),
    "valuepath": Suite(
        "graph", _graph("valuepath"), "n15star, reward 50, avoid 10, 11 starts",
        (("cot, GPT-4", 91, None), ("tot, GPT-4", 55, None), ("MAP, GPT-4", 100, None)),
    ),
    "detour": Suite(
        "graph", _graph("detour"), "n15star, an edge moved, 13 starts",
        (("cot, GPT-4", 69, None), ("tot, GPT-4", 33, None), ("MAP, GPT-4", 85.4, None)),
    ),
    "revaluation": Suite(
        "graph", _graph("revaluation"), "n15star, rewards changed, 13 starts",
        (("cot, GPT-4", 54, None), ("tot, GPT-4", 36, None), ("MAP, GPT-4", 48, None)),
    ),
    "transfer": Suite(
        "graph", _graph("transfer"), "n15star with n7tree examples, 78 problems",
        (("in-context, GPT-4", 5, None), ("cot, GPT-4", 65, None), ("MAP, GPT-4", 80, None)),
    ),
    "blocksworld": Suite("pddl", {"generate": "blocksworld"}, "blocks, own generator, 100 instances of 4 or 5 blocks"),
    "mystery": Suite(
        "pddl", {"generate": "mystery"}, "the same under obfuscating names, 100 instances",
        (("zero-shot, GPT-4", 0.2, None), ("in-context, GPT-4", 7.8, None), ("cot, GPT-4", 10.6, None),
         ("MAP, GPT-4 (500 of PlanBench)", 27.4, None)),
    ),
    "logistics": Suite(
        "pddl", {"generate": "logistics"}, "trucks and airplanes, own generator, 100 instances",
        (("zero-shot, GPT-4", 7, None), ("in-context, GPT-4", 12, None), ("cot, GPT-4", 17, None),
         ("MAP, GPT-4 (200 of PlanBench)", 24, None)),
    ),
    "pddl": Suite("pddl", {}, "PDDL problems of your own; give --domain and --problems, or PlanBench's JSON"),
    "items": Suite("items", {}, "products and lists to sort of a file, as MAKER's JSON lines; give --file"),
    "questions": Suite(
        "questions", {}, "yes-or-no questions of a file, as StrategyQA's; give --file",
        (("always no (100 of StrategyQA)", 67, None),),
        ("always:no", "always:yes"),
    ),
}  # fmt: skip

BASELINES = ("zero-shot", "in-context", "cot", "debate", "tot", "best-of-n")
ALWAYS = ("random-legal", "oracle")
"""Rows that stand in every table, so that nobody mistakes an easy suite for a good planner."""


class Row(msgspec.Struct, frozen=True):
    """Changes that one method makes to a run's configuration.

    Attributes:
        method: Its name.
        options: Of the task.
        oracles: Modules served by an exact answer key instead of the model; none in a model's own row.
        votes: Whether the run's lead is asked for.
        plan: The plan for every problem, if no model makes one.
    """

    method: str
    options: dict[str, Any] = {}
    oracles: tuple[str, ...] = ()
    votes: bool = True
    plan: tuple[str, ...] = ()


def row_of(method: str, without: str) -> Row:
    """The table row of a method by its name: a preset or its ablation, a baseline, or ``oracle[:Module]``.

    Raises:
        ConfigurationError: There is no such method.
    """
    if method == "random-legal":
        return Row(method)
    if method.startswith("always:"):
        return Row(method, plan=(method.partition(":")[2],))
    if method.startswith("oracle"):
        _, _, module = method.partition(":")
        roles = [role.value for role in Role]
        if module and module not in roles:
            raise ConfigurationError(f"--method {method}: no module {module!r}; modules are {', '.join(roles)}")
        return Row(method, {"method": "map"}, (module,) if module else tuple(roles), bool(module))
    if method in BASELINES:
        return Row(method, {"method": method}, votes=False)
    preset, *ablations = method.split("-")
    known = (*ABLATIONS, *(PUBLISHED if preset == "paper" else OURS))
    if preset not in ("paper", "surefoot") or not {*ablations} <= {*known}:
        raise ConfigurationError(
            f"--method {method}: it takes paper or surefoot, with -{', -'.join(ABLATIONS)} behind it if wanted, also "
            f"paper-{', -'.join(PUBLISHED)}, surefoot-{', -'.join(OURS)}, "
            f"{', '.join(BASELINES)}, random-legal, oracle, oracle:MODULE"
        )
    names = ",".join(dict.fromkeys([*ablations, *filter(None, without.split(","))]))
    options = {"method": "map", "preset": preset, **({"without": names} if names else {})}
    return Row(method, options, votes="votes" not in names)
