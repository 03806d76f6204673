"""Checks a crafted item against the world itself. Nothing that decides imports it."""

from typing import Any

from surefoot.decompose.referees.verification import FinishedPlan, Verification
from surefoot.decompose.tasks.crafting import Crafting, needs, supported


def verify(task: Crafting, plan: FinishedPlan) -> Verification:
    """Take the item apart: benches support the recipes, every store follows from the one before, all is fitted."""
    count = sum(1 for _ in plan)
    wrong = fault_in(task, plan.output)
    return Verification(wrong is None, wrong is None, count, wrong)


def fault_in(task: Crafting, output: Any) -> str | None:
    """Return what is wrong with an item, or ``None``.

    Args:
        task: The task.
        output: The parts as they came in, and the order in which they were fitted.
    """
    parts, fitted = output or ((), ())
    width = 1 + task.batches
    for number, name in enumerate(task.names):
        wrong = fault_at(task, name, parts[number * width : (number + 1) * width])
        if wrong is not None:
            return f"{name}: {wrong}"
    return None if tuple(fitted) == task.names else "the parts are not fitted in the order of the blueprint"


def fault_at(task: Crafting, ingredient: str, part: Any) -> str | None:
    """Return what is wrong with one ingredient, or ``None``.

    Args:
        task: The task.
        ingredient: Its name.
        part: The recipe that was taken, and for each batch the recipe and the stores.
    """
    recipe, *batches = part or [None]
    if recipe != supported(task.world, ingredient):
        return f"the bench does not support the recipe {recipe}"
    if len(batches) != task.batches:
        return f"{len(batches)} batches came instead of {task.batches}"
    for made_by, stores in batches:
        if made_by != recipe or not crafted(task, ingredient, recipe, stores):
            return f"a batch was not made by {recipe}"
    return None


def crafted(task: Crafting, ingredient: str, recipe: str, stores: Any) -> bool:
    """Return whether stores are those of a whole batch: from the stock, each one piece after the one before."""
    ore, coal = needs(ingredient, recipe)
    left = range(task.pieces, -1, -1)
    return list(stores) == [f"{ore * rest} {coal * rest} {task.pieces - rest}" for rest in left]
