"""``surefoot diagnose``: what limits runs, planning or execution, and how votes are better shared."""

import contextlib
import itertools
import pathlib
from collections.abc import Iterable, Iterator
from typing import Any

import click
import msgspec

from surefoot.runtime.report.number_text import short
from surefoot.runtime.trace.class_tally import entropy, tally
from surefoot.runtime.trace.diagnosis import Diagnosis, diagnose
from surefoot.runtime.trace.grams import mined, strategies
from surefoot.runtime.trace.traced_run import TracedRun
from surefoot.scripts.commands.options import json_option
from surefoot.scripts.commands.output import OK, aligned, print_json, printable

MOST_TEXTS = 10_000
"""Replies in which phrases are looked for."""


@click.command("diagnose")
@click.argument("run_dirs", nargs=-1, required=True, metavar="RUN_DIR...", type=click.Path(path_type=pathlib.Path))
@click.option(
    "--calls", type=click.FloatRange(0.1, 100), default=1.0, show_default=True,
    help="Most calls of the recommended votes, as a multiple of those of now.",
)  # fmt: skip
@click.option("--grams", is_flag=True, help="Also which phrases the kept replies that won share, and their entropy.")
@json_option
def diagnose_command(run_dirs: tuple[pathlib.Path, ...], calls: float, grams: bool, as_json: bool) -> int:
    """Say what limits runs from their journals: how work is split, or how single steps are answered.

    Runs of one task are best given together. What is recommended is a value of --modules of surefoot run.
    """
    with contextlib.ExitStack() as stack:
        runs = [stack.enter_context(TracedRun(directory)) for directory in run_dirs]
        budget = min(1 - run.config.target for run in runs)
        found = diagnose(tally(runs), budget, calls)
        phrases = _phrases(runs) if grams else None
    if as_json:
        print_json({**msgspec.to_builtins(found), **({} if phrases is None else phrases)})
        return OK
    print("\n".join(described(found)))
    if phrases is not None:
        print(f"phrases   {len(phrases['grams']):,} strategic ones; {phrases['gram_entropy']:.2f} bits")
        for gram, count in phrases["grams"].items():
            print(f"          {count:,} replies: {printable(gram)}")
    return OK


def _phrases(runs: Iterable[TracedRun]) -> dict[str, Any]:
    """Phrases that kept replies share which won and were gone on with, and the entropy of their use in bits."""
    won = (race.winning for run in runs for race in run.races() if run.stands(race))
    texts = list(itertools.islice((one.text for one in won if one is not None and one.text), MOST_TEXTS))
    grams = mined(texts)
    return {"grams": grams, "gram_entropy": entropy(strategies(texts, grams)), "replies_read": len(texts)}


def described(found: Diagnosis) -> Iterator[str]:
    """Format a diagnosis for people."""
    yield f"verdict   {found.verdict}: {found.why}"
    if found.plan_share is not None and found.interval is not None:
        low, high = found.interval.low, found.interval.high
        yield f"plans     {found.plan_share:.0%} of the wrong verdicts to be expected ({low:.0%} to {high:.0%})"
    yield f"choices   {found.plan_entropy:.2f} bits a plan question, {found.plan_questions:,} questions"
    refuted = any(one.refuted for one in found.classes)
    head = ["level", "question", "decided", "ballots", "discarded", "error", "95 %", "margin", "gone back on"]
    head += ["for evidence"] * refuted
    rows = [
        (
            one.level, one.kind or "-", f"{one.questions:,}", f"{one.ballots:,}", f"{one.discarded:,}",
            f"{one.error:.2%}", f"{one.interval.low:.2%} to {one.interval.high:.2%}", f"{one.margin:.1f}",
            f"{one.wrong:,}", *[f"{one.refuted:,}"] * refuted,
        )
        for one in found.classes
    ]  # fmt: skip
    yield aligned([head, *rows], right=range(2, len(head)))
    if found.now is None or found.recommended is None or found.other is None:
        return
    for name, one in (("now", found.now), ("better", found.recommended), ("other way", found.other)):
        leads = f"leads {one.first} (plans) and {one.second} (steps)"
        yield f"{name:<9} {leads}: {one.calls:,.0f} calls, {short(one.wrong)} wrong verdicts to be expected a run"
    if found.recommended != found.now:
        yield f'next      surefoot run ... --modules "{found.modules}"'
