"""Questions with one answer each, as MAKER published them: JSON lines of ``id``, ``question`` and ``answer``.

Two kinds are read off a question's text: the product of two whole numbers, which is worked out as in
`surefoot.decompose.tasks.multiply`, and the sorting of a list, as in `surefoot.decompose.tasks.sort`. The answer of an
entry is not read here; the referee reads it for itself.
"""

import functools
import json
import re
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from surefoot.decompose.modular_planner.settings import Preset
from surefoot.decompose.plan import Expansion, Node
from surefoot.decompose.step import Dialect, Done, Flag, Prompt, Step
from surefoot.decompose.suite import Posed, SuiteTask
from surefoot.decompose.tasks import every_question
from surefoot.decompose.tasks.every_question import Every, Gather
from surefoot.decompose.tasks.multiply import Multiply, Product, Sum
from surefoot.decompose.tasks.question_formats import records
from surefoot.decompose.tasks.sort import Sort

ItemFile = Annotated[str, msgspec.Meta(extra_json_schema={"file": True})]
"""The text of a file; the command line reads it from the path that it is given."""

_PRODUCT = re.compile(r"([0-9]{1,100})\s*[×x*]\s*([0-9]{1,100})\s*$")
_LIST = re.compile(r"\[\s*(-?[0-9]{1,30}(?:\s*,\s*-?[0-9]{1,30})*)\s*\]\s*$")


class Item(msgspec.Struct, frozen=True, tag=True):
    """A question of a file, read.

    Attributes:
        number: Place in the file, from 1.
        identity: The file's own name for it.
        factors: Of a product; empty for a list.
        numbers: Of a list to sort; empty for a product.
        text: The question, as it stands in the file.
        why: Why it cannot be worked on; empty if it can.
        name: For people and tables.
        start: Nothing.
        cap: One answer.
    """

    number: int
    identity: str
    factors: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    text: str = ""
    why: str = ""
    name: str = ""
    start: str = ""
    cap: int = 1


@functools.lru_cache(maxsize=8)
def read_items(text: str) -> tuple[Item, ...]:
    """Return the questions of a file; one of another kind has its row, which says so.

    Raises:
        ValueError: It is no such file.
    """
    return tuple(_item(number, entry) for number, entry in enumerate(records(text), start=1))


def _item(number: int, entry: dict[str, Any]) -> Item:
    named, question = str(entry.get("id", number))[:80], entry["question"].strip()
    product, listed = _PRODUCT.search(question), _LIST.search(question)
    if product is not None and "multipl" in question.lower():
        return Item(number, named, (product[1], product[2]), text=question, name=named)
    if listed is not None and "sort" in question.lower() and "descending" not in question.lower():
        return Item(number, named, (), tuple(map(int, listed[1].split(","))), question, name=named)
    why = "neither a product of two numbers nor a list to sort in ascending order"
    return Item(number, named, text=question, why=why, name=named)


class Items(SuiteTask, frozen=True, kw_only=True):
    """Multiply two numbers or sort a list, as a question of a file asks."""

    file: Annotated[ItemFile | None, msgspec.Meta(description="JSON lines of id, question and answer, as MAKER's")] = (
        None
    )
    number: Annotated[int, msgspec.Meta(ge=1, description="question of the file to answer, from 1")] = 1

    every: Annotated[bool, msgspec.Meta(description="answer all questions of the file; the answer is a table")] = False
    method: Annotated[Literal["map"], msgspec.Meta(description="only one: digits and comparisons")] = "map"
    preset: Annotated[Preset, msgspec.Meta(description="both alike: there is nothing to plan")] = "surefoot"
    without: Annotated[str, msgspec.Meta(description="votes, or nothing")] = ""

    summary: ClassVar[str] = "Products and lists to sort of a file, as MAKER published them"
    wordings: ClassVar[int] = 2

    def __post_init__(self) -> None:
        if self.file is None:
            raise ValueError("a file of questions is needed: --file F.jsonl")
        if self.without not in ("", "votes"):
            raise ValueError(f"without: {self.without!r} is no part of it; it takes votes")
        count = len(self.suite())
        if self.number > count:
            raise ValueError(f"question {self.number} does not exist: the file has {count}")

    def problem_of_run(self) -> Item:
        """Return the question that the option ``number`` names."""
        return self.suite()[self.number - 1]

    def suite(self) -> Sequence[Item]:
        """Return all questions of the file."""
        assert self.file is not None
        return read_items(self.file)

    def root(self) -> Node:
        """Return the question of the run as a node, or all questions of the file."""
        return every_question.ROOT if self.every else SuiteTask.root(self)

    def node(self, path: tuple[int, ...], problem: Posed) -> Node:
        """Return a question as the node that answers it."""
        assert isinstance(problem, Item)
        if problem.factors:
            return Node(path, Product(), problem.factors)
        root = _SORT.root()
        return Node(path, root.goal if problem.numbers else problem, (list(problem.numbers),))

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Any:
        """Return the state before a chain's first step."""
        if isinstance(goal, Gather):
            return inputs
        return None if isinstance(goal, Item) else _of_goal(goal).begin(goal, inputs)

    def next_step(self, goal: Any, state: Any) -> Any:
        """Ask for the next digit or comparison; a question that cannot be read ends at once."""
        if isinstance(goal, Gather):
            return Done(every_question.table_of([(item.identity, item.text) for item in self.suite()], state))
        return Done(None, goal.why) if isinstance(goal, Item) else _of_goal(goal).next_step(goal, state)

    def advance(self, goal: Any, state: Any, candidate: str) -> Any:
        """Return the state after a digit or a comparison."""
        return _of_goal(goal).advance(goal, state, candidate)

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Step | Expansion | None:
        """Ask where to split a multiplier, or split a list without a question."""
        if isinstance(goal, Every):
            return every_question.all_of(self.node((), item) for item in self.suite())
        return None if isinstance(goal, Item | Gather) else _of_goal(goal).decomposition_step(goal, inputs)

    def expand(self, goal: Any, inputs: tuple[Any, ...], candidate: str) -> Expansion:
        """Return the children of a product that was split."""
        return _of_goal(goal).expand(goal, inputs, candidate)

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return the most steps of a product or a list."""
        if isinstance(goal, Every):
            return sum(self._size_of(item) for item in self.suite())
        return 1 if isinstance(goal, Item | Gather) else _of_goal(goal).size(goal, inputs)

    def _size_of(self, item: Item) -> int:
        node = self.node((), item)
        return self.size(node.goal, node.inputs)

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        """Word a digit or a comparison."""
        return _of_step(step).prompt(step, dialect, wording)

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        """Read a digit or a comparison."""
        return _of_step(step).parse(step, text, dialect)

    def reply_schema(self, step: Step) -> dict[str, Any] | None:
        """Return the JSON schemas of a reply."""
        return _of_step(step).reply_schema(step)

    def check(self, step: Step, candidate: str) -> Flag | None:
        """Hold a candidate against what its step shows."""
        return _of_step(step).check(step, candidate)

    def sample_step(self, number: int) -> Step:
        """Draw a step of one of the file's questions."""
        item = self.suite()[number % len(self.suite())]
        if item.factors or not item.numbers:
            return Multiply(digits=max(2, len((item.factors or ("00",))[0]))).sample_step(number)
        return Sort(numbers=" ".join(map(str, item.numbers))).sample_step(number)


_MULTIPLY, _SORT = Multiply(), Sort(numbers="0")


def _of_goal(goal: Any) -> Multiply | Sort:
    return _MULTIPLY if isinstance(goal, Product | Sum) else _SORT


def _of_step(step: Step) -> Multiply | Sort:
    return _SORT if step.kind == "smaller" else _MULTIPLY


def as_text(output: Any) -> str:
    """Return an output as MAKER's answers are written: digits, or a JSON list without blanks."""
    return json.dumps(output, separators=(",", ":")) if isinstance(output, list) else str(output)
