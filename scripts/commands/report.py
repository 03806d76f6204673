"""``surefoot report``: one self-contained page about a run."""

import pathlib
from collections.abc import Iterator
from typing import Any

import click
import msgspec

from surefoot.runtime.report.glance import is_bench
from surefoot.runtime.session.mapping import MapRun, open_run
from surefoot.runtime.trace.level_reader import levels_at
from surefoot.scripts.commands.options import json_option
from surefoot.scripts.commands.output import OK, print_json, printable, quoted
from surefoot.scripts.commands.output_file import write_output


@click.command()
@click.argument("run_dir", type=click.Path(path_type=pathlib.Path))
@click.option("--output", type=click.Path(path_type=pathlib.Path), help="The file  [default: RUN_DIR/report.html]")
@click.option(
    "--confidence", type=click.FloatRange(0.5, 1, min_open=True, max_open=True), default=0.95, show_default=True,
    help="Of the certificate.",
)  # fmt: skip
@json_option
def report(run_dir: pathlib.Path, output: pathlib.Path | None, confidence: float, as_json: bool) -> int:
    """Write what happened in a run, from its journal alone, as one page that needs no network.

    RUN_DIR may be a directory of surefoot bench as well: the page is its table.
    """
    if is_bench(run_dir):
        return _report_bench(run_dir, output, as_json)
    from surefoot.runtime.report.facts import facts_of

    facts = facts_of(run_dir, confidence)
    path = output or run_dir / "report.html"
    run = open_run(run_dir)
    size = write_output(path, run.page(facts), private=output is None)
    found = facts.certificate
    if as_json:
        print_json(
            {
                "report": str(path), "bytes": size, "status": facts.standing.status,
                "bound": found.bound, "estimate": found.estimate, "confidence": found.confidence,
                "bound_by_ballots": found.by_ballots, "proof": found.proof,
                "violations": list(found.violations), "alarms": [alarm.kind.value for alarm in facts.alarms],
                "levels": msgspec.to_builtins(levels_at(run_dir)),
            }
        )  # fmt: skip
        return OK
    print(f"{quoted(path)}  ({size / 1e6:.2f} MB)")
    print("\n".join(_certified(facts, "row" if isinstance(run, MapRun) else "step")))
    return OK


def _certified(facts: Any, unit: str) -> Iterator[str]:
    """What the certificate says, in a few lines."""
    from surefoot.runtime.report.certificate_text import certificate_text
    from surefoot.runtime.report.number_text import percent

    found, finished = facts.certificate, facts.standing.status == "solved"
    text = certificate_text(found, finished=finished, unit=unit, by_person=facts.gathered.by_person)
    yield printable(f"{text.headline}: {text.known}")
    if text.stronger:
        yield printable(f"stronger: {text.stronger}")
    if found.proof or found.violations:
        return
    for one in found.allowed:
        held = f"at most {percent(one.bound, at_most=True)}" if one.credible else "the ballots contradict it"
        yield f"  if {one.meaning}: {held}"


def _report_bench(directory: pathlib.Path, output: pathlib.Path | None, as_json: bool) -> int:
    """Write the table of a suite as a page, also while its rows are still at work."""
    from surefoot.scripts.commands.bench_directory import read_bench
    from surefoot.scripts.commands.bench_table import page_of

    found = read_bench(directory)
    path = output or directory / "bench.html"
    size = write_output(
        path, page_of(found.title, found.scores, found.published, found.columns), private=output is None
    )
    if as_json:
        print_json({"report": str(path), "bytes": size, "rows": [score.shown() for score in found.scores]})
    else:
        print(f"{quoted(path)}  ({size / 1e6:.2f} MB)")
    return OK
