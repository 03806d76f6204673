"""Label ledgers (the shape of OOLONG): very many lines, and a question that needs a judgement of every line.

A line names a user and a word. What kind of thing a word is stands nowhere: it has to be known, so that no program
finds the answer by itself.
"""

import random
import re

KINDS = {
    "tree": ("ash", "beech", "birch", "cedar", "elm", "larch", "maple", "oak", "pine", "willow"),
    "metal": ("brass", "copper", "gold", "iron", "lead", "nickel", "silver", "steel", "tin", "zinc"),
    "bird": ("crow", "finch", "gull", "hawk", "heron", "owl", "raven", "robin", "swift", "wren"),
    "fruit": ("apple", "cherry", "fig", "grape", "lemon", "mango", "melon", "peach", "pear", "plum"),
}
"""What the words of a ledger name."""
LINES_OF_A_USER = 5
"""Lines of one user, on average."""


def pose(rng: random.Random, size: int) -> str:
    """Return a question over a ledger: how many lines name a kind of thing, or how many users two kinds."""
    one, other = rng.sample(sorted(KINDS), 2)
    if rng.random() < 0.5:
        return f"How many lines name a {one}?"
    return f"How many users have a line that names a {one} and a line that names a {other}?"


def context(rng: random.Random, size: int) -> str:
    """Return the lines of a ledger."""
    words = [word for kind in sorted(KINDS) for word in KINDS[kind]]
    users = max(2, size // LINES_OF_A_USER)
    rows = (f"user {rng.randrange(users)}: {rng.choice(words)}" for _ in range(size))
    return "\n".join(f"{number}. {row}" for number, row in enumerate(rows, start=1))


def read(question: str) -> tuple[str, ...] | None:
    """Return the one or two kinds that a question is about; ``None`` where it asks something else."""
    found = re.fullmatch(r"How many lines name a (\w+)\?", question) or re.fullmatch(
        r"How many users have a line that names a (\w+) and a line that names a (\w+)\?", question
    )
    return None if found is None or not set(found.groups()) <= set(KINDS) else found.groups()


def users_question(kind: str) -> str:
    """Return the question which users have a line that names a kind of thing."""
    return f"Which users have a line that names a {kind}?"


def read_users(question: str) -> str | None:
    """Return the kind of a question for users, or ``None`` where it asks something else."""
    found = re.fullmatch(r"Which users have a line that names a (\w+)\?", question)
    return found[1] if found is not None and found[1] in KINDS else None


def users(text: str) -> str | None:
    """Return a list of users in canonical form: their numbers once each, ascending; or ``none``."""
    bare = text.strip().rstrip(".").lower()
    if bare == "none":
        return bare
    found = [one.strip() for one in bare.split(",")]
    if not all(re.fullmatch(r"[0-9]{1,12}", one) for one in found):
        return None
    return ", ".join(map(str, sorted(set(map(int, found)))))


def rows(lines: str) -> list[tuple[str, str]]:
    """Return user and word of each line that is one of a ledger."""
    return re.findall(r"^\d+\. user (\d+): ([a-z]+)$", lines, re.M)
