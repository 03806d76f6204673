"""A model of somebody's own: what it raises or returns is their line, and its name on the command line is found."""

import asyncio
import pathlib
import sys
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from surefoot.decompose.step import Prompt
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError, ModelUnavailable, UserCodeError
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.factory import open_model, with_own_dialect
from surefoot.runtime.models.own_model import OwnModel, open_own_model, watched
from surefoot.runtime.models.port import Likelihood, Look, Model, Reply, Request
from surefoot.runtime.models.simulated import SimulatedModel
from surefoot.runtime.own_code import is_own_model, own_code, own_models
from surefoot.runtime.session.own_loop import in_own_loop
from surefoot.runtime.user_code import blamed

FOLDER = pathlib.Path(__file__).parents[2] / "data" / "own"
FILE = FOLDER / "own_models.py"
REQUEST = Request(Prompt("say ash"), (0, 1), 0.1, 100, 0)


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The folder of the models, as where a user works; their module is forgotten afterwards."""
    monkeypatch.chdir(FOLDER)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    sys.modules.pop("own_models", None)


def line_of(text: str, after: str) -> int:
    """The number of the first line with a text, after the class of a name."""
    lines = FILE.read_text().splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith(f"class {after}("))
    return next(number for number, line in enumerate(lines[begin:], begin + 1) if text in line)


def asked(name: str) -> list[Reply]:
    return asyncio.run(open_own_model(f"own_models:{name}").ask(REQUEST))


@pytest.mark.parametrize(
    ("name", "text", "place", "wrong"),
    [
        ("Raises", '{}["missing"]', "Raises.ask", "KeyError: 'missing'"),
        ("Groups", "raise ExceptionGroup", "Groups.ask", "ExceptionGroup: two at once"),
        ("Exits", "raise SystemExit", "Exits.ask", "SystemExit: 3"),
        ("Texts", "async def ask", "Texts.ask", "it returned list ['text', 'text']"),
        ("TooFew", "async def ask", "TooFew.ask", "one Reply for each of request.draws; it returned list []"),
        ("Nothing", "async def ask", "Nothing.ask", "one Reply for each"),
    ],
)
def test_a_mistake_in_ask_names_its_line(name: str, text: str, place: str, wrong: str) -> None:
    with pytest.raises(UserCodeError) as error:
        asked(name)
    assert str(error.value).startswith(place)
    assert wrong in str(error.value)
    assert (error.value.context["file"], error.value.context["line"]) == (str(FILE), line_of(text, name))


class Interrupts(OwnModel):
    """Raises what Ctrl-C would."""

    def __init__(self) -> None:
        super().__init__(open_own_model("own_models:Sound"))

    async def ask(self, request: Request) -> list[Reply]:
        with blamed(type(self), "ask"):
            raise KeyboardInterrupt
        return []


def test_an_interrupt_that_the_model_raises_itself_is_its_own_mistake() -> None:
    """Ctrl-C arrives in the main thread only, where it passes; a run of the API works in another one."""
    with pytest.raises(UserCodeError, match=r"Interrupts\.ask .*: KeyboardInterrupt"):
        in_own_loop(lambda: Interrupts().ask(REQUEST))
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(Interrupts().ask(REQUEST))


@pytest.mark.parametrize(("name", "kind"), [("Away", ModelUnavailable), ("AwayTogether", ExceptionGroup)])
def test_what_is_raised_on_purpose_passes(name: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        asked(name)


def test_being_cancelled_is_nobodys_mistake() -> None:
    class Waits(OwnModel):
        async def ask(self, request: Request) -> list[Reply]:
            await asyncio.Event().wait()
            return []

    async def cancelled() -> None:
        task = asyncio.create_task(OwnModel(Waits(open_own_model("own_models:Sound"))).ask(REQUEST))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())


def test_a_sound_model_is_asked_by_its_name() -> None:
    for name in ("Sound", "sound"):
        assert [reply.text for reply in asked(name)] == ["ash", "ash"]
    config = RunConfig(task="map", model="own_models:Compact")
    found = open_model(with_own_dialect(config))
    assert (found.name, found.dialect, found.shared) == ("tiny", "compact", True)
    assert open_model(RunConfig(task="map", model="own_models:Sound")).dialect == "chat"
    assert with_own_dialect(config).dialect == "compact", "the run directory says so: readers run no code"


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("own_models:NUMBER", "is a int, and no surefoot.Model"),
        ("own_models:FILE", "own_models has no FILE"),
        ("own_models:Sond", "did you mean Sound?"),
        ("own_models:Synchronous", "must be 'async def ask"),
        ("own_models:NeedsArguments", "missing 1 required positional argument: 'key'"),
        ("nowhere_to_be_found:Sound", "No module named 'nowhere_to_be_found'"),
        ("own_models:pathlib", "has no pathlib"),
    ],
)
def test_what_cannot_be_asked_is_one_line(name: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        open_own_model(name)
    assert complaint in str(error.value)


def test_models_of_ours_are_left_as_they_are() -> None:
    ours: Any = object.__new__(SimulatedModel)
    assert watched(ours) is ours


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("my_module:MyModel", True),
        ("pack.age:model", True),
        ("bundled", False),
        ("simulated:p_error", False),
        ("gguf:weights", False),
        ("object:Clerk", False),
        ("ft:davinci", False),
        ("ollama/llama3.2:latest", False),
        ("bedrock/anthropic.claude-v2:1", False),
        ("anthropic.claude-v2:1", False),
        ("openai/gpt-4.1-mini", False),
    ],
)
def test_names_of_own_models_are_told_from_others(name: str, own: bool) -> None:
    assert is_own_model(name) is own


def test_all_code_of_a_run_is_listed() -> None:
    config = RunConfig(
        task="hanoi",
        model="a:A",
        fallback_model="b:B",
        modules="Actor.model=c:C; Monitor.model=a:A",
        rule="d:D",
        strategy="e:E",
    )
    assert own_models(config) == ("a:A", "b:B", "c:C")
    assert own_code(config) == ("d:D", "e:E", "a:A", "b:B", "c:C")
    assert own_code(RunConfig(task="hanoi")) == ()


def test_a_model_of_ones_own_may_give_looks_and_what_is_none_is_its_fault() -> None:
    class Sure(SimulatedModel):
        def __init__(self, said: Any) -> None:
            self.said = said

        async def ask(self, request: Request) -> list[Reply]:
            return []

        async def look(self, request: Request) -> Look:
            return self.said  # type: ignore[no-any-return]

    look = Look((("a", 1.0),))
    assert asyncio.run(watched(Sure(look)).look(REQUEST)) is look
    with pytest.raises(UserCodeError, match="a Look; it returned str 'a'"):
        asyncio.run(watched(Sure("a")).look(REQUEST))


@pytest.mark.parametrize("found", [0.5, Likelihood(0.1, 3), Likelihood(-1.0, 0), Likelihood(float("nan"), 3)])
def test_a_model_of_ones_own_may_score_texts_and_what_is_no_score_is_its_fault(found: Any) -> None:
    class Scores(Model):
        async def ask(self, request: Request) -> list[Reply]:
            raise AssertionError("nothing is drawn")

        async def score(self, request: Request, text: str) -> Likelihood:
            return Likelihood(-2.0, len(text), cost_usd=0.0) if text == "right" else found  # type: ignore[no-any-return]

    own = OwnModel(Scores())
    assert asyncio.run(own.score(REQUEST, "right")) == Likelihood(-2.0, 5, cost_usd=0.0)
    with pytest.raises(UserCodeError, match=r"Scores\.score.*a Likelihood of at least one token"):
        asyncio.run(own.score(REQUEST, "wrong"))
    own.use_lease(BudgetLease(limited=True))
    own.lease.grant(1.0)  # type: ignore[union-attr]
    asyncio.run(own.score(REQUEST, "right"))
    assert own.lease is not None
    assert (own.lease.balance, own.lease.reserved) == (1.0, 0.0)


def test_a_stop_reaches_a_model_of_somebodys_own() -> None:
    class Hears(Model):
        heard = 0

        async def ask(self, request: Request) -> list[Reply]:
            raise AssertionError("not asked")

        def stop_waiting(self) -> None:
            self.heard += 1

    model = Hears()
    watched(model).stop_waiting()
    assert model.heard == 1


def test_help_and_docs_say_that_time_outs_are_a_models_own_affair() -> None:
    """What holds for servers does not for somebody's code: nobody knows what of it may be cut off and asked again."""
    described = {field.name: str(field.type) for field in msgspec.structs.fields(RunConfig)}
    assert "not of own models" in described["timeout_s"]
    assert "likewise" in described["patience_s"]
    docs = (pathlib.Path(__file__).parents[3] / "docs" / "extending.md").read_text()
    assert "`--timeout-s` and `--patience-s` do not hold for a model of your own" in docs
