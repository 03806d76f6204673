"""JSON schemas that strict servers accept, made from those that msgspec and Pydantic write.

A strict server (OpenAI's ``strict``, vLLM, llama.cpp) wants an object at the top, ``additionalProperties`` false, and
every property required. What such a schema cannot say is taken out and named, so that nobody believes that it is held;
whatever it lets through, the reader still judges.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

ANSWER, EXPLANATION = "answer", "explanation"
"""Names in the outer object: of an answer that is no record itself, and of what may be said before it."""
KEPT = {
    "anyOf", "const", "description", "enum", "exclusiveMaximum", "exclusiveMinimum", "format", "maxItems", "maximum",
    "minItems", "minimum", "multipleOf", "pattern", "type",
}  # fmt: skip
SILENT = {"default", "title", "discriminator", "required", "properties", "additionalProperties", "items", "prefixItems"}
"""Keywords that are dropped, or made anew, without a loss that anyone would miss."""
FORMATS = {"date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uuid"}
ANY = {"type": ["string", "number", "boolean", "null"]}
DEEPEST = 100
"""Levels of a schema; a type that is nested deeper is refused."""

Lacking = Mapping[frozenset[str], frozenset[str]]
"""Of each record, by the names of its fields: which of them may be absent."""


class StrictSchema(msgspec.Struct, frozen=True):
    """A strict JSON schema for a server, and what the schema does not hold.

    Attributes:
        schema: Of the whole reply.
        degraded: What the type says beyond the schema, as ``where: what``. Empty if it says everything.
    """

    schema: dict[str, Any]
    degraded: tuple[str, ...]


def strict_schema(raw: Mapping[str, Any], record: bool, lacking: Lacking, explained: bool = False) -> StrictSchema:
    """Turn a JSON schema of msgspec's or Pydantic's into one that strict servers accept.

    Args:
        raw: As msgspec or Pydantic wrote it.
        record: Whether the answer is an object with known names. If not, it stands under the name ``answer``.
        lacking: Fields that may be absent. They become required too, and ``null`` stands for absence.
        explained: Whether a text ``explanation`` comes before the answer.

    Raises:
        ValueError: The schema uses what has no strict form, such as several schemas at once.
    """
    lost: list[str] = []
    maker = _Maker(lacking, lambda where, what: lost.append(f"{where}: {what}"))
    known = raw.get("$defs", {})
    top = {key: value for key, value in raw.items() if key != "$defs"}
    for _ in range(DEEPEST):  # strict servers want the object itself at the top
        if record and "$ref" in top:
            top = known[str(top["$ref"]).rsplit("/", 1)[-1]]
    made = maker.make(top, ANSWER if not record else "", 0)
    properties = made["properties"] if record else {ANSWER: made}
    if explained:
        if EXPLANATION in properties:
            raise ValueError(f"the output type has a field {EXPLANATION} of its own, so none can be put before it")
        properties = {EXPLANATION: {"type": "string"}, **properties}
    schema = _closed(properties)
    if "description" in made and record:
        schema["description"] = made["description"]
    if defined := _defined(maker, known, schema):
        schema["$defs"] = defined
    return StrictSchema(schema, tuple(dict.fromkeys(lost)))


class _Maker:
    """Makes one schema strict, part by part; ``lose`` is told what is left out, and where."""

    def __init__(self, lacking: Lacking, lose: Callable[[str, str], None]) -> None:
        self._lacking = lacking
        self._lose = lose

    def make(self, raw: Any, where: str, depth: int) -> dict[str, Any]:
        """Return the strict form of a part of a schema."""
        if depth > DEEPEST:
            raise ValueError(f"{where}: the output type is nested more than {DEEPEST} levels deep")
        raw = _without_one_of(raw, where)
        if "$ref" in raw:
            return {"$ref": raw["$ref"]}
        if not raw.keys() & {"type", "anyOf", "enum", "const"}:
            self._lose(where, "any value: lists and objects are not asked for")
            return {**ANY, **{key: raw[key] for key in raw.keys() & {"description"}}}
        made = self._kept(raw, where)
        if "anyOf" in raw:
            made["anyOf"] = [self.make(one, where, depth + 1) for one in raw["anyOf"]]
        if raw.get("type") == "array":
            return self._list(raw, made, where, depth)
        if raw.get("type") == "object":
            return self._object(raw, made, where, depth)
        return made

    def _kept(self, raw: Mapping[str, Any], where: str) -> dict[str, Any]:
        for key in sorted(raw.keys() - KEPT - SILENT):
            self._lose(where, f"{key} is not held")
        made = {key: raw[key] for key in raw if key in KEPT}
        if made.get("format", "date") not in FORMATS:
            self._lose(where, f"format {made.pop('format')} is not held")
        return made

    def _list(self, raw: Mapping[str, Any], made: dict[str, Any], where: str, depth: int) -> dict[str, Any]:
        parts = raw.get("prefixItems")
        if parts is None:
            return {**made, "items": self.make(raw.get("items", {}), f"{where}[]", depth + 1)}
        self._lose(where, "which value of the list is of which kind is not held")
        options = [self.make(one, f"{where}[]", depth + 1) for one in parts]
        distinct = [one for number, one in enumerate(options) if one not in options[:number]]
        items = {"anyOf": distinct} if len(distinct) > 1 else distinct[0]
        return {**made, "items": items, "minItems": len(parts), "maxItems": len(parts)}

    def _object(self, raw: Mapping[str, Any], made: dict[str, Any], where: str, depth: int) -> dict[str, Any]:
        if "properties" not in raw:
            self._lose(where, "names that are not known before are asked for as a list of pairs of key and value")
            values = raw.get("additionalProperties", {})
            value = self.make({} if values is True else values, f"{where}[]", depth + 1)
            return {"type": "array", "items": _closed({"key": {"type": "string"}, "value": value})}
        dot = f"{where}." if where else ""
        names = raw["properties"]
        made["properties"] = {name: self.make(one, f"{dot}{name}", depth + 1) for name, one in names.items()}
        for name in sorted(self._lacking.get(frozenset(names), ())):
            self._lose(f"{dot}{name}", "null stands for leaving it out")
            made["properties"][name] = {"anyOf": [made["properties"][name], {"type": "null"}]}
        return {**made, **_closed(made["properties"])}


def _defined(maker: _Maker, known: Mapping[str, Any], schema: Any) -> dict[str, Any]:
    """The definitions that a schema refers to, strict as well, and those that they refer to."""
    defined: dict[str, Any] = {}
    todo = [schema]
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            name = str(part.get("$ref", "")).rsplit("/", 1)[-1]
            if name in known and name not in defined:
                defined[name] = maker.make(known[name], name, 0)
                todo.append(defined[name])
        todo += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return dict(sorted(defined.items()))


def _without_one_of(raw: Any, where: str) -> Mapping[str, Any]:
    """``oneOf`` as ``anyOf``; the only one of ``allOf`` itself."""
    if raw is True:
        return {}
    if raw is False or "not" in raw or len(raw.get("allOf", ())) > 1:
        raise ValueError(f"{where or 'the answer'}: the output type has a schema that strict servers cannot take")
    if "allOf" in raw:
        return {**raw["allOf"][0], **{key: value for key, value in raw.items() if key != "allOf"}}
    if "oneOf" in raw:
        return {"anyOf": raw["oneOf"], **{key: value for key, value in raw.items() if key != "oneOf"}}
    return dict(raw)


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    """An object with these properties, all of them, and no others."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
