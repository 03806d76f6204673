"""The README says what happens, in the order in which a stranger needs it; its code is run by ``tests/docs``."""

import re
import tomllib

from surefoot.scripts.commands.cli import COMMANDS
from tests.docs.blocks import ROOT, blocks_of

README = (ROOT / "README.md").read_text()
BLOCKS = blocks_of(README)


def test_the_first_two_blocks_are_the_two_commands_and_one_line_each() -> None:
    assert [(block.marker, block.language) for block in BLOCKS[:2]] == [("run", "sh"), ("test", "sh")]
    assert all(block.text.count("\n") == 1 for block in BLOCKS[:2])


def test_ci_runs_the_second_block() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert "<!-- test -->" in script


def test_the_second_command_installs_what_its_checks_need() -> None:
    command = BLOCKS[1].text
    extras = set(re.search(r"'\.\[([\w,]+)\]'", command)[1].split(","))  # type: ignore[index]
    assert extras == {"test", "docs"}
    assert extras <= set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
    for check in ("ruff check", "ruff format --check", "mypy", "pytest"):
        assert f".venv/bin/{check}" in command


def test_it_is_short_and_says_what_it_is_for_in_three_sentences() -> None:
    assert len(README.split()) <= 1300
    opening = README.partition("\n\n")[2].partition("\n\n")[0]
    assert len(re.findall(r"\.(?:\s|$)", opening)) == 3


def test_an_answer_comes_before_any_counter() -> None:
    first_text = next(block for block in BLOCKS if block.language == "text")
    assert first_text.text.startswith("answer ")
    assert "calls" not in README.partition("```text")[0]


def test_the_readers_problem_takes_ten_lines_and_runs() -> None:
    block = next(block for block in BLOCKS if block.language == "python")
    assert block.marker == "runs"
    assert len([line for line in block.text.splitlines() if line.strip()]) <= 11
    after = BLOCKS[BLOCKS.index(block) + 1]
    assert after.marker == "prints"


def test_the_sections_come_in_the_order_of_a_first_visit() -> None:
    assert re.findall(r"^## (.+)$", README, re.M) == [
        "Your problem, in ten lines",
        "Commands",
        "Your own task",
        "Any model",
        "On a cluster",
        "Where to read on",
    ]


def test_the_table_has_every_command() -> None:
    table = README.partition("## Commands")[2].partition("\n## ")[0]
    cells = "\n".join(re.findall(r"^\| (.+?) \|", table, re.M))
    named = set(re.findall(r"`(?:surefoot )?([a-z]+)", cells))
    assert named == set(COMMANDS)


def test_every_page_that_it_points_to_exists() -> None:
    pages = re.findall(r"\]\((docs/[\w./-]+\.md)(?:#[\w-]+)?\)", README)
    assert len(set(pages)) > 8
    assert [page for page in pages if not (ROOT / page).exists()] == []
