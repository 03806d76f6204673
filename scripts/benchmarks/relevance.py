"""How often the passage that answers a question is ranked first of a hundred, by a small model and by words.

A ledger of purchases is drawn, one passage a purchase, and a question that one of them answers: by the number of its
user, or by the kind of thing that was bought, which stands nowhere. Ranked by
- likelihood: how likely the model finds the question after the passage (what ``ranked:FOLDER`` does);
- yes or no: whether the model says yes when asked if the passage answers the question, ties at random;
- delta: the model answers the question from each passage; how much likelier it finds its answer with both than without
  the passage, and than without the question (arXiv 2305.05364);
- words: what ``search:FOLDER`` finds (SQLite's BM25).
"""

import argparse
import asyncio
import pathlib
import random
import tempfile
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.problems.ledger import KINDS
from surefoot.runtime.config import RunConfig
from surefoot.runtime.execution.meter import Meter
from surefoot.runtime.execution.text_scores import TextScores
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.factory import open_model
from surefoot.runtime.models.port import Model, Request
from surefoot.runtime.tools.search_folder import search_folder

LONGEST_ANSWER = 16
"""Tokens of an answer that a passage is used for."""
MOST_FOUND = 50
"""Passages that a search by words gives, at most."""


class Asked(msgspec.Struct, frozen=True):
    """A question over a ledger.

    Attributes:
        question: One line.
        passages: One purchase each.
        right: Number of the passage that answers the question.
    """

    question: str
    passages: tuple[str, ...]
    right: int


Ranking = Callable[[Model, Asked], Awaitable[list[float]]]
"""Gives each passage a number, the higher the more relevant."""


def drawn(about: str, count: int, number: int) -> Asked:
    """Return a question of a number about a ledger of so many passages: by ``user``, or by ``kind`` of thing."""
    rng = random.Random(f"{about} {count} {number}")
    users, right = rng.sample(range(1000, 10000), count), rng.randrange(count)
    kind = rng.choice(sorted(KINDS))
    others = [word for name in sorted(KINDS) if about == "user" or name != kind for word in KINDS[name]]
    bought = [rng.choice(others) for _ in users]
    if about == "kind":
        bought[right] = rng.choice(KINDS[kind])
    question = f"What did user {users[right]} buy?" if about == "user" else f"Which user bought a {kind}?"
    told = tuple(f"User {user} bought one thing: {word}." for user, word in zip(users, bought, strict=True))
    return Asked(question, told, right)


def top(scores: list[float], right: int, first: int) -> float:
    """Return how likely the right passage is among the first ones, those with equal scores in random order."""
    above = sum(score > scores[right] for score in scores)
    return min(1.0, max(0.0, (first - above) / scores.count(scores[right])))


async def by_likelihood(model: Model, asked: Asked) -> list[float]:
    """How likely the question is after each passage."""
    return await TextScores(model, Meter(), BudgetLease()).relevance(asked.question, asked.passages)


async def by_yes_or_no(model: Model, asked: Asked) -> list[float]:
    """1 for passages of which the model says that they answer the question, else 0."""

    async def said(passage: str) -> float:
        text = f"{passage}\n\nDoes this text answer the question: {asked.question}\nAnswer yes or no."
        reply = (await model.ask(Request(Prompt(text), (0,), 0.0, 4, 0)))[0]
        return float(reply.text.strip().lower().startswith("yes"))

    return list(await asyncio.gather(*map(said, asked.passages)))


async def by_delta(model: Model, asked: Asked) -> list[float]:
    """How much passage and question together, above either alone, explain the answer that the model gives from both."""

    async def gain(passage: str) -> float:
        both = f"{passage}\nQuestion: {asked.question}\nAnswer:"
        reply = (await model.ask(Request(Prompt(both), (0,), 0.0, LONGEST_ANSWER, 0, raw=True, stop=("\n",))))[0]
        said = f" {reply.text.strip() or 'nothing'}\n"
        prompts = (both, f"Question: {asked.question}\nAnswer:", f"{passage}\nAnswer:")
        found = [await model.score(Request(Prompt(one), (0,), 0.0, 1, 0, raw=True), said) for one in prompts]
        together, question, alone = (one.logarithm for one in found)
        return (together - question) + (together - alone)

    return list(await asyncio.gather(*map(gain, asked.passages)))


async def by_words(model: Model, asked: Asked) -> list[float]:
    """The place among the passages that a search by words finds (``search:FOLDER``), counted from the end; else 0."""
    with tempfile.TemporaryDirectory() as folder:
        for number, passage in enumerate(asked.passages):
            (pathlib.Path(folder) / f"{number}.txt").write_text(passage)
        found = search_folder(folder).function(query=asked.question, limit=MOST_FOUND)["passages"]
    scores = [0.0] * len(asked.passages)
    for place, one in enumerate(found):
        scores[int(one["path"].removesuffix(".txt"))] = 1.0 - place / MOST_FOUND
    return scores


RANKINGS: dict[str, Ranking] = {
    "likelihood": by_likelihood, "yes-or-no": by_yes_or_no, "delta": by_delta, "words": by_words,
}  # fmt: skip


async def measured(model: Model, about: str, ranking: str, count: int, questions: int) -> tuple[float, float]:
    """Return the shares of questions whose passage is ranked first, and among the first five."""
    found = []
    for number in range(questions):
        asked = drawn(about, count, number)
        scores = await RANKINGS[ranking](model, asked)
        found.append((top(scores, asked.right, 1), top(scores, asked.right, 5)))
        print(f"# {about} {ranking} {number}: {found[-1][0]:.2f} {found[-1][1]:.2f}", flush=True)
    first, among = (sum(column) / questions for column in zip(*found, strict=True))
    return first, among


async def table(given: argparse.Namespace) -> None:
    """Print a row for each kind of question and each ranking."""
    model = open_model(RunConfig(task="ask", model=given.model))
    print(
        "| question | ranked by | passages | questions | first | among the first five |",
        "|---|---|---|---|---|---|",
        sep="\n",
    )
    try:
        for about in given.about:
            for ranking in given.by:
                first, among = await measured(model, about, ranking, given.passages, given.questions)
                shown = f"{given.passages} | {given.questions} | {first:.2f} | {among:.2f}"
                print(f"| {about} | {ranking} | {shown} |", flush=True)
    finally:
        await model.close()


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--about", nargs="+", choices=("user", "kind"), default=["user", "kind"])
    parser.add_argument("--by", nargs="+", choices=list(RANKINGS), default=list(RANKINGS))
    parser.add_argument("--passages", type=int, default=100)
    parser.add_argument("--questions", type=int, default=20)
    asyncio.run(table(parser.parse_args(arguments)))


if __name__ == "__main__":
    main()
