"""Writes what runs teach to files of JSON lines, an example at a time."""

import contextlib
import pathlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Literal, get_args

import msgspec

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.trace.advantages import ALPHA
from surefoot.runtime.trace.examples import Example, Pair, digest_of
from surefoot.runtime.trace.lines import Form, Graph, graphs_of, line_of
from surefoot.runtime.trace.parts import Seen, row_for_test, tasks_for_test
from surefoot.runtime.trace.process import conversations
from surefoot.runtime.trace.single_steps import decompositions, polished, preferences, roles
from surefoot.runtime.trace.traced_run import TracedRun
from surefoot.runtime.whole_files import PUBLIC, whole_file

Kind = Literal["process", "polished", "decomposer", "preference", "roles"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Told = Graph | Example | Pair

LEAKED = "a prompt of the test part stands in it"
TWICE = "the same example once more"


class Wanted(msgspec.Struct, frozen=True):
    """What is to be exported.

    Attributes:
        kind: What the examples show.
        form: How they are written.
        test_share: Share of the tasks that go to the test part; 0 for one file without parts.
        seed: Chooses which.
        alpha: For ``roles``: share by which advantages of planning grow.
        judged: For ``decomposer``: by run directory, why a judge outside does not take the run as verified, empty where
            it does. Runs that are not named go by their seams.
    """

    kind: Kind
    form: Form
    test_share: float = 0.0
    seed: int = 0
    alpha: float = ALPHA
    judged: Mapping[str, str] = {}


class Written(msgspec.Struct):
    """What an export wrote, and what it left out.

    Attributes:
        files: Name of each file with its number of lines.
        events: Events that were written, for event graphs.
        tasks: Tasks by part, where the export has parts; rows of tables are not among them.
        left_out: What gave no example, by the reason.
        leaked: Examples that were kept out of the training part because of a prompt of the test part.
        twice: Examples that were written once though they came several times.
    """

    files: dict[str, int]
    events: int = 0
    tasks: dict[str, int] = {}
    left_out: dict[str, int] = {}
    leaked: int = 0
    twice: int = 0


def export(directories: Sequence[pathlib.Path], wanted: Wanted, path: pathlib.Path) -> Written:
    """Write the examples of some runs to a file, or to one for training and one for testing.

    Args:
        directories: Run directories; nothing in them is changed or executed.
        wanted: Which examples, in which form.
        path: The file. With a test part, ``.train`` and ``.test`` come before its last suffix.

    Raises:
        RunDirectoryError: One is no run directory.
        JournalError: A journal cannot be read.
        ConfigurationError: A file cannot be written, or the form is none of the kind's.
    """
    if wanted.form == "events" and wanted.kind != "process":
        raise ConfigurationError(f"--format events: the events of a run are --kind process, not {wanted.kind}")
    with contextlib.ExitStack() as stack:
        runs = [stack.enter_context(TracedRun(directory)) for directory in directories]
        return _Export(wanted, runs).write(path)


class _Export:
    """One export under way.

    Args:
        wanted: Which examples, in which form.
        runs: Open.
    """

    def __init__(self, wanted: Wanted, runs: Sequence[TracedRun]) -> None:
        self._wanted, self._runs = wanted, runs
        tasks = {run.task for run in runs if not run.table}
        self._tested = tasks_for_test(tasks, wanted.test_share, wanted.seed)
        self._asked_in_test, self._left_out = Seen(), Counter[str]()
        self._read: set[str] = set()
        self._written = Written({}, tasks=self._parts(tasks))

    def _parts(self, tasks: set[str]) -> dict[str, int]:
        test = len(self._tested)
        return {"train": len(tasks) - test, "test": test} if self._wanted.test_share else {}

    def write(self, path: pathlib.Path) -> Written:
        """Write the test part first: what it asks is kept out of the other."""
        parts: list[tuple[pathlib.Path, bool | None]] = [(path, None)]
        if self._wanted.test_share:
            parts = [(path.with_suffix(f".{name}{path.suffix}"), name == "test") for name in ("test", "train")]
        for file, test in parts:
            self._file(file, test)
        self._written.left_out = dict(sorted((+self._left_out).items()))
        return self._written

    def _file(self, path: pathlib.Path, test: bool | None) -> None:
        seen, count = Seen(), 0
        try:
            with whole_file(path, mode=PUBLIC) as draft, draft.open("wb") as file:
                for run in self._runs:
                    count += self._run(run, test, seen, file)
        except OSError as error:
            folder = "" if path.parent.is_dir() else f": there is no folder {path.parent}"
            raise ConfigurationError(f"cannot write {path}{folder or f': {error.strerror}'}") from error
        self._written.files[str(path)] = count

    def _run(self, run: TracedRun, test: bool | None, seen: Seen, file: IO[bytes]) -> int:
        if test is not None and not run.table and (run.task in self._tested) != test:
            return 0
        count = 0
        for told, prompts in self._told(run):
            if test is not None and not self._belongs(run, prompts, test):
                continue
            if not isinstance(told, Graph) and not seen.add(_content(told)):
                self._written.twice += 1
                continue
            for line in line_of(told, self._wanted.form):
                file.write(line + b"\n")
                count += 1
            self._written.events += len(told.events) if isinstance(told, Graph) else 0
        return count

    def _belongs(self, run: TracedRun, prompts: Sequence[str], test: bool) -> bool:
        """Whether an example belongs to a part; what the test part asks is noted while that is written."""
        if run.table and row_for_test(prompts, self._wanted.test_share, self._wanted.seed) != test:
            return False
        if test:
            for prompt in prompts:
                self._asked_in_test.add(prompt)
            return True
        leaks = any(prompt in self._asked_in_test for prompt in prompts)
        self._written.leaked += leaks
        return not leaks

    def _told(self, run: TracedRun) -> Iterator[tuple[Told, Sequence[str]]]:
        """Examples of a run, each with the digests of the prompts in it."""
        if self._wanted.form == "events":
            for graph in graphs_of(run.origin(), run.events()):
                asked = [one for one in graph.events if one.what == "question" and one.prompt]
                yield graph, [digest_of(one.system, one.prompt) for one in asked]
            return
        # A table is read for each part; what it leaves out is counted once.
        left_out = Counter[str]() if run.name in self._read else self._left_out
        self._read.add(run.name)
        for told in self._source()(run, left_out):
            yield told, told.prompts

    def _source(self) -> Callable[[TracedRun, Counter[str]], Iterator[Example | Pair]]:
        sources: dict[Kind, Callable[[TracedRun, Counter[str]], Iterator[Example | Pair]]] = {
            "process": conversations,
            "polished": polished,
            "decomposer": lambda run, left_out: decompositions(
                run, left_out, self._wanted.judged.get(str(run.directory))
            ),
            "preference": preferences,
            "roles": lambda run, left_out: roles(run, left_out, self._wanted.alpha),
        }
        return sources[self._wanted.kind]


def _content(told: Example | Pair) -> str:
    """Digest of what an example teaches, wherever it comes from."""
    if isinstance(told, Pair):
        return digest_of(*(one.content for one in told.prompt), told.chosen, told.rejected)
    return digest_of(*(f"{one.role}{one.train:d}{one.weight}{one.content}" for one in told.messages))
