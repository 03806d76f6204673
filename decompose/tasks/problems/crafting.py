"""Crafting trees in the style of TextCraft (arXiv 2311.05772): recipes in levels, and how much of a thing is needed."""

import random
import re

import msgspec

THINGS = (
    "anvil", "arch", "axe", "barrel", "basket", "beam", "bed", "bell", "bench", "boat", "bow", "box", "brick",
    "bridge", "broom", "bucket", "cart", "chain", "chair", "chest", "cloak", "comb", "crate", "door", "drum",
    "fence", "flute", "gate", "glove", "hammer", "harp", "hinge", "hook", "jar", "kite", "ladder", "lamp", "latch",
    "loom", "mast", "mill", "needle", "net", "oar", "oven", "pick", "pipe", "plank", "plough", "pump", "raft",
    "rake", "ring", "rope", "saddle", "sail", "saw", "shelf", "shield", "sledge", "spade", "spoon", "stove",
    "table", "tent", "tile", "tower", "tray", "wagon", "wheel",
)  # fmt: skip
RAW = ("clay", "iron", "log", "wool")
"""What is found and not made."""


class Recipe(msgspec.Struct, frozen=True):
    """What one thing is made of: amounts by name."""

    name: str
    needs: tuple[tuple[int, str], ...]

    def __str__(self) -> str:
        return f"1 {self.name} needs {' and '.join(f'{count} {what}' for count, what in self.needs)}"


def pose(rng: random.Random, size: int) -> str:
    """Return a question over so many recipes, at most as many as there are things to make."""
    names = rng.sample(THINGS, min(size, len(THINGS)))
    raw = rng.choice(RAW)
    recipes = [Recipe(names[0], ((rng.randint(1, 3), raw),))]
    for number, name in enumerate(names[1:], start=1):
        below = rng.sample(names[max(0, number - 3) : number], min(2, number))
        if len(below) < 2 or rng.random() < 0.3:
            below = [below[0], rng.choice([one for one in RAW if one != raw])]
        recipes.append(Recipe(name, tuple((rng.randint(1, 2), one) for one in below)))
    rng.shuffle(recipes)
    return worded(tuple(recipes), raw, names[-1])


def worded(recipes: tuple[Recipe, ...], raw: str, made: str) -> str:
    """Return the question how much of a raw thing a made one needs."""
    return f"{'; '.join(map(str, recipes))}: how many {raw} does 1 {made} need?"


def read(question: str) -> tuple[dict[str, Recipe], str, str] | None:
    """Return the recipes by name, the raw thing and the made one; ``None`` where it asks something else."""
    found = re.fullmatch(r"(1 .+): how many (\w+) does 1 (\w+) need\?", question)
    if found is None:
        return None
    recipes = {}
    for text in found[1].split("; "):
        one = re.fullmatch(r"1 (\w+) needs (.+)", text)
        needs = [re.fullmatch(r"(\d{1,9}) (\w+)", part) for part in one[2].split(" and ")] if one else [None]
        if one is None or None in needs:
            return None
        recipes[one[1]] = Recipe(one[1], tuple((int(need[1]), need[2]) for need in needs if need is not None))
    return recipes, found[2], found[3]
