"""A tuned wording changes a run: fewer votes a step, by the factor that the error rates say (A7)."""

import pathlib

import msgspec
import pytest

import surefoot
from surefoot.decompose.answer_keys import hanoi
from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.step import Prompt
from surefoot.decompose.wordings.wording import Wording
from surefoot.runtime.errors import ConfigurationError, ResumeMismatch
from surefoot.runtime.journal.run_directory import read_config
from surefoot.runtime.models.port import Model, Reply, Request
from surefoot.runtime.models.simulated import Profile, SimulatedModel
from surefoot.runtime.wordings_file import Tuned, Wordings, encoded, parse
from tests.runtime.tuning.adders import Adder, Reader

STATES = "The disks of a state are listed from the smallest to the largest.\n\n"
BEFORE, AFTER, LEAD = 0.2, 0.04, 8


def one_wrong(prompt: Prompt) -> Answers:
    """The key's answers with one mistake: the prediction is of races between two candidates."""
    found = hanoi.answers(prompt)
    return Answers(found.right, found.wrong[:1])


class Careful(Model):
    """Errs in one of five replies about a tower, and in one of 25 where the prompt says how states are written."""

    name, dialect = "careful", "compact"

    def __init__(self) -> None:
        self.models = {p: SimulatedModel(one_wrong, Profile(p_error=p)) for p in (BEFORE, AFTER)}

    async def ask(self, request: Request) -> list[Reply]:
        told = request.prompt.user.startswith(STATES)
        plain = Prompt(request.prompt.user.removeprefix(STATES))
        return await self.models[AFTER if told else BEFORE].ask(msgspec.structs.replace(request, prompt=plain))


def file_of(task: str, wording: Wording, kind: str, dialect: str = "compact", model: str = "object:careful") -> str:
    tuned = Tuned(kind=kind, wording=wording)
    return encoded(Wordings(task=task, dialect=dialect, model=model, kinds=(tuned,)))  # type: ignore[arg-type]


def votes(p: float) -> float:
    """Mean ballots of a race between two candidates, ahead by ``LEAD``, if a ballot is wrong with probability p."""
    ruin = 1 / (1 + ((1 - p) / p) ** LEAD)
    return LEAD * (1 - 2 * ruin) / (1 - 2 * p)


def test_a_run_needs_fewer_votes_by_the_factor_that_is_predicted(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "wordings.toml"
    path.write_text(file_of("hanoi", Wording(instruction=(STATES.strip(),)), "move"))
    counts = {}
    for name, wordings in (("before", None), ("after", path)):
        run = surefoot.run(
            "hanoi", Careful(), disks=10, strategy="chain", k=LEAD, red_flags="none", seed=2,
            ladder=False, wordings=wordings, run_dir=tmp_path / name,
        )  # fmt: skip
        assert run.status == "solved", run.message
        counts[name] = run.counts.calls / run.counts.steps
    predicted = votes(BEFORE) / votes(AFTER)
    assert counts["before"] / counts["after"] == pytest.approx(predicted, rel=0.05)
    assert predicted > 1.4


def test_the_wording_travels_with_the_run_and_cannot_change_unseen(tmp_path: pathlib.Path) -> None:
    path, place = tmp_path / "wordings.toml", tmp_path / "run"
    path.write_text(file_of(f"{Adder.__module__}:Adder", Wording(label="Q: ", cue="\nA: "), "add", "chat"))
    reader = Reader()
    surefoot.run(Adder, reader, count=4, k=1, wordings=path, run_dir=place, max_calls=2)
    assert {request.prompt.user.partition(" ")[0] for request in reader.prompts} == {"Q:"}
    path.unlink()  # what the run asks is in its own directory
    kept = read_config(place)
    assert parse(kept.wordings or "").kinds[0].wording.label == "Q: "
    again = Reader()
    surefoot.resume(place, model=again, task=Adder(count=4), max_calls=100)
    assert again.prompts[-1].prompt.user.startswith("Q: ")
    other = file_of(f"{Adder.__module__}:Adder", Wording(label="Question: "), "add", "chat")
    second = tmp_path / "second"
    surefoot.run(Adder, Reader(), count=4, k=1, wordings=other, run_dir=second, max_calls=2)
    with pytest.raises(ResumeMismatch, match=r"wordings: text \w{8} -> text \w{8}"):
        surefoot.resume(second, model=Reader(), task=Adder(count=4), wordings=kept.wordings, max_calls=100)


def test_kinds_that_the_file_does_not_name_are_asked_as_before(tmp_path: pathlib.Path) -> None:
    reader = Reader()
    file = file_of(f"{Adder.__module__}:Adder", Wording(label="Q: "), "multiply", "chat")
    surefoot.run(Adder, reader, count=2, k=1, wordings=file, run_dir=tmp_path / "run")
    assert {request.prompt.user[0] for request in reader.prompts} <= set("123456789")


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"task": "multiply"}, "--wordings is for task multiply, not"),
        ({"dialect": "micro"}, "--wordings is for --dialect micro, not chat"),
        ({"wording": Wording(question="{c} + {d}")}, "--wordings, kind add: the template asks for {c}"),
    ],
)
def test_wordings_of_something_else_are_refused(
    values: dict[str, object], complaint: str, tmp_path: pathlib.Path
) -> None:
    usual = {"task": f"{Adder.__module__}:Adder", "wording": Wording(label="Q: "), "kind": "add", "dialect": "chat"}
    file = file_of(**{**usual, **values})  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError) as refused:
        surefoot.run(Adder, Reader(), wordings=file, run_dir=tmp_path / "run")
    assert refused.value.message.startswith(complaint)
    assert not (tmp_path / "run").exists()


def test_examples_are_turns_before_the_question_and_answers_stay_what_parse_reads(tmp_path: pathlib.Path) -> None:
    from surefoot.decompose.wordings.wording import Example

    shown = (Example("1 + 1", "2"), Example("2 + 2", "4"))
    wording = Wording(form="turns", cue="= ", examples=shown)
    reader = Reader()
    run = surefoot.run(
        Adder, reader, count=3, k=2, run_dir=tmp_path / "run",
        wordings=file_of(f"{Adder.__module__}:Adder", wording, "add", "chat"),
    )  # fmt: skip
    assert run.status == "solved"
    assert all(request.prefill == "= " for request in reader.prompts)
    assert {tuple(turn.assistant for turn in request.examples) for request in reader.prompts} == {("= 2", "= 4")}
    assert all(isinstance(one, int) for one in run.output)
