"""Crafting by recipes: hidden facts that a prompt never shows, exact stores, and a referee who knows the world."""

from typing import Any

import pytest

from surefoot.decompose.answer_keys.crafting import answers
from surefoot.decompose.assumptions import Assumption, Evidence, Findings
from surefoot.decompose.referees.crafting import crafted, fault_at, fault_in, verify
from surefoot.decompose.step import Call, Done, Flag, Prompt, Step
from surefoot.decompose.tasks.crafting import (
    INGREDIENTS,
    RECIPES,
    TOOLS,
    Assemble,
    Craft,
    Crafting,
    Inspect,
    Workshop,
    needs,
    supported,
)

TASK = Crafting(ingredients=3, pieces=4, batches=1, world=7)
RIGHT = [supported(7, name) for name in TASK.names]
OTHER = {"forge": "cast", "cast": "forge"}


def worked(goal: Any, inputs: tuple[Any, ...]) -> Any:
    """What a part puts out when every voted step is answered as the key says."""
    state = TASK.begin(goal, inputs)
    while not isinstance(step := TASK.next_step(goal, state), Done):
        assert isinstance(step, Step)
        known = answers(TASK.prompt(step, "compact"))
        assert known.right[0] not in known.wrong
        assert all(not isinstance(TASK.parse(step, text, "compact"), Flag) for text in (*known.right, *known.wrong))
        state = TASK.advance(goal, state, known.right[0])
    return step.output


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("ingredient", TASK.names)
def test_the_stores_of_the_key_are_those_of_the_recipe_and_of_no_other(ingredient: str, recipe: str) -> None:
    made_by, stores = worked(Craft(ingredient, 0), (recipe,))
    assert made_by == recipe
    assert crafted(TASK, ingredient, recipe, stores)
    assert not crafted(TASK, ingredient, OTHER[recipe], stores)
    assert not crafted(TASK, ingredient, recipe, stores[:-1])


def test_the_two_recipes_of_an_ingredient_differ() -> None:
    assert all(needs(name, "forge") != needs(name, "cast") for name in INGREDIENTS)


def test_benches_support_either_recipe_one_time_in_two() -> None:
    recipes = [supported(world, name) for world in range(200) for name in INGREDIENTS]
    assert 0.46 < recipes.count("forge") / len(recipes) < 0.54


def test_nothing_that_is_asked_shows_which_recipe_is_supported() -> None:
    """Two worlds ask the same until somebody looked."""
    one, other = Crafting(world=1), Crafting(world=2)
    assert [one.look(name) for name in INGREDIENTS] != [other.look(name) for name in INGREDIENTS]
    goal = Workshop()
    assert one.decomposition_step(goal, one.root().inputs) == other.decomposition_step(goal, other.root().inputs)
    craft = Craft("nails", 0)
    steps = [task.next_step(craft, task.begin(craft, ("cast",))) for task in (one, other)]
    assert steps[0] == steps[1]


def looked(recipe: str) -> tuple[Any, Any]:
    """A look at the second bench: its state and what it asks."""
    goal = Inspect(TASK.names[1])
    state = TASK.begin(goal, (recipe,))
    assert TASK.next_step(goal, state) == Call("look", {"ingredient": goal.ingredient})
    state = TASK.advance(goal, state, TASK.tools()["look"](goal.ingredient))
    return state, TASK.next_step(goal, state)


def test_a_look_at_the_wrong_tools_reports_the_recipe_it_rests_on() -> None:
    wrong, goal = OTHER[RIGHT[1]], Inspect(TASK.names[1])
    state, step = looked(wrong)
    assert TOOLS[RIGHT[1]] in step.reads.facts
    assert answers(TASK.prompt(step, "compact")).right == ("no",)
    found = TASK.evidence(goal, state, step, "no")
    assert found == (Evidence(Assumption(goal.ingredient, wrong), "contradicts", found=RIGHT[1]),)
    assert TASK.evidence(goal, state, step, "yes") == ()


def test_a_look_at_the_right_tools_returns_its_recipe() -> None:
    state, step = looked(RIGHT[1])
    assert answers(TASK.prompt(step, "compact")).right == ("yes",)
    goal = Inspect(TASK.names[1])
    assert TASK.next_step(goal, TASK.advance(goal, state, "yes")) == Done(RIGHT[1])


def test_the_first_choice_is_a_guess_and_later_ones_change_what_was_unsupported_only() -> None:
    first = TASK.decomposition_step(Workshop(), TASK.root().inputs)
    assert isinstance(first, Step)
    assert first.lead == 1
    assert len(set(answers(TASK.prompt(first, "compact")).right)) == 8
    before = tuple(Assumption(name, "forge") for name in TASK.names)
    findings = Findings((Evidence(before[1], "contradicts", found="cast"),), before)
    again = TASK.decomposition_step(Workshop(), (3, findings))
    assert isinstance(again, Step)
    assert again.lead is None
    known = answers(TASK.prompt(again, "chat", 2))
    assert known.right == ("answer = forge cast forge",)
    assert len(known.wrong) == 3


def test_every_part_of_an_ingredient_rests_on_its_recipe() -> None:
    children = TASK.expand(Workshop(), TASK.root().inputs, "forge cast forge").children
    assert [child.rests_on for child in children[:4]] == [(Assumption("nails", "forge"),)] * 2 + [
        (Assumption("hinges", "cast"),)
    ] * 2
    assert children[-1].goal == Assemble()
    assert children[-1].rests_on == ()
    assert len(children[-1].inputs) == 6
    flag = TASK.check(Step("recipes", None, None), "forge")  # type: ignore[arg-type]
    assert flag is not None
    assert flag.name == "inconsistent"
    with pytest.raises(ValueError, match="zip"):
        TASK.expand(Workshop(), TASK.root().inputs, "forge")


def item(recipes: list[str]) -> Any:
    """An item crafted without a slip by these recipes."""
    parts = [one for name, by in zip(TASK.names, recipes, strict=True) for one in (by, worked(Craft(name, 0), (by,)))]
    return worked(Assemble(), tuple(parts))


def test_the_referee_knows_the_world() -> None:
    class Plan(list[Any]):
        output: Any = item(RIGHT)

    assert verify(TASK, Plan()).reached_goal
    Plan.output = item([OTHER[RIGHT[0]], *RIGHT[1:]])
    wrong = verify(TASK, Plan())
    assert not wrong.reached_goal
    assert "nails: the bench does not support" in str(wrong.first_error)
    parts, fitted = item(RIGHT)
    assert "order of the blueprint" in str(fault_in(TASK, [parts, fitted[::-1]]))
    assert "came instead of" in str(fault_at(TASK, "nails", [RIGHT[0]]))
    assert "was not made by" in str(fault_at(TASK, "nails", [RIGHT[0], [RIGHT[0], []]]))
    assert "does not support" in str(fault_in(TASK, None))


@pytest.mark.parametrize("kind", ["craft", "look", "assemble", "recipes"])
def test_the_key_answers_prompts_that_it_cannot_read(kind: str) -> None:
    known = answers(Prompt(f"{kind} something else"))
    assert known.right
    assert known.wrong


def test_a_pilot_is_asked_what_has_one_right_answer() -> None:
    """Recipes are guessed as long as nothing is known: guesses that differ say nothing of a model's errors."""
    for task in (Crafting(ingredients=3, pieces=4), Crafting(ingredients=2, batches=0)):
        asked = [task.sample_step(number) for number in range(512)]
        assert {step.kind for step in asked} == {"look", "assemble"} | ({"craft"} if task.batches else set())
        for step in asked:
            known = answers(task.prompt(step, "chat"))
            assert len(known.right) == 1
            assert known.wrong
