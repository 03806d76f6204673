"""Values of the user's own type, made and taken apart by the library that the type belongs to.

msgspec for builtin types, dataclasses, typed dicts and its structs; Pydantic for whatever contains one of its models.
It is imported only then, so that nobody needs it who does not use it.
"""

import json
from typing import Any, Protocol

import msgspec


class UserType(Protocol):
    """What can be done with a type of the user's, whichever library the type belongs to."""

    def raw_schema(self) -> dict[str, Any]:
        """Return the JSON schema of the user's type as the library writes it."""

    def decode(self, value: Any) -> Any:
        """Convert builtin values into the user's type; raise a ValueError of one line if they do not fit."""

    def builtins(self, value: Any) -> Any:
        """Convert a value of the user's type into what JSON has for it."""


class MsgspecType:
    """A user's type that msgspec reads and writes."""

    def __init__(self, hint: Any) -> None:
        self._hint = hint
        try:
            msgspec.json.Decoder(hint)
        except TypeError as error:
            raise ValueError(f"msgspec cannot read this type: {one_line(str(error))}") from error

    def raw_schema(self) -> dict[str, Any]:
        """Return the JSON schema of the user's type as msgspec writes it."""
        return msgspec.json.schema(self._hint)

    def decode(self, value: Any) -> Any:
        """Convert builtin values into the user's type with msgspec."""
        try:
            return msgspec.convert(value, self._hint, str_keys=True)
        except msgspec.ValidationError as error:
            raise ValueError(one_line(str(error))) from error

    def builtins(self, value: Any) -> Any:
        """Convert a value of the user's type into what JSON has for it, with msgspec."""
        try:
            return msgspec.to_builtins(value, str_keys=True)
        except TypeError as error:
            raise ValueError(one_line(str(error))) from error


class PydanticType:
    """A user's type that Pydantic reads and writes."""

    def __init__(self, hint: Any) -> None:
        from pydantic import PydanticUserError, TypeAdapter

        try:
            self._adapter: Any = TypeAdapter(hint)
        except PydanticUserError as error:
            raise ValueError(f"Pydantic cannot read this type: {one_line(str(error))}") from error

    def raw_schema(self) -> dict[str, Any]:
        """Return the JSON schema of the user's type as Pydantic writes it."""
        schema: dict[str, Any] = self._adapter.json_schema()
        return schema

    def decode(self, value: Any) -> Any:
        """Convert builtin values into the user's type with Pydantic."""
        from pydantic import ValidationError

        try:
            return self._adapter.validate_json(json.dumps(value))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ValueError(one_line(f"{first['msg']}{f' at {where}' if where else ''}")) from error

    def builtins(self, value: Any) -> Any:
        """Convert a value of the user's type into what JSON has for it, with Pydantic."""
        return self._adapter.dump_python(value, mode="json", by_alias=True)


def one_line(text: str, longest: int = 160) -> str:
    """Return a text for people in one line, cut short; the text may quote a reply and is untrusted."""
    line = " ".join(text[: 4 * longest].split())
    return line if len(line) <= longest else line[: longest - 3] + "..."
