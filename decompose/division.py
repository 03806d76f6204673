"""Who says what: which facts of a plan a model is asked for, and what its task's code does without asking."""

from collections.abc import Mapping

import msgspec


class Division(msgspec.Struct, frozen=True):
    """How a task that asks for single facts divides the work between a model and its code.

    Attributes:
        facts: Facts that are asked for if every answer is right.
        steps: Steps of the task that they make up.
        steps_are: What these steps are called, in the plural.
        model: What the model says, by kind of question.
        code: What the code says.
    """

    facts: int
    steps: int
    steps_are: str
    model: Mapping[str, str]
    code: tuple[str, ...]

    @property
    def facts_a_step(self) -> float:
        """Facts for each step of the task."""
        return self.facts / max(1, self.steps)

    def line(self) -> str:
        """Return all of it as one line, for people."""
        return (
            f"mode micro: {self.facts:,} facts for {self.steps:,} {self.steps_are}, {self.facts_a_step:.2f} facts a "
            f"step; the model says {_and(tuple(self.model.values()))}; code says {_and(self.code)}"
        )


def _and(words: tuple[str, ...]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
