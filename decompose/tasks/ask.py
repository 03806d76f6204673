"""One question of a user's, with tools and context, for every method: ``surefoot ask``."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec

from surefoot.decompose.problem import Problem

MOST_CONTEXT = 400_000
"""Characters of context that prompts show, at most."""
MOST_INPUT = 64_000_000
"""The same where no prompt shows it: ``recursive`` keeps it as a variable of its cells."""
_KINDS = r",(?=\s*(?:calc|python|cells|search:|ranked:|sql:))"
CALLED = {"ranked": "search"}
"""What a model calls a tool whose text begins otherwise."""


class AskedQuestion(Problem, frozen=True, kw_only=True):
    """Answer a question in a short text."""

    text: Annotated[str, msgspec.Meta(description="the question")] = ""
    use: Annotated[
        str, msgspec.Meta(description="tools that may be used: calc,search:FOLDER,ranked:FOLDER,sql:FILE,python")
    ] = ""
    about: Annotated[str, msgspec.Meta(description="text that the question is about")] = ""
    form: Annotated[str, msgspec.Meta(description="how the answer is to be written")] = "a short text"

    summary: ClassVar[str] = "One question of your own, by any method, with tools and context: surefoot ask"

    def __post_init__(self) -> None:
        most = most_context(self.method)
        if len(self.about) > most:
            raise ValueError(f"the context has {len(self.about):,} characters, more than {most:,}: {ELSEWHERE}")
        Problem.__post_init__(self)
        if not self.question():
            raise ValueError("there is no question in the text")

    def question(self) -> str:
        """Return the question on one line."""
        return " ".join(self.text.split())

    def context(self, number: int) -> str:
        """Return the text that the question is about."""
        return self.about

    def answer_form(self) -> str:
        """Return how the answer is to be written."""
        return self.form

    def tools(self) -> Mapping[str, Any]:
        """Return the tools by the words before their colons."""
        return tools_of(self.use)


ELSEWHERE = "put the files into a folder and use search:FOLDER, or --method recursive, which shows prompts a part"


def most_context(method: str) -> int:
    """Return how many characters of context a method takes, at most."""
    return MOST_INPUT if str(method).startswith("recursive") else MOST_CONTEXT


def tools_of(text: str) -> dict[str, str]:
    """Return the tools that a text lists, by name; a second one of a kind is called ``search2``.

    A comma ends a tool only where another one begins: names of files may have commas in them.
    """
    found: dict[str, str] = {}
    for one in filter(None, (part.strip() for part in re.split(_KINDS, text))):
        kind = one.partition(":")[0]
        kind = CALLED.get(kind, kind)
        count = sum(re.fullmatch(rf"{re.escape(kind)}[0-9]*", other) is not None for other in found)
        found[kind if not count else f"{kind}{count + 1}"] = one
    return found
