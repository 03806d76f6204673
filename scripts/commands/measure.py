"""``surefoot measure``: how often a model errs per step, and what a whole run would need and cost."""

import asyncio
import pathlib
from collections.abc import Sequence
from typing import Any

import click
import msgspec

from surefoot.decompose.several_steps import sampled_chain
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.estimates import PILOT_DRAWS
from surefoot.runtime.forecast.measured import Mix
from surefoot.runtime.forecast.measurement_file import Measurement, Saved, recommended
from surefoot.runtime.forecast.shared_calls import LONGEST
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.measurement.measure import measure
from surefoot.runtime.measurement.mixes import measure_mix
from surefoot.runtime.measurement.take_sample import Beside, take_sample
from surefoot.runtime.model_names import members_of
from surefoot.runtime.models.factory import answer_key, check_model
from surefoot.runtime.steps_per_call import check_steps_per_call
from surefoot.runtime.whole_files import PUBLIC, write_whole
from surefoot.scripts.commands.measure_tables import print_comparison, print_measurement, print_mix
from surefoot.scripts.commands.options import PREFIX, build_config, json_option, log_options, struct_options
from surefoot.scripts.commands.output import OK, one_line, print_json
from surefoot.scripts.commands.patience import looking_for, saying
from surefoot.scripts.commands.run import ByTask

OPTIONS = (
    "api_base", "dialect", "strategy", "state_by", "target", "red_flags", "leaf_steps", "seams", "seed",
    "temperature", "max_reply_tokens", "timeout_s", "patience_s", "calls_in_flight", "k", "workers", "structured",
    "rule", "wordings", "price_in", "price_out", "max_cost_usd", "max_calls",
)  # fmt: skip


def _measure_command(name: str, cls: type[Task]) -> click.Command:
    def sample(samples: int, draws: int, save: pathlib.Path | None, as_json: bool, **values: Any) -> int:
        configure_logs(values.pop("log_format"), values.pop("verbose"))
        several = _several(values.pop("steps_per_call"))
        asked = values.pop("model") or (None,)
        found: list[Measurement] = []
        mixes: list[Mix] = []
        for names in (members_of(one) if one is not None else [None] for one in asked):
            configs = [build_config(name, cls, {**values, "model": one, "address": "none"}) for one in names]
            measured, mix = _measured(configs, samples, draws, several)
            for config, one in zip(configs, measured, strict=True):
                if not as_json:
                    print_measurement(config, one)
            found += measured
            mixes += [mix] if mix is not None else []
        told = Saved(found, _name(recommended(found)), mixes)
        if save is not None:
            _save(save, told)
        if as_json:
            print_json(_as_json(told))
        else:
            _print_together(told)
        return OK

    command = click.Command(name, callback=sample, help=f"{cls.summary}\n\nMeasure a model on it.")
    model = click.Option(
        ["--model"], multiple=True, metavar="TEXT", envvar=f"{PREFIX}MODEL", show_envvar=True,
        help="Model to measure; several give one table; A,B says how their errors go together.  [default: bundled]",
    )  # fmt: skip
    path = click.Path(path_type=pathlib.Path)
    command.params = [
        click.Option(["--samples"], type=click.IntRange(1), default=500, show_default=True, help="Steps to sample."),
        click.Option(
            ["--draws"], type=click.IntRange(1), default=PILOT_DRAWS, show_default=True, help="Answers to each step."
        ),
        click.Option(
            ["--steps-per-call"],
            default="1",
            show_default=True,
            metavar="N,N,...",
            help="Steps that questions ask for: beside 1, other numbers are measured place by place.",
        ),
        click.Option(["--save"], type=path, help="A directory for measure.json and the plot measure.html."),
        *struct_options(cls, [field for field in cls.__struct_fields__ if field != "state_by"]),
        model,
        *struct_options(RunConfig, OPTIONS),
    ]
    return json_option(log_options(command))  # type: ignore[no-any-return]


@click.group("measure", cls=ByTask, of=_measure_command, subcommand_metavar="TASK [OPTIONS]")
def measure_command() -> None:
    """Measure a model's error rate per step before spending money on a whole run.

    Steps are sampled over the whole range of states that a run visits and scored against an answer key.
    """


def _several(text: str) -> list[int]:
    """The numbers of steps above 1 that questions are to ask for.

    Raises:
        ConfigurationError: It is no list of whole numbers from 1 to 1024.
    """
    counts = [int(part) if part.strip().isdecimal() else 0 for part in text.split(",")]
    if not all(1 <= count <= LONGEST for count in counts):
        raise ConfigurationError(
            f"--steps-per-call {one_line(text)}: give whole numbers from 1 to {LONGEST}, with commas"
        )
    return sorted({count for count in counts if count > 1})


def _measured(
    configs: Sequence[RunConfig], samples: int, draws: int, several: Sequence[int]
) -> tuple[list[Measurement], Mix | None]:
    """Measure one model, or several that are to take turns, on the same steps."""
    task, key = open_task(configs[0]), answer_key(configs[0].task, configs[0].task_options)
    for config in configs:
        with saying(looking_for(config.model)):
            check_model(config)
    # Each member has an attempt of its own, so that a name that stands twice is asked twice.
    if several and sampled_chain(task, 0, 2) is None:
        raise ConfigurationError(f"task {configs[0].task} asks for one step at a time: it has no prompt_several")
    for config in configs:
        check_steps_per_call(config, max(several, default=1))
    sampled = [
        asyncio.run(take_sample(config, task, samples, draws, attempt=n, beside=Beside(several)))
        for n, config in enumerate(configs)
    ]
    found = [measure(config, task, key, one) for config, one in zip(configs, sampled, strict=True)]
    if len(configs) == 1:
        return found, None
    return found, measure_mix(configs[0], task, key, [config.model for config in configs], sampled)


def _name(best: Measurement | None) -> str | None:
    return best.model if best is not None else None


def _as_json(told: Saved) -> dict[str, Any]:
    """What ``--json`` prints: the recommended model, or the first; beside it all of them where there are several."""
    best = next((one for one in told.models if one.model == told.recommended), told.models[0])
    found: dict[str, Any] = msgspec.to_builtins(best)
    if len(told.models) > 1:
        found |= {"models": msgspec.to_builtins(told.models), "recommended": told.recommended}
    if told.mixes:
        found["mixes"] = msgspec.to_builtins(told.mixes)
    return found


def _print_together(told: Saved) -> None:
    for mix in told.mixes:
        print_mix(mix)
    if len(told.models) > 1:
        print_comparison(told)


def _save(directory: pathlib.Path, told: Saved) -> None:
    """Write what was measured, as JSON and as a page with a plot."""
    from surefoot.runtime.report.figures import intervals
    from surefoot.runtime.report.page import plain_page

    directory.mkdir(parents=True, exist_ok=True)
    write_whole(directory / "measure.json", msgspec.json.format(msgspec.json.encode(told)), mode=PUBLIC)
    rows = [
        (f"{m.model} {kind.kind}", kind.p_error_low, kind.p_error, kind.p_error_high)
        for m in told.models
        for kind in m.kinds
        if kind.p_error is not None
    ]
    title = "Error rate by model and kind of question, after red flags, 95 % intervals"
    write_whole(directory / "measure.html", plain_page(title, intervals(rows)), mode=PUBLIC)
