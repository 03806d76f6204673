"""``surefoot launch``: runs a command as a job on a Ray cluster, and finds the way back to it from anywhere."""

import pathlib
import shlex
import tempfile
from typing import Any

import click
import msgspec

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.worker.ray_jobs import JobRequest, Jobs, JobState
from surefoot.scripts.cluster.launch import ON_RUNS, entrypoint, job_of, option_of
from surefoot.scripts.cluster.parcel import framed_in, unpack
from surefoot.scripts.commands.options import json_option
from surefoot.scripts.commands.output import FAILED, OK, PAUSED, USAGE, print_json, printable, quoted

DASHBOARD = "http://127.0.0.1:8265"


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--dashboard", default=DASHBOARD, show_default=True, metavar="URL", help="The cluster's dashboard.")
@click.option("--pip", is_flag=True, help="Have Ray install Surefoot's dependencies on the nodes.")
@click.option("--no-wait", is_flag=True, help="Print the job's id and leave; the job goes on.")
@click.option("--status", metavar="JOB", help="Say how a job stands; 'all' lists the jobs of the cluster.")
@click.option("--logs", metavar="JOB", help="Print what a job has said so far.")
@click.option("--stop", metavar="JOB", help="Ask a job to stop politely; its run can be resumed.")
@click.option("--fetch", metavar="RUN_DIR", help="Bring a run directory from the head node here, also while it runs.")
@click.option("--to", type=click.Path(path_type=pathlib.Path), help="Where --fetch puts it  [default: its name, here]")
@json_option
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def launch(arguments: tuple[str, ...], dashboard: str, as_json: bool, **options: Any) -> int:
    """Run a command of surefoot on the head node of a Ray cluster, with workers on all its nodes.

    \b
    surefoot launch -- run hanoi --disks 20 --run-dir /data/tower
    surefoot launch -- show /data/tower           where it stands; likewise result, steps, verify, resume
    surefoot launch --status all                  which jobs there are, when the laptop was closed meanwhile
    surefoot launch --fetch /data/tower           the run directory, to be looked at here

    Surefoot's code, your task's module and the files that options name travel with the job.
    """
    chosen = [name for name in ("status", "logs", "stop", "fetch") if options[name]]
    if len(chosen) + bool(arguments) != 1:
        raise ConfigurationError("give either a command after --, or one of --status, --logs, --stop, --fetch")
    given = list(arguments)
    if chosen:
        jobs = Jobs(dashboard)
        return {"status": _status, "logs": _logs, "stop": _stop, "fetch": _fetch}[chosen[0]](jobs, options, as_json)
    with tempfile.TemporaryDirectory() as folder:
        request = job_of(given, options["pip"], pathlib.Path(folder))  # what is wrong here is said before all else
        jobs = Jobs(dashboard)
        job = jobs.submit(request)
    click.echo(f"job {job}: it goes on when this ends", err=True)
    for line in way_back(given, job, dashboard):
        click.echo(f"    {line}", err=True)
    if options["no_wait"]:
        _print(jobs.state(job), as_json)
        return OK
    ended = jobs.follow(job, lambda text: click.echo(printable(text), nl=False, err=as_json))
    if as_json:
        print_json(msgspec.to_builtins(ended))
    return exit_code(ended)


def way_back(arguments: list[str], job: str, dashboard: str) -> list[str]:
    """Commands that find a job and its run again from any machine that reaches the dashboard."""
    start = "surefoot launch" + ("" if dashboard == DASHBOARD else f" --dashboard {shlex.quote(dashboard)}")
    lines = [f"{start} --status {job}   (or --logs, --stop)"]
    run_dir = arguments[1] if arguments[0] in ON_RUNS else option_of(arguments, "--run-dir")
    if run_dir:
        lines.append(f"{start} -- show {quoted(run_dir)}   (or result, resume)")
        lines.append(f"{start} --fetch {quoted(run_dir)}")
    return lines


def exit_code(ended: JobState) -> int:
    """Exit code of surefoot for the end of a job."""
    if ended.status == "SUCCEEDED":
        return OK
    if ended.status == "STOPPED":
        return PAUSED
    return ended.exit_code if ended.exit_code in (USAGE, PAUSED) else FAILED


def _status(jobs: Jobs, options: dict[str, Any], as_json: bool) -> int:
    if options["status"] != "all":
        _print(jobs.state(options["status"]), as_json)
        return OK
    found = jobs.all()
    if as_json:
        print_json({"jobs": msgspec.to_builtins(found)})
    else:
        click.echo("\n".join(map(told, found)) or "no jobs")
    return OK


def _logs(jobs: Jobs, options: dict[str, Any], as_json: bool) -> int:
    text = jobs.logs(options["logs"])
    if as_json:
        print_json({"job": options["logs"], "logs": text})
    else:
        click.echo(printable(text), nl=False)
    return OK


def _stop(jobs: Jobs, options: dict[str, Any], as_json: bool) -> int:
    jobs.stop(options["stop"])
    _print(jobs.state(options["stop"]), as_json)
    return OK


def _fetch(jobs: Jobs, options: dict[str, Any], as_json: bool) -> int:
    source = options["fetch"]
    target: pathlib.Path = options["to"] or pathlib.Path(pathlib.PurePosixPath(source).name)
    if target.exists() and any(target.iterdir()):
        raise ConfigurationError(f"{target} is not empty; name another folder with --to")
    import surefoot

    packages = (str(pathlib.Path(str(surefoot.__file__)).parent),)
    command = entrypoint(["pack", source], options["pip"])
    job = jobs.submit(JobRequest(command, packages, "", (), f"surefoot fetch {source}"))
    jobs.follow(job, lambda _: None)
    unpack(framed_in(jobs.logs(job)), target)
    if as_json:
        print_json({"run_dir": str(target), "fetched": source})
    else:
        click.echo(f"{quoted(source)} is in {quoted(target)}; surefoot show {quoted(target)} looks at it")
    return OK


def _print(state: JobState, as_json: bool) -> None:
    if as_json:
        print_json(msgspec.to_builtins(state))
    else:
        click.echo(told(state))


def told(state: JobState) -> str:
    """Format one line about a job."""
    line = f"{state.job}  {state.status:<9}  {state.command}"
    return printable(f"{line}  {state.message.splitlines()[0]}" if state.message else line)
