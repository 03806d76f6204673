"""What can be asked for, and the one line that says what cannot."""

import pathlib
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.decompose.tasks.multiply import Multiply
from surefoot.runtime.config import RunConfig, choices_of, dialect_of, explain, open_task, task_class
from surefoot.runtime.errors import ConfigurationError, UserCodeError

Configured = Callable[..., RunConfig]


@pytest.fixture(autouse=True)
def own_path(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> pathlib.Path:
    """Tasks of one's own are looked for in the working directory; what that changes is undone."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_tasks_are_opened_with_their_options(configured: Configured) -> None:
    config = configured("hanoi", {"disks": "7", "goal": "b"}, state_by="task")
    assert open_task(config) == Hanoi(disks=7, goal="b", state_by="task")
    assert open_task(configured("multiply", {"x": "12"})) == Multiply(x="12")


@pytest.mark.parametrize(
    ("task", "options", "said"),
    [
        ("hanoi", {"disks": 0}, "--disks"),
        ("hanoi", {"disks": 31}, "--disks"),
        ("hanoi", {"disks": -1}, "--disks"),
        ("hanoi", {"disks": "ten"}, "--disks"),
        ("hanoi", {"disks": 2.5}, "--disks"),
        ("hanoi", {"disks": True}, "--disks"),
        ("hanoi", {"disks": None}, "--disks"),
        ("hanoi", {"start": "d"}, "--start"),
        ("hanoi", {"start": "c"}, "start and goal are both peg c"),
        ("hanoi", {"discs": 3}, "has no option 'discs'; it has disks, start, goal"),
        ("hanoi", {"state_by": "task"}, "has no option 'state_by'"),
        ("multiply", {"x": "12a"}, "--x"),
        ("multiply", {"x": ""}, "--x"),
        ("multiply", {"digits": 101}, "--digits"),
        ("multiply", {"draw": -1}, "--draw"),
        ("multiply", {"disks": 3}, "has no option 'disks'"),
    ],
)
def test_options_out_of_range(configured: Configured, task: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_task(configured(task, options))
    assert said in str(caught.value)
    assert task in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("disks", [0, 31, "ten"])
def test_wrong_disks_are_told_what_is_right(configured: Configured, disks: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"it takes 1\.\.30"):
        open_task(configured("hanoi", {"disks": disks}))


@pytest.mark.parametrize(
    "task",
    ["chess", "", "hanoi ", "Hanoi", "../hanoi", "os:path", "os:no_such", "no_such_module:Task", ":Task", ".hanoi:Task",
     "json:JSONDecoder", "surefoot.decompose.tasks.hanoi:Tower", "surefoot.decompose.tasks.hanoi:", "a b:Task"],
)  # fmt: skip
def test_unknown_tasks(configured: Configured, task: str) -> None:
    with pytest.raises(ConfigurationError, match="task"):
        open_task(configured(task, {}))


def test_a_task_of_ones_own_is_found_in_the_working_directory(own_path: pathlib.Path) -> None:
    (own_path / "errands_here.py").write_text(
        "from surefoot.decompose.task import Task\n\n\n"
        "class Errand(Task, frozen=True, kw_only=True):\n    stops: int = 2\n"
    )
    found = task_class("errands_here:Errand")
    assert found.__struct_fields__ == ("state_by", "stops")
    with pytest.raises(ConfigurationError, match="errands_here has no task class Journey"):
        task_class("errands_here:Journey")
    del sys.modules["errands_here"]


@pytest.mark.parametrize("name", ["seed", "k", "max_calls"])
def test_a_field_named_like_an_option_of_every_run_is_refused(own_path: pathlib.Path, name: str) -> None:
    """One of the two could not be given: the run's seed had been the task's."""
    (own_path / "named_so.py").write_text(
        "from surefoot.decompose.task import Task\n\n\n"
        f"class Errand(Task, frozen=True, kw_only=True):\n    {name}: int = 2\n"
    )
    with pytest.raises(
        UserCodeError, match=f"its field '{name}' has the name of --{name.replace('_', '-')}, an option"
    ):
        task_class("named_so:Errand")
    del sys.modules["named_so"]


def test_a_task_that_lacks_a_method_is_refused_before_anything_starts(own_path: pathlib.Path) -> None:
    (own_path / "half_here.py").write_text(
        "from surefoot.decompose.suite import SuiteTask\nfrom surefoot.decompose.task import Task\n"
        "class Half(Task, frozen=True, kw_only=True):\n    n: int = 1\n"
        "    def root(self): ...\n    def prompt(self, step, dialect, wording=0): ...\n"
        "class Posing(SuiteTask, frozen=True, kw_only=True):\n    n: int = 1\n"
        "class Whole(Half, frozen=True, kw_only=True):\n"
        "    def next_step(self, goal, state): ...\n    def parse(self, step, text, dialect): ...\n"
    )
    with pytest.raises(ConfigurationError, match=r"task half_here:Half is not whole: it has no next_step, parse$"):
        open_task(RunConfig(task="half_here:Half"))
    with pytest.raises(ConfigurationError, match=r"it has no problem_of_run, next_step, prompt, parse$"):
        open_task(RunConfig(task="half_here:Posing"))
    open_task(RunConfig(task="half_here:Whole"))
    del sys.modules["half_here"]


@pytest.mark.parametrize("source", ["import no_such_library_at_all\n", "def broken(:\n", "from json import x\n"])
def test_a_module_that_cannot_be_imported_is_the_users_to_mend(own_path: pathlib.Path, source: str) -> None:
    name = f"broken_{len(source)}"
    (own_path / f"{name}.py").write_text(source)
    with pytest.raises(ConfigurationError, match=rf"^{name} \({name}.py, line 1\): "):
        task_class(f"{name}:Errand")


def test_a_state_rule_that_a_task_does_not_have(configured: Configured) -> None:
    with pytest.raises(ConfigurationError, match="--state-by task is not possible"):
        open_task(configured("multiply", {}, state_by="task"))


def test_what_single_fields_cannot_say(configured: Configured) -> None:
    with pytest.raises(ConfigurationError, match="--red-flags: unknown red flag 'ugly'"):
        open_task(configured(red_flags="overlong,ugly"))
    with pytest.raises(ConfigurationError, match="--max-ballots 2 can never give a lead of --k 3"):
        open_task(configured(k=3, max_ballots=2))
    open_task(configured(k=3, max_ballots=3))
    open_task(configured(k=300))
    with pytest.raises(ConfigurationError, match="--max-ballots 2048 can never give a lead of --k 3000"):
        open_task(configured(k=3000))
    with pytest.raises(ConfigurationError, match=r"--strategy: there is no 'bush'; it takes chain\|tree"):
        open_task(configured(strategy="bush"))


@pytest.mark.parametrize(
    "values",
    [
        {"k": 0}, {"k": "many"}, {"k": 1.5}, {"target": 0}, {"target": 1}, {"target": float("nan")},
        {"state_by": "nobody"}, {"max_ballots": 0}, {"leaf_steps": 0}, {"segment_steps": 0},
        {"flush_steps": 0}, {"seam_retries": -1}, {"workers": 0}, {"seed": -1}, {"temperature": -1}, {"max_calls": 0},
        {"max_cost_usd": 0}, {"timeout_s": 0}, {"patience_s": -1}, {"chains_in_flight": 0}, {"nonsense": 1},
        {"temperature": float("nan")}, {"dialect": "french"}, {"seams": "perhaps"}, {"max_ballots": 4096},
    ],
    ids=str,
)  # fmt: skip
def test_values_out_of_range(configured: Configured, values: dict[str, Any]) -> None:
    """``max_ballots`` has an upper end because draw numbers are handed out in strides, half of them for suspects."""
    with pytest.raises(msgspec.ValidationError):
        configured(**values)


def test_an_error_names_the_option_and_what_it_takes() -> None:
    for values, said in (
        ({"k": 0}, "--k: "),
        ({"leaf_steps": 0}, "--leaf-steps: expected `int` >= 1"),
        ({"nonsense": 1}, "unknown key `nonsense`"),
    ):
        with pytest.raises(msgspec.ValidationError) as caught:
            msgspec.convert({"task": "hanoi", **values}, RunConfig)
        assert said in explain(caught.value, RunConfig)


def test_what_options_take() -> None:
    info: Any = msgspec.inspect.type_info(RunConfig)
    takes = {field.name: choices_of(field.type) for field in info.fields}
    assert takes["cache"] == "modules|none"
    assert takes["k"] in ("N|auto", "auto|N")
    assert (takes["temperature"], takes["api_base"]) == ("X", "TEXT")


def test_a_configuration_comes_back_from_its_file_as_it_was(configured: Configured) -> None:
    config = configured("hanoi", {"disks": 9, "goal": "b"}, k="auto", temperature=0.5, max_calls=10)
    assert msgspec.json.decode(msgspec.json.encode(config), type=RunConfig) == config


def test_temperatures_follow_the_model(configured: Configured) -> None:
    for model, temperature in (("bundled", 1.0), ("simulated:p_error=0.1", 1.0), ("ollama/llama3.2", 0.1)):
        assert configured(model=model).resolved_temperature() == temperature
        assert configured(model=model, temperature=0.0).resolved_temperature() == 0.0


def test_the_dialect_follows_from_model_and_task(configured: Configured) -> None:
    for model in ("smollm2", "gguf:x"):
        assert dialect_of(configured(model=model)) == "micro"
        assert dialect_of(configured(model=model, dialect="chat")) == "chat"
        assert dialect_of(configured(model=model, task="sort", task_options={})) == "chat"
    assert dialect_of(configured(model="openai/x")) == "chat"
    assert dialect_of(configured(model="bundled")) == "compact"
    with pytest.raises(ConfigurationError, match="sort has no --dialect micro"):
        open_task(configured(task="sort", task_options={}, dialect="micro"))
