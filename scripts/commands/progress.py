"""Shows a run to a person: a progress bar while it works, a summary at its end."""

import pathlib
import re
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from surefoot.runtime.config import RunConfig
from surefoot.runtime.count_text import count_of
from surefoot.runtime.journal.run_directory import Standing
from surefoot.runtime.records import Counts, Usage
from surefoot.runtime.session.answers import Preview
from surefoot.runtime.session.watcher import Watcher
from surefoot.runtime.untrusted import LONGEST_LINE, tame
from surefoot.scripts.commands.output import printable, quoted

if TYPE_CHECKING:
    from surefoot.scripts.commands.progress_bar import Bar

MOST_ACCOUNTS = 8
"""Accounts of one sort that are listed for people; ``--json`` has all."""


LIMIT = re.compile(r"(--max-[a-z-]+) ([0-9.e+]+) is reached")
"""How a run says that it paused at a limit: the option and its value."""
ENOUGH = re.compile(r"it takes --max-cost-usd ([0-9.e+]+) or more")
"""How it says which limit one more call needs."""


class Progress(Watcher):
    """A progress bar on stderr; plain lines now and then where stderr is no terminal.

    Args:
        directory: The run directory.
        config: The run's configuration.
        total: Steps expected of the whole plan; 0 if that is not known.
    """

    LINE_EVERY_S = 10.0
    """Seconds of work between two plain lines."""

    def __init__(self, directory: pathlib.Path, config: RunConfig, total: int) -> None:
        self._total, self._units = total, "rows" if config.task == "map" else "steps"
        self._bar: Bar | None = None
        if sys.stderr.isatty():
            from surefoot.scripts.commands import progress_bar

            self._bar = progress_bar.Bar(total, self._units)
        self._print(config.task, f" with {config.model} in {directory}")
        self._last_line_s = 0.0

    def __enter__(self) -> "Progress":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _print(self, begins: str, rest: str = "") -> None:
        """Print a line; on a terminal above the bar, its beginning bold where it has a rest."""
        if self._bar is None:
            print(printable(begins + rest), file=sys.stderr, flush=True)
        else:
            self._bar.print(printable(begins), printable(rest))

    def say(self, text: str) -> None:
        """Show beside the progress bar what the run is doing."""
        if self._bar is None:
            self._print(text)
        else:
            self._bar.describe(printable(text.partition(":")[0]))

    def note(self, text: str) -> None:
        """Leave a line standing above the progress bar."""
        self._print(text)

    def update(self, counts: Counts, wall_s: float) -> None:
        """Show what was counted so far, after a durable write."""
        flags = sum(counts.red_flags.values())
        extra = f"{count_of(counts.calls, 'call')}, {count_of(flags, 'flag')}"
        extra += f", {_retries(counts.seam_retries)}" if self._units == "steps" else ""
        extra += f", {counts.tokens_in + counts.tokens_out:,} tokens, {_money(counts.cost_usd, counts.unpriced_calls)}"
        if self._bar is not None:
            self._bar.advance(counts.steps, extra)
        elif wall_s - self._last_line_s >= self.LINE_EVERY_S:
            self._last_line_s = wall_s
            done = f"{counts.steps:,}/{self._total:,}" if self._total else f"{counts.steps:,}"
            self._print(f"{done} {self._units}, {extra}, {wall_s:.0f} s")


def summary(standing: Standing, answer: Preview | None = None, levels: Sequence[str] = (), batched: int = 0) -> str:
    """Return how a run ended in a few lines, the answer first.

    Args:
        standing: Where the run stands.
        answer: The answer of a solved run.
        levels: Lines about its plans.
        batched: Questions of batches that may be at the provider.
    """
    s = standing
    table, unit = s.task == "map", "row" if s.task == "map" else "step"
    per_step = f"{s.calls_per_step:.3f} a {unit}" if s.calls_per_step is not None else f"no {unit} yet"
    per_step += f", {s.pilot_calls:,} of the pilot" if s.pilot_calls else ""
    flags = ", ".join(f"{name} {count:,}" for name, count in sorted(s.red_flags_by_name.items())) or "none"
    hedged = f", {s.hedged_calls:,} more for late ones" if s.hedged_calls else ""
    money = "price unknown" if s.cost_usd is None else f"${s.cost_usd:.4f}"
    if s.cost_usd is not None and s.cost_at_most_usd is not None and s.cost_at_most_usd >= s.cost_usd + 0.00005:
        money += f" (at most ${s.cost_at_most_usd:.4f}, with calls that were cut off)"
    splits = "" if table else f"{count_of(s.decompositions, 'decomposition')}, "
    lines = [
        f"{s.status:<9} {_steps(s)} in {s.wall_s:.1f} s   {printable(s.run_dir)}",
        f"calls     {s.calls:,} ({per_step}), {splits}{count_of(s.failed_calls, 'failed call')}{hedged}",
        f"chosen    {s.why or 'nothing yet'}; target {s.target}"
        + ("" if table else f"; next states by the {s.state_by}"),
        f"red flags {flags}",
        f"checks    {count_of(s.disagreements, 'disagreement')}, {count_of(s.escalations, 'escalation')}"
        + ("" if table else f", {_retries(s.seam_retries)}, {count_of(s.broken_promises, 'broken promise')}"),
        f"tokens    {_tokens(s.calls, s.tokens_in, s.tokens_out, s.tokens_cached)}, {money}",
        *_accounts(s.accounts),
    ]
    if s.looks:
        lines.insert(2, f"looks     {s.looks:,} taken, {s.fresh_looks:,} distinct ones asked of the model")
    if s.rungs:
        told = ", ".join(f"{rung.put_right:,} of {rung.asked:,} by {name}" for name, rung in s.rungs.items())
        lines.insert(5 + bool(s.looks), f"put right {told}")
    if s.alarms:
        lines.insert(
            5 + bool(s.looks), "alarms    " + ", ".join(f"{kind} {count:,}" for kind, count in sorted(s.alarms.items()))
        )
    if s.evidence or s.doubted_evidence:
        lines.append(
            f"plan      versions given up: {s.revisions:,}; reports of evidence: {s.evidence:,}, "
            f"of them doubted: {s.doubted_evidence:,}"
        )
    lines[1:1] = _remarks(s, batched)
    if answer is not None:
        more = "" if answer.whole else f"   (whole: surefoot result {quoted(s.run_dir)})"
        lines.insert(0, f"answer    {printable(answer.line)}{more}")
    lines += levels
    lines.append(f"next      surefoot {next_command(s)}")
    # Names of models, flags and questions, and why a run ended, are what a model, a server or a received file says.
    return "\n".join(tame(line, LONGEST_LINE) for line in lines)


def _remarks(s: Standing, batched: int) -> list[str]:
    """What is out of the ordinary, the weightiest first."""
    found = []
    if s.message:
        found.append(f"because   {printable(s.message)}")
    if s.failed_nodes:
        found.append(f"failed    {_failures(s)}")
    if batched:
        told = f"{count_of(batched, 'question')} may be at the provider, which bills what it answers"
        found.append(f"batches   {told}; resume takes them up")
    if s.missing_batches:
        lacks = count_of(s.missing_batches, "committed batch", "committed batches")
        found.append(
            f"missing   not in this copy: {lacks}, which the file journal.sqlite-wal of the original has: it was not "
            "copied, or is older here"
        )
    return found


def _retries(count: int) -> str:
    return count_of(count, "seam retry", "seam retries")


def _steps(s: Standing) -> str:
    """How far a run came, of how many steps."""
    if s.task == "map":
        return f"{s.steps:,} of {count_of(s.total_steps, 'row')}"
    if s.open_ended:
        return count_of(s.steps, "step")
    if s.steps > s.total_steps:
        more = "some were run again" if s.seam_retries or s.broken_promises else "by what its task says"
        return f"{s.steps:,} steps (the plan has {s.total_steps:,}; {more})"
    # A plan that is found may be shorter than the longest that was allowed.
    early = s.status == "solved" and s.steps < s.total_steps
    if early:
        return f"{count_of(s.steps, 'step')} (at most {s.total_steps:,})"
    return f"{s.steps:,} of {count_of(s.total_steps, 'step')}"


def _failures(s: Standing) -> str:
    """How many nodes or rows have their failure as their result, and where that can be read."""
    one, several = ("row has", "rows have") if s.task == "map" else ("node has its", "nodes have their")
    what = "no answer" if s.task == "map" else "failure as output, as the plan permits"
    return f"{s.failed_nodes:,} {one if s.failed_nodes == 1 else several} {what}: surefoot result {quoted(s.run_dir)}"


def next_command(s: Standing) -> str:
    """The command that a person would type next, quoted for a shell, without the program's name.

    After a limit it is ``resume`` with a limit twice as high, or as one more call needs; after a failure what the model
    said.
    """
    name = quoted(s.run_dir)
    if s.status == "paused":
        if s.waiting:
            return f"review {name}"
        limit, enough = LIMIT.match(s.message), ENOUGH.search(s.message)
        if limit is None:
            return f"resume {name}"
        least = max(float(limit[2]), float(enough[1]) if enough else 0.0)
        return f"resume {name} {limit[1]} {2 * least:.12g}"
    if s.status == "failed":
        which = "--flagged" if s.red_flags > s.disagreements else "--disputed"
        return f"steps {name} {which}" if s.red_flags or s.disagreements else f"report {name}"
    if s.status != "solved":
        return f"show {name}"
    # No simulator knows the right answers to somebody's questions about a table.
    return f"verify {name}" if s.has_referee and s.task != "map" else f"result {name}"


def _accounts(by: dict[str, dict[str, Usage]]) -> list[str]:
    """Calls, tokens and money by kind of question, model and worker, where there is more than one."""
    lines = []
    for what in ("kind", "model", "worker"):
        accounts = by.get(what, {})
        if len(accounts) > 1:
            for name, account in sorted(accounts.items(), key=lambda item: -item[1].calls)[:MOST_ACCOUNTS]:
                lines.append(f"  {what:<7} {printable(name):<16} {_used(account)}")
            if len(accounts) > MOST_ACCOUNTS:
                lines.append(f"  {what:<7} and {len(accounts) - MOST_ACCOUNTS:,} more: show --json")
    return lines


def _used(account: Usage) -> str:
    if not account.calls:  # what failed calls have cost is known of the whole run at most
        return f"0 calls, {account.failed_calls:,} failed"
    thought = f" ({account.tokens_reasoning:,} thinking)" if account.tokens_reasoning else ""
    tokens = _tokens(account.calls, account.tokens_in, account.tokens_out, account.tokens_cached)
    return f"{account.calls:,} calls, {tokens}{thought}, {_money(account.cost_usd, account.unpriced_calls)}"


def _tokens(calls: int, tokens_in: int, tokens_out: int, cached: int) -> str:
    """Never 0 for what is not known: a model that answered has read and said something."""
    if calls and not tokens_in and not tokens_out:
        return "unknown, as the model does not state them"
    return f"{tokens_in:,} in{_cached(cached)}, {tokens_out:,} out"


def _cached(tokens: int) -> str:
    """Those of the prompt tokens that a server had in its cache, where it had some."""
    return f" ({tokens:,} cached)" if tokens else ""


def _money(usd: float, unpriced_calls: int) -> str:
    """Never 0 for what is not known."""
    return "price unknown" if unpriced_calls else f"${usd:.4f}"
