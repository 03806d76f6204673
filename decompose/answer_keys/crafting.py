"""Right and wrong answers about recipes and parts, from a prompt's text alone. Nothing that decides imports it."""

import itertools
import re

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.answer_keys.turns import answers_by
from surefoot.decompose.step import Prompt

OTHER = {"forge": "cast", "cast": "forge"}


def answers(prompt: Prompt) -> Answers:
    """Return the replies to a question: where the prompt lacks a fact, choices that fit what it says."""
    return answers_by(_solve, prompt)


def _solve(kind: str, facts: str) -> tuple[list[str], list[str]]:
    if kind == "look":
        return _look(facts)
    if kind == "craft":
        return _craft(facts)
    return _assemble(facts) if kind == "assemble" else _recipes(facts)


def _look(facts: str) -> tuple[list[str], list[str]]:
    found = re.fullmatch(r"\w+: \w+ needs (.*); on the bench: (.*)", facts)
    right = "yes" if found is not None and found[1] == found[2] else "no"
    return [right], [{"yes": "no", "no": "yes"}[right]]


def _craft(facts: str) -> tuple[list[str], list[str]]:
    found = re.fullmatch(r"one piece takes (\d+) ore and (\d+) coal; store: (\d+) (\d+) (\d+)", facts)
    if found is None:
        return ["0 0 1"], ["0 0 0"]
    takes_ore, takes_coal, ore, coal, pieces = map(int, found.groups())
    right = (ore - takes_ore, coal - takes_coal, pieces + 1)
    slips = itertools.product((right[0], ore, right[0] + 1), (right[1], coal, right[1] + 1), (right[2], pieces))
    return [f"{right[0]} {right[1]} {right[2]}"], [f"{one} {two} {three}" for one, two, three in slips]


def _assemble(facts: str) -> tuple[list[str], list[str]]:
    found = re.fullmatch(r"blueprint: (.*); fitted: (.*)", facts)
    names = found[1].split() if found is not None else ["nails"]
    fitted = found[2].split() if found is not None else []
    return [next((one for one in names if one not in fitted), names[-1])], names


def _recipes(facts: str) -> tuple[list[str], list[str]]:
    found = re.fullmatch(r"for (.*); chosen before: (.*); found unsupported: (.*)", facts)
    if found is None:
        return ["forge"], ["cast"]
    names = found[1].split(", ")
    if found[2] == "nothing":
        return [" ".join(guess) for guess in itertools.product(OTHER, repeat=len(names))], []
    failed = dict(re.findall(r"(\w+) (forge|cast)", found[3]))
    before = dict(zip(names, found[2].split(), strict=False))
    right = [OTHER[recipe] if failed.get(name) == recipe else recipe for name, recipe in before.items()]
    slips = [[*right[:at], OTHER[right[at]], *right[at + 1 :]] for at in range(len(right))]
    return [" ".join(right)], [" ".join(one) for one in slips]
