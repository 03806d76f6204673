"""``surefoot init`` and ``surefoot test``: the task that is written passes, and each fault in one is found."""

import pathlib
import subprocess
import sys
from typing import Any

import pytest

from tests.scripts.commands.console import SIMULATED, complaints, environment, last_object, surefoot


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with what ``surefoot init totals`` writes."""
    folder = tmp_path_factory.mktemp("own")
    done = surefoot(folder, "init", "totals", "--json")
    assert last_object(done) == {"files": ["totals.py", "test_totals.py"], "task": "totals:Totals"}
    return folder


@pytest.fixture
def changed(written: pathlib.Path, tmp_path: pathlib.Path) -> Any:
    """Writes the task with some of its text replaced; what ``surefoot test`` says of it, by check."""

    def check(*replaced: tuple[str, str], arguments: tuple[str, ...] = ()) -> tuple[int, dict[str, tuple[str, str]]]:
        text = (written / "totals.py").read_text()
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "totals.py").write_text(text)
        done = surefoot(tmp_path, "test", "totals:Totals", *arguments, "--json")
        found = last_object(done)
        return done.returncode, {one["name"]: (one["state"], one["text"]) for one in found["checks"]}

    return check


def test_what_init_writes_passes_its_own_test(written: pathlib.Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", ".", "."],
        cwd=written, env=environment(), capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_init_overwrites_and_hides_nothing(written: pathlib.Path, tmp_path: pathlib.Path) -> None:
    before = (written / "totals.py").read_text()
    assert "exists already" in complaints(surefoot(written, "init", "totals"))[0]
    assert (written / "totals.py").read_text() == before
    for name, says in {
        "json": "hide",
        "surefoot": "hide",
        "3x": "cannot be",
        "a-b": "cannot be",
        "../x": "cannot be",
    }.items():
        done = surefoot(tmp_path, "init", name)
        assert done.returncode == 2
        assert says in complaints(done)[0]
    assert "cannot write" in complaints(surefoot(tmp_path, "init", "mine", "--folder", "nowhere"))[0]
    assert list(tmp_path.iterdir()) == []


def test_a_task_as_it_is_written_passes_every_check(changed: Any) -> None:
    """Placebo arm of the faults below."""
    code, found = changed()
    assert code == 0
    assert {state for state, _ in found.values()} == {"ok"}
    assert "the output is 189" in found["plan"][1]
    assert "5 steps accepted" in found["referee"][1]
    assert "16 sampled steps, all of them one question" in found["limits"][1]


def test_sampled_steps_that_differ_are_not_told_as_one_question(changed: Any) -> None:
    own = (
        "    def sample_step(self, number):\n        return Step('add', Role.ACTOR, reads=(number, 1))\n\n    def size("
    )
    code, found = changed(("    def size(", own))
    assert (code, found["limits"][0]) == (0, "ok")
    assert found["limits"][1].endswith("16 sampled steps")


FAULTS = {
    "never done": (
        "return (int(candidate), rest[1:])",
        "return (int(candidate), rest)",
        "plan",
        "not at its end after 5",
    ),
    "size too small": ("return len(inputs[0])", "return 2", "plan", "not at its end after 2"),
    "parse is blind": ("return str(int(text))", "return '7'", "prompt and parse", "read like the right one"),
    "check is wrong": ("return None\n", "return Flag('illegal', 'no')\n", "prompt and parse", "flagged by check()"),
    "parse fails": (
        'if not re.fullmatch(r"-?[0-9]{1,18}", text.strip()):',
        "if False:",
        "senseless replies",
        "ValueError",
    ),
    "hidden fact": ("{one} + {other}? Reply", "{one} + {other} ({self.numbers})? Reply", "options", "option 'numbers'"),
    "verify is wrong": ("right = plan", "right = not plan", "referee", "the goal is not reached"),
    "verify is blind": ("if first_error is None and", "if False and", "referee", "looks at the output only"),
    "no verify": ("def verify(", "def judge(", "referee", "no function verify"),
}
"""Of each fault: what of the task is replaced, by what, the check that is to find it, and what it is to say."""
NOTED = ("hidden fact", "verify is blind", "no verify")
"""Faults that may be meant so."""


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_by_its_check(changed: Any, fault: str) -> None:
    old, new, check, says = FAULTS[fault]
    replaced = [(old, new)]
    if fault == "hidden fact":  # the key reads the first two numbers
        replaced.append(('re.findall(r"-?[0-9]+", prompt.user))', 're.findall(r"-?[0-9]+", prompt.user)[:2])'))
    code, found = changed(*replaced)
    assert (found[check][0], code) == (("note", 0) if fault in NOTED else ("failed", 1))
    assert says in found[check][1]


WITH_TOOL = (
    ("return Done(total)", "return Done(total) if len(state) == 3 else Call('note', {'total': total})"),
    (
        "        _, rest = state\n",
        "        _, rest = state[:2]\n        if not rest:\n            return (candidate, (), 1)\n",
    ),
    ("total, rest = state\n", "total, rest = state[:2]\n"),
    ("    def size(", "    def tools(self):\n        return {'note': lambda total: total * 2}\n\n    def size("),
    ("return len(inputs[0])", "return len(inputs[0]) + 1"),
    ("import Answers, ", "import Answers, Call, "),
)
"""Replacements that make the task double its total by a tool before it ends."""


def test_tools_are_called_only_where_that_is_allowed(changed: Any) -> None:
    code, found = changed(*WITH_TOOL)
    assert (code, found["plan"][0]) == (0, "note")
    assert "the tool 'note' is asked for; --call-tools calls it" in found["plan"][1]
    _, found = changed(*WITH_TOOL, arguments=("--call-tools",))
    assert "the output is 378" in found["plan"][1]
    once = ("return {'note': lambda total: total * 2}", ONCE)
    _, found = changed(*WITH_TOOL, once, arguments=("--call-tools",))
    assert "it must be called only once" in found["plan"][1]


ONCE = """
        from surefoot import Tool

        return {'note': Tool(name='note', function=lambda total: 0, timeout_s=1, repeatable=False)}"""


def test_an_output_of_another_type_than_promised_is_found(changed: Any) -> None:
    code, found = changed(('    """Add up whole numbers."""\n', '    """Add up."""\n\n    output_type = str\n'))
    assert (code, found["plan"][0]) == (1, "failed")
    assert "is not of output_type: Expected `str`, got `int`" in found["plan"][1]
    assert changed(('    """Add up whole numbers."""\n', '    """Add up."""\n\n    output_type = float\n'))[0] == 0


def test_an_impure_task_does_not_get_to_its_checks(written: pathlib.Path, tmp_path: pathlib.Path) -> None:
    text = (written / "totals.py").read_text()
    (tmp_path / "totals.py").write_text(
        text.replace("Prompt(f", "Prompt(__import__('random').choice('abcdefghij') * 9 + f")
    )
    done = surefoot(tmp_path, "test", "totals:Totals", "--json")
    assert done.returncode == 2
    assert "is not pure" in last_object(done)["error"]["message"]


def test_impurity_that_a_second_call_does_not_show_is_found_by_a_second_walk(changed: Any) -> None:
    """What depends on what was asked before answers the same twice in a row, and not in a second walk."""
    old = '        one, other = step.reads\n        return Prompt(f"What'
    new = (
        '        one, other = step.reads\n        SEEN.append(other)\n        return Prompt(f"{SEEN.count(3) > 2} What'
    )
    code, found = changed((old, new), ("def answers(", "SEEN = []\n\n\ndef answers("))
    assert (code, found["purity"][0]) == (1, "failed")


def test_kept_replies_stand_in_for_an_answer_key(written: pathlib.Path, tmp_path: pathlib.Path) -> None:
    text = (written / "totals.py").read_text()
    (tmp_path / "totals.py").write_text(text)
    run = ("run", "totals:Totals", *SIMULATED, "--run-dir", "r", "--keep-replies", "all")
    assert surefoot(tmp_path, *run).returncode == 0
    (tmp_path / "totals.py").write_text(text.replace("def answers(", "def no_answers("))
    refused = surefoot(tmp_path, "test", "totals:Totals")
    assert "needs a function answers" in complaints(refused)[0]
    assert "--replies RUN_DIR" in refused.stderr
    done = surefoot(tmp_path, "test", "totals:Totals", "--replies", "r", "--json")
    assert done.returncode == 0, done.stderr
    assert "5 questions" in last_object(done)["checks"][0]["text"]
    other = last_object(surefoot(tmp_path, "test", "totals:Totals", "--numbers", "1 2", "--replies", "r", "--json"))
    assert "a reply is not known" in other["checks"][0]["text"], "placebo: it is the kept replies that answer"


@pytest.mark.parametrize("task", ["hanoi", "multiply", "digit-hanoi", "graph"])
def test_tasks_that_come_with_surefoot_pass(tmp_path: pathlib.Path, task: str) -> None:
    done = surefoot(tmp_path, "test", task, "--json")
    assert done.returncode == 0, done.stdout
