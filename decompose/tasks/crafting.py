"""An item that is crafted from parts, each by one of two recipes, of which its bench supports one: a hidden fact.

A voted question says which recipe to take for every ingredient; nothing tells beforehand, so it is a guess. Somebody
looks at each bench, while crafters already make pieces by the recipe that was chosen, one voted step a piece. Which
tools lie on a bench is the world's and comes from a tool; whether they are enough for the recipe is a voted question.
"""

import hashlib
from typing import Annotated, Any, ClassVar

import msgspec

from surefoot.decompose.assumptions import Assumption, Evidence, Findings
from surefoot.decompose.plan import Child, Expansion, Literal, Node, Ref
from surefoot.decompose.step import Call, Done, Flag, Step
from surefoot.decompose.tasks.turns import Turns, turn

INGREDIENTS = ("nails", "hinges", "bolts", "plates", "hooks", "rings", "blades", "bars")
"""What the item is made of, in the order in which it is fitted."""
RECIPES = ("forge", "cast")
TOOLS = {"forge": "hearth and hammer", "cast": "ladle and mould"}
"""The tools that a recipe needs, and that lie on a bench that supports it."""


class Workshop(msgspec.Struct, frozen=True, tag=True):
    """Choose recipes, craft all parts, and assemble the item."""


class Inspect(msgspec.Struct, frozen=True, tag=True):
    """Look at the bench of an ingredient."""

    ingredient: str


class Craft(msgspec.Struct, frozen=True, tag=True):
    """Craft one batch of an ingredient by the chosen recipe."""

    ingredient: str
    batch: int


class Assemble(msgspec.Struct, frozen=True, tag=True):
    """Fit the parts together, in the order of the blueprint."""


class Looking(msgspec.Struct, frozen=True):
    """Which recipe is meant, what lies on the bench, and whether that is enough."""

    recipe: str
    seen: str = ""
    means: str = ""


class Making(msgspec.Struct, frozen=True):
    """By which recipe pieces are made, and the store after each piece: ore, coal, pieces."""

    recipe: str
    stores: tuple[str, ...]


class Fitting(msgspec.Struct, frozen=True):
    """The parts that came in, and the ingredients fitted so far."""

    parts: tuple[Any, ...]
    fitted: tuple[str, ...] = ()


class Crafting(Turns, frozen=True, kw_only=True):
    """An item crafted by recipes, of which nobody knows beforehand which one each bench supports."""

    ingredients: Annotated[int, msgspec.Meta(ge=1, le=8, description="ingredients, each with one hidden fact")] = 8
    pieces: Annotated[int, msgspec.Meta(ge=1, le=999, description="pieces of each batch")] = 15
    batches: Annotated[int, msgspec.Meta(ge=0, le=16, description="batches crafted of each ingredient")] = 2
    world: Annotated[int, msgspec.Meta(ge=0, description="which recipes the benches support")] = 0

    wordings: ClassVar[int] = 7
    about: ClassVar[dict[str, tuple[str, ...]]] = {
        "recipes": (
            "Choose a recipe, forge or cast, for every ingredient. Keep what was chosen before, but for what failed.",
            "Name the recipe of each ingredient in order. Where one is unsupported take the other; leave the rest.",
            "One recipe for each ingredient is wanted: change the earlier choice only where it was found unsupported.",
            "Give a recipe for each ingredient: as before, and the other one wherever the bench does not support it.",
            "By which recipe is each ingredient made? One that was found unsupported is left for the other.",
            "List the recipes in order. Begin from those chosen before and change only those that benches refused.",
            "For every ingredient say forge or cast. What was chosen stays unless it was found unsupported.",
        ),
        "look": (
            "Does the bench support the recipe? It does when the tools that the recipe needs lie on it.",
            "Say whether the tools on the bench are those that the recipe needs: yes or no.",
            "Judge from what lies on the bench whether one can work there by this recipe.",
            "Compare the tools that are there with those of the recipe: is it supported?",
            "Somebody wants to work by this recipe at this bench. Are the tools for it there?",
            "Is this bench laid out for this recipe? Yes if its tools are there, no if they are others.",
            "Look at the tools: do they belong to the recipe that was chosen?",
        ),
        "craft": (
            "One piece is crafted. What is in the store afterwards: ore, coal, pieces?",
            "Take from the store what one piece needs, add the piece, and give the three numbers.",
            "Give the ore, the coal and the pieces that are there once one more piece is made.",
            "Make one piece: less ore and less coal as the recipe says, one piece more. Which numbers are left?",
            "How does the store stand after one more piece? Say ore, coal and pieces.",
            "Subtract what the recipe uses for a piece and count the piece: the new ore, coal and pieces.",
            "One piece later: say how much ore, how much coal and how many pieces there are.",
        ),
        "assemble": (
            "Which ingredient is fitted next? Go by the order of the blueprint.",
            "Name the first ingredient of the blueprint that is not fitted yet.",
            "The item is assembled in the order of the blueprint: say what comes next.",
            "Go along the blueprint and name the ingredient after the last one that was fitted.",
            "What does the blueprint say to fit now? Name that ingredient.",
            "Say the next ingredient to be fitted, in the blueprint's order.",
            "Which is the earliest ingredient of the blueprint that is still missing?",
        ),
    }
    form: ClassVar[dict[str, str]] = {
        "recipes": "RECIPE RECIPE ...", "look": "yes or no", "craft": "ORE COAL PIECES", "assemble": "INGREDIENT"
    }  # fmt: skip
    pattern: ClassVar[dict[str, str]] = {
        "recipes": r"(forge|cast)( (forge|cast))*",
        "look": r"yes|no",
        "craft": r"[0-9]{1,5} [0-9]{1,5} [0-9]{1,5}",
        "assemble": "|".join(INGREDIENTS),
    }
    summary: ClassVar[str] = "An item crafted by recipes that benches may not support: a plan revised while it runs"

    @property
    def names(self) -> tuple[str, ...]:
        """The ingredients of this item, in the order of the blueprint."""
        return INGREDIENTS[: self.ingredients]

    def root(self) -> Node:
        """Return the whole item as a node, which is told what was found."""
        return Node((), Workshop(), (self.ingredients, Findings()))

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Step | None:
        """Ask for a recipe for every ingredient: several answers are right until something is known."""
        if not isinstance(goal, Workshop):
            return None
        findings = inputs[1]
        before = " ".join(str(one.value) for one in findings.before) or "nothing"
        failed = ", ".join(f"{one.assumption.name} {one.assumption.value}" for one in findings.evidence) or "nothing"
        shown = f"for {', '.join(self.names)}; chosen before: {before}; found unsupported: {failed}"
        step = turn("recipes", shown, 8 + 4 * self.ingredients)
        return step if findings.evidence else msgspec.structs.replace(step, lead=1)

    def expand(self, goal: Any, inputs: tuple[Any, ...], candidate: str) -> Expansion:
        """Return a look and batches for each ingredient, which rest on its recipe, and the assembly of them all.

        Raises:
            ValueError: There are more or fewer recipes than ingredients.
        """
        children: list[Child] = []
        for name, recipe in zip(self.names, candidate.split(), strict=True):
            goals = (Inspect(name), *(Craft(name, batch) for batch in range(self.batches)))
            children += [Child(one, (Literal(recipe),), rests_on=(Assumption(name, recipe),)) for one in goals]
        return Expansion((*children, Child(Assemble(), tuple(Ref(number) for number in range(len(children))))))

    def check(self, step: Step, candidate: str) -> Flag | None:
        """Flag a choice with a wrong number of recipes."""
        if step.kind == "recipes" and len(candidate.split()) != self.ingredients:
            return Flag("inconsistent", f"{len(candidate.split())} recipes for {self.ingredients} ingredients")
        return None

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Any:
        """Return where a look, a batch or the assembly begins."""
        if isinstance(goal, Inspect):
            return Looking(inputs[0])
        if isinstance(goal, Craft):
            return Making(inputs[0], (self.stock(goal.ingredient, inputs[0]),))
        return Fitting(inputs)

    def stock(self, ingredient: str, recipe: str) -> str:
        """Return the store in which a batch begins: what all its pieces need, and no piece."""
        ore, coal = needs(ingredient, recipe)
        return f"{ore * self.pieces} {coal * self.pieces} 0"

    def next_step(self, goal: Any, state: Any) -> Step | Call | Expansion | Done:
        """Look and judge, craft the next piece, or fit the next part."""
        if isinstance(goal, Inspect):
            return self._inspect(goal.ingredient, state)
        if isinstance(goal, Craft):
            if len(state.stores) > self.pieces:
                return Done([state.recipe, list(state.stores)])
            ore, coal = needs(goal.ingredient, state.recipe)
            return turn("craft", f"one piece takes {ore} ore and {coal} coal; store: {state.stores[-1]}", 16)
        if len(state.fitted) == self.ingredients:
            return Done([list(state.parts), list(state.fitted)])
        return turn("assemble", f"blueprint: {' '.join(self.names)}; fitted: {' '.join(state.fitted) or 'nothing'}", 8)

    def _inspect(self, ingredient: str, state: Looking) -> Step | Call | Done:
        if not state.seen:
            return Call("look", {"ingredient": ingredient})
        shown = f"{ingredient}: {state.recipe} needs {TOOLS[state.recipe]}; on the bench: {state.seen}"
        return Done(state.recipe) if state.means else turn("look", shown, 8)

    def advance(self, goal: Any, state: Any, candidate: Any) -> Any:
        """Take in what was seen, what it means, a store, or a part that was fitted."""
        if isinstance(goal, Craft):
            return Making(state.recipe, (*state.stores, candidate))
        if isinstance(goal, Assemble):
            return Fitting(state.parts, (*state.fitted, candidate))
        return Looking(state.recipe, state.seen or candidate, candidate if state.seen else "")

    def evidence(self, goal: Any, state: Any, asked: Any, answer: Any) -> tuple[Evidence, ...]:
        """Report a recipe that the bench does not support: it supports the other one."""
        if not isinstance(asked, Step) or asked.kind != "look" or answer != "no":
            return ()
        other = RECIPES[1 - RECIPES.index(state.recipe)]
        return (Evidence(Assumption(goal.ingredient, state.recipe), "contradicts", found=other),)

    def tools(self) -> dict[str, Any]:
        """Return the world's own answer to looking at a bench."""
        return {"look": self.look}

    def look(self, ingredient: str) -> str:
        """Say which tools lie on the bench of an ingredient."""
        return TOOLS[supported(self.world, ingredient)]

    def sample_step(self, number: int) -> Step:
        """Draw a look, a part to fit, or, six times in eight, a piece; guesses, which differ rightly, are left out."""
        name, recipe = self.names[number // 8 % self.ingredients], RECIPES[number // 64 % 2]
        if number % 8 == 0:
            seen = TOOLS[RECIPES[number // 128 % 2]]
            return turn("look", f"{name}: {recipe} needs {TOOLS[recipe]}; on the bench: {seen}", 8)
        if number % 8 == 1 or not self.batches:
            fitted = self.names[: self.names.index(name)]
            return turn("assemble", f"blueprint: {' '.join(self.names)}; fitted: {' '.join(fitted) or 'nothing'}", 8)
        ore, coal = needs(name, recipe)
        done = number % self.pieces
        left = self.pieces - done
        return turn("craft", f"one piece takes {ore} ore and {coal} coal; store: {ore * left} {coal * left} {done}", 16)

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return the most steps that a node takes."""
        if isinstance(goal, Workshop):
            return self.ingredients * (3 + self.batches * self.pieces) + 1
        return 2 if isinstance(goal, Inspect) else self.pieces if isinstance(goal, Craft) else self.ingredients


def needs(ingredient: str, recipe: str) -> tuple[int, int]:
    """Return the ore and the coal that one piece takes; the two recipes of an ingredient differ."""
    number = INGREDIENTS.index(ingredient)
    return (2 + number % 3, 1) if recipe == "forge" else (1 + number % 3, 2)


def supported(world: int, ingredient: str) -> str:
    """Return the recipe that a bench supports: the hidden fact, which only the world's tool and a referee look at."""
    return RECIPES[hashlib.blake2b(f"{world} {ingredient}".encode(), digest_size=1).digest()[0] & 1]
