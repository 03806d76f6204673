"""Other valid values for the fields of a task, one at a time: whoever asks sees what depends on which field."""

from collections.abc import Iterator
from typing import Any

import msgspec
import msgspec.inspect

from surefoot.decompose.task import Task
from surefoot.runtime.errors import UserCodeError


def variations(task: Task) -> Iterator[tuple[str, Task]]:
    """Yield the task with one of its fields changed, for every field of which another valid value is known."""
    cls = type(task)
    values = {name: getattr(task, name) for name in cls.__struct_fields__}
    info: Any = msgspec.inspect.type_info(cls)
    for field in info.fields:
        if field.name == "state_by":
            continue
        for value in _others(field.type, values[field.name]):
            try:
                yield field.name, msgspec.convert(msgspec.to_builtins({**values, field.name: value}), cls)
            except (msgspec.ValidationError, UserCodeError, ValueError, TypeError):
                continue  # not a value that this task takes
            break


def _others(kind: Any, value: Any) -> list[Any]:
    """Values to try in place of one."""
    inner = kind.type if isinstance(kind, msgspec.inspect.Metadata) else kind
    if isinstance(inner, msgspec.inspect.LiteralType):
        return [one for one in inner.values if one != value]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value - 1]
    return [f"{value} 7", f"{value}x"] if isinstance(value, str) else []
