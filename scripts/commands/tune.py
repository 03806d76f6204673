"""``surefoot tune``: search for the wording in which a model answers one kind of question best."""

import pathlib
from collections.abc import Iterable
from typing import Any

import click
import msgspec
import rich.console
import rich.table
import rich.text

from surefoot.decompose.task import Task
from surefoot.decompose.wordings.wording import Wording
from surefoot.runtime.config import RunConfig, explain, open_task
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.report.number_text import short
from surefoot.runtime.session.going_on import checked
from surefoot.runtime.session.own_loop import in_own_loop
from surefoot.runtime.session.setup import Setup
from surefoot.runtime.session.tune import TuneEvent, Tuning, tuned
from surefoot.runtime.tuning.setup import TuneOptions, kind_of, write_questions
from surefoot.runtime.tuning.tuning import LEVEL
from surefoot.runtime.wordings_file import Share
from surefoot.scripts.commands.options import build_config, json_option, log_options, struct_options, tell
from surefoot.scripts.commands.output import FAILED, OK, one_line, print_json, printable
from surefoot.scripts.commands.run import ByTask

OPTIONS = (
    "model", "api_base", "dialect", "state_by", "red_flags", "seed", "temperature", "max_reply_tokens", "timeout_s",
    "patience_s", "calls_in_flight", "price_in", "price_out", "max_cost_usd", "max_calls",
)  # fmt: skip
EVERY = 10
"""Queries between two lines of progress."""
WIDE = 100
"""Characters of a text that are shown."""


def _tune_command(name: str, cls: type[Task]) -> click.Command:
    def search(
        as_json: bool,
        write: pathlib.Path,
        questions: pathlib.Path | None,
        log_format: Any,
        verbose: bool,
        **values: Any,
    ) -> int:
        configure_logs(log_format, verbose)
        asked = _options({name: values.pop(name) for name in TuneOptions.__struct_fields__})
        config = build_config(name, cls, {**values, "address": "none"})
        if questions is not None:
            return _only_questions(questions, config, asked.kind, as_json)
        setup = checked(Setup(config, open_task(config)))
        found = in_own_loop(lambda: tuned(config, setup.task, (), asked, write, _Progress().note))
        if as_json:
            print_json(msgspec.to_builtins(found))
        else:
            print_tuning(found)
        return OK if found.improved else FAILED

    command = click.Command(name, callback=search, help=f"{cls.summary}\n\nTune the wording of its questions.")
    path = click.Path(path_type=pathlib.Path)
    command.params = [
        *struct_options(TuneOptions),
        click.Option(
            ["--write"], type=path, default="wordings.toml", show_default=True,
            help="The file that gets the winner, for --wordings of a run; other kinds in it stay.",
        ),
        click.Option(
            ["--questions"], type=path,
            help="Ask nothing: write questions to this file, to be answered by hand for --examples.",
        ),
        *struct_options(cls, [field for field in cls.__struct_fields__ if field != "state_by"]),
        *struct_options(RunConfig, OPTIONS),
    ]  # fmt: skip
    return json_option(log_options(command))  # type: ignore[no-any-return]


@click.group("tune", cls=ByTask, of=_tune_command, subcommand_metavar="TASK [OPTIONS]")
def tune_command() -> None:
    """Search for the wording in which a model answers one kind of question best.

    Words, examples, their order and the answer cue are chosen under a budget of real calls; questions that the search
    never saw decide. The winner goes to a file that runs take with --wordings. What a reply is read as does not change.
    """


def _options(values: dict[str, Any]) -> TuneOptions:
    try:
        return msgspec.convert(
            {name: value for name, value in values.items() if value is not None}, TuneOptions, strict=False
        )
    except msgspec.ValidationError as error:
        raise ConfigurationError(explain(error, TuneOptions)) from error


def _only_questions(path: pathlib.Path, config: RunConfig, kind: str | None, as_json: bool) -> int:
    """Write questions to be answered by hand."""
    task = open_task(config)
    kind = kind_of(task, kind)
    count = write_questions(path, config, task, kind)
    if as_json:
        print_json({"kind": kind, "questions": count, "written": str(path)})
    else:
        print(printable(f"{count:,} questions of kind {kind} in {path}: fill in answers, then give it as --examples"))
    return OK


class _Progress:
    """Says on stderr how far a search is, now and then."""

    def __init__(self) -> None:
        self._calls, self._said = 0, ""

    def note(self, event: TuneEvent) -> None:
        """Say something at every tenth query, and where a search begins."""
        self._calls += event.calls
        if event.search != self._said or event.queries % EVERY == 0:
            self._said = event.search
            tell(
                f"{event.search}: query {event.queries:,}, {event.right} of {event.calls} right; {self._calls:,} calls "
                f"now, at most {event.most_calls:,} in all"
            )


def print_tuning(found: Tuning) -> None:
    """Print what a search for a wording found."""
    console = rich.console.Console(highlight=False, markup=False)
    console.print(
        f"{printable(found.task)}, kind {printable(found.kind)}, with {printable(found.model)}: {found.calls:,} calls; "
        f"searched with {found.searched:,} questions, decided by {found.held_out:,} others"
    )
    console.print(_arms(found))
    before, after = _rate(found.before, found.error_before_interval), _rate(found.after, found.error_after_interval)
    console.print(f"the task's own wording, asked afresh: {before} not right")
    if found.search or found.improved:
        console.print(f"the best, by {found.search or 'the file before'}, asked afresh: {after} not right")
    if not found.improved:
        console.print(f"no wording was answered better than the task's own ({_chance(found)}); nothing was written")
        return
    console.print(f"better than the task's own: {_chance(found)}")
    for line in _shown(found.wording):
        console.print(line)
    if found.written:
        place = printable(found.written)
        console.print(f"written to {place}, version {found.version}: runs take it with --wordings {place}")


def _chance(found: Tuning) -> str:
    """The chance that wordings which are all alike come out so, and how it was corrected."""
    wordings = "1 wording" if found.compared == 1 else f"{found.compared:,} wordings"
    chance = "under 0.01 %" if found.chance < 1e-4 else f"{100 * found.chance:.2g} %"
    return f"such a lead comes by chance in at most {chance}, of {wordings} compared; {LEVEL:.0%} is the limit"


def _arms(found: Tuning) -> rich.table.Table:
    """Each search with its best wording, by the held-out questions."""
    table = rich.table.Table("search", "queries", "calls", "held out, not right", box=None)
    table.add_row("(the task's own)", "", "", _per_cent(found.own))
    for arm in found.arms:
        table.add_row(rich.text.Text(arm.search), f"{arm.queries:,}", f"{arm.calls:,}", _per_cent(arm.held_out))
    return table


def _shown(wording: Wording) -> Iterable[str]:
    """The parts of a wording, one a line."""
    for part in ("form", "question", "label", "cue", "gap"):
        yield f"  {part}: {one_line(repr(getattr(wording, part)), WIDE)}"
    for sentence in wording.instruction:
        yield f"  sentence: {one_line(sentence, WIDE)}"
    for example in wording.examples:
        yield f"  example: {one_line(example.question, WIDE)!r}: {one_line(example.answer, WIDE)!r}"


def _rate(share: Share, interval: tuple[float, float]) -> str:
    low, high = (short(round(100 * end, 1)) for end in interval)
    return f"{_per_cent(share)} (95 % interval {low} to {high})"


def _per_cent(share: Share) -> str:
    return f"{100 * (1 - share.right / share.calls):.3g} % of {share.calls:,}"
