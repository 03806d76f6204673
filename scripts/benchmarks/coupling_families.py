"""The families of plans with hidden facts that the coupling benchmark runs: gates with towers, and crafting."""

from collections.abc import Callable
from typing import Any

import msgspec

from surefoot.decompose.answer_keys import crafting as crafting_key
from surefoot.decompose.answer_keys import gates as gates_key
from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.referees.crafting import fault_in
from surefoot.decompose.referees.gates import fault_at
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.crafting import INGREDIENTS, Crafting, supported
from surefoot.decompose.tasks.gates import Gates, open_side


class Family(msgspec.Struct, frozen=True):
    """What the benchmark has to know of one family.

    Attributes:
        plan: The kind of the question that chooses, for which a lucky planner has the right answer.
        answers: The answer key.
        options: From a world, a number of hidden facts and the disks to the options of the task of the same name.
        luck: From a world and a number of hidden facts to the choice that is right.
        is_right: Whether a referee, who knows the world as no run does, finds nothing wrong with an output.
    """

    plan: str
    answers: Callable[[Prompt], Answers]
    options: Callable[[int, int, int], dict[str, Any]]
    luck: Callable[[int, int], str]
    is_right: Callable[[dict[str, Any], Any], bool]


def _gates_options(world: int, facts: int, disks: int) -> dict[str, Any]:
    return {"world": world, "gates": facts, "disks": disks}


def _open_sides(world: int, facts: int) -> str:
    return " ".join(open_side(world, gate) for gate in range(1, facts + 1))


def _way_is_right(options: dict[str, Any], output: Any) -> bool:
    task = Gates(**options)
    width = 1 + task.towers
    parts = [output[gate * width : (gate + 1) * width] for gate in range(task.gates)]
    return all(fault_at(task, gate, part) is None for gate, part in enumerate(parts, start=1))


def _crafting_options(world: int, facts: int, disks: int) -> dict[str, Any]:
    """A batch has as many pieces as a tower of so many disks has moves: the same work for each hidden fact."""
    return {"world": world, "ingredients": facts, "pieces": (1 << disks) - 1}


def _supported(world: int, facts: int) -> str:
    return " ".join(supported(world, name) for name in INGREDIENTS[:facts])


def _item_is_right(options: dict[str, Any], output: Any) -> bool:
    return fault_in(Crafting(**options), output) is None


FAMILIES = {
    "gates": Family("route", gates_key.answers, _gates_options, _open_sides, _way_is_right),
    "crafting": Family("recipes", crafting_key.answers, _crafting_options, _supported, _item_is_right),
}
"""By name of the task."""
