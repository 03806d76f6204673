"""How many steps a model can be asked for in one question, where that is known before it is asked."""

from typing import Final

from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.model_names import members_of
from surefoot.runtime.role_options import parse_role_options

BUNDLED: Final = "bundled"
MOST_OF_BUNDLED: Final = 32
"""Most moves that the bundled model was trained to state in one reply; see its model card."""


def most_steps_per_call(config: RunConfig) -> int | None:
    """Return the most steps that one question may ask for: the least of what the run's models know; ``None`` for any.

    Args:
        config: Says which models answer.

    Raises:
        ConfigurationError: The options of single modules are wrong.
    """
    roles = parse_role_options(config.modules).values()
    names = [config.model, config.fallback_model or "", *(role.model or "" for role in roles)]
    bundled = any(BUNDLED in members_of(name) for name in names if name)
    return MOST_OF_BUNDLED if bundled else None


def check_steps_per_call(config: RunConfig, count: int) -> None:
    """Refuse questions for more steps than a model of the run knows.

    Args:
        config: Says which models answer.
        count: Steps that one question asks for.

    Raises:
        ConfigurationError: A model knows fewer.
    """
    most = most_steps_per_call(config)
    if most is not None and count > most:
        raise ConfigurationError(
            f"--steps-per-call {count}: the bundled model was trained to state at most {most} steps a call"
        )
