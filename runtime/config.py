"""The frozen configuration of a run. Every field is an option of the command line and a key of ``--config``."""

import importlib
import pathlib
from typing import Annotated, Any, Literal

import msgspec
import msgspec.inspect

from surefoot.decompose.revision import When
from surefoot.decompose.step import Dialect
from surefoot.decompose.task import StateBy, Task, missing
from surefoot.decompose.tasks.built_in import BUILT_IN_TASKS, MICRO_TASKS
from surefoot.runtime.ballot_limit import MOST, most_ballots
from surefoot.runtime.checked_task import checked_class
from surefoot.runtime.decomposition_methods import load_method, maker_named
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.local_models import is_local
from surefoot.runtime.model_names import members_of
from surefoot.runtime.servers import check_address, servers_of
from surefoot.runtime.task_contract import check_fields
from surefoot.runtime.task_names import no_module, no_such_class, no_such_task
from surefoot.runtime.user_code import blame, fault, here, import_for
from surefoot.runtime.voting_rules import load_rule, rule_named, takes_looks
from surefoot.voting.red_flags import parse_switch
from surefoot.voting.rules import RULES

Auto = Literal["auto"]
Count = Annotated[int, msgspec.Meta(ge=1)]
Ballots = Annotated[int, msgspec.Meta(ge=1, le=MOST)]
Several = Annotated[int, msgspec.Meta(ge=1, le=1024)]
Heat = Annotated[float, msgspec.Meta(ge=0, le=2)]
Price = Annotated[float, msgspec.Meta(ge=0)]
Room = Annotated[int, msgspec.Meta(ge=0)]
Amount = Annotated[float, msgspec.Meta(gt=0)]


def _option(text: str, **limits: Any) -> Any:
    return msgspec.Meta(description=text, **limits)


class RunConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=False):
    """Everything a run depends on, except secrets and the place it is written to."""

    task: str
    task_options: dict[str, Any] = {}
    model: Annotated[
        str,
        _option(
            "bundled, smollm2, gguf:PATH, simulated[:key=value,...], any LiteLLM name such as ollama/llama3.2, or your "
            "own my_module:MyModel"
        ),
    ] = "bundled"
    api_base: Annotated[
        str | None, _option("base address of an OpenAI-compatible server; several, by commas, share the calls")
    ] = None
    dialect: Annotated[
        Dialect | Auto,
        _option(
            "how steps are worded: chat (instruction models), compact (bundled), micro (one fact a question, for "
            "small models), auto"
        ),
    ] = "auto"
    keep_replies: Annotated[
        Literal["none", "some", "disputed", "all"],
        _option(
            "replies kept in the journal: some of every kind of question and flag, those of disputed steps, or all, "
            "which is what surefoot export learns from"
        ),
    ] = "some"
    strategy: Annotated[
        str,
        _option(
            "tree: grow the plan by voted decomposition, run it in parallel; chain: one step after the other; or your "
            "own my_module:MyMethod"
        ),
    ] = "tree"
    state_by: Annotated[StateBy, _option("who states the next state: the model, or the task's own rule")] = "model"
    k: Annotated[Count | Auto, _option("lead to ask for; auto: from the target and a pilot")] = "auto"
    learn: Annotated[bool, _option("with --k auto: choose the leads again from what the run has seen")] = True
    rebalance_votes: Annotated[
        bool, _option("with --k N: share votes out anew among decompositions and single steps, and as the run goes on")
    ] = False
    measurement: Annotated[
        str | None, _option("a measure.json of surefoot measure --save: leads are chosen from it, without a pilot")
    ] = None
    wordings: Annotated[
        str | None, _option("a wordings.toml of surefoot tune: how questions are put, for the kinds that it names")
    ] = None
    unsafe_local: Annotated[
        bool, _option("run Python that models write without isolation where this machine offers none")
    ] = False
    rule: Annotated[
        str,
        _option(
            f"what wins a race: {', '.join(RULES)} (a lead of k, k ballots, so much evidence that the error budget "
            "holds, or the same from looks: scored answers in several wordings), or your own my_module:MyRule"
        ),
    ] = "first-to-ahead-by"
    ladder: Annotated[
        bool, _option("ask undecided and refuted steps in other wordings, under other names, of --fallback-model")
    ] = True
    review: Annotated[
        bool, _option("put undecided steps aside for a person, and flagged rows of a table: see surefoot review")
    ] = False
    fallback_model: Annotated[
        str | None, _option("model to ask where the first one contradicts itself; names as for --model")
    ] = None
    target: Annotated[float, _option("wanted probability that the whole run has no error", gt=0, lt=1)] = 0.95
    red_flags: Annotated[str, _option("replies to discard: all, none, or names separated by commas")] = "all"
    seams: Annotated[bool, _option("check what a node returns against what was promised of it")] = True
    steps_per_call: Annotated[
        Several | Auto, _option("steps of a chain that one question asks for; auto: weighed with the leads")
    ] = 1
    minimize: Annotated[
        Literal["calls", "money", "time"], _option("what leads and steps a call are chosen for, with --k auto")
    ] = "calls"
    max_ballots: Annotated[
        Ballots | Auto,
        _option("ballots after which an undecided step is given up; auto: 100, or 8 times a larger lead"),
    ] = "auto"
    seam_retries: Annotated[int, _option("times a chain is run again before its promise is doubted", ge=0)] = 4
    re_decompositions: Annotated[int, _option("times a decomposition is asked again", ge=0)] = 3
    revise: Annotated[
        When, _option("evidence against an assumption revises the plan at once, at the end of a pass, or never")
    ] = "at-once"
    max_revisions: Annotated[int, _option("versions of one plan that may be given up", ge=0, le=4096)] = 32
    leaf_steps: Annotated[
        Count | Auto, _option("a node of at most so many steps is not split further; auto: weighed with the leads")
    ] = "auto"
    segment_steps: Annotated[
        Count | Auto,
        _option("a node of at most so many steps travels to one worker; auto: from the pilot, seconds of work each"),
    ] = "auto"
    flush_steps: Annotated[
        int, _option("decided steps that a worker may hold before it sends them to the journal", ge=1)
    ] = 256
    flush_s: Annotated[
        float, _option("seconds that a worker may hold decided steps before it sends them to the journal", gt=0)
    ] = 5.0
    worker_silence_s: Annotated[
        float, _option("seconds without a sign of life after which a worker counts as lost", gt=0)
    ] = 120.0
    worker_losses: Annotated[
        int,
        _option("workers that may die in a row with the same segment, nothing decided, before the run pauses", ge=1),
    ] = 10
    chains_in_flight: Annotated[int, _option("chains that one worker runs at the same time", ge=1)] = 256
    workers: Annotated[Count | None, _option("workers; default: one for each core")] = None
    address: Annotated[
        str,
        _option(
            "Ray: auto (a cluster that RAY_ADDRESS names or `ray start` began here; else one of its own, where that "
            "pays), local (always one of its own), none (this process), or HOST:PORT"
        ),
    ] = "auto"
    seed: Annotated[int, _option("seed of everything random", ge=0)] = 0
    temperature: Annotated[
        Heat | None, _option("sampling temperature; default: 1 for the bundled and simulated model, else 0.1")
    ] = None
    first_temperature: Annotated[
        Heat | None, _option("temperature of the first ballot of a step (published: 0); default: as the others")
    ] = None
    max_reply_tokens: Annotated[
        int, _option("longer chat replies are discarded as overlong (published: 750)", ge=1)
    ] = 750
    timeout_s: Annotated[float, _option("seconds after which a call counts as failed; not of own models", gt=0)] = 60.0
    patience_s: Annotated[float, _option("seconds of outage after which the run pauses; likewise", ge=0)] = 600.0
    calls_in_flight: Annotated[
        int,
        _option("most calls to one server at the same time, for each process; fewer where they only get slower", ge=1),
    ] = 64
    retry_share: Annotated[
        float, _option("share of the calls that may be retries for long; beyond it the run pauses", gt=0, le=1)
    ] = 0.3
    hedge: Annotated[
        Literal["auto", "off"], _option("ask late calls a second time where their latencies say that it pays, or never")
    ] = "auto"
    batch: Annotated[
        bool, _option("send questions together as the provider's batches: about half the price, hours a round")
    ] = False
    batch_price: Annotated[
        Price | None, _option("share of the usual price that a batch costs; default: LiteLLM's table, else 0.5")
    ] = None
    batch_hours: Annotated[
        float,
        _option("hours that a round of batches takes at most, as the provider promises; plan counts with it", gt=0),
    ] = 24.0
    batch_size: Annotated[int, _option("most questions of one batch", ge=1, le=50_000)] = 50_000
    batch_quiet_s: Annotated[float, _option("seconds without a new question after which a batch is sent", gt=0)] = 2.0
    batch_poll_s: Annotated[float, _option("most seconds between two looks at a batch", gt=0)] = 60.0
    modules: Annotated[
        str, _option("settings of single modules: Actor.temperature=0.7; Monitor.k=3; Evaluator.model=NAME")
    ] = ""
    cache: Annotated[
        Literal["none", "modules"], _option("remember what modules other than the Actor answered, or ask every time")
    ] = "none"
    max_calls: Annotated[Count | None, _option("pause after so many calls")] = None
    max_cost_usd: Annotated[
        Amount | None, _option("ask for no more money than this; calls under way are reserved for")
    ] = None
    price_in: Annotated[
        Price | None, _option("USD per million prompt tokens, where LiteLLM's table does not know or is not right")
    ] = None
    price_out: Annotated[Price | None, _option("USD per million generated tokens, likewise")] = None
    thinking_tokens: Annotated[
        Room | None, _option("tokens a reasoning model may think in beside its reply; default: 8192 for known ones")
    ] = None
    structured: Annotated[bool, _option("hold chat replies to a JSON schema where the server can")] = False
    max_wall_s: Annotated[Amount | None, _option("pause after so many seconds")] = None
    mirror: Annotated[
        str | None, _option("folder, on another disk, that gets a copy of what is committed while the run goes on")
    ] = None

    def resolved_temperature(self) -> float:
        """The sampling temperature, 0 or more."""
        if self.temperature is not None:
            return self.temperature
        kinds = {name.partition(":")[0] for name in members_of(self.model)}
        return 1.0 if kinds <= {"bundled", "simulated"} else 0.1


def dialect_of(config: RunConfig) -> Dialect:
    """Return the dialect that a run's model is asked in; the model decides ``auto``, and the task whether ``micro``."""
    if config.dialect != "auto":
        return config.dialect
    names = members_of(config.model)
    if len(names) > 1:
        asked = {dialect_of(msgspec.structs.replace(config, model=name)) for name in names}
        return asked.pop() if len(asked) == 1 else "chat"
    if config.model.partition(":")[0] in ("bundled", "simulated"):
        return "compact"
    return "micro" if is_local(config.model) and config.task in MICRO_TASKS else "chat"


def task_class(name: str, folder: pathlib.Path | None = None) -> type[Task]:
    """The task class of a name: a built-in one, or ``module:Class``.

    Args:
        name: Such as ``hanoi`` or ``my_module:MyTask``.
        folder: Where a user's module lies; by default the current one. Built-in tasks take nothing from there.

    Raises:
        ConfigurationError: There is no such task.
    """
    module_name, _, class_name = BUILT_IN_TASKS.get(name, name).partition(":")
    if not class_name:
        raise ConfigurationError(no_such_task(name, folder or here()))
    if not all(part.isidentifier() for part in module_name.split(".")):
        raise ConfigurationError(f"task {name!r}: {no_module(module_name, class_name, folder or here())}")
    if name in BUILT_IN_TASKS:
        # What is built in has nothing to do with the current folder, which may be gone or hold anything.
        module = importlib.import_module(module_name)
    else:
        module = import_for(f"task {name!r}", module_name, folder or here())
    found = getattr(module, class_name, None)
    if not (isinstance(found, type) and issubclass(found, Task)):
        raise ConfigurationError(f"task {name!r}: {no_such_class(module, class_name)}")
    check_fields(found)
    if name not in BUILT_IN_TASKS:
        _refuse_options_of_runs(found)
    return found


def _refuse_options_of_runs(cls: type[Task]) -> None:
    """Refuse a field with the name of an option that every run has: one of the two could not be given.

    Raises:
        UserCodeError: There is one.
    """
    for field in cls.__struct_fields__:
        if field in RunConfig.__struct_fields__ and field != "state_by":
            option = f"--{field.replace('_', '-')}"
            raise fault(cls, "", f"its field {field!r} has the name of {option}, an option of every run: rename it")


def open_task(config: RunConfig, folder: pathlib.Path | None = None) -> Task:
    """The task of a configuration, with its options checked.

    Args:
        config: Of a run.
        folder: Where the module of a user's task lies; by default the current folder.

    Raises:
        ConfigurationError: Unknown task or option, a value out of range, a state rule that does not exist, or a task
            that lacks a method.
    """
    cls = _asked_class(config, folder)
    if lacks := missing(cls):
        raise ConfigurationError(f"task {config.task} is not whole: it has no {', '.join(lacks)}")
    check_options(config, folder)
    if config.state_by == "task" and not cls.offers_transition:
        raise ConfigurationError(f"task {config.task} has no transition function: --state-by task is not possible")
    known = [name for name in cls.__struct_fields__ if name != "state_by"]
    for name in config.task_options:
        if name not in known:
            raise ConfigurationError(f"task {config.task} has no option {name!r}; it has {', '.join(known) or 'none'}")
    try:
        values = {**config.task_options, "state_by": config.state_by}
        return msgspec.convert(values, checked_class(cls), strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        reason = explain(error, cls) if isinstance(error, msgspec.ValidationError) else str(error)
        raise ConfigurationError(f"task {config.task}: {reason}") from error
    except Exception as error:  # from __post_init__, or a type of a field that no option can have
        raise blame(error, cls) from error


def _asked_class(config: RunConfig, folder: pathlib.Path | None) -> type[Task]:
    """The task class of a configuration: for the ``micro`` dialect, the form of a built-in task that is made for it."""
    cls = task_class(config.task, folder)
    if dialect_of(config) != "micro" or config.task not in BUILT_IN_TASKS:
        return cls
    if config.task not in MICRO_TASKS:
        raise ConfigurationError(f"task {config.task} has no --dialect micro; {', '.join(MICRO_TASKS)} has")
    module, _, name = MICRO_TASKS[config.task].partition(":")
    found: type[Task] = getattr(importlib.import_module(module), name)
    return found


def check_options(config: RunConfig, folder: pathlib.Path | None = None) -> None:
    """Check what the types of single fields cannot say: options that depend on each other.

    Raises:
        ConfigurationError: Unknown red flags, strategy or rule, a lead for a rule that finds out its own, a cap on
            ballots below the lead, or a secret in an address.
    """
    for address in servers_of(config.api_base):
        check_address(address)
    try:
        parse_switch(config.red_flags)
    except ValueError as error:
        raise ConfigurationError(f"--red-flags: {error}") from error
    # The current folder, which may be gone, is looked at for a method or a rule of the user's own only.
    if ":" in config.strategy:
        load_method(config.strategy, folder or here())
    else:
        maker_named(config.strategy)
    rule = load_rule(config.rule, folder or here()) if ":" in config.rule else rule_named(config.rule)
    if rule.learns and config.k != "auto" and not takes_looks(config.rule):  # so many looks, whatever they say
        raise ConfigurationError(f"--rule {config.rule} finds out for itself how many ballots it needs: use --k auto")
    if config.rebalance_votes and (config.k == "auto" or config.rule != "first-to-ahead-by"):
        raise ConfigurationError("--rebalance-votes moves votes between leads: it needs --k N and the usual --rule")
    if config.steps_per_call != 1:
        _check_several(config)
    if config.k != "auto" and (most := most_ballots(config.max_ballots, config.k)) < config.k:
        raise ConfigurationError(f"--max-ballots {most} can never give a lead of --k {config.k}")


def _check_several(config: RunConfig) -> None:
    """Check that nothing else that is asked for needs every step to be asked alone.

    Raises:
        ConfigurationError: Something does.
    """
    alone = {
        "--structured": config.structured,
        "--wordings": config.wordings is not None,
        f"--rule {config.rule}": takes_looks(config.rule),
        "--first-temperature": config.first_temperature not in (None, config.resolved_temperature()),
        "several models": len(members_of(config.model)) > 1,
    }
    if config.steps_per_call == "auto" and config.k != "auto":
        raise ConfigurationError(
            f"--steps-per-call auto is chosen with the leads: --k {config.k} leaves nothing to choose"
        )
    for name, asked in alone.items():
        if asked:
            raise ConfigurationError(f"--steps-per-call {config.steps_per_call}: {name} needs every step asked alone")


def explain(error: msgspec.ValidationError, struct: type[Any]) -> str:
    """A validation error as one line that names the option and what it takes."""
    text, _, place = str(error).partition(" - at `$.")
    name = place.rstrip("`").partition("[")[0]
    fields = {field.name: field for field in _fields(struct)}
    if name not in fields:
        return text.replace("Object contains unknown field", "unknown key")
    takes = choices_of(fields[name].type)
    return f"--{name.replace('_', '-')}: {text[0].lower()}{text[1:]}" + (f"; it takes {takes}" if takes else "")


def choices_of(kind: Any) -> str:
    """The values that a field takes, for people: ``tree|chain``, ``1..30``, ``N``, ``X``, or ``TEXT``."""
    if isinstance(kind, msgspec.inspect.Metadata):
        kind = kind.type
    if isinstance(kind, msgspec.inspect.UnionType):
        return "|".join(filter(None, map(choices_of, kind.types)))
    if isinstance(kind, msgspec.inspect.LiteralType):
        return "|".join(str(value) for value in kind.values)
    if isinstance(kind, msgspec.inspect.IntType):
        return "N" if kind.ge is None or kind.le is None else f"{kind.ge}..{kind.le}"
    if isinstance(kind, msgspec.inspect.FloatType):
        return "X"
    return "TEXT" if isinstance(kind, msgspec.inspect.StrType) else ""


def _fields(struct: type[Any]) -> Any:
    info: Any = msgspec.inspect.type_info(struct)
    return info.fields
