"""Sets a search for a wording up: which questions, which answers, what wordings are made of, and which calls."""

import pathlib
from typing import Annotated

import msgspec

from surefoot.decompose.step import Dialect
from surefoot.decompose.task import NothingToAsk, Task
from surefoot.decompose.tasks.built_in import BUILT_IN_TASKS
from surefoot.decompose.wordings.edit import Choices
from surefoot.decompose.wordings.vocabulary import choices_for
from surefoot.decompose.wordings.wording import ASKED, FORMS, Form
from surefoot.runtime.config import RunConfig, dialect_of
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.measurement_file import setting_of
from surefoot.runtime.local_models import is_local
from surefoot.runtime.models.factory import answer_key
from surefoot.runtime.plain_files import open_named
from surefoot.runtime.tuning.questions import Question, Shared, by_file, by_key, sampled, shared_out
from surefoot.runtime.tuning.searches import SEARCHES, search_named
from surefoot.runtime.tuning.tuning import Budget
from surefoot.runtime.unreadable import UNREADABLE
from surefoot.runtime.untrusted import one_line
from surefoot.runtime.whole_files import PUBLIC, write_whole

Count = Annotated[int, msgspec.Meta(ge=1)]
LARGEST = 16 << 20
"""Bytes of the largest file of answered questions that is read."""
KINDS_TRIED = 256
"""Sampled steps that are looked at to find out which kinds of question a task asks."""


class TuneOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``surefoot tune`` is asked for. Every field is an option of the command line."""

    kind: Annotated[str | None, msgspec.Meta(description="kind of question; may be left out where there is one")] = None
    queries: Annotated[Count, msgspec.Meta(description="queries of each search")] = 50
    answers: Annotated[Count, msgspec.Meta(description="replies to each query: each is a real call")] = 20
    draws: Annotated[Count, msgspec.Meta(description="replies to each question of a query")] = 2
    held_out: Annotated[
        Count, msgspec.Meta(description="replies to each wording that is asked the held-out questions", le=4096)
    ] = 100
    searches: Annotated[
        str, msgspec.Meta(description=f"which search, or several by commas at the same budget: {', '.join(SEARCHES)}")
    ] = "planning"
    examples: Annotated[
        str | None, msgspec.Meta(description="JSON lines of questions with right answers, for a task without a key")
    ] = None
    lessons: Annotated[
        str | None, msgspec.Meta(description="records of other searches, by commas, that planning learns from as well")
    ] = None
    records: Annotated[
        str | None, msgspec.Meta(description="where every query is written down; a search that was stopped goes on")
    ] = None

    def budget(self) -> Budget:
        """Return the budget of real calls.

        Raises:
            ConfigurationError: An unknown search, or fewer answers than draws.
        """
        names = tuple(dict.fromkeys(name.strip() for name in self.searches.split(",") if name.strip()))
        for name in names:
            search_named(name)
        if not names:
            raise ConfigurationError(f"--searches names none of {', '.join(SEARCHES)}")
        if self.draws > self.answers:
            raise ConfigurationError(f"--draws {self.draws} are more than --answers {self.answers}")
        return Budget(
            searches=names, queries=self.queries, answers=self.answers - self.answers % self.draws, draws=self.draws,
            held_out=self.held_out,
        )  # fmt: skip


class Answered(msgspec.Struct, frozen=True):
    """One line of a file of answered questions."""

    question: str
    answer: str


def refuse_models_of_one_wording(config: RunConfig) -> None:
    """Refuse models that understand nothing but the wordings that tasks come with.

    Raises:
        ConfigurationError: It is one.
    """
    name = config.model.partition(":")[0]
    if config.model == "bundled" or (name == "simulated" and config.task in BUILT_IN_TASKS):
        raise ConfigurationError(
            f"{config.model} understands the wordings that tasks come with and no other: name a --model that reads text"
        )
    if config.task == "map":
        raise ConfigurationError("surefoot tune takes tasks with questions of their own, not tables")


def kind_of(task: Task, kind: str | None) -> str:
    """Return the kind of question that is tuned.

    Raises:
        ConfigurationError: None is named, and the task asks several.
    """
    if kind is not None:
        return kind
    try:
        kinds = sorted({task.sample_step(number).kind for number in range(KINDS_TRIED)})
    except NothingToAsk as error:
        raise ConfigurationError(str(error)) from error
    if len(kinds) > 1:
        raise ConfigurationError(one_line(f"this task asks questions of several kinds: name one, --kind {kinds[0]}"))
    return kinds[0]


def questions_of(config: RunConfig, task: Task, kind: str, examples: str | None) -> list[Question]:
    """Return questions of a kind with their right answers, from the user's file or the task's answer key.

    Raises:
        ConfigurationError: There is neither, or one of them cannot be used.
    """
    dialect = dialect_of(config)
    if examples is not None:
        return by_file(task, kind, dialect, _answers(pathlib.Path(examples)))
    try:
        key = answer_key(config.task, config.task_options)
    except ConfigurationError as error:
        hint = "answer some questions by hand: --questions FILE writes them, --examples FILE reads them"
        raise ConfigurationError(f"task {config.task} has no answer key; {hint}") from error
    return by_key(task, kind, dialect, key)


def write_questions(path: pathlib.Path, config: RunConfig, task: Task, kind: str) -> int:
    """Write questions of a kind to be answered by hand; return how many.

    Raises:
        ConfigurationError: The file is there already or cannot be written, or there are no such questions.
    """
    dialect = dialect_of(config)
    lines = [
        msgspec.json.encode(Answered(task.prompt(step, dialect).user, "")) for step in sampled(task, kind, dialect)
    ]
    if path.exists():
        raise ConfigurationError(f"{path} is there already")
    try:
        write_whole(path, b"".join(line + b"\n" for line in lines), mode=PUBLIC)
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}") from error
    return len(lines)


def choices_of(config: RunConfig, task: Task, questions: Shared) -> Choices:
    """Return what wordings of these questions are made of, for the model of a configuration."""
    dialect: Dialect = dialect_of(config)
    first = questions.searched[0]
    asked = task.prompt(first.step, dialect)
    forms: tuple[Form, ...] = FORMS if asked.raw or is_local(config.model) else ("turns", "message")
    own = [f"{{{name}}}" for name, _ in first.example.fields if name.startswith(f"{ASKED}_")]
    texts = (*own, *task.question_forms.get(first.step.kind, ()))
    return choices_for(asked, forms, texts, [one.example for one in questions.examples])


def ready(config: RunConfig, task: Task, options: TuneOptions, kind: str) -> tuple[Shared, Choices]:
    """Return the questions, shared out, and what wordings are made of.

    Raises:
        ConfigurationError: As for ``questions_of``, too few questions, or a text that asks for facts they do not have.
    """
    questions = shared_out(questions_of(config, task, kind, options.examples), config.seed)
    choices = choices_of(config, task, questions)
    from surefoot.decompose.typed.template import Template

    for text in choices.questions:
        try:
            Template(text).check([ASKED, *(name for name, _ in questions.searched[0].example.fields)])
        except ValueError as error:
            raise ConfigurationError(f"question_forms of {type(task).__name__}, kind {kind}: {error}") from error
    return questions, choices


def depends_on(config: RunConfig, options: TuneOptions, kind: str, choices: Choices, questions: Shared) -> dict:  # type: ignore[type-arg]
    """Return what the records of a search depend on; a search goes on with records of the same only."""
    budget = options.budget()
    texts = [[one.example.question for one in part] for part in (questions.searched, questions.held_out)]
    return {
        **setting_of(config), "kind": kind, "seed": config.seed, "answers": budget.answers, "draws": budget.draws,
        "held_out": budget.held_out, "choices": msgspec.to_builtins(choices), "questions": texts,
    }  # fmt: skip


def _answers(path: pathlib.Path) -> dict[str, str]:
    """Answered questions of a file, by their text; those without an answer are left out."""
    try:
        with open_named(path) as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise ConfigurationError(f"--examples {path} has more than {LARGEST:,} bytes")
        lines = [msgspec.json.decode(line, type=Answered) for line in data.splitlines() if line.strip()]
    except OSError as error:
        raise ConfigurationError(f"--examples {path}: {error.strerror}") from error
    except UNREADABLE as error:
        raise ConfigurationError(one_line(f"--examples {path}: {error}")) from error
    return {line.question: line.answer for line in lines if line.answer}
