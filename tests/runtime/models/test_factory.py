"""Which model a name opens. The bundled one and LiteLLM's have their own tests."""

import inspect
import sys
import types
from collections.abc import Callable

import pytest

from surefoot.decompose.answer_keys import hanoi, multiply
from surefoot.decompose.step import Prompt
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.errors import ConfigurationError, ModelRejected
from surefoot.runtime.models.factory import answer_key, check_model, open_model
from surefoot.runtime.models.simulated import Profile, SimulatedModel


def test_a_simulated_model_with_its_rates(configured: Callable[..., RunConfig]) -> None:
    model = open_model(configured(model="simulated:p_error=0.25,p_refuse=0.5"))
    assert isinstance(model, SimulatedModel)
    assert model.profile == Profile(p_error=0.25, p_refuse=0.5)
    assert model.dialect == "compact"
    assert open_model(configured(model="simulated", dialect="chat")).dialect == "chat"
    check_model(configured(model="simulated"))


@pytest.mark.parametrize("model", ["simulated:p_error=2", "simulated:nonsense=1", "simulated:p_error"])
def test_a_simulated_model_with_impossible_rates(configured: Callable[..., RunConfig], model: str) -> None:
    for use in (open_model, check_model):
        with pytest.raises(ConfigurationError, match="simulated model"):
            use(configured(model=model))


def test_the_bundled_model_speaks_one_dialect(configured: Callable[..., RunConfig]) -> None:
    with pytest.raises(ConfigurationError, match="--dialect chat"):
        open_model(configured(model="bundled", dialect="chat"))


def test_answer_keys_are_found_by_the_name_of_the_task() -> None:
    assert answer_key("hanoi") is hanoi.answers
    assert answer_key("multiply") is multiply.answers
    with pytest.raises(ConfigurationError, match="no answer key for task 'chess'"):
        answer_key("chess")


def test_a_task_of_ones_own_brings_its_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("task_of_ones_own")
    monkeypatch.setitem(sys.modules, "task_of_ones_own", module)
    with pytest.raises(ConfigurationError, match=r"needs a function answers\(prompt\) in task_of_ones_own"):
        answer_key("task_of_ones_own:Task")
    module.answers = hanoi.answers  # type: ignore[attr-defined]
    assert inspect.unwrap(answer_key("task_of_ones_own:Task")) is hanoi.answers
    with pytest.raises(ConfigurationError, match="no answer key"):
        answer_key("no_such_module_anywhere:Task")


def test_a_model_that_reads_no_text_is_refused_before_anything_starts() -> None:
    config = RunConfig(task="hanoi", model="bundled")
    with pytest.raises(ModelRejected, match="does not know the word 'What'") as error:
        check_model(config, Prompt("What is due?"))
    assert "my_module:MyModel" in error.value.context["hint"]
    task = open_task(config)
    check_model(config, task.prompt(task.sample_step(0), "compact"))
    check_model(RunConfig(task="hanoi", model="simulated"), Prompt("What is due?"))


def test_a_table_has_no_answer_key() -> None:
    with pytest.raises(ConfigurationError, match="a table has no answer key") as error:
        answer_key("map")
    assert "surefoot.decompose" not in str(error.value)
    assert "--model my_module:MyModel" in error.value.context["hint"]


def test_models_of_two_modes_are_not_mixed(configured: Callable[..., RunConfig]) -> None:
    with pytest.raises(ConfigurationError, match="one fact at a time"):
        check_model(configured(model="simulated", modules="Actor.model=smollm2"))
