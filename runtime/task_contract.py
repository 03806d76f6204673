"""The contract of a task's methods and fields: a table of what each must return or be."""

import types
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import msgspec.inspect

from surefoot.decompose.assumptions import Evidence
from surefoot.decompose.drawing import Drawing
from surefoot.decompose.outline import Outline
from surefoot.decompose.plan import Expansion, Node
from surefoot.decompose.step import Done, Flag, Prompt, Step
from surefoot.decompose.task import Task
from surefoot.runtime.untrusted import tame
from surefoot.runtime.user_code import fault

FIELDS = "fields are options: use str, int, float, bool, Literal, a list of them, or a msgspec.Struct"


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_next(value: Any) -> bool:
    """What a chain may ask for: any of the values that ``decompose`` has for it."""
    return isinstance(value, msgspec.Struct) and type(value).__module__.startswith("surefoot.decompose.")


def _is_prompt(value: Any) -> bool:
    return isinstance(value, Prompt) and isinstance(value.user, str) and isinstance(value.system, str)


def _are_texts(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(text, str) for text in value)


def _is_evidence(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(one, Evidence) for one in value)


def _is_value(value: Any) -> bool:
    return not isinstance(value, (types.CoroutineType, types.GeneratorType, types.AsyncGeneratorType))


def _or_none(kind: Any) -> Callable[[Any], bool]:
    return lambda value: value is None or isinstance(value, kind)


def _a(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds)


RETURNS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "same": ("True or False", _a(bool)),
    "same_field": ("True or False", _a(bool)),
    "voted_fields": ("a number of fields, 0 or more", _is_size),
    "whole_schema": ("None or a dict", _or_none(dict)),
    "root": ("a Node", _a(Node)),
    "begin": ("the state before the first step", _is_value),
    "next_step": ("a Step, or Done where nothing is left to ask", _is_next),
    "advance": ("the state after the step", _is_value),
    "evidence": ("a tuple of Evidence", _is_evidence),
    "prompt": ("a Prompt of text", _is_prompt),
    "prompt_several": ("None or a Prompt of text", lambda value: value is None or _is_prompt(value)),
    "split_reply": ("a list of texts, or a Flag", lambda value: isinstance(value, Flag) or _are_texts(value)),
    "parse": ("the candidate as text (str), or a Flag", _a(str, Flag)),
    "check": ("None or a Flag", _or_none(Flag)),
    "size": ("a number of steps, 0 or more", _is_size),
    "usual_steps": ("a number of steps, 0 or more", _is_size),
    "decomposition_step": ("a Step, or None where a node is not split", lambda v: v is None or _is_next(v)),
    "expand": ("an Expansion", _a(Expansion)),
    "outline": ("an Outline", _a(Outline)),
    "sample_step": ("a Step", _a(Step)),
    "sample_leaf": ("a Step", _a(Step)),
    "sample_chain": ("a goal and a state", lambda value: isinstance(value, tuple) and len(value) == 2),
    "relabel": ("a Step", _a(Step)),
    "unlabel": ("the candidate as text (str)", _a(str)),
    "reply_schema": ("None or a dict", _or_none(dict)),
    "answer": ("a value, or an iterator over the items of a list", lambda v: not isinstance(v, types.CoroutineType)),
    "tools": ("a mapping of tools by name", _a(Mapping)),
    "picture": ("None or a Drawing", _or_none(Drawing)),
}
"""What each method must return: in words, and as a check that costs a fraction of a microsecond."""

USUAL: dict[str, frozenset[type]] = {
    "next_step": frozenset((Step, Done)),
    "advance": frozenset((str, int, tuple, list, dict)),
    "parse": frozenset((str, Flag)),
    "check": frozenset((type(None),)),
}
"""Types that need no further look."""


def check_fields(cls: type[Task]) -> None:
    """Find out whether the fields of a task's class can be options.

    Raises:
        UserCodeError: A type cannot be read from a command line or a file, or is not defined.
    """
    try:
        info: Any = msgspec.inspect.type_info(cls)
    except Exception as error:
        raise fault(cls, "", f"the types of its fields cannot be read: {tame(str(error), 200)}") from error
    for field in info.fields:
        if isinstance(field.type, msgspec.inspect.CustomType):
            name = getattr(field.type.cls, "__name__", str(field.type.cls))
            raise fault(cls, "", f"its field {field.name!r} is of type {name}, which no option can have", FIELDS)
