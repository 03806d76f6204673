"""Errors cross process boundaries with all they carry."""

import copy
import inspect
import pickle

import pytest

from surefoot.runtime import errors
from surefoot.runtime.records import Contested
from surefoot.voting.ballot import Ballot

CLASSES = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, errors.SurefootError)]


def test_there_are_errors() -> None:
    assert len(CLASSES) >= 10
    assert errors.StepDeadlocked in CLASSES


@pytest.mark.parametrize("cls", CLASSES)
def test_errors_survive_pickling(cls: type[errors.SurefootError]) -> None:
    entry = Contested(3, (Ballot(0, "a"), Ballot(1, None, "refused")))
    raised = cls("it \ud800 went wrong\n", path=[0, 1], entry=entry, tally=(("a", 1),), segment="/0#1")
    for same in (pickle.loads(pickle.dumps(raised)), copy.copy(raised)):
        assert type(same) is cls
        assert str(same) == same.message == "it \ud800 went wrong\n"
        assert same.context == raised.context
        assert same.args == raised.args


@pytest.mark.parametrize("cls", CLASSES)
def test_errors_need_no_arguments(cls: type[errors.SurefootError]) -> None:
    assert str(cls()) == ""
    assert pickle.loads(pickle.dumps(cls())).context == {}


def test_the_class_says_whose_fault_it_is() -> None:
    """What the command line turns into exit codes, and the coordinator into failed or paused."""
    assert issubclass(errors.RunDirectoryError, errors.ConfigurationError)
    assert issubclass(errors.StepDeadlocked, errors.RunFailed)
    assert not issubclass(errors.ModelUnavailable, errors.RunFailed)
    assert not issubclass(errors.ModelRejected, errors.ModelUnavailable)
    assert not issubclass(errors.JournalError, errors.RunFailed | errors.ConfigurationError)
    assert all(cls.__doc__ for cls in CLASSES)
