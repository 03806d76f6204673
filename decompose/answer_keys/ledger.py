"""Right and plausible wrong entries of an edited ledger, read off the prompt. Nothing that decides imports it."""

import re

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.answer_keys.turns import answers_by
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.ledger import edited


def answers(prompt: Prompt) -> Answers:
    """Return the entry after the change; wrong with the change left out, turned round, or off by one."""
    return answers_by(_solve, prompt)


def _solve(kind: str, facts: str) -> tuple[list[str], list[str]]:
    entry, _, told = facts.partition(" | ")
    if told.startswith("rename"):
        right = edited(entry, "category", told.rpartition(" ")[2])
        return [right], [entry, edited(right, "amount", "1")]
    found = re.fullmatch(r"(add|subtract) ([0-9.]+) to the (amount|day)", told)
    if found is None:
        raise ValueError("not a question about a ledger")
    change = int(found[2].replace(".", "")) * (1 if found[1] == "add" else -1)
    right = edited(entry, found[3], str(change))
    return [right], [entry, edited(entry, found[3], str(-change)), edited(right, found[3], "1")]
