"""``wordings.toml``: the wordings that ``surefoot tune`` found, one for each kind of question, and how runs take them.

A run takes the text of the file into its configuration, so that it stands in ``run.toml`` and in the journal, workers
elsewhere have it, and a run that is resumed asks as it did. The file is a stranger's word: it is text with named
fields, and nothing in it is executed.
"""

import hashlib
import io
import pathlib
from typing import Annotated, Any, Literal

import msgspec
import tomli_w

from surefoot.decompose.step import Dialect
from surefoot.decompose.task import NothingToAsk, Task
from surefoot.decompose.wordings.worded import worded
from surefoot.decompose.wordings.wording import Wording
from surefoot.runtime.config import RunConfig, dialect_of
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.plain_files import open_named
from surefoot.runtime.untrusted import one_line
from surefoot.runtime.whole_files import PUBLIC, write_whole

Count = Annotated[int, msgspec.Meta(ge=0)]
SAMPLED = 32
"""Sampled questions that wordings are tried on before a run starts."""
LARGEST = 1 << 20
"""Characters of the largest file that is read."""


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Right replies among all calls, the discarded ones included."""

    right: Count
    calls: Count


class Found(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a wording was found.

    Attributes:
        search: Name of the search.
        seed: Of the search.
        calls: Real calls that were made in all.
        before: Of the task's own wording on questions that the search never saw.
        after: Of this wording on the same questions.
    """

    search: str
    seed: int
    calls: Count
    before: Share
    after: Share


class Tuned(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The wording of one kind of question.

    Attributes:
        kind: Of question, as the task names it.
        wording: How it is put.
        revision: Counts how often this kind was tuned into this file.
        found: How it was found; ``None`` for one that was written by hand.
    """

    kind: str
    wording: Wording
    revision: Count = 1
    found: Found | None = None

    @property
    def version(self) -> str:
        """A short hash of the wording: two that put questions alike have the same."""
        return hashlib.blake2b(msgspec.json.encode(self.wording), digest_size=4).hexdigest()


class Wordings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Contents of a wordings file.

    Attributes:
        format: Of the file.
        task: Name of the task whose questions these are.
        dialect: In which they are asked: what is parsed depends on it.
        model: For which they were found.
        kinds: One for each kind of question.
    """

    format: Literal[1] = 1
    task: str
    dialect: Dialect
    model: str
    kinds: tuple[Tuned, ...] = ()

    def __post_init__(self) -> None:
        names = [one.kind for one in self.kinds]
        if len(set(names)) < len(names):
            raise ValueError("a kind of question stands twice in a wordings file")

    def with_kind(self, tuned: Tuned) -> "Wordings":
        """Return the wordings with that of one kind replaced or added, as its next revision."""
        before = {one.kind: one for one in self.kinds}
        revision = before[tuned.kind].revision + 1 if tuned.kind in before else 1
        before[tuned.kind] = msgspec.structs.replace(tuned, revision=revision)
        return msgspec.structs.replace(self, kinds=tuple(before[kind] for kind in sorted(before)))


def text_of(place: str) -> str:
    """Return the text of a wordings file; a text of several lines is one already.

    Raises:
        ConfigurationError: It cannot be read.
    """
    if "\n" in place:
        return place
    try:
        with io.TextIOWrapper(open_named(pathlib.Path(place)), encoding="utf-8") as file:
            text = file.read(LARGEST + 1)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "is no text file"
        raise ConfigurationError(f"--wordings {one_line(place)}: {reason}") from error
    if len(text) > LARGEST:
        raise ConfigurationError(f"--wordings {one_line(place)} has more than {LARGEST:,} characters")
    parse(text, place)
    return f"{text.rstrip()}\n"


def parse(text: str, place: str = "") -> Wordings:
    """Read the text of a wordings file.

    Raises:
        ConfigurationError: It is none; the line says what is wrong with it.
    """
    try:
        return msgspec.toml.decode(text, type=Wordings)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:  # a wording's own check is a ValueError
        raise ConfigurationError(one_line(f"--wordings {place}: {error}")) from error


def encoded(wordings: Wordings) -> str:
    """Return the text of a wordings file."""
    return tomli_w.dumps(_without_none(msgspec.to_builtins(wordings)), multiline_strings=False)


def read_wordings(path: pathlib.Path) -> Wordings | None:
    """Read a wordings file; ``None`` if there is none.

    Raises:
        ConfigurationError: It cannot be read.
    """
    return parse(text_of(str(path)), str(path)) if path.exists() else None


def write_wordings(path: pathlib.Path, wordings: Wordings) -> None:
    """Write a wordings file whole or not at all.

    Raises:
        ConfigurationError: It cannot be written.
    """
    try:
        write_whole(path, encoded(wordings), mode=PUBLIC)
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}") from error


def wordings_of(config: RunConfig) -> dict[str, Wording]:
    """Return the wording of each kind of question that a run's configuration names one for.

    Raises:
        ConfigurationError: They are of another task or dialect, or cannot go together with an option.
    """
    if config.wordings is None:
        return {}
    found = parse(text_of(config.wordings))
    if found.task != config.task:
        raise ConfigurationError(one_line(f"--wordings is for task {found.task}, not {config.task}"))
    if found.dialect != dialect_of(config):
        raise ConfigurationError(f"--wordings is for --dialect {found.dialect}, not {dialect_of(config)}")
    if config.structured:
        raise ConfigurationError("--wordings has answers in the task's own form: it does not go with --structured")
    return {one.kind: one.wording for one in found.kinds}


def check_wordings(config: RunConfig, task: Task) -> None:
    """Find out before a run starts whether its wordings go with the questions of the task.

    Raises:
        ConfigurationError: They are of another task or dialect, or name facts that the questions do not have.
    """
    wordings, dialect = wordings_of(config), dialect_of(config)
    for number in range(SAMPLED if wordings else 0):
        try:
            step = task.sample_step(number)
        except NothingToAsk:
            return
        if step.kind in wordings:
            try:
                worded(task, step, dialect, wordings[step.kind])
            except ValueError as error:
                raise ConfigurationError(f"--wordings, kind {step.kind}: {error}") from error


def said_of(config: RunConfig) -> str:
    """One line about the wordings of a run for its first lines; empty if it has none."""
    if config.wordings is None:
        return ""
    found = parse(text_of(config.wordings))
    kinds = ", ".join(f"{one.kind} ({one.version}, revision {one.revision})" for one in found.kinds)
    tuned = "" if found.model == config.model else f", found for {found.model}"
    return one_line(f"tuned wordings of {kinds or 'no kind of question'}{tuned}")


def _without_none(value: Any) -> Any:
    """A value without what TOML cannot say."""
    if isinstance(value, dict):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    return [_without_none(inner) for inner in value] if isinstance(value, list | tuple) else value
