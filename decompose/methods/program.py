"""A host program owns control flow and state; a model is asked single steps (LLM Programs, arXiv 2305.05364).

The problem gives the program: ``first_state`` and ``next_spec``. A step declares which fields of the state it reads;
its prompt is made of these and of nothing else, so that a million steps have prompts of one size.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from surefoot.decompose.methods.asking import PART, Asking, Goal, Turn, Wording
from surefoot.decompose.step import Done

if TYPE_CHECKING:
    from surefoot.decompose.problem import Problem

_FIELD = re.compile(r"\{(\w+)\}")


class StepSpec(msgspec.Struct, frozen=True):
    """One step of a host program.

    Attributes:
        reads: Fields of the state that the question may show.
        writes: Field that the answer becomes; the host program may do more with it, see ``Problem.absorbed``.
        question: The question, with fields in braces.
    """

    reads: tuple[str, ...]
    writes: str
    question: str

    def rendered(self, state: Mapping[str, Any]) -> str:
        """Return the question filled in from the fields that the step declares.

        Raises:
            ValueError: It names a field that it does not declare, or that the state has not.
        """
        seen = {name: state[name] for name in self.reads if name in state}

        def field(found: re.Match[str]) -> str:
            if found[1] not in seen:
                known = ", ".join(self.reads) or "none"
                raise ValueError(f"a step shows {found[1]!r}, and the fields that it declares and has are: {known}")
            return str(seen[found[1]])

        return _FIELD.sub(field, self.question)


class HostProgram(Asking, frozen=True):
    """The steps of the problem's program, one a turn; the board is its state."""

    wordings: ClassVar[Mapping[str, Wording]] = {"part": PART}

    def turn(self, problem: "Problem", goal: Goal, board: Any) -> Turn:
        """Ask the program's next step and let the program take in the answer, or end with the program's answer."""
        state = board if isinstance(board, dict) else problem.first_state(goal.text, goal.number)
        spec = problem.next_spec(state)
        if not isinstance(spec, StepSpec):
            return spec if isinstance(spec, Done) else Done(spec)
        said = yield self.ask("part", goal, spec.rendered(state))
        return problem.absorbed(state, spec, said)
