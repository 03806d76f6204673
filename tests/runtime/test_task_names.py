"""A name that is no task is answered with the task classes of the module that it names."""

import pathlib

import pytest

from surefoot.decompose.tasks.built_in import BUILT_IN_TASKS
from surefoot.runtime.config import task_class
from surefoot.runtime.errors import ConfigurationError, UserCodeError
from surefoot.runtime.task_names import SHOWN, module_meant

TASKS = "import surefoot\n\nclass Books(surefoot.Task): pass\n\nclass Own(Books): pass\n\nclass Helper: pass\n"


def said(name: str, folder: pathlib.Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        task_class(name, folder)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_a_module_or_its_file_is_answered_with_its_tasks(tmp_path: pathlib.Path) -> None:
    (tmp_path / "books_meant.py").write_text(TASKS)
    for name in ("books_meant", "./books_meant", "books_meant.py", "./books_meant.py"):
        assert said(name, tmp_path) == f"unknown task '{name}': did you mean books_meant:Books, books_meant:Own?"


def test_a_path_with_a_class_is_answered_with_the_module(tmp_path: pathlib.Path) -> None:
    (tmp_path / "books_path.py").write_text(TASKS)
    assert said("./books_path.py:Own", tmp_path).endswith("did you mean books_path:Own?")


def test_a_class_that_is_not_there_is_answered_with_those_that_are(tmp_path: pathlib.Path) -> None:
    (tmp_path / "books_class.py").write_text(TASKS)
    assert said("books_class:Helper", tmp_path) == (
        "task 'books_class:Helper': books_class has no task class Helper; it has Books, Own"
    )
    assert said("books_class:Ow", tmp_path).endswith("has no task class Ow; it has Own, Books"), "the nearest first"


def test_not_too_many_are_named(tmp_path: pathlib.Path) -> None:
    (tmp_path / "books_many.py").write_text(TASKS + "".join(f"class T{n}(Books): pass\n" for n in range(SHOWN)))
    assert said("books_many", tmp_path).endswith("books_many:T2 or 2 more?")


def test_a_module_without_a_task_and_one_that_fails_say_so(tmp_path: pathlib.Path) -> None:
    (tmp_path / "books_none.py").write_text("from surefoot import Task\n")
    assert said("books_none", tmp_path) == "unknown task 'books_none': books_none has no class that is a surefoot.Task"
    (tmp_path / "books_broken.py").write_text("1 / 0\n")
    with pytest.raises(UserCodeError, match="ZeroDivisionError"):
        task_class("books_broken", tmp_path)


def test_nothing_is_imported_that_does_not_lie_in_the_folder(tmp_path: pathlib.Path) -> None:
    (tmp_path / "books_hidden.py").write_text("1 / 0\n")
    inside = tmp_path / "inside"
    inside.mkdir()
    for name in ("../books_hidden.py", str(tmp_path / "books_hidden.py"), "json", "books_hidden", ".", "/", "a\0b"):
        assert module_meant(name, inside) is None
        assert ", ".join(BUILT_IN_TASKS) in said(name, inside)


def test_a_built_in_name_that_is_misspelt(tmp_path: pathlib.Path) -> None:
    assert said("hanio", tmp_path).startswith("unknown task 'hanio': did you mean hanoi? There are ")
