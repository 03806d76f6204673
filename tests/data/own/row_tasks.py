"""Questions for rows of a table, for tests of ``surefoot.map``."""

from collections.abc import Mapping
from typing import Any

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.step import Dialect, Flag, Prompt, Role, Step
from surefoot.decompose.tasks.rows import KIND, RowTask


class Next(RowTask, frozen=True, kw_only=True):
    """Asks for the number after a row's number."""

    def row_step(self, row: Mapping[str, Any]) -> Step:
        if not isinstance(row.get("number"), int):
            raise ValueError("the row has no number")
        return Step(KIND, Role.ACTOR, row["number"])

    def value_of(self, candidate: str) -> Any:
        return int(candidate)

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        return Prompt(f"after: {step.reads}")

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        return text if text.isdigit() else Flag("misformatted", text)


def answers(prompt: Prompt) -> Answers:
    number = int(prompt.user.split()[1])
    return Answers((str(number + 1),), (str(number + 2), str(number + 3)))
