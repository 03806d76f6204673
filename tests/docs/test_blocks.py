"""Code blocks that can run do run, offline, page by page in an empty folder, and print what the page says."""

import ast
import doctest
import os
import pathlib
import subprocess
import sys

import pytest

from tests.docs.blocks import PAGES, ROOT, Block, blocks_of

OFFLINE = pathlib.Path(__file__).parent / "offline"
RUN = [page for page in PAGES if any(block.marker == "runs" for block in blocks_of(page.read_text()))]
KNOWN = {"", "run", "test", "runs", "prints"}


def environment(folder: pathlib.Path) -> dict[str, str]:
    """No keys, no network, nothing of a user's; commands work in their own process unless they say otherwise."""
    return {
        "PATH": os.pathsep.join((os.path.dirname(sys.executable), "/usr/bin", "/bin")),
        "PYTHONPATH": os.pathsep.join((str(OFFLINE), str(ROOT))),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(folder),
        "SUREFOOT_ADDRESS": "none",
    }


def run(block: Block, folder: pathlib.Path) -> str:
    """Run a block to its end; what it printed."""
    command = ["bash", "-euc", block.text] if block.language == "sh" else [sys.executable, "-c", block.text]
    done = subprocess.run(
        command, cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, f"line {block.line}: {done.stdout[-1000:]}{done.stderr[-2000:]}"
    return done.stdout


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=() if page.stem == "README" else pytest.mark.slow, id=page.stem) for page in RUN]
)
def test_what_can_run_runs(page: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    printed = ""
    for block in blocks_of(page.read_text()):
        if block.marker == "runs":
            printed = run(block, tmp_path)
        elif block.marker == "prints":
            assert alike(block.text, printed), f"line {block.line}: {printed}"
        elif block.marker.startswith("file "):
            (tmp_path / block.marker.removeprefix("file ")).write_text(block.text)


def alike(wanted: str, printed: str) -> bool:
    """Whether something printed is what a page says, ``...`` standing for anything, white space not counted."""
    return doctest.OutputChecker().check_output(wanted, printed, doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)


def test_a_page_that_says_something_else_is_noticed() -> None:
    assert alike("solved ...\n", "solved 12 steps\n")
    assert not alike("solved 12\n", "solved 13\n")
    [block] = blocks_of("text\n\n<!-- runs -->\n```python\nraise SystemExit(3)\n```\n")
    assert block == Block("runs", "python", "raise SystemExit(3)\n", 5)
    with pytest.raises(AssertionError, match="line 5"):
        run(block, OFFLINE)


def test_a_block_that_reaches_out_is_refused(tmp_path: pathlib.Path) -> None:
    program = "import socket\nsocket.create_connection(('203.0.113.1', 80), 1)\n"
    with pytest.raises(AssertionError, match="the pages' code runs offline"):
        run(Block("runs", "python", program, 1), tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_blocks_are_marked_and_python_can_be_read(page: pathlib.Path) -> None:
    for block in blocks_of(page.read_text()):
        assert block.marker in KNOWN or block.marker.startswith("file "), f"line {block.line}"
        if block.language == "python":
            ast.parse(block.text)
