"""One question of a user's as a run: what ``surefoot ask`` starts, and the answer with what it rests on."""

import pathlib
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from surefoot.decompose.advisor import Advice
from surefoot.decompose.methods.asking import Asked, Shown
from surefoot.decompose.methods.auto import advice_of
from surefoot.decompose.methods.thread import CONCLUDED, THOUGHT
from surefoot.decompose.plan import PlanStep
from surefoot.decompose.problem import Problem
from surefoot.decompose.tasks.ask import ELSEWHERE, AskedQuestion, most_context
from surefoot.runtime.config import open_task
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.session.answers import plan_of
from surefoot.runtime.session.run import Run
from surefoot.runtime.text_file import read_text_file
from surefoot.runtime.tools.named import absolute, tool_named
from surefoot.runtime.tools.search_folder import holds_text

ASKED, FOUND = "Asked", "Found"
"""Labels of what a prompt shows of earlier questions and of tools."""
TOOL_OF_RELEVANCE: Final[Mapping[str, str]] = MappingProxyType({"words": "search", "likelihood": "ranked"})
"""Tools that search in a folder, by how they choose passages."""


class Evidence(msgspec.Struct, frozen=True):
    """Something that an answer rests on.

    Attributes:
        asked: A sub-question, or the use of a tool, as in ``calc[3 * 4]``.
        found: What was answered. Both are untrusted text.
    """

    asked: str
    found: str


class AskRun(Run):
    """The run of one question: ``output`` is the answer, ``evidence`` what it rests on."""

    def evidence(self) -> list[Evidence]:
        """Return the sub-questions and uses of tools behind the answer, in order; none of a run without an answer."""
        return list(_evidence(self._plan())) if self.status == "solved" else []

    def advice(self) -> Advice | None:
        """Return the advice by which the method ``auto`` went on, with its reason; ``None`` for other methods."""
        task = open_task(self._config)
        return advice_of(task, self._plan()) if self.status == "solved" and isinstance(task, Problem) else None

    def _plan(self) -> list[PlanStep]:
        journal = open_journal(self.run_dir, write=False)
        try:
            return list(plan_of(journal, self._config, open_task(self._config)))
        finally:
            journal.close()


def _evidence(steps: list[PlanStep]) -> Iterator[Evidence]:
    """What the last question of a plan was shown; else what was asked before it."""
    asked_of = [step for step in steps if isinstance(step.reads, Asked) and step.kind not in ("shape", "attempt")]
    shown = asked_of[-1].reads.shown if asked_of else ()
    found = [*_told_in_pairs(shown), *_told_by_number(shown)]
    yield from found
    if not found:
        yield from (Evidence(step.reads.question, step.candidate) for step in asked_of[:-1])


def _told_in_pairs(shown: Shown) -> Iterator[Evidence]:
    """Questions with their answers behind them."""
    asked = None
    for label, text in shown:
        if label == ASKED:
            asked = text
        elif label == FOUND and asked is not None:
            yield Evidence(asked, text)


def _told_by_number(shown: Shown) -> Iterator[Evidence]:
    """Subtasks with their conclusions, which stand under the same number."""
    thoughts: dict[str, str] = {}
    for label, text in shown:
        name, _, said = text.partition(" ")
        if label == THOUGHT:
            thoughts[name] = said
        elif label == CONCLUDED and name in thoughts:
            yield Evidence(thoughts[name], said)


def asked_question(
    question: str,
    method: str | None = None,
    tools: str | Iterable[str] = (),
    context: Iterable[pathlib.Path | str] = (),
    relevance: str = "words",
) -> AskedQuestion:
    """Return a question as a problem.

    Args:
        question: The question.
        method: How it is decomposed; by default ``self-ask`` where there are tools, else ``direct``.
        tools: ``"calc,search:FOLDER,sql:FILE"``, or a list of such texts.
        context: Files that every prompt shows; folders become a search tool.
        relevance: How passages of such folders are chosen: by their ``words``, or by the ``likelihood`` of the search's
            words after each, in the eyes of the run's model.

    Raises:
        ConfigurationError: A tool, a file or the method is not there.
    """
    _only_text("a question", [question])
    listed = [tools] if isinstance(tools, str) else _only_text("tools", tools)
    paths = [pathlib.Path(path) for path in _only_text("context", context, pathlib.Path)]
    if relevance not in TOOL_OF_RELEVANCE:
        raise ConfigurationError(f"relevance: there is no {relevance!r}; there are {', '.join(TOOL_OF_RELEVANCE)}")
    listed += [f"{TOOL_OF_RELEVANCE[relevance]}:{path}" for path in paths if path.is_dir()]
    files = [path for path in paths if not path.is_dir()]
    about = "\n\n".join(f"[{path.name}]\n{_shown_file(path, method or '')}" for path in files)
    try:
        draft = AskedQuestion(text=question, use=",".join(listed))
        named = {name: absolute(str(one)) for name, one in draft.tools().items()}
        for one in named.values():
            tool_named(one)
            kind, _, place = one.partition(":")
            if kind in TOOL_OF_RELEVANCE.values() and not holds_text(place):
                raise ConfigurationError(f"there is no text file below {place} to search in")
        draft.question()
        chosen = method or ("self-ask" if named else "direct")
        return AskedQuestion(text=question, use=",".join(named.values()), about=about, method=chosen)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error


def _only_text(what: str, given: Iterable[Any], *kinds: type) -> list[Any]:
    """What a program gave in place of texts is refused in one line, and not where it is first used."""
    wanted = (str, *kinds)
    listed = list(given) if isinstance(given, Iterable) else [given]
    if wrong := [one for one in listed if not isinstance(one, wanted)]:
        raise ConfigurationError(f"{what}: expected text, got {type(wrong[0]).__name__}")
    return listed


def _shown_file(path: pathlib.Path, method: str) -> str:
    """A file that a question is about; of one that is far too long no more is read than tells so."""
    try:
        return read_text_file(path, f"--context {path}", 4 * most_context(method))
    except ConfigurationError as error:
        if " is longer than " not in str(error):
            raise
        raise ConfigurationError(f"{error}: {ELSEWHERE}") from error


def options_of(task: AskedQuestion) -> dict[str, Any]:
    """Return the options of a question as a run directory keeps them."""
    return {name: getattr(task, name) for name in task.__struct_fields__ if name != "state_by"}
