"""What a run whose questions go out as batches is set up with, and what does not go together with that.

Batches are waited for in one process, by one worker that holds as many questions as a batch has.
"""

import msgspec

from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.local_models import is_local
from surefoot.runtime.model_names import members_of
from surefoot.runtime.own_code import is_own_model
from surefoot.runtime.voting_rules import takes_looks

WHY_NO_MIRROR = "what is in flight stands in the run directory alone, and whoever went on from a copy would pay again"


def check_batch(config: RunConfig) -> None:
    """Refuse what batches do not go together with.

    Raises:
        ConfigurationError: The model has no provider, or something else that is asked for needs another way.
    """
    name = config.model
    here = (
        name == "bundled" or name.partition(":")[0] in ("simulated", "object") or is_local(name) or is_own_model(name)
    )
    if here:
        raise ConfigurationError(f"--batch is for models behind a provider's address: {name} is asked at once anyway")
    alone = {
        "several models that take turns": len(members_of(name)) > 1,
        f"--rule {config.rule}": takes_looks(config.rule),
        f"--address {config.address}": config.address not in ("auto", "none"),
        "--mirror": config.mirror is not None,
    }
    for what, asked in alone.items():
        if asked:
            why = f": {WHY_NO_MIRROR}" if what == "--mirror" else ""
            raise ConfigurationError(f"--batch does not go with {what}{why}")


def for_batches(config: RunConfig) -> RunConfig:
    """Return a configuration whose one worker holds as many questions as a batch has; any other as it is.

    Raises:
        ConfigurationError: As for ``check_batch``.
    """
    if not config.batch:
        return config
    check_batch(config)
    chains = max(config.chains_in_flight, config.batch_size)
    return msgspec.structs.replace(config, workers=1, address="none", chains_in_flight=chains)
