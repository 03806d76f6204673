"""The pages say what is so: messages, files, commands and keys that they name exist; they build without a warning."""

import ast
import pathlib
import re
import subprocess
import sys

import pytest

from surefoot.runtime.journal.run_directory import Standing
from surefoot.runtime.records import Counts
from surefoot.runtime.trace.level_events import Levels
from surefoot.scripts.commands.cli import COMMANDS
from tests.docs.blocks import PAGES, ROOT

DOCS = ROOT / "docs"
SOURCES = [path for folder in ("decompose", "voting", "runtime", "scripts") for path in (ROOT / folder).rglob("*.py")]


def texts(path: pathlib.Path) -> str:
    """All text constants of a source file, neighbouring ones joined as Python joins them."""
    tree = ast.parse(path.read_text())
    return "\n".join(
        node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def test_every_message_that_is_explained_is_one_that_is_said() -> None:
    page = (DOCS / "troubleshooting.md").read_text().partition("## Before anything starts")[2]
    explained = re.findall(r"^\| `([^`]+)` \|", page, re.M)
    said = "\n".join(map(texts, SOURCES))
    assert len(explained) > 40
    assert [message for message in explained if message not in said] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_a_page_names_exist(page: pathlib.Path) -> None:
    named = re.findall(r"`((?:decompose|voting|runtime|scripts|tests|docs)/[\w./-]*\w)/?`", page.read_text())
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_modules_that_pages_run_exist() -> None:
    named = {name for page in PAGES for name in re.findall(r"python -m (surefoot\.[\w.]+)", page.read_text())}
    assert len(named) > 8
    assert [name for name in named if not (ROOT / f"{name.replace('.', '/')}.py").exists()] == []


def test_every_command_stands_on_a_page_and_pages_name_no_other() -> None:
    everything = "\n".join(page.read_text() for page in PAGES)
    named = set(re.findall(r"\bsurefoot ([a-z]+)\b", everything)) - {"import"}
    assert named <= set(COMMANDS)
    assert [name for name in COMMANDS if name not in named and f"`{name}`" not in everything] == []


def test_keys_of_the_glossary_are_keys_that_are_printed() -> None:
    page = (DOCS / "concepts.md").read_text().partition("## Keys of `--json`")[2]
    keys = set(re.findall(r"^\| `(\w+)` \|", page, re.M))
    assert len(keys) > 10
    printed = {*Standing.__struct_fields__, *Counts.__struct_fields__, *Levels.__struct_fields__, "levels"}
    assert keys <= printed


def test_the_glossary_has_every_word_that_is_kept() -> None:
    page = (DOCS / "concepts.md").read_text().lower()
    words = (
        *("task", "step", "segment", "plan", "node", "promise", "seam", "ballot", "race", "verdict", "lead"),
        *("journal", "worker", "coordinator", "referee", "dialect", "red flag", "escalation level", "prompt variant"),
    )
    for word in words:
        assert f"**{word}**" in page, word


def test_tests_that_attack_a_promise_are_there() -> None:
    page = (DOCS / "reliability.md").read_text().partition("## Promised")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| .+? \| (.+) \|$", page, re.M)[2:]
    assert len(rows) > 10
    for promise, where in rows:
        assert "`" in where, promise


@pytest.mark.timeout(300)
def test_the_pages_build_without_a_warning(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("mkdocstrings", reason="the docs extra is not installed")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    pages = {page.relative_to(DOCS).with_suffix("").as_posix() for page in PAGES if DOCS in page.parents}
    built = {path.parent.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("index.html")}
    assert pages - {"index"} <= built
    assert "surefoot.run" in (tmp_path / "api" / "running" / "index.html").read_text()
    for path in tmp_path.rglob("*.html"):
        assert not re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(?:https?:)?//', path.read_text()), path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_heading_begins_with_a_figure(page: pathlib.Path) -> None:
    """The theme's list of headings takes their names for selectors, which begin with a letter."""
    assert re.findall(r"^#+ [^A-Za-z`].*$", page.read_text(), re.M) == []
