"""Values of the user's own type, made and taken apart by the library that the type belongs to.

msgspec for builtin types, dataclasses, typed dicts and its structs; Pydantic for whatever contains one of its models.
It is imported only then, so that nobody needs it who does not use it.
"""

import json
from typing import Any, Protocol

import msgspec


class UserType(Protocol):
    """What can be done with a type of the user's."""

    def raw_schema(self) -> dict[str, Any]:
        """The JSON schema as the library writes it."""

    def decode(self, value: Any) -> Any:
        """A value of the type from builtin ones. Raises ValueError, one line, if the type does not allow them."""

    def builtins(self, value: Any) -> Any:
        """What JSON has instead of a value of the type."""


class MsgspecType:
    """A type that msgspec reads and writes."""

    def __init__(self, hint: Any) -> None:
        self._hint = hint
        try:
            msgspec.json.Decoder(hint)
        except TypeError as error:
            raise ValueError(f"msgspec cannot read this type: {one_line(str(error))}") from error

    def raw_schema(self) -> dict[str, Any]:
        """See `UserType`."""
        return msgspec.json.schema(self._hint)

    def decode(self, value: Any) -> Any:
        """See `UserType`."""
        try:
            return msgspec.convert(value, self._hint, str_keys=True)
        except msgspec.ValidationError as error:
            raise ValueError(one_line(str(error))) from error

    def builtins(self, value: Any) -> Any:
        """See `UserType`."""
        try:
            return msgspec.to_builtins(value, str_keys=True)
        except TypeError as error:
            raise ValueError(one_line(str(error))) from error


class PydanticType:
    """A type that Pydantic reads and writes."""

    def __init__(self, hint: Any) -> None:
        from pydantic import PydanticUserError, TypeAdapter

        try:
            self._adapter: Any = TypeAdapter(hint)
        except PydanticUserError as error:
            raise ValueError(f"Pydantic cannot read this type: {one_line(str(error))}") from error

    def raw_schema(self) -> dict[str, Any]:
        """See `UserType`."""
        schema: dict[str, Any] = self._adapter.json_schema()
        return schema

    def decode(self, value: Any) -> Any:
        """See `UserType`."""
        from pydantic import ValidationError

        try:
            return self._adapter.validate_json(json.dumps(value))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ValueError(one_line(f"{first['msg']}{f' at {where}' if where else ''}")) from error

    def builtins(self, value: Any) -> Any:
        """See `UserType`."""
        return self._adapter.dump_python(value, mode="json", by_alias=True)


def one_line(text: str, longest: int = 160) -> str:
    """A text for people in one line, cut short. It may quote a reply: untrusted."""
    line = " ".join(text[: 4 * longest].split())
    return line if len(line) <= longest else line[: longest - 3] + "..."
