"""Options of single roles (``--modules``): the model, lead and temperature that a role has of its own."""

from typing import Annotated

import msgspec

from surefoot.decompose.step import Role
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.unreadable import UNREADABLE


class RoleOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options that one role has of its own; ``None`` takes the run's.

    Attributes:
        model: Name of its model, as for ``--model``.
        k: Lead that its steps are asked for.
        temperature: Sampling temperature.
    """

    model: str | None = None
    k: Annotated[int, msgspec.Meta(ge=1)] | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None


def parse_role_options(text: str) -> dict[Role, RoleOptions]:
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
        return {roles[name]: msgspec.convert(keys, RoleOptions, strict=False) for name, keys in found.items()}
    except UNREADABLE as error:  # also names that have no UTF-8, as a command line may hold
        known = ", ".join(RoleOptions.__struct_fields__)
        raise ConfigurationError(f"--modules: {error}; a module has {known}, as in Actor.k=1; Actor.model=X") from error
