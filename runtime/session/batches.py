"""Opens the model of a run whose questions go out as batches: it needs the run directory, where these are kept."""

import pathlib
from collections.abc import Sequence

import msgspec

from surefoot.runtime.batch_options import check_batch
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.models.batches.ledger import in_flight
from surefoot.runtime.models.factory import open_model
from surefoot.runtime.models.port import Model
from surefoot.runtime.session.watcher import Watcher

FIRST_LOOK_S = 2.0
"""Seconds before the first look at a batch; looks become rarer, up to the option."""


def batch_prices(config: RunConfig) -> tuple[tuple[float, float] | None, tuple[float, float] | None] | None:
    """Return what a token in and out costs usually and in a batch, in USD; ``None`` if the model has no batches.

    Raises:
        ConfigurationError: The configuration asks for batches, and there are none.
    """
    from surefoot.runtime.models.batches.provider import provider_of  # most runs send no batches

    asked = msgspec.structs.replace(config, batch=True, max_cost_usd=None)
    try:
        check_batch(asked)
        provider_of(config.model, config.api_base, config.timeout_s)
    except ConfigurationError:
        if config.batch:
            raise
        return None
    usual, batch = (open_model(msgspec.structs.replace(asked, batch=batch)).prices() for batch in (False, True))
    return usual, batch


def models_of(
    config: RunConfig, directory: pathlib.Path, watcher: Watcher, given: Sequence[Model] = ()
) -> Sequence[Model]:
    """Return the model objects that a run asks: those given, or with ``--batch`` one that gathers; else none.

    Args:
        config: Of the run.
        directory: The run directory.
        watcher: Is told how batches go.
        given: Model objects of the caller.

    Raises:
        ConfigurationError: The model's provider takes no batches of a known form, or batches are in flight and the run
            is not to go on with them.
    """
    if not config.batch:
        left = in_flight(directory)
        if left:
            raise ConfigurationError(
                f"batch {left[0].number} of {directory} may be at the provider, paid for: go on with --batch"
            )
        return given
    return (_gathering_model(config, directory, watcher),)


def _gathering_model(config: RunConfig, directory: pathlib.Path, watcher: Watcher) -> Model:
    """The model that gathers questions; what it needs is imported here, as it brings the client of all models along."""
    from surefoot.runtime.models.batches.batched_model import BatchedModel, Gathering
    from surefoot.runtime.models.batches.follower import Pace
    from surefoot.runtime.models.batches.ledger import BatchLedger
    from surefoot.runtime.models.batches.provider import provider_of
    from surefoot.runtime.models.litellm_model import LiteLLMModel

    provider = provider_of(config.model, config.api_base, config.timeout_s)
    model = open_model(config, watcher.say)
    assert isinstance(model, LiteLLMModel)
    pace = Pace(min(FIRST_LOOK_S, config.batch_poll_s), config.batch_poll_s, config.patience_s)
    gathering = Gathering(config.batch_size, config.batch_quiet_s, pace)
    return BatchedModel(model, provider, BatchLedger(directory), gathering, watcher.say, watcher.note)
