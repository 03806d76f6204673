"""The fields of a record class: dataclass, typed dict, msgspec struct, Pydantic model.

Pydantic is not imported here: a class of its has attributes by which it is known, and answers for itself.
"""

import dataclasses
import typing
from typing import Annotated, Any, Literal, NotRequired, Required

import msgspec


class Stated(msgspec.Struct, frozen=True):
    """A field of a record as the record's class states it.

    Attributes:
        name: In JSON.
        hint: Its type as annotated.
        may_lack: Whether the type says that it can be absent.
    """

    name: str
    hint: Any
    may_lack: bool = False


def is_pydantic(hint: Any) -> bool:
    """Return whether a type is a model or a dataclass of Pydantic's."""
    return isinstance(hint, type) and hasattr(hint, "__pydantic_validator__")


def is_record(hint: Any) -> bool:
    """Return whether a type is a class with named fields."""
    return isinstance(hint, type) and (
        dataclasses.is_dataclass(hint)
        or typing.is_typeddict(hint)
        or issubclass(hint, msgspec.Struct)
        or (is_pydantic(hint) and hasattr(hint, "model_fields"))
    )


def root_of(hint: Any) -> Any:
    """Return the type that a root model of Pydantic's wraps; ``None`` for other types."""
    return _annotated(hint.model_fields["root"]) if getattr(hint, "__pydantic_root_model__", False) else None


def contains_pydantic(hint: Any) -> bool:
    """Return whether a type is, or contains, one of Pydantic's, which then reads and writes all of it."""
    seen: list[Any] = []
    todo = [hint]
    while todo:
        one = todo.pop()
        if is_pydantic(one):
            return True
        if any(one is other for other in seen):
            continue
        seen.append(one)
        todo += typing.get_args(one)
        todo += [getattr(one, name) for name in ("__supertype__", "__value__") if hasattr(one, name)]
        if is_record(one):
            todo += [field.hint for field in stated_fields(one)]
    return False


def stated_fields(cls: Any) -> tuple[Stated, ...]:
    """Return a record class's fields in the order declared, the tag of a tagged struct first.

    Raises:
        ValueError: The class is an array in JSON, has no fields, or its annotations cannot be resolved. One line.
    """
    try:
        found = _fields(cls)
    except NameError as error:
        raise ValueError(f"the annotations of {cls.__name__} cannot be read: {error}") from error
    if not found:
        raise ValueError(f"{cls.__name__} has no fields, so there is nothing to ask for")
    return found


def _fields(cls: Any) -> tuple[Stated, ...]:
    if is_pydantic(cls) and hasattr(cls, "model_fields"):
        cls.model_rebuild()  # names that were not known yet when the class was made; nothing to do as a rule
        return tuple(_field(_alias(cls, name), _annotated(info)) for name, info in cls.model_fields.items())
    hints = typing.get_type_hints(cls, include_extras=True)
    if issubclass(cls, msgspec.Struct):
        return _of_struct(cls, hints)
    if typing.is_typeddict(cls):
        optional: frozenset[str] = getattr(cls, "__optional_keys__", frozenset())
        return tuple(_field(name, hint, name in optional) for name, hint in hints.items())
    return tuple(_field(one.name, hints[one.name]) for one in dataclasses.fields(cls) if one.init)


def _of_struct(cls: Any, hints: dict[str, Any]) -> tuple[Stated, ...]:
    config = cls.__struct_config__
    if config.array_like:
        raise ValueError(f"{cls.__name__} is an array in JSON (array_like): its fields have no names to ask for")
    tag: tuple[Stated, ...] = ()
    if config.tag is not None:
        tag = (Stated(config.tag_field, Literal[config.tag]),)
    return tag + tuple(_field(one.encode_name, hints[one.name]) for one in msgspec.structs.fields(cls))


def _field(name: str, hint: Any, may_lack: bool = False) -> Stated:
    while typing.get_origin(hint) in (NotRequired, Required):
        (hint,) = typing.get_args(hint)
    return Stated(name, hint, may_lack or msgspec.UnsetType in typing.get_args(hint))


def _annotated(info: Any) -> Any:
    """The annotation of a Pydantic field with what was said beside it."""
    notes = list(info.metadata)
    if isinstance(info.discriminator, str):
        from pydantic import Discriminator

        notes.append(Discriminator(info.discriminator))
    elif info.discriminator is not None:
        notes.append(info.discriminator)
    return Annotated[info.annotation, *notes] if notes else info.annotation


def _alias(cls: Any, name: str) -> str:
    """The name of a Pydantic field in JSON."""
    info = cls.model_fields[name]
    read, written = info.validation_alias or name, info.serialization_alias or name
    if read != written:
        raise ValueError(f"{cls.__name__}.{name} is read as {read} and written as {written}: give it one alias")
    return str(read)
