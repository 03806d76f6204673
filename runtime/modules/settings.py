"""Settings of single modules: which model answers in a role's name, at which temperature, with which lead."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from decompose.step import Dialect, Role
from runtime.errors import ConfigurationError
from runtime.models.port import Model


class ModuleSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a module has of its own; ``None`` is the run's.

    Attributes:
        model: Name of its model, as for ``--model``.
        k: Lead that its steps are asked for.
        temperature: Sampling temperature.
    """

    model: str | None = None
    k: Annotated[int, msgspec.Meta(ge=1)] | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None


class Voice(msgspec.Struct, frozen=True):
    """A model as a role uses it.

    Attributes:
        model: What answers.
        name: Its name, for the cache of answers.
        dialect: Its wording.
        temperature: Of all ballots but, perhaps, the first.
        first_temperature: Of the first ballot.
        k: Lead of the role, or ``None`` for the step's and the run's.
    """

    model: Model
    name: str
    dialect: Dialect
    temperature: float
    first_temperature: float
    k: int | None = None


Voices = Mapping[Role, Voice]


def parse_modules(text: str) -> dict[Role, ModuleSettings]:
    """``"Actor.temperature=0.7; Monitor.k=3; Monitor.model=ollama/llama3.2"`` by role.

    Raises:
        ConfigurationError: An unknown role or key, or a value out of range.
    """
    found: dict[str, dict[str, str]] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        place, _, value = part.partition("=")
        role, _, key = place.strip().partition(".")
        found.setdefault(role.strip(), {})[key.strip()] = value.strip()
    roles = {role.value: role for role in Role}
    for name in found:
        if name not in roles:
            raise ConfigurationError(f"--modules: no module {name!r}; modules are {', '.join(roles)}")
    try:
        return {roles[name]: msgspec.convert(keys, ModuleSettings, strict=False) for name, keys in found.items()}
    except msgspec.ValidationError as error:
        known = ", ".join(ModuleSettings.__struct_fields__)
        raise ConfigurationError(f"--modules: {error}; a module has {known}, as in Actor.k=1; Actor.model=X") from error
