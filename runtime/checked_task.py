"""A task of somebody's own, with every method watched: what it raises and returns is checked where it happens.

``checked_class`` derives a class from a task's class. Its methods do what the task's do; an exception that comes out of
one, or a value of the wrong type, is a ``UserCodeError`` that names the method, its file and its line. Methods whose
answers are built upon are called twice now and then: what differs is not a function of its arguments, and the run
could not be resumed. At the same calls, what a method was given is compared before and after: a state that is
changed in place would be changed twice. Tasks that come with Surefoot are left as they are.
"""

import functools
import inspect
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import msgspec.inspect

from surefoot.decompose.plan import Expansion
from surefoot.decompose.step import Done
from surefoot.decompose.task import Task
from surefoot.runtime.changed_arguments import Remembered, is_changed, remember
from surefoot.runtime.task_contract import RETURNS, USUAL
from surefoot.runtime.unordered import reordered
from surefoot.runtime.untrusted import tame
from surefoot.runtime.user_code import blame, fault, wrong_value

PURE = ("root", "begin", "next_step", "advance", "prompt")
"""Methods that are called twice on their first, second, fourth, eighth, ... call."""

GIVEN: dict[str, tuple[str, ...]] = {
    "begin": ("goal", "inputs"),
    "next_step": ("goal", "state"),
    "advance": ("goal", "state"),
    "evidence": ("goal", "state"),
    "prompt": ("step",),
    "parse": ("step",),
    "check": ("step",),
    "size": ("goal", "inputs"),
    "decomposition_step": ("goal", "inputs"),
    "expand": ("goal", "inputs"),
}
"""What methods are given and must leave as it is, in the order of their arguments; looked at in the same calls."""

IMPURE = "it may depend on its arguments and the task's fields only: no chance, clock, counters or files"
UNORDERED = "sort it where the text is made: ', '.join(sorted(step.reads))"
CHANGES = (
    "return a new one, such as [*state, x] or {**state, 'n': 1}: what it is given is used again by resume and checks"
)


def checked_class(cls: type[Task], *, closely: bool = False) -> type[Task]:
    """The class of a task with its methods watched; the class itself for a task that comes with Surefoot.

    Args:
        cls: The class as its author wrote it.
        closely: Whether what a method is given is compared at every call, as a test does, and not at some.
    """
    if cls.__module__.partition(".")[0] == "surefoot":
        return cls
    namespace: dict[str, Any] = {name: _watched(cls, name, closely) for name in RETURNS if _is_own(cls, name)}
    if "decomposition_step" in namespace:
        namespace.setdefault("expand", _no_expand)
    namespace |= {"__qualname__": cls.__qualname__, "__doc__": cls.__doc__, "__reduce__": _reduce}
    made: type[Task] = msgspec.defstruct(  # type: ignore[assignment]
        cls.__name__, [], bases=(cls,), namespace=namespace, module=cls.__module__, frozen=True, kw_only=True
    )
    return made


def _is_own(cls: type[Task], name: str) -> bool:
    """Whether a method is the author's, and not one that a base class of Surefoot's brings."""
    place = getattr(getattr(cls, name), "__module__", "")
    return getattr(cls, name) is not getattr(Task, name) and place.partition(".")[0] != "surefoot"


def _no_expand(task: Any, goal: Any, inputs: tuple[Any, ...], candidate: str) -> Expansion:
    """Say that a class asks how a node is split and cannot read the answer."""
    raise fault(_own(task), "decomposition_step", "asks how a node is split, and the class has no expand()")


def _own(task: Task) -> type[Task]:
    """The class of a watched task as its author wrote it."""
    return type(task).__mro__[1]


def _reduce(task: Any) -> tuple[Any, ...]:
    """Travel as the task's own class, which can be imported, and the values of its fields."""
    return _rebuilt, (_own(task), {name: getattr(task, name) for name in task.__struct_fields__})


def _rebuilt(cls: type[Task], values: dict[str, Any]) -> Task:
    return checked_class(cls)(**values)


def checked_closely(task: Task) -> Task:
    """A watched task of somebody's own, with what its methods are given compared at every call; others as they are."""
    if type(task).__module__.partition(".")[0] == "surefoot":
        return task
    return checked_class(_own(task), closely=True)(**{name: getattr(task, name) for name in task.__struct_fields__})


def _watched(cls: type[Task], name: str, closely: bool) -> Callable[..., Any]:
    """A method that does what the task's does, or raises ``UserCodeError``.

    It is called several times a step: types that are right most often are looked up first.
    """
    original = getattr(cls, name)
    if isinstance(inspect.getattr_static(cls, name), staticmethod | classmethod):
        original = _without_self(original)
    usual, pure, given = USUAL.get(name, frozenset()), name in PURE, GIVEN.get(name, ())
    wanted, is_right = RETURNS[name]
    numbers = itertools.count(1)

    @functools.wraps(original)
    def method(*arguments: Any, **named: Any) -> Any:
        number = next(numbers)
        sampled = not number & (number - 1)
        before = _remembered(arguments, given) if sampled or closely else None
        try:
            value = original(*arguments, **named)
        except (Exception, SystemExit) as error:
            raise blame(error, cls, name) from error
        if type(value) not in usual and not is_right(value):
            raise wrong_value(cls, name, wanted, value)
        if before:
            _see_unchanged(cls, name, before, arguments)
        if pure:
            if sampled:
                _ask_again(cls, name, value, functools.partial(original, *arguments, **named))
                if name == "prompt":
                    _ask_reordered(cls, value, original, arguments, named)
            if type(value) is Done:
                check_output(cls, name, value.output)
        return value

    return _kept_answer(cls, method) if name == "answer" else method


def _remembered(arguments: tuple[Any, ...], given: tuple[str, ...]) -> list[tuple[str, Remembered]]:
    """What the arguments of a method are like before it is called; the first of them is the task."""
    return [(noun, remember(value)) for noun, value in zip(given, arguments[1:], strict=False)]


def _see_unchanged(
    cls: type[Task], name: str, before: list[tuple[str, Remembered]], arguments: tuple[Any, ...]
) -> None:
    """Find out whether a method left alone what it was given.

    Raises:
        UserCodeError: It did not.
    """
    for (noun, was), value in zip(before, arguments[1:], strict=False):
        if is_changed(was, value):
            raise fault(cls, name, f"changes the {noun} it is given", CHANGES)


def _kept_answer(cls: type[Task], method: Callable[..., Any]) -> Callable[..., Any]:
    """The method ``answer``, whose value, or each of whose items, is held against what the journal can keep."""

    @functools.wraps(method)
    def answer(*arguments: Any, **named: Any) -> Any:
        value = method(*arguments, **named)
        if isinstance(value, Iterator):
            return _items(cls, value)
        check_output(cls, "answer", value)
        return value

    return answer


def _items(cls: type[Task], items: Iterator[Any]) -> Iterator[Any]:
    """The items of an answer, or ``UserCodeError`` where it fails on the way."""
    try:
        for item in items:
            check_output(cls, "answer", item)
            yield item
    except (Exception, SystemExit) as error:
        raise blame(error, cls, "answer") from error


def _ask_again(cls: type[Task], name: str, value: Any, call: Callable[[], Any]) -> None:
    """Call a method with the same once more.

    Raises:
        UserCodeError: It does not say the same.
    """
    try:
        again = call()
    except (Exception, SystemExit) as error:
        raise blame(error, cls, name) from error
    if not alike(value, again):
        was, now = (tame(repr(one), 80) for one in (value, again))
        raise fault(cls, name, f"is not pure: called twice with the same it returned {was}, then {now}", IMPURE)


def _ask_reordered(
    cls: type[Task], value: Any, original: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]
) -> None:
    """Word a question once more with the sets in what it reads in another order, as another process may have them.

    Raises:
        UserCodeError: The prompt is another one.
    """
    other = tuple(reordered(one) if number else one for number, one in enumerate(arguments))
    if all(one is before for one, before in zip(other, arguments, strict=True)):
        return
    try:
        again = original(*other, **named)
    except Exception:  # noqa: BLE001  of a set that is no set of the user's making nothing is proven
        return
    if not alike(value, again):
        raise fault(cls, "prompt", "depends on the order of a set, which differs from process to process", UNORDERED)


def _without_self(function: Callable[..., Any]) -> Callable[..., Any]:
    """A static or class method as a function that is given the task as well."""
    return functools.wraps(function)(lambda task, *arguments, **named: function(*arguments, **named))


def alike(one: Any, other: Any) -> bool:
    """Whether two values are equal, as far as that can be told: values that nothing can compare count as equal."""
    try:
        if bool(one == other):
            return True
        return msgspec.msgpack.encode(one) == msgspec.msgpack.encode(other)
    except Exception:  # noqa: BLE001  comparing is the user's code as well; no complaint without proof
        return True


def check_output(cls: type[Task], name: str, output: Any) -> None:
    """Find out whether the journal can keep an output or an answer.

    Raises:
        UserCodeError: It holds something that is no builtin value.
    """
    try:
        msgspec.msgpack.encode(output)
    except Exception as error:
        hint = "an output is made of text, numbers, lists, dicts and structs; whole numbers have at most 64 bits"
        raise fault(cls, name, f"what it gives cannot be kept: {tame(str(error), 200)}", hint) from error
