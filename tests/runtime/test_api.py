"""Runs from Python: start, resume, open, measure; with names, classes and values; inside and outside of a loop."""

import asyncio
import pathlib
import signal
import subprocess
import sys
import threading
from typing import Any

import msgspec
import pydantic
import pytest

import surefoot
from surefoot.runtime import api
from surefoot.runtime.errors import ConfigurationError, ResumeMismatch, RunFailed, UserCodeError
from surefoot.runtime.session.interruption import Interruption
from tests.data.own.values import Fan, Nested, Ready, answers
from tests.runtime.execution.models import QUIET, Counted

ROOT = pathlib.Path(__file__).parents[2]
LAZY = """
import sys
before = set(sys.modules)
import surefoot
after = {name for name in set(sys.modules) - before if name.partition(".")[0] not in sys.stdlib_module_names}
assert after == {"surefoot"}, sorted(after)
from surefoot import Task, Step, Done, Flag, Prompt, Role, Node
heavy = {"ray", "litellm", "scipy", "numpy", "ctranslate2", "pyarrow", "torch", "jinja2"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
assert set(surefoot.__all__) <= set(dir(surefoot))
assert all(getattr(surefoot, name) is not None for name in surefoot.__all__)
from surefoot.runtime import errors
raised = {name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, Exception)}
assert raised <= set(surefoot.__all__), raised - set(surefoot.__all__)
assert all(getattr(surefoot, name) is getattr(errors, name) for name in raised)
"""


class Point(msgspec.Struct):
    """An answer as a struct."""

    values: list[int]


class Model(pydantic.BaseModel):
    """An answer as a Pydantic model."""

    values: list[int]


class Typed(Fan, frozen=True, kw_only=True):
    """The same numbers, as a value of a type."""

    output_type = Point

    def answer(self, output: Any, steps: Any) -> Any:
        return {"values": output}


class TypedModel(Typed, frozen=True, kw_only=True):
    """The same as a Pydantic model."""

    output_type = Model


def test_importing_the_package_imports_nothing_else() -> None:
    subprocess.run([sys.executable, "-c", LAZY], cwd=ROOT, check=True, timeout=100)


@pytest.mark.parametrize(
    ("task", "options"),
    [(Fan(parts=3), {}), (Fan, {"parts": 3}), ("tests.data.own.values:Fan", {"parts": 3})],
    ids=["value", "class", "name"],
)
def test_a_task_is_a_value_a_class_or_a_name(task: Any, options: dict[str, Any], tmp_path: pathlib.Path) -> None:
    found = surefoot.run(task, Counted(answers), run_dir=tmp_path / "r", **QUIET, **options)
    assert (found.status, found.output, found.message) == ("solved", [1, 2, 3], "")
    opened = surefoot.open(tmp_path / "r")
    assert (opened.status, opened.output, opened.counts.steps) == ("solved", [1, 2, 3], 3)
    assert [step.answer for step in opened.steps()] == ["1", "2", "3"]
    assert [one.run_dir for one in surefoot.runs(tmp_path)] == [str(tmp_path / "r")]
    assert opened.report().stat().st_size > 1000
    assert opened.certificate is not None
    assert "[1,2,3]" in opened._repr_html_().replace(" ", "")


@pytest.mark.parametrize(("cls", "kind"), [(Typed, Point), (TypedModel, Model)])
def test_output_has_the_tasks_type(cls: Any, kind: Any, tmp_path: pathlib.Path) -> None:
    found = surefoot.run(cls(parts=3), Counted(answers), run_dir=tmp_path / "r", **QUIET)
    assert isinstance(found.output, kind)
    assert found.output.values == [1, 2, 3]
    assert surefoot.open(tmp_path / "r").output == {"values": [1, 2, 3]}
    assert isinstance(surefoot.open(tmp_path / "r", task=cls()).output, kind)


def test_wrong_use_is_said_in_one_line_and_leaves_nothing(tmp_path: pathlib.Path) -> None:
    wrong: list[tuple[Any, dict[str, Any], str]] = [
        (Fan(), {"k": 0}, "k"),
        (Fan(), {"no_such": 1}, "no_such"),
        (Fan(), {"parts": 3}, "given as a value already"),
        (Fan, {"parts": "many"}, "parts"),
        ("no-such", {}, "unknown task"),
        (Fan(), {"address": "local"}, "stays in this process"),
    ]
    for task, options, words in wrong:
        with pytest.raises(ConfigurationError, match=words) as error:
            surefoot.run(task, Counted(answers), run_dir=tmp_path / "r", **{**QUIET, **options})
        assert "\n" not in str(error.value)
    assert not (tmp_path / "r" / "journal.sqlite").exists()


def test_a_run_without_an_answer_says_why(tmp_path: pathlib.Path) -> None:
    found = surefoot.run(Fan(), Counted(answers, 2), run_dir=tmp_path / "r", **QUIET)
    assert found.status == "paused"
    with pytest.raises(RunFailed, match="it is paused"):
        _ = found.output
    assert surefoot.resume(tmp_path / "r", task=Fan(), model=Counted(answers)).output == [1, 2, 3, 4, 5]
    again = Counted(answers)
    assert surefoot.resume(tmp_path / "r", task=Fan(), model=again).output == [1, 2, 3, 4, 5]
    assert again.asked == []


def test_other_prompts_do_not_go_on_with_a_run(tmp_path: pathlib.Path) -> None:
    class Other(Fan, frozen=True, kw_only=True):
        def prompt(self, step: Any, dialect: Any, wording: int = 0) -> Any:
            return surefoot.Prompt(f"behind: {step.reads}")

    surefoot.run(Fan(), Counted(answers, 2), run_dir=tmp_path / "r", **QUIET)
    with pytest.raises(ResumeMismatch):
        surefoot.resume(tmp_path / "r", task=Other(), model=Counted(answers))


def test_other_options_of_the_task_do_not_either(tmp_path: pathlib.Path) -> None:
    surefoot.run(Fan(), Counted(answers, 2), run_dir=tmp_path / "r", **QUIET)
    with pytest.raises(ResumeMismatch, match="started with parts 5, and the task given now has 6"):
        surefoot.resume(tmp_path / "r", task=Fan(parts=6), model=Counted(answers))


async def test_inside_a_loop_that_runs(tmp_path: pathlib.Path) -> None:
    """As in a notebook's cell: the blocking form works, and so does the other."""
    assert surefoot.run(Fan(), Counted(answers), run_dir=tmp_path / "a", **QUIET).output == [1, 2, 3, 4, 5]
    events: list[surefoot.ProgressEvent] = []
    found = await surefoot.run_async(
        Nested(), Counted(answers), run_dir=tmp_path / "b", on_event=events.append, **QUIET
    )
    assert found.output == Nested().wanted()
    assert [event.steps for event in events if event.kind == "progress"][-1] == found.counts.steps
    assert {"progress", "wait"} <= {event.kind for event in events}


class Stalling(Counted):
    """Stops at a question until it is told to go on."""

    def __init__(self, stall_at: int) -> None:
        super().__init__(answers)
        self.stall_at, self.reached, self.go_on = stall_at, threading.Event(), threading.Event()

    async def ask(self, request: Any) -> Any:
        if len(self.asked) == self.stall_at:
            self.reached.set()
            await asyncio.to_thread(self.go_on.wait)
        return await super().ask(request)


async def test_being_cancelled_pauses_politely(tmp_path: pathlib.Path) -> None:
    model = Stalling(2)
    begun = surefoot.run_async(Fan(), model, run_dir=tmp_path / "r", chains_in_flight=1, **QUIET)
    running = asyncio.ensure_future(begun)
    await asyncio.to_thread(model.reached.wait)
    running.cancel()
    for _ in range(20):
        await asyncio.sleep(0)
    model.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    paused = surefoot.open(tmp_path / "r")
    assert (paused.status, paused.message) == ("paused", "cancelled")
    late = Counted(answers)
    found = await surefoot.resume_async(tmp_path / "r", task=Fan(), model=late)
    assert found.output == [1, 2, 3, 4, 5]
    assert len(model.asked) >= 3, "what was being asked was lost"
    assert not set(late.asked) & set(model.asked)
    assert len(late.asked) + len(model.asked) == 5


def test_an_interrupt_pauses_politely(tmp_path: pathlib.Path) -> None:
    """Ctrl-C in the thread that waits, as in a cell of a notebook or in a script."""
    model = Stalling(2)

    def interrupt() -> None:
        model.reached.wait()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        asked.wait(10)
        model.go_on.set()

    asked = threading.Event()
    original = Interruption.ask

    def ask(interruption: Interruption, reason: str) -> None:
        original(interruption, reason)
        asked.set()

    Interruption.ask = ask  # type: ignore[method-assign]
    try:
        helper = threading.Thread(target=interrupt)
        helper.start()
        with pytest.raises(KeyboardInterrupt) as raised:  # or a script would go on with half an answer
            surefoot.run(Fan(), model, run_dir=tmp_path / "r", chains_in_flight=1, **QUIET)
        helper.join()
    finally:
        Interruption.ask = original  # type: ignore[method-assign]
    assert str(raised.value).startswith("the run is paused and nothing is lost; surefoot.resume('")
    found = surefoot.open(tmp_path / "r")
    assert (found.status, found.message) == ("paused", "interrupted")
    assert surefoot.resume(tmp_path / "r", task=Fan(), model=Counted(answers)).status == "solved"


class Hanging(Counted):
    """Never answers; says when it is asked, and whether the question was taken back."""

    def __init__(self) -> None:
        super().__init__(answers)
        self.reached, self.taken_back = threading.Event(), threading.Event()

    async def ask(self, request: Any) -> Any:
        self.reached.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.taken_back.set()


def interrupted(model: Hanging, again: threading.Event | None = None) -> threading.Thread:
    """Start to send an interrupt to the main thread once the model is asked, and another after an event."""

    def body() -> None:
        for reached in filter(None, (model.reached, again)):
            reached.wait()
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    helper = threading.Thread(target=body)
    helper.start()
    return helper


def test_a_measurement_that_is_interrupted_asks_nothing_more() -> None:
    model = Hanging()
    helper = interrupted(model)
    with pytest.raises(KeyboardInterrupt):
        surefoot.measure("tests.data.own.values:Nested", model, depth=0, samples=4, draws=2)
    helper.join()
    assert model.taken_back.is_set()


def test_a_second_interrupt_ends_a_run_at_once(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, asked = Hanging(), threading.Event()
    ask = Interruption.ask

    def told(interruption: Interruption, reason: str) -> None:
        ask(interruption, reason)
        asked.set()

    monkeypatch.setattr(Interruption, "ask", told)
    helper = interrupted(model, asked)
    with pytest.raises(KeyboardInterrupt):
        surefoot.run(Fan(), model, run_dir=tmp_path / "r", **QUIET)
    helper.join()
    assert model.taken_back.is_set()
    assert surefoot.resume(tmp_path / "r", task=Fan(), model=Counted(answers)).output == [1, 2, 3, 4, 5]


def test_an_interrupt_at_the_very_end_does_nothing(tmp_path: pathlib.Path) -> None:
    asked = Interruption()
    setup = api.set_up(Fan(), Counted(answers), QUIET)
    assert api.start(setup, tmp_path / "r", api.Watcher(), asked).status == "solved"
    asked.ask("late")


def test_an_interrupt_before_the_run_has_begun_is_not_lost(tmp_path: pathlib.Path) -> None:
    asked = Interruption()
    asked.ask("early")
    setup = api.set_up(Fan(), Counted(answers), QUIET)
    assert api.start(setup, tmp_path / "r", api.Watcher(), asked).status == "paused"


def test_what_fails_in_a_tasks_code_names_its_line(tmp_path: pathlib.Path) -> None:
    class Faulty(Fan, frozen=True, kw_only=True):
        def prompt(self, step: Any, dialect: Any, wording: int = 0) -> Any:
            return step.no_such

    with pytest.raises(UserCodeError, match=r"test_api\.py.*line \d+"):
        surefoot.run(Faulty(), Counted(answers), run_dir=tmp_path / "r", **QUIET)


def test_measure(tmp_path: pathlib.Path) -> None:
    found = surefoot.measure("tests.data.own.values:Nested", "simulated:p_error=0.5", depth=0, samples=20, draws=4)
    [kind] = found.kinds
    assert 0.2 < kind.p_error < 0.8
    [right] = surefoot.measure("tests.data.own.values:Nested", "simulated", depth=0, samples=20, draws=4).kinds
    assert right.p_error == 0


def test_nothing_to_ask(tmp_path: pathlib.Path) -> None:
    assert surefoot.run(Ready, Counted(answers), run_dir=tmp_path / "r", **QUIET).output == "nothing to ask"


CELLS = ["""
import msgspec, pathlib, surefoot

class Double(surefoot.Task, frozen=True, kw_only=True):
    number: int = 4

    def root(self):
        return surefoot.Node((), "all", (self.number,))

    def begin(self, goal, inputs):
        return []

    def next_step(self, goal, state):
        return surefoot.Done(state[0]) if state else surefoot.Step("double", surefoot.Role.ACTOR, self.number)

    def advance(self, goal, state, candidate):
        return [int(candidate)]

    def prompt(self, step, dialect, wording=0):
        return surefoot.Prompt(f"twice {step.reads}")

    def parse(self, step, text, dialect):
        return text if text.isdigit() else surefoot.Flag("misformatted", text)

class Doubling(surefoot.Model):
    dialect = "chat"

    async def ask(self, request):
        number = int(request.prompt.user.split()[1])
        return [surefoot.Reply(str(2 * number), tokens_in=1, tokens_out=1) for _ in request.draws]

    async def close(self):
        pass
""", """
run = surefoot.run(Double(), Doubling(), k=2, run_dir=pathlib.Path(FOLDER) / "r")
assert run.output == 8
run
""", """
other = await surefoot.run_async(Double, Doubling(), number=5, k=2, run_dir=pathlib.Path(FOLDER) / "s")
assert other.output == 10
rows = surefoot.map(["1", "2"], "Twice {text}", Doubling2(), output=int, k=2, run_dir=pathlib.Path(FOLDER) / "m")
rows.output
"""]  # fmt: skip
MODEL = """
class Doubling2(Doubling):
    async def ask(self, request):
        number = int(request.prompt.user.split()[1])
        return [surefoot.Reply(str(2 * number), tokens_in=1, tokens_out=1) for _ in request.draws]
"""


def test_in_a_real_kernel(tmp_path: pathlib.Path) -> None:
    """A notebook with a task, a model and three runs: its loop runs already, and its classes have no module."""
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    first, *others = CELLS
    sources = [f"import sys; sys.path.insert(0, {str(ROOT)!r}); FOLDER = {str(tmp_path)!r}\n{first}{MODEL}", *others]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    nbclient.NotebookClient(notebook, timeout=100, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = notebook.cells[1].outputs[0]["data"]
    assert "solved" in shown["text/html"]
    assert ">8<" in shown["text/html"]
    assert notebook.cells[2].outputs[0]["data"]["text/plain"] == "[2, 4]"
