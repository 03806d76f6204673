"""Yes-or-no questions that need several facts (StrategyQA; MAP, Methods): split, answer, check, decide.

The TaskDecomposer names sub-questions; ``#1`` in one stands for the answer to the first. That is a plan with
placeholders: each sub-question is a node that waits for the answers it reads, and those that read none run at the same
time. The Actor answers a sub-question, the Monitor checks the answer, and a Predictor's question decides between yes
and no, from the sub-questions and their answers.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from surefoot.decompose.modular_planner.planner import ACCEPTED, outcome
from surefoot.decompose.modular_planner.settings import Preset, Settings, settings_of
from surefoot.decompose.plan import Child, Expansion, Node, Ref
from surefoot.decompose.step import Dialect, Done, Flag, Prompt, Role, Step
from surefoot.decompose.suite import SuiteTask
from surefoot.decompose.tasks import every_question, question_wordings
from surefoot.decompose.tasks.every_question import Every, Gather
from surefoot.decompose.tasks.question_file import Question, published, read_questions
from surefoot.decompose.tasks.question_wordings import AnswerFacts, CheckFacts, DecideFacts, PartsFacts, Style

QuestionFile = Annotated[str, msgspec.Meta(extra_json_schema={"file": True})]
"""The text of a file; the command line reads it from the path that it is given."""

MOST_PARTS = 12
"""Sub-questions of a question, at most; published decompositions have up to 5."""
RETRIES = 5
"""Times a sub-question is answered again after the Monitor's no; the released code stops at so many attempts in all."""


class Part(msgspec.Struct, frozen=True, tag=True):
    """Answer a sub-question; ``#n`` in it stands for the answers that are the inputs, in the order of n.

    Attributes:
        text: The sub-question.
        earlier: Those before it, where their questions and answers are shown: then all their answers are inputs.
    """

    text: str
    earlier: tuple[str, ...] = ()


class Decision(msgspec.Struct, frozen=True, tag=True):
    """Decide a question; the inputs are the answers to all parts."""

    question: str
    parts: tuple[str, ...]


class Draft(msgspec.Struct, frozen=True):
    """A sub-question being answered, with the attempts so far.

    Attributes:
        question: With placeholders filled in.
        rejected: Answers that the Monitor said no to.
        answer: The last answer.
        passed: Whether it passed; ``None`` if it was not checked yet.
        reasons: What the Monitor said of each answer that it rejected.
        told: Earlier sub-questions and their answers, where they are shown.
    """

    question: str
    rejected: tuple[str, ...] = ()
    answer: str | None = None
    passed: bool | None = None
    reasons: tuple[str, ...] = ()
    told: tuple[tuple[str, str], ...] = ()


class Questions(SuiteTask, frozen=True, kw_only=True):
    """Answer a yes-or-no question by sub-questions that refer to earlier answers."""

    file: Annotated[QuestionFile | None, msgspec.Meta(description="JSON file of questions, as StrategyQA's")] = None
    number: Annotated[int, msgspec.Meta(ge=1, description="question of the file to answer, from 1")] = 1
    every: Annotated[bool, msgspec.Meta(description="answer all questions of the file; the answer is a table")] = False
    method: Annotated[
        Literal["map", "zero-shot", "in-context", "cot", "best-of-n"],
        msgspec.Meta(description="map (the modules), or the question itself, put in one of the baselines' ways"),
    ] = "map"
    preset: Annotated[
        Preset,
        msgspec.Meta(
            description="paper: earlier answers shown, an answer that never passes is used; surefoot: a failure"
        ),
    ] = "surefoot"
    without: Annotated[
        str,
        msgspec.Meta(
            description="ablations, by commas: monitor, decomposer, votes; of paper: history, feedback, resort"
        ),
    ] = ""
    published: Annotated[
        bool, msgspec.Meta(description="of StrategyQA's 229 questions the 100 that MAP was measured on, in its order")
    ] = False
    plans: Annotated[int, msgspec.Meta(ge=1, le=199, description="answers drawn by best-of-n")] = 9

    wordings: ClassVar[int] = question_wordings.WORDINGS
    chainable: ClassVar[bool] = True
    summary: ClassVar[str] = "MAP on yes-or-no questions of a file (as StrategyQA's): sub-questions with placeholders"

    def __post_init__(self) -> None:
        self._settings()
        if self.file is None:
            raise ValueError("a file of questions is needed: --file F.json")
        if self.number > len(self.suite()):
            raise ValueError(f"question {self.number} does not exist: the file has {len(self.suite())}")

    def problem_of_run(self) -> Question:
        """Return the question that the option ``number`` names."""
        return self.suite()[self.number - 1]

    def suite(self) -> Sequence[Question]:
        """Return all questions of the file."""
        assert self.file is not None
        found = read_questions(self.file)
        return published(found) if self.published else found

    def root(self) -> Node:
        """Return the question of the run as a node, or all questions of the file."""
        return every_question.ROOT if self.every else SuiteTask.root(self)

    @property
    def open_ended(self) -> bool:
        """Whether nobody says how many steps all questions of a file take together."""
        return self.every

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return the most steps: answer and check for each attempt at each part, a decomposition and a decision."""
        if isinstance(goal, Every):
            return every_question.MOST_STEPS
        attempts = 2 * (RETRIES + 1)
        if isinstance(goal, Question):
            return MOST_PARTS * attempts + 2 if self._splits() else self.plans
        return attempts if isinstance(goal, Part) else 1

    def usual_steps(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return the steps of a question of four parts, each answered at the first attempt."""
        if isinstance(goal, Every):
            return sum(self.usual_steps(question, ()) for question in self.suite())
        return 10 if isinstance(goal, Question) and self._splits() else self.size(goal, inputs)

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Step | Expansion | None:
        """Ask which sub-questions to answer; one vote, as several ways to split are right."""
        if isinstance(goal, Every):
            return every_question.all_of(self.node((), question) for question in self.suite())
        if not isinstance(goal, Question) or not self._splits():
            return None
        # One vote: several decompositions are right, and their votes would never agree.
        return Step("parts", Role.TASK_DECOMPOSER, PartsFacts(goal.text, MOST_PARTS), 512, 1)

    def expand(self, goal: Any, inputs: tuple[Any, ...], candidate: str) -> Expansion:
        """Return a child for each sub-question, reading the answers named, and a decision that reads all."""
        parts = tuple(candidate.split("\n"))
        if self._settings().history:
            # As published: one sub-question after the other, each of which is shown all answers before it.
            children = [Child(Part(text, parts[:n]), tuple(map(Ref, range(n)))) for n, text in enumerate(parts)]
        else:
            children = [Child(Part(text), tuple(Ref(n - 1) for n in _named(text))) for text in parts]
        return Expansion((*children, Child(Decision(goal.text, parts), tuple(map(Ref, range(len(parts)))))))

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Any:
        """Return a sub-question's draft with its placeholders filled in, a decision's inputs, or no answers yet."""
        if not isinstance(goal, Part):
            return inputs if isinstance(goal, Decision | Gather) else ()
        if not goal.earlier:
            return Draft(_filled(goal.text, inputs))
        told = tuple((_filled_from(text, inputs), answer) for text, answer in zip(goal.earlier, inputs, strict=True))
        return Draft(_filled_from(goal.text, inputs), told=told)

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        """Ask for an answer, its check, another answer; or for the decision."""
        if isinstance(goal, Gather):
            asked = [(question.identity, question.text) for question in self.suite()]
            return Done(every_question.table_of(asked, state))
        if isinstance(goal, Part):
            return self._next_of_part(state)
        if isinstance(state, str):
            return outcome((state,), ACCEPTED)
        if _decides(goal):
            told = tuple(zip((_filled_from(text, state) for text in goal.parts), state, strict=True))
            return self._decide(DecideFacts(goal.question, told), Role.PREDICTOR, self._settings().lead)
        styles: dict[str, Style] = {"in-context": "in-context", "best-of-n": "in-context", "cot": "cot"}
        facts = DecideFacts(goal.text, (), styles.get(self.method, "zero-shot"))
        return self._decide(facts, Role.ACTOR, self._settings().lead if self.method == "map" else 1)

    def advance(self, goal: Any, state: Any, candidate: str) -> Any:
        """Return the draft with an answer or a verdict added, or the most frequent of several decisions."""
        if isinstance(goal, Part):
            if state.answer is None or state.passed is False:
                return msgspec.structs.replace(state, answer=candidate, passed=None)
            passed = candidate == question_wordings.CORRECT
            rejected = state.rejected if passed else (*state.rejected, state.answer)
            reasons = state.reasons if passed else (*state.reasons, candidate.partition(": ")[2])
            return msgspec.structs.replace(state, passed=passed, rejected=rejected, reasons=reasons)
        if _decides(goal) or self.method != "best-of-n":
            return candidate
        said = (*state, candidate)
        return said if len(said) < self.plans else Counter(said).most_common(1)[0][0]

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        """Word a step, see `surefoot.decompose.tasks.question_wordings`."""
        return question_wordings.prompt(step.reads, dialect, wording)

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        """Read a reply, see `surefoot.decompose.tasks.question_wordings`."""
        return question_wordings.parse(step.reads, text, dialect)

    def same(self, step: Step, one: str, other: str) -> bool:
        """Return whether two candidates are the same answer; two checks are if they say yes, or no, for any reason."""
        if isinstance(step.reads, CheckFacts):
            return one.partition(": ")[0] == other.partition(": ")[0]
        return one == other

    def reply_schema(self, step: Step) -> dict[str, Any]:
        """Return the JSON schemas of a reply, see `surefoot.decompose.tasks.question_wordings`."""
        return question_wordings.SCHEMAS[type(step.reads)]

    def check(self, step: Step, candidate: str) -> Flag | None:
        """Flag a placeholder for an answer that is not known yet; an Actor may insist on a refused answer."""
        if isinstance(step.reads, PartsFacts):
            for number, text in enumerate(candidate.split("\n"), start=1):
                if any(not 1 <= named < number for named in _named(text)):
                    return Flag("inconsistent", f"sub-question {number} refers to an answer that is not known then")
        return None

    def sample_step(self, number: int) -> Step:
        """Draw a question of the file, to be split or decided at once."""
        questions = self.suite()
        text = questions[number // 2 % len(questions)].text
        if number % 2 and self._splits():
            return Step("parts", Role.TASK_DECOMPOSER, PartsFacts(text, MOST_PARTS), 512, 1)
        return self._decide(DecideFacts(text, ()), Role.ACTOR, None)

    def _settings(self) -> Settings:
        return settings_of(self.preset, 1, None, None, self.without)

    def _splits(self) -> bool:
        return self.method == "map" and self._settings().decomposer

    def _next_of_part(self, draft: Draft) -> Step | Done:
        settings = self._settings()
        attempts = RETRIES if self.preset == "paper" else RETRIES + 1
        given_up = len(draft.rejected) >= attempts
        if draft.answer is not None and (draft.passed or not settings.monitor or (given_up and settings.resort)):
            return Done(draft.answer)
        if given_up:
            return Done(None, f"no answer to {draft.question!r} passed the Monitor in {attempts} attempts")
        if draft.answer is None or draft.passed is False:
            reasons = draft.reasons if settings.feedback else ()
            return Step("answer", Role.ACTOR, AnswerFacts(draft.question, draft.rejected, reasons, draft.told), 64, 1)
        checked = CheckFacts(draft.question, draft.answer, draft.told, settings.feedback)
        return Step("correct", Role.MONITOR, checked, 8, settings.lead)

    def _decide(self, facts: DecideFacts, role: Role, lead: int | None) -> Step:
        return Step("decide", role, facts, 8, lead)


def _decides(goal: Any) -> bool:
    return isinstance(goal, Decision)


def _named(text: str) -> list[int]:
    """Numbers of the answers that a sub-question names, each once, ascending."""
    return sorted({int(number) for number in re.findall(r"#(\d{1,2})", text)})


def _filled(text: str, answers: tuple[str, ...]) -> str:
    """A sub-question with the answers that it names, given in the order of their numbers."""
    return _filled_by(text, dict(zip(_named(text), answers, strict=True)))


def _filled_from(text: str, every: tuple[str, ...]) -> str:
    """A sub-question filled in from all answers."""
    return _filled_by(text, dict(enumerate(every, start=1)))


def _filled_by(text: str, answers: dict[int, str]) -> str:
    return re.sub(r"#(\d{1,2})", lambda found: answers[int(found[1])], text)
