"""``surefoot report``: one self-contained page about a run."""

import pathlib

import click

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.untrusted import one_line
from surefoot.runtime.whole_files import PRIVATE, PUBLIC, write_whole
from surefoot.scripts.commands.cli import OK, print_json
from surefoot.scripts.commands.options import json_option


@click.command()
@click.argument("run_dir", type=click.Path(path_type=pathlib.Path))
@click.option("--output", type=click.Path(path_type=pathlib.Path), help="The file  [default: RUN_DIR/report.html]")
@click.option(
    "--confidence", type=click.FloatRange(0.5, 1, min_open=True, max_open=True), default=0.95, show_default=True,
    help="Of the certificate.",
)  # fmt: skip
@json_option
def report(run_dir: pathlib.Path, output: pathlib.Path | None, confidence: float, as_json: bool) -> int:
    """Write what happened in a run, from its journal alone, as one page that needs no network."""
    from surefoot.runtime.report.facts import facts_of
    from surefoot.runtime.report.page import render

    facts = facts_of(run_dir, confidence)
    path = output or run_dir / "report.html"
    try:
        write_whole(path, render(facts), mode=PRIVATE if output is None else PUBLIC)
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}") from error
    found = facts.certificate
    if as_json:
        print_json(
            {
                "report": str(path), "bytes": path.stat().st_size, "status": facts.standing.status,
                "bound": found.bound, "estimate": found.estimate, "confidence": found.confidence,
                "bound_by_ballots": found.by_ballots, "proof": found.proof,
                "violations": list(found.violations), "alarms": [alarm.kind.value for alarm in facts.alarms],
            }
        )  # fmt: skip
        return OK
    print(f"{one_line(path)}  ({path.stat().st_size / 1e6:.2f} MB)")
    if found.proof:
        print(f"no wrong step: {one_line(found.proof)}")
    held = (
        "" if not found.violations else "; its assumptions were VIOLATED: " + "; ".join(map(one_line, found.violations))
    )
    alone = "by its ballots alone, " if found.proof else ""
    print(f"{alone}at most {found.by_ballots:.2g} chance of any wrong step, with {found.confidence:g} confidence{held}")
    for one in found.allowed:
        print(f"  {one.bound:.2g} if {one.meaning}" + ("" if one.credible else ": the ballots contradict it"))
    return OK
