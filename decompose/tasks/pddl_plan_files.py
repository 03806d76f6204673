"""Plans as the files that validators of PDDL read."""

from typing import Any

from surefoot.decompose.tasks.pddl import PddlPlanning


def plan_text(task: PddlPlanning, output: Any) -> str:
    """Write a plan as the file that validators of PDDL read: an action a line, and the cost as a comment.

    Args:
        task: The task that was run.
        output: Its output; see ``surefoot.decompose.modular_planner.planner.outcome``.

    Raises:
        ValueError: The output holds no plan of the task's actions.
    """
    plan = output.get("plan") if isinstance(output, dict) else None
    world = task.problem_of_run().world
    if not isinstance(plan, list) or not all(isinstance(one, str) for one in plan):
        raise ValueError("the output holds no plan")
    for action in plan:
        if world.read_action(action, "compact") != action:
            raise ValueError(f"the output's plan has {action[:60]!r}, which is no action of this problem")
    costs = task.costs()
    cost = costs.of_plan(plan) if costs is not None else None
    end = f"{len(plan)} (unit cost)" if costs is None else "not known" if cost is None else f"{cost} (general cost)"
    return "".join(f"{line}\n" for line in (*plan, f"; cost = {end}"))
