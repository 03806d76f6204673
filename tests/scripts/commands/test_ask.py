"""``surefoot ask`` and ``surefoot.ask``: an answer with what it rests on, tools, context, limits, resumption."""

import json
import pathlib
from typing import Any

import pytest

import surefoot
from surefoot.runtime.errors import ConfigurationError, ModelRejected
from surefoot.runtime.journal.run_directory import standing
from surefoot.runtime.models.port import Likelihood, Model, Reply, Request
from surefoot.scripts.commands.cli import main

QUESTION = "What is ((3 + 4) * 5) mod 97?"


def ask(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0, command: str = "ask") -> dict[str, Any]:
    with pytest.raises(SystemExit) as end:
        main([command, *arguments, *([] if command == "resume" else ["--address", "none", "--workers", "1"]), "--json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert end.value.code == code, found
    return found


def test_an_answer_comes_with_what_it_rests_on(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = str(tmp_path / "r")
    found = ask(capsys, QUESTION, "--tools", "calc", "--model", "simulated:p_error=0.02", "--k", "2", "--run-dir", run)
    assert found["output"] == "35"
    assert found["evidence"] == [
        {"asked": "calc[((3 + 4)) % 97]", "found": "7"},
        {"asked": "calc[((7 * 5)) % 97]", "found": "35"},
    ]
    assert found["task_options"]["method"] == "self-ask"
    plain = ask(capsys, QUESTION, "--method", "self-ask", "--model", "simulated", "--run-dir", str(tmp_path / "s"))
    assert [one["found"] for one in plain["evidence"]] == ["7", "35"]
    direct = ask(capsys, QUESTION, "--model", "simulated", "--run-dir", str(tmp_path / "d"))
    assert (direct["output"], direct["evidence"]) == ("35", [])


def test_the_advisor_says_why(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = ask(
        capsys, QUESTION, "--method", "auto", "--model", "simulated", "--k", "1", "--run-dir", str(tmp_path / "r")
    )
    assert (found["output"], found["chosen"]["way"], found["evidence"]) == ("35", "whole", [])
    assert found["chosen"]["why"].startswith("whole: about 2 steps, of which 2 wait for each other; one goes wrong in")
    assert set(found["chosen"]["costs"]) == {"whole", "chain", "graph"}
    plain = ask(capsys, QUESTION, "--model", "simulated", "--run-dir", str(tmp_path / "p"))
    assert "chosen" not in plain


def test_a_paused_question_goes_on(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = (QUESTION, "--tools", "calc", "--model", "simulated", "--k", "1", "--run-dir", str(tmp_path / "r"))
    paused = ask(capsys, *arguments, "--max-calls", "2", code=3)
    assert (paused["status"], paused["evidence"]) == ("paused", [])
    assert paused["calls"] <= 2
    found = ask(capsys, str(tmp_path / "r"), "--max-calls", "100", command="resume")
    assert (found["output"], found["calls"]) == ("35", 3)
    # The same as without a pause: the answer stands with what it rests on.
    assert [one["found"] for one in found["evidence"]] == ["7", "35"]


def test_every_method_that_has_evidence_shows_it(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also subtasks and their conclusions, a file beside the question, and the advisor with one."""
    (tmp_path / "note.txt").write_text("A note that does not matter.\n")
    plain = (QUESTION, "--context", str(tmp_path / "note.txt"), "--model", "simulated", "--k", "1")
    for method in ("thread", "self-ask", "rewoo"):
        found = ask(capsys, *plain, "--tools", "calc", "--method", method, "--run-dir", str(tmp_path / method))
        assert [one["asked"][:5] for one in found["evidence"]] == ["calc[", "calc["], method
        assert [one["found"] for one in found["evidence"]] == ["7", "35"], method
    chosen = ask(capsys, *plain, "--method", "auto", "--run-dir", str(tmp_path / "auto"))
    assert (chosen["output"], chosen["chosen"]["way"]) == ("35", "whole")
    with pytest.raises(SystemExit) as end:
        main(["verify", str(tmp_path / "auto")])
    assert end.value.code == 2
    assert "nobody knows the right answers to questions of your own" in capsys.readouterr().err


class Reader(Model):
    """Searches for a river and reads its length from what was found; keeps what it was shown."""

    name = "reader"

    def __init__(self) -> None:
        self.shown: list[str] = []

    async def ask(self, request: Request) -> list[Reply]:
        self.shown.append(request.prompt.user)
        known = "3530" in request.prompt.user
        return [Reply("Answer: 3530 km" if known else "Use: search[length Volga]") for _ in request.draws]


def test_a_folder_of_text_is_searched(tmp_path: pathlib.Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "rivers.txt").write_text("The Volga is 3530 km long.\n")
    model = Reader()
    run = surefoot.ask("How long is the Volga?", model, context=tmp_path / "notes", run_dir=tmp_path / "r", k=1)
    assert run.output == "3530 km"
    [one] = run.evidence()
    assert one.asked == "search[length Volga]"
    assert "rivers.txt:1: The Volga is 3530 km long." in one.found
    assert "Tools: search[query]" in model.shown[0]


class Ranking(Reader):
    """Finds the words of a search likely after a passage with a number, and says how often it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.scored: list[str] = []

    async def score(self, request: Request, text: str) -> Likelihood:
        self.scored.append(request.prompt.user)
        return Likelihood(-1.0 if "3530" in request.prompt.user else -9.0, 4, tokens_in=30)


def test_a_folder_is_searched_by_what_the_model_finds_likely(tmp_path: pathlib.Path) -> None:
    """By words the passage that names river and length is first; what the model ranks is kept, and not asked again."""
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "a.txt").write_text("The length Volga length Volga is told below.\n")
    (notes / "b.txt").write_text("From the spring to the sea it is 3530 km.\n")
    model = Ranking()
    asked = {"context": notes, "run_dir": tmp_path / "r", "k": 1, "max_calls": 4}
    run = surefoot.ask("How long is the Volga?", model, relevance="likelihood", **asked)  # type: ignore[arg-type]
    assert (run.status, run.output) == ("solved", "3530 km")
    [one] = run.evidence()
    assert one.found.startswith("b.txt:1: From the spring")
    assert len(model.scored) == 2
    assert all("Write a question that this text answers." in text for text in model.scored)
    assert standing(run.run_dir).calls == 4, "two answers, and two passages"
    assert surefoot.open(tmp_path / "r").output == "3530 km"
    words = surefoot.ask("How long is the Volga?", Reader(), context=notes, run_dir=tmp_path / "w", k=1, max_calls=9)
    assert words.status == "failed", "by its words the other passage is found, again and again"


def test_likelihood_needs_a_model_that_gives_it(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "n").mkdir()
    (tmp_path / "n" / "a.txt").write_text("A.\n")
    with pytest.raises(ModelRejected, match="reader does not say how likely a given text is"):
        surefoot.ask("How long?", Reader(), context=tmp_path / "n", relevance="likelihood", run_dir=tmp_path / "r", k=1)
    with pytest.raises(ConfigurationError, match="relevance: there is no 'luck'; there are words, likelihood"):
        surefoot.ask("How long?", Reader(), context=tmp_path / "n", relevance="luck", run_dir=tmp_path / "s", k=1)


def test_a_file_is_shown(tmp_path: pathlib.Path) -> None:
    (tmp_path / "rivers.txt").write_text("The Volga is 3530 km long.\n")
    model = Reader()
    run = surefoot.ask("How long is the Volga?", model, context=[tmp_path / "rivers.txt"], run_dir=tmp_path / "r", k=1)
    assert (run.output, run.evidence()) == ("3530 km", [])
    assert "Context: [rivers.txt]\nThe Volga is 3530 km long." in model.shown[0]


class Counting(Model):
    """Writes a cell that counts lines of a text that no prompt shows."""

    def __init__(self) -> None:
        self.longest = 0

    async def ask(self, request: Request) -> list[Reply]:
        self.longest = max(self.longest, len(request.prompt.user))
        cell = "```python\n{'answer': str(sum('oak' in line for line in context.split(chr(10))))}\n```"
        return [Reply(cell) for _ in request.draws]


def test_a_text_that_no_prompt_could_show_is_asked_about_by_cells(tmp_path: pathlib.Path) -> None:
    (tmp_path / "trees.txt").write_text("an oak\nan elm\n" * 40_000)
    asked: dict[str, Any] = {"context": tmp_path / "trees.txt", "run_dir": tmp_path / "r", "k": 1}
    with pytest.raises(ConfigurationError, match=r"560,012 characters, more than 400,000: put .* recursive"):
        surefoot.ask("How many oaks?", Counting(), **asked)
    model = Counting()
    run = surefoot.ask("How many oaks?", model, method="recursive-0", **asked)
    assert run.output == "40000"
    assert model.longest < 2000


class Stubborn(Reader):
    """Divides by nothing until it is told that this fails."""

    async def ask(self, request: Request) -> list[Reply]:
        self.shown.append(request.prompt.user)
        told = "[failed: " in request.prompt.user
        return [Reply("Answer: undefined" if told else "Use: calc[1 / 0]") for _ in request.draws]


def test_that_a_tool_failed_is_told_as_a_failure(tmp_path: pathlib.Path) -> None:
    run = surefoot.ask("What is 1 / 0?", Stubborn(), tools="calc", run_dir=tmp_path / "r", k=1)
    assert (run.status, run.output) == ("solved", "undefined")
    [one] = run.evidence()
    assert one.found == "[failed: refused: division by zero]", "why it failed, so that the next use may be a better one"


def test_what_was_not_searched_is_said(tmp_path: pathlib.Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "rivers.txt").write_text("The Volga is 3530 km long.\n")
    for number in range(5):
        (tmp_path / "notes" / f"map{number}.png").write_bytes(b"\0")
    run = surefoot.ask("How long is the Volga?", Reader(), context=tmp_path / "notes", run_dir=tmp_path / "r", k=1)
    [one] = run.evidence()
    assert one.found.endswith("| not searched, too large or no text: map0.png, map1.png, map2.png and 2 more")


@pytest.mark.parametrize(
    "given",
    [{"question": None}, {"question": b"x"}, {"tools": 7}, {"tools": [len]}, {"context": 7}, {"context": [None]},
     {"method": 3}],
)  # fmt: skip
def test_from_a_program_what_is_no_text_is_one_line(given: dict[str, Any], tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigurationError) as error:
        surefoot.ask(**{"question": QUESTION, "model": "simulated", "run_dir": tmp_path / "r", **given})
    assert "\n" not in str(error.value)
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--tools", "magic"), "there is no tool 'magic'"),
        (("--tools", "search:nowhere"), "nowhere"),
        (("--method", "magic"), "there is no 'magic'; there are direct"),
        (("--tools", "calc,magic"), "there is no tool 'magic'"),
        (("--tools", "search:EMPTY"), "there is no text file below "),
        (("--context", "EMPTY"), "there is no text file below "),
        (("--context", "nowhere.txt"), "nowhere.txt: No such file"),
        (
            ("--context", "/dev/zero"),
            "--context /dev/zero: it is a device and no plain file",
        ),
        (("--tools", "sql:EMPTY/picture.png"), "cannot be read as SQLite"),
        (("--model", "bundled"), "the bundled model reads no text of yours"),
    ],
)
def test_what_cannot_be_asked_is_one_line(
    arguments: tuple[str, ...], line: str, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    (tmp_path / "empty" / "picture.png").write_bytes(b"\x89PNG\0")
    (tmp_path / "empty" / "deeper" / "nothing.txt").write_text("")
    given = [one.replace("EMPTY", str(tmp_path / "empty")) for one in arguments]
    found = ask(capsys, QUESTION, "--model", "simulated", *given, "--run-dir", str(tmp_path / "r"), code=2)
    assert line in found["error"]["message"]
    assert not (tmp_path / "r").exists()


def test_what_the_simulated_model_does_not_know_is_one_line(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = ask(capsys, "Who are you?", "--model", "simulated", "--run-dir", str(tmp_path / "r"), code=2)
    assert "knows the answers to generated problems only" in found["error"]["message"]


def test_contexts_too_large_for_a_prompt_are_refused(tmp_path: pathlib.Path) -> None:
    (tmp_path / "large.txt").write_text("x" * 500_000)
    (tmp_path / "data.bin").write_bytes(b"\0\1")
    with pytest.raises(ConfigurationError, match=r"500,012 characters.* use search:FOLDER"):
        surefoot.ask("What?", Reader(), context=[tmp_path / "large.txt"], run_dir=tmp_path / "r")
    with pytest.raises(ConfigurationError, match="no text file"):
        surefoot.ask("What?", Reader(), context=[tmp_path / "data.bin"], run_dir=tmp_path / "r")
    with pytest.raises(ConfigurationError, match="no question"):
        surefoot.ask("  ", Reader(), run_dir=tmp_path / "r")
