"""What a person sees of a run: a progress bar while it works, a summary at its end."""

import pathlib
import sys
from types import TracebackType

import rich.console
import rich.progress

from decompose.task import Task
from runtime.config import RunConfig
from runtime.records import Counts
from runtime.run_directory import Standing
from scripts.cli import printable


class Progress:
    """A progress bar on stderr; plain lines now and then where stderr is no terminal.

    Args:
        directory: The run directory.
        config: The run's configuration.
        task: The task.
    """

    LINE_EVERY_S = 10.0
    """Seconds of work between two plain lines."""

    def __init__(self, directory: pathlib.Path, config: RunConfig, task: Task) -> None:
        root = task.root()
        self._console = rich.console.Console(stderr=True, highlight=False)
        self._total = task.size(root.goal, root.inputs)
        self._console.print(f"[bold]{config.task}[/] with {printable(config.model)} in {directory}")
        self._bar = rich.progress.Progress(
            rich.progress.TextColumn("{task.description}"),
            rich.progress.BarColumn(),
            rich.progress.TextColumn("{task.completed:,.0f}/{task.total:,.0f} steps"),
            rich.progress.TimeElapsedColumn(),
            rich.progress.TimeRemainingColumn(),
            rich.progress.TextColumn("{task.fields[extra]}"),
            console=self._console,
            disable=not sys.stderr.isatty(),
        )
        self._row = self._bar.add_task("working", total=self._total, extra="")
        self._last_line_s = 0.0

    def __enter__(self) -> "Progress":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def say(self, text: str) -> None:
        """Put a line before the bar."""
        self._bar.update(self._row, description=printable(text.partition(":")[0]))
        if self._bar.disable:
            self._console.print(printable(text), markup=False)

    def note(self, text: str) -> None:
        """Leave a line standing above the bar."""
        self._console.print(printable(text), markup=False)

    def update(self, counts: Counts, wall_s: float) -> None:
        """Show the totals after a durable write."""
        flags = sum(counts.red_flags.values())
        extra = f"{counts.calls:,} calls, {flags:,} flags, {counts.seam_retries:,} seam retries"
        if counts.cost_usd:
            extra += f", ${counts.cost_usd:.4f}"
        self._bar.update(self._row, completed=counts.steps, description="working", extra=extra)
        if self._bar.disable and wall_s - self._last_line_s >= self.LINE_EVERY_S:
            self._last_line_s = wall_s
            self._console.print(f"{counts.steps:,}/{self._total:,} steps, {extra}, {wall_s:.0f} s", markup=False)


def summary(standing: Standing) -> str:
    """How a run ended, in a few lines."""
    s = standing
    per_step = f"{s.calls_per_step:.3f} a step" if s.calls_per_step is not None else "no step yet"
    flags = ", ".join(f"{name} {count:,}" for name, count in sorted(s.red_flags_by_name.items())) or "none"
    money = "price unknown" if s.cost_usd is None else f"${s.cost_usd:.4f}"
    lines = [
        f"{s.status:<9} {s.steps:,} of {s.total_steps:,} steps in {s.wall_s:.1f} s   {s.run_dir}",
        f"calls     {s.calls:,} ({per_step}), {s.decompositions:,} decompositions, {s.failed_calls:,} failed calls",
        f"chosen    {s.why or 'nothing yet'}; target {s.target}; next states by the {s.state_by}",
        f"red flags {flags}",
        f"doubts    {s.disagreements:,} disagreements, {s.seam_retries:,} seam retries, {s.escalations:,} escalations, "
        f"{s.broken_promises:,} broken promises",
        f"tokens    {s.tokens_in:,} in, {s.tokens_out:,} out, {money}",
    ]
    if s.rungs:
        told = ", ".join(f"{name} {rung.put_right:,} of {rung.asked:,}" for name, rung in s.rungs.items())
        lines.insert(5, f"put right {told}")
    if s.alarms:
        lines.insert(5, "alarms    " + ", ".join(f"{kind} {count:,}" for kind, count in sorted(s.alarms.items())))
    if s.message:
        lines.insert(1, f"because   {printable(s.message)}")
    hint = {"solved": "verify", "paused": "resume", "failed": "resume", "running": "show"}[s.status]
    return "\n".join([*lines, f"next      surefoot {hint} {s.run_dir}"])
