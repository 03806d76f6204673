"""The progress bar of a run on a terminal; without one, nothing imports this, nor the library that draws it."""

import rich.console
import rich.progress
import rich.text


class Bar:
    """A bar on stderr, with lines above it that stay.

    Args:
        total: Steps or rows expected; 0 if that is not known.
        units: What is counted, in the plural.
    """

    def __init__(self, total: int, units: str) -> None:
        self._console = rich.console.Console(stderr=True, highlight=False)
        self._bar = rich.progress.Progress(
            rich.progress.TextColumn("{task.description}", markup=False),
            rich.progress.BarColumn(),
            rich.progress.TextColumn("{task.completed:,.0f}" + ("/{task.total:,.0f} " if total else " ") + units),
            rich.progress.TimeElapsedColumn(),
            rich.progress.TimeRemainingColumn(),
            rich.progress.TextColumn("{task.fields[extra]}", markup=False),
            console=self._console,
        )
        self._row = self._bar.add_task("working", total=total or None, extra="")  # without one, it only moves

    def start(self) -> None:
        """Draw the bar, and again whenever something changes."""
        self._bar.start()

    def stop(self) -> None:
        """Leave the bar as it is."""
        self._bar.stop()

    def print(self, text: str, rest: str = "") -> None:
        """Leave a line standing above the bar; it is taken as it is, and bold up to its rest if it has one."""
        line = rich.text.Text.assemble((text, "bold"), rest) if rest else rich.text.Text(text)
        self._console.print(line, soft_wrap=True)

    def describe(self, what: str) -> None:
        """Show before the bar what the run is doing."""
        self._bar.update(self._row, description=what)

    def advance(self, done: int, extra: str) -> None:
        """Show how far the run is, and what is behind the bar."""
        self._bar.update(self._row, completed=done, description="working", extra=extra)
