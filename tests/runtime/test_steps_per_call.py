"""How many steps a call the models of a run know, and who is refused more."""

from typing import Any

import pytest

from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.steps_per_call import MOST_OF_BUNDLED, check_steps_per_call, most_steps_per_call


def config(**options: Any) -> RunConfig:
    return RunConfig(**{"task": "hanoi", "model": "simulated", **options})


@pytest.mark.parametrize(
    "options",
    [
        {"model": "bundled"},
        {"model": "simulated,bundled"},
        {"fallback_model": "bundled"},
        {"modules": "Actor.model=bundled; Actor.k=1"},
    ],
)
def test_wherever_the_bundled_model_answers_its_limit_holds(options: dict[str, Any]) -> None:
    assert most_steps_per_call(config(**options)) == MOST_OF_BUNDLED == 32
    check_steps_per_call(config(**options), 32)
    with pytest.raises(ConfigurationError, match=r"steps-per-call 33: the bundled model .* at most 32"):
        check_steps_per_call(config(**options), 33)


@pytest.mark.parametrize("options", [{}, {"model": "ollama/llama3.2"}, {"modules": "Actor.model=simulated"}])
def test_other_models_are_asked_for_as_many_as_somebody_wants(options: dict[str, Any]) -> None:
    assert most_steps_per_call(config(**options)) is None
    check_steps_per_call(config(**options), 512)
