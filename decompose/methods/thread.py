"""Work as a tree of subtasks of which a prompt shows what is still needed (TIM, arXiv 2507.16784).

Each question opens a subtask of the task that is open, or concludes it; the question itself is the root. A prompt shows
the working memory: thoughts and conclusions of tasks whose parent is open, and of the subtask lists that were finished
last. What stood below an older conclusion is not shown any more, so that prompts grow with the depth of the work and
not with its length. Lines are added at the end: what servers keep of the last prompt is the beginning of the next one.

A conclusion over something that is not shown any more is held by a monitor, who may ask for a task's details: they are
shown again. What a task found, or why it failed, is all that its parent sees of it.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from surefoot.decompose.methods.asking import Asking, Goal, Shown, Turn, Wording, asked_too_often, labelled
from surefoot.decompose.methods.direct import context_of
from surefoot.decompose.methods.tool_text import call_of, listed, read_use, text_of
from surefoot.decompose.step import Done, Flag, Prompt, Role, Step

if TYPE_CHECKING:
    from surefoot.decompose.problem import Problem

Task = tuple[int, ...]
"""Which task it is: ``(1, 2)`` is the second subtask of the first; the root is ``()``."""
Event = tuple[Task, str, str]
"""A line of the memory: a task, ``Thought``, ``Concluded`` or ``Failed``, and the text."""
Events = tuple[Event, ...]

BUFFER = 2
"""Finished subtask lists that are still shown: the published setting."""
MOST_TASKS, DEEPEST = 4000, 40
"""Subtasks of one question, and levels of them, at most."""
SUBTASK, USE, CONCLUSION = "Subtask", "Use", "Conclusion"
THOUGHT, CONCLUDED, FAILED = "Thought", "Concluded", "Failed"
ROOT = "the question"
"""What a prompt calls the root where it says which task is open."""
NOTHING = "none"
_NAME = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){0,40}")


def name_of(task: Task) -> str:
    """Return the name under which prompts show a task: ``1.2``."""
    return ".".join(map(str, task)) or ROOT


def open_tasks(events: Events) -> tuple[Task, ...]:
    """Return the tasks that are open, the root first and the one that is worked on last."""
    ended = {task for task, what, _ in events if what != THOUGHT}
    return ((), *(task for task, what, _ in events if what == THOUGHT and task not in ended))


def retained(events: Events, buffer: int | None, again: tuple[Task, ...] = ()) -> Events:
    """Return the working memory: the events that a prompt shows, in the order in which they happened.

    Args:
        events: All events.
        buffer: How many finished lists of subtasks are shown although their parent is concluded; ``None`` for all.
        again: Tasks whose subtasks are shown in any case: a monitor asked for them.
    """
    if buffer is None:
        return events
    parents = {task[:-1] for task, _, _ in events}
    finished = [task for task, what, _ in events if what != THOUGHT and task in parents]
    live = {*open_tasks(events), *finished[len(finished) - min(buffer, len(finished)) :], *again}
    return tuple(event for event in events if event[0][:-1] in live)


def _reader(tools: bool) -> Any:
    """Reads what is done next from the last line that says it; ``Use: ...`` only where there are tools."""
    labels = (SUBTASK, CONCLUSION, FAILED, *((USE,) if tools else ()))

    def read(problem: "Problem", step: Step, text: str) -> str | Flag:
        rows = [(label, said) for row in text.splitlines() for label in labels if (said := labelled(row, label))]
        label, said = rows[-1] if rows else ("", "")
        if label == USE:
            use = read_use(said, problem.tools())
            return Flag("misformatted", f"no use of a tool: {said[:100]}") if use is None else f"{USE}: {use}"
        if label == CONCLUSION:
            whole = step.reads.shown[-1][1] == ROOT
            found = (problem.read_answer if whole else problem.read_part)(said)
            flag = Flag("misformatted", f"not {problem.answer_form()}: {said[:100]}")
            return flag if found is None else f"{CONCLUSION}: {found}"
        return f"{label}: {said}" if label else Flag("misformatted", "no line that says what to do next")

    return read


def _read_missing(problem: "Problem", step: Step, text: str) -> str | Flag:
    """A last line ``Missing: none``, or the name of a concluded task that the prompt shows."""
    said = (labelled(text, "Missing") or "").rstrip(".").lower()
    known = {text.split()[0] for label, text in step.reads.shown if label == CONCLUDED}
    if said == NOTHING or (_NAME.fullmatch(said) and said in known):
        return said
    return Flag("misformatted", "neither none nor a task that was concluded")


_OR = (
    "or with one line: Conclusion: <what the open task comes to; of the question itself: {form}>\n"
    "or with one line: Failed: <why the open task cannot be done>"
)
_ONE = f"Reply with one line: {SUBTASK}: <a question that helps with the open task>\n"
NEXT = Wording(
    "Go on with the work below: begin a subtask of the task that is open, or conclude it.",
    _ONE + _OR,
    Role.ACTOR,
    _reader(tools=False),
    256,
)
NEXT_OR_TOOL = Wording(
    "Go on with the work below: begin a subtask of the task that is open, use a tool, or conclude it.",
    f"{_ONE}or with one line: {USE}: <tool[its input]>\n{_OR}",
    Role.ACTOR,
    _reader(tools=True),
    256,
)
EVIDENCE = Wording(
    "Does what is shown below suffice for the proposal, or are details missing that stood below a conclusion?",
    f"Reply with one line: Missing: {NOTHING}\nor with one line: Missing: <the number of the concluded task>",
    Role.MONITOR,
    _read_missing,
)


class Thread(Asking, frozen=True):
    """One task after the other of a tree; the board is all events, and the tasks whose details are shown again.

    Attributes:
        buffer: Finished subtask lists that prompts still show; ``None`` to show everything.
    """

    buffer: int | None = BUFFER
    wordings: ClassVar[Mapping[str, Wording]] = {
        "subtask": NEXT,
        "subtask or tool": NEXT_OR_TOOL,
        "evidence": EVIDENCE,
    }

    def turn(self, problem: "Problem", goal: Goal, board: Any) -> Turn:
        """Ask what is done next with the task that is open, and do it."""
        events, again = _read_board(board)
        at = open_tasks(events)[-1]
        tools = listed(problem.tools())
        memory = retained(events, self.buffer, again)
        shown = (*context_of(problem, goal), *tools, *_lines(memory), ("Open", name_of(at)))
        said = yield self.ask("subtask or tool" if tools else "subtask", goal, goal.text, shown)
        what, _, text = said.partition(": ")
        if what in (SUBTASK, USE):
            return (yield from self._begun(problem, (events, again), at, what, text))
        hidden = {task[:-1] for task, _, _ in events if task[: len(at)] == at} - {task[:-1] for task, _, _ in memory}
        if what == CONCLUSION and hidden:
            # Before the last line: which task is open stays the last that a prompt says.
            missing = yield self.ask("evidence", goal, goal.text, (*shown[:-1], ("Proposal", text), shown[-1]))
            if missing != NOTHING:
                named = tuple(map(int, missing.split(".")))
                if named in hidden:
                    return events, (*again, named)
                what, text = FAILED, f"details of {missing} are missing, and nothing more is known of it"
        if not at:
            return Done(text) if what == CONCLUSION else Done(None, text)
        ended = (at, CONCLUDED if what == CONCLUSION else FAILED, text)
        return (*events, ended), tuple(task for task in again if task[: len(at)] != at)

    def _begun(
        self, problem: "Problem", board: tuple[Events, tuple[Task, ...]], at: Task, what: str, text: str
    ) -> Turn:
        """The board with one more subtask; one that is the use of a tool is concluded with what was found."""
        events, again = board
        if len(at) == DEEPEST or sum(kind == THOUGHT for _, kind, _ in events) == MOST_TASKS:
            return Done(None, f"{MOST_TASKS:,} subtasks, or {DEEPEST} levels of them, gave no answer")
        beside = [said for one, kind, said in events if kind == THOUGHT and one[:-1] == at]
        often = asked_too_often(text, beside)
        if often is not None:
            return often
        task = (*at, 1 + len(beside))
        begun = (*events, (task, THOUGHT, text))
        use = read_use(text, problem.tools()) if what == USE else None
        if use is None:
            return begun, again
        found = text_of((yield call_of(use)))
        # That a tool failed is told as such, and never as something that was found.
        ended = (CONCLUDED, found) if isinstance(found, str) else (FAILED, f"{found.error}: {found.message}")
        return (*begun, (task, *ended)), again

    def prompt(self, problem: "Problem", step: Step) -> Prompt:
        """Put a question into words with what grows at the end, so that prompts begin alike."""
        wording, asked = self.wordings[step.kind], step.reads
        form = wording.form.replace("{form}", problem.answer_form())
        lines = [f"{label}: {text}" for label, text in (("Question", asked.question), *asked.shown)]
        return Prompt("\n".join([wording.instruction, "", form, "", *lines, "", "Go on."]), problem.rules())


def _lines(memory: Events) -> Shown:
    return tuple((what, f"{name_of(task)} {text}") for task, what, text in memory)


def _read_board(board: Any) -> tuple[Events, tuple[Task, ...]]:
    """Events and tasks of a board, which may have travelled as builtin values; the first board is the inputs."""
    events, again = board or ((), ())
    return tuple((tuple(task), what, text) for task, what, text in events), tuple(map(tuple, again))
