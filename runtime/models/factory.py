"""Opens a model by the name people type."""

import functools
import importlib
from collections.abc import Callable, Sequence
from typing import Any, get_args

import msgspec

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.step import Dialect, Prompt
from surefoot.runtime.any_loop import finished
from surefoot.runtime.config import RunConfig, dialect_of
from surefoot.runtime.errors import ConfigurationError, ModelRejected
from surefoot.runtime.local_models import is_local
from surefoot.runtime.model_names import members_of
from surefoot.runtime.models.capabilities import Capability
from surefoot.runtime.models.gguf_weights import weights_of
from surefoot.runtime.models.litellm_settings import LiteLLMSettings
from surefoot.runtime.models.own_model import open_own_model, with_prices
from surefoot.runtime.models.own_prices import GivenPrices
from surefoot.runtime.models.port import Model, Request
from surefoot.runtime.own_code import is_own_model
from surefoot.runtime.role_options import parse_role_options
from surefoot.runtime.user_code import blame, load_named, wrong_value
from surefoot.runtime.voting_rules import takes_looks

AnswerKey = Callable[[Prompt], Answers]

NO_KEY_OF_ROWS = "a table has no answer key: nothing here knows what is right for rows of yours"
TRIAL = "--model my_module:MyModel tries it offline, with a class of yours that answers: see docs/map.md"
"""What to do where somebody wants to try something without a server."""


def open_model(
    config: RunConfig, on_wait: Callable[[str], None] | None = None, on_fact: Callable[[str], None] | None = None
) -> Model:
    """Open the model of a configuration.

    Args:
        config: Its ``model``, ``api_base``, ``dialect`` and limits are read.
        on_wait: Told in one line whenever the model waits for a server.
        on_fact: Told in one line what was found out of a server; by default ``on_wait`` is.

    Raises:
        ConfigurationError: No such model, a missing key, or a parameter that does not exist.
    """
    return with_prices(_open_model(config, on_wait, on_fact), given_prices(config), on_fact or on_wait)


def given_prices(config: RunConfig) -> GivenPrices:
    """Return what a configuration says that tokens cost."""
    return GivenPrices(config.price_in, config.price_out)


def _open_model(
    config: RunConfig, on_wait: Callable[[str], None] | None, on_fact: Callable[[str], None] | None
) -> Model:
    name, _, parameters = config.model.partition(":")
    if name == "object":
        raise ConfigurationError(
            f"the model was an object of Python, {parameters}: go on from Python, with "
            "surefoot.resume(run_dir, model=...)"
        )
    if config.model == "bundled":
        from surefoot.runtime.models.bundled import BundledModel

        if config.dialect not in ("auto", "compact"):
            raise ConfigurationError(f"the bundled model does not understand --dialect {config.dialect}")
        return BundledModel()
    if name == "simulated":
        from surefoot.runtime.models.simulated import SimulatedModel, parse_profile

        return SimulatedModel(
            answer_key(config.task, config.task_options), parse_profile(parameters), dialect_of(config)
        )
    if is_own_model(config.model):
        return open_own_model(config.model, None if config.dialect == "auto" else config.dialect)
    if is_local(config.model):
        from surefoot.runtime.models.gguf import GgufModel

        return GgufModel(weights_of(config.model), config.model, dialect_of(config))
    from surefoot.runtime.models.budget_lease import BudgetLease
    from surefoot.runtime.models.litellm_model import LiteLLMModel
    from surefoot.runtime.models.litellm_setup import check_ready

    check_ready(config.model, config.api_base)
    model = LiteLLMModel(_settings(config), BudgetLease(limited=config.max_cost_usd is not None), on_wait, on_fact)
    if config.max_cost_usd is not None and model.prices() is None:
        raise ConfigurationError(
            f"the price of {config.model} is unknown, so --max-cost-usd cannot be kept: give --price-in and --price-out"
        )
    return model


def prices_of(config: RunConfig) -> tuple[float, float] | None:
    """Return what a prompt token and a generated one cost in USD; ``None`` where one is unknown.

    Raises:
        ConfigurationError: As for ``open_model``.
    """
    if config.price_in is not None and config.price_out is not None:
        return config.price_in / 1e6, config.price_out / 1e6
    return open_model(msgspec.structs.replace(config, max_cost_usd=None)).prices()


def members(config: RunConfig) -> list[RunConfig]:
    """Return a configuration for each of the models that take turns, asked in its own dialect; often one.

    Where not all of them are asked for single facts, none is: the task is another one then.
    """
    names, mode = members_of(config.model), dialect_of(config)
    if len(names) == 1:
        return [config]
    each = [msgspec.structs.replace(config, model=name) for name in names]
    plain = config.dialect == "auto" and mode != "micro"
    return [msgspec.structs.replace(one, dialect="chat") if plain and is_local(one.model) else one for one in each]


def open_voters(
    config: RunConfig,
    on_wait: Callable[[str], None] | None = None,
    beside: Sequence[Model] = (),
    on_fact: Callable[[str], None] | None = None,
) -> list[Model]:
    """Open the models that take turns; one that another worker of this process has open is shared, if it is a server.

    Raises:
        ConfigurationError: As for ``open_model``.
    """
    found: list[Model] = []
    for number, one in enumerate(members(config)):
        shared = beside[number] if beside and beside[number].shared else None
        model = shared or open_model(one, on_wait, on_fact)
        if shared is None and number and one.model.partition(":")[0] == "simulated":
            # Simulated models of one name make the same mistakes: only those that are the same model are called so.
            first = members_of(config.model).index(one.model)
            model.name += f" {first + 1}" if first else ""
        found.append(model)
    return found


def with_own_dialect(config: RunConfig) -> RunConfig:
    """Return a configuration that is asked in the dialect of its model, where that is a user's own and says one.

    Raises:
        ConfigurationError: There is no such model.
        UserCodeError: The module's own code failed.
    """
    if config.dialect != "auto" or not is_own_model(config.model):
        return config
    dialect = getattr(load_named(f"--model {config.model}", config.model), "dialect", None)
    return msgspec.structs.replace(config, dialect=dialect) if dialect in get_args(Dialect) else config


def open_fallback(config: RunConfig) -> Model | None:
    """Open the model that is asked last in an escalation, if there is one; errors as for ``open_model``."""
    if config.fallback_model is None:
        return None
    _check_mode(config, config.fallback_model)
    model = open_model(msgspec.structs.replace(config, model=config.fallback_model, api_base=None))
    if config.fallback_model.partition(":")[0] == "simulated":
        # Models of different names make different mistakes; two simulated ones are told apart by their rank.
        model.name = "fallback"
    return model


def check_model(config: RunConfig, prompt: Prompt | None = None) -> None:
    """Say what is wrong with a model's name or key before anything starts or is written.

    Args:
        config: Of the run.
        prompt: A question of the run, for models that answer certain ones only.

    Raises:
        ConfigurationError: As for ``open_model``, and a server that does not answer.
        ModelRejected: The model was not made for the question.
    """
    names = {settings.model for settings in parse_role_options(config.modules).values() if settings.model is not None}
    names -= set(members_of(config.model))
    # With models of single roles, nobody can say which one is asked this.
    asked = None if names else prompt
    for one in members(config):
        finished(_check(one, asked if dialect_of(one) == dialect_of(config) else None))
    for name in sorted(names):
        _check_mode(config, name)
        finished(_check(msgspec.structs.replace(config, model=name), asked))


def _check_mode(config: RunConfig, name: str) -> None:
    """Refuse a second model that is asked for single facts where the first is not: the task is another one then."""
    own = msgspec.structs.replace(config, model=name)
    if dialect_of(own) == "micro" and dialect_of(config) != "micro":
        raise ConfigurationError(
            f"{name} is asked for one fact at a time, and --model {config.model} is not: add --dialect micro, or "
            "--dialect chat"
        )


async def _check(config: RunConfig, prompt: Prompt | None) -> None:
    # Where a server has to show that it scores answers, before the run starts, nobody waits long for it.
    soon = msgspec.structs.replace(config, patience_s=min(config.patience_s, SCORES_S))
    model = open_model(soon if takes_looks(config.rule) else config)
    try:
        if prompt is not None:
            model.check_prompt(prompt)
        await model.probe()
        if takes_looks(config.rule) and not await gives_looks(model, prompt or TRIED):
            raise ConfigurationError(
                f"--rule {config.rule} needs a model whose answers can be scored, such as smollm2 or gguf:PATH, or one "
                f"whose server sends scores of tokens, and {config.model} only gives answers that are drawn: use "
                "another --rule"
            )
    finally:
        await model.close()


SCORES_S = 15.0
"""Seconds for which a server is waited for that is asked whether it scores answers."""
TRIED = Prompt("1, 2, 3, ", raw=True, stop=(",",))
"""What a server is asked for scores with where no question is at hand."""


async def gives_looks(model: Model, prompt: Prompt) -> bool:
    """Whether a model's answers can be scored: a server says so by one call, which counts for nothing.

    Raises:
        ModelUnavailable, QuestionRefused: As for ``Model.ask``.
    """
    if model.how(Capability.CHOICES) == "scores":
        return True
    if not model.endpoints:
        return False
    try:
        await model.look(Request(prompt, (0,), 1.0, 6, 0, raw=prompt.raw, stop=prompt.stop, choices=prompt.choices))
    except ModelRejected as rejected:
        if rejected.context.get("capability") != Capability.CHOICES.value:
            raise
        return False
    return True


def answer_key(task: str, options: dict[str, Any] | None = None) -> AnswerKey:
    """Return the answer key of a task: from ``surefoot.decompose.answer_keys``, or ``answers`` beside the class.

    A key whose answers are in a file of the task's has a function ``answers_of(options)`` instead.

    Raises:
        ConfigurationError: The task has none, or its file has no answers to make one of.
    """
    if task == "map":
        raise ConfigurationError(NO_KEY_OF_ROWS, hint=TRIAL)
    module_name = (
        f"surefoot.decompose.answer_keys.{task.replace('-', '_')}" if ":" not in task else task.partition(":")[0]
    )
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"no answer key for task {task!r}: {error}") from error
    if task == "pddl" and options and options.get("engine"):
        from surefoot.runtime.models.planning_engine import outside_planner  # nothing else needs processes of planners

        with_engine: AnswerKey = module.answers_with(outside_planner(str(options["engine"]), options))
        return with_engine
    try:
        key = module.answers_of(options or {}) if hasattr(module, "answers_of") else getattr(module, "answers", None)
    except ValueError as error:
        if ":" in task:
            raise
        raise ConfigurationError(str(error)) from error
    if not callable(key):
        line = f"the simulated model needs a function answers(prompt) in {module_name}"
        hint = "surefoot init shows how to write one; surefoot test takes a run's replies instead: --replies RUN_DIR"
        raise ConfigurationError(line, hint=hint)
    return watched(key) if ":" in task else key


def watched(key: Callable[[Prompt], Any]) -> AnswerKey:
    """An answer key of somebody's own; what it raises, or returns instead of answers, is its author's to see.

    Raises:
        UserCodeError: From the key: it fails at a prompt, or knows no right reply to it.
    """

    @functools.wraps(key)
    def answers(prompt: Prompt) -> Answers:
        try:
            found = key(prompt)
        except Exception as error:
            raise blame(error, key) from error
        if not isinstance(found, Answers) or not found.right:
            raise wrong_value(key, "", "Answers with at least one right reply", found)
        return found

    return answers


def _settings(config: RunConfig) -> LiteLLMSettings:
    """What a configuration says of a model behind LiteLLM."""
    return LiteLLMSettings(
        name=config.model,
        api_base=config.api_base,
        dialect=dialect_of(config),
        timeout_s=config.timeout_s,
        patience_s=config.patience_s,
        max_in_flight=config.calls_in_flight,
        price_in=config.price_in,
        price_out=config.price_out,
        thinking_tokens=config.thinking_tokens,
        retry_share=config.retry_share,
        hedge=config.hedge == "auto",
        batch=config.batch,
        batch_price=config.batch_price,
    )
